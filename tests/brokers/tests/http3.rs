//! h3 over quinn: real connections with different ends.

use std::sync::Arc;
use std::time::Duration;

use disconnect_core::evidence::Conformance;
use disconnect_core::{Category, Classifier, Code, Endpoint, classifier};
use quinn::VarInt;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::rustls::pki_types::PrivateKeyDer;
use quinn::rustls::{self, RootCertStore};

static GIVEN: Classifier = classifier![h3 = h3, quinn = quinn];
const END: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&GIVEN);

/// A connection between two endpoints of this process: the server's and the client's.
async fn connected() -> (quinn::Connection, quinn::Connection, [quinn::Endpoint; 2]) {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut server = rustls::ServerConfig::builder_with_provider(provider.clone())
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    server.alpn_protocols = vec![b"h3".to_vec()];
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let mut client = rustls::ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    client.alpn_protocols = vec![b"h3".to_vec()];
    let address = "127.0.0.1:0".parse().unwrap();
    let server = quinn::ServerConfig::with_crypto(Arc::new(QuicServerConfig::try_from(server).unwrap()));
    let server = quinn::Endpoint::server(server, address).unwrap();
    let mut transport = quinn::TransportConfig::default();
    transport.max_idle_timeout(Some(Duration::from_secs(2).try_into().unwrap()));
    let mut config = quinn::ClientConfig::new(Arc::new(QuicClientConfig::try_from(client).unwrap()));
    config.transport_config(Arc::new(transport));
    let client = quinn::Endpoint::client(address).unwrap();
    let connecting = client.connect_with(config, server.local_addr().unwrap(), "localhost").unwrap();
    let (accepted, connected) =
        tokio::join!(async { server.accept().await.unwrap().await.unwrap() }, async { connecting.await.unwrap() });
    (accepted, connected, [server, client])
}

/// The error of the client's connection after `close` was applied to the server's.
async fn error(close: impl FnOnce(&quinn::Connection)) -> h3::error::ConnectionError {
    let (server, client, _endpoints) = connected().await;
    let (mut driver, _requests) = h3::client::new(h3_quinn::Connection::new(client)).await.unwrap();
    close(&server);
    std::future::poll_fn(|cx| driver.poll_close(cx)).await
}

#[track_caller]
fn assert_said(error: &(dyn std::error::Error + 'static), expected: [&str; 3], code: Option<Code>) {
    let end = END.failed(error);
    let said =
        [end.reason().as_str(), end.initiator().map_or("", Category::as_str), end.cause().map_or("", Category::as_str)];
    assert_eq!((said, end.code()), (expected, code), "{}", GIVEN.explain(error));
}

#[tokio::test]
async fn conforms() {
    let closed = error(|server| server.close(VarInt::from_u32(0x100), b"")).await;
    assert_said(&closed, ["server_shutdown", "server", ""], Some(Code::http3(0x100)));
    let failed = error(|server| server.close(VarInt::from_u32(0x102), b"")).await;
    assert_said(&failed, ["unknown", "server", "internal_error"], Some(Code::http3(0x102)));
    let accused = error(|server| server.close(VarInt::from_u32(0x105), b"")).await;
    assert_said(&accused, ["protocol_error", "client", ""], Some(Code::http3(0x105)));
    let silent = error(|_| ()).await;
    assert_said(&silent, ["network_error", "network", "idle_timeout"], None);
    Conformance::new(&GIVEN)
        .counting(|run| allocation_counter::measure(run).count_total)
        .goodbye("the server closes", &closed)
        .fault("the server failed", &failed)
        .fault("the server accuses us", &accused)
        .fault("silence", &silent)
        .assert();
}

#[tokio::test]
async fn a_violation_found_by_the_client_is_by_the_server() {
    let (server, client, _endpoints) = connected().await;
    let (mut driver, _requests) = h3::client::new(h3_quinn::Connection::new(client)).await.unwrap();
    // A second control stream is not allowed (RFC 9114, section 6.2.1).
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = server.open_uni().await.unwrap();
        stream.write_all(&[0, 4, 0]).await.unwrap();
        streams.push(stream);
    }
    let error = std::future::poll_fn(|cx| driver.poll_close(cx)).await;
    assert_said(&error, ["protocol_error", "server", ""], Some(Code::http3(0x103)));
}
