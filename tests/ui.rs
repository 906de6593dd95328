//! What must not compile, with the compiler's words to the letter, and what must.

use std::process::Command;

/// The release whose words are written down in `ui/`: the one of `rust-toolchain.toml`.
const PINNED: &str = "rustc 1.95.";

#[test]
fn every_mistake_is_told_once_and_at_its_own_token() {
    let version = rustc_version();
    if !version.starts_with(PINNED) {
        println!("skipped: the texts are those of {PINNED}x, and this is {version}");
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

/// The compiler that trybuild runs: cargo's.
fn rustc_version() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("rustc is there, or nothing was built");
    String::from_utf8(output.stdout).expect("a version is text")
}
