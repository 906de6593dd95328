//! russh as a server.

use std::sync::Arc;

use disconnect_core::{Classifier, Endpoint, classifier};
use russh::keys::ssh_key::private::{Ed25519Keypair, PrivateKey};
use russh::server::{self, Auth, ChannelOpenHandle, Config};
use russh::{Channel, ChannelId, client};
use tokio::net::TcpStream;

use crate::case::{Fault, Peer, Site, Stack};
use crate::recipes::{BoxError, russh as recipe};

static CLASSIFIER: Classifier = classifier![russh = russh, tokio = tokio];

pub(crate) struct Ssh;

impl Stack for Ssh {
    const NAME: &'static str = "russh server";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, leaving) = (site.guard(), site.leaving());
        let config = Config {
            keys: vec![PrivateKey::from(Ed25519Keypair::from_seed(&[7; 32]))],
            keepalive_interval: Some(site.patience),
            keepalive_max: 1,
            ..Config::default()
        };
        if site.is_watched {
            recipe::serve(tcp, guard, config, leaving, Handler(site)).await?;
        } else {
            guard.run(|ended| recipe::session(tcp, ended, config, leaving, Handler(site))).await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Client, BoxError> {
        let mut session = client::connect_stream(Arc::new(client::Config::default()), tcp, Trusting).await?;
        session.authenticate_none("user").await?;
        let channel = session.channel_open_session().await?;
        Ok(Client { session, channel })
    }
}

struct Handler(Site);

impl server::Handler for Handler {
    type Error = russh::Error;

    async fn auth_none(&mut self, _: &str) -> Result<Auth, russh::Error> {
        self.0.got();
        Ok(Auth::Accept)
    }

    async fn channel_open_session(
        &mut self,
        _: Channel<server::Msg>,
        reply: ChannelOpenHandle,
        _: &mut server::Session,
    ) -> Result<(), russh::Error> {
        reply.accept().await;
        Ok(())
    }

    async fn data(&mut self, _: ChannelId, _: &[u8], _: &mut server::Session) -> Result<(), russh::Error> {
        self.0.got();
        Ok(())
    }
}

struct Trusting;

impl client::Handler for Trusting {
    type Error = russh::Error;

    async fn check_server_key(&mut self, _: &russh::keys::PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        Ok(true)
    }
}

pub(crate) struct Client {
    session: client::Handle<Trusting>,
    channel: Channel<client::Msg>,
}

impl Peer for Client {
    async fn speak(&mut self) -> Result<(), BoxError> {
        Ok(self.channel.data(&b"hello"[..]).await?)
    }

    async fn goodbye(&mut self) -> Result<(), BoxError> {
        Ok(self.session.disconnect(russh::Disconnect::ByApplication, "", "").await?)
    }
}
