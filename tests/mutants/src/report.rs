//! RESULTS.md: what became of the mutants, and why some are missed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::{fs, iter};

use anyhow::{Result, ensure};

use crate::Mutant;
use crate::run::Outcome;

/// Stands for the reason until somebody writes one into RESULTS.md.
const NO_REASON: &str = "**no reason yet**";

const HEAD: &str = "# Mutation tests of both libraries

    cargo install cargo-mutants
    cargo run --package disconnect-mutants -- --write

cargo-mutants lists the mutants. The program puts all of them into one build, each behind a switch, runs every test
program once to see which mutants it reaches, and then each mutant by the test programs that reach it.

";

const COLUMNS: [Outcome; 5] =
    [Outcome::DoesNotCompile, Outcome::Caught, Outcome::TimedOut, Outcome::Missed, Outcome::NotReached];

const MISSED: &str = "
# Missed

No test fails with these. The program fails where one has no reason.

| mutant | reason |
|---|---|
";

const NOT_REACHED: &str = "
# Not reached

No test program runs these. The switch is off while the compiler evaluates constants, so a mutant of code that only
the compiler evaluates is among them.

| function | mutants | reason |
|---|---|---|
";

pub(crate) fn report(
    repository: &Path,
    mutants: &[Mutant],
    outcomes: &BTreeMap<String, Outcome>,
    write: bool,
) -> Result<()> {
    let path = repository.join("tests/mutants/RESULTS.md");
    let old = fs::read_to_string(&path).unwrap_or_default();
    let of = |outcome: Outcome| mutants.iter().filter(move |mutant| outcomes.get(&mutant.name) == Some(&outcome));
    let mut text = HEAD.to_owned();
    text += "| library | mutants | do not compile | caught | by a timeout | missed | not reached |\n|---|---|---|---|---|---|---|\n";
    for library in ["disconnect-core", "disconnect-derive"] {
        write!(text, "| `{library}` |")?;
        let all = mutants.iter().filter(|mutant| mutant.file.starts_with(library)).count();
        let counts = COLUMNS.map(|outcome| of(outcome).filter(|mutant| mutant.file.starts_with(library)).count());
        for count in iter::once(all).chain(counts) {
            write!(text, " {count} |")?;
        }
        text.push('\n');
    }
    text += MISSED;
    for name in of(Outcome::Missed).map(Mutant::place_and_change).collect::<BTreeSet<_>>() {
        writeln!(text, "| {} | {} |", cell(&name), reason(&old, &cell(&name)))?;
    }
    text += NOT_REACHED;
    let mut functions: BTreeMap<String, usize> = BTreeMap::new();
    for mutant in of(Outcome::NotReached) {
        *functions.entry(cell(&mutant.place())).or_default() += 1;
    }
    for (function, count) in functions {
        writeln!(text, "| {function} | {count} | {} |", reason(&old, &function))?;
    }
    if write {
        fs::write(&path, &text)?;
    } else {
        print!("{text}");
    }
    ensure!(!text.contains(NO_REASON), "mutants without a reason");
    Ok(())
}

/// The reason in the last results.
fn reason<'a>(old: &'a str, first: &str) -> &'a str {
    let row = old.lines().find(|line| {
        line.strip_prefix("| ").and_then(|line| line.strip_prefix(first)).is_some_and(|rest| rest.starts_with(" |"))
    });
    row.and_then(|row| row.trim_end_matches('|').rsplit(" | ").next()).map_or(NO_REASON, str::trim)
}

fn cell(text: &str) -> String {
    format!("`{}`", text.replace('|', "\\|"))
}

impl Mutant {
    /// The mutant without its line, which changes with each edit: `src/code/mod.rs: replace < with <= in varint`.
    fn place_and_change(&self) -> String {
        let change = self.name.splitn(4, ':').nth(3).unwrap_or(&self.name);
        format!("{}:{change}", self.file)
    }

    /// The function: `src/code/mod.rs: varint`.
    fn place(&self) -> String {
        let name = self.function.as_ref().map_or("a constant", |function| &function.function_name[..]);
        format!("{}: {name}", self.file)
    }
}
