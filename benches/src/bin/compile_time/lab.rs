//! The workspace of generated crates, and cargo commands that are measured in it.

use std::error::Error;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};
use std::{env, fs, io};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Set for this program where it wraps rustc: the folder of the counts.
pub(crate) const COUNTS: &str = "DISCONNECT_COMPILE_TIME_COUNTS";

/// Runs the command of the arguments under valgrind.
pub(crate) fn count(folder: OsString) -> io::Error {
    let mut log = OsString::from("--log-file=");
    log.push(folder);
    log.push("/%p");
    Command::new("valgrind")
        .args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", "--trace-children=yes"])
        .arg(log)
        .args(env::args_os().skip(1))
        .exec()
}

/// A generated library crate.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) dependencies: Vec<String>,
    pub(crate) source: String,
}

/// A workspace of generated crates under the target folder. It is kept for inspection.
pub(crate) struct Lab {
    root: PathBuf,
    cargo: OsString,
}

impl Lab {
    /// Writes the crates and fetches their dependencies, in the versions of this repository's lock file.
    pub(crate) fn new(packages: &[Package]) -> Result<Self> {
        let program = env::current_exe()?;
        let target = program.ancestors().nth(2).ok_or("the program is not in a target folder")?;
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let lab = Self { root: target.join("compile-time"), cargo };
        match fs::remove_dir_all(&lab.root) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(format!("cannot clear {}: {error}", lab.root.display()).into());
            }
            _ => {}
        }
        eprintln!("generated crates: {}", lab.root.display());
        for package in packages {
            lab.write(package)?;
        }
        fs::write(lab.root.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n")?;
        fs::copy(repository().join("Cargo.lock"), lab.root.join("Cargo.lock"))?;
        run(lab.cargo("shared").arg("fetch"))?;
        Ok(lab)
    }

    fn write(&self, package: &Package) -> Result<()> {
        let Package { name, dependencies, source } = package;
        let folder = self.package(name);
        fs::create_dir_all(folder.join("src"))?;
        fs::write(folder.join("src/lib.rs"), source)?;
        let dependencies = dependencies.join("\n");
        let manifest = format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n");
        fs::write(folder.join("Cargo.toml"), manifest)?;
        Ok(())
    }

    /// Builds the package and its dependencies into an empty folder. Returns CPU seconds.
    pub(crate) fn cold_build(&self, package: &str) -> Result<f64> {
        let (seconds, _) = cpu_seconds(&mut self.cold(package)?)?;
        Ok(seconds)
    }

    /// Does the same, and returns the instructions of every rustc and linker.
    pub(crate) fn cold_instructions(&self, package: &str) -> Result<f64> {
        let counts = self.root.join("target/counts");
        if counts.exists() {
            fs::remove_dir_all(&counts)?;
        }
        fs::create_dir_all(&counts)?;
        run(self.cold(package)?.env("RUSTC_WRAPPER", env::current_exe()?).env(COUNTS, &counts))?;
        let mut sum = 0.0;
        for log in fs::read_dir(&counts)? {
            let log = fs::read_to_string(log?.path())?;
            // A process that only starts another one has no count.
            if let Some((_, count)) = log.split_once(" refs:") {
                sum += count.split_whitespace().next().unwrap_or_default().replace(',', "").parse::<f64>()?;
            }
        }
        if sum > 0.0 { Ok(sum) } else { Err(format!("valgrind left no count in {}", counts.display()).into()) }
    }

    /// A build of the package and its dependencies into an empty folder.
    fn cold(&self, package: &str) -> Result<Command> {
        let target = self.root.join("target/cold");
        if target.exists() {
            fs::remove_dir_all(&target)?;
        }
        let mut build = self.cargo("cold");
        // As cargo builds dependencies from a registry.
        build.env("RUSTFLAGS", "--cap-lints=allow").args(["build", "--offline", "--locked", "-p", package]);
        Ok(build)
    }

    /// Checks the package alone; its dependencies are already checked. Returns CPU seconds.
    pub(crate) fn recheck(&self, package: &str) -> Result<f64> {
        let check = ["check", "--offline", "--locked", "-p", package];
        run(self.cargo("shared").args(check))?;
        let source = self.package(package).join("src/lib.rs");
        fs::File::options().append(true).open(source)?.set_modified(SystemTime::now())?;
        let (seconds, output) = cpu_seconds(self.cargo("shared").args(check))?;
        let log = String::from_utf8_lossy(&output.stderr);
        let mut checked = log.lines().filter(|line| line.trim_start().starts_with("Checking "));
        match (checked.next(), checked.next()) {
            (Some(line), None) if line.contains(package) => Ok(seconds),
            _ => Err(format!("cargo did not check {package}, and it alone:\n{log}").into()),
        }
    }

    fn package(&self, name: &str) -> PathBuf {
        self.root.join("crates").join(name)
    }

    /// Cargo without the caller's environment variables for wrappers, flags and folders.
    fn cargo(&self, target: &str) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root);
        let ours = ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"];
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if ours.contains(&&*text) || ["CARGO_BUILD_", "CARGO_PROFILE_"].iter().any(|own| text.starts_with(own)) {
                command.env_remove(&name);
            }
        }
        command.env("CARGO_TARGET_DIR", self.root.join("target").join(target));
        command.env("CARGO_INCREMENTAL", "0").env("CARGO_TERM_COLOR", "never");
        command
    }
}

/// The root of this repository.
pub(crate) fn repository() -> &'static Path {
    let benches = Path::new(env!("CARGO_MANIFEST_DIR"));
    benches.parent().unwrap_or(benches)
}

/// The CPU seconds of the command and all of its children, user and system.
fn cpu_seconds(command: &mut Command) -> Result<(f64, Output)> {
    let before = children_seconds()?;
    let output = run(command)?;
    Ok((children_seconds()? - before, output))
}

fn children_seconds() -> Result<f64> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let micros = usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Ok(Duration::from_micros(u64::try_from(micros)?).as_secs_f64())
}

fn run(command: &mut Command) -> Result<Output> {
    let output = command.output().map_err(|error| format!("cannot run {command:?}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let log = String::from_utf8_lossy(&output.stderr);
    let beginning: Vec<&str> = log.lines().take(40).collect();
    Err(format!("{command:?} failed, {}:\n{}", output.status, beginning.join("\n")).into())
}
