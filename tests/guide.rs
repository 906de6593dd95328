//! Holds the chapters of the guide against what they talk about: the compile errors, the tests that they name, the code that
//! they show.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "guide/before.rs"]
mod before;
#[path = "guide/limits.rs"]
mod limits;
#[path = "guide/service.rs"]
mod service;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use disconnect_core::{Category, Code, DisconnectCause, DisconnectReason, Endpoint, Protocol};

#[test]
fn every_compile_error_has_an_entry_and_no_entry_is_stale() {
    let mut fixtures = BTreeSet::new();
    for stderr in files_below(&root().join("tests/ui"), "stderr") {
        let text = fs::read_to_string(stderr).unwrap();
        fixtures.extend(text.lines().filter_map(|line| headline(line).map(normalised)));
    }
    let chapter = chapter("compile_errors.md");
    let entries: BTreeSet<_> = rows(&chapter).map(|[message, ..]| entry(message)).collect();

    let missing: Vec<_> = fixtures.difference(&entries).collect();
    let stale: Vec<_> = entries.difference(&fixtures).collect();
    assert!(missing.is_empty(), "messages without an entry in compile_errors.md: {missing:#?}");
    assert!(stale.is_empty(), "entries in compile_errors.md that no fixture in tests/ui gives: {stale:#?}");
    for [message, cause, fix] in rows(&chapter) {
        assert!(!cause.is_empty() && !fix.is_empty(), "{message} has no cause or no fix");
    }
}

/// The message of an error, without the compiler's code.
fn headline(line: &str) -> Option<&str> {
    let (head, message) = line.strip_prefix("error")?.split_once(": ")?;
    let is_code = head.is_empty() || (head.starts_with("[E") && head.ends_with(']'));
    is_code.then(|| message.strip_prefix("evaluation panicked: ").unwrap_or(message))
}

/// The message without what depends on the user's code: names in backticks, lists of them, and texts in quotes.
fn normalised(message: &str) -> String {
    let mut text = String::new();
    for (index, part) in message.split('`').enumerate() {
        text += if index % 2 == 0 { part } else { "`_`" };
    }
    for separator in [", ", " and ", " or "] {
        while text.contains(&format!("`_`{separator}`_`")) {
            text = text.replace(&format!("`_`{separator}`_`"), "`_`");
        }
    }
    let quoted: Vec<_> =
        text.split('"').enumerate().map(|(index, part)| if index % 2 == 0 { part } else { "_" }).collect();
    quoted.join("\"")
}

/// The message of a row, without the compiler's code behind it.
fn entry(cell: &str) -> String {
    let message = cell.rsplit_once(" (E").filter(|(_, code)| code.ends_with(')')).map_or(cell, |(message, _)| message);
    message.to_owned()
}

/// The rows of all tables with three columns, without their heads.
fn rows(chapter: &str) -> impl Iterator<Item = [&str; 3]> {
    chapter.lines().filter_map(|line| {
        let cells: Vec<_> = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ").collect();
        <[&str; 3]>::try_from(cells).ok().filter(|cells| *cells != ["message", "cause", "fix"])
    })
}

#[test]
fn the_runbook_has_every_cause_and_every_answer_of_a_code() {
    let runbook = chapter("operating.md");
    let rows: Vec<_> = runbook.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | ")).collect();
    let has_row = |reason: &str, cause: Option<&str>| {
        rows.iter().any(|(reasons, rest)| {
            let causes = rest.split(" | ").next().unwrap();
            let has_cause =
                causes == "any" || cause.map_or(causes == "none", |cause| causes.contains(&format!("`{cause}`")));
            has_cause && format!("`{reasons}").contains(&format!("`{reason}`"))
        })
    };
    for cause in DisconnectCause::ALL {
        assert!(
            DisconnectReason::ALL.iter().any(|reason| has_row(reason.as_str(), Some(cause.as_str()))),
            "no row for {cause}"
        );
    }
    for code in codes() {
        for end in [Endpoint::SERVER_FACING_CLIENT.received(code), Endpoint::CLIENT_FACING_SERVER.received(code)] {
            let cause = end.cause().map(Category::as_str);
            assert!(
                has_row(end.reason().as_str(), cause),
                "no row for {} and {cause:?}, of {code}",
                end.reason().as_str()
            );
        }
    }
}

fn codes() -> impl Iterator<Item = Code> {
    use Protocol::{Amqp, Exit, Grpc, Http2, Http3, Mqtt, Quic, Signal, Ssh, Tls, WebSocket};
    let protocols = [Amqp, Exit, Grpc, Http2, Http3, Mqtt, Quic, Signal, Ssh, Tls, WebSocket];
    protocols.into_iter().flat_map(|protocol| (0..5000).filter_map(move |number| Code::from_number(protocol, number)))
}

#[test]
fn the_queries_print_what_the_chapter_says() {
    let log = root().join("tests/guide");
    let chapter = chapter("operating.md");
    let mut run = 0;
    for (index, block) in blocks(&chapter).enumerate().filter(|(_, block)| block.kind == "sh") {
        let tool = block.text.split_whitespace().next().unwrap();
        if !is_there(tool) {
            println!("skipped: no {tool}");
            continue;
        }
        let output = Command::new("sh").args(["-c", &block.text]).current_dir(&log).output().unwrap();
        let expected = blocks(&chapter).nth(index + 1).unwrap().text;
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected, "{}", String::from_utf8_lossy(&output.stderr));
        run += 1;
    }
    println!("{run} queries ran");
}

#[test]
fn the_alerts_are_rules_of_prometheus_and_fire_when_they_should() {
    if !is_there("promtool") {
        println!("skipped: no promtool");
        return;
    }
    let folder = env::temp_dir().join(format!("disconnect-guide-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let rules = blocks(&chapter("operating.md")).find(|block| block.kind == "yaml").unwrap().text;
    fs::write(folder.join("alerts.yml"), rules).unwrap();
    fs::copy(root().join("tests/guide/alerts_test.yml"), folder.join("alerts_test.yml")).unwrap();
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts_test.yml"]] {
        let output = Command::new("promtool").args(arguments).current_dir(&folder).output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr)
        );
    }
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn each_promise_names_a_test_that_is_there() {
    let chapter = chapter("security.md");
    let named = chapter.split('`').skip(1).step_by(2).filter_map(|code| code.split_once("::"));
    let named: Vec<_> = named.filter(|(file, _)| Path::new(file).extension().is_some_and(|end| end == "rs")).collect();
    assert!(named.len() > 20, "the chapter names its tests: {named:?}");
    for (file, test) in named {
        let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let after_attribute =
            |item: &str| item.split_once("fn ").is_some_and(|(_, name)| name.starts_with(&format!("{test}(")));
        let is_test = text.split("test]\n").skip(1).any(after_attribute);
        assert!(is_test, "{file} has no test {test}");
    }
}

#[test]
fn code_that_only_the_tests_compile_is_shown_as_it_is() {
    for (name, file) in [("testing.md", "service.rs"), ("migration.md", "before.rs")] {
        let code = without_indentation(&fs::read_to_string(root().join("tests/guide").join(file)).unwrap());
        let chapter = chapter(name);
        let shown: Vec<_> = blocks(&chapter).filter(|block| block.kind == "rust,ignore").collect();
        assert!(!shown.is_empty(), "{name} shows nothing of {file}");
        for block in shown {
            assert!(
                code.contains(&without_indentation(&block.text)),
                "{name} shows what tests/guide/{file} does not have:\n{}",
                block.text
            );
        }
    }
}

fn without_indentation(code: &str) -> String {
    code.lines().flat_map(|line| [line.trim_start(), "\n"]).collect()
}

/// A fenced block of a chapter.
struct Block {
    kind: String,
    text: String,
}

fn blocks(chapter: &str) -> impl Iterator<Item = Block> {
    let inside = |(index, text): (usize, &str)| {
        let (kind, text) = text.split_once('\n')?;
        (index % 2 == 1).then(|| Block { kind: kind.to_owned(), text: text.to_owned() })
    };
    chapter.split("```").enumerate().filter_map(inside)
}

/// Continuous integration installs what the chapters need.
fn is_there(tool: &str) -> bool {
    Command::new(tool).arg("--version").output().is_ok()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn chapter(name: &str) -> String {
    fs::read_to_string(root().join("disconnect-core/src/guide").join(name)).unwrap()
}

fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.append(&mut files_below(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files
}
