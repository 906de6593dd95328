//! Bytes over a WebSocket connection: a data path through the relay, for agent and client.

use std::pin::pin;

use disconnect_core::{Code, Disconnect, DisconnectHandle, Endpoint};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, copy, duplex, sink, split};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};

use super::link::{CLOSING, close, close_code};
use super::{Closed, LinkError, Socket};

/// The close code of a data path that failed on the other side of the relay.
pub(crate) const LOST: u16 = 4001;
/// RFC 6455, section 7.4.1.
pub(crate) const NORMAL: u16 = 1000;
/// "Try Again Later", from the registry of RFC 6455, section 11.7.
pub(crate) const TRY_AGAIN_LATER: u16 = 1013;

/// The close code of this side for this end. An error inside the tunnel is not a fault of the relay.
pub(crate) fn path_code(end: &Disconnect) -> u16 {
    close_code(end).filter(|_| end.expected()).unwrap_or(LOST)
}

/// The WebSocket below a byte stream. If it is dropped, the other side sees a lost data path.
pub(crate) struct Tunnel {
    code: oneshot::Sender<u16>,
    pump: JoinHandle<()>,
}

impl Tunnel {
    /// Makes a byte stream from a WebSocket.
    ///
    /// If the other side did not close cleanly, `ended` records that, as seen by this `endpoint`, before the reader
    /// sees the end of file. The protocol inside has its own goodbye, so a normal close is only an end of file.
    pub(crate) fn open(socket: Socket, endpoint: Endpoint, ended: DisconnectHandle) -> (DuplexStream, Self) {
        let (near, far) = duplex(64 * 1024);
        let (code, asked) = oneshot::channel();
        let pump = tokio::spawn(async move {
            let mut socket = socket;
            let code = pump(&mut socket, far, asked, endpoint, ended).await;
            close(&mut socket, code, "").await;
        });
        (near, Self { code, pump })
    }

    /// Lets the other side, which has said goodbye inside, close the socket. Closes with this code only if it does
    /// not.
    pub(crate) async fn let_close(mut self, code: u16) {
        if timeout(CLOSING, &mut self.pump).await.is_err() {
            self.close(code).await;
        }
    }

    /// Closes the socket, after the end is recorded.
    pub(crate) async fn close(self, code: u16) {
        let _ = self.code.send(code);
        let _ = self.pump.await;
    }
}

/// Copies bytes until the other side closes, or this side is told to. Returns the code to close with.
async fn pump(
    socket: &mut Socket,
    far: DuplexStream,
    asked: oneshot::Receiver<u16>,
    endpoint: Endpoint,
    ended: DisconnectHandle,
) -> Option<u16> {
    let (mut from_here, mut to_here) = split(far);
    match splice(socket, &mut from_here, &mut to_here, asked).await {
        Ok(code) => Some(code),
        Err(LinkError::Closed(closed)) if closed.code == Code::websocket(NORMAL) => {
            // Answers the close. The protocol inside gets an end of file, and not a write error.
            let _ = socket.flush().await;
            let _ = to_here.shutdown().await;
            let _ = timeout(CLOSING, copy(&mut from_here, &mut sink())).await;
            Some(NORMAL)
        }
        Err(error) => {
            let end = endpoint.failed(&error).with_detail(error.to_string());
            ended.set(end.clone());
            close_code(&end)
        }
    }
}

/// Copies bytes until the data path ends, or this side is told to close it. Returns the close code.
async fn splice(
    socket: &mut Socket,
    from_here: &mut ReadHalf<DuplexStream>,
    to_here: &mut WriteHalf<DuplexStream>,
    mut asked: oneshot::Receiver<u16>,
) -> Result<u16, LinkError> {
    let (to_peer, from_peer) = socket.split();
    let (mut outgoing, mut arriving) = (pin!(send_all(from_here, to_peer)), pin!(take_all(from_peer, to_here)));
    let mut is_all_sent = false;
    loop {
        tokio::select! {
            sent = &mut outgoing, if !is_all_sent => {
                sent?;
                is_all_sent = true;
            }
            end = &mut arriving => return Err(end),
            code = &mut asked => {
                // Sends the bytes that were written before the end.
                if !is_all_sent {
                    let _ = timeout(CLOSING, &mut outgoing).await;
                }
                return Ok(code.unwrap_or(LOST));
            }
        }
    }
}

/// Waits until this side writes nothing more.
async fn send_all(
    from_here: &mut ReadHalf<DuplexStream>,
    mut to_peer: impl Sink<Message, Error = WsError> + Unpin,
) -> Result<(), LinkError> {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from_here.read(&mut buffer).await {
        to_peer.send(Message::binary(buffer[..length].to_vec())).await?;
    }
    Ok(())
}

/// Receives until the other side ends. Returns the reason.
async fn take_all(
    mut from_peer: impl Stream<Item = Result<Message, WsError>> + Unpin,
    to_here: &mut WriteHalf<DuplexStream>,
) -> LinkError {
    loop {
        match bytes(from_peer.next().await) {
            // Nothing reads here any more: drops the rest, up to the close frame.
            Ok(Some(bytes)) => drop(to_here.write_all(&bytes).await),
            Ok(None) => {}
            Err(error) => return error,
        }
    }
}

/// The bytes of a message, if any.
pub(crate) fn bytes(message: Option<Result<Message, WsError>>) -> Result<Option<Vec<u8>>, LinkError> {
    match message.ok_or(LinkError::Eof)?? {
        Message::Binary(bytes) => Ok(Some(bytes.into())),
        Message::Close(frame) => Err(Closed::by(frame).into()),
        Message::Text(_) => Err(LinkError::Malformed("text on a data path".to_owned())),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
    }
}
