//! Holds the chapters of recipes against the code that the fault matrix and the table of watched streams compile and run.
//! `BLESS=1` writes the chapters.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// Needed by other recipes, which name them; shown last.
const HELPERS: [&str; 2] = ["goaway", "halves"];

const INTRODUCTION: &str = "\
<!-- written by `BLESS=1 cargo test -p disconnect-tests --test recipes` -->
One recipe for each library: how to serve a connection so that its end is told right, also where no error says so.

The fault matrix compiles and runs these files against real peers and faults (`cargo run -p disconnect-matrix`). Copy the one
that you need, with the recipes that it names, and put your own protocol in its place.

What holds for all of them:

- `Ok(())` and `None` of a library are no goodbye. A recipe asks for one, and says [`eof`](crate::Endpoint::eof) without it.
- Say an end of your own before you close: [`closed_locally`](crate::Endpoint::closed_locally),
  [`shutting_down`](crate::Endpoint::shutting_down), or [`sent(code)`](crate::Endpoint::sent) where a code goes out.
- **Wrap an error of another connection**, of a back end that a handler calls, in a type of your own with
  [`DisconnectEvidence`](derive@crate::DisconnectEvidence). Unwrapped, its reset reads as a reset of this connection.
- For the same reason a goodbye inside an error is not believed where the peer dialled. Where only errors of this very
  connection arrive, declare [`error_may_be_goodbye`](crate::Endpoint::error_may_be_goodbye).
";

const WATCHED: &str = "\
<!-- written by `BLESS=1 cargo test -p disconnect-tests --test recipes` -->
One recipe for each library that takes a stream: where the [`Watched`](crate::Watched) stream goes.

`cargo run -p disconnect-watched` compiles and runs these files under faults, and prints for each library what is decided right
by its errors alone, by the stream alone, and by both.
";

#[test]
fn the_chapter_shows_the_code_that_the_matrix_runs() {
    assert_shows("recipes.md", INTRODUCTION, "faults");
}

#[test]
fn the_chapter_of_watched_streams_shows_the_code_that_their_table_runs() {
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
    /// The first line of its prose: what it decides.
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

/// By name, those for one library first.
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
    assert!(!decides.is_empty(), "{}: the first line says what it decides", file.display());
    Recipe {
        name: file.file_stem().unwrap().to_str().unwrap().to_owned(),
        decides: decides.to_owned(),
        prose: prose.join("\n"),
        code: code.join("\n").trim().to_owned(),
    }
}
