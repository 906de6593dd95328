//! tokio alone: lines of text, with `quit` as the goodbye.

use disconnect_core::{Classifier, Endpoint, classifier};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::case::{Fault, Peer, Site, Stack};
use crate::recipes::BoxError;

static CLASSIFIER: Classifier = classifier![tokio = tokio];

pub(crate) struct Lines;

impl Stack for Lines {
    const NAME: &'static str = "tokio, lines";
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);
    type Peer = Client;

    async fn site(tcp: TcpStream, site: Site) -> Result<(), BoxError> {
        let guard = site.guard();
        if site.is_watched {
            let stream = guard.watch(tcp).silent_after(site.patience);
            guard.run(|_| echo(stream, site)).await?;
        } else {
            guard.run(|_| echo(tcp, site)).await?;
        }
        Ok(())
    }

    async fn peer(tcp: TcpStream, _: Fault) -> Result<Client, BoxError> {
        let mut client = Client(BufReader::new(tcp));
        client.speak().await?;
        client.0.read_line(&mut String::new()).await?;
        Ok(client)
    }
}

/// Echoes lines until one side ends the connection.
async fn echo<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    site: Site,
) -> Result<disconnect_core::Disconnect, BoxError> {
    let mut lines = BufReader::new(stream).lines();
    loop {
        let line = tokio::select! {
            line = timeout(site.patience, lines.next_line()) => line??,
            () = site.leaving() => return Ok(site.end.shutting_down()),
        };
        match line.as_deref() {
            None => return Ok(site.end.eof()),
            Some("quit") => return Ok(site.end.closed_by_peer()),
            Some("hello") => {
                site.got();
                lines.get_mut().write_all(b"hello\n").await?;
            }
            // A truncated line before an end of file.
            Some(_) => {}
        }
    }
}

pub(crate) struct Client(BufReader<TcpStream>);

impl Peer for Client {
    async fn speak(&mut self) -> Result<(), BoxError> {
        Ok(self.0.get_mut().write_all(b"hello\n").await?)
    }

    async fn goodbye(&mut self) -> Result<(), BoxError> {
        Ok(self.0.get_mut().write_all(b"quit\n").await?)
    }
}
