//! Every public item is used by a test, an example, a fuzz target or a benchmark.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use disconnect_release::{PUBLISHED, repository};

/// Where a use counts. Documentation does not: its text and its code are easily changed together.
const FOLDERS: [&str; 4] = ["tests", "examples", "fuzz", "benches"];

/// Items that no other crate can use by name, each with its reason.
const UNUSED: [(&str, &str); 1] = [("disconnect_core::Axis", "a bound; only the core names its slots")];

#[test]
fn every_public_item_is_used() {
    let mut code = String::new();
    for folder in FOLDERS {
        read_code(&repository().join(folder), &mut code);
    }
    let items: BTreeSet<Item> = PUBLISHED.iter().flat_map(|package| items(package)).collect();
    assert!(items.len() > 500, "the listings have been read: {items:?}");
    let unused: BTreeSet<&str> =
        items.iter().filter(|item| !item.is_used(&code)).map(|item| item.path.as_str()).collect();
    let allowed = UNUSED.map(|(path, _)| path).into();
    assert_eq!(unused, allowed, "use the items on the left in a test; items that are only on the right are used");
}

/// The code below a folder, without lines of comments, and without programs that do not compile.
fn read_code(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let is_fixture = folder.ends_with("tests/ui") && !path.ends_with("pass");
        if path.is_dir() && !is_fixture {
            read_code(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with(file!()) {
            let text = fs::read_to_string(&path).unwrap();
            code.extend(text.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]));
        }
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    path: String,
    /// Whether it is inside a type: a method, a constant, a variant or a field.
    is_associated: bool,
}

impl Item {
    /// As a whole word. An associated item follows its type or a value: other things may have its name.
    fn is_used(&self, code: &str) -> bool {
        let name = self.path.rsplit("::").next().unwrap_or_default();
        code.match_indices(name).any(|(start, _)| {
            let [before, after] = [&code[..start], &code[start + name.len()..]];
            let is_word = !before.ends_with(is_word) && !after.starts_with(is_word);
            // `Type::name`, `value.name`, `Type { name: value }`, and the categories in an attribute: `cause = Name`.
            let follows = ["::", ".", "= "].iter().any(|sign| before.ends_with(sign)) || after.starts_with(": ");
            is_word && (follows || !self.is_associated)
        })
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// The public items in the listing of a package. What a type has from a trait is an item of the trait.
fn items(package: &str) -> Vec<Item> {
    let listing = repository().join(format!("tests/release/data/api/{package}.txt"));
    let mut of_trait = false;
    let mut items = Vec::new();
    for line in fs::read_to_string(listing).unwrap().lines().map(without_generics) {
        if line.starts_with("impl") {
            of_trait = line.contains(" for ");
        }
        let Some(path) = path(&line) else { continue };
        let parent = path.rsplit("::").nth(1).unwrap_or_default();
        let is_associated = parent.starts_with(char::is_uppercase);
        of_trait &= is_associated;
        if !of_trait {
            items.push(Item { path: path.to_owned(), is_associated });
        }
    }
    items
}

/// The path that a line such as `pub const fn disconnect_core::Code::number(self) -> u64` defines.
fn path(line: &str) -> Option<&str> {
    let (_, defined) = line.split_once("pub ")?;
    if defined.starts_with("mod ") {
        return None;
    }
    let start = defined.find("derive(").map(|start| start + "derive(".len()).or_else(|| defined.find("disconnect_"))?;
    let path = &defined[start..];
    let end = path.find(|character| !is_word(character) && character != ':').unwrap_or(path.len());
    Some(path[..end].trim_end_matches(':'))
}

/// A line of a listing without what is between angle brackets.
fn without_generics(line: &str) -> String {
    let mut depth = 0;
    let mut text = String::new();
    // The arrow of a function is no bracket.
    for character in line.replace("->", "").chars() {
        match character {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ if depth == 0 => text.push(character),
            _ => {}
        }
    }
    text
}
