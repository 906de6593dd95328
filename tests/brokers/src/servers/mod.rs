//! Real servers on loopback, each on a free port and with a temporary data directory.

pub(crate) mod mosquitto;
pub(crate) mod postgres;
pub(crate) mod rabbitmq;
pub(crate) mod redis;

use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// A server process. Dropping it kills the process.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts the server and waits for its ready line.
    pub(crate) async fn start(command: &mut Command, address: SocketAddr, ready: &str) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (lines, mut said) = mpsc::unbounded_channel();
        tell(child.stdout.take().expect("piped"), lines.clone());
        tell(child.stderr.take().expect("piped"), lines);
        let mut log = Vec::new();
        loop {
            match said.recv().await {
                Some(line) if line.contains(ready) => break,
                Some(line) => log.push(line),
                None => panic!("{command:?} ended before it was ready:\n{}", log.join("\n")),
            }
        }
        // Reads the rest, so that the pipe does not fill up.
        tokio::spawn(async move { while said.recv().await.is_some() {} });
        Self { child, address }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends a signal and waits until the server exits.
    pub(crate) async fn stop(&mut self, signal: &str) {
        kill(self.pid(), signal).await;
        self.child.wait().await.expect("its end");
    }
}

/// Forwards every line until the end.
fn tell(pipe: impl AsyncRead + Send + Unpin + 'static, lines: mpsc::UnboundedSender<String>) {
    tokio::spawn(async move {
        let mut read = BufReader::new(pipe).lines();
        while let Ok(Some(line)) = read.next_line().await {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
}

pub(crate) async fn kill(pid: u32, signal: &str) {
    run(Command::new("kill").args([signal, &pid.to_string()])).await;
}

/// Runs the command, which has to succeed, and returns its output.
pub(crate) async fn run(command: &mut Command) -> String {
    let output = command.output().await.unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {out}{err}");
    out.into_owned()
}

pub(crate) async fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.and_then(|listener| listener.local_addr()).expect("a port")
}

/// A directory that is deleted with the server.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("disconnect-{name}-{}-{count}", std::process::id()));
        _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// The user that runs the servers if the program runs as root, which some servers refuse.
#[derive(Clone, Copy, Debug)]
pub(crate) struct User(Option<(u32, u32)>);

impl User {
    pub(crate) async fn named(name: &str) -> Self {
        async fn number(flag: &str, name: &str) -> u32 {
            run(Command::new("id").args([flag, name])).await.trim().parse().expect("a number")
        }
        let is_root = run(Command::new("id").arg("-u")).await.trim() == "0";
        Self(if is_root { Some((number("-u", name).await, number("-g", name).await)) } else { None })
    }

    pub(crate) fn apply(self, command: &mut Command) {
        if let Some((user, group)) = self.0 {
            command.uid(user).gid(group);
        }
    }

    pub(crate) fn own(self, path: &Path) {
        if let Some((user, group)) = self.0 {
            chown(path, Some(user), Some(group)).expect("a new owner");
        }
    }
}
