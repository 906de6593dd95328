//! TLS over TCP: what a handshake, an alert, a record and the end of the bytes below say.

mod established;
mod handshake;
mod setup;

use std::io;
use std::time::Duration;

use disconnect_core::{
    Classifier, Code, Disconnect, DisconnectInitiator as By, DisconnectReason as Why, Endpoint, classifier,
};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::{TlsAcceptor, TlsConnector};

use self::setup::{Authority, KNOWN, NAME};
use super::Outcome;
use crate::line::line;
use crate::matrix::{Matrix, Truth, truth};

static CLASSIFIER: Classifier = classifier![rustls = rustls, tokio = tokio];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

/// How long a peer may be silent, where that is the thing tested.
const SHORT: Duration = Duration::from_millis(300);
/// How long a handshake may take otherwise: it is done long before.
const LONG: Duration = Duration::from_secs(30);

const VANISHED: Truth = truth(Why::NetworkError, By::Network);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    let known = Authority::new(KNOWN)?;
    handshake::run(matrix, &known).await?;
    established::run(matrix, &known).await
}

/// The natural code of a client.
async fn connect(tcp: TcpStream, connector: &TlsConnector) -> io::Result<Disconnect> {
    let name = NAME.try_into().map_err(io::Error::other)?;
    Ok(match connector.connect(name, tcp).await {
        Ok(stream) => read_to_end(stream, CLIENT).await,
        Err(error) => CLIENT.failed(&error),
    })
}

/// The natural code of a server.
async fn accept(tcp: TcpStream, acceptor: &TlsAcceptor, patience: Duration) -> Disconnect {
    match timeout(patience, acceptor.accept(tcp)).await {
        Ok(Ok(stream)) => read_to_end(stream, SERVER).await,
        Ok(Err(error)) => SERVER.failed(&error),
        Err(elapsed) => SERVER.failed(&elapsed),
    }
}

/// The natural reading loop. `Ok(0)` is the peer's `close_notify`: rustls makes an error of an end of file without it.
async fn read_to_end(mut stream: impl AsyncRead + Unpin, end: Endpoint) -> Disconnect {
    const CLOSE_NOTIFY: Code = Code::tls(0);
    line(end, async |_| -> io::Result<_> {
        let mut buffer = [0; 1024];
        while stream.read(&mut buffer).await? > 0 {}
        Ok(end.received(CLOSE_NOTIFY))
    })
    .await
}

/// A peer to be killed: see [`established`].
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    established::peer(arguments).await
}
