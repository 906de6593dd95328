//! The packages that this library adds to a user's lock file, by feature. Each must have a reason in
//! `data/user-lock.txt`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn every_package_in_a_users_lock_file_has_a_reason() {
    let reasons = reasons();
    let default: Vec<&str> = reasons["default"].iter().map(|(package, _)| package.as_str()).collect();
    for (features, packages) in &reasons {
        let mut expected: Vec<&str> = packages.iter().map(|(package, _)| package.as_str()).collect();
        if features != "default" {
            expected.extend(&default);
        }
        expected.sort_unstable();
        assert_eq!(locked(features), expected, "features: {features}");
    }
}

/// The packages of each section, with the reason for each.
fn reasons() -> BTreeMap<String, Vec<(String, String)>> {
    let text = fs::read_to_string(Path::new(HERE).join("data/user-lock.txt")).unwrap();
    let mut sections: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut section = String::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once(": ") {
            Some((package, why)) => {
                sections.entry(section.clone()).or_default().push((package.to_owned(), why.to_owned()));
            }
            None => line.trim_matches(['[', ']']).clone_into(&mut section),
        }
    }
    sections
}

/// The packages in the lock file of a crate that depends on the core with the default features and this one.
fn locked(feature: &str) -> Vec<String> {
    let user = scratch(feature);
    // Uses the versions of this repository, which are already downloaded.
    fs::copy(Path::new(HERE).join("../Cargo.lock"), user.join("Cargo.lock")).unwrap();
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version", "1"])
        .current_dir(&user)
        .output()
        .unwrap();
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let lock = fs::read_to_string(user.join("Cargo.lock")).unwrap();
    let names = lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    let mut names: Vec<String> = names.filter(|name| *name != "user").map(str::to_owned).collect();
    names.sort_unstable();
    names
}

/// A user's crate.
fn scratch(feature: &str) -> PathBuf {
    let user = Path::new(env!("CARGO_TARGET_TMPDIR")).join("user_lock").join(feature);
    fs::create_dir_all(user.join("src")).unwrap();
    fs::write(user.join("src/lib.rs"), "").unwrap();
    let core = Path::new(HERE).join("../disconnect-core").canonicalize().unwrap();
    let manifest = format!(
        "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ndisconnect-core = {{ path = '{}', features = [\"{feature}\"] }}\n",
        core.display()
    );
    fs::write(user.join("Cargo.toml"), manifest).unwrap();
    user
}
