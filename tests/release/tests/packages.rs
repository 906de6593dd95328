//! What is inside each package.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use disconnect_release::{PUBLISHED, metadata, repository};

#[test]
fn every_package_holds_the_licences_and_a_readme() {
    for package in PUBLISHED {
        let files = files(package);
        for file in ["Cargo.toml", "LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs"] {
            assert!(files.contains(file), "{package} lacks {file}: {files:?}");
        }
        let stray: Vec<&String> =
            files.iter().filter(|file| file.starts_with('.') && !file.starts_with(".cargo_vcs")).collect();
        assert!(stray.is_empty(), "{package}: {stray:?}");
    }
}

#[test]
fn the_licences_in_the_packages_are_those_of_the_repository() {
    let repository = repository();
    for package in metadata(&repository, &["--no-deps"]).packages {
        if !PUBLISHED.contains(&package.name.as_str()) {
            continue;
        }
        let folder = package.manifest_path.parent().expect("a manifest is in a folder");
        for licence in ["LICENSE-APACHE", "LICENSE-MIT"] {
            let [ours, packaged] = [repository.join(licence), folder.join(licence).into_std_path_buf()];
            assert_eq!(fs::read_to_string(packaged).unwrap(), fs::read_to_string(ours).unwrap(), "{}", package.name);
        }
    }
}

#[test]
fn the_packages_describe_themselves() {
    let packages = metadata(&repository(), &["--no-deps"]).packages;
    for package in packages.iter().filter(|package| PUBLISHED.contains(&package.name.as_str())) {
        let name = &package.name;
        assert!(package.description.is_some(), "{name}");
        assert!(package.license.is_some(), "{name}");
        assert!(package.repository.is_some(), "{name}");
        assert!(package.rust_version.is_some(), "{name}");
        assert!(!package.keywords.is_empty() && package.keywords.len() <= 5, "{name}");
        assert!(!package.categories.is_empty(), "{name}");
    }
    let unpublished = packages.iter().filter(|package| !PUBLISHED.contains(&package.name.as_str()));
    for package in unpublished {
        assert_eq!(package.publish.as_deref(), Some(&[][..]), "{} would be published", package.name);
    }
}

/// The files that `cargo package` puts into a package.
fn files(package: &str) -> BTreeSet<String> {
    let listed = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--package", package])
        .current_dir(repository())
        .output()
        .unwrap();
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    String::from_utf8(listed.stdout).unwrap().lines().map(str::to_owned).collect()
}
