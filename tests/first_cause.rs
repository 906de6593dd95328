//! The first cause wins: cases of a terminal's or SSH connection's life, on real sockets and with a real process.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use disconnect_core::testing::{Captured, capture};
use disconnect_core::{
    Category, Classifier, Disconnect, DisconnectGuard, DisconnectHandle, Endpoint, SetOutcome, classifier, disconnected,
};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const END: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);
static CLASSIFIER: Classifier = classifier![tokio = tokio];

fn guard() -> DisconnectGuard<impl FnOnce(&Disconnect)> {
    DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "ssh connection complete"))
}

/// Runs one connection over loopback: this side, the peer, and the guard's handle.
fn connection(work: impl AsyncFnOnce(TcpStream, TcpStream, DisconnectHandle)) -> Captured {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Outside the runtime, so that spawned tasks are captured too.
    capture(|| {
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            let (here, _) = listener.accept().await.unwrap();
            let guard = guard();
            work(here, peer, guard.handle()).await;
        });
    })
}

/// Records the result of a read, as a session does. Bytes and success are no end.
async fn read(here: &mut TcpStream, ended: &DisconnectHandle) -> Option<SetOutcome> {
    match here.read(&mut [0; 64]).await {
        Ok(0) => Some(ended.set(END.eof())),
        Ok(_) => None,
        Err(error) => Some(ended.set(END.failed(&error))),
    }
}

fn reset(peer: TcpStream) {
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
}

fn cause(captured: &Captured) -> (String, Option<String>) {
    let end = captured.one();
    (end.reason().as_str().to_owned(), end.cause().map(|cause| cause.as_str().to_owned()))
}

fn network(cause: &str) -> (String, Option<String>) {
    ("network_error".to_owned(), Some(cause.to_owned()))
}

const SHUTDOWN: &str = "server_shutdown";

#[test]
fn end_of_file_is_the_first_end() {
    let captured = connection(async |mut here, peer, ended| {
        drop(peer);
        assert_eq!(read(&mut here, &ended).await, Some(SetOutcome::Kept));
        assert_eq!(ended.set(END.shutting_down()), SetOutcome::Ignored);
    });
    assert_eq!(cause(&captured), network("unclean_eof"));
}

#[test]
fn a_reset_is_the_first_end() {
    let captured = connection(async |mut here, peer, ended| {
        reset(peer);
        assert_eq!(read(&mut here, &ended).await, Some(SetOutcome::Kept));
        assert_eq!(ended.set(END.shutting_down()), SetOutcome::Ignored);
    });
    assert_eq!(cause(&captured), network("reset"));
}

#[test]
fn a_closed_pipe_is_the_first_end() {
    let captured = capture(|| {
        let guard = guard();
        let mut command = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = command.stdin.take().unwrap();
        command.wait().unwrap();
        let error = stdin.write_all(b"too late").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(guard.set(END.failed(&error)), SetOutcome::Kept);
        assert_eq!(guard.set(END.shutting_down()), SetOutcome::Ignored);
    });
    assert_eq!(cause(&captured), network("broken_pipe"));
}

#[test]
fn a_later_end_replaces_a_deadline() {
    let captured = connection(async |mut here, _peer, ended| {
        let elapsed = timeout(Duration::ZERO, here.read(&mut [0; 64])).await.unwrap_err();
        assert_eq!(ended.set(END.failed(&elapsed)), SetOutcome::Kept);
        assert_eq!(ended.set(END.shutting_down()), SetOutcome::Kept);
    });
    assert_eq!(captured.one().reason().as_str(), SHUTDOWN);
}

#[test]
fn a_later_end_replaces_would_block() {
    let captured = connection(async |here, _peer, ended| {
        let error = here.try_read(&mut [0; 64]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
        ended.set(END.failed(&error));
        assert_eq!(ended.set(END.shutting_down()), SetOutcome::Kept);
    });
    assert_eq!(captured.one().reason().as_str(), SHUTDOWN);
}

#[test]
fn success_is_no_end() {
    let captured = connection(async |mut here, mut peer, ended| {
        peer.write_all(b"ls\n").await.unwrap();
        assert_eq!(read(&mut here, &ended).await, None);
        assert_eq!(ended.set(END.shutting_down()), SetOutcome::Kept);
    });
    assert_eq!(captured.one().reason().as_str(), SHUTDOWN);
}

#[test]
fn a_deadline_stays_if_nothing_else_follows() {
    let captured = connection(async |mut here, _peer, ended| {
        let elapsed = timeout(Duration::ZERO, here.read(&mut [0; 64])).await.unwrap_err();
        ended.set(END.failed(&elapsed));
    });
    assert_eq!(cause(&captured), network("deadline"));
}

#[test]
fn a_shutdown_before_the_end_of_file_is_kept() {
    let captured = connection(async |mut here, peer, ended| {
        assert_eq!(ended.set(END.shutting_down()), SetOutcome::Kept);
        drop(peer);
        assert_eq!(read(&mut here, &ended).await, Some(SetOutcome::Ignored));
    });
    let end = captured.one();
    assert_eq!((end.reason().as_str(), end.initiator().unwrap().as_str()), (SHUTDOWN, "agent"));
}

#[test]
fn a_second_shutdown_is_ignored() {
    let captured = connection(async |_here, _peer, ended| {
        ended.set(END.shutting_down().with_detail("first"));
        assert_eq!(ended.set(END.shutting_down().with_detail("second")), SetOutcome::Ignored);
    });
    assert_eq!(captured.one().detail(), Some("first"));
}

#[test]
fn closing_stdin_is_no_end() {
    let captured = connection(async |mut here, mut peer, ended| {
        // The client has sent all its input and waits for the output.
        peer.shutdown().await.unwrap();
        assert_eq!(here.read(&mut [0; 64]).await.unwrap(), 0);
        assert_eq!(ended.get(), None, "a half-close ends the session's input, not the connection");
        here.write_all(b"output").await.unwrap();
        ended.set(END.closed_locally());
        drop(here);
        let mut output = String::new();
        peer.read_to_string(&mut output).await.unwrap();
        assert_eq!(output, "output");
    });
    let end = captured.one();
    assert_eq!((end.reason().as_str(), end.expected()), ("graceful", true));
}

#[test]
fn a_double_close_logs_one_line() {
    let captured = connection(async |mut here, _peer, ended| {
        for _ in 0..2 {
            ended.set(END.closed_locally());
            here.shutdown().await.unwrap();
        }
    });
    assert_eq!(captured.one().reason().as_str(), "graceful");
}

#[test]
fn the_end_of_a_channel_outranks_that_of_its_connection() {
    let captured = connection(async |mut here, peer, ended| {
        let write = |end: &Disconnect| disconnected!(end, "ssh session closed");
        let channel = DisconnectGuard::new(END, write).under(&ended);
        let status = Command::new("sh").args(["-c", "exit 0"]).status().unwrap();
        channel.set(END.process_exited(status));
        reset(peer);
        read(&mut here, &ended).await;
    });
    let [session, connection] = captured.all().try_into().unwrap();
    assert_eq!((session.message(), session.reason().as_str()), (Some("ssh session closed"), "graceful"));
    assert_eq!((connection.reason().as_str(), connection.cause().unwrap().as_str()), ("network_error", "reset"));
}

#[test]
fn an_aborted_task_logs_its_line() {
    let captured = connection(async |mut here, _peer, ended| {
        ended.set(END.closed_locally());
        let (up, is_up) = tokio::sync::oneshot::channel();
        let task = tokio::spawn(async move {
            let guard = guard();
            up.send(()).unwrap();
            read(&mut here, &guard.handle()).await;
        });
        is_up.await.unwrap();
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    });
    assert_eq!(cause(&captured.only(|end| !end.expected())).1.as_deref(), Some("dropped"));
}

#[test]
fn a_dropped_runtime_logs_its_lines() {
    let captured = capture(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            tokio::spawn(async {
                let _guard = guard();
                std::future::pending::<()>().await;
            });
            // Lets the task run to its first await.
            tokio::task::yield_now().await;
        });
    });
    assert_eq!(cause(&captured).1.as_deref(), Some("dropped"));
}

/// The workers drop the tasks during shutdown, each with a live connection.
#[test]
fn a_dropped_multi_thread_runtime_logs_its_lines() {
    const CONNECTIONS: usize = 32;
    let lines: Arc<Mutex<Vec<Disconnect>>> = Arc::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let peers = runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut peers = Vec::new();
        for _ in 0..CONNECTIONS {
            peers.push(TcpStream::connect(listener.local_addr().unwrap()).await.unwrap());
            let (mut here, _) = listener.accept().await.unwrap();
            let (up, is_up) = tokio::sync::oneshot::channel();
            let lines = lines.clone();
            tokio::spawn(async move {
                let guard = DisconnectGuard::new(END, move |end: &Disconnect| lines.lock().unwrap().push(end.clone()));
                up.send(()).unwrap();
                read(&mut here, &guard.handle()).await;
            });
            is_up.await.unwrap();
        }
        peers
    });
    drop(runtime);
    let lines = lines.lock().unwrap();
    assert_eq!((lines.len(), peers.len()), (CONNECTIONS, CONNECTIONS));
    assert!(
        lines
            .iter()
            .all(|end| (end.reason().as_str(), end.cause().map(Category::as_str)) == ("unknown", Some("dropped"))),
        "{lines:?}"
    );
}
