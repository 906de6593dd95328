//! Sends the files that a client names. Every error gets a context, and leaves as `anyhow::Error`.

use std::{fs, time::Duration};

use anyhow::{Context, bail};
use disconnect_core::{Classifier, DisconnectEvidence, DisconnectGuard, Endpoint, classifier, disconnected};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

static CLASSIFIER: Classifier = classifier![RequestError, tokio = tokio, anyhow = anyhow];
const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

const QUOTA: usize = 3;

/// An invalid request.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
pub enum RequestError {
    /// The first byte is not a kind of request.
    #[error("no request starts with {0:#04x}")]
    #[reason(ProtocolError, side = Remote, cause = Malformed)]
    Kind(u8),
    /// The name is not UTF-8.
    #[error("the name of the file is not UTF-8")]
    #[reason(ProtocolError, side = Remote, cause = Malformed)]
    Name,
}

/// The name of the next file, or nothing after a goodbye.
async fn read_request(stream: &mut TcpStream) -> anyhow::Result<Option<String>> {
    match stream.read_u8().await.context("reading the kind of a request")? {
        1 => {}
        2 => return Ok(None),
        other => bail!(RequestError::Kind(other)),
    }
    let length = stream.read_u16().await.context("reading the length of a name")?;
    let mut name = vec![0; length.into()];
    stream.read_exact(&mut name).await.context("reading the name of a file")?;
    Ok(Some(String::from_utf8(name).context(RequestError::Name)?))
}

/// Serves one client, and waits for each of its requests as long as `patience`.
pub async fn serve(mut stream: TcpStream, peer_id: u64, patience: Duration) -> anyhow::Result<()> {
    let guard = DisconnectGuard::new(END, move |end| disconnected!(end, peer_id, "download session closed"));
    guard
        .run(async |_ended| -> anyhow::Result<_> {
            for _ in 0..QUOTA {
                let request = timeout(patience, read_request(&mut stream)).await.context("waiting for a request")??;
                let Some(name) = request else { return Ok(END.closed_by_peer()) };
                let file = fs::read(&name).with_context(|| format!("opening {name}"))?;
                stream.write_u64(file.len() as u64).await.context("sending a length")?;
                stream.write_all(&file).await.context("sending a file")?;
            }
            bail!("more than {QUOTA} files for one client")
        })
        .await
        .context("serving a client")?;
    Ok(())
}
