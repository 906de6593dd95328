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

/// What is copied where to.
pub(super) enum Copy {
    Upload { from: File, to: String },
    Download { from: String, to: PathBuf },
}

type Failure = Box<dyn Error>;

impl Copy {
    /// A path in the workspace begins with `:`. What is here is looked for before anything is asked of the agent.
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

    /// Copies the file in a session of its own.
    pub(super) async fn run(mut self, connection: &Connection) -> Outcome {
        let session = match Session::open(connection, "sftp", &Wanted::Subsystem("sftp")).await {
            Ok(session) => session,
            Err(end) => return Ok(told::ended(&end, connection.client.build(&end))),
        };
        let (near, far) = duplex(256 * 1024);
        let (input, output) = split(far);
        let mut running = pin!(session.run(input, output, sink(), None));
        let suffix = &connection.client.id;
        // A transfer that only waits for an answer does not notice that nobody is there to give it.
        let copied = tokio::select! {
            copied = self.transfer(near, suffix) => Ok(copied),
            end = &mut running => Err(end),
        };
        let (copied, end) = match copied {
            // The transfer has closed its side, and the subsystem ends for that.
            Ok(copied) => (copied, running.await),
            Err(end) => (Err("the session ended".into()), end),
        };
        if copied.is_err() {
            self.clean_up(suffix).await;
        }
        match copied {
            Ok(()) => Ok(ExitCode::SUCCESS),
            // The transfer failed by itself, and the session is well.
            Err(error) if end.code() == Some(Code::exit(0)) => Err(error),
            Err(_) => {
                told::ended(&end, connection.client.build(&end));
                Ok(ExitCode::from(told::FAILED))
            }
        }
    }

    async fn transfer(&mut self, stream: DuplexStream, suffix: &str) -> Result<(), Failure> {
        // Whether the agent is silent for too long is the connection's own business.
        let config = Config { request_timeout_secs: u32::MAX.into(), ..Config::default() };
        let sftp = SftpSession::new_with_config(stream, config).await.map_err(refused("cannot speak SFTP"))?;
        let transferred = match self {
            Self::Upload { from, to } => upload(&sftp, from, to, suffix).await,
            Self::Download { from, to } => download(&sftp, from, to, suffix).await,
        };
        let _ = sftp.close().await;
        transferred
    }

    /// Of a download that broke off, nothing stays behind.
    async fn clean_up(&self, suffix: &str) {
        if let Self::Download { to, .. } = self {
            let _ = fs::remove_file(part(&to.display(), suffix)).await;
        }
    }
}

/// Under a name of its own until all of it is there.
fn part(target: &impl Display, suffix: &str) -> String {
    format!("{target}.{suffix}.part")
}

async fn upload(sftp: &SftpSession, from: &mut File, to: &str, suffix: &str) -> Result<(), Failure> {
    let part = part(&to, suffix);
    let mut remote = sftp.create(&part).await.map_err(refused(format_args!("cannot write :{to}")))?;
    let written = write(from, &mut remote).await.map_err(failed(format_args!("cannot write :{to}")));
    let _ = remote.close().await;
    let moved = match written {
        // SFTP itself renames over no file that is there.
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

/// All of it, and it is done only once the other side has said so.
async fn write(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWriteExt + Unpin) -> std::io::Result<()> {
    copy(&mut from, &mut to).await?;
    to.flush().await
}

/// What the agent says, without the name of its code.
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
