//! A control plane, an agent and clients over real SSH, WebSocket and terminals: every end with one attributed line.
//!
//! The program is [`main`]. The public modules are for its harness, in `tests/scenarios`.

mod agent;
mod cli;
mod client;
mod ends;
mod listen;
mod log;
mod say;
mod server;
pub mod signals;
mod token;
mod told;
mod wire;

use std::error::Error;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};

/// Runs the command line of this process: `workspace --help` describes it.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let code = runtime.block_on(run(cli)).unwrap_or_else(|error| failed(&*error));
    // A thread that still reads the terminal must not keep the process alive.
    runtime.shutdown_background();
    code
}

fn failed(error: &dyn Error) -> ExitCode {
    say::complain(error);
    ExitCode::FAILURE
}

async fn run(cli: Cli) -> Result<ExitCode, Box<dyn Error>> {
    match cli.command {
        Command::Server(options) => server::run(&options).await,
        Command::Agent(options) => agent::run(options).await,
        Command::Ssh { client, command } => client::ssh(client, &command.join(" ")).await,
        Command::Cp { client, from, to } => client::cp(client, &from, &to).await,
        Command::Forward { client, local, remote } => client::forward(client, local, remote).await,
        Command::Proxy { client } => client::proxy(client).await,
        Command::Start(options) => client::manage(&options, "start").await,
        Command::Stop(options) => client::manage(&options, "stop").await,
        Command::Delete(options) => client::manage(&options, "delete").await,
    }
}
