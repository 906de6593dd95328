//! tungstenite: the peer's close code, an end of file without one, a violation, a refused upgrade, an unanswered
//! goodbye.
//!
//! A close frame is a message, not an error. To close, record the end first, and then read on for the answer.

use std::time::Duration;

use disconnect_core::evidence::Side;
use disconnect_core::{Code, Disconnect, DisconnectHandle, DisconnectReason, Endpoint};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Returns the next message, or the end from the peer's close frame. tungstenite returns an error for an end of file
/// without one.
pub async fn next<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    end: Endpoint,
    patience: Duration,
) -> Result<Result<Message, Disconnect>, BoxError> {
    match timeout(patience, socket.next()).await? {
        Some(Ok(Message::Close(frame))) => {
            // RFC 6455, section 7.1.5: a close frame without a code is 1005.
            let (code, reason) =
                frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
            // Sends the answer. A failure here follows from the goodbye.
            let _ = SinkExt::close(socket).await;
            Ok(Err(end.received(Code::websocket(code)).with_detail(reason)))
        }
        Some(Ok(message)) => Ok(Ok(message)),
        Some(Err(error)) => {
            complain(socket, &error, patience).await;
            Err(error.into())
        }
        None => Ok(Err(end.eof())),
    }
}

/// Upgrades a connection that a server has accepted. A refusal by `check` is returned as an error and is by this side.
pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    end: Endpoint,
    check: impl FnOnce(&Request, Response) -> Result<Response, ErrorResponse> + Unpin,
) -> Result<WebSocketStream<S>, Disconnect> {
    accept_hdr_async(stream, check).await.map_err(|error| match error {
        Error::Http(_) => end.ended(DisconnectReason::Unknown, Side::Local),
        error => end.failed(&error),
    })
}

/// Sends the peer the code of its violation, so that it can log the reason.
async fn complain<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    error: &Error,
    patience: Duration,
) {
    let code = match error {
        Error::Capacity(_) => CloseCode::Size,
        Error::Utf8(_) => CloseCode::Invalid,
        Error::Protocol(_) => CloseCode::Protocol,
        _ => return,
    };
    let _ = socket.close(Some(CloseFrame { code, reason: "".into() })).await;
    linger(socket, patience).await;
}

/// Closes with this frame, or with an empty one. The end is recorded first, and the result of the goodbye refines it.
pub async fn close<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    end: Endpoint,
    ended: &DisconnectHandle,
    frame: Option<CloseFrame>,
    patience: Duration,
) -> Result<Disconnect, BoxError> {
    ended.set(frame.as_ref().map_or(end.closed_locally(), |frame| end.sent(Code::websocket(frame.code.into()))));
    socket.close(frame).await?;
    while let Some(message) = timeout(patience, socket.next()).await? {
        if message?.is_close() {
            break;
        }
    }
    linger(socket, patience).await;
    Ok(ended.so_far())
}

/// Closing a socket with unread bytes sends a reset, which can overtake the close frame.
async fn linger<S: AsyncRead + AsyncWrite + Unpin>(socket: &mut WebSocketStream<S>, patience: Duration) {
    let stream = socket.get_mut();
    let _ = stream.shutdown().await;
    let _ = timeout(patience, tokio::io::copy(stream, &mut tokio::io::sink())).await;
}
