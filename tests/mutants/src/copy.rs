//! The copy of the repository with the mutants in it.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail, ensure};
use cargo_metadata::diagnostic::DiagnosticLevel;
use cargo_metadata::{CompilerMessage, Message};

use crate::Mutant;
use crate::rewrite::{self, Rewritten};

/// The package of the switch.
const SWITCH: &str =
    "[package]\nname = \"disconnect-mutant\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[lib]\npath = \"lib.rs\"\n";

/// The tests of a mutant run often enough to be worth it.
const OPTIMIZED: [&str; 6] =
    ["disconnect-core", "disconnect-derive", "disconnect-fuzz", "disconnect-mutant", "disconnect-tests", "syn"];

/// The copy of the repository in which the mutants are.
pub(crate) struct Copy {
    pub(crate) source: PathBuf,
    pub(crate) target: PathBuf,
}

impl Copy {
    /// Unchanged files keep their times, so that they are not built again.
    pub(crate) fn make(&self, repository: &Path, mutants: &[Mutant]) -> Result<()> {
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
    pub(crate) fn put_in(&self, repository: &Path, mutants: &[Mutant]) -> Result<HashSet<u32>> {
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
                let is_error = message.message.level == DiagnosticLevel::Error;
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

    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
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
