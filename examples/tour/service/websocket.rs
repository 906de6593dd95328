//! A connection over WebSocket, as a service would write it: the same task serves either end of either layer.

use std::error::Error;

use disconnect_core::evidence::{Reading, Side, Verdict};
use disconnect_core::{Classifier, Code, Disconnect, DisconnectCause, DisconnectReason, Endpoint, disconnected};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::error::{Error as WsError, ProtocolError};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

static CLASSIFIER: Classifier = Classifier::with(&[read_tungstenite]);

/// Echoes until the connection ends, and says in one line why it did.
pub(crate) async fn serve(end: Endpoint, id: u64, mut socket: WebSocketStream<TcpStream>) {
    let ended =
        echo(end, &mut socket).await.unwrap_or_else(|err| end.failed(&CLASSIFIER, &err).detail(err.to_string()));
    disconnected!(ended, connection_id = id, "websocket closed");
}

async fn echo(end: Endpoint, socket: &mut WebSocketStream<TcpStream>) -> Result<Disconnect, WsError> {
    while let Some(message) = socket.next().await {
        match message? {
            Message::Close(frame) => {
                let ended = received(end, frame.as_ref());
                // Answers the close. An error of closing is not the error of the connection.
                let _ = socket.flush().await;
                return Ok(ended);
            }
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message).await?,
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
    Ok(end.eof())
}

/// What the peer's close frame means. Only the two codes whose meaning is plain are read: of any other one, the line
/// keeps the code and claims nothing.
fn received(end: Endpoint, frame: Option<&CloseFrame>) -> Disconnect {
    let code = frame.map_or(CloseCode::Status, |frame| frame.code);
    let verdict = match code {
        CloseCode::Normal => Verdict::closed(Side::Remote),
        CloseCode::Away => Verdict::going_away(Side::Remote),
        _ => Verdict::new(DisconnectReason::Unknown, Side::Remote),
    };
    end.resolve(verdict.code(Code::websocket(code.into())))
}

/// What the errors of tungstenite mean; the I/O errors inside them are understood anyway.
fn read_tungstenite<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let violation = |cause| Verdict::new(DisconnectReason::ProtocolError, Side::Remote).cause(cause);
    let verdict = error.downcast_ref().and_then(|error| match error {
        WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => {
            Some(Verdict::new(DisconnectReason::NetworkError, Side::Network).cause(DisconnectCause::UncleanEof))
        }
        WsError::Protocol(_) | WsError::Utf8(_) => Some(violation(DisconnectCause::Malformed)),
        WsError::Capacity(_) => Some(violation(DisconnectCause::TooLarge)),
        _ => None,
    });
    verdict.into()
}
