//! Calls inside a connection whose stream is watched.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::sleep;
use std::time::Duration;

use disconnect_core::{Category, Disconnect, DisconnectGuard, Endpoint, Watched};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
const KEEPALIVE: Duration = Duration::from_millis(20);

fn answer(end: &Disconnect) -> (&str, Option<&str>) {
    (end.reason().as_str(), end.cause().map(Category::as_str))
}

/// A ping without an answer until the keep-alive timeout. The peer stays connected.
fn unanswered(stream: &mut Watched<TcpStream>) {
    stream.get_ref().set_nonblocking(true).unwrap();
    stream.write_all(b"ping").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // Waits for the timeout that is tested.
    sleep(KEEPALIVE);
}

/// tonic's `message()` returns `Ok(None)` to the calls first, and the stream is dropped after that.
#[test]
fn a_call_on_a_silent_connection_has_no_goodbye() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let _client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let connection = DisconnectGuard::new(END, |_| ());
    let mut stream = connection.watch(listener.accept().unwrap().0).silent_after(KEEPALIVE);
    let call = DisconnectGuard::new(END, |_| ()).under(&connection);
    unanswered(&mut stream);

    call.set(END.closed_by_peer());
    assert_eq!(answer(&call.finish()), ("network_error", Some("keepalive_timeout")));
    drop(stream);
    assert_eq!(answer(&connection.finish()), ("network_error", Some("keepalive_timeout")));
}

/// A server that owns its connections drops them without an end.
#[test]
fn a_violation_in_a_call_replaces_the_drop_of_its_connection() {
    let connection = DisconnectGuard::new(END, |_| ());
    let calls = [(); 3].map(|()| DisconnectGuard::new(END, |_| ()).under(&connection));
    drop(connection);

    let [violated, said, lost] = calls;
    violated.failed(&std::io::Error::from(ErrorKind::InvalidData));
    assert_eq!(answer(&violated.finish()).0, "protocol_error");
    said.set(END.closed_by_peer());
    assert_eq!(answer(&said.finish()), ("unknown", Some("dropped")));
    lost.failed(&std::io::Error::from(ErrorKind::BrokenPipe));
    assert_eq!(answer(&lost.finish()), ("unknown", Some("dropped")));
}
