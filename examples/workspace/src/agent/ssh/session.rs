//! A session channel: the client's request, the process that it starts, and the end of the session.

use std::future::pending;
use std::io;
use std::iter;
use std::pin::pin;
use std::process::ExitStatus;
use std::sync::Arc;

use disconnect_core::{Disconnect, DisconnectGuard, DisconnectHandle, disconnected};
use futures_util::FutureExt;
use nix::sys::signal::Signal;
use russh::server::{Handle, Msg};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, Sig};
use rustix::termios::Winsize;
use tokio_util::sync::CancellationToken;
use tracing::info;

use crate::ends::AGENT_FACING_CLIENT;
use crate::told;

use super::super::process::size;
use super::ahead::{Ahead, Returning};
use super::connection::Connection;
use super::process::{Job, Output, STDERR, status_for_client};

/// The only supported subsystem.
pub(super) const SFTP: &str = "sftp";

/// What the client wants to run.
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

/// The settings that a client requests before its command.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) env: Vec<(String, String)>,
    /// The type of the terminal, and its size.
    pub(super) terminal: Option<(String, Winsize)>,
}

/// Serves a channel until it ends, and writes the line of its session. If the client requested nothing, there was no
/// session and no line.
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

    let mut status = None;
    let ran = guard.run(async |ended| -> io::Result<_> {
        let (job, input, output) = Job::start(&request, &setup, &connection.service.options.sftp_server)?;
        info!(session, pid = job.pid(), client_session_id = connection.client.id(), "ssh session started");
        status = attend(job, input, output, &mut incoming, &outgoing, &ended, &connection).await?;
        if ended.get().is_none() {
            // Wait: the connection ended, and records its end first.
            connection.over.cancelled().await;
        }
        Ok(ended.so_far())
    });
    match (ran.await, status) {
        (_, Some(status)) => tell(status_for_client(status), &outgoing, &handle).await,
        (Err(error), None) => {
            complain(&outgoing, &format!("cannot start: {error}")).await;
            tell(Ok(CANNOT_EXECUTE), &outgoing, &handle).await;
        }
        // Nothing reads the input any more, and the client must not wait for that.
        (Ok(end), None) if !end.expected() && !connection.over.is_cancelled() => {
            complain(&outgoing, &format!("workspace: {}", told::why(&end, None))).await;
            let _ = outgoing.close().await;
        }
        (Ok(_), None) => {}
    }
}

/// Writes a message to the client's standard error.
async fn complain(outgoing: &ChannelWriteHalf<Msg>, words: &str) {
    let _ = outgoing.extended_data_bytes(STDERR, format!("{words}\r\n").into_bytes()).await;
}

/// POSIX, "Exit Status for Commands" of the shell.
const CANNOT_EXECUTE: u32 = 126;

/// The maximum number of variables that a client may set.
const MOST_VARIABLES: usize = 100;

/// Waits for the request that starts a process.
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

/// Copies bytes until the process has ended and all its output is sent. Returns `None` if the client or the
/// connection ended first.
async fn attend(
    mut job: Job,
    mut input: Ahead,
    output: Output,
    incoming: &mut ChannelReadHalf,
    outgoing: &ChannelWriteHalf<Msg>,
    ended: &DisconnectHandle,
    connection: &Connection,
) -> io::Result<Option<ExitStatus>> {
    let (returning, exited) = (Returning::new(), CancellationToken::new());
    let mut output = pin!(output.send(outgoing, &returning, &exited));
    let (mut asked, mut status, mut is_all_sent) = (None, None, false);
    while status.is_none() || !is_all_sent {
        tokio::select! {
            () = returning.waits(), if input.is_plenty() && !returning.is_waiting() => {}
            message = incoming.wait(), if !input.is_plenty() || returning.is_waiting() => match message {
                Some(ChannelMsg::Data { data }) => {
                    asked = job.signal_by_key(&data);
                    if let Err(end) = input.push(&data, connection.service.most_ahead()) {
                        ended.set(end);
                        break;
                    }
                }
                // The client's input has ended, but not the session.
                Some(ChannelMsg::Eof) => input.end(),
                Some(ChannelMsg::Signal { signal }) => asked = job.signal(&signal),
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
            // A command that no longer reads is not a fault of the connection.
            passed = input.pass_on() => if passed.is_err() { input.close() },
            exit = job.wait(), if status.is_none() => {
                let exit = exit?;
                ended.set(job.end(exit, asked));
                exited.cancel();
                status = Some(exit);
            }
            () = &mut output, if !is_all_sent => is_all_sent = true,
            () = connection.over.cancelled() => {
                if was_closed(incoming) {
                    ended.set(AGENT_FACING_CLIENT.closed_by_peer());
                }
                break;
            }
        }
    }
    if status.is_none() {
        input.close();
        // Read the remaining output: a shell that writes "Hangup" to a closed pipe would die of SIGPIPE.
        tokio::select! {
            () = job.kill() => {}
            () = async { output.await; pending().await }, if !is_all_sent => {}
        }
    }
    Ok(status)
}

/// Whether the client closed the channel before its connection ended.
fn was_closed(incoming: &mut ChannelReadHalf) -> bool {
    iter::from_fn(|| incoming.wait().now_or_never().flatten()).any(|message| matches!(message, ChannelMsg::Close))
}

/// Sends the client the exit status of its command, and closes the channel.
async fn tell(status: Result<u32, Signal>, outgoing: &ChannelWriteHalf<Msg>, handle: &Handle) {
    // A client that has left gets no message.
    let _ = match status {
        Ok(status) => outgoing.exit_status(status).await.is_ok(),
        Err(signal) => {
            let name = Sig::Custom(signal.as_str().trim_start_matches("SIG").to_owned());
            handle.exit_signal_request(outgoing.id(), name, false, String::new(), String::new()).await.is_ok()
        }
    };
    let _ = (outgoing.eof().await, outgoing.close().await);
}

fn window(cols: u32, rows: u32) -> Winsize {
    let chars = |length| u16::try_from(length).unwrap_or(u16::MAX);
    size(chars(cols), chars(rows))
}
