//! Clients of other projects: OpenSSH, and Node's WebSocket client.

use std::fmt;
use std::process::Stdio;

use tokio::process::Command;
use tokio::sync::OnceCell;

/// A tool that a scenario needs and that may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tool {
    Ssh,
    Sftp,
    /// OpenSSH's `sftp-server`, which the agent starts.
    SftpServer,
    /// Node with a WebSocket client.
    Node,
    Chromium,
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssh => "`ssh`",
            Self::Sftp => "`sftp`",
            Self::SftpServer => "`sftp-server`",
            Self::Chromium => "`chromium`",
            Self::Node => "`node` with a WebSocket client (version 22, or 20 with a flag)",
        })
    }
}

impl Tool {
    pub(crate) async fn is_there(self) -> bool {
        match self {
            Self::Ssh => starts("ssh", "-V").await,
            // Without arguments it prints its usage, with status 1.
            Self::Sftp => starts("sftp", "-h").await,
            Self::SftpServer => starts("/usr/lib/openssh/sftp-server", "-Q").await,
            Self::Chromium => chromium().await.is_some(),
            Self::Node => node_flags().await.is_some(),
        }
    }
}

/// The name of Chromium on this system, if it is installed.
pub(crate) async fn chromium() -> Option<&'static str> {
    static NAME: OnceCell<Option<&'static str>> = OnceCell::const_new();
    let look = || async {
        for name in ["chromium", "chromium-browser", "google-chrome"] {
            if starts(name, "--version").await {
                return Some(name);
            }
        }
        None
    };
    *NAME.get_or_init(look).await
}

async fn starts(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command.arg(argument).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().await.is_ok()
}

/// The arguments with which Node has a WebSocket client, if it has one.
async fn node_flags() -> Option<&'static [&'static str]> {
    static FLAGS: OnceCell<Option<&'static [&'static str]>> = OnceCell::const_new();
    let ask = || async {
        for flags in [&[] as &[&str], &["--experimental-websocket"]] {
            let mut node = Command::new("node");
            node.args(flags).args(["-e", "process.exit(typeof WebSocket === 'function' ? 0 : 1)"]);
            node.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            if node.status().await.is_ok_and(|status| status.success()) {
                return Some(flags);
            }
        }
        None
    };
    *FLAGS.get_or_init(ask).await
}

/// Node, with a script that reads its arguments from `process.argv[1]` on.
pub(crate) async fn node(script: &str, arguments: &[&str]) -> Command {
    let mut node = Command::new("node");
    node.args(node_flags().await.unwrap_or_default()).args(["-e", script, "--"]).args(arguments);
    node
}

/// Options with which OpenSSH does not ask, and does not read or write the user's files.
pub(crate) const QUIET: [&str; 14] = [
    "-F",
    "none",
    "-o",
    "StrictHostKeyChecking=no",
    "-o",
    "UserKnownHostsFile=/dev/null",
    "-o",
    "GlobalKnownHostsFile=/dev/null",
    "-o",
    "LogLevel=ERROR",
    "-o",
    "BatchMode=yes",
    "-o",
    "IdentityAgent=none",
];

/// OpenSSH's client for this `host:port`, or for the address of a proxy in the options.
pub(crate) fn ssh(address: &str, options: &[&str], command: &[&str]) -> Command {
    ssh_with(address, &[&QUIET, options].concat(), command)
}

/// The same, with only these options.
pub(crate) fn ssh_with(address: &str, options: &[&str], command: &[&str]) -> Command {
    let port = address.rsplit_once(':').map_or("", |(_, port)| port);
    let mut ssh = Command::new("ssh");
    ssh.args(["-F", "none", "-o", "BatchMode=yes", "-o", "GlobalKnownHostsFile=/dev/null"]).args(options);
    if !port.is_empty() {
        ssh.args(["-p", port]);
    }
    ssh.arg("dev@127.0.0.1").args(command);
    ssh
}

/// OpenSSH's file transfer, which reads its commands from standard input.
pub(crate) fn sftp(address: &str, options: &[&str]) -> Command {
    let port = address.rsplit_once(':').map_or("", |(_, port)| port);
    let mut sftp = Command::new("sftp");
    sftp.args(QUIET).args(options).args(["-b", "-", "-P", port, "dev@127.0.0.1"]);
    sftp
}
