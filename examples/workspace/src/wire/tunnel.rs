//! Bytes over a WebSocket connection: a data path through the relay, as agent and client see it.

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

/// The close code of a path that broke on the other side of the relay.
pub(crate) const LOST: u16 = 4001;
/// RFC 6455, section 7.4.1.
pub(crate) const NORMAL: u16 = 1000;
/// "Try Again Later", of the registry that RFC 6455, section 11.7 opens.
pub(crate) const TRY_AGAIN_LATER: u16 = 1013;

/// With which code this side closes a path that ended so. What went wrong inside is nothing that the relay did.
pub(crate) fn path_code(end: &Disconnect) -> u16 {
    close_code(end).filter(|_| end.expected()).unwrap_or(LOST)
}

/// The WebSocket below a stream of bytes. Dropped, it tells the other side that the path is lost.
pub(crate) struct Tunnel {
    code: oneshot::Sender<u16>,
    pump: JoinHandle<()>,
}

impl Tunnel {
    /// Makes a stream of bytes of a socket.
    ///
    /// Where the other end did not simply close, `ended` learns how this `endpoint` sees that, before the end of file can
    /// be seen: what speaks inside has a goodbye of its own, and a normal close is only the end of its bytes.
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

    /// Lets the other end, which has said goodbye inside, close the socket: with this code only where it does not.
    pub(crate) async fn let_close(mut self, code: u16) {
        if timeout(CLOSING, &mut self.pump).await.is_err() {
            self.close(code).await;
        }
    }

    /// Closes the socket, once why is said.
    pub(crate) async fn close(self, code: u16) {
        let _ = self.code.send(code);
        let _ = self.pump.await;
    }
}

/// Moves bytes until the other end closes, or this one is asked to: returns the code to close with.
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
            // Answers the close. What speaks inside finds the end of what it reads, and not an error of what it writes.
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

/// Moves bytes until the path is over, or this end is asked to close it: returns the code for that.
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
                // What was written before the end still goes out.
                if !is_all_sent {
                    let _ = timeout(CLOSING, &mut outgoing).await;
                }
                return Ok(code.unwrap_or(LOST));
            }
        }
    }
}

/// Until nothing more is written here.
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

/// Until nothing more comes, and why.
async fn take_all(
    mut from_peer: impl Stream<Item = Result<Message, WsError>> + Unpin,
    to_here: &mut WriteHalf<DuplexStream>,
) -> LinkError {
    loop {
        match bytes(from_peer.next().await) {
            // Nobody reads on here: the rest is dropped, up to the close frame.
            Ok(Some(bytes)) => drop(to_here.write_all(&bytes).await),
            Ok(None) => {}
            Err(error) => return error,
        }
    }
}

/// The bytes of a message, if it has some.
pub(crate) fn bytes(message: Option<Result<Message, WsError>>) -> Result<Option<Vec<u8>>, LinkError> {
    match message.ok_or(LinkError::Eof)?? {
        Message::Binary(bytes) => Ok(Some(bytes.into())),
        Message::Close(frame) => Err(Closed::by(frame).into()),
        Message::Text(_) => Err(LinkError::Malformed("text on a data path".to_owned())),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
    }
}
