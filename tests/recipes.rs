//! Holds the chapter of recipes against the code that the fault matrix compiles and runs. `BLESS=1` writes the chapter.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

const INTRODUCTION: &str = "\
<!-- written by `BLESS=1 cargo test -p disconnect-tests --test recipes` -->
One recipe for each library: how to serve a connection so that its end is told right, also where no error says so.

The fault matrix compiles and runs these files against real peers and faults (`cargo run --package disconnect-matrix`). Copy
the one that you need, and put your own protocol in its place.
";

#[test]
fn the_chapter_shows_the_code_that_the_matrix_runs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join("disconnect-core/src/guide/recipes.md");
    let generated = chapter(&root.join("tests/faults/src/recipes"));
    if env::var_os("BLESS").is_some() {
        fs::write(&path, generated).unwrap();
    } else {
        assert_eq!(fs::read_to_string(&path).unwrap(), generated, "out of date: run with BLESS=1");
    }
}

fn chapter(folder: &Path) -> String {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.file_stem().is_some_and(|stem| stem != "mod"));
    files.sort();
    assert!(files.len() > 5, "the recipes were read: {files:?}");
    let mut chapter = String::from(INTRODUCTION);
    for file in files {
        let source = fs::read_to_string(&file).unwrap();
        let (prose, code): (Vec<&str>, Vec<&str>) = source.lines().partition(|line| line.starts_with("//!"));
        let library = file.file_stem().unwrap().to_str().unwrap().replace('_', "-");
        writeln!(chapter, "\n# {library}\n").unwrap();
        for line in prose {
            writeln!(chapter, "{}", line.strip_prefix("//! ").unwrap_or_default()).unwrap();
        }
        writeln!(chapter, "\n```rust,ignore\n{}\n```", code.join("\n").replace("pub(crate) ", "").trim()).unwrap();
    }
    chapter
}
