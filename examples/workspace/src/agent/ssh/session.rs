//! A session channel: what the client asks for, what then runs, and how that ends.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;

use disconnect_core::{Disconnect, DisconnectGuard, DisconnectHandle, disconnected};
use nix::sys::signal::Signal;
use portable_pty::PtySize;
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::ends::AGENT_FACING_CLIENT;
use crate::told;

use super::super::pty;
use super::ahead::Returning;
use super::connection::Connection;
use super::process::{Job, Outcome, STDERR};

/// The one subsystem that there is.
pub(super) const SFTP: &str = "sftp";

/// What a client wants to have run.
pub(super) enum Request {
    Exec(String),
    Shell,
    Sftp,
}

impl Request {
    fn name(&self) -> &'static str {
        match self {
            Self::Exec(_) => "exec",
            Self::Shell => "shell",
            Self::Sftp => SFTP,
        }
    }
}

/// What a client says before.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) env: Vec<(String, String)>,
    /// What kind of terminal, and its size.
    pub(super) terminal: Option<(String, PtySize)>,
}

/// Serves a channel to its end, and writes the line of its session. Where nothing was asked for, there was none.
pub(super) async fn serve(channel: Channel<Msg>, handle: Handle, connection: Arc<Connection>) {
    let (mut incoming, outgoing) = channel.split();
    let Some((request, setup)) = requested(&mut incoming).await else { return };
    let (of, session) = (connection.clone(), request.name());
    let guard = DisconnectGuard::new(AGENT_FACING_CLIENT, move |end: &Disconnect| {
        disconnected!(end, group(of.run.build(end) => build_id, build_reason, transition),
            session,
            exit_code = end.exit_code(),
            client_session_id = of.client.id(),
            "ssh session closed"
        );
    })
    .under(&connection.ended);

    let mut job = match Job::start(&request, &setup) {
        Ok(job) => job,
        Err(error) => {
            guard.failed(&error);
            let _ = outgoing.extended_data_bytes(STDERR, format!("cannot start: {error}\r\n").into_bytes()).await;
            return tell(Ok(CANNOT_EXECUTE), &outgoing, &handle).await;
        }
    };
    info!(session, pid = job.pid(), client_session_id = connection.client.id(), "ssh session started");
    match attend(&mut job, &mut incoming, &outgoing, &guard.handle(), &connection).await {
        Some(outcome) => {
            connection.closes(outgoing.id());
            tell(outcome.status(), &outgoing, &handle).await;
        }
        None => {
            // Nobody reads on: the client must not wait for that.
            if let Some(end) = guard.get().filter(|end| !end.expected() && !connection.over.is_cancelled()) {
                connection.closes(outgoing.id());
                let words = format!("workspace: {}\r\n", told::why(&end, None));
                let _ = outgoing.extended_data_bytes(STDERR, words.into_bytes()).await;
                let _ = outgoing.close().await;
            }
        }
    }
    if guard.get().is_none() {
        // Its connection is over, and says why first.
        connection.over.cancelled().await;
    }
}

/// POSIX, "Exit Status for Commands" of the shell.
const CANNOT_EXECUTE: u32 = 126;

/// How much a client may set.
const MOST_VARIABLES: usize = 100;

/// What the client wants, once it says so.
async fn requested(incoming: &mut ChannelReadHalf) -> Option<(Request, Setup)> {
    let mut setup = Setup::default();
    loop {
        let request = match incoming.wait().await? {
            ChannelMsg::SetEnv { variable_name: name, variable_value: value, .. } => {
                let is_sound = !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0');
                if is_sound && setup.env.len() < MOST_VARIABLES {
                    setup.env.push((name, value));
                }
                continue;
            }
            ChannelMsg::RequestPty { term, col_width, row_height, .. } => {
                setup.terminal = Some((term.replace('\0', ""), window(col_width, row_height)));
                continue;
            }
            ChannelMsg::Exec { command, .. } => Request::Exec(String::from_utf8_lossy(&command).replace('\0', "")),
            ChannelMsg::RequestShell { .. } => Request::Shell,
            ChannelMsg::RequestSubsystem { name, .. } if name == SFTP => Request::Sftp,
            ChannelMsg::Close => return None,
            _ => continue,
        };
        return Some((request, setup));
    }
}

/// Moves bytes until the job has ended and everything it wrote is sent; `None` where its client or its connection ended
/// first.
async fn attend(
    job: &mut Job,
    incoming: &mut ChannelReadHalf,
    outgoing: &ChannelWriteHalf<Msg>,
    ended: &DisconnectHandle,
    connection: &Connection,
) -> Option<Outcome> {
    let (mut input, output) = job.streams()?;
    let (returning, exited) = (Returning::new(), CancellationToken::new());
    let mut output = pin!(output.send(outgoing, &returning, &exited));
    let (mut asked, mut outcome, mut is_all_sent) = (None, None, false);
    while outcome.is_none() || !is_all_sent {
        tokio::select! {
            () = returning.waits(), if input.is_plenty() && !returning.is_waiting() => {}
            message = incoming.wait(), if !input.is_plenty() || returning.is_waiting() => match message {
                Some(ChannelMsg::Data { data }) => {
                    asked = job.signal_by_key(&data);
                    if let Err(end) = input.push(&data, connection.ahead) {
                        ended.set(end);
                        break;
                    }
                }
                // The client's input is over, and not the session.
                Some(ChannelMsg::Eof) => input.end(),
                Some(ChannelMsg::Signal { signal }) if outcome.is_none() => asked = job.signal(&signal),
                Some(ChannelMsg::WindowChange { col_width, row_height, .. }) => {
                    job.resize(window(col_width, row_height));
                }
                Some(ChannelMsg::Close) => {
                    ended.set(AGENT_FACING_CLIENT.closed_by_peer());
                    break;
                }
                Some(_) => {}
                None => break,
            },
            // A command that no longer reads is no fault of the connection.
            passed = input.pass_on() => if passed.is_err() { input.close() },
            came = job.wait(), if outcome.is_none() => {
                came.tell(ended, asked);
                exited.cancel();
                outcome = Some(came);
            }
            () = &mut output, if !is_all_sent => is_all_sent = true,
            () = connection.over.cancelled() => break,
        }
    }
    if outcome.is_none() {
        input.close();
        // What it writes to the end is taken: a shell that says "Hangup" to a closed pipe would die of that.
        tokio::select! {
            () = job.kill() => {}
            () = async { output.await; pending().await }, if !is_all_sent => {}
        }
    }
    outcome
}

/// Tells the client how its command ended, and closes the channel.
async fn tell(status: Result<u32, Signal>, outgoing: &ChannelWriteHalf<Msg>, handle: &Handle) {
    // A client that has gone is told nothing.
    let _ = match status {
        Ok(status) => outgoing.exit_status(status).await.is_ok(),
        Err(signal) => {
            let name = Sig::Custom(signal.as_str().trim_start_matches("SIG").to_owned());
            handle.exit_signal_request(outgoing.id(), name, false, String::new(), String::new()).await.is_ok()
        }
    };
    let _ = (outgoing.eof().await, outgoing.close().await);
}

fn window(cols: u32, rows: u32) -> PtySize {
    let chars = |length| u16::try_from(length).unwrap_or(u16::MAX);
    pty::size(chars(cols), chars(rows))
}
