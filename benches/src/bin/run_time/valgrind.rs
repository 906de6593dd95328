//! Counts instructions and allocations: this program runs itself under valgrind.

use std::collections::HashMap;
use std::env;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::Result;

/// The cost of one run of a case.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// The costs by case name.
pub(crate) type Costs = HashMap<&'static str, Cost>;

/// Counts all cases, several in parallel. Other load does not change the counts.
pub(crate) fn costs(cases: impl Iterator<Item = &'static str> + Send) -> Result<Costs> {
    version()?;
    let waiting = Mutex::new(cases);
    let next = || waiting.lock().ok()?.next();
    let worker = || -> Result<Vec<(&'static str, Cost)>> {
        let mut counted = Vec::new();
        while let Some(case) = next() {
            let instructions = of_one(case, instructions)?;
            counted.push((case, Cost { instructions, allocations: of_one(case, allocations)? }));
        }
        Ok(counted)
    };
    thread::scope(|scope| {
        let workers = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
        let mut all = HashMap::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| "a worker panicked")??);
        }
        Ok(all)
    })
}

fn version() -> Result<()> {
    let output = Command::new("valgrind").arg("--version").output();
    output.map(|_| ()).map_err(|error| {
        format!("nothing was measured: valgrind, which counts, cannot be started (package `valgrind`): {error}")
    })
}

/// The cost of one run, from the difference of two numbers of runs, without process start and setup.
fn of_one(case: &str, total: fn(&str, u32) -> Result<f64>) -> Result<f64> {
    // Multiples of the sizes of all sets.
    const FEW: u32 = 512;
    const MANY: u32 = 3 * 512;
    Ok((total(case, MANY)? - total(case, FEW)?) / f64::from(MANY - FEW))
}

/// Counts inside `times` only, because the setup of a case may vary with the seed of a hash map.
fn instructions(case: &str, times: u32) -> Result<f64> {
    let tool = ["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*cases*times*"];
    match number(case, times, &tool, "Collected : ")? {
        0.0 => Err(format!("{case}: callgrind did not find the function `times`")),
        count => Ok(count),
    }
}

fn allocations(case: &str, times: u32) -> Result<f64> {
    number(case, times, &["--tool=memcheck", "--undef-value-errors=no"], "total heap usage: ")
}

/// Reads the number after `label` in valgrind's final output.
fn number(case: &str, times: u32, tool: &[&str], label: &str) -> Result<f64> {
    let program = env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new("valgrind");
    command.args(tool).arg(program).args([crate::CASE, case, &times.to_string()]);
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let number = said.lines().find_map(|line| {
        let (_, rest) = line.split_once(label)?;
        rest.split_whitespace().next()?.replace(',', "").parse().ok()
    });
    number.filter(|_| output.status.success()).ok_or_else(|| format!("{command:?}: {}\n{said}", output.status))
}
