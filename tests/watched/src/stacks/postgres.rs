//! tokio-postgres with a minimal server.

use disconnect_core::{Classifier, Endpoint, classifier};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::case::{Fault, Peer, Site, Stack};
use crate::recipes::{BoxError, tokio_postgres as recipe};

static CLASSIFIER: Classifier = classifier![reader = recipe::reader, tokio = tokio];

pub(crate) struct Postgres;

impl Stack for Postgres {
    const NAME: &'static str = "tokio-postgres client";
    const END: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
    const DIALS: bool = true;
    type Peer = Server;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let (guard, patience, leaving) = (site.guard(), site.patience, site.leaving());
        if site.is_watched {
            recipe::connect(tcp, guard, patience, leaving, || site.got()).await?;
        } else {
            guard.run(|ended| recipe::connection(tcp, ended, patience, leaving, || site.got())).await?;
        }
        Ok(())
    }

    async fn peer(mut tcp: TcpStream, _: Fault) -> Result<Server, BoxError> {
        let length = tcp.read_u32().await? as usize;
        tcp.read_exact(&mut vec![0; length - 4]).await?;
        let mut server = Server(tcp);
        // AuthenticationOk, ReadyForQuery.
        server.0.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").await?;
        Ok(server)
    }
}

pub(crate) struct Server(TcpStream);

impl Peer for Server {
    /// Sends a `NotificationResponse`, which a server may send at any time.
    async fn speak(&mut self) -> Result<(), BoxError> {
        Ok(self.0.write_all(b"A\0\0\0\x0d\0\0\0\x01ch\0x\0").await?)
    }

    /// Simulates an administrator who stops the server.
    async fn goodbye(&mut self) -> Result<(), BoxError> {
        self.0.write_all(b"E\0\0\0\x1dSFATAL\0VFATAL\0C57P01\0Mx\0\0").await?;
        Ok(self.0.shutdown().await?)
    }
}
