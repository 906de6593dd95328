//! WebSocket by tokio-tungstenite, plain and over TLS: a service's loop, and what it makes of every way to end.

mod closes;
mod connect;
mod losses;
mod violations;

use std::time::Duration;

use disconnect_core::{Classifier, Code, Disconnect, DisconnectCause, Endpoint, classifier};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::{error::Elapsed, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, protocol::CloseFrame};

use super::Outcome;
use crate::matrix::Matrix;

static CLASSIFIER: Classifier =
    classifier![tungstenite = tokio_tungstenite::tungstenite, rustls = tokio_rustls::rustls, tokio = tokio,];

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

    /// Serves until the peer is done, or `shutdown` says that this process is.
    async fn serve_until(mut self, shutdown: oneshot::Receiver<()>) -> Disconnect {
        tokio::select! {
            ended = self.messages() => ended,
            _ = shutdown => self.shut_down().await,
        }
    }

    /// Serves until the peer is done.
    async fn serve(mut self) -> Disconnect {
        self.messages().await
    }

    async fn messages(&mut self) -> Disconnect {
        loop {
            match timeout(self.idle, self.socket.next()).await {
                Ok(Some(Ok(Message::Close(frame)))) => {
                    let ended = said(self.end, frame);
                    // Sends the answer, which the socket's own `close` would refuse to. Whatever goes wrong from here on
                    // follows from the goodbye.
                    let _ = SinkExt::close(&mut self.socket).await;
                    return ended;
                }
                Ok(Some(Ok(Message::Binary(_)))) => {
                    return self.close(Some(close_frame(CloseCode::Unsupported, "text only"))).await;
                }
                Ok(Some(Ok(_))) => {}
                Ok(Some(Err(error))) => return self.fail(&error).await,
                Ok(None) => return self.end.eof(),
                Err(silence) => return self.end.failed(&CLASSIFIER, &silence),
            }
        }
    }

    /// The peer's violation is told to it, so that it can say on its side why the connection ended.
    async fn fail(&mut self, error: &Error) -> Disconnect {
        let complaint = match error {
            Error::Capacity(_) => Some(CloseCode::Size),
            Error::Utf8(_) => Some(CloseCode::Invalid),
            Error::Protocol(_) => Some(CloseCode::Protocol),
            _ => None,
        };
        if let Some(code) = complaint {
            let _ = self.socket.close(Some(close_frame(code, ""))).await;
            self.linger().await;
        }
        self.end.failed(&CLASSIFIER, error)
    }

    /// Ends the connection: with a code, or with a goodbye that gives none.
    async fn close(&mut self, goodbye: Option<CloseFrame>) -> Disconnect {
        let ended = match &goodbye {
            Some(frame) => self.end.sent(Code::websocket(frame.code.into())),
            None => self.end.closed_locally(),
        };
        let _ = self.socket.close(goodbye).await;
        self.linger().await;
        ended
    }

    /// This process goes away: that is recorded before closing, whatever becomes of the goodbye.
    async fn shut_down(&mut self) -> Disconnect {
        let ended = self.end.shutting_down();
        let _ = self.socket.close(Some(close_frame(CloseCode::Away, ""))).await;
        match timeout(self.idle, self.answer()).await {
            Ok(()) => ended,
            Err(Elapsed { .. }) => ended.with_cause(DisconnectCause::Deadline),
        }
    }

    /// Until the peer has answered a close frame, or is gone.
    async fn answer(&mut self) {
        while let Some(Ok(message)) = self.socket.next().await {
            if message.is_close() {
                return;
            }
        }
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

impl Link {
    /// A client's session on an agent.
    const SESSION: Self =
        Self { dialer: ("client", Endpoint::CLIENT_FACING_AGENT), listener: ("agent", Endpoint::AGENT_FACING_CLIENT) };
    /// A client's control plane.
    const CONTROL: Self = Self {
        dialer: ("client", Endpoint::CLIENT_FACING_SERVER),
        listener: ("server", Endpoint::SERVER_FACING_CLIENT),
    };
    /// An agent's control plane.
    const COORDINATION: Self =
        Self { dialer: ("agent", Endpoint::AGENT_FACING_SERVER), listener: ("server", Endpoint::SERVER_FACING_AGENT) };
}

/// One of the two ends.
#[derive(Clone, Copy, PartialEq)]
enum Which {
    Dialer,
    Listener,
}
