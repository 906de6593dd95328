//! Faults of the framed request loop.

use disconnect_natural::question_mark::{FrameError, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use crate::{
    line::{NOBODY_OR_AGENT, line_of},
    peer::{aborted, connection, ended, finish, reset},
};

const GOODBYE: [u8; 5] = [2, 0, 0, 0, 0];
const REQUEST: [u8; 10] = *b"\x01\0\0\0\x05hello";

/// A served connection that has answered one request.
async fn start(peer_id: u64) -> (TcpStream, JoinHandle<Result<(), FrameError>>) {
    let (mut peer, stream) = connection().await;
    let served = tokio::spawn(serve(stream, peer_id));
    peer.write_all(&REQUEST).await.unwrap();
    let mut answer = [0; 5];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"hello");
    (peer, served)
}

#[tokio::test]
async fn a_goodbye_is_closed_by_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&GOODBYE).await.unwrap();
        ended(served).await;
    })
    .await
    .expected("client_closed")
    .by("client")
    .without_cause();
}

#[tokio::test]
async fn a_goodbye_outranks_the_fin_after_it() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, &GOODBYE).await;
        ended(served).await;
    })
    .await
    .expected("client_closed")
    .by("client")
    .without_cause();
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
async fn a_fin_after_the_last_answer_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, &REQUEST).await;
        let mut answer = [0; 5];
        peer.read_exact(&mut answer).await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof");
}

#[tokio::test]
async fn a_truncated_frame_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, &REQUEST[..8]).await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof");
}

#[tokio::test]
async fn a_truncated_goodbye_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, &GOODBYE[..3]).await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof");
}

#[tokio::test]
async fn a_reset_is_a_network_error() {
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

#[tokio::test]
async fn closing_with_an_unread_answer_is_a_reset() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&REQUEST).await.unwrap();
        peer.peek(&mut [0]).await.unwrap();
        drop(peer);
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("reset");
}

#[tokio::test]
async fn garbage_is_a_protocol_error_of_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("protocol_error")
    .by("client")
    .caused_by("malformed")
    .says("no frame starts with 0x47");
}

#[tokio::test]
async fn a_frame_above_the_limit_is_a_protocol_error_of_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&[1, 0x7f, 0xff, 0xff, 0xff]).await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("protocol_error")
    .by("client")
    .caused_by("too_large")
    .says("a frame of 2147483647 bytes");
}

#[tokio::test]
async fn an_aborted_task_is_dropped() {
    line_of(async |peer_id| {
        let (_peer, served) = start(peer_id).await;
        aborted(served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_AGENT)
    .caused_by("dropped");
}
