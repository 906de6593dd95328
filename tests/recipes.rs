//! Compares the chapters of recipes with the code that the fault matrix and the table of watched streams run. `BLESS=1`
//! writes the chapters.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Code that other recipes use. Shown last.
const HELPERS: [&str; 2] = ["goaway", "halves"];

const INTRODUCTION: &str = "\
<!-- written by `BLESS=1 cargo test -p disconnect-tests --test recipes` -->
One recipe for each library: how to serve a connection so that its end is attributed correctly, even if no error shows the
reason.

The fault matrix compiles and runs these files against real peers and faults (`cargo run -p disconnect-matrix`). Copy the
recipe of your library and the recipes that it uses, and replace the protocol with your own.

These rules apply to all recipes:

- `Ok(())` and `None` of a library are not a goodbye. A recipe looks for a goodbye, and returns
  [`eof`](crate::Endpoint::eof) without one.
- Record an end of this side before you close: [`closed_locally`](crate::Endpoint::closed_locally),
  [`shutting_down`](crate::Endpoint::shutting_down), or [`sent(code)`](crate::Endpoint::sent) if you send a code.
- **Wrap errors of other connections**, such as of a back end that a handler calls, in a type of your own with
  [`DisconnectEvidence`](derive@crate::DisconnectEvidence). Without the wrapper, a reset of the back end counts as a reset of
  this connection.
- For the same reason, a goodbye inside an error does not count if the peer connected to this side. If the errors are always
  about this connection, declare [`error_may_be_goodbye`](crate::Endpoint::error_may_be_goodbye).
";

const WATCHED: &str = "\
<!-- written by `BLESS=1 cargo test -p disconnect-tests --test recipes` -->
One recipe for each library that accepts a stream: where to put the [`Watched`](crate::Watched) stream.

`cargo run -p disconnect-watched` compiles and runs these files under faults. For each library it prints how many faults are
attributed correctly by its errors alone, by the stream alone, and by both.
";

#[test]
fn the_chapter_of_recipes_contains_the_matrix_code() {
    assert_shows("recipes.md", INTRODUCTION, "faults");
}

#[test]
fn the_chapter_of_watched_streams_contains_the_table_code() {
    let introduction = format!("{WATCHED}\n{}\n", recipe(&folder("watched").join("mod.rs")).prose);
    assert_shows("watched_streams.md", &introduction, "watched");
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn folder(package: &str) -> PathBuf {
    root().join("tests").join(package).join("src/recipes")
}

#[track_caller]
fn assert_shows(name: &str, introduction: &str, package: &str) {
    let path = root().join("disconnect-core/src/guide").join(name);
    let generated = chapter(introduction, &folder(package));
    if env::var_os("BLESS").is_some() {
        fs::write(&path, generated).unwrap();
    } else {
        assert_eq!(fs::read_to_string(&path).unwrap(), generated, "out of date: run with BLESS=1");
    }
}

/// A file of recipes.
struct Recipe {
    name: String,
    /// The first line of its text: which cases it decides.
    decides: String,
    prose: String,
    code: String,
}

fn chapter(introduction: &str, folder: &Path) -> String {
    let recipes = recipes(folder);
    assert!(recipes.len() >= 10, "the recipes were read: {}", recipes.len());
    let mut chapter = format!("{introduction}\n| recipe | what it decides |\n|---|---|\n");
    for Recipe { name, decides, .. } in &recipes {
        writeln!(chapter, "| [`{name}`](#{name}) | {decides} |").unwrap();
    }
    for Recipe { name, prose, code, .. } in &recipes {
        write!(chapter, "\n# `{name}`\n\n{prose}\n\n```rust,ignore\n{code}\n```\n").unwrap();
    }
    chapter
}

/// All recipes by name; recipes for one library come first.
fn recipes(folder: &Path) -> Vec<Recipe> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut recipes: Vec<Recipe> =
        files.filter(|file| file.file_stem().is_some_and(|stem| stem != "mod")).map(|file| recipe(&file)).collect();
    recipes.sort_by_key(|recipe| (HELPERS.contains(&recipe.name.as_str()), recipe.name.clone()));
    recipes
}

fn recipe(file: &Path) -> Recipe {
    let source = fs::read_to_string(file).unwrap();
    let (prose, code): (Vec<&str>, Vec<&str>) = source.lines().partition(|line| line.starts_with("//!"));
    let prose: Vec<&str> = prose
        .iter()
        .map(|line| {
            let text = line.trim_start_matches("//!");
            text.strip_prefix(' ').unwrap_or(text)
        })
        .collect();
    let first_sentence = prose.join(" ").split_inclusive(". ").next().unwrap_or_default().trim_end().to_owned();
    let decides = first_sentence.trim_end_matches('.');
    assert!(!decides.is_empty(), "{}: the first line must name the cases it decides", file.display());
    Recipe {
        name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
        decides: decides.to_owned(),
        prose: prose.join("\n"),
        code: code.join("\n").trim().to_owned(),
    }
}
