//! Holds the README's table of keys and values against the categories. `BLESS=1` writes it.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use disconnect_core::{
    Category, ConnectionDirection, ConnectionMethod, DisconnectCause, DisconnectField, DisconnectInitiator,
    DisconnectReason,
};

const BEGIN: &str = "<!-- categories: begin; written by `BLESS=1 cargo test -p disconnect-tests --test readme` -->\n";
const END: &str = "<!-- categories: end -->";

#[test]
fn the_readme_lists_every_key_and_value() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let (before, rest) = readme.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    let generated = tables();
    if env::var_os("BLESS").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{generated}{END}{after}")).unwrap();
    } else {
        assert_eq!(written, generated, "the README's tables are out of date: run with BLESS=1");
    }
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
