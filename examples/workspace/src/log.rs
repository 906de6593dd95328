//! The destination of the lines: a terminal, a log pipeline, or a file.

use std::error::Error;
use std::fs::File;
use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Mutex;

use clap::Args;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

/// The log options of a process.
#[derive(Args, Clone, Debug)]
pub(crate) struct Log {
    /// One JSON object a line on standard output, for a log pipeline.
    #[arg(long)]
    pub(crate) json: bool,
    /// One JSON object a line, at the end of this file.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(crate) log: Option<PathBuf>,
}

impl Log {
    /// Logs on standard error if neither option is given.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub(crate) fn init(&self) -> Result<(), Box<dyn Error>> {
        match &self.log {
            Some(_) => self.init_for_user(),
            None if self.json => set(json(io::stdout)),
            None => set(tracing_subscriber::fmt::layer()
                .log_internal_errors(false)
                .with_ansi(io::stderr().is_terminal())
                .with_target(false)
                .with_writer(io::stderr)),
        }
    }

    /// Logs nothing on the terminal if no file is given, because the terminal belongs to the user.
    ///
    /// # Errors
    ///
    /// The file cannot be opened.
    pub(crate) fn init_for_user(&self) -> Result<(), Box<dyn Error>> {
        let Some(path) = &self.log else { return Ok(()) };
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|error| format!("cannot write the log {}: {error}", path.display()))?;
        set(json(Mutex::new(file)))
    }
}

fn json<S, W>(writer: W) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + 'static,
{
    tracing_subscriber::fmt::layer().log_internal_errors(false).json().flatten_event(true).with_writer(writer)
}

/// Our own lines from DEBUG on, and the libraries' lines from WARN on.
fn set(lines: impl Layer<tracing_subscriber::Registry> + Send + Sync) -> Result<(), Box<dyn Error>> {
    let targets = Targets::new().with_default(LevelFilter::ERROR).with_target("workspace", LevelFilter::DEBUG);
    Ok(tracing_subscriber::registry().with(lines.with_filter(targets)).try_init()?)
}
