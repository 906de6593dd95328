//! What `disconnect-core` costs at run time, beside its peers, as one table: see `benches/README.md`.

mod cases;
mod clock;
mod report;
mod sets;
mod valgrind;

use std::env;
use std::process::ExitCode;

use disconnect_benches::results;

type Result<T> = std::result::Result<T, String>;

const COMMAND: &str = "cargo run --release -p disconnect-benches --bin run_time";

/// The second role of this program: runs one case a number of times, under valgrind.
const CASE: &str = "--case";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        [] => print(false),
        ["--check"] => print(true),
        ["--write"] => write(),
        [CASE, name, times] => run_case(name, times),
        _ => Err(usage()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("run_time: {error}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    format!(
        "usage: {COMMAND} -- [--check | --write]\n\n\
         --check fails where a limit is not kept, --write puts the table into `benches/RESULTS.md`."
    )
}

fn run_case(name: &str, times: &str) -> Result<()> {
    let case = cases::all().find(|case| case.name == name).ok_or("no such case")?;
    (case.run)(times.parse().map_err(|_| "not a number")?);
    Ok(())
}

fn write() -> Result<()> {
    let table = report::table(&valgrind::costs(cases::all().map(|case| case.name))?);
    println!("{table}");
    results::write("run_time", &table, &format!("`{COMMAND} -- --write`"))
}

fn print(check: bool) -> Result<()> {
    let costs = valgrind::costs(cases::all().map(|case| case.name))?;
    let mut table = report::table(&costs);
    let mut broken = table.broken();
    // Instructions and allocations are the same in every run. A clock is not: once more, before it is believed.
    for _ in 0..2 {
        if !check || broken.is_empty() {
            break;
        }
        eprintln!("once more, because of:\n{}", broken.join("\n"));
        table = report::table(&costs);
        broken = table.broken();
    }
    println!("{table}\nmade by `{COMMAND}{}`.", if check { " -- --check" } else { "" });
    if check && !broken.is_empty() {
        return Err(format!("these limits are not kept:\n{}", broken.join("\n")));
    }
    Ok(())
}
