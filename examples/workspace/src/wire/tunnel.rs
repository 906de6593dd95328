//! Bytes over a WebSocket connection: a data path through the relay, as agent and client see it.

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, ReadHalf, WriteHalf, duplex, split};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::Message;

use disconnect_core::{Disconnect, DisconnectReason};

use super::link::close;
use super::{Closed, LinkError, Socket};

/// The close code of a path that broke on the other side of the relay.
pub(crate) const LOST: u16 = 4001;
/// RFC 6455, section 7.4.1.
pub(crate) const NORMAL: u16 = 1000;
/// RFC 6455, section 7.4.1.
pub(crate) const GOING_AWAY: u16 = 1001;

/// With which code a path is closed whose end is this one.
pub(crate) fn close_code(end: Option<&Disconnect>) -> u16 {
    match end {
        Some(end) if end.reason_as() == Some(DisconnectReason::ServerShutdown) => GOING_AWAY,
        Some(end) if end.expected() => NORMAL,
        _ => LOST,
    }
}

/// The WebSocket below a stream of bytes. Dropped, it tells the other side that the path is lost.
pub(crate) struct Tunnel {
    code: oneshot::Sender<u16>,
    pump: JoinHandle<()>,
}

impl Tunnel {
    /// Makes a stream of bytes of a socket.
    ///
    /// `broken` is called where the other end did not simply close: what speaks inside has a goodbye of its own, and
    /// a normal close is only the end of its bytes. It is called before that end of file can be seen.
    pub(crate) fn open(socket: Socket, broken: impl FnOnce(&LinkError) + Send + 'static) -> (DuplexStream, Self) {
        let (near, far) = duplex(64 * 1024);
        let (code, asked) = oneshot::channel();
        let pump = tokio::spawn(async move {
            let mut socket = socket;
            let code = pump(&mut socket, far, asked, broken).await;
            close(&mut socket, code).await;
        });
        (near, Self { code, pump })
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
    mut asked: oneshot::Receiver<u16>,
    broken: impl FnOnce(&LinkError),
) -> u16 {
    let (mut from_here, mut to_here): (ReadHalf<_>, WriteHalf<_>) = split(far);
    let mut buffer = vec![0; 16 * 1024];
    let mut is_open = true;
    loop {
        tokio::select! {
            read = from_here.read(&mut buffer), if is_open => {
                let length = read.unwrap_or(0);
                is_open = length > 0;
                if is_open && let Err(error) = socket.send(Message::binary(buffer[..length].to_vec())).await {
                    broken(&error.into());
                    return LOST;
                }
            }
            message = socket.next() => {
                match incoming(message) {
                    Ok(Some(bytes)) => drop(to_here.write_all(&bytes).await),
                    Ok(None) => {}
                    Err(LinkError::Closed(Closed(code))) if code.number() == i64::from(NORMAL) => return NORMAL,
                    Err(error) => {
                        broken(&error);
                        return LOST;
                    }
                }
            }
            code = &mut asked => {
                // What was written before the end still goes out.
                while let Ok(length @ 1..) = from_here.read(&mut buffer).await {
                    if socket.send(Message::binary(buffer[..length].to_vec())).await.is_err() {
                        break;
                    }
                }
                return code.unwrap_or(LOST);
            }
        }
    }
}

/// The bytes of a message, if it has some.
pub(crate) fn incoming(
    message: Option<Result<Message, tokio_tungstenite::tungstenite::Error>>,
) -> Result<Option<Vec<u8>>, LinkError> {
    match message.ok_or(LinkError::Eof)?? {
        Message::Binary(bytes) => Ok(Some(bytes.into())),
        Message::Close(Some(frame)) if u16::from(frame.code) == LOST => Err(LinkError::OtherLeg),
        Message::Close(frame) => Err(Closed::by(frame).into()),
        Message::Text(_) => Err(LinkError::Malformed("text on a data path".to_owned())),
        Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(None),
    }
}
