//! Peers that violate the protocol on purpose.

use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use russh::ChannelMsg;
use russh::client;
use russh::keys::PublicKeyOrCertificate;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{interval, timeout};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

use crate::process::Failure;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server that sends an agent whatever the scenario wants.
pub(crate) struct Rogue {
    listener: TcpListener,
    pub(crate) url: String,
}

/// The server's side of an agent's connection.
pub(crate) struct RogueLink(WebSocketStream<TcpStream>);

impl Rogue {
    pub(crate) async fn new() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("ws://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// Accepts the next agent, and waits until both of its streams are open.
    pub(crate) async fn agent(&self) -> Result<RogueLink, Failure> {
        let (stream, _) = timeout(PATIENCE, self.listener.accept()).await??;
        let mut link = RogueLink(accept_async(stream).await?);
        link.heard("\"coordination\"").await?;
        link.say(r#"{"derp_map":{"relays":["derp-1"]}}"#).await?;
        Ok(link)
    }
}

impl RogueLink {
    pub(crate) async fn say(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// Reads until a message contains this text.
    async fn heard(&mut self, wanted: &str) -> Result<(), Failure> {
        let listening = async {
            while let Some(message) = self.0.next().await {
                if message?.to_text().is_ok_and(|text| text.contains(wanted)) {
                    return Ok(());
                }
            }
            Err(format!("the agent did not say {wanted}").into())
        };
        timeout(PATIENCE, listening).await?
    }

    /// Reads until the agent has closed.
    pub(crate) async fn closed(&mut self) -> Result<(), Failure> {
        Ok(timeout(PATIENCE, async { while let Some(Ok(_)) = self.0.next().await {} }).await?)
    }
}

/// A client or an agent that sends a server whatever the scenario wants.
pub(crate) struct RogueClient(WebSocketStream<TcpStream>);

impl RogueClient {
    pub(crate) async fn connect(address: &str, path: &str, token: &str) -> Result<Self, Failure> {
        let request = request(address, path, None, Some(token))?;
        Ok(Self(client_async(request, TcpStream::connect(address).await?).await?.0))
    }

    pub(crate) async fn say(&mut self, text: &str) -> Result<(), Failure> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// Reads until the server closes with this code and this reason text.
    pub(crate) async fn closed(&mut self) -> Result<(u16, String), Failure> {
        timeout(PATIENCE, closed(&mut self.0)).await?
    }
}

/// Reads until the other side closes with this code and this reason text.
pub(crate) async fn closed(socket: &mut WebSocketStream<TcpStream>) -> Result<(u16, String), Failure> {
    loop {
        let message = socket.next().await.ok_or("it ended without a close frame")??;
        if let Message::Close(frame) = message {
            return Ok(frame.map_or((1005, String::new()), |frame| (frame.code.into(), frame.reason.to_string())));
        }
    }
}

fn request(address: &str, path: &str, origin: Option<&str>, token: Option<&str>) -> Result<Request, Failure> {
    let mut request = format!("ws://{address}{path}").into_client_request()?;
    if let Some(origin) = origin {
        request.headers_mut().insert("origin", origin.parse()?);
    }
    if let Some(token) = token {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
    }
    Ok(request)
}

/// Sends a handshake, and returns the status of the answer.
pub(crate) async fn status(
    address: &str,
    path: &str,
    origin: Option<&str>,
    token: Option<&str>,
) -> Result<u16, Failure> {
    let request = request(address, path, origin, token)?;
    match client_async(request, TcpStream::connect(address).await?).await {
        Ok(_) => Ok(101),
        Err(Error::Http(answer)) => Ok(answer.status().as_u16()),
        Err(error) => Err(error.into()),
    }
}

/// Sends the same bytes one by one, again and again, until the other side closes.
pub(crate) async fn dribble(address: &str, bytes: &[u8]) -> Result<(), Failure> {
    let (mut from, mut to) = TcpStream::connect(address).await?.into_split();
    let dribbling = async {
        // tungstenite takes many small reads for an attack.
        let mut pauses = interval(Duration::from_millis(100));
        for byte in bytes.iter().chain(std::iter::repeat(&b'x')) {
            pauses.tick().await;
            if to.write_all(&[*byte]).await.is_err() {
                break;
            }
        }
    };
    let mut heard = Vec::new();
    let closed = async {
        tokio::select! {
            // A reset also counts as the end.
            _ = from.read_to_end(&mut heard) => {}
            () = dribbling => {}
        }
    };
    Ok(timeout(PATIENCE, closed).await?)
}

/// A client that does not check the agent's host key.
pub(crate) struct AnyKey;

impl client::Handler for AnyKey {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

/// What a client opens before it disconnects.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Opens {
    Nothing,
    Session,
    /// A command that has ended, with its channel closed by both sides.
    ClosedSession,
}

/// A client that logs in, opens this, and disconnects with this code.
pub(crate) async fn says_disconnect(address: &str, code: russh::Disconnect, opens: Opens) -> Result<(), Failure> {
    let mut client = client::connect(Arc::default(), address, AnyKey).await?;
    client.authenticate_none("rogue").await?;
    let _session = match opens {
        Opens::Nothing => None,
        Opens::Session => {
            let mut channel = client.channel_open_session().await?;
            channel.exec(true, "cat").await?;
            while !matches!(channel.wait().await.ok_or("the session is refused")?, ChannelMsg::Success) {}
            Some(channel)
        }
        Opens::ClosedSession => {
            let mut channel = client.channel_open_session().await?;
            channel.exec(true, "true").await?;
            // Waits for the agent's close, which russh answers.
            while channel.wait().await.is_some() {}
            None
        }
    };
    client.disconnect(code, "rogue", "en").await?;
    // The client's own view of the end does not matter.
    let _ = timeout(PATIENCE, client).await?;
    Ok(())
}

/// Connects and closes, like a port scanner or a load balancer.
pub(crate) async fn probe(address: &str) -> Result<(), Failure> {
    drop(TcpStream::connect(address).await?);
    Ok(())
}

/// Sends bytes that are invalid in every protocol, and reads until the other side closes.
pub(crate) async fn garbage(address: &str, bytes: &[u8]) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(bytes).await?;
    // A reset also counts as the end.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await?;
    Ok(())
}
