//! One connection to a terminal, from its handshake to its line.

use std::sync::Arc;
use std::time::Duration;

use disconnect_core::evidence::Side;
use disconnect_core::{
    ConnectionMethod, Disconnect, DisconnectCause, DisconnectGuard, DisconnectHandle, DisconnectReason, Watched,
    disconnected,
};
use futures_util::{SinkExt, StreamExt};
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, Uri};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::cli::Timing;
use crate::ends::AGENT_FACING_CLIENT;
use crate::token::{SUBPROTOCOL, Token};
use crate::told;
use crate::wire::link::{close, close_code};
use crate::wire::{Closed, Io, LinkError, PATIENCE, Socket, is_word, limits, refusal};

use super::super::run::Run;
use super::{Screen, Terminals, page};

/// Serves a connection until it ends. The terminal continues.
pub(super) async fn serve(stream: TcpStream, terminals: Arc<Terminals>, run: Arc<Run>, timing: Timing) {
    let opened = tokio::select! {
        opened = open(stream, &terminals.token, timing) => opened,
        () = run.closing.cancelled() => return,
    };
    let Some(opened) = opened else { return };
    let guard = guard(opened.as_ref().ok().map(|(id, _)| id.clone()), &terminals, &run);
    let connection = guard.handle();
    let (id, mut socket) = match opened {
        Ok(opened) => opened,
        Err(error) => return drop(guard.failed(&error)),
    };
    let conversing = guard.run(async |ended| match terminals.attach(&id, ended.clone(), &run) {
        Some(screen) => converse(&mut socket, screen, &ended, &run, timing.heartbeat).await,
        None => Ok(AGENT_FACING_CLIENT
            .ended(DisconnectReason::Unknown, Side::Local)
            .with_cause(DisconnectCause::Limit)
            .with_detail("there are too many terminals")),
    });
    // The error is already in the line.
    let _ = conversing.await;
    let end = connection.so_far();
    close(&mut socket, close_code(&end), &told::why(&end, run.build(&end))).await;
}

/// The closure that writes a connection's line. Connections without a token are at DEBUG, because anyone can cause
/// them.
fn guard(
    terminal_id: Option<String>,
    terminals: &Arc<Terminals>,
    run: &Arc<Run>,
) -> DisconnectGuard<impl FnOnce(&Disconnect) + use<>> {
    let (of_run, terminals) = (run.clone(), terminals.clone());
    let guard = DisconnectGuard::new(AGENT_FACING_CLIENT, move |end: &Disconnect| {
        let build = of_run.build(end);
        if terminal_id.is_some() {
            disconnected!(
                end,
                group(build => build_id, build_reason, transition),
                terminal_id,
                "terminal connection closed"
            );
        } else {
            disconnected!(
                level: DEBUG,
                end,
                group(build => build_id, build_reason, transition),
                "terminal connection closed"
            );
            terminals.noise.add();
        }
    })
    .under(&run.shutdown);
    guard.set_method(ConnectionMethod::Direct);
    guard
}

/// Returns the id of the requested terminal: `/terminal/ID`.
fn wanted_by(uri: &Uri) -> Option<String> {
    uri.path().strip_prefix("/terminal/").filter(|id| is_word(id)).map(str::to_owned)
}

/// Accepts the WebSocket handshake, and returns the requested terminal. Returns `None` if no connection came up: no
/// request arrived, the request was for the page, or the agent rejected it. Any other failure is the end of a
/// connection.
async fn open(stream: TcpStream, token: &Token, timing: Timing) -> Option<Result<(String, Socket), Error>> {
    let login = timing.login;
    let socket = SockRef::from(&stream);
    // If keep-alive cannot be set, pings still detect a dead peer.
    let _ = (socket.set_tcp_nodelay(true), socket.set_tcp_user_timeout(Some(timing.silence())));
    if timeout(login, page::is_wanted(&stream)).await.ok()?.ok()? {
        // If the page does not arrive, the browser requests it again.
        let _ = timeout(login, page::serve(stream)).await;
        return None;
    }
    let mut wanted = None;
    #[allow(clippy::result_large_err, reason = "tungstenite's own signature")]
    let answer = |request: &Request, mut response: Response| {
        if !page::admits(request) {
            return Err(refusal(StatusCode::FORBIDDEN));
        } else if !token.is_shown_by(request) {
            return Err(refusal(StatusCode::UNAUTHORIZED));
        }
        wanted = Some(wanted_by(request.uri()).ok_or_else(|| refusal(StatusCode::NOT_FOUND))?);
        // A browser requires one of the subprotocols that its page offers.
        if request.headers().contains_key(SEC_WEBSOCKET_PROTOCOL) {
            response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
        }
        Ok(response)
    };
    let stream: Box<dyn Io> = Box::new(Watched::new(stream).hold_write_errors());
    let shaken = timeout(login, accept_hdr_async_with_config(stream, answer, Some(limits()))).await;
    match shaken.unwrap_or_else(|elapsed| Err(Error::Io(elapsed.into()))) {
        Ok(socket) => Some(Ok((wanted?, socket))),
        Err(Error::Http(_)) => None,
        Err(error) => Some(Err(error)),
    }
}

/// Copies bytes between the client and its terminal until one of them ends.
async fn converse(
    socket: &mut Socket,
    screen: Screen,
    ended: &DisconnectHandle,
    run: &Run,
    heartbeat: Duration,
) -> Result<Disconnect, LinkError> {
    let (mut sink, mut stream) = socket.split();
    let Screen { mut output, keys, replaced } = screen;
    let mut ticks = interval(heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut unanswered, mut is_flushed, mut typed) = (0, true, None);
    loop {
        tokio::select! {
            message = stream.next(), if typed.is_none() => {
                unanswered = 0;
                typed = read(message)?;
            }
            permit = keys.reserve(), if typed.is_some() => if let (Ok(permit), Some(input)) = (permit, typed.take()) {
                permit.send(input);
            },
            bytes = output.recv(), if is_flushed => match bytes {
                Some(bytes) => {
                    sink.start_send_unpin(Message::binary(bytes))?;
                    is_flushed = false;
                }
                // The terminal closed this connection, and has recorded why.
                None => return Ok(ended.so_far()),
            },
            flushed = sink.flush(), if !is_flushed => {
                flushed?;
                is_flushed = true;
            }
            // Only while this side reads from the client.
            _ = ticks.tick(), if typed.is_none() => {
                if unanswered == PATIENCE {
                    return Err(LinkError::Silent(unanswered));
                }
                unanswered += 1;
                if is_flushed {
                    sink.start_send_unpin(Message::Ping(Vec::new().into()))?;
                }
                is_flushed = false;
            }
            () = replaced.cancelled() => return Ok(ended.so_far()),
            () = run.closing.cancelled() => return Ok(ended.so_far()),
        }
    }
}

/// The input that a message contains, if any.
fn read(message: Option<Result<Message, Error>>) -> Result<Option<Vec<u8>>, LinkError> {
    Ok(match message.ok_or(LinkError::Eof)?? {
        Message::Text(text) => Some(text.as_bytes().to_vec()),
        Message::Binary(bytes) => Some(bytes.into()),
        Message::Close(frame) => return Err(Closed::by(frame).into()),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_has_an_id() {
        let wanted = |uri: &str| wanted_by(&uri.parse().unwrap());
        assert_eq!(wanted("/terminal/main-1").as_deref(), Some("main-1"));
        for hostile in ["/", "/terminal/", "/terminal/a%20b", "/terminal/a/b"] {
            assert_eq!(wanted(hostile), None, "{hostile}");
        }
    }
}
