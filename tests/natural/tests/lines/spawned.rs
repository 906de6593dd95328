//! Faults of a connection that two tasks serve.

use std::time::Duration;

use disconnect_natural::spawned::serve;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use crate::{
    line::{NOBODY_OR_AGENT, line_of},
    peer::{NEVER, SOON, aborted, closed, connection, ended, finish, reset},
};

/// A served connection that has answered one line.
async fn start(peer_id: u64) -> (TcpStream, JoinHandle<anyhow::Result<()>>) {
    let (mut peer, served) = start_with(peer_id, NEVER).await;
    peer.write_all(b"say hello\n").await.unwrap();
    let mut answer = [0; 6];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"hello\n");
    (peer, served)
}

async fn start_with(peer_id: u64, idle: Duration) -> (TcpStream, JoinHandle<anyhow::Result<()>>) {
    let (peer, stream) = connection().await;
    (peer, tokio::spawn(serve(stream, peer_id, idle)))
}

#[tokio::test]
async fn a_goodbye_is_closed_by_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(b"bye\n").await.unwrap();
        ended(served).await;
    })
    .await
    .expected("client_closed")
    .by("client")
    .without_cause();
}

// Other systems discard received bytes on a reset, so that the goodbye does not arrive there.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_goodbye_outranks_the_reset_after_it() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(b"say hello\nbye\n").await.unwrap();
        reset(peer);
        ended(served).await;
    })
    .await
    .expected("client_closed")
    .by("client");
}

#[tokio::test]
async fn a_fin_without_a_goodbye_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, b"").await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof");
}

#[tokio::test]
async fn a_truncated_line_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, b"say hel").await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof");
}

#[tokio::test]
async fn a_reset_of_an_idle_connection_is_a_network_error() {
    line_of(async |peer_id| {
        let (peer, served) = start(peer_id).await;
        reset(peer);
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("reset");
}

// Reader and writer both see the reset, in either order. The second one may see a broken pipe or an end of file.
#[tokio::test]
async fn a_reset_while_an_answer_is_written_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(b"say hello\nsay hello\n").await.unwrap();
        reset(peer);
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by_one_of(&["reset", "broken_pipe"]);
}

#[tokio::test]
async fn a_line_that_is_not_utf8_is_a_protocol_error_of_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(b"\xff\xfe\n").await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("protocol_error")
    .by("client")
    .caused_by("malformed");
}

#[tokio::test]
async fn a_silent_client_is_an_idle_timeout() {
    line_of(async |peer_id| {
        let (_peer, served) = start_with(peer_id, SOON).await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("idle_timeout");
}

#[tokio::test]
async fn a_panic_of_the_reader_is_the_cause() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(b"x\n").await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_AGENT)
    .caused_by("panicked");
}

// Reader and writer outlive the task that spawned them, and their handles outlive the guard.
#[tokio::test]
async fn an_aborted_task_is_dropped_and_a_later_goodbye_adds_no_line() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        aborted(served).await;
        peer.write_all(b"bye\n").await.unwrap();
        closed(&mut peer).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_AGENT)
    .caused_by("dropped");
}
