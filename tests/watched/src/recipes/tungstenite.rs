//! tungstenite: the close frame is a message in the loop. Every other end is an error, or an end that the stream saw.

use std::pin::pin;
use std::time::Duration;

use disconnect_core::{BoxedGuard, Code, Disconnect, Endpoint};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::accept_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::BoxError;

/// Serves one connection. The client must answer within the timeout.
pub async fn serve(
    tcp: TcpStream,
    guard: BoxedGuard,
    (end, patience): (Endpoint, Duration),
    leaving: impl Future<Output = ()>,
    got: impl FnMut(),
) -> Result<Disconnect, BoxError> {
    let stream = guard.watch(tcp).silent_after(patience);
    guard.run(|_| messages(stream, (end, patience), leaving, got)).await
}

/// Echoes messages until one side ends the connection.
pub async fn messages<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    (end, patience): (Endpoint, Duration),
    leaving: impl Future<Output = ()>,
    mut got: impl FnMut(),
) -> Result<Disconnect, BoxError> {
    let mut socket = accept_async(stream).await?;
    let mut leaving = pin!(leaving.fuse());
    loop {
        let message = tokio::select! {
            message = timeout(patience, socket.next()) => message?,
            () = &mut leaving => {
                // The guard is under the `Shutdown`, which has the reason. The client's answer is a message.
                let away = CloseFrame { code: CloseCode::Away, reason: "".into() };
                socket.close(Some(away)).await?;
                continue;
            }
        };
        match message.transpose()? {
            None => return Ok(end.eof()),
            Some(Message::Close(frame)) => {
                // RFC 6455, section 7.1.5: a close frame without a code is 1005.
                let code = frame.map_or(1005, |frame| frame.code.into());
                // Sends the answer. A failure here follows from the goodbye.
                let _ = socket.flush().await;
                return Ok(end.received(Code::websocket(code)));
            }
            Some(message) => {
                got();
                socket.send(message).await?;
            }
        }
    }
}
