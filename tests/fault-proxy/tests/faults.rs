//! Tests each fault as both sides of the connection observe it.

#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use disconnect_faults::{Cut, FaultProxy, Refusal, Toward};

/// A server, the proxy in front of it, and one connection through it.
struct Path {
    listener: TcpListener,
    proxy: FaultProxy,
    client: TcpStream,
    server: TcpStream,
}

fn listener() -> (TcpListener, FaultProxy) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap()).unwrap();
    (listener, proxy)
}

fn connect(listener: &TcpListener, proxy: &FaultProxy) -> (TcpStream, TcpStream) {
    let client = TcpStream::connect(proxy.address()).unwrap();
    let server = listener.accept().unwrap().0;
    for socket in [&client, &server] {
        // Ends a test that waits in vain.
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    }
    (client, server)
}

fn path() -> Path {
    let (listener, proxy) = listener();
    let (client, server) = connect(&listener, &proxy);
    Path { listener, proxy, client, server }
}

impl Path {
    /// The side that a fault applies to, and the other one.
    fn sides(&mut self, toward: Toward) -> (&mut TcpStream, &mut TcpStream) {
        match toward {
            Toward::Client => (&mut self.client, &mut self.server),
            Toward::Server | Toward::Both => (&mut self.server, &mut self.client),
        }
    }
}

const SIDES: [Toward; 2] = [Toward::Client, Toward::Server];

fn pass(from: &mut TcpStream, to: &mut TcpStream, text: &[u8]) {
    from.write_all(text).unwrap();
    let mut got = vec![0; text.len()];
    to.read_exact(&mut got).unwrap();
    assert_eq!(got, text);
}

fn is_quiet(stream: &mut TcpStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    matches!(read, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn kind(read: io::Result<usize>) -> Result<usize, ErrorKind> {
    read.map_err(|error| error.kind())
}

const RESET: Result<usize, ErrorKind> = Err(ErrorKind::ConnectionReset);

#[test]
fn bytes_fin_and_rst_pass_without_a_fault() {
    let mut path = path();
    pass(&mut path.client, &mut path.server, b"there");
    pass(&mut path.server, &mut path.client, b"and back");
    path.client.shutdown(Shutdown::Write).unwrap();
    assert_eq!(path.server.read(&mut [0]).unwrap(), 0);
    pass(&mut path.server, &mut path.client, b"after the FIN");
    drop(path.server);
    assert_eq!(path.client.read(&mut [0]).unwrap(), 0);

    for toward in SIDES {
        let (client, server) = connect(&path.listener, &path.proxy);
        let (mut seen, other) = if toward == Toward::Client { (client, server) } else { (server, client) };
        socket2::SockRef::from(&other).set_linger(Some(Duration::ZERO)).unwrap();
        drop(other);
        assert_eq!(kind(seen.read(&mut [0])), RESET);
    }
}

/// The kernel reports an RST once: to the thread that reads or to the one that writes.
#[test]
fn rst_is_forwarded_as_rst_while_the_proxy_writes() {
    let (listener, proxy) = listener();
    let bytes = vec![0; 1 << 16];
    for round in 0..5 {
        let (client, mut server) = connect(&listener, &proxy);
        server.set_nonblocking(true).unwrap();
        while server.write(&bytes).is_ok() {}
        server.set_nonblocking(false).unwrap();
        socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(kind(server.read(&mut [0])), RESET, "round {round}");
    }
}

/// IPv6 sockets are in a table of their own.
#[test]
fn ipv6_server_gets_an_ipv6_proxy() {
    // Skipped on a host without IPv6.
    let Ok(listener) = TcpListener::bind("[::1]:0") else { return };
    let proxy = FaultProxy::start(listener.local_addr().unwrap()).unwrap();
    let (mut client, mut server) = connect(&listener, &proxy);
    assert!(proxy.address().is_ipv6());
    pass(&mut client, &mut server, b"there");
    proxy.half_close(Toward::Server).unwrap();
    assert_eq!(server.read(&mut [0]).unwrap(), 0);
    proxy.reset(Toward::Client).unwrap();
    assert_eq!(kind(client.read(&mut [0])), RESET);
}

#[test]
fn megabyte_passes_while_both_sides_write() {
    let path = path();
    let work = |mut stream: TcpStream| {
        let mut writer = stream.try_clone().unwrap();
        let sent = std::thread::spawn(move || writer.write_all(&vec![7; 1 << 20]).unwrap());
        let mut got = vec![0; 1 << 20];
        stream.read_exact(&mut got).unwrap();
        sent.join().unwrap();
        assert!(got.iter().all(|byte| *byte == 7));
    };
    let server = std::thread::spawn(move || work(path.server));
    work(path.client);
    server.join().unwrap();
}

#[test]
fn fin_ends_one_side_without_an_rst() {
    for toward in SIDES {
        let mut path = path();
        let proxy = path.proxy.connection(0).unwrap();
        let (seen, other) = path.sides(toward);
        pass(other, seen, b"before");
        proxy.fin(toward).unwrap();
        assert_eq!(seen.read(&mut [0]).unwrap(), 0);
        seen.write_all(&vec![0; 100_000]).unwrap();
        assert_eq!(seen.read(&mut [0]).unwrap(), 0, "no RST");
        other.write_all(b"dropped").unwrap();
        assert!(is_quiet(other), "the other side is open, and gets nothing");
        let error = proxy.reset(toward).and_then(|()| proxy.fin(toward)).unwrap_err();
        let name = if toward == Toward::Client { "client" } else { "server" };
        assert_eq!(error.to_string(), format!("the connection to the {name} was reset before"));
    }
}

#[test]
fn half_close_keeps_the_other_direction_open() {
    for toward in SIDES {
        let mut path = path();
        path.proxy.half_close(toward).unwrap();
        let (seen, other) = path.sides(toward);
        assert_eq!(seen.read(&mut [0]).unwrap(), 0);
        pass(seen, other, b"last words");
        seen.shutdown(Shutdown::Write).unwrap();
        assert_eq!(other.read(&mut [0]).unwrap(), 0);
    }
}

#[test]
fn reset_leaves_the_other_side_open() {
    for toward in SIDES {
        let mut path = path();
        let (seen, other) = path.sides(toward);
        pass(other, seen, b"before");
        // The peer has received the bytes before the RST. On Linux an RST does not discard them.
        path.proxy.reset(toward).unwrap();
        let (seen, other) = path.sides(toward);
        assert_eq!(kind(seen.read(&mut [0])), RESET);
        assert_eq!(kind(seen.write(b"late")), Err(ErrorKind::BrokenPipe));
        other.write_all(b"dropped").unwrap();
        assert!(is_quiet(other));
    }
}

/// Repeated, because a FIN before the RST would depend on the timing of the threads.
#[test]
fn reset_of_both_sides_sends_no_fin() {
    let (listener, proxy) = listener();
    for round in 0..40 {
        let (mut client, mut server) = connect(&listener, &proxy);
        // Bytes are in flight in both directions, and neither side reads them.
        client.write_all(&[1; 1000]).unwrap();
        server.write_all(&[2; 1000]).unwrap();
        proxy.reset(Toward::Both).unwrap();
        for end in [&mut client, &mut server] {
            let ended = io::copy(end, &mut io::sink()).unwrap_err();
            assert_eq!(ended.kind(), ErrorKind::ConnectionReset, "round {round}");
        }
    }
}

#[test]
fn reset_fails_a_blocked_write() {
    let path = path();
    let mut server = path.server.try_clone().unwrap();
    // The client does not read, so the writes of the server stall.
    let writing = std::thread::spawn(move || {
        let bytes = vec![0; 1 << 16];
        loop {
            if let Err(error) = server.write(&bytes) {
                return error.kind();
            }
        }
    });
    path.proxy.reset(Toward::Both).unwrap();
    let ended = writing.join().unwrap();
    assert!(matches!(ended, ErrorKind::ConnectionReset | ErrorKind::BrokenPipe), "{ended:?}");
}

#[test]
fn command_after_the_fin_of_the_peer_is_an_error() {
    let mut path = path();
    path.server.shutdown(Shutdown::Write).unwrap();
    assert_eq!(path.client.read(&mut [0]).unwrap(), 0);
    let one = path.proxy.connection(0).unwrap();
    let error = one.reset(Toward::Client).unwrap_err();
    assert_eq!(error.to_string(), "the other peer's own FIN has reached the client before");
    one.reset(Toward::Server).unwrap();
    assert_eq!(kind(path.server.read(&mut [0])), RESET);
}

#[test]
fn reset_may_follow_a_fin_of_the_proxy() {
    let mut path = path();
    path.proxy.half_close(Toward::Client).unwrap();
    assert_eq!(path.client.read(&mut [0]).unwrap(), 0);
    path.proxy.reset(Toward::Client).unwrap();
    path.client.write_all(b"late").unwrap_err();
}

/// The FIN follows bytes that the client does not read, so it cannot arrive.
#[test]
#[cfg(target_os = "linux")]
fn undeliverable_fin_is_an_error() {
    let (listener, proxy) = listener();
    let proxy = proxy.with_limit(Duration::from_millis(100));
    let (client, server) = connect(&listener, &proxy);
    server.set_write_timeout(Some(Duration::from_millis(100))).unwrap();
    let bytes = vec![0; 1 << 16];
    while (&server).write(&bytes).is_ok() {}
    let error = proxy.silence(Toward::Client).unwrap_err().to_string();
    assert!(error.ends_with("earlier bytes are still on their way to the client: let it read them first"), "{error}");
    let one = proxy.connection_of(client.local_addr().unwrap()).unwrap();
    let error = one.fin(Toward::Client).unwrap_err().to_string();
    assert!(error.starts_with("the FIN has not arrived at the client within "), "{error}");
}

#[test]
fn silence_drops_bytes_and_fin_until_lifted() {
    for toward in SIDES {
        let mut path = path();
        let silence = path.proxy.silence(toward).unwrap();
        let (seen, other) = path.sides(toward);
        pass(seen, other, b"the other direction");
        assert!(!silence.took_effect());
        other.write_all(b"lost").unwrap();
        silence.wait().unwrap();
        assert!(is_quiet(seen));
        silence.lift().unwrap();
        pass(other, seen, b"kept");

        let silence = path.proxy.silence(toward).unwrap();
        let (seen, other) = path.sides(toward);
        other.shutdown(Shutdown::Write).unwrap();
        silence.wait().unwrap();
        assert!(is_quiet(seen));
    }
}

#[test]
fn silence_applies_to_both_sides_and_later_connections() {
    let (listener, proxy) = listener();
    let silence = proxy.silence(Toward::Both).unwrap();
    let (mut client, mut server) = connect(&listener, &proxy);
    client.write_all(b"lost").unwrap();
    silence.wait().unwrap();
    server.write_all(b"lost").unwrap();
    drop(server);
    // The FIN of the client is dropped too, so it gets no answer.
    client.shutdown(Shutdown::Write).unwrap();
    assert!(is_quiet(&mut client));
}

#[test]
fn truncation_is_exact() {
    for toward in SIDES {
        for bytes in [0, 1, 4, 70_000] {
            for cut in [Cut::Fin, Cut::Reset] {
                let mut path = path();
                let fault = path.proxy.truncate(toward, bytes, cut).unwrap();
                let (seen, other) = path.sides(toward);
                let mut other = other.try_clone().unwrap();
                let writing = std::thread::spawn(move || other.write_all(&vec![5; 100_000]).unwrap());
                let mut got = Vec::new();
                let ended = seen.read_to_end(&mut got).map_err(|error| error.kind());
                assert_eq!(got.len() as u64, bytes, "{toward:?} {cut:?}");
                match cut {
                    Cut::Fin => assert_eq!(ended, Ok(got.len())),
                    Cut::Reset => assert_eq!(ended, RESET),
                }
                fault.wait().unwrap();
                writing.join().unwrap();
            }
        }
    }
}

/// Most of the bytes are still in the proxy when the client writes the last one.
#[test]
fn truncation_by_reset_delivers_its_bytes_to_a_slow_reader() {
    const BYTES: usize = 300_000;
    let (listener, proxy) = listener();
    let fault = proxy.truncate(Toward::Client, BYTES as u64, Cut::Reset).unwrap();
    let client = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    client.set_recv_buffer_size(8192).unwrap();
    client.connect(&proxy.address().into()).unwrap();
    let mut client = TcpStream::from(client);
    let mut server = listener.accept().unwrap().0;
    let writing = std::thread::spawn(move || server.write_all(&vec![5; BYTES + 1]).unwrap());
    let mut got = Vec::new();
    assert_eq!(client.read_to_end(&mut got).unwrap_err().kind(), ErrorKind::ConnectionReset);
    assert_eq!(got.len(), BYTES);
    fault.wait().unwrap();
    writing.join().unwrap();
}

#[test]
fn injected_bytes_arrive_between_those_of_the_other_peer() {
    for toward in SIDES {
        let mut path = path();
        // No rule applies to them.
        let cut = path.proxy.truncate(toward, 10, Cut::Fin).unwrap();
        let (seen, other) = path.sides(toward);
        pass(other, seen, b"before");
        path.proxy.inject(toward, b"garbage").unwrap();
        let (seen, other) = path.sides(toward);
        assert!(!cut.took_effect());
        let mut got = [0; 7];
        seen.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"garbage");
        pass(other, seen, b"last");
        cut.wait().unwrap();
        assert_eq!(seen.read(&mut [0]).unwrap(), 0);
        assert!(is_quiet(other), "nothing for the other side");
    }
    let mut path = path();
    path.proxy.connection(0).unwrap().inject(Toward::Both, b"both").unwrap();
    for end in [&mut path.client, &mut path.server] {
        let mut got = [0; 4];
        end.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"both");
    }
}

#[test]
fn bytes_that_cannot_arrive_are_an_error() {
    let (listener, proxy) = listener();
    let proxy = proxy.with_limit(Duration::from_millis(100));
    let (client, _server) = connect(&listener, &proxy);
    let error = proxy.inject(Toward::Client, &vec![0; 1 << 26]).unwrap_err().to_string();
    assert!(error.ends_with("let the client read"), "{error}");
    drop(client);
    let (_client, _server) = connect(&listener, &proxy);
    let connection = proxy.connection(1).unwrap();
    connection.fin(Toward::Client).unwrap();
    let error = connection.inject(Toward::Client, b"late").unwrap_err();
    assert_eq!(error.to_string(), "a FIN was sent to the client before");
}

#[test]
fn corruption_flips_one_byte() {
    for toward in SIDES {
        for skip in [0, 5, 65_536, 99_999] {
            let mut path = path();
            let fault = path.proxy.corrupt(toward, skip).unwrap();
            let (seen, other) = path.sides(toward);
            let mut other = other.try_clone().unwrap();
            let writing = std::thread::spawn(move || other.write_all(&vec![5; 100_000]).unwrap());
            let mut got = vec![0; 100_000];
            seen.read_exact(&mut got).unwrap();
            writing.join().unwrap();
            fault.wait().unwrap();
            let wrong: Vec<_> = got.iter().enumerate().filter(|(_, byte)| **byte != 5).collect();
            assert_eq!(wrong, [(usize::try_from(skip).unwrap(), &!5)]);
        }
    }
}

#[test]
fn corruption_and_truncation_combine() {
    let mut path = path();
    let corrupt = path.proxy.corrupt(Toward::Server, 1).unwrap();
    let truncate = path.proxy.truncate(Toward::Server, 3, Cut::Fin).unwrap();
    path.client.write_all(&[0; 10]).unwrap();
    let mut got = Vec::new();
    path.server.read_to_end(&mut got).unwrap();
    assert_eq!(got, [0, 0xff, 0]);
    corrupt.wait().unwrap();
    truncate.wait().unwrap();
}

#[test]
fn delay_applies_to_bytes_and_fin() {
    const DELAY: Duration = Duration::from_millis(50);
    for toward in SIDES {
        let mut path = path();
        let delay = path.proxy.delay(toward, DELAY).unwrap();
        let (seen, other) = path.sides(toward);
        let start = Instant::now();
        pass(other, seen, b"late");
        assert!(start.elapsed() >= DELAY);
        pass(seen, other, b"the other direction");
        delay.wait().unwrap();
        let start = Instant::now();
        other.shutdown(Shutdown::Write).unwrap();
        assert_eq!(seen.read(&mut [0]).unwrap(), 0);
        assert!(start.elapsed() >= DELAY);
        delay.lift().unwrap();
    }
}

#[test]
fn each_refusal_reaches_the_client() {
    let (listener, proxy) = listener();
    let (mut earlier, mut server) = connect(&listener, &proxy);

    let refusal = proxy.refuse(Refusal::Closed).unwrap();
    for _ in 0..2 {
        assert_eq!(TcpStream::connect(proxy.address()).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    }
    let error = proxy.refuse(Refusal::Closed).unwrap_err();
    assert_eq!(error.to_string(), "the port is closed already: lift that fault first");
    refusal.lift().unwrap();

    let refusal = proxy.refuse(Refusal::Reset).unwrap();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(kind(client.read(&mut [0])), RESET);
    refusal.lift().unwrap();

    let refusal = proxy.refuse(Refusal::Silent).unwrap();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    client.write_all(b"hello?").unwrap();
    refusal.wait().unwrap();
    assert!(is_quiet(&mut client));
    refusal.lift().unwrap();

    // Earlier clients are not affected, and later ones are connected again.
    pass(&mut earlier, &mut server, b"still here");
    let (mut client, mut server) = connect(&listener, &proxy);
    pass(&mut client, &mut server, b"new");
    listener.set_nonblocking(true).unwrap();
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "no refused client reached the server");
}

#[test]
fn unreachable_server_resets_the_client() {
    let (listener, proxy) = listener();
    drop(listener);
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert_eq!(kind(client.read(&mut [0])), RESET);
    let error = proxy.with_limit(Duration::from_millis(10)).fin(Toward::Both).unwrap_err().to_string();
    assert!(
        error.starts_with("no open connection within 10ms: the proxy cannot connect to the server: Connection refused"),
        "{error}"
    );
}

#[test]
fn command_applies_to_all_earlier_connections_only() {
    let (listener, proxy) = listener();
    let mut clients: Vec<_> = (0..20).map(|_| TcpStream::connect(proxy.address()).unwrap()).collect();
    proxy.reset(Toward::Client).unwrap();
    for client in &mut clients {
        client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        assert_eq!(kind(client.read(&mut [0])), RESET);
    }
    let servers: Vec<_> = (0..20).map(|_| listener.accept().unwrap().0).collect();
    let (mut client, mut server) = connect(&listener, &proxy);
    pass(&mut client, &mut server, b"unharmed");
    drop(servers);
}

/// The client's `connect` has returned, but the proxy may not have accepted it yet.
#[test]
fn command_applies_to_a_client_that_is_not_accepted_yet() {
    let (listener, proxy) = listener();
    for round in 0..20 {
        let earlier = TcpStream::connect(proxy.address()).unwrap();
        let server = listener.accept().unwrap();
        let client = TcpStream::connect(proxy.address()).unwrap();
        proxy.fin(Toward::Client).unwrap();
        for mut client in [client, earlier] {
            client.set_nonblocking(true).unwrap();
            assert_eq!(kind(client.read(&mut [0])), Ok(0), "round {round}");
        }
        drop((server, listener.accept().unwrap()));
    }
}

#[test]
fn connection_command_applies_to_that_connection_only() {
    let (listener, proxy) = listener();
    let mut paths: Vec<_> = (0..3).map(|_| connect(&listener, &proxy)).collect();
    proxy.connection(1).unwrap().reset(Toward::Both).unwrap();
    let silence = proxy.connection_of(paths[2].0.local_addr().unwrap()).unwrap().silence(Toward::Server).unwrap();
    let [first, second, third] = paths.as_mut_slice() else { unreachable!() };
    pass(&mut first.0, &mut first.1, b"unharmed");
    assert_eq!(kind(second.0.read(&mut [0])), RESET);
    assert_eq!(kind(second.1.read(&mut [0])), RESET);
    third.0.write_all(b"lost").unwrap();
    silence.wait().unwrap();
    assert!(is_quiet(&mut third.1));
}

/// Returns the message of the panic when a fault is dropped.
fn panic_of(drop_it: impl FnOnce()) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(drop_it)) else { panic!("no panic") };
    *panic.downcast::<String>().unwrap()
}

#[test]
fn dropped_fault_without_effect_panics() {
    let (_listener, proxy) = listener();
    let proxy = proxy.with_limit(Duration::from_millis(10));
    let nothing = |what: &str| format!("{what} took no effect: no traffic met it");

    assert_eq!(panic_of(|| drop(proxy.silence(Toward::Both).unwrap())), nothing("silence toward Both"));
    let text = panic_of(|| drop(proxy.truncate(Toward::Server, 7, Cut::Reset).unwrap()));
    assert_eq!(text, nothing("truncate after 7 bytes by Reset toward Server"));
    assert_eq!(panic_of(|| drop(proxy.refuse(Refusal::Silent).unwrap())), nothing("refuse by Silent"));

    let fault = proxy.corrupt(Toward::Server, 0).unwrap();
    let error = fault.wait().unwrap_err().to_string();
    assert_eq!(error, nothing("corrupt the byte after 0 toward Server"));
    assert_eq!(fault.lift().unwrap_err().to_string(), error);
    // A panic of the test itself is kept.
    let text = panic_of(|| {
        let _delay = proxy.delay(Toward::Both, Duration::ZERO).unwrap();
        panic!("{}", "its own");
    });
    assert_eq!(text, "its own");
}

/// The drop must not wait for blocked threads.
#[test]
fn drop_does_not_wait_for_blocked_threads() {
    for round in 0..50 {
        let (_listener, proxy) = listener();
        drop(TcpStream::connect(proxy.address()).unwrap());
        let start = Instant::now();
        drop(proxy);
        assert!(start.elapsed() < Duration::from_secs(2), "round {round}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn dropped_proxy_leaves_no_threads_or_sockets() {
    // In a process of its own, because other tests have threads and sockets too.
    const CHILD: &str = "FAULT_PROXY_CHILD";
    if std::env::var_os(CHILD).is_none() {
        let test = "dropped_proxy_leaves_no_threads_or_sockets";
        let run = Command::new(std::env::current_exe().unwrap())
            .args([test, "--exact", "--test-threads=1", "--nocapture"])
            .env(CHILD, "1")
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        return;
    }
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let before = (count("fd"), count("task"));
    for round in 0..20 {
        let proxy = FaultProxy::start(listener.local_addr().unwrap()).unwrap();
        let mut paths: Vec<_> = (0..4).map(|_| connect(&listener, &proxy)).collect();
        let one = |index| proxy.connection(index).unwrap();
        one(0).reset(Toward::Client).unwrap();
        one(1).fin(Toward::Server).unwrap();
        let silence = one(2).silence(Toward::Both).unwrap();
        paths[2].0.write_all(b"lost").unwrap();
        silence.wait().unwrap();
        let delay = one(3).delay(Toward::Server, Duration::from_secs(3600)).unwrap();
        paths[3].0.write_all(b"held back").unwrap();
        let refusal = proxy.refuse(Refusal::Closed).unwrap();
        drop(proxy);
        refusal.lift().unwrap();
        // The delay has not ended, so the fault took no effect, and its drop would panic.
        std::mem::forget(delay);
        drop(paths);
        assert_eq!(count("fd"), before.0, "round {round}");
        // The kernel lists a joined thread until it has cleaned up.
        let start = Instant::now();
        while count("task") != before.1 {
            assert!(start.elapsed() < Duration::from_secs(5), "round {round}: {} threads", count("task"));
            std::thread::yield_now();
        }
    }
}

/// Until a new process runs its program, it has a copy of the listener, so the port is in use for a moment longer.
#[test]
fn the_port_closes_while_processes_start() {
    let (_listener, proxy) = listener();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                Command::new("true").status().unwrap();
            }
        });
        for round in 0..200 {
            let refusal = proxy.refuse(Refusal::Closed);
            stop.fetch_or(refusal.is_err(), Ordering::Relaxed);
            refusal.unwrap_or_else(|error| panic!("round {round}: {error:?}")).lift().unwrap();
        }
        stop.store(true, Ordering::Relaxed);
    });
}

/// Client and server share the single thread of a runtime.
#[tokio::test]
async fn async_client_and_server_work() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap()).unwrap();
    let echo = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        let (mut from, mut to) = stream.split();
        tokio::io::copy(&mut from, &mut to).await
    });
    let mut client = tokio::net::TcpStream::connect(proxy.address()).await.unwrap();
    let corrupt = proxy.corrupt(Toward::Client, 3).unwrap();
    client.write_all(&[0; 5]).await.unwrap();
    let mut got = [0; 5];
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(got, [0, 0, 0, 0xff, 0]);
    corrupt.wait().unwrap();

    proxy.reset(Toward::Server).unwrap();
    assert_eq!(echo.await.unwrap().unwrap_err().kind(), ErrorKind::ConnectionReset);
    proxy.fin(Toward::Client).unwrap();
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}
