//! A WebSocket connection, written as in a service. The same task serves any endpoint.

use disconnect_core::{Classifier, Code, Disconnect, DisconnectGuard, Endpoint, classifier, disconnected};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

static CLASSIFIER: Classifier = classifier![tungstenite = tokio_tungstenite::tungstenite];

/// Echoes until the connection ends. The guard logs the end.
pub(crate) async fn serve(end: Endpoint, id: u64, mut socket: WebSocketStream<TcpStream>) {
    let end = end.with_classifier(&CLASSIFIER);
    let write = move |end: &Disconnect| disconnected!(end, connection_id = id, "websocket closed");
    // The error is already in the line.
    let _ = DisconnectGuard::new(end, write).run(async |_| echo(end, &mut socket).await).await;
}

async fn echo(end: Endpoint, socket: &mut WebSocketStream<TcpStream>) -> Result<Disconnect, WsError> {
    while let Some(message) = socket.next().await {
        match message? {
            Message::Close(frame) => {
                let code = frame.as_ref().map_or(CloseCode::Status, |frame| frame.code);
                // Answers the close frame. An error here is not the end reason.
                let _ = socket.flush().await;
                return Ok(end.received(Code::websocket(code.into())));
            }
            message @ (Message::Text(_) | Message::Binary(_)) => socket.send(message).await?,
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
    Ok(end.eof())
}
