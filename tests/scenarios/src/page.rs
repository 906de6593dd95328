//! A page with a terminal, with the requests of a browser: a WebSocket client.

use std::time::Duration;

use crate::process::Failure;
use crate::rogue::closed;
use futures_util::{SinkExt, StreamExt};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{WebSocketStream, client_async};

const PATIENCE: Duration = Duration::from_secs(20);

/// A page that is connected to a terminal.
pub(crate) struct Page {
    socket: WebSocketStream<TcpStream>,
    shown: String,
}

impl Page {
    /// Opens the terminal with this id, at this `host:port`.
    pub(crate) async fn open(address: &str, id: &str, token: &str) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        let mut request = format!("ws://{address}/terminal/{id}?cols=80&rows=24").into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", format!("workspace, token.{token}").parse()?);
        let (socket, _) = client_async(request, stream).await?;
        Ok(Self { socket, shown: String::new() })
    }

    pub(crate) async fn press(&mut self, keys: &str) -> Result<(), Failure> {
        Ok(self.socket.send(Message::text(keys)).await?)
    }

    /// Waits until the terminal has shown this text.
    pub(crate) async fn until(&mut self, wanted: &str) -> Result<(), Failure> {
        let looking = async {
            while !self.shown.contains(wanted) {
                let message = self.socket.next().await.ok_or("the terminal is gone")??;
                self.shown.push_str(&String::from_utf8_lossy(&message.into_data()));
            }
            Ok(())
        };
        timeout(PATIENCE, looking).await.unwrap_or_else(|_| Err(format!("{wanted:?} was not shown").into()))
    }

    /// Waits until the other side has closed with this code and this reason text.
    pub(crate) async fn closed(mut self) -> Result<(u16, String), Failure> {
        timeout(PATIENCE, closed(&mut self.socket)).await?
    }

    /// Leaves with this code.
    pub(crate) async fn leave(mut self, code: u16) -> Result<(), Failure> {
        self.socket.close(Some(CloseFrame { code: code.into(), reason: "".into() })).await?;
        timeout(PATIENCE, async { while let Some(Ok(_)) = self.socket.next().await {} }).await?;
        Ok(())
    }

    /// Sends bytes that are no frame, and waits until the other side closes with this code and this reason text.
    pub(crate) async fn rave(mut self) -> Result<(u16, String), Failure> {
        self.socket.get_mut().write_all(&[0xff; 16]).await?;
        self.closed().await
    }
}
