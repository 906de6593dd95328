//! Programs that must not compile, with the exact compiler output, and programs that must compile.

use std::process::Command;

/// The compiler release of the texts in `ui/`: that of `rust-toolchain.toml`.
const PINNED: &str = "rustc 1.95.";

#[test]
fn every_mistake_is_reported_once_at_its_token() {
    let version = rustc_version();
    if !version.starts_with(PINNED) {
        println!("skipped: the texts belong to {PINNED}x, and this is {version}");
        return;
    }
    let cases = trybuild::TestCases::new();
    cases.compile_fail("ui/category/*.rs");
    cases.compile_fail("ui/codes/*.rs");
    cases.compile_fail("ui/event/*.rs");
    cases.compile_fail("ui/evidence/*.rs");
    cases.compile_fail("ui/guard/*.rs");
    cases.pass("ui/pass/*.rs");
}

/// The version of the compiler that trybuild runs.
fn rustc_version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc runs");
    String::from_utf8(output.stdout).expect("the version is UTF-8")
}
