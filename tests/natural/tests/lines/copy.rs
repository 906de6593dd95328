//! Faults on both connections of a raw forward.

use std::{io, net::SocketAddr, sync::Arc};

use disconnect_core::Shutdown;
use disconnect_natural::copy::serve;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    task::JoinHandle,
};

use crate::{
    line::{NOBODY_OR_AGENT, line_of},
    peer::{aborted, closed, connection, ended, finish, reset},
};

/// A forward that has carried bytes in both directions.
struct Forward {
    client: TcpStream,
    back_end: TcpStream,
    shutdown: Arc<Shutdown>,
    served: JoinHandle<io::Result<()>>,
}

async fn start(peer_id: u64) -> Forward {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let shutdown = Arc::new(Shutdown::new());
    let (mut client, served) = start_to(listener.local_addr().unwrap(), peer_id, &shutdown).await;
    let (mut back_end, _) = listener.accept().await.unwrap();
    carry(&mut client, &mut back_end).await;
    carry(&mut back_end, &mut client).await;
    Forward { client, back_end, shutdown, served }
}

async fn start_to(
    back_end: SocketAddr,
    peer_id: u64,
    shutdown: &Arc<Shutdown>,
) -> (TcpStream, JoinHandle<io::Result<()>>) {
    let (client, stream) = connection().await;
    let shutdown = Arc::clone(shutdown);
    (client, tokio::spawn(async move { serve(stream, peer_id, back_end, &shutdown).await }))
}

async fn carry(from: &mut TcpStream, to: &mut TcpStream) {
    from.write_all(b"hello").await.unwrap();
    let mut bytes = [0; 5];
    to.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"hello");
}

#[tokio::test]
async fn a_fin_of_the_client_is_its_goodbye() {
    line_of(async |peer_id| {
        let mut forward = start(peer_id).await;
        finish(&mut forward.client, b"").await;
        closed(&mut forward.back_end).await;
        finish(&mut forward.back_end, b"").await;
        ended(forward.served).await;
    })
    .await
    .expected("client_closed")
    .by("client")
    .caused_by("fin");
}

#[tokio::test]
async fn a_half_close_does_not_end_a_forward() {
    line_of(async |peer_id| {
        let mut forward = start(peer_id).await;
        finish(&mut forward.client, b"").await;
        closed(&mut forward.back_end).await;
        carry(&mut forward.back_end, &mut forward.client).await;
        finish(&mut forward.back_end, b"").await;
        ended(forward.served).await;
    })
    .await
    .expected("client_closed")
    .by("client")
    .caused_by("fin");
}

// `copy_bidirectional` does not report which side closed first, so reason and initiator are not asserted:
// `client_closed` by the client, or `graceful` by this side.
#[tokio::test]
async fn a_fin_of_the_back_end_is_expected_and_weak() {
    line_of(async |peer_id| {
        let mut forward = start(peer_id).await;
        finish(&mut forward.back_end, b"").await;
        closed(&mut forward.client).await;
        finish(&mut forward.client, b"").await;
        ended(forward.served).await;
    })
    .await
    .expected_for_one_of(&["client_closed", "graceful"])
    .by_one_of(&["", "agent", "client"])
    .caused_by("fin");
}

#[tokio::test]
async fn a_fin_of_both_sides_at_once_is_expected_and_weak() {
    line_of(async |peer_id| {
        let mut forward = start(peer_id).await;
        finish(&mut forward.client, b"last words").await;
        finish(&mut forward.back_end, b"last words").await;
        ended(forward.served).await;
    })
    .await
    .expected_for_one_of(&["client_closed", "graceful"])
    .by_one_of(&["", "agent", "client"])
    .caused_by("fin");
}

#[tokio::test]
async fn a_reset_of_the_client_is_a_network_error() {
    line_of(async |peer_id| {
        let forward = start(peer_id).await;
        reset(forward.client);
        ended(forward.served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("reset");
}

#[tokio::test]
async fn a_reset_of_the_back_end_is_a_network_error() {
    line_of(async |peer_id| {
        let forward = start(peer_id).await;
        reset(forward.back_end);
        ended(forward.served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("reset");
}

#[tokio::test]
async fn a_reset_of_the_back_end_replaces_a_fin_of_the_client() {
    line_of(async |peer_id| {
        let mut forward = start(peer_id).await;
        finish(&mut forward.client, b"").await;
        closed(&mut forward.back_end).await;
        reset(forward.back_end);
        ended(forward.served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("reset");
}

#[tokio::test]
async fn a_reset_of_the_client_replaces_a_fin_of_the_back_end() {
    line_of(async |peer_id| {
        let mut forward = start(peer_id).await;
        finish(&mut forward.back_end, b"").await;
        closed(&mut forward.client).await;
        reset(forward.client);
        ended(forward.served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("reset");
}

#[tokio::test]
async fn a_back_end_that_does_not_listen_is_unreachable() {
    line_of(async |peer_id| {
        let silent = TcpSocket::new_v4().unwrap();
        silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let shutdown = Arc::new(Shutdown::new());
        let (_client, served) = start_to(silent.local_addr().unwrap(), peer_id, &shutdown).await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unreachable");
}

#[tokio::test]
async fn our_shutdown_outranks_the_abort_after_it() {
    line_of(async |peer_id| {
        let forward = start(peer_id).await;
        forward.shutdown.begin();
        aborted(forward.served).await;
    })
    .await
    .expected("server_shutdown")
    .by("agent");
}

#[tokio::test]
async fn our_shutdown_outranks_the_fin_that_answers_it() {
    line_of(async |peer_id| {
        let mut forward = start(peer_id).await;
        forward.shutdown.begin();
        finish(&mut forward.client, b"").await;
        finish(&mut forward.back_end, b"").await;
        ended(forward.served).await;
    })
    .await
    .expected("server_shutdown")
    .by("agent");
}

#[tokio::test]
async fn an_aborted_task_is_dropped() {
    line_of(async |peer_id| {
        let forward = start(peer_id).await;
        aborted(forward.served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_AGENT)
    .caused_by("dropped");
}
