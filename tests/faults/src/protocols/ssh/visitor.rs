//! A client that uses SSH like a real service: it requests a command or a shell, and receives its status.

use std::future::ready;

use disconnect_core::evidence::Side;
use disconnect_core::{Disconnect, DisconnectCause, DisconnectReason as Why, Endpoint};
use russh::client::{self, AuthResult};
use russh::{ChannelMsg, Sig};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Failure;
use crate::recipes::russh_client::{Connection, connect, exit_of};

/// A client's connection.
pub(super) struct Visit {
    pub(super) connection: Connection,
    end: Endpoint,
}

/// Connects up to the end of the key exchange.
pub(super) async fn visit<S>(
    config: client::Config,
    stream: S,
    end: Endpoint,
    trusts: bool,
) -> Result<Visit, Disconnect>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    Ok(Visit { connection: connect(config, stream, end, ready(trusts)).await?, end })
}

impl Visit {
    /// Logs in. If that fails, the guard has the end.
    pub(super) async fn log_in(&mut self, user: &str) -> Result<(), Failure> {
        let guard = &self.connection.guard;
        match self.connection.session.authenticate_none(user).await {
            Ok(AuthResult::Success) => Ok(()),
            Ok(AuthResult::Failure { .. }) => {
                guard.set(self.end.ended(Why::Unknown, Side::Remote).with_cause(DisconnectCause::Auth));
                Err("not let in".into())
            }
            Err(error) => {
                guard.failed(&error);
                Err(error.into())
            }
        }
    }

    /// Waits until the connection has ended.
    pub(super) async fn idle(self) -> Disconnect {
        self.connection.ended().await
    }

    /// Runs a command, or types into a shell. With `stays`, also waits until the connection has ended.
    pub(super) async fn run(self, command: Wanted<'_>, stays: bool) -> Disconnect {
        match self.attempt(command).await {
            Ok(Some(end)) => _ = self.connection.guard.set(end),
            // The channel ended with its connection.
            Ok(None) => return self.idle().await,
            Err(error) => {
                self.connection.guard.failed(&error);
                return self.idle().await;
            }
        }
        if stays { self.idle().await } else { self.connection.guard.finish() }
    }

    async fn attempt(&self, command: Wanted<'_>) -> Result<Option<Disconnect>, russh::Error> {
        let mut channel = self.connection.session.channel_open_session().await?;
        let (mut is_shell, mut interrupted) = (false, false);
        match command {
            Wanted::Exec(command) => channel.exec(true, command).await?,
            Wanted::Interrupted(command) => {
                channel.exec(true, command).await?;
                // Ctrl-C after the first output.
                while !matches!(channel.wait().await, Some(ChannelMsg::Data { .. }) | None) {}
                channel.signal(Sig::INT).await?;
                interrupted = true;
            }
            Wanted::Shell(typed) => {
                is_shell = true;
                channel.request_shell(true).await?;
                channel.data(typed.as_bytes()).await?;
                channel.eof().await?;
            }
        }
        Ok(exit_of(&mut channel, self.end, is_shell, interrupted).await)
    }
}

/// What a client runs.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    Exec(&'a str),
    /// A command that receives Ctrl-C after its first output.
    Interrupted(&'a str),
    /// Typed into a shell, followed by the end of the input.
    Shell(&'a str),
}
