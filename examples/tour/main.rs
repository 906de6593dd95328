//! Ends real connections in many ways, logs one line for each, and checks all lines.

mod endings;
mod report;
mod service;
mod watch;

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::report::Tour;
use crate::watch::Watch;

/// The first argument of this program when it runs as the peer to kill.
const PEER: &str = "--peer-to-kill";

/// The tour takes one or two seconds. This leaves room for a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

const USAGE: &str = "\
Ends real TCP, WebSocket, TLS and HTTP/2 connections on loopback in many ways, and logs the end of each.

usage: tour [--json]

  --json      writes one JSON object per line to standard output, and the table to standard error
  -h, --help  prints this text

exit status: 0 if every line is correct, 1 if a line is missing, repeated or wrong, 2 for bad arguments
";

enum Task {
    Tour { json: bool },
    Help,
    Peer { agent: String },
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    let task = match task(&arguments) {
        Ok(task) => task,
        Err(message) => {
            eprint!("tour: {message}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    run(task).unwrap_or_else(|error| {
        eprintln!("tour: {error}");
        ExitCode::FAILURE
    })
}

fn run(task: Task) -> Result<ExitCode, Box<dyn Error>> {
    match task {
        Task::Tour { json } => return tour(json),
        Task::Help => io::stdout().write_all(USAGE.as_bytes())?,
        Task::Peer { agent } => block_on(endings::killed_peer(&agent))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn task(arguments: &[String]) -> Result<Task, String> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => Ok(Task::Tour { json: false }),
        ["--json"] => Ok(Task::Tour { json: true }),
        ["-h" | "--help"] => Ok(Task::Help),
        [PEER, agent] => Ok(Task::Peer { agent: (*agent).to_owned() }),
        ["--json", extra, ..] | [extra, ..] => Err(format!("unexpected argument {extra:?}")),
    }
}

/// Runs every case, and compares the logged lines with the expected ones.
fn tour(json: bool) -> Result<ExitCode, Box<dyn Error>> {
    let watch = Watch::default();
    log(json, &watch)?;

    let mut tour = Tour::default();
    let ended = block_on(async { tokio::time::timeout(PATIENCE, endings::run(&mut tour)).await? });
    if let Err(error) = &ended {
        eprintln!("tour: stopped at \"{}\": {error}", tour.latest());
    }

    let report = tour.report(watch.seen());
    let written = if json { report.write(&mut io::stderr().lock()) } else { report.write(&mut io::stdout().lock()) };
    match written {
        // The reader closed the pipe, as in `tour | head`.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        written => written?,
    }
    let right = ended.is_ok() && report.is_right();
    Ok(if right { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Prints events as text or JSON, and passes them to the watch.
fn log(json: bool, watch: &Watch) -> Result<(), Box<dyn Error>> {
    let fmt = tracing_subscriber::fmt::layer().log_internal_errors(false);
    let fmt = if json {
        fmt.json().flatten_event(true).boxed()
    } else {
        let colour = io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        fmt.with_ansi(colour).with_target(false).with_timer(tracing_subscriber::fmt::time::uptime()).boxed()
    };
    tracing_subscriber::registry().with(fmt.with_filter(LevelFilter::INFO)).with(watch.clone()).try_init()?;
    Ok(())
}

fn block_on<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}
