//! Clients that use hyper: the errors inside their errors are sufficient, except for reqwest's own timeouts.

use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;

use disconnect_core::{Category, Classifier, Endpoint, classifier};
use http_body_util::Empty;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};

/// There is no adapter for hyper-util, because its error only wraps another one.
static HYPER: Classifier = classifier![hyper = hyper_1];
static REQWEST: Classifier = classifier![
    reqwest = reqwest_011,
    reqwest = reqwest_012,
    reqwest = reqwest_013,
    hyper = hyper_014,
    hyper = hyper_1,
];

/// A server that reads a request and then runs `and_then` on the connection.
async fn server(and_then: fn(TcpStream)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            _ = socket.read(&mut [0; 1 << 12]).await;
            and_then(socket);
        }
    });
    address
}

#[allow(deprecated, reason = "to linger for no time does not block")]
fn reset(socket: TcpStream) {
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    drop(socket);
}

/// Keeps the connection open as long as the runtime runs.
fn silent(socket: TcpStream) {
    tokio::spawn(async move {
        let _socket = socket;
        std::future::pending::<()>().await;
    });
}

async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}

#[track_caller]
fn assert_said(classifier: &'static Classifier, error: &(dyn Error + 'static), expected: [&str; 3]) {
    let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(classifier).failed(error);
    let said =
        [end.reason().as_str(), end.initiator().map_or("", Category::as_str), end.cause().map_or("", Category::as_str)];
    assert_eq!(said, expected, "{}", classifier.explain(error));
}

/// The action of a server, and the attribution at its client.
type Fault = (fn(TcpStream), [&'static str; 3]);

const FAULTS: &[Fault] =
    &[(reset, ["network_error", "network", "reset"]), (drop, ["network_error", "network", "unclean_eof"])];
const UNREACHABLE: [&str; 3] = ["network_error", "network", "unreachable"];

#[tokio::test]
async fn hyper_util_needs_no_adapter() {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<bytes::Bytes>>();
    let error = async |address| client.get(format!("http://{address}/").parse().unwrap()).await.unwrap_err();
    assert_said(&HYPER, &error(nobody().await).await, UNREACHABLE);
    for (fault, expected) in FAULTS {
        assert_said(&HYPER, &error(server(*fault).await).await, *expected);
    }
}

macro_rules! reqwest {
    ($($module:ident: $reqwest:ident;)*) => {$(
        #[tokio::test]
        async fn $module() {
            let client = $reqwest::Client::builder().no_proxy().timeout(Duration::from_millis(500)).build().unwrap();
            let error = async |address| client.get(format!("http://{address}/")).send().await.unwrap_err();
            assert_said(&REQWEST, &error(nobody().await).await, UNREACHABLE);
            for (fault, expected) in FAULTS {
                assert_said(&REQWEST, &error(server(*fault).await).await, *expected);
            }
            let late = error(server(silent).await).await;
            assert_said(&REQWEST, &late, ["network_error", "network", "deadline"]);
            // Without the adapter, nothing in the error is understood.
            assert_said(&HYPER, &late, ["unknown", "", ""]);
        }
    )*};
}

reqwest! {
    reqwest_011: reqwest_011;
    reqwest_012: reqwest_012;
    reqwest_013: reqwest_013;
}
