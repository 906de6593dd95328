//! tungstenite as a server.

use disconnect_core::{Classifier, Endpoint, classifier};
use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::case::{Fault, Peer, Site, Stack};
use crate::recipes::{BoxError, tungstenite as recipe};

static CLASSIFIER: Classifier = classifier![tungstenite = tungstenite, tokio = tokio];

pub(crate) struct WebSocket;

impl Stack for WebSocket {
    const NAME: &'static str = "tungstenite server";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, end, leaving) = (site.guard(), (site.end, site.patience), site.leaving());
        if site.is_watched {
            recipe::serve(tcp, guard, end, leaving, || site.got()).await?;
        } else {
            guard.run(|_| recipe::messages(tcp, end, leaving, || site.got())).await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, fault: Fault) -> Result<Client, BoxError> {
        let (socket, _) = client_async("ws://localhost/", tcp).await?;
        let mut client = Client(Some(socket));
        client.speak().await?;
        let socket = client.0.as_mut().ok_or("the client is gone")?;
        socket.next().await.ok_or("no echo")??;
        if fault == Fault::Shutdown {
            // The read also answers the server's goodbye.
            let mut socket = client.0.take().ok_or("the client is gone")?;
            tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} });
        }
        Ok(client)
    }
}

pub(crate) struct Client(Option<WebSocketStream<TcpStream>>);

impl Peer for Client {
    async fn speak(&mut self) -> Result<(), BoxError> {
        let socket = self.0.as_mut().ok_or("the client is gone")?;
        Ok(socket.send(Message::text("hello")).await?)
    }

    async fn goodbye(&mut self) -> Result<(), BoxError> {
        let socket = self.0.as_mut().ok_or("the client is gone")?;
        Ok(socket.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() })).await?)
    }
}
