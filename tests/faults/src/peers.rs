//! Peers in separate processes, which can be killed. They are this program with another role.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, ChildStdout, Command};

/// A peer that runs until it is killed or exits.
pub(crate) struct Peer {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Peer {
    /// Starts `faults peer ROLE ARGUMENTS`. `protocols::peer` runs the role.
    pub(crate) fn start(role: &str, arguments: &[&str]) -> io::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("peer")
            .arg(role)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or_else(|| io::Error::other("the peer has no standard output"))?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    /// Starts a peer that connects to the address in its last argument, and accepts that connection.
    pub(crate) async fn connected(role: &str, arguments: &[&str]) -> io::Result<(Self, TcpStream)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?.to_string();
        let peer = Self::start(role, &[arguments, &[&address]].concat())?;
        Ok((peer, listener.accept().await?.0))
    }

    /// Returns the next line that the peer prints. The peer reports its progress that way, so that no test waits for
    /// time to pass.
    pub(crate) async fn line(&mut self) -> io::Result<String> {
        self.lines.next_line().await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }

    /// `kill -STOP`: the process exists but does not answer.
    pub(crate) async fn stop(&self) -> io::Result<()> {
        let id = self.child.id().ok_or_else(|| io::Error::other("the peer has ended"))?;
        signal("STOP", id).await
    }

    /// `kill -9`, and waits for the process.
    pub(crate) async fn kill(mut self) -> io::Result<()> {
        self.child.kill().await
    }
}

/// Sends a signal to a process. The name has no `SIG` prefix.
pub(crate) async fn signal(name: &str, process: u32) -> io::Result<()> {
    let status = Command::new("kill").args(["-s", name, &process.to_string()]).status().await?;
    if status.success() { Ok(()) } else { Err(io::Error::other("kill failed")) }
}

/// In a peer: prints a line for [`Peer::line`].
pub(crate) fn say(line: &str) {
    println!("{line}");
}
