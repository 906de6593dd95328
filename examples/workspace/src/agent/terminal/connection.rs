//! One connection to a terminal, from its handshake to its line.

use std::sync::Arc;

use disconnect_core::evidence::Side;
use disconnect_core::{
    ConnectionMethod, Disconnect, DisconnectCause, DisconnectGuard, DisconnectHandle, DisconnectReason, Watched,
    disconnected,
};
use futures_util::{SinkExt, StreamExt};
use portable_pty::PtySize;
use serde::Deserialize;
use socket2::SockRef;
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::accept_hdr_async_with_config;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::http::header::SEC_WEBSOCKET_PROTOCOL;
use tokio_tungstenite::tungstenite::http::{HeaderValue, StatusCode, Uri};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::cli::Timing;
use crate::ends::AGENT_FACING_CLIENT;
use crate::token::{SUBPROTOCOL, Token};
use crate::told;
use crate::wire::link::{close, close_code};
use crate::wire::{Closed, Heartbeat, Io, LinkError, Socket, is_word, limits};

use super::super::pty;
use super::super::run::Run;
use super::{Input, Screen, Terminals, page};

/// Serves a connection until it ends. The terminal goes on.
pub(super) async fn serve(stream: TcpStream, terminals: Arc<Terminals>, run: Arc<Run>, timing: Timing) {
    let opened = tokio::select! {
        opened = open(stream, &terminals.token, timing) => opened,
        () = run.closing.cancelled() => return,
    };
    let Some((wanted, socket)) = opened else { return };
    let guard = guard(wanted.as_ref().map(|wanted| wanted.terminal_id.clone()), &terminals, &run);
    match (wanted, socket) {
        (Some(wanted), Ok(socket)) => {
            let ended = guard.handle();
            let screen = terminals.attach(&wanted.terminal_id, wanted.size, ended.clone(), &run);
            let socket = if let Some(screen) = screen {
                converse(socket, screen, &ended, &run, timing.heartbeat()).await
            } else {
                let full = AGENT_FACING_CLIENT.ended(DisconnectReason::Unknown, Side::Local);
                ended.set(full.with_cause(DisconnectCause::Limit).with_detail("there are too many terminals"));
                Some(socket)
            };
            let end = guard.finish();
            if let Some(mut socket) = socket {
                close(&mut socket, close_code(&end), &told::why(&end, run.build(&end))).await;
            }
        }
        (_, Err(error)) => drop(guard.failed(&error)),
        // Without a wish there is no answer.
        (None, Ok(_)) => {}
    }
}

/// What writes a connection's line. Anybody can make connections that never show a token.
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

/// Which terminal a client wants.
struct Wanted {
    terminal_id: String,
    size: PtySize,
}

impl Wanted {
    /// `/terminal/ID?cols=80&rows=24`
    fn of(uri: &Uri) -> Option<Self> {
        let terminal_id = uri.path().strip_prefix("/terminal/")?;
        let pairs = || uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let number = |key, usual| pairs().find(|(name, _)| *name == key).map_or(Some(usual), |(_, n)| n.parse().ok());
        let size = pty::size(number("cols", 80)?, number("rows", 24)?);
        is_word(terminal_id).then(|| Self { terminal_id: terminal_id.to_owned(), size })
    }
}

/// Shakes hands. `None` where no connection came up: nobody said anything, somebody wanted the page, or we refused.
/// Whatever else went wrong is how a connection ended.
async fn open(stream: TcpStream, token: &Token, timing: Timing) -> Option<(Option<Wanted>, Result<Socket, Error>)> {
    let (patience, login) = (timing.heartbeat().every * Heartbeat::PATIENCE, timing.login());
    let socket = SockRef::from(&stream);
    // Where they cannot be set, pings still find out.
    let _ = (socket.set_tcp_nodelay(true), socket.set_tcp_user_timeout(Some(patience)));
    if timeout(login, page::is_wanted(&stream)).await.ok()?.ok()? {
        // A page that does not arrive is asked for again.
        let _ = timeout(login, page::serve(stream)).await;
        return None;
    }
    let mut wanted = None;
    #[allow(clippy::result_large_err, reason = "tungstenite's own signature")]
    let answer = |request: &Request, mut response: Response| {
        let status = if !page::admits(request) {
            StatusCode::FORBIDDEN
        } else if !token.is_shown_by(request) {
            StatusCode::UNAUTHORIZED
        } else {
            wanted = Wanted::of(request.uri());
            StatusCode::NOT_FOUND
        };
        if wanted.is_some() {
            // A browser wants one of those that its page offers.
            if request.headers().contains_key(SEC_WEBSOCKET_PROTOCOL) {
                response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
            }
            return Ok(response);
        }
        let mut refusal = ErrorResponse::new(None);
        *refusal.status_mut() = status;
        Err(refusal)
    };
    let stream: Box<dyn Io> = Box::new(Watched::new(stream).hold_write_errors());
    let shaken = timeout(login, accept_hdr_async_with_config(stream, answer, Some(limits()))).await;
    let socket = shaken.unwrap_or_else(|elapsed| Err(Error::Io(elapsed.into())));
    match socket {
        Err(Error::Http(_)) => None,
        socket => Some((wanted, socket)),
    }
}

/// Moves bytes between the client and its terminal until one of them ends. Gives the socket back, to be closed.
async fn converse(
    socket: Socket,
    screen: Screen,
    ended: &DisconnectHandle,
    run: &Run,
    heartbeat: Heartbeat,
) -> Option<Socket> {
    let (mut sink, mut stream) = socket.split();
    let Screen { mut output, keys, replaced } = screen;
    let mut ticks = interval(heartbeat.every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut unanswered, mut is_flushed, mut typed) = (0, true, None);
    let error = loop {
        tokio::select! {
            message = stream.next(), if typed.is_none() => {
                unanswered = 0;
                match read(message) {
                    Ok(input) => typed = input,
                    Err(error) => break Some(error),
                }
            }
            permit = keys.reserve(), if typed.is_some() => if let (Ok(permit), Some(input)) = (permit, typed.take()) {
                permit.send(input);
            },
            bytes = output.recv(), if is_flushed => match bytes.map(|bytes| sink.start_send_unpin(Message::binary(bytes))) {
                Some(Ok(())) => is_flushed = false,
                Some(Err(error)) => break Some(error.into()),
                // The terminal lets its client go, and has said why.
                None => break None,
            },
            flushed = sink.flush(), if !is_flushed => match flushed {
                Ok(()) => is_flushed = true,
                Err(error) => break Some(error.into()),
            },
            // Not while the client is not listened to.
            _ = ticks.tick(), if typed.is_none() => {
                if unanswered == Heartbeat::PATIENCE {
                    break Some(LinkError::Silent(unanswered));
                }
                unanswered += 1;
                if is_flushed && let Err(error) = sink.start_send_unpin(Message::Ping(Vec::new().into())) {
                    break Some(error.into());
                }
                is_flushed = false;
            }
            () = replaced.cancelled() => break None,
            () = run.closing.cancelled() => break None,
        }
    };
    if let Some(error) = error {
        ended.failed(&error);
    }
    sink.reunite(stream).ok()
}

/// What a message asks for, if anything.
fn read(message: Option<Result<Message, Error>>) -> Result<Option<Input>, LinkError> {
    Ok(match message.ok_or(LinkError::Eof)?? {
        Message::Text(text) => Some(Control::input(&text).unwrap_or_else(|| Input::Keys(text.as_bytes().to_vec()))),
        Message::Binary(bytes) => Some(Input::Keys(bytes.into())),
        Message::Close(frame) => return Err(Closed::by(frame).into()),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => None,
    })
}

/// A text that is no input: `{"resize":{"cols":80,"rows":24}}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Control {
    resize: Size,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Size {
    cols: u16,
    rows: u16,
}

impl Control {
    fn input(text: &str) -> Option<Input> {
        let Self { resize: Size { cols, rows } } = serde_json::from_str(text).ok()?;
        Some(Input::Size(pty::size(cols, rows)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn wanted(uri: &str) -> Option<(String, u16, u16)> {
        Wanted::of(&uri.parse().unwrap()).map(|wanted| (wanted.terminal_id, wanted.size.cols, wanted.size.rows))
    }

    #[test]
    fn a_terminal_has_an_id_and_a_size() {
        assert_eq!(wanted("/terminal/main-1?cols=99&rows=33"), Some(("main-1".to_owned(), 99, 33)));
        assert_eq!(wanted("/terminal/x"), Some(("x".to_owned(), 80, 24)));
        for hostile in
            ["/", "/terminal/", "/terminal/a%20b", "/terminal/a/b", "/terminal/x?cols=-1", "/terminal/x?rows=70000"]
        {
            assert_eq!(wanted(hostile), None, "{hostile}");
        }
    }

    #[test]
    fn a_resize_is_no_input() {
        assert!(matches!(Control::input(r#"{"resize":{"cols":99,"rows":33}}"#), Some(Input::Size(_))));
        assert!(Control::input(r#"{"resize":{"cols":99}}"#).is_none());
        assert!(Control::input("ls\n").is_none());
    }
}
