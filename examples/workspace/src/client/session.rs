//! One session on the agent: a command, a shell or a subsystem, with its input and output.

use std::convert::Infallible;
use std::future::pending;
use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use disconnect_core::evidence::Side;
use disconnect_core::{BoxedGuard, Code, Disconnect, DisconnectCause, DisconnectReason, disconnected};
use russh::client::Msg;
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Error, Sig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, stderr, stdin, stdout};
use tokio::sync::mpsc;
use tracing::info;

use crate::ends::CLIENT_FACING_AGENT;
use crate::wire::CLIENT_SESSION_ID;
use crate::{signals, told};

use super::connection::Connection;
use super::terminal::{Escape, Raw, Terminal};
use super::{BY_AGENT, Client};

/// Opens a shell, or runs a command. Returns its exit status.
pub(super) async fn ssh(connection: &Connection, command: &str) -> ExitCode {
    let (kind, terminal) = if command.is_empty() { ("shell", Terminal::of_user()) } else { ("exec", None) };
    let wanted = if command.is_empty() { Wanted::Shell(terminal.as_ref()) } else { Wanted::Exec(command) };
    let end = match Session::open(connection, kind, &wanted).await {
        Ok(session) => {
            // Dropped first, which restores the terminal before the message for the user.
            let _raw = terminal.as_ref().map(Raw::enter);
            session.run(stdin(), stdout(), stderr(), terminal.as_ref()).await
        }
        Err(end) => end,
    };
    told::ended(&end, connection.client.build(&end))
}

/// What runs in a session.
pub(super) enum Wanted<'a> {
    Exec(&'a str),
    Shell(Option<&'a Terminal>),
    Subsystem(&'a str),
}

/// An open session with its guard.
pub(super) struct Session {
    channel: Channel<Msg>,
    /// Whether it is an interactive shell, whose status is that of its last command.
    is_shell: bool,
    guard: BoxedGuard,
    client: Arc<Client>,
}

impl Session {
    /// Opens a channel, and starts the request in it.
    pub(super) async fn open(
        connection: &Connection,
        kind: &'static str,
        wanted: &Wanted<'_>,
    ) -> Result<Self, Disconnect> {
        let channel = connection.open_session().await?;
        let (guard, is_shell) = (guard(connection, kind), matches!(wanted, Wanted::Shell(Some(_))));
        let mut session = Self { channel, is_shell, guard, client: connection.client.clone() };
        match session.start(wanted).await {
            Ok(true) => {
                session.guard.established();
                info!(client_session_id = session.client.id, session = kind, "ssh session started");
                return Ok(session);
            }
            Ok(false) => {
                let refused = CLIENT_FACING_AGENT
                    .ended(DisconnectReason::Unknown, Side::Remote)
                    .with_cause(DisconnectCause::Policy);
                session.guard.set(refused);
            }
            Err(error) => drop(session.guard.set(connection.failed(&error).await)),
        }
        Err(session.guard.finish())
    }

    /// Whether the agent accepts the request.
    async fn start(&mut self, wanted: &Wanted<'_>) -> Result<bool, Error> {
        self.channel.set_env(false, CLIENT_SESSION_ID, &*self.client.id).await?;
        match wanted {
            Wanted::Exec(command) => self.channel.exec(true, *command).await?,
            Wanted::Shell(terminal) => {
                if let Some(terminal) = terminal {
                    terminal.request(&self.channel).await?;
                    if !self.is_granted().await? {
                        return Ok(false);
                    }
                }
                self.channel.request_shell(true).await?;
            }
            Wanted::Subsystem(name) => self.channel.request_subsystem(true, *name).await?,
        }
        self.is_granted().await
    }

    async fn is_granted(&mut self) -> Result<bool, Error> {
        loop {
            match self.channel.wait().await {
                Some(ChannelMsg::Success) => return Ok(true),
                Some(ChannelMsg::Failure | ChannelMsg::Close) => return Ok(false),
                Some(_) => {}
                None => return Err(Error::Disconnect),
            }
        }
    }

    /// Connects the session to these streams until it ends. Returns its end after the line is written.
    pub(super) async fn run(
        self,
        input: impl AsyncRead + Unpin,
        output: impl AsyncWrite + Unpin,
        errors: impl AsyncWrite + Unpin,
        terminal: Option<&Terminal>,
    ) -> Disconnect {
        let (mut from_agent, to_agent) = self.channel.split();
        let exited = if self.is_shell { shell_exited } else { process_exited };
        let is_over = tokio::select! {
            received = receive(&mut from_agent, &self.guard, exited, output, errors) => received.is_ok(),
            () = send(input, &to_agent, terminal.is_some()) => false,
            _ = resize(terminal, &to_agent) => false,
            () = self.client.interrupted.cancelled() => false,
        };
        if !is_over {
            close(&self.guard, &to_agent, &self.client).await;
        }
        self.guard.finish()
    }
}

/// Closes a channel, whatever runs there. Does not wait for the agent's answer, because russh does not pass it on.
async fn close(guard: &BoxedGuard, to_agent: &ChannelWriteHalf<Msg>, client: &Client) {
    guard.set(CLIENT_FACING_AGENT.closed_locally());
    // A frozen agent does not receive the message.
    let _ = client.bounded(BY_AGENT, to_agent.close()).await;
}

/// Copies the output, and records how the process ended as soon as that is known, until the channel is closed. If the
/// connection ends, its end counts.
///
/// # Errors
///
/// The reader of the output closed it.
async fn receive(
    from_agent: &mut ChannelReadHalf,
    guard: &BoxedGuard,
    exited: fn(i32) -> Disconnect,
    mut output: impl AsyncWrite + Unpin,
    mut errors: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    while let Some(message) = from_agent.wait().await {
        match message {
            ChannelMsg::Data { data } => write(&mut output, &data).await?,
            ChannelMsg::ExtendedData { data, ext: 1 } => write(&mut errors, &data).await?,
            ChannelMsg::Eof => output.shutdown().await?,
            ChannelMsg::ExitStatus { exit_status } => {
                guard.set(exited(exit_status.cast_signed()));
            }
            ChannelMsg::ExitSignal { signal_name, .. } => drop(guard.set(killed(&signal_name))),
            ChannelMsg::Close => {
                // Without a status the end is not known.
                guard.set(CLIENT_FACING_AGENT.ended(DisconnectReason::Unknown, Side::Remote));
                break;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn write(to: &mut (impl AsyncWrite + Unpin), data: &[u8]) -> io::Result<()> {
    to.write_all(data).await?;
    to.flush().await
}

/// Sends the input, until the user types `~.` at a terminal. The end of the input does not end the session.
async fn send(mut input: impl AsyncRead + Unpin, to_agent: &ChannelWriteHalf<Msg>, is_terminal: bool) {
    // Reads the keyboard even if the agent receives nothing, so that `~.` works.
    let (keys, mut typed) = mpsc::channel::<Vec<u8>>(if is_terminal { 1024 } else { 1 });
    let reading = async move {
        let (mut buffer, mut escape) = (vec![0; 32 * 1024], Escape::default());
        while let Ok(length @ 1..) = input.read(&mut buffer).await {
            let (bytes, is_over) =
                if is_terminal { escape.filter(&buffer[..length]) } else { (buffer[..length].to_vec(), false) };
            if is_over {
                return;
            }
            // If the connection ends, another task reports it.
            let _ = keys.send(bytes).await;
        }
        drop(keys);
        pending::<()>().await;
    };
    let sending = async {
        while let Some(bytes) = typed.recv().await {
            if to_agent.data(&*bytes).await.is_err() {
                break;
            }
        }
        let _ = to_agent.eof().await;
        pending::<()>().await;
    };
    tokio::select! {
        () = reading => {}
        () = sending => {}
    }
}

/// Sends the agent the size of the terminal after each change.
async fn resize(terminal: Option<&Terminal>, to_agent: &ChannelWriteHalf<Msg>) -> Infallible {
    match terminal {
        Some(terminal) => terminal.follow(to_agent).await,
        None => pending().await,
    }
}

fn process_exited(status: i32) -> Disconnect {
    CLIENT_FACING_AGENT.received(Code::exit(status))
}

fn shell_exited(status: i32) -> Disconnect {
    CLIENT_FACING_AGENT.remote_shell_exited(Code::exit(status))
}

/// The signal that killed a command. SSH sends its name, and codes are numbers.
fn killed(name: &Sig) -> Disconnect {
    match signals::named(name) {
        Some(signal) => CLIENT_FACING_AGENT.received(Code::signal(signal as i32)),
        None => CLIENT_FACING_AGENT.ended(DisconnectReason::Unknown, Side::Remote).with_cause(DisconnectCause::Killed),
    }
}

fn guard(connection: &Connection, session: &'static str) -> BoxedGuard {
    let of = connection.client.clone();
    BoxedGuard::boxed(CLIENT_FACING_AGENT, move |end| {
        disconnected!(end, group(of.build(end) => build_id, build_reason, transition),
            session,
            exit_code = end.exit_code(),
            client_session_id = of.id,
            "ssh session closed"
        );
    })
    .connecting()
    .under(&connection.guard)
}
