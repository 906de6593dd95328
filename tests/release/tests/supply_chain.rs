//! What the published crates need to build, with all features: licences, sources, one version of each.

use std::collections::BTreeMap;
use std::process::Command;

use disconnect_release::{PUBLISHED, metadata, repository};
use spdx::{Expression, Licensee, ParseMode};

/// Licences that ask for nothing but their own text.
const LICENCES: [&str; 3] = ["Apache-2.0", "MIT", "Unicode-3.0"];

#[test]
fn every_dependency_is_permissively_licensed() {
    let accepted = LICENCES.map(|licence| Licensee::parse(licence).unwrap());
    for Dependency { name, licence, .. } in dependencies() {
        // Old manifests separate alternatives by a slash.
        let expression =
            Expression::parse_mode(&licence, ParseMode::LAX).unwrap_or_else(|_| panic!("{name}: {licence:?}"));
        let satisfied = expression.evaluate(|required| accepted.iter().any(|licensee| licensee.satisfies(required)));
        assert!(satisfied, "{name} is licensed under {licence}");
    }
}

#[test]
fn every_dependency_is_published_on_the_registry() {
    for Dependency { name, source, .. } in dependencies() {
        // Cargo names the source of a package that is not from crates.io.
        assert!(source.is_empty() || PUBLISHED.contains(&name.as_str()), "{name} comes from {source}");
    }
}

#[test]
fn every_dependency_has_one_version() {
    let mut versions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Dependency { name, version, .. } in dependencies() {
        versions.entry(name).or_default().push(version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    assert_eq!(versions, BTreeMap::new(), "each user builds all of them");
}

#[test]
fn the_published_crates_run_no_build_script() {
    for package in metadata(&repository(), &["--no-deps"]).packages {
        let build_script = package.targets.iter().any(cargo_metadata::Target::is_custom_build);
        assert!(!build_script || !PUBLISHED.contains(&package.name.as_str()), "{}", package.name);
    }
}

struct Dependency {
    name: String,
    version: String,
    source: String,
    licence: String,
}

/// The published crates and what a user's build of them compiles. `cargo metadata` would add the features that the tests of
/// this workspace turn on.
fn dependencies() -> Vec<Dependency> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--all-features", "--offline", "--locked", "--edges", "normal,build", "--target", "all"]);
    cargo.args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{l}"]).current_dir(repository());
    for package in PUBLISHED {
        cargo.args(["--package", package]);
    }
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines.dedup();
    assert!(lines.len() > PUBLISHED.len(), "the graph has been resolved: {lines:?}");
    lines.into_iter().map(dependency).collect()
}

/// A line such as `syn v3.0.1|MIT OR Apache-2.0`, or `disconnect-core v0.1.0 (/path)|..`.
fn dependency(line: &str) -> Dependency {
    let (package, licence) = line.split_once('|').unwrap();
    let package = package.replace(" (proc-macro)", "");
    let mut parts = package.splitn(3, ' ').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    Dependency { name: part(), version: part(), source: part(), licence: licence.to_owned() }
}
