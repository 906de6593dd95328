//! A client's upload to an agent over TLS, as a service would write it.

use std::io;

use disconnect_core::{Classifier, Endpoint, classifier, disconnected};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

const END: Endpoint = Endpoint::AGENT_FACING_CLIENT;

static CLASSIFIER: Classifier = classifier![rustls = tokio_rustls::rustls];

/// Takes what the client sends until the connection ends, and says in one line why it did.
pub(crate) async fn serve(id: u64, stream: TlsStream<TcpStream>) {
    let end = match receive(stream).await {
        Ok(()) => END.closed_by_peer(),
        Err(err) => END.failed(&CLASSIFIER, &err).with_detail(err.to_string()),
    };
    disconnected!(end, connection_id = id, "upload over TLS ended");
}

/// Over TLS an end of file is a goodbye: rustls takes one without `close_notify` for an error.
async fn receive(mut stream: TlsStream<TcpStream>) -> io::Result<()> {
    tokio::io::copy(&mut stream, &mut tokio::io::sink()).await.map(drop)
}
