//! Faults of the loop with a heartbeat and a graceful shutdown.

use std::{io, sync::Arc, time::Duration};

use disconnect_core::{DisconnectReason, Shutdown, Side, Verdict};
use disconnect_natural::select_loop::{Server, serve};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    sync::watch,
    task::JoinHandle,
};

use crate::{
    line::{NOBODY_OR_SERVER, line_of},
    peer::{NEVER, SOON, aborted, connection, ended, finish, reset},
};

fn server(heartbeat: Duration, patience: Duration) -> Arc<Server> {
    Arc::new(Server { shutdown: Shutdown::new(), stopping: watch::Sender::new(false), heartbeat, patience })
}

/// Begins the shutdown first, and then wakes the connections.
fn stop(server: &Server) {
    server.shutdown.begin();
    server.stopping.send_replace(true);
}

/// A served connection that has answered one line.
async fn start(server: &Arc<Server>, peer_id: u64) -> (TcpStream, JoinHandle<io::Result<()>>) {
    let (mut peer, task) = connect(server, peer_id).await;
    peer.write_all(b"echo hello\n").await.unwrap();
    line(&mut peer, "hello").await;
    (peer, task)
}

async fn connect(server: &Arc<Server>, peer_id: u64) -> (TcpStream, JoinHandle<io::Result<()>>) {
    let (peer, stream) = connection().await;
    let server = Arc::clone(server);
    (peer, tokio::spawn(async move { serve(stream, peer_id, &server).await }))
}

/// Reads up to the line `wanted` and skips heartbeats.
async fn line(peer: &mut TcpStream, wanted: &str) {
    let mut lines = BufReader::with_capacity(1, peer).lines();
    while lines.next_line().await.unwrap().expect("the server sends the line") != wanted {}
}

#[tokio::test]
async fn a_goodbye_is_closed_by_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, task) = start(&server(NEVER, NEVER), peer_id).await;
        peer.write_all(b"bye\n").await.unwrap();
        ended(task).await;
    })
    .await
    .expected("client_closed")
    .by("client")
    .without_cause();
}

#[tokio::test]
async fn a_fin_without_a_goodbye_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, task) = start(&server(NEVER, NEVER), peer_id).await;
        finish(&mut peer, b"").await;
        ended(task).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof");
}

#[tokio::test]
async fn a_truncated_line_is_a_network_error() {
    line_of(async |peer_id| {
        let (mut peer, task) = start(&server(NEVER, NEVER), peer_id).await;
        finish(&mut peer, b"echo hel").await;
        ended(task).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("unclean_eof");
}

#[tokio::test]
async fn a_reset_is_a_network_error() {
    line_of(async |peer_id| {
        let (peer, task) = start(&server(NEVER, NEVER), peer_id).await;
        reset(peer);
        ended(task).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("reset");
}

#[tokio::test]
async fn an_unanswered_heartbeat_is_a_keepalive_timeout() {
    line_of(async |peer_id| {
        let (_peer, task) = connect(&server(SOON, NEVER), peer_id).await;
        ended(task).await;
    })
    .await
    .unexpected("network_error")
    .by("network")
    .caused_by("keepalive_timeout");
}

#[tokio::test]
async fn an_unknown_command_is_a_protocol_error_of_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, task) = start(&server(NEVER, NEVER), peer_id).await;
        peer.write_all(b"GET / HTTP/1.1\n").await.unwrap();
        ended(task).await;
    })
    .await
    .unexpected("protocol_error")
    .by("client")
    .caused_by("malformed")
    .says("no command");
}

#[tokio::test]
async fn a_line_that_is_not_utf8_is_a_protocol_error_of_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, task) = start(&server(NEVER, NEVER), peer_id).await;
        peer.write_all(b"\xff\xfe\n").await.unwrap();
        ended(task).await;
    })
    .await
    .unexpected("protocol_error")
    .by("client")
    .caused_by("malformed");
}

#[tokio::test]
async fn our_shutdown_that_the_peer_answers_is_ours() {
    line_of(async |peer_id| {
        let server = server(NEVER, NEVER);
        let (mut peer, task) = start(&server, peer_id).await;
        stop(&server);
        line(&mut peer, "closing").await;
        peer.write_all(b"bye\n").await.unwrap();
        ended(task).await;
    })
    .await
    .expected("server_shutdown")
    .by("server")
    .without_cause();
}

#[tokio::test]
async fn our_shutdown_that_the_peer_answers_with_a_fin_is_ours() {
    line_of(async |peer_id| {
        let server = server(NEVER, NEVER);
        let (mut peer, task) = start(&server, peer_id).await;
        stop(&server);
        line(&mut peer, "closing").await;
        finish(&mut peer, b"").await;
        ended(task).await;
    })
    .await
    .expected("server_shutdown")
    .by("server")
    .without_cause();
}

#[tokio::test]
async fn an_unanswered_shutdown_has_the_cause_deadline() {
    line_of(async |peer_id| {
        let server = server(NEVER, SOON);
        let (_peer, task) = start(&server, peer_id).await;
        stop(&server);
        ended(task).await;
    })
    .await
    .expected("server_shutdown")
    .by("server")
    .caused_by("deadline");
}

#[tokio::test]
async fn a_reset_after_our_shutdown_is_ignored() {
    line_of(async |peer_id| {
        let server = server(NEVER, NEVER);
        let (mut peer, task) = start(&server, peer_id).await;
        stop(&server);
        line(&mut peer, "closing").await;
        reset(peer);
        ended(task).await;
    })
    .await
    .expected("server_shutdown")
    .by("server");
}

#[tokio::test]
async fn our_shutdown_outranks_a_simultaneous_goodbye() {
    line_of(async |peer_id| {
        let server = server(NEVER, NEVER);
        let (mut peer, task) = start(&server, peer_id).await;
        server.shutdown.begin();
        peer.write_all(b"bye\n").await.unwrap();
        ended(task).await;
    })
    .await
    .expected("server_shutdown")
    .by("server");
}

#[tokio::test]
async fn a_stopped_workspace_is_the_reason_that_the_server_sets() {
    line_of(async |peer_id| {
        let server = server(NEVER, NEVER);
        let (mut peer, task) = start(&server, peer_id).await;
        server.shutdown.set(Verdict::new(DisconnectReason::WorkspaceStopped, Side::Local));
        server.stopping.send_replace(true);
        line(&mut peer, "closing").await;
        peer.write_all(b"bye\n").await.unwrap();
        ended(task).await;
    })
    .await
    .expected("workspace_stopped")
    .by("server")
    .without_cause();
}

#[tokio::test]
async fn an_aborted_task_is_dropped() {
    line_of(async |peer_id| {
        let (_peer, task) = start(&server(NEVER, NEVER), peer_id).await;
        aborted(task).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .caused_by("dropped");
}

// The goodbye has no answer. The design does not fix the cause.
#[tokio::test]
async fn an_abort_after_our_shutdown_keeps_its_reason() {
    line_of(async |peer_id| {
        let server = server(NEVER, NEVER);
        let (mut peer, task) = start(&server, peer_id).await;
        stop(&server);
        line(&mut peer, "closing").await;
        aborted(task).await;
    })
    .await
    .expected("server_shutdown")
    .by("server");
}
