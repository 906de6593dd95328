//! Runs a service behind the proxy, and checks the line that it writes for each fault.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use disconnect_core::testing::{self, Captured};
use disconnect_core::{
    Disconnect, DisconnectCause, DisconnectGuard, DisconnectInitiator, DisconnectReason, Endpoint, Observed,
    disconnected,
};
use disconnect_faults::{Cut, FaultProxy, Toward};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
/// How long the service waits for the next message, in tests that are not about that.
const LONG: Duration = Duration::from_secs(60);

/// Echoes messages of four bytes. `quit` is the goodbye.
fn serve(mut stream: TcpStream) -> io::Result<Disconnect> {
    let guard = DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "session closed"));
    guard.run_blocking(|_| -> io::Result<_> {
        let mut message = [0; 4];
        loop {
            stream.read_exact(&mut message)?;
            match &message {
                b"quit" => return Ok(END.closed_by_peer()),
                b"echo" => stream.write_all(&message)?,
                _ => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    })
}

/// Returns the line of a session. The fault is injected after one echo.
fn line(idle: Duration, fault: impl FnOnce(&FaultProxy, &mut TcpStream)) -> Observed {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap()).unwrap();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    let stream = listener.accept().unwrap().0;
    stream.set_read_timeout(Some(idle)).unwrap();
    let service = thread::spawn(|| testing::capture(|| serve(stream)));
    client.write_all(b"echo").unwrap();
    client.read_exact(&mut [0; 4]).unwrap();
    fault(&proxy, &mut client);
    let captured: Captured<_> = service.join().unwrap();
    captured.one()
}

/// Reason, initiator and cause.
type Answer = (Option<DisconnectReason>, Option<DisconnectInitiator>, Option<DisconnectCause>);

fn answer(end: &Observed) -> Answer {
    (end.reason_as(), end.initiator_as(), end.cause_as())
}

fn lost(cause: DisconnectCause) -> Answer {
    (Some(DisconnectReason::NetworkError), Some(DisconnectInitiator::Network), Some(cause))
}

#[test]
fn goodbye_is_expected() {
    let end = line(LONG, |_, client| client.write_all(b"quit").unwrap());
    assert_eq!(answer(&end), (Some(DisconnectReason::ClientClosed), Some(DisconnectInitiator::Client), None));
    assert!(end.expected());
}

#[test]
fn reset_is_a_network_error() {
    let end = line(LONG, |proxy, _| proxy.reset(Toward::Server).unwrap());
    assert_eq!(answer(&end), lost(DisconnectCause::Reset));
    assert!(!end.expected());
}

#[test]
fn fin_without_a_goodbye_is_a_network_error() {
    let end = line(LONG, |proxy, _| proxy.fin(Toward::Server).unwrap());
    assert_eq!(answer(&end), lost(DisconnectCause::UncleanEof));
    assert!(!end.expected());
}

#[test]
fn silence_is_a_deadline_although_the_client_sends() {
    let mut silence = None;
    let end = line(Duration::from_millis(200), |proxy, client| {
        let fault = proxy.silence(Toward::Server).unwrap();
        client.write_all(b"quit").unwrap();
        fault.wait().unwrap();
        silence = Some(fault);
    });
    assert_eq!(end.cause_as(), Some(DisconnectCause::Deadline));
    assert!(!end.expected());
}

#[test]
fn truncated_goodbye_is_a_network_error() {
    let end = line(LONG, |proxy, client| {
        let fault = proxy.truncate(Toward::Server, 2, Cut::Fin).unwrap();
        client.write_all(b"quit").unwrap();
        fault.wait().unwrap();
    });
    assert_eq!(answer(&end), lost(DisconnectCause::UncleanEof));
    assert!(!end.expected());
}

#[test]
fn corrupted_goodbye_is_a_protocol_error() {
    let end = line(LONG, |proxy, client| {
        let fault = proxy.corrupt(Toward::Server, 3).unwrap();
        client.write_all(b"quit").unwrap();
        fault.wait().unwrap();
    });
    assert_eq!(end.reason_as(), Some(DisconnectReason::ProtocolError));
    assert!(!end.expected());
}
