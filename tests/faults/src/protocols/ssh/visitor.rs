//! A client that speaks SSH as a service does: it asks for a command or a shell, and hears how the session ends.

use std::sync::Arc;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectCause, DisconnectReason as Why, Endpoint};
use russh::client::{self, AuthResult, DisconnectReason};
use russh::keys::PublicKeyOrCertificate;
use russh::{ChannelMsg, Sig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;

use super::{CLASSIFIER, signals};

/// A client's handler: the only place that hears the code of a DISCONNECT, and the error that ended the connection.
pub(super) struct Visitor {
    trusts: bool,
    ended: Option<oneshot::Sender<Verdict>>,
}

impl client::Handler for Visitor {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(self.trusts)
    }

    async fn disconnected(&mut self, reason: DisconnectReason<russh::Error>) -> Result<(), russh::Error> {
        let (verdict, result) = match reason {
            DisconnectReason::ReceivedDisconnect(info) => (Code::ssh(info.reason_code as u32).received(), Ok(())),
            DisconnectReason::Error(error) => (CLASSIFIER.verdict(&error), Err(error)),
        };
        if let Some(ended) = self.ended.take() {
            let _ = ended.send(verdict);
        }
        result
    }
}

/// A client's connection: the handle, and what its handler hears last.
pub(super) struct Visit {
    pub(super) handle: client::Handle<Visitor>,
    ended: oneshot::Receiver<Verdict>,
    end: Endpoint,
}

/// Connects, as far as the end of the key exchange. Where that fails and the error is `Disconnect`, the handler has heard
/// why; if it has not, the stream ended before the agent said which version it speaks.
pub(super) async fn visit<S>(
    config: client::Config,
    stream: S,
    end: Endpoint,
    trusts: bool,
) -> Result<Visit, Disconnect>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, mut ended) = oneshot::channel();
    let visitor = Visitor { trusts, ended: Some(sender) };
    match client::connect_stream(Arc::new(config), stream, visitor).await {
        Ok(handle) => Ok(Visit { handle, ended, end }),
        Err(russh::Error::Disconnect) => Err(ended.try_recv().map_or_else(|_| end.eof(), |heard| end.resolve(heard))),
        Err(error) => Err(end.failed(&error)),
    }
}

impl Visit {
    /// Logs in, as often as the agent lets it try.
    pub(super) async fn log_in(&mut self, user: &str) -> Result<(), Verdict> {
        match self.handle.authenticate_none(user).await {
            Ok(AuthResult::Success) => Ok(()),
            Ok(AuthResult::Failure { .. }) => {
                Err(Verdict::new(Why::Unknown, Side::Remote).with_cause(DisconnectCause::Auth))
            }
            Err(error) => Err(CLASSIFIER.verdict(&error)),
        }
    }

    /// The end of the connection, where `noticed` is what a task with a handle or a channel made of it. The handler's
    /// callback knows better than such follow-on errors, unless the task knew already.
    pub(super) async fn ended(self, noticed: Verdict) -> Disconnect {
        let end = self.end;
        // Kept until the callback has spoken: dropping it is a close of our own.
        let _handle = self.handle;
        end.resolve(self.ended.await.map_or(noticed, |heard| noticed.or_stronger(heard)))
    }

    /// Waits until the connection is over.
    pub(super) async fn idle(self) -> Disconnect {
        self.ended(Verdict::new(Why::Unknown, Side::Unknown).with_rank(Rank::FollowOn)).await
    }

    /// Runs a command to its end, or in a shell what is typed.
    pub(super) async fn run(self, command: Wanted<'_>) -> Disconnect {
        match self.attempt(command).await {
            Ok(Some(verdict)) => self.end.resolve(verdict),
            // The channel ended with its connection.
            Ok(None) => self.idle().await,
            Err(error) => self.ended(CLASSIFIER.verdict(&error)).await,
        }
    }

    async fn attempt(&self, command: Wanted<'_>) -> Result<Option<Verdict>, russh::Error> {
        let mut channel = self.handle.channel_open_session().await?;
        let mut interrupted = false;
        match command {
            Wanted::Exec(command) | Wanted::Interrupted(command) => channel.exec(true, command).await?,
            Wanted::Shell(typed) => {
                channel.request_shell(true).await?;
                channel.data(typed.as_bytes()).await?;
                channel.eof().await?;
            }
        }
        while let Some(message) = channel.wait().await {
            match message {
                ChannelMsg::Data { .. } if matches!(command, Wanted::Interrupted(_)) => {
                    interrupted = true;
                    channel.signal(Sig::INT).await?;
                }
                ChannelMsg::ExitStatus { exit_status } => {
                    let code = Code::exit(exit_status.cast_signed());
                    let left = matches!(command, Wanted::Shell(_)) && matches!(exit_status, 0..=125 | 130);
                    return Ok(Some(if left { Verdict::closed(Side::Local).with_code(code) } else { code.received() }));
                }
                // The signal alone does not tell a Ctrl-C from a `kill`: who pressed the key knows.
                ChannelMsg::ExitSignal { signal_name: Sig::INT, .. } if interrupted => {
                    return Ok(Some(Verdict::closed(Side::Local).with_code(Code::signal(2))));
                }
                ChannelMsg::ExitSignal { signal_name, .. } => {
                    let signal = signals::number(&signal_name).map(Code::signal);
                    return Ok(Some(signal.map_or(Verdict::new(Why::Unknown, Side::Remote), Code::received)));
                }
                // Without a status: whoever ran the command forgot, or its task is gone.
                ChannelMsg::Close => return Ok(Some(Verdict::new(Why::Unknown, Side::Remote))),
                _ => {}
            }
        }
        Ok(None)
    }
}

/// What a client wants to have run.
#[derive(Clone, Copy)]
pub(super) enum Wanted<'a> {
    Exec(&'a str),
    /// Gets a Ctrl-C once it has written something.
    Interrupted(&'a str),
    /// Typed into a shell, and then the end of the input.
    Shell(&'a str),
}
