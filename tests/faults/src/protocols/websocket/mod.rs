//! WebSocket by tokio-tungstenite, plain and over TLS: a service's loop, and what it makes of every way to end.

mod closes;
mod connect;
mod losses;
mod violations;

use std::time::Duration;

use disconnect_core::{
    Classifier, Code, Disconnect, DisconnectGuard, DisconnectHandle, Endpoint, Shutdown, classifier,
};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};

use super::Outcome;
use crate::line::{line, line_of};
use crate::matrix::Matrix;

static CLASSIFIER: Classifier =
    classifier![tungstenite = tokio_tungstenite::tungstenite, rustls = tokio_rustls::rustls, tokio = tokio,];

type Failure = Box<dyn std::error::Error + Send + Sync>;

const PROTOCOL: &str = "websocket";

/// Longer than any of these tests: only a peer that is silent on purpose is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    closes::run(matrix).await?;
    violations::run(matrix).await?;
    losses::run(matrix).await
}

pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    losses::peer(arguments).await
}

/// One end of one connection, as a service that echoes text keeps it.
struct Session<S> {
    socket: WebSocketStream<S>,
    end: Endpoint,
    idle: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn new(socket: WebSocketStream<S>, end: Endpoint) -> Self {
        Self { socket, end, idle: PATIENCE }
    }

    /// Serves until the peer is done, or `stop` says that this process is, whose shutdown was told before.
    async fn serve_until(mut self, shutdown: &Shutdown, stop: oneshot::Receiver<()>) -> Disconnect {
        line_of(DisconnectGuard::new(self.end, |_| ()).under(shutdown), async |ended| {
            tokio::select! {
                result = self.messages(ended.clone()) => result,
                _ = stop => self.shut_down(ended).await,
            }
        })
        .await
    }

    /// Serves until the peer is done.
    async fn serve(mut self) -> Disconnect {
        line(self.end, |ended| self.messages(ended)).await
    }

    async fn messages(&mut self, ended: DisconnectHandle) -> Result<Disconnect, Failure> {
        loop {
            match timeout(self.idle, self.socket.next()).await? {
                Some(Ok(Message::Close(frame))) => {
                    let heard = said(self.end, frame);
                    // Sends the answer, which the socket's own `close` would refuse to. Whatever goes wrong from here on
                    // follows from the goodbye.
                    let _ = SinkExt::close(&mut self.socket).await;
                    return Ok(heard);
                }
                Some(Ok(Message::Binary(_))) => {
                    return self.leave(ended, Some(close_frame(CloseCode::Unsupported, "text only"))).await;
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => {
                    self.complain(&error).await;
                    return Err(error.into());
                }
                None => return Ok(self.end.eof()),
            }
        }
    }

    /// The peer's violation is told to it, so that it can say on its side why the connection ended.
    async fn complain(&mut self, error: &Error) {
        let complaint = match error {
            Error::Capacity(_) => CloseCode::Size,
            Error::Utf8(_) => CloseCode::Invalid,
            Error::Protocol(_) => CloseCode::Protocol,
            _ => return,
        };
        let _ = self.socket.close(Some(close_frame(complaint, ""))).await;
        self.linger().await;
    }

    /// Ends the connection: with a code, or with a goodbye that gives none.
    async fn close(&mut self, goodbye: Option<CloseFrame>) -> Disconnect {
        line(self.end, |ended| self.leave(ended, goodbye)).await
    }

    async fn leave(&mut self, ended: DisconnectHandle, goodbye: Option<CloseFrame>) -> Result<Disconnect, Failure> {
        ended.set(match &goodbye {
            Some(frame) => self.end.sent(Code::websocket(frame.code.into())),
            None => self.end.closed_locally(),
        });
        let closed = self.socket.close(goodbye).await;
        self.linger().await;
        closed?;
        Ok(ended.so_far())
    }

    /// This process goes away: the connection adds its code before it closes, and then what became of the goodbye.
    async fn shut_down(&mut self, ended: DisconnectHandle) -> Result<Disconnect, Failure> {
        ended.set(self.end.sent(Code::websocket(CloseCode::Away.into())));
        self.socket.close(Some(close_frame(CloseCode::Away, ""))).await?;
        timeout(self.idle, self.answer()).await??;
        Ok(ended.so_far())
    }

    /// Until the peer has answered a close frame, or is gone.
    async fn answer(&mut self) -> Result<(), Error> {
        while let Some(message) = self.socket.next().await {
            if message?.is_close() {
                break;
            }
        }
        Ok(())
    }

    /// Says that nothing more will come, and reads on until the peer has closed too: to close with bytes unread would be
    /// a reset, which can overtake the close frame.
    async fn linger(&mut self) {
        let stream = self.socket.get_mut();
        let _ = stream.shutdown().await;
        let _ = timeout(PATIENCE, tokio::io::copy(stream, &mut tokio::io::sink())).await;
    }
}

/// What a close frame means. One without a code is what the protocol calls 1005.
fn said(end: Endpoint, frame: Option<CloseFrame>) -> Disconnect {
    match frame {
        Some(frame) => end.received(Code::websocket(frame.code.into())).with_detail(frame.reason.to_string()),
        None => end.received(Code::websocket(1005)),
    }
}

fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}

/// Which two roles stand at the ends of a connection.
#[derive(Clone, Copy)]
struct Link {
    dialer: Stand,
    listener: Stand,
}

/// A role, and the endpoint that it stands at.
type Stand = (&'static str, Endpoint);

const fn stand(role: &'static str, end: Endpoint) -> Stand {
    (role, end.with_classifier(&CLASSIFIER))
}

impl Link {
    /// A client's session on an agent.
    const SESSION: Self = Self {
        dialer: stand("client", Endpoint::CLIENT_FACING_AGENT),
        listener: stand("agent", Endpoint::AGENT_FACING_CLIENT),
    };
    /// A client's control plane.
    const CONTROL: Self = Self {
        dialer: stand("client", Endpoint::CLIENT_FACING_SERVER),
        listener: stand("server", Endpoint::SERVER_FACING_CLIENT),
    };
    /// An agent's control plane.
    const COORDINATION: Self = Self {
        dialer: stand("agent", Endpoint::AGENT_FACING_SERVER),
        listener: stand("server", Endpoint::SERVER_FACING_AGENT),
    };
}

/// One of the two ends.
#[derive(Clone, Copy, PartialEq)]
enum Which {
    Dialer,
    Listener,
}
