//! Ends connections between the workspace's processes by script, and compares every line of all three processes with
//! the expected one.
//!
//! `disconnect-scenarios` lists the scenarios. `disconnect-scenarios all`, or a name, runs them, and exits with 1 if
//! a line is wrong.

mod agree;
mod browser;
mod checks;
mod cli;
mod details;
mod end;
mod laws;
mod live;
mod page;
mod planted;
mod process;
mod program;
mod proxy;
mod report;
mod rogue;
mod sites;
mod stories;
mod tools;
mod typist;
mod world;

use std::cmp::Reverse;
use std::error::Error;
use std::fmt::{Display, Write as _};
use std::io::{self, Write};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::process::{Failure, Line};
use clap::Parser;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;
use workspace::signals;

use crate::agree::Agreement;
use crate::checks::Checked;
use crate::cli::Options;
use crate::end::End;
use crate::planted::Defect;
use crate::report::{Report, is_read};
use crate::tools::Tool;
use crate::world::World;

fn main() -> ExitCode {
    if program::is_workspace() {
        return workspace::main();
    }
    let options = Options::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let code = runtime.block_on(run(options)).unwrap_or_else(|error| failed(&*error));
    // A thread that still waits for a terminal's process must not keep this process alive.
    runtime.shutdown_background();
    code
}

fn failed(error: &dyn Error) -> ExitCode {
    complain(error);
    ExitCode::FAILURE
}

/// Prints an error on standard error, if a reader exists.
fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "disconnect-scenarios: {text}");
}

/// The script of a scenario. It returns after everything that it is about has ended.
type Story = for<'a> fn(&'a mut World) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// One way for connections to end.
#[derive(Clone, Copy)]
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// The description.
    pub(crate) what: &'static str,
    /// The numbers of the faults of the original that it covers.
    pub(crate) faults: &'static [u8],
    needs: &'static [Tool],
    story: Story,
}

/// A scenario with this name, description and script.
const fn scenario(name: &'static str, what: &'static str, story: Story) -> Scenario {
    Scenario { name, what, faults: &[], needs: &[], story }
}

impl Scenario {
    const fn shows(self, faults: &'static [u8]) -> Self {
        Self { faults, ..self }
    }

    const fn needs(self, needs: &'static [Tool]) -> Self {
        Self { needs, ..self }
    }
}

/// The result of a scenario.
pub(crate) struct Outcome {
    pub(crate) scenario: Scenario,
    pub(crate) lines: Vec<Line>,
    pub(crate) wanted: Vec<End>,
    pub(crate) result: Result<(), Vec<String>>,
    /// How the two lines of each connection agree.
    pub(crate) agreement: Agreement,
    /// The planted defects, and the checks that found them.
    pub(crate) planted: Vec<(Defect, Option<String>)>,
    /// The missing tool, if any.
    pub(crate) lacks: Option<Tool>,
    pub(crate) took: Duration,
}

/// The maximum time of a scenario, also on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(150);

/// Runs one scenario, or all.
///
/// # Errors
///
/// Standard output cannot be written, or the run was interrupted.
async fn run(options: Options) -> Result<ExitCode, Box<dyn Error>> {
    let chosen = match options.name.as_deref() {
        Some("live") => return live::run(options.ssh_port, options.json).await,
        None => return list(),
        Some("all") => stories::all(),
        Some(name) => match stories::all().into_iter().find(|scenario| scenario.name == name) {
            Some(scenario) => vec![scenario],
            None => return Ok(no_such(name)),
        },
    };
    let is_all = options.name.as_deref() == Some("all");
    let stop = signals::stop()?;
    let mut report = Report::new(&chosen, options.json)?;
    let places = Arc::new(Semaphore::new(options.jobs.into()));
    let mut playing = JoinSet::new();
    for scenario in chosen {
        let places = places.clone();
        playing.spawn(async move {
            let _place = places.acquire().await;
            play(scenario).await
        });
    }
    let followed = tokio::select! {
        followed = follow(&mut playing, &mut report) => followed,
        () = stop => Err("interrupted".into()),
    };
    // Stops the remaining processes and removes the folders of incomplete scenarios.
    playing.shutdown().await;
    followed?;
    Ok(if report.finish(is_all)? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reports each result when it is ready.
async fn follow(playing: &mut JoinSet<Outcome>, report: &mut Report) -> Result<(), Box<dyn Error>> {
    while let Some(outcome) = playing.join_next().await {
        report.add(outcome?)?;
    }
    Ok(())
}

async fn play(scenario: Scenario) -> Outcome {
    let begun = Instant::now();
    let mut outcome = Outcome {
        scenario,
        lines: Vec::new(),
        wanted: Vec::new(),
        result: Ok(()),
        agreement: Agreement::default(),
        planted: Vec::new(),
        lacks: None,
        took: Duration::ZERO,
    };
    for &tool in scenario.needs {
        if !tool.is_there().await {
            outcome.lacks = Some(tool);
            return outcome;
        }
    }
    let mut world = match World::new() {
        Ok(world) => world,
        Err(error) => return Outcome { result: Err(vec![format!("stopped:    {error}")]), ..outcome },
    };
    let played = timeout(PATIENCE, (scenario.story)(&mut world)).await;
    let played = world.finish(played.unwrap_or_else(|_| Err("it took too long".into()))).await;
    let Checked { problems, agreement, planted } = checks::all(&played);
    outcome.took = begun.elapsed();
    Outcome {
        lines: played.lines,
        wanted: played.wanted,
        agreement,
        planted,
        result: if problems.is_empty() { Ok(()) } else { Err(problems) },
        ..outcome
    }
}

/// The scenarios to run.
fn list() -> Result<ExitCode, Box<dyn Error>> {
    let mut text = String::new();
    let all = stories::all();
    let width = all.iter().map(|scenario| scenario.name.len()).max().unwrap_or_default();
    for Scenario { name, what, .. } in all {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{name:width$}  {what}");
    }
    is_read(io::stdout().write_all(text.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}

fn no_such(name: &str) -> ExitCode {
    let all = stories::all();
    let alike = |other: &str| other.chars().zip(name.chars()).take_while(|(one, two)| one == two).count();
    let nearest = all.iter().map(|scenario| scenario.name).max_by_key(|other| (alike(other), Reverse(other.len())));
    let hint = nearest.filter(|nearest| alike(nearest) > 1).map(|nearest| format!("; did you mean {nearest:?}?"));
    let hint = hint.unwrap_or_default();
    complain(format_args!("there is no scenario {name:?}{hint}\nWithout a name, `disconnect-scenarios` lists them."));
    ExitCode::from(2)
}
