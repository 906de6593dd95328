//! The command line.

use std::error::Error;
use std::net::SocketAddr;
use std::num::{NonZeroU32, ParseIntError};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

use crate::listen::Exposure;
use crate::log::Log;
use crate::token::TokenOptions;
use crate::wire::{Dialer, PATIENCE, is_word};

/// A server, an agent and clients whose connections end in every way, each with one line that says why.
#[derive(Debug, Parser)]
#[command(name = "workspace", version)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What runs.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// The control plane: accepts agents and clients, relays, keeps the connection log.
    Server(ServerOptions),
    /// The agent in a workspace: SSH, terminals, and its control plane to the server.
    Agent(AgentOptions),
    /// Opens a shell in a workspace, or runs a command.
    Ssh {
        #[command(flatten)]
        client: ClientOptions,
        /// The command; left out, a shell.
        #[arg(trailing_var_arg = true)]
        command: Vec<String>,
    },
    /// Copies a file to or from a workspace.
    Cp {
        #[command(flatten)]
        client: ClientOptions,
        /// The file to read; a path in the workspace begins with `:`.
        from: String,
        /// The file to write; a path in the workspace begins with `:`.
        to: String,
    },
    /// Forwards a local port into a workspace.
    Forward {
        #[command(flatten)]
        client: ClientOptions,
        /// The local port; 0 for a free one.
        #[arg(long, value_name = "PORT", default_value_t = 0)]
        local: u16,
        /// The port in the workspace.
        #[arg(long, value_name = "PORT")]
        remote: u16,
    },
    /// Joins standard input and output to a workspace through the relay: a `ProxyCommand` for ssh.
    Proxy {
        #[command(flatten)]
        client: ClientOptions,
    },
    /// Starts a workspace that was stopped.
    Start(ManageOptions),
    /// Stops a workspace: its sessions end.
    Stop(ManageOptions),
    /// Deletes a workspace: its sessions end, and it does not come back.
    Delete(ManageOptions),
}

/// How long things may take.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Timing {
    /// How often a silent peer is asked whether it is there, in milliseconds; three pings in a row may go unanswered.
    #[arg(long, value_name = "MS", default_value = "15000", value_parser = milliseconds)]
    pub(crate) heartbeat: Duration,
    /// How long a goodbye may go unanswered, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "5000", value_parser = milliseconds)]
    pub(crate) goodbye: Duration,
    /// How long somebody who connects may take to say who it is, in milliseconds.
    #[arg(long, value_name = "MS", default_value = "30000", value_parser = milliseconds)]
    pub(crate) login: Duration,
}

impl Timing {
    /// How long a peer may be silent.
    pub(crate) fn silence(self) -> Duration {
        self.heartbeat * PATIENCE
    }
}

fn milliseconds(text: &str) -> Result<Duration, ParseIntError> {
    text.parse::<NonZeroU32>().map(|number| Duration::from_millis(number.get().into()))
}

/// The server process.
#[derive(Args, Clone, Debug)]
pub(crate) struct ServerOptions {
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// Speaks TLS with a new self-signed certificate, and writes that to this file for `--ca`.
    #[arg(long, value_name = "FILE")]
    pub(crate) tls: Option<PathBuf>,
    /// The connection log; left out, it is in memory.
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// How many workspaces there may be. Each first connection of an agent makes one.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) max_workspaces: usize,
    #[command(flatten)]
    pub(crate) exposure: Exposure,
    #[command(flatten)]
    pub(crate) token: TokenOptions,
    #[command(flatten)]
    pub(crate) timing: Timing,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// Which server, and which workspace.
#[derive(Args, Clone, Debug)]
pub(crate) struct Target {
    /// The server: `ws://HOST:PORT`, or `wss://HOST:PORT` with `--ca`.
    #[arg(long, value_name = "URL")]
    pub(crate) server: String,
    /// The certificate authority of a server with TLS.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) token: TokenOptions,
    /// The workspace.
    #[arg(value_name = "WORKSPACE", value_parser = word)]
    pub(crate) workspace: String,
}

impl Target {
    /// What dials that server.
    ///
    /// # Errors
    ///
    /// The address or the file cannot be used.
    pub(crate) fn dialer(&self) -> Result<Dialer, Box<dyn Error>> {
        Ok(Dialer::new(&self.server, self.ca.as_deref(), self.token.read()?)?)
    }
}

/// The agent process.
#[derive(Args, Clone, Debug)]
pub(crate) struct AgentOptions {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Where the SSH server listens. Whoever reaches it is let in: keep it on loopback.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) ssh: SocketAddr,
    /// Where the reconnecting terminals listen: `ws://ADDRESS/terminal/ID`.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) terminal: SocketAddr,
    /// A port that an editor's backend listens on: channels forwarded to it are watched.
    #[arg(long, value_name = "PORT")]
    pub(crate) ide_port: Vec<u16>,
    /// How much a client may send that its command does not read, in MiB.
    #[arg(long, value_name = "MIB", default_value_t = 64)]
    pub(crate) ahead: usize,
    /// OpenSSH's `sftp-server`, which serves file transfers.
    #[arg(long, value_name = "FILE", default_value = "/usr/lib/openssh/sftp-server")]
    pub(crate) sftp_server: PathBuf,
    /// The file with the host key, which is made at the first start; left out, it is in the user's folder for state.
    #[arg(long, value_name = "FILE")]
    pub(crate) host_key: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) exposure: Exposure,
    #[command(flatten)]
    pub(crate) timing: Timing,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// How a client reaches a workspace.
#[derive(Args, Clone, Debug)]
pub(crate) struct ClientOptions {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Goes through the server's relay, not straight to the agent.
    #[arg(long)]
    pub(crate) relay: bool,
    /// Goes straight to this address instead of the one that the server names.
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "relay")]
    pub(crate) direct: Option<String>,
    /// By what this connection is found in the logs of all three; left out, a new one is made.
    #[arg(long, value_name = "ID", value_parser = word)]
    pub(crate) client_session_id: Option<String>,
    #[command(flatten)]
    pub(crate) timing: Timing,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// `workspace start`, `stop`, `delete`.
#[derive(Args, Clone, Debug)]
pub(crate) struct ManageOptions {
    #[command(flatten)]
    pub(crate) target: Target,
    /// Who or what asks for it.
    #[arg(long, default_value = "initiator", value_parser = word)]
    pub(crate) reason: String,
    #[command(flatten)]
    pub(crate) timing: Timing,
    #[command(flatten)]
    pub(crate) log: Log,
}

/// What goes into a path of the server, and from there into every line.
fn word(text: &str) -> Result<String, &'static str> {
    if is_word(text) { Ok(text.to_owned()) } else { Err("expected 1 to 64 letters, digits, `-` or `_`") }
}
