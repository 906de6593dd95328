//! The code that the derives and `disconnected!` generate. It runs in the crates of users, under their lints.

use std::fs;
use std::path::PathBuf;

use disconnect_release::{cargo, holds, pinned_compiler, repository};

#[test]
fn the_generated_code_is_listed() {
    if !pinned_compiler() {
        return;
    }
    let (_, expanded) = cargo(&user(), &["rustc", "--offline", "--lib", "--", "-Zunpretty=expanded"]);
    holds("expanded.rs.txt", &expanded);
}

/// A user's crate whose only file is `data/expand.rs`.
fn user() -> PathBuf {
    let user = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("expand");
    let repository = repository();
    fs::create_dir_all(user.join("src")).unwrap();
    fs::copy(repository.join("tests/release/data/expand.rs"), user.join("src/lib.rs")).unwrap();
    // These versions are downloaded already.
    fs::copy(repository.join("Cargo.lock"), user.join("Cargo.lock")).unwrap();
    let manifest = format!(
        "[package]\nname = \"user\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ndisconnect-core = {{ path = '{}' }}\n",
        repository.join("disconnect-core").display(),
    );
    fs::write(user.join("Cargo.toml"), manifest).unwrap();
    user
}
