//! Ways to cancel a served connection, and to panic in it.

use std::{io, sync::Arc, thread};

use disconnect_core::Shutdown;
use disconnect_natural::cancelled::{serve, serve_all, serve_within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Builder,
    task::JoinHandle,
};

use crate::{
    line::{NOBODY_OR_SERVER, line_of, lines_of},
    peer::{SOON, aborted, closed, connection, ended, finish, reset},
};

const GOODBYE: [u8; 1] = [0];
const MESSAGE: [u8; 8] = *b"\x07s:hello";
/// One byte is too short for the handler.
const FATAL: [u8; 2] = *b"\x01s";

/// A served connection that has answered one message.
async fn start(peer_id: u64) -> (TcpStream, JoinHandle<io::Result<()>>) {
    start_under(&Arc::default(), peer_id).await
}

async fn start_under(shutdown: &Arc<Shutdown>, peer_id: u64) -> (TcpStream, JoinHandle<io::Result<()>>) {
    let (mut peer, stream) = connection().await;
    let shutdown = Arc::clone(shutdown);
    let served = tokio::spawn(async move { serve(stream, peer_id, &shutdown).await });
    exchange(&mut peer).await;
    (peer, served)
}

async fn exchange(peer: &mut TcpStream) {
    peer.write_all(&MESSAGE).await.unwrap();
    let mut answer = [0; 5];
    peer.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HELLO");
}

#[tokio::test]
async fn a_goodbye_is_closed_by_the_peer() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&GOODBYE).await.unwrap();
        ended(served).await;
    })
    .await
    .expected("graceful")
    .by("agent")
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

#[tokio::test]
async fn a_task_aborted_in_the_middle_of_a_message_is_dropped() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&[&MESSAGE[..], &MESSAGE[..4]].concat()).await.unwrap();
        // The answer to the complete message shows that the task is reading the truncated one.
        peer.read_exact(&mut [0; 5]).await.unwrap();
        aborted(served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .caused_by("dropped");
}

#[tokio::test]
async fn an_abort_after_the_goodbye_changes_nothing() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&GOODBYE).await.unwrap();
        closed(&mut peer).await;
        aborted(served).await;
    })
    .await
    .expected("graceful")
    .by("agent")
    .without_cause();
}

// Whether the task sees the reset depends on timing. The end is unexpected either way.
#[tokio::test]
async fn a_reset_and_an_abort_at_once_are_unexpected() {
    line_of(async |peer_id| {
        let (peer, served) = start(peer_id).await;
        reset(peer);
        aborted(served).await;
    })
    .await
    .unexpected_for_one_of(&["unknown", "network_error"])
    .caused_by_one_of(&["dropped", "reset"]);
}

#[tokio::test]
async fn a_timeout_drops_the_connection() {
    line_of(async |peer_id| {
        let (_peer, stream) = connection().await;
        serve_within(SOON, stream, peer_id, &Shutdown::new()).await.unwrap_err();
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .caused_by("dropped");
}

#[tokio::test]
async fn a_dropped_join_set_drops_each_of_its_connections() {
    let lines = lines_of(async |[first, _second]: [u64; 2]| {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let accepting = tokio::spawn(serve_all(listener, first, Arc::default()));
        let mut peers = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
        for peer in &mut peers {
            exchange(peer).await;
        }
        aborted(accepting).await;
        // The socket of a session closes after its guard is dropped.
        for peer in &mut peers {
            closed(peer).await;
        }
    })
    .await;
    for line in lines {
        line.unexpected("unknown").by_one_of(NOBODY_OR_SERVER).caused_by("dropped");
    }
}

#[tokio::test]
async fn a_dropped_runtime_drops_the_connection() {
    line_of(async |peer_id| {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let gone = thread::spawn(move || {
            let _connection = runtime.block_on(start(peer_id));
            drop(runtime);
        });
        gone.join().unwrap();
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .caused_by("dropped");
}

#[tokio::test]
async fn a_panic_of_the_handler_is_the_cause() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&FATAL).await.unwrap();
        assert!(served.await.unwrap_err().is_panic());
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .caused_by("panicked");
}

#[tokio::test]
async fn an_unread_goodbye_does_not_replace_a_panic() {
    line_of(async |peer_id| {
        let (mut peer, served) = start(peer_id).await;
        peer.write_all(&[&FATAL[..], &GOODBYE].concat()).await.unwrap();
        ended(served).await;
    })
    .await
    .unexpected("unknown")
    .by_one_of(NOBODY_OR_SERVER)
    .caused_by("panicked");
}

#[tokio::test]
async fn our_shutdown_outranks_the_abort_after_it() {
    line_of(async |peer_id| {
        let shutdown = Arc::default();
        let (_peer, served) = start_under(&shutdown, peer_id).await;
        shutdown.begin();
        aborted(served).await;
    })
    .await
    .expected("server_shutdown")
    .by("server");
}

// A failed shutdown is never a clean end, so the panic must be the cause. Reason and expected flag are not asserted.
#[tokio::test]
async fn a_panic_after_our_shutdown_is_the_cause() {
    line_of(async |peer_id| {
        let shutdown = Arc::default();
        let (mut peer, served) = start_under(&shutdown, peer_id).await;
        shutdown.begin();
        peer.write_all(&FATAL).await.unwrap();
        ended(served).await;
    })
    .await
    .caused_by("panicked");
}
