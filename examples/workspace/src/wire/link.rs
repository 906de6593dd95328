//! One WebSocket connection that carries JSON messages, with a heartbeat.

use std::marker::PhantomData;
use std::time::Duration;

use disconnect_core::evidence::Reading;
use disconnect_core::{Code, Disconnect, DisconnectCode, DisconnectEvidence, Protocol};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::io::{AsyncWriteExt, copy, sink};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::told;

use super::Socket;
use super::message::Build;

/// The close codes of this program, which no standard defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(websocket)]
pub(crate) enum OwnCode {
    /// The data path failed on the other side of the relay.
    #[code(4001)]
    #[reason(NetworkError, cause = UncleanEof)]
    Lost,
    /// A newer connection replaced this one.
    #[code(4002)]
    #[reason(Unknown, cause = Replaced)]
    Replaced,
}

/// Why the connection has no more messages. Every variant declares its verdict.
#[derive(Debug, Error, DisconnectEvidence)]
pub(crate) enum LinkError {
    /// The peer said goodbye.
    #[error(transparent)]
    #[transparent]
    Closed(#[from] Closed),
    #[error("the bytes stopped without a close frame")]
    #[reason(NetworkError, cause = UncleanEof)]
    Eof,
    #[error("no answer to {0} pings")]
    #[reason(NetworkError, cause = KeepaliveTimeout)]
    Silent(u32),
    #[error("not a message of this connection: {0}")]
    #[reason(ProtocolError, side = Remote, cause = Malformed)]
    Malformed(String),
    #[error(transparent)]
    #[transparent]
    WebSocket(#[from] tungstenite::Error),
}

/// A received close frame, with its code and its reason text.
#[derive(Debug, Error)]
#[error("the peer closed with {code}{separator}{reason}", separator = if reason.is_empty() { "" } else { ": " })]
pub(crate) struct Closed {
    pub(crate) code: Code,
    reason: String,
}

impl Closed {
    /// RFC 6455, section 7.1.5: 1005 means a close frame without a code.
    pub(crate) fn by(frame: Option<CloseFrame>) -> Self {
        let (code, reason) = frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string()));
        Self { code: Code::websocket(code), reason }
    }
}

impl DisconnectEvidence for Closed {
    fn evidence(&self) -> Reading<'_> {
        Reading::verdict(self.code.received())
    }
}

/// How many pings in a row may go unanswered.
pub(crate) const PATIENCE: u32 = 3;

/// A connection that sends messages of type `Out` and receives messages of type `In`.
pub(crate) struct Link<Out, In> {
    socket: Socket,
    ticks: tokio::time::Interval,
    /// Counted, not timed: after a sleep of this process, the peer's answers may still be unread.
    unanswered: u32,
    messages: PhantomData<fn(Out) -> In>,
}

impl<Out: Serialize, In: DeserializeOwned> Link<Out, In> {
    pub(crate) fn new(socket: Socket, heartbeat: Duration) -> Self {
        let mut ticks = interval(heartbeat);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, ticks, unanswered: 0, messages: PhantomData }
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// The message cannot be encoded as JSON, or the connection is lost and has nothing left to read.
    pub(crate) async fn send(&mut self, message: &Out) -> Result<(), LinkError> {
        let text = serde_json::to_string(message).map_err(|error| LinkError::Malformed(error.to_string()))?;
        Ok(self.socket.send(Message::text(text)).await?)
    }

    /// Returns the next message. Cancel safe.
    ///
    /// # Errors
    ///
    /// The connection ended. The error is the reason.
    pub(crate) async fn next(&mut self) -> Result<In, LinkError> {
        loop {
            let message = tokio::select! {
                message = self.socket.next() => message,
                _ = self.ticks.tick() => {
                    self.ping().await?;
                    continue;
                }
            };
            self.unanswered = 0;
            match message.ok_or(LinkError::Eof)?? {
                Message::Text(text) => return parse(&text),
                Message::Binary(_) => return Err(LinkError::Malformed("binary".to_owned())),
                Message::Close(frame) => {
                    // Answers the close.
                    let _ = self.socket.flush().await;
                    return Err(Closed::by(frame).into());
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    async fn ping(&mut self) -> Result<(), LinkError> {
        if self.unanswered == PATIENCE {
            return Err(LinkError::Silent(self.unanswered));
        }
        self.unanswered += 1;
        Ok(self.socket.send(Message::Ping(Vec::new().into())).await?)
    }

    /// Closes a connection with the code of this end, and waits for the peer's answer for a limited time. The caller
    /// has recorded the end before, so an error of the close does not count.
    pub(crate) async fn close(mut self, end: &Disconnect, build: Option<&Build>) {
        close(&mut self.socket, close_code(end), &told::why(end, build)).await;
    }
}

/// A lost peer does not answer a close.
pub(super) const CLOSING: Duration = Duration::from_secs(1);

/// The close code for this end. `None` if the peer would not receive it.
pub(crate) fn close_code(end: &Disconnect) -> Option<u16> {
    end.close_code(Protocol::WebSocket).and_then(|code| u16::try_from(code.number()?).ok())
}

/// RFC 6455, section 5.5: the maximum length of the reason text in a close frame.
const MOST_WORDS: usize = 123;

/// Closes a socket with this code and this text.
pub(crate) async fn close(socket: &mut Socket, code: Option<u16>, why: &str) {
    let Some(code) = code else { return };
    let reason = &why[..why.floor_char_boundary(MOST_WORDS)];
    let frame = CloseFrame { code: code.into(), reason: reason.into() };
    let closed = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
            // After a violation, further bytes are not parsed as messages. Closing a socket with unread bytes sends a
            // reset, which the peer would see instead of the close frame.
            let io = socket.get_mut();
            if io.shutdown().await.is_ok() {
                let _ = copy(io, &mut sink()).await;
            }
        } else {
            // The peer closed first: answer it.
            let _ = socket.flush().await;
        }
    };
    let _ = timeout(CLOSING, closed).await;
}

fn parse<In: DeserializeOwned>(text: &str) -> Result<In, LinkError> {
    serde_json::from_str(text).map_err(|error| LinkError::Malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use disconnect_core::Category;

    use super::*;
    use crate::ends::AGENT_FACING_SERVER;

    #[test]
    fn a_goodbye_is_what_its_code_says() {
        let closed = LinkError::from(Closed::by(None));
        let end = AGENT_FACING_SERVER.failed(&closed);
        assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("graceful", Some("server")));
        let going_away = LinkError::from(Closed { code: Code::websocket(1001), reason: String::new() });
        let end = AGENT_FACING_SERVER.failed(&going_away);
        assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("server_shutdown", Some("server")));
    }
}
