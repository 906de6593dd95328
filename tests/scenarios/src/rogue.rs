//! Peers that break the rules on purpose.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, accept_async};
use workspace::process::Failure;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server that says to an agent what it is told to.
pub(crate) struct Rogue {
    listener: TcpListener,
    pub(crate) url: String,
}

/// Its end of an agent's connection.
pub(crate) struct RogueLink(WebSocketStream<TcpStream>);

impl Rogue {
    pub(crate) async fn new() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("ws://{}", listener.local_addr()?);
        Ok(Self { listener, url })
    }

    /// The next agent, once both of its streams are open.
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

    /// Reads until a message contains this.
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

/// Connects, and closes again: what a port scanner or a load balancer does.
pub(crate) async fn probe(address: &str) -> Result<(), Failure> {
    drop(TcpStream::connect(address).await?);
    Ok(())
}

/// Says something that is no message of anybody, and listens until the other closes.
pub(crate) async fn garbage(address: &str, bytes: &[u8]) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(bytes).await?;
    // A reset is an end as good as any.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await?;
    Ok(())
}
