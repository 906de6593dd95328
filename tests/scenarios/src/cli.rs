//! The command line.

use clap::Parser;

/// Ends real connections between real processes, and compares every line with what it has to be.
#[derive(Debug, Parser)]
#[command(name = "disconnect-scenarios", version)]
pub(crate) struct Options {
    /// A scenario, or `all`; `live` for a server, an agent and a client until Ctrl-C; left out, all are listed.
    pub(crate) name: Option<String>,
    /// The lines of every scenario as one JSON object each on standard output; the table goes to standard error.
    #[arg(long)]
    pub(crate) json: bool,
    /// How many scenarios run at the same time.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(crate) jobs: u16,
    /// Of `live`: the port of the agent's SSH server; 0 for a free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) ssh_port: u16,
}
