//! Faults of the file server whose errors are `anyhow::Error`.

use std::time::Duration;

use disconnect_natural::with_anyhow::serve;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinHandle,
};

use crate::{
    line::{NOBODY_OR_SERVER, line_of},
    peer::{NEVER, SOON, aborted, connection, ended, finish, reset},
};

const GOODBYE: [u8; 1] = [2];
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");

fn request(name: &[u8]) -> Vec<u8> {
    let length = u16::try_from(name.len()).unwrap();
    [&[1], &length.to_be_bytes()[..], name].concat()
}

/// Requests a file and reads it.
async fn download(peer: &mut TcpStream) {
    peer.write_all(&request(FILE.as_bytes())).await.unwrap();
    let length = peer.read_u64().await.unwrap();
    let mut file = vec![0; usize::try_from(length).unwrap()];
    peer.read_exact(&mut file).await.unwrap();
}

/// A served connection that has sent one file.
async fn start(peer_id: u64) -> (TcpStream, JoinHandle<anyhow::Result<()>>) {
    let (mut peer, served) = start_with(peer_id, NEVER).await;
    download(&mut peer).await;
    (peer, served)
}

async fn start_with(peer_id: u64, patience: Duration) -> (TcpStream, JoinHandle<anyhow::Result<()>>) {
    let (peer, stream) = connection().await;
    (peer, tokio::spawn(serve(stream, peer_id, patience)))
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
async fn an_end_of_file_under_a_context_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, b"").await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof")
    .says("reading the kind of a request");
}

#[tokio::test]
async fn a_truncated_request_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        finish(&mut peer, &request(FILE.as_bytes())[..8]).await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof")
    .says("reading the name of a file");
}

#[tokio::test]
async fn a_reset_under_a_context_is_a_network_error() {
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
async fn an_own_error_in_a_bail_is_a_protocol_error_of_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("protocol_error")
    .by("client")
    .caused_by("malformed")
    .says("no request starts with 0x47");
}

#[tokio::test]
async fn an_own_error_as_a_context_is_a_protocol_error_of_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&request(b"\xff\xfe")).await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("protocol_error")
    .by("client")
    .caused_by("malformed")
    .says("the name of the file is not UTF-8");
}

#[tokio::test]
async fn a_bail_with_a_text_is_unknown_and_keeps_the_text() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        download(&mut peer).await;
        download(&mut peer).await;
        ended(served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .says("more than 3 files for one client");
}

#[tokio::test]
async fn a_missing_file_is_no_network_error() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&request(b"/no/such/file")).await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .says("opening /no/such/file");
}

#[tokio::test]
async fn a_silent_client_is_a_network_error() {
    line_of(async |peer_id| {
        let (_peer, served) = start_with(peer_id, SOON).await;
        ended(served).await;
    })
    .await
    .unexpected("network_error")
    .by_one_of(&["", "network"])
    .caused_by_one_of(&["deadline", "idle_timeout"])
    .says("waiting for a request");
}

#[tokio::test]
async fn an_aborted_task_is_dropped() {
    line_of(async |peer_id| {
        let (_peer, served) = start(peer_id).await;
        aborted(served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .caused_by("dropped");
}
