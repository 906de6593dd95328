//! Mutation tests of both libraries. cargo-mutants lists the mutants. To build the tests for each would take a day, so
//! they are all in one build, each behind a switch that a variable sets, and each is run by the tests that reach it.
//!
//! ```text
//! cargo install cargo-mutants
//! cargo run --package disconnect-mutants -- --write
//! ```

mod report;
mod rewrite;
mod run;

use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::{CompilerMessage, Message};
use clap::{Parser, ValueEnum};
use serde::Deserialize;

use crate::rewrite::Rewritten;
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

/// The package of the switch.
const SWITCH: &str =
    "[package]\nname = \"disconnect-mutant\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n";

/// The tests of a mutant run often enough to be worth it.
const OPTIMIZED: [&str; 6] =
    ["disconnect-core", "disconnect-derive", "disconnect-fuzz", "disconnect-mutant", "disconnect-tests", "syn"];

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
        println!("the next of {} is {}", open.len(), some[some.len() - 1].name);
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

/// The copy of the repository in which the mutants are.
struct Copy {
    source: PathBuf,
    target: PathBuf,
}

impl Copy {
    /// Unchanged files keep their times, so that they are not built again.
    fn make(&self, repository: &Path, mutants: &[Mutant]) -> Result<()> {
        let files = Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(repository)
            .output()?;
        let rewritten: HashSet<&str> = mutants.iter().map(|mutant| &mutant.file[..]).collect();
        for file in std::str::from_utf8(&files.stdout)?.lines() {
            let to = self.source.join(file);
            if !(rewritten.contains(file) && to.exists()) && repository.join(file).exists() {
                let bytes = fs::read(repository.join(file))?;
                self.write(file, &self.with_switch(file, bytes)?)?;
            }
        }
        let switch = fs::read(repository.join("tests/mutants/switch/lib.rs"))?;
        self.write("switch/lib.rs", &switch)?;
        self.write("switch/Cargo.toml", SWITCH.as_bytes())
    }

    /// Adds the switch to the packages with sources of the libraries.
    fn with_switch(&self, file: &str, bytes: Vec<u8>) -> Result<Vec<u8>> {
        if file == "Cargo.toml" {
            return Ok(String::from_utf8(bytes)?.replacen("members = [", "members = [\"switch\", ", 1).into_bytes());
        }
        let users = ["disconnect-core", "disconnect-derive", "fuzz", "tests"];
        if !users.iter().any(|user| file.strip_suffix("/Cargo.toml") == Some(user)) {
            return Ok(bytes);
        }
        let path = self.source.join("switch");
        let dependency = format!("[dependencies]\ndisconnect-mutant = {{ path = '{}' }}\n", path.display());
        Ok(String::from_utf8(bytes)?.replacen("[dependencies]\n", &dependency, 1).into_bytes())
    }

    fn write(&self, file: &str, bytes: &[u8]) -> Result<()> {
        let path = self.source.join(file);
        if fs::read(&path).is_ok_and(|old| old == bytes) {
            return Ok(());
        }
        fs::create_dir_all(path.parent().context("a file in a folder")?)?;
        Ok(fs::write(path, bytes)?)
    }

    /// Writes the mutants into the copy. Those that the compiler refuses are left out, and returned.
    fn put_in(&self, repository: &Path, mutants: &[Mutant]) -> Result<HashSet<u32>> {
        let mut files: BTreeMap<&str, Vec<&Mutant>> = BTreeMap::new();
        for mutant in mutants {
            files.entry(&mutant.file).or_default().push(mutant);
        }
        // A function that hides its type has one for all returns.
        let hidden = |mutant: &&Mutant| mutant.genre == "FnValue" && mutant.name.contains(" -> impl ");
        let mut refused: HashSet<u32> = mutants.iter().filter(hidden).map(|mutant| mutant.number).collect();
        loop {
            let mut rewritten: BTreeMap<PathBuf, Rewritten> = BTreeMap::new();
            for (file, mutants) in &files {
                let source = fs::read_to_string(repository.join(file))?;
                let new = rewrite::rewrite(&source, mutants, &refused)?;
                self.write(file, new.text.as_bytes())?;
                rewritten.insert(self.source.join(file), new);
            }
            let before = refused.len();
            for message in self.errors()? {
                let found = self.mutants_of(&message, &rewritten);
                ensure!(!found.is_empty(), "an error that is not about a mutant: {message}");
                refused.extend(found);
            }
            if refused.len() == before {
                return Ok(refused);
            }
            println!("{} mutants do not compile", refused.len());
        }
    }

    fn mutants_of(&self, message: &CompilerMessage, rewritten: &BTreeMap<PathBuf, Rewritten>) -> Vec<u32> {
        for primary in [true, false] {
            for span in message.message.spans.iter().filter(|span| span.is_primary == primary) {
                let path = self.source.join(&span.file_name);
                let Ok(path) = path.canonicalize() else { continue };
                let Some(file) = rewritten.get(&path) else { continue };
                let range = span.byte_start as usize..span.byte_end as usize;
                let is_about_arms = message.message.code.as_ref().is_some_and(|code| code.code == "E0004");
                if let Some(mutants) = if is_about_arms { file.arms_at(&range) } else { file.at(&range) } {
                    return mutants.to_vec();
                }
            }
        }
        Vec::new()
    }

    /// What the compiler says of the libraries.
    fn errors(&self) -> Result<Vec<CompilerMessage>> {
        let packages = ["--package", "disconnect-core", "--package", "disconnect-derive"];
        let output = self
            .cargo(&["check", "--keep-going", "--all-features", "--message-format=json"])
            .args(packages)
            .stderr(Stdio::null())
            .output()?;
        let mut errors = Vec::new();
        for message in Message::parse_stream(&output.stdout[..]) {
            if let Message::CompilerMessage(message) = message? {
                let is_error = message.message.level == cargo_metadata::diagnostic::DiagnosticLevel::Error;
                if is_error && !message.message.spans.is_empty() {
                    errors.push(message);
                }
            }
        }
        if errors.is_empty() && !output.status.success() {
            bail!("the copy does not build: `cargo check --all-features` in {}", self.source.display());
        }
        Ok(errors)
    }

    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        command
            .args(arguments)
            .current_dir(&self.source)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .args(OPTIMIZED.iter().map(|package| format!("--config=profile.dev.package.{package}.opt-level=1")))
            .env("RUSTC_BOOTSTRAP", "disconnect_mutant")
            .env("RUSTFLAGS", "--cap-lints allow");
        command
    }
}
