//! The peer's side of a connection: how it connects, and the ways in which it ends.

use std::time::Duration;

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// A timeout that does not expire in any test.
pub(crate) const NEVER: Duration = Duration::from_secs(100);
/// The timeout of a test in which it expires.
pub(crate) const SOON: Duration = Duration::from_millis(50);

/// A loopback connection: the peer's socket, and the socket to serve.
pub(crate) async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (served, _) = listener.accept().await.unwrap();
    (peer, served)
}

/// Sends bytes and a FIN. The socket stays open for reading.
pub(crate) async fn finish(peer: &mut TcpStream, last: &[u8]) {
    peer.write_all(last).await.unwrap();
    peer.shutdown().await.unwrap();
}

/// Closes with an RST.
pub(crate) fn reset(peer: TcpStream) {
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
}

/// Reads until the other side has closed, with a FIN or an RST.
pub(crate) async fn closed(peer: &mut TcpStream) {
    let mut rest = Vec::new();
    let _closed_either_way = peer.read_to_end(&mut rest).await;
}

/// Waits for a served task and ignores its result.
pub(crate) async fn ended<T>(served: JoinHandle<T>) {
    let _result_of_no_interest = served.await;
}

/// Aborts a served task and waits until it is dropped.
pub(crate) async fn aborted<T>(served: JoinHandle<T>) {
    served.abort();
    ended(served).await;
}
