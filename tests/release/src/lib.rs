//! What the tests of a release share: a nested cargo, and files that a change has to rewrite on purpose.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use cargo_metadata::{Metadata, MetadataCommand};

/// The packages that are published, each after those that it depends on.
pub const PUBLISHED: [&str; 3] = ["disconnect-derive", "disconnect-core", "disconnect-faults"];

/// The release whose output is written down in `data/`: the one of `rust-toolchain.toml`.
const PINNED: &str = "rustc 1.95.";

/// The root of the repository.
///
/// # Panics
///
/// If the repository has been moved since this was compiled.
#[must_use]
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is where it was compiled")
}

/// The dependency graph with all features.
///
/// # Panics
///
/// If cargo fails.
#[must_use]
pub fn metadata(directory: &Path, options: &[&str]) -> Metadata {
    let mut command = MetadataCommand::new();
    command.current_dir(directory).other_options(options.iter().map(ToString::to_string).collect::<Vec<_>>());
    command.exec().expect("cargo reads the workspace")
}

/// Whether the compiler is the one whose output is written down.
///
/// # Panics
///
/// If there is no compiler.
#[must_use]
pub fn pinned_compiler() -> bool {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc).arg("--version").output().expect("a compiler built this").stdout;
    let version = String::from_utf8_lossy(&version).into_owned();
    let pinned = version.starts_with(PINNED);
    if !pinned {
        println!("skipped: the files are those of {PINNED}x, and this is {version}");
    }
    pinned
}

/// Runs cargo with the unstable options of the compiler, in a target directory of its own.
///
/// # Panics
///
/// If it fails.
#[must_use]
pub fn cargo(directory: &Path, arguments: &[&str]) -> (PathBuf, String) {
    let target = nested_target();
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .current_dir(directory)
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTC_BOOTSTRAP", "1")
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    (target, String::from_utf8(output.stdout).expect("cargo writes UTF-8"))
}

/// Cargo locks a target directory while it runs tests.
fn nested_target() -> PathBuf {
    metadata(&repository(), &["--no-deps"]).target_directory.join("tests/release").into()
}

/// Fails where a file under `data/` is not what is generated now; `BLESS=1` writes it.
///
/// # Panics
///
/// If they differ.
pub fn holds(file: &str, generated: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(file);
    if env::var_os("BLESS").is_some() {
        fs::write(&path, generated).expect("the folder is there");
        return;
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == generated, "{}", difference(file, &written, generated));
}

fn difference(file: &str, written: &str, generated: &str) -> String {
    let mut message = format!("data/{file} has changed:\n");
    for (sign, text, other) in [('-', written, generated), ('+', generated, written)] {
        let other: BTreeSet<&str> = other.lines().collect();
        for line in text.lines().filter(|line| !other.contains(line)) {
            writeln!(message, "{sign} {line}").expect("a string takes all text");
        }
    }
    message + "Users notice: add it to CHANGELOG.md, then run `BLESS=1 cargo test -p disconnect-release`"
}
