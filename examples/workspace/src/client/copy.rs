//! Copying one file over SFTP.

use std::error::Error;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::ExitCode;

use disconnect_core::Code;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::{Config, SftpSession};
use tokio::fs::{self, File};
use tokio::io::{AsyncRead, AsyncWriteExt, DuplexStream, copy, duplex, sink, split};

use super::Outcome;
use super::connection::Connection;
use super::session::{Session, Wanted};
use crate::told;

/// The source and the destination of a copy.
pub(super) enum Copy {
    Upload { from: File, to: String },
    Download { from: String, to: PathBuf },
}

type Failure = Box<dyn Error>;

impl Copy {
    /// A path in the workspace begins with `:`. Checks the local file before it connects to the agent.
    pub(super) async fn of(from: &str, to: &str) -> Result<Self, Failure> {
        match (from.strip_prefix(':'), to.strip_prefix(':')) {
            (None, Some(to)) if !to.is_empty() => {
                let file = File::open(from).await.map_err(failed(format_args!("cannot read {from}")))?;
                Ok(Self::Upload { from: file, to: to.to_owned() })
            }
            (Some(from), None) if !from.is_empty() => Ok(Self::Download { from: from.to_owned(), to: to.into() }),
            _ => Err("one of the two files has to be in the workspace: its path begins with `:`".into()),
        }
    }

    /// Copies the file in its own session.
    pub(super) async fn run(mut self, connection: &Connection) -> Outcome {
        let session = match Session::open(connection, "sftp", &Wanted::Subsystem("sftp")).await {
            Ok(session) => session,
            Err(end) => return Ok(told::ended(&end, connection.client.build(&end))),
        };
        let (near, far) = duplex(256 * 1024);
        let (input, output) = split(far);
        let mut running = pin!(session.run(input, output, sink(), None));
        let suffix = &connection.client.id;
        // A transfer that waits for an answer does not notice a lost connection.
        let copied = tokio::select! {
            copied = self.transfer(near, suffix) => Ok(copied),
            end = &mut running => Err(end),
        };
        let (copied, end) = match copied {
            // The transfer has closed its side, so the subsystem ends.
            Ok(copied) => (copied, running.await),
            Err(end) => (Err("the session ended".into()), end),
        };
        if copied.is_err() {
            self.clean_up(suffix).await;
        }
        match copied {
            Ok(()) => Ok(ExitCode::SUCCESS),
            // Only the transfer failed. The session is intact.
            Err(error) if end.code() == Some(Code::exit(0)) => Err(error),
            Err(_) => {
                told::ended(&end, connection.client.build(&end));
                Ok(ExitCode::from(told::FAILED))
            }
        }
    }

    async fn transfer(&mut self, stream: DuplexStream, suffix: &str) -> Result<(), Failure> {
        // The keep-alive of the connection detects a silent agent.
        let config = Config { request_timeout_secs: u32::MAX.into(), ..Config::default() };
        let sftp = SftpSession::new_with_config(stream, config).await.map_err(refused("cannot speak SFTP"))?;
        let transferred = match self {
            Self::Upload { from, to } => upload(&sftp, from, to, suffix).await,
            Self::Download { from, to } => download(&sftp, from, to, suffix).await,
        };
        let _ = sftp.close().await;
        transferred
    }

    /// Deletes the partial file of a failed download.
    async fn clean_up(&self, suffix: &str) {
        if let Self::Download { to, .. } = self {
            let _ = fs::remove_file(part(&to.display(), suffix)).await;
        }
    }
}

/// Writes to a temporary name until the file is complete.
fn part(target: &impl Display, suffix: &str) -> String {
    format!("{target}.{suffix}.part")
}

async fn upload(sftp: &SftpSession, from: &mut File, to: &str, suffix: &str) -> Result<(), Failure> {
    let part = part(&to, suffix);
    let mut remote = sftp.create(&part).await.map_err(refused(format_args!("cannot write :{to}")))?;
    let written = write(from, &mut remote).await.map_err(failed(format_args!("cannot write :{to}")));
    let _ = remote.close().await;
    let moved = match written {
        // SFTP's rename does not replace an existing file.
        Ok(()) => match sftp.rename(&part, to).await {
            Err(_) if sftp.remove_file(to).await.is_ok() => sftp.rename(&part, to).await,
            renamed => renamed,
        }
        .map_err(refused(format_args!("cannot write :{to}"))),
        Err(error) => Err(error),
    };
    if moved.is_err() {
        let _ = sftp.remove_file(&part).await;
    }
    moved
}

async fn download(sftp: &SftpSession, from: &str, to: &Path, suffix: &str) -> Result<(), Failure> {
    let mut remote = sftp.open(from).await.map_err(refused(format_args!("cannot read :{from}")))?;
    let part = part(&to.display(), suffix);
    let written = match File::create(&part).await {
        Ok(mut local) => write(&mut remote, &mut local).await,
        Err(error) => Err(error),
    };
    let _ = remote.close().await;
    let moved = match written {
        Ok(()) => fs::rename(&part, to).await,
        Err(error) => Err(error),
    };
    moved.map_err(failed(format_args!("cannot copy :{from} to {}", to.display())))
}

/// Copies everything. The copy is complete only after the other side has confirmed it.
async fn write(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWriteExt + Unpin) -> std::io::Result<()> {
    copy(&mut from, &mut to).await?;
    to.flush().await
}

/// The agent's error text, without the name of its code.
fn refused(what: impl Display) -> impl FnOnce(SftpError) -> Failure {
    let failed = failed(what);
    move |error| match error {
        SftpError::Status(status) if !status.error_message.is_empty() => failed(status.error_message),
        error => failed(error.to_string()),
    }
}

fn failed<E: Display>(what: impl Display) -> impl FnOnce(E) -> Failure {
    let what = what.to_string();
    move |error| format!("{what}: {error}").into()
}
