//! Measures the run time of `disconnect-core` beside comparable crates: see `benches/README.md`.

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

/// The first argument of this program when valgrind runs one case.
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
    // Only times vary between runs. A failed limit is measured again.
    for _ in 0..2 {
        if !check || broken.is_empty() {
            break;
        }
        eprintln!("measuring again, because of:\n{}", broken.join("\n"));
        table = report::table(&costs);
        broken = table.broken();
    }
    println!("{table}\nmade by `{COMMAND}{}`.", if check { " -- --check" } else { "" });
    if check && !broken.is_empty() {
        return Err(format!("exceeded limits:\n{}", broken.join("\n")));
    }
    Ok(())
}
