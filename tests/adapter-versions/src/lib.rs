//! One classifier for several major versions of each library.

use std::future::poll_fn;

use bytes::Bytes;
use disconnect_core::{Classifier, classifier};
use http_body_util::Empty;
use hyper_1::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

/// Every adapter, with every version of its library that this crate depends on.
pub static EVERY_VERSION: Classifier = classifier![
    tungstenite = tungstenite_24,
    tungstenite = tungstenite_28,
    tungstenite = tungstenite_29,
    tungstenite = tungstenite_30,
    h2 = h2_03,
    h2 = h2_04,
    hyper = hyper_014,
    hyper = hyper_1,
    tonic = tonic,
    quinn = quinn_010,
    quinn = quinn_011,
    rustls = rustls_022,
    rustls = rustls_023,
    russh = russh,
    tokio = tokio,
];

/// Every adapter once, as in a service.
pub static EVERY_ADAPTER: Classifier = classifier![
    tungstenite = tungstenite_30,
    h2 = h2_04,
    hyper = hyper_1,
    tonic = tonic,
    quinn = quinn_011,
    rustls = rustls_023,
    russh = russh,
    tokio = tokio,
];

/// A real error three levels deep: tonic's status, with hyper's error inside, and h2's error inside that one, which
/// holds the peer's `GOAWAY` with `ENHANCE_YOUR_CALM`.
///
/// # Panics
///
/// Panics if no runtime can be started.
pub fn three_levels() -> tonic::Status {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let error = runtime.block_on(async {
        let (client, server) = tokio::io::duplex(1 << 16);
        let server = async {
            let mut connection = h2_04::server::handshake(server).await.expect("a handshake");
            connection.abrupt_shutdown(h2_04::Reason::ENHANCE_YOUR_CALM);
            drop(poll_fn(|cx| connection.poll_closed(cx)).await);
            // Kept until the client has read it.
            connection
        };
        let client = async {
            let (_sender, connection) =
                http2::handshake::<_, _, Empty<Bytes>>(TokioExecutor::new(), TokioIo::new(client))
                    .await
                    .expect("a handshake");
            connection.await.expect_err("the peer's GOAWAY")
        };
        tokio::join!(client, server).0
    });
    tonic::Status::from_error(Box::new(error))
}
