//! Holds the README to its size, its links and the output of its first program, and the chapter of the vocabulary to the
//! categories. `BLESS=1` writes the tables of the chapter.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use disconnect_core::{
    Category, ConnectionDirection, ConnectionMethod, DisconnectCause, DisconnectField, DisconnectInitiator,
    DisconnectReason,
};

const BEGIN: &str = "<!-- categories: begin; written by `BLESS=1 cargo test -p disconnect-tests --test readme` -->\n";
const END: &str = "<!-- categories: end -->";

/// The first program of the README, which `build.rs` copies from it.
mod program {
    include!(concat!(env!("OUT_DIR"), "/readme_program.rs"));

    #[test]
    #[ignore = "the test below starts it as a process and reads what it prints"]
    fn runs() {
        main().unwrap();
    }
}

#[test]
fn first_program_prints_what_the_readme_shows() {
    let run = Command::new(env::current_exe().unwrap())
        .args(["--exact", "program::runs", "--ignored", "--nocapture"])
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success(), "{printed}{}", String::from_utf8_lossy(&run.stderr));
    let readme = readme();
    let after_program = readme.split_once("async fn main()").unwrap().1;
    let shown = after_program.split_once("```text\n").unwrap().1.split_once("```").unwrap().0;
    assert!(shown.lines().count() >= 3, "{shown}");
    assert!(printed.contains(shown), "the README shows:\n{shown}\nit prints:\n{printed}");
}

#[test]
fn readme_stays_short() {
    let readme = readme();
    let (lines, words) = (readme.lines().count(), readme.split_whitespace().count());
    assert!(lines <= 150 && words <= 1200, "{lines} lines, {words} words");
}

#[test]
fn links_of_the_readme_lead_to_files() {
    let readme = readme();
    let links = readme.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let links: Vec<&str> = links.map(|(link, _)| link).filter(|link| !link.starts_with("http")).collect();
    assert!(links.len() > 10, "the links were read: {links:?}");
    for link in links {
        let path = link.split_once('#').map_or(link, |(path, _)| path);
        assert!(root().join(path).exists(), "{link}");
    }
}

#[test]
fn vocabulary_lists_every_key_and_value() {
    let path = root().join("disconnect-core/src/guide/vocabulary.md");
    let chapter = fs::read_to_string(&path).unwrap();
    let (before, rest) = chapter.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let generated = tables();
    if env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{generated}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, generated, "the chapter's tables are out of date: run with BLESS=1");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

fn tables() -> String {
    let mut tables = String::new();
    table::<ConnectionDirection>(&mut tables);
    table::<DisconnectReason>(&mut tables);
    table::<DisconnectInitiator>(&mut tables);
    table::<ConnectionMethod>(&mut tables);
    table::<DisconnectCause>(&mut tables);
    tables
}

fn table<T: DisconnectField>(tables: &mut String) {
    let split = T::CATEGORIES.iter().any(|category| category.expected.is_some());
    let (expected_flag, rule) = if split { (" `disconnect_expected` |", "---|") } else { ("", "") };
    writeln!(tables, "\n| `{}` |{expected_flag} when |\n|---|{rule}---|", T::FIELD).unwrap();
    for category in T::CATEGORIES {
        let value = if category.value.is_empty() { "(empty)".to_owned() } else { format!("`{}`", category.value) };
        let expected_flag = category.expected.map_or_else(String::new, |expected| format!(" {expected} |"));
        writeln!(tables, "| {value} |{expected_flag} {} |", summary(category)).unwrap();
    }
    if T::FIELD == DisconnectCause::FIELD {
        tables.push('\n');
    }
}

/// The first sentence of the documentation.
fn summary(category: &Category) -> String {
    let docs = category.docs.replace('\n', " ");
    docs.split_once(". ").map_or(docs.clone(), |(first, _)| format!("{first}."))
}
