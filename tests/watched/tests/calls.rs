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

/// A ping that nothing answers, until the keep-alive is over. The peer stays.
fn unanswered(stream: &mut Watched<TcpStream>) {
    stream.get_ref().set_nonblocking(true).unwrap();
    stream.write_all(b"ping").unwrap();
    assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    // The keep-alive itself.
    sleep(KEEPALIVE);
}

/// As in tonic: its `message()` gives `Ok(None)` to the calls, and only then the stream is dropped.
#[test]
fn a_call_of_a_silent_connection_has_no_goodbye_before_the_stream_is_dropped() {
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

/// As where a server owns its connections, and drops them without a word.
#[test]
fn a_violation_in_a_call_explains_the_bare_drop_of_its_connection() {
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
