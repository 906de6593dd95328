//! The peer's side of a connection: how it comes up, and the ways to end it.

use std::time::Duration;

use socket2::SockRef;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Long enough for every step of a test, so a timeout of this length never fires.
pub(crate) const NEVER: Duration = Duration::from_secs(100);
/// The timeout of a test that is about the timeout.
pub(crate) const SOON: Duration = Duration::from_millis(50);

/// A connection on loopback: the peer's end, and the end to serve.
pub(crate) async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (served, _) = listener.accept().await.unwrap();
    (peer, served)
}

/// Sends bytes, and then a FIN. The socket stays open for what the other side still sends.
pub(crate) async fn finish(peer: &mut TcpStream, last: &[u8]) {
    peer.write_all(last).await.unwrap();
    peer.shutdown().await.unwrap();
}

/// Closes with a RST.
pub(crate) fn reset(peer: TcpStream) {
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
}

/// Reads until the other side has closed, by a FIN or a RST.
pub(crate) async fn closed(peer: &mut TcpStream) {
    let mut rest = Vec::new();
    let _closed_either_way = peer.read_to_end(&mut rest).await;
}

/// Waits for a served task, however it ends.
pub(crate) async fn ended<T>(served: JoinHandle<T>) {
    let _result_of_no_interest = served.await;
}

/// Aborts a served task, and waits until it is gone.
pub(crate) async fn aborted<T>(served: JoinHandle<T>) {
    served.abort();
    ended(served).await;
}
