//! The modules of `disconnect-core` form layers: no cycle, no upward import, no import through the crate root.
//!
//! Reads every `crate::`, `super::` and `self::` path of every source file, in imports, in code and in macro calls.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// From the lowest layer to the highest. Modules of one row do not import each other.
const LAYERS: &[&[&str]] = &[
    &["category"],
    &["vocabulary"],
    &["code"],
    &["verdict"],
    &["record"],
    &["evidence"],
    &["endpoint"],
    &["event", "log"],
    &["guard"],
    &["observe", "stream"],
    &["private"],
    &["guide"],
];

/// One import: the importing and the imported module, as paths below the crate root.
#[derive(Debug)]
struct Import {
    file: String,
    from: Vec<String>,
    path: Vec<String>,
}

#[test]
fn every_import_goes_down() {
    let imports = imports();
    assert!(imports.len() > 100, "the sources were read: {}", imports.len());
    let wrong: Vec<String> = imports.iter().filter_map(mistake).collect();
    assert_eq!(wrong, [] as [String; 0]);
}

#[test]
fn files_of_one_module_have_no_cycle() {
    let mut edges: BTreeMap<Vec<String>, Vec<Vec<String>>> = BTreeMap::new();
    let modules: Vec<Vec<String>> = sources().into_iter().map(|(_, module, _)| module).collect();
    for import in imports() {
        // The longest prefix that is a file.
        let target =
            (1..=import.path.len()).rev().map(|n| import.path[..n].to_vec()).find(|path| modules.contains(path));
        // Parents list their children, and a child's `super::` is its parent. Only siblings count.
        let is_beside = |target: &Vec<String>| !target.starts_with(&import.from) && !import.from.starts_with(target);
        if let Some(target) = target.filter(is_beside) {
            edges.entry(import.from).or_default().push(target);
        }
    }
    for start in edges.keys() {
        let mut open = edges[start].clone();
        let mut seen = Vec::new();
        while let Some(next) = open.pop() {
            assert_ne!(&next, start, "{} imports itself through others", start.join("::"));
            if !seen.contains(&next) {
                open.extend(edges.get(&next).into_iter().flatten().cloned());
                seen.push(next);
            }
        }
    }
}

/// Checks that the check can fail.
#[test]
fn the_check_finds_mistakes() {
    let told = |module: &str, source: &str| {
        let tokens: TokenStream = source.parse().unwrap();
        let mut imports = Vec::new();
        let module: Vec<String> = module.split("::").map(str::to_owned).collect();
        read(&tokens.into_iter().collect::<Vec<_>>(), "a.rs", &module, &mut imports);
        imports.iter().find_map(mistake).unwrap_or_default()
    };
    assert!(told("category::row", "use crate::record::Disconnect;").contains("upward"));
    assert!(told("category::row", "fn f() { let _ = super::super::guard::new(); }").contains("upward"));
    assert!(told("guard", "use crate::Disconnect;").contains("crate root"));
    assert!(told("guard", "use crate::{record::Disconnect, Endpoint};").contains("crate root"));
    assert!(told("guard", "macro!(crate::private::Line)").contains("upward"));
    assert!(told("guard", "use crate::elsewhere::Thing;").contains("no layer"));
    assert_eq!(told("guard", "use crate::record::{Disconnect, Detail};"), "");
    assert_eq!(told("guard", "use self::state::State; use super::record::Detail;"), "");
}

fn mistake(import: &Import) -> Option<String> {
    let rank = |module: &str| LAYERS.iter().position(|layer| layer.contains(&module));
    let [from, ..] = &import.from[..] else { return None };
    let told = |what: &str| Some(format!("{}: {what}: {}", import.file, import.path.join("::")));
    let to = import.path.first()?;
    if from == to {
        return None;
    }
    match (rank(from), rank(to)) {
        (None, _) => told("this module has no layer in tests/layers.rs"),
        (_, None) if to.chars().next().is_some_and(char::is_uppercase) => told("imported through the crate root"),
        (_, None) => told("no layer of this name, or a macro or function through the crate root"),
        (Some(from), Some(to)) if from <= to => told("an upward import"),
        (Some(_), Some(_)) => None,
    }
}

fn imports() -> Vec<Import> {
    let mut imports = Vec::new();
    for (file, module, tokens) in sources() {
        // The crate root only re-exports.
        if !module.is_empty() {
            read(&tokens.into_iter().collect::<Vec<_>>(), &file, &module, &mut imports);
        }
    }
    imports
}

/// Every source file with its module path.
fn sources() -> Vec<(String, Vec<String>, TokenStream)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../disconnect-core/src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(&root).unwrap().with_extension("");
            let mut module: Vec<String> = name.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            if module.last().is_some_and(|last| last == "mod" || last == "lib") {
                module.pop();
            }
            let tokens = fs::read_to_string(&path).unwrap().parse().unwrap();
            (path.strip_prefix(&root).unwrap().display().to_string(), module, tokens)
        })
        .collect()
}

/// Finds `crate::a::b`, `super::a` and `self::a`, also inside groups of imports, blocks and macro calls. `$crate` is
/// the user's path and not an import.
fn read(tokens: &[TokenTree], file: &str, module: &[String], imports: &mut Vec<Import>) {
    let mut i = 0;
    while i < tokens.len() {
        let nested = inline_module(&tokens[i..]);
        if let Some((name, body)) = nested {
            let inside: Vec<String> = module.iter().cloned().chain([name]).collect();
            read(&body, file, &inside, imports);
            i += 3;
            continue;
        }
        let behind_dollar = i > 0 && is_punct(&tokens[i - 1], '$');
        let start = match &tokens[i] {
            TokenTree::Ident(word) if word == "crate" && !behind_dollar => Some(vec![]),
            TokenTree::Ident(word) if word == "super" || word == "self" => Some(module.to_vec()),
            _ => None,
        };
        if let Some(start) = start.filter(|_| is_path_separator(&tokens[i + 1..])) {
            let first = if tokens[i].to_string() == "super" { parent(&start) } else { start };
            let found = &mut |path| imports.push(Import { file: file.to_owned(), from: module.to_vec(), path });
            i += 3 + follow(&tokens[i + 3..], first, found);
            continue;
        }
        if let TokenTree::Group(group) = &tokens[i] {
            read(&group.stream().into_iter().collect::<Vec<_>>(), file, module, imports);
        }
        i += 1;
    }
}

/// The paths after a `::`, and the number of tokens they use.
fn follow(tokens: &[TokenTree], start: Vec<String>, found: &mut dyn FnMut(Vec<String>)) -> usize {
    let mut path = start;
    let mut i = 0;
    loop {
        match tokens.get(i) {
            Some(TokenTree::Ident(word)) => {
                match word.to_string().as_str() {
                    "super" => path = parent(&path),
                    "self" => {}
                    name => path.push(name.to_owned()),
                }
                i += 1;
            }
            Some(TokenTree::Group(group)) => {
                let inside: Vec<TokenTree> = group.stream().into_iter().collect();
                for item in inside.split(|token| is_punct(token, ',')).filter(|item| !item.is_empty()) {
                    follow(item, path.clone(), found);
                }
                return i + 1;
            }
            // A glob imports the module itself.
            _ => break,
        }
        if !is_path_separator(&tokens[i..]) {
            break;
        }
        i += 2;
    }
    found(path);
    i
}

/// Matches `mod name { body }`.
fn inline_module(tokens: &[TokenTree]) -> Option<(String, Vec<TokenTree>)> {
    match tokens {
        [TokenTree::Ident(word), TokenTree::Ident(name), TokenTree::Group(body), ..] if word == "mod" => {
            Some((name.to_string(), body.stream().into_iter().collect()))
        }
        _ => None,
    }
}

fn parent(module: &[String]) -> Vec<String> {
    module[..module.len().saturating_sub(1)].to_vec()
}

fn is_path_separator(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [first, second, ..] if is_punct(first, ':') && is_punct(second, ':'))
}

fn is_punct(token: &TokenTree, punct: char) -> bool {
    matches!(token, TokenTree::Punct(token) if token.as_char() == punct)
}
