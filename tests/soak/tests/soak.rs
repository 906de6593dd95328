//! A short run with each subscriber. The long run is `cargo run --release -p disconnect-soak`.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use std::process::Command;

fn soak(subscriber: &str, streams: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_soak"))
        .args(["--connections", "2000", "--subscriber", subscriber, "--streams", streams])
        .output()
        .expect("the program starts");
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    assert!(said.contains("| all | 2000 | 2000 | 0 | 0 | 0 | 0 |"), "{said}\n{errors}");
}

#[test]
fn plain_subscriber() {
    soak("plain", "watched");
}

#[test]
fn bare_streams() {
    soak("plain", "bare");
}

#[test]
fn slow_subscriber() {
    soak("slow", "watched");
}

#[test]
fn panicking_subscriber() {
    soak("panicking", "watched");
}

#[test]
fn bad_arguments_are_reported() {
    for arguments in [&["--connections", "many"][..], &["--subscriber", "deaf"], &["--streams", "some"], &["--fast"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_soak")).args(arguments).output().expect("the program starts");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("usage: soak"), "{arguments:?}");
    }
}
