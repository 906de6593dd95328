//! Mutation tests of both libraries. cargo-mutants lists the mutants. To build the tests for each would take a day, so
//! they are all in one build, each behind a switch that a variable sets, and each is run by the tests that reach it.
//!
//! ```text
//! cargo install cargo-mutants
//! cargo run --package disconnect-mutants -- --write
//! ```

mod copy;
mod report;
mod rewrite;
mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Result, ensure};
use clap::{Parser, ValueEnum};
use serde::Deserialize;

use crate::copy::Copy;
use crate::run::Outcome;

#[derive(Parser)]
struct Options {
    /// Write RESULTS.md.
    #[arg(long)]
    write: bool,
    /// Only mutants whose name contains this text.
    #[arg(long, default_value = "")]
    only: String,
    /// Which mutants are tested. The results of the others are those of the last run.
    #[arg(long, value_enum, default_value_t)]
    which: Which,
    /// Run the fault matrix as well, which takes up to a minute for each mutant that no other test notices.
    #[arg(long)]
    matrix: bool,
    /// The folder for the copy and its build.
    #[arg(long, default_value = "target/mutants")]
    folder: PathBuf,
    /// How many mutants are tested at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Which {
    #[default]
    All,
    /// Those that an interrupted run has not tested, or that the last change has made.
    New,
    /// Those that no test noticed.
    Missed,
}

#[derive(Deserialize)]
struct Mutant {
    #[serde(skip)]
    number: u32,
    name: String,
    file: String,
    genre: String,
    replacement: String,
    function: Option<Function>,
    span: Span,
}

#[derive(Deserialize)]
struct Function {
    function_name: String,
}

#[derive(Clone, Copy, Deserialize)]
struct Span {
    start: Position,
    end: Position,
}

/// Both count from 1, the column in characters.
#[derive(Clone, Copy, Deserialize)]
struct Position {
    line: usize,
    column: usize,
}

/// The packages whose tests are run.
const TESTED: [&str; 9] = [
    "disconnect-core",
    "disconnect-derive",
    "disconnect-tests",
    "disconnect-fuzz",
    "disconnect-release",
    "disconnect-natural",
    "disconnect-exports",
    "disconnect-third-party-adapter",
    "disconnect-adapter-versions",
];

fn main() -> Result<()> {
    let options = Options::parse();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let mutants = list(&repository)?;
    fs::create_dir_all(&options.folder)?;
    let folder = options.folder.canonicalize()?;
    let copy = Copy { source: folder.join("source"), target: folder.join("target") };
    copy.make(&repository, &mutants)?;
    let refused = copy.put_in(&repository, &mutants)?;
    let tests = run::Tests::build(&copy, options.matrix)?;
    let known = folder.join("outcomes.json");
    let mut outcomes: BTreeMap<String, Outcome> =
        fs::read(&known).ok().and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let is_open = |mutant: &&Mutant| {
        let outcome = outcomes.get(&mutant.name);
        !refused.contains(&mutant.number)
            && mutant.name.contains(&options.only)
            && match options.which {
                Which::All => true,
                Which::New => outcome.is_none(),
                Which::Missed => matches!(outcome, Some(Outcome::Missed | Outcome::NotReached)),
            }
    };
    let open: Vec<&Mutant> = mutants.iter().filter(is_open).collect();
    let refused = mutants.iter().filter(|mutant| refused.contains(&mutant.number));
    outcomes.extend(refused.map(|mutant| (mutant.name.clone(), Outcome::DoesNotCompile)));
    for some in open.chunks(100) {
        outcomes.append(&mut tests.run(some, options.jobs));
        fs::write(&known, serde_json::to_vec_pretty(&outcomes)?)?;
        println!("tested as far as {}", some[some.len() - 1].name);
    }
    report::report(&repository, &mutants, &outcomes, options.write)
}

/// Every mutant of both libraries.
fn list(repository: &Path) -> Result<Vec<Mutant>> {
    let output = Command::new("cargo")
        .args(["mutants", "--list", "--json", "--package", "disconnect-core", "--package", "disconnect-derive"])
        .current_dir(repository)
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "cargo-mutants is not there: `cargo install cargo-mutants`");
    let mut mutants: Vec<Mutant> = serde_json::from_slice(&output.stdout)?;
    for (number, mutant) in (1..).zip(&mut mutants) {
        mutant.number = number;
    }
    Ok(mutants)
}
