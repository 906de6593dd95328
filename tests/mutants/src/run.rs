//! Runs the tests that reach a mutant, with the mutant on.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io, iter};

use anyhow::{Context, Result, ensure};
use cargo_metadata::Message;
use serde::{Deserialize, Serialize};

use crate::copy::Copy;
use crate::{Mutant, TESTED};

/// Test programs that start cargo for other things than the generated code, and those of the repository's documents.
const LEFT_OUT: [&str; 9] =
    ["api", "guide", "packages", "readme", "recipes", "supply_chain", "ui", "user_lock", "uses"];

/// Programs that run last and one at a time: one starts cargo again, the other one takes a minute.
const LAST: [&str; 2] = ["expansion", "matrix"];

/// Tests that try every number, and run after the others of their program.
const LONG: [&str; 2] = ["an_unregistered_code_is_unknown", "only_listed_codes_are_expected"];

/// What became of a mutant.
#[derive(Clone, Copy, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Outcome {
    DoesNotCompile,
    Caught,
    TimedOut,
    Missed,
    /// No test runs it. The compiler may: it evaluates constants without any mutant.
    NotReached,
}

/// A test program.
struct Test {
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    environment: Vec<(&'static str, PathBuf)>,
    /// Held while it runs, if cargo would run twice in one folder.
    alone: Option<Mutex<()>>,
    /// Files that are compiled anew each time, since the mutant is in a macro.
    touched: Vec<PathBuf>,
    takes: Duration,
    reaches: HashSet<u32>,
}

pub(crate) struct Tests(Vec<Test>);

impl Tests {
    /// Builds the tests, and runs them once without a mutant.
    pub(crate) fn build(copy: &Copy, matrix: bool) -> Result<Self> {
        let matrix = matrix.then_some("disconnect-matrix");
        let packages = TESTED.into_iter().chain(matrix).flat_map(|package| ["--package", package]);
        let output = copy
            .cargo(&["test", "--no-run", "--message-format=json"])
            .args(packages)
            .stderr(Stdio::inherit())
            .output()?;
        ensure!(output.status.success(), "the tests do not build in {}", copy.source.display());
        // The unit tests of a macro need the compiler's own libraries.
        let libraries = Command::new("rustc").args(["--print", "target-libdir"]).current_dir(&copy.source).output()?;
        let libraries = PathBuf::from(String::from_utf8(libraries.stdout)?.trim());
        let toolchain = libraries.ancestors().nth(4).and_then(Path::file_name).context("a sysroot")?;
        let mut tests = vec![documentation(copy)?, macros(copy)];
        for message in Message::parse_stream(&output.stdout[..]) {
            let Message::CompilerArtifact(artifact) = message? else { continue };
            let name = &&artifact.target.name[..];
            let left_out = LEFT_OUT.contains(name) || !artifact.profile.test;
            let (Some(program), false) = (artifact.executable, left_out) else { continue };
            let folder: PathBuf = artifact.manifest_path.parent().context("a package has a folder")?.into();
            let has_long = *name == "codes";
            let without = |name: &str| ["--skip".to_owned(), name.to_owned()];
            let few = if has_long { LONG.into_iter().flat_map(without).collect() } else { Vec::new() };
            let long = has_long.then(|| LONG.map(str::to_owned).to_vec());
            for arguments in iter::once(few).chain(long) {
                tests.push(Test {
                    program: program.clone().into(),
                    arguments,
                    environment: vec![
                        ("CARGO_MANIFEST_DIR", folder.clone()),
                        ("LD_LIBRARY_PATH", libraries.clone()),
                        ("RUSTUP_TOOLCHAIN", toolchain.into()),
                    ],
                    folder: folder.clone(),
                    alone: LAST.contains(name).then(Mutex::default),
                    touched: Vec::new(),
                    takes: Duration::ZERO,
                    reaches: HashSet::new(),
                });
            }
        }
        for test in &mut tests {
            test.trace(copy)?;
        }
        tests.sort_by_key(|test| (test.alone.is_some(), test.takes));
        Ok(Self(tests))
    }

    /// Tests each mutant, some at the same time.
    pub(crate) fn run(&self, mutants: &[&Mutant], jobs: usize) -> BTreeMap<String, Outcome> {
        let queue = Mutex::new(mutants.iter());
        let outcomes = Mutex::new(BTreeMap::new());
        thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(|| {
                    loop {
                        let Some(mutant) = queue.lock().ok().and_then(|mut queue| queue.next()) else { return };
                        let outcome = self.outcome(mutant.number);
                        if outcome == Outcome::Missed {
                            println!("missed: {}", mutant.name);
                        }
                        let _ = outcomes.lock().map(|mut outcomes| outcomes.insert(mutant.name.clone(), outcome));
                    }
                });
            }
        });
        outcomes.into_inner().unwrap_or_default()
    }

    fn outcome(&self, number: u32) -> Outcome {
        let mut outcome = Outcome::NotReached;
        for test in self.0.iter().filter(|test| test.reaches.contains(&number)) {
            match test.passes_with(number) {
                Some(true) => outcome = Outcome::Missed,
                Some(false) => return Outcome::Caught,
                None => return Outcome::TimedOut,
            }
        }
        outcome
    }
}

impl Test {
    /// Runs it without a mutant, and reads which ones it would run.
    fn trace(&mut self, copy: &Copy) -> Result<()> {
        let reached = copy.target.join("reached");
        let _ = fs::remove_file(&reached);
        let start = Instant::now();
        let mut child = self.command().env("DISCONNECT_MUTANTS_REACHED", &reached).spawn()?;
        let passed = ends(&mut child, Duration::from_mins(10))?;
        self.takes = start.elapsed();
        ensure!(passed == Some(true), "{} fails without a mutant", self.program.display());
        let bytes = fs::read(&reached).unwrap_or_default();
        self.reaches = bytes
            .chunks_exact(4)
            .map(|number| u32::from_le_bytes([number[0], number[1], number[2], number[3]]))
            .collect();
        println!("{:>6} ms, {:>4} mutants: {}", self.takes.as_millis(), self.reaches.len(), self.program.display());
        Ok(())
    }

    /// Whether it passes; nothing if it does not end.
    fn passes_with(&self, number: u32) -> Option<bool> {
        let _alone = self.alone.as_ref().map(|alone| alone.lock().unwrap_or_else(PoisonError::into_inner));
        for file in &self.touched {
            File::options().write(true).open(file).and_then(|file| file.set_modified(SystemTime::now())).ok()?;
        }
        let mut child = self.command().env("DISCONNECT_MUTANT", number.to_string()).spawn().ok()?;
        ends(&mut child, self.takes * 4 + Duration::from_secs(10)).ok()?
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.arguments)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.folder)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }
}

/// The documentation tests of the core, which rustdoc builds as one program.
fn documentation(copy: &Copy) -> Result<Test> {
    let folder = copy.target.join("documentation");
    let flags = format!("-Z unstable-options --persist-doctests {}", folder.join("programs").display());
    let status = copy
        .cargo(&["test", "--quiet", "--doc", "--all-features", "--package", "disconnect-core"])
        // It sets the only logger of a process, and here all tests are in one.
        .args(["--", "--skip", "log_with"])
        .env("CARGO_TARGET_DIR", &folder)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTDOCFLAGS", flags)
        .stdout(Stdio::null())
        .status()?;
    ensure!(status.success(), "the documentation tests fail without a mutant");
    let folder_of_core = copy.source.join("disconnect-core");
    Ok(Test {
        program: folder.join("programs/merged_doctest_2024_0/rust_out"),
        arguments: Vec::new(),
        environment: vec![("CARGO_MANIFEST_DIR", folder_of_core.clone())],
        folder: folder_of_core,
        alone: None,
        touched: Vec::new(),
        takes: Duration::ZERO,
        reaches: HashSet::new(),
    })
}

/// The tests with the most macros, compiled with a mutant in the macros. The compiler loads the macros, so they are built
/// once.
fn macros(copy: &Copy) -> Test {
    let names = ["emission", "evidence_derive", "hygiene", "laws", "own_codes"];
    let mut cargo = copy.cargo(&["test", "--package", "disconnect-tests"]);
    cargo.env("CARGO_TARGET_DIR", copy.target.join("macros")).args(names.iter().flat_map(|name| ["--test", name]));
    let variables = ["CARGO_PROFILE_DEV_DEBUG", "CARGO_TARGET_DIR", "RUSTC_BOOTSTRAP", "RUSTFLAGS"];
    let value_of = |name: &'static str| Some((name, cargo.get_envs().find(|(key, _)| *key == name)?.1?.into()));
    Test {
        program: cargo.get_program().into(),
        arguments: cargo.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect(),
        folder: copy.source.clone(),
        environment: variables.into_iter().filter_map(value_of).collect(),
        alone: Some(Mutex::default()),
        touched: names.map(|name| copy.source.join("tests").join(name).with_extension("rs")).to_vec(),
        takes: Duration::ZERO,
        reaches: HashSet::new(),
    }
}

fn ends(child: &mut Child, within: Duration) -> io::Result<Option<bool>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if start.elapsed() > within {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(3));
    }
}
