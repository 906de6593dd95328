//! The adapter passes the conformance checks, with errors that fastwebsockets made.

use disconnect_core::evidence::Conformance;
use disconnect_core::{Classifier, classifier};
use fastwebsockets::{Role, WebSocket, WebSocketError};
use tokio::io::{AsyncWriteExt, duplex};

static CLASSIFIER: Classifier = classifier![disconnect_third_party_adapter::adapter! = fastwebsockets];

/// Returns the error of a client that reads these bytes and then the end of the stream.
async fn error(bytes: &[u8]) -> WebSocketError {
    let (client, mut server) = duplex(1 << 10);
    server.write_all(bytes).await.unwrap();
    drop(server);
    let mut socket = WebSocket::after_handshake(client, Role::Client);
    loop {
        if let Err(error) = socket.read_frame().await {
            return error;
        }
    }
}

#[tokio::test(flavor = "current_thread")]
async fn errors_of_the_library_conform() {
    let report = Conformance::new(&CLASSIFIER)
        .counting(|run| allocation_counter::measure(run).count_total)
        .fault("reserved bits", &error(&[0xf1, 0]).await)
        .fault("a fragmented ping", &error(&[0x09, 0]).await)
        .fault("an end of file", &error(&[]).await)
        .fault("a frame of a terabyte", &error(&[0x82, 0x7f, 0, 0, 1, 0, 0, 0, 0, 0]).await)
        .follows("use after close", &WebSocketError::ConnectionClosed)
        .wraps("the transport", WebSocketError::IoError)
        .assert();
    println!("{report}");
}
