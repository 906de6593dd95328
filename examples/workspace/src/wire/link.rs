//! One WebSocket connection that carries JSON messages, with a heartbeat.

use std::marker::PhantomData;
use std::time::Duration;

use disconnect_core::evidence::Reading;
use disconnect_core::{Code, DisconnectEvidence};
use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::ends::CLASSIFIER;

use super::Socket;

/// The close code of a connection whose place was taken by a newer one.
pub(crate) const REPLACED: u16 = 4002;

/// Why nothing more comes. Every variant says what it means for the connection.
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
    /// The relay says that the other leg broke.
    #[error("the other leg of the relay broke")]
    #[reason(NetworkError, cause = UncleanEof, code = Code::websocket(super::tunnel::LOST))]
    OtherLeg,
    /// The server says that it is served by somebody else now.
    #[error("a newer connection took the place of this one")]
    #[reason(Unknown, side = Remote, cause = Replaced, code = Code::websocket(REPLACED))]
    Replaced,
    #[error("not a message of this connection: {0}")]
    #[reason(ProtocolError, side = Remote, cause = Malformed)]
    Malformed(String),
    #[error(transparent)]
    #[transparent]
    WebSocket(#[from] tungstenite::Error),
}

/// A close frame that arrived; its code says why.
#[derive(Debug, Error)]
#[error("the peer closed with {0}")]
pub(crate) struct Closed(pub(crate) Code);

impl Closed {
    /// RFC 6455, section 7.1.5: 1005 stands for a close frame without a code.
    pub(crate) fn by(frame: Option<CloseFrame>) -> Self {
        Self(Code::websocket(frame.map_or(1005, |frame| frame.code.into())))
    }
}

impl DisconnectEvidence for Closed {
    fn evidence(&self) -> Reading<'_> {
        Reading::verdict(self.0.received())
    }
}

/// How often the peer is asked whether it is there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) every: Duration,
}

impl Heartbeat {
    /// How many pings in a row may go unanswered.
    pub(crate) const PATIENCE: u32 = 3;
}

/// A connection on which messages of type `Out` go and messages of type `In` come.
pub(crate) struct Link<Out, In> {
    socket: Socket,
    ticks: tokio::time::Interval,
    /// Counted, and not timed: after a sleep of this process the peer's answers may not have been read yet.
    unanswered: u32,
    /// What could not be sent. The peer may have said goodbye before, which is still to be read.
    unsent: Option<tungstenite::Error>,
    messages: PhantomData<fn(Out) -> In>,
}

impl<Out: Serialize, In: DeserializeOwned> Link<Out, In> {
    pub(crate) fn new(socket: Socket, heartbeat: Heartbeat) -> Self {
        let mut ticks = interval(heartbeat.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { socket, ticks, unanswered: 0, unsent: None, messages: PhantomData }
    }

    /// Sends a message. Where the peer has gone, [`next`](Self::next) says how, after what it had said before.
    ///
    /// # Errors
    ///
    /// The message cannot be written as JSON.
    pub(crate) async fn send(&mut self, message: &Out) -> Result<(), LinkError> {
        let text = serde_json::to_string(message).map_err(|error| LinkError::Malformed(error.to_string()))?;
        self.write(Message::text(text)).await;
        Ok(())
    }

    async fn write(&mut self, message: Message) {
        if self.unsent.is_none() {
            self.unsent = self.socket.send(message).await.err();
        }
    }

    /// The next message. It may be dropped and called again.
    ///
    /// # Errors
    ///
    /// There are no more, and why.
    pub(crate) async fn next(&mut self) -> Result<In, LinkError> {
        loop {
            let message = if self.unsent.is_some() {
                // It comes at once, if anything does.
                let Ok(message) = timeout(CLOSING, self.socket.next()).await else {
                    return Err(self.stronger(LinkError::Eof));
                };
                message
            } else {
                tokio::select! {
                    message = self.socket.next() => message,
                    _ = self.ticks.tick() => {
                        self.ping().await?;
                        continue;
                    }
                }
            };
            self.unanswered = 0;
            let message = message.ok_or(LinkError::Eof).and_then(|message| Ok(message?));
            match message.map_err(|error| self.stronger(error))? {
                Message::Text(text) => return parse(&text),
                Message::Binary(_) => return Err(LinkError::Malformed("binary".to_owned())),
                Message::Close(frame) => {
                    // Answers the close.
                    let _ = self.socket.flush().await;
                    return Err(match frame {
                        Some(frame) if u16::from(frame.code) == REPLACED => LinkError::Replaced,
                        frame => Closed::by(frame).into(),
                    });
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }

    /// Of what sending and what reading ended with. The system tells of a reset only once.
    fn stronger(&mut self, read: LinkError) -> LinkError {
        let rank = |error: &LinkError| CLASSIFIER.verdict(error).rank();
        let unsent = self.unsent.take().map(LinkError::from);
        unsent.filter(|unsent| rank(unsent) >= rank(&read)).unwrap_or(read)
    }

    async fn ping(&mut self) -> Result<(), LinkError> {
        if self.unanswered == Heartbeat::PATIENCE {
            return Err(LinkError::Silent(self.unanswered));
        }
        self.unanswered += 1;
        self.write(Message::Ping(Vec::new().into())).await;
        Ok(())
    }

    /// Closes with this code, and waits for the peer's answer, but not for long. Whoever calls it has said before why:
    /// an error of closing is not the error of the connection.
    pub(crate) async fn close(mut self, code: u16) {
        close(&mut self.socket, code).await;
    }
}

/// A peer that has gone does not answer a close.
pub(super) const CLOSING: Duration = Duration::from_secs(1);

/// Closes a socket with this code.
pub(crate) async fn close(socket: &mut Socket, code: u16) {
    let frame = CloseFrame { code: code.into(), reason: "".into() };
    let closed = async {
        if socket.close(Some(frame)).await.is_ok() {
            while let Some(Ok(_)) = socket.next().await {}
        } else {
            // The peer closed first: it gets its answer.
            let _ = socket.flush().await;
        }
    };
    let _ = timeout(CLOSING, closed).await;
}

fn parse<In: DeserializeOwned>(text: &str) -> Result<In, LinkError> {
    serde_json::from_str(text).map_err(|error| LinkError::Malformed(error.to_string()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use disconnect_core::Category;
    use socket2::SockRef;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::{accept_async, client_async};

    use super::*;
    use crate::ends::{AGENT_FACING_SERVER, SERVER_FACING_AGENT};
    use crate::wire::Io;

    #[test]
    fn a_goodbye_is_what_its_code_says() {
        let closed = LinkError::from(Closed::by(None));
        let end = AGENT_FACING_SERVER.failed(&closed);
        assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("graceful", Some("server")));
        let going_away = LinkError::from(Closed(Code::websocket(1001)));
        let end = AGENT_FACING_SERVER.failed(&going_away);
        assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("server_shutdown", Some("server")));
    }

    #[tokio::test]
    async fn what_was_said_before_a_reset_is_read_although_writing_failed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let dialled = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let accepted: Box<dyn Io> = Box::new(listener.accept().await.unwrap().0);
        let (peer, socket) = tokio::join!(client_async("ws://localhost/", dialled), accept_async(accepted));
        let (mut peer, mut link) =
            (peer.unwrap().0, Link::<&str, String>::new(socket.unwrap(), Heartbeat { every: Duration::from_mins(1) }));
        peer.send(Message::text("\"goodbye\"")).await.unwrap();
        SockRef::from(peer.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        while link.unsent.is_none() {
            link.send(&"are you there?").await.unwrap();
        }
        assert_eq!(link.next().await.unwrap(), "goodbye");
        let end = SERVER_FACING_AGENT.failed(&link.next().await.unwrap_err());
        assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
    }
}
