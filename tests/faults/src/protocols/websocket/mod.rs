//! WebSocket with tokio-tungstenite, plain and over TLS: the loop of a service under every kind of end.

mod closes;
mod connect;
mod losses;
mod secure;
mod upgrades;
mod violations;

use std::time::Duration;

use disconnect_core::{Classifier, Disconnect, DisconnectGuard, DisconnectHandle, Endpoint, Shutdown, classifier};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Message, protocol::CloseFrame};

use super::Outcome;
use crate::line::{line, line_of};
use crate::matrix::Matrix;
use crate::recipes::tungstenite::{self as recipe, BoxError};

static CLASSIFIER: Classifier =
    classifier![tungstenite = tokio_tungstenite::tungstenite, rustls = tokio_rustls::rustls, tokio = tokio,];

const PROTOCOL: &str = "websocket";

/// Longer than any of these cases. Only the cases with a silent peer wait for a timeout.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    closes::run(matrix).await?;
    violations::run(matrix).await?;
    upgrades::run(matrix).await?;
    losses::run(matrix).await?;
    secure::run(matrix).await
}

pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    losses::peer(arguments).await
}

/// One side of a connection: a service that echoes text.
struct Session<S> {
    socket: WebSocketStream<S>,
    end: Endpoint,
    idle: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Session<S> {
    fn new(socket: WebSocketStream<S>, end: Endpoint) -> Self {
        Self { socket, end, idle: PATIENCE }
    }

    /// Serves until the peer is done, or until `stop`, after the shutdown has begun. Messages that have arrived by then
    /// are handled first.
    async fn serve_until(mut self, shutdown: &Shutdown, stop: oneshot::Receiver<()>) -> Disconnect {
        line_of(DisconnectGuard::new(self.end, |_| ()).under(shutdown), async |ended| {
            tokio::select! {
                biased;
                result = self.messages(ended.clone()) => result,
                _ = stop => self.leave(ended, Some(close_frame(CloseCode::Away, ""))).await,
            }
        })
        .await
    }

    /// Serves until the peer is done.
    async fn serve(mut self) -> Disconnect {
        line(self.end, |ended| self.messages(ended)).await
    }

    async fn messages(&mut self, ended: DisconnectHandle) -> Result<Disconnect, BoxError> {
        loop {
            match recipe::next(&mut self.socket, self.end, self.idle).await? {
                Ok(Message::Binary(_)) => {
                    return self.leave(ended, Some(close_frame(CloseCode::Unsupported, "text only"))).await;
                }
                Ok(_) => {}
                Err(end) => return Ok(end),
            }
        }
    }

    /// Closes the connection: with a code, or with an empty close frame.
    async fn close(&mut self, goodbye: Option<CloseFrame>) -> Disconnect {
        line(self.end, |ended| self.leave(ended, goodbye)).await
    }

    async fn leave(&mut self, ended: DisconnectHandle, goodbye: Option<CloseFrame>) -> Result<Disconnect, BoxError> {
        recipe::close(&mut self.socket, self.end, &ended, goodbye, self.idle).await
    }
}

/// The code and reason of a received close frame.
fn said(end: &Disconnect) -> String {
    format!("{:?} {:?}", end.code(), end.detail())
}

fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    CloseFrame { code, reason: reason.into() }
}

/// The roles of the two sides.
#[derive(Clone, Copy)]
struct Link {
    dialer: Stand,
    listener: Stand,
}

/// A role with its endpoint.
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
    /// A client's control connection.
    const CONTROL: Self = Self {
        dialer: stand("client", Endpoint::CLIENT_FACING_SERVER),
        listener: stand("server", Endpoint::SERVER_FACING_CLIENT),
    };
    /// An agent's control connection.
    const COORDINATION: Self = Self {
        dialer: stand("agent", Endpoint::AGENT_FACING_SERVER),
        listener: stand("server", Endpoint::SERVER_FACING_AGENT),
    };
}

/// One of the two sides.
#[derive(Clone, Copy, PartialEq)]
enum Which {
    Dialer,
    Listener,
}
