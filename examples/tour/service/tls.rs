//! A client's upload to an agent over TLS, written as in a service.

use std::io;

use disconnect_core::{Classifier, Disconnect, DisconnectGuard, Endpoint, classifier, disconnected};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

static CLASSIFIER: Classifier = classifier![rustls = tokio_rustls::rustls];
const END: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

/// Reads everything that the client sends until the connection ends. The guard logs the end.
pub(crate) async fn serve(id: u64, mut stream: TlsStream<TcpStream>) {
    let write = move |end: &Disconnect| disconnected!(end, connection_id = id, "upload over TLS ended");
    // The error is already in the line.
    let _ = DisconnectGuard::new(END, write)
        .run(async |_| -> io::Result<_> {
            tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
            // With rustls an end of file means `close_notify`. Without it, rustls returns an error.
            Ok(END.closed_by_peer())
        })
        .await;
}
