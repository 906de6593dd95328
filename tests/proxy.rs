//! The example `tcp_proxy` under faults: its two lines agree on the end and on the party that caused it.
#![cfg(unix)]
#![allow(clippy::needless_pass_by_value, reason = "who has the scene decides when the proxy stops")]

#[allow(dead_code, reason = "the program around it is not run here")]
#[path = "../examples/tcp_proxy.rs"]
mod tcp_proxy;

use std::future::Future;
use std::io::{self, Read, Write};
use std::net::{Shutdown as Direction, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use disconnect_core::testing::{Captured, capture};
use disconnect_core::{
    ConnectionDirection, DisconnectGuard, DisconnectHandle, Endpoint, Observed, Recorded, Shutdown, Watched,
};
use disconnect_faults::{FaultProxy, Refusal, Toward};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, StreamOwned};

/// Reason, initiator, cause.
type Answer = (&'static str, &'static str, &'static str);

const FIN_BY_CLIENT: Answer = ("client_closed", "client", "fin");
const FIN_BY_SERVER: Answer = ("graceful", "server", "fin");
const CLOSED_BY_CLIENT: Answer = ("client_closed", "client", "");
const EOF: Answer = ("network_error", "network", "unclean_eof");
const RESET: Answer = ("network_error", "network", "reset");
const BROKEN_PIPE: Answer = ("network_error", "network", "broken_pipe");
const IDLE: Answer = ("network_error", "network", "idle_timeout");
const UNREACHABLE: Answer = ("network_error", "network", "unreachable");
const STOPPED: Answer = ("server_shutdown", "agent", "");

/// A proxy for a protocol in which a FIN is no goodbye.
const STRICT: [Endpoint; 2] = [Endpoint::AGENT_FACING_CLIENT, Endpoint::AGENT_FACING_SERVER];

/// The time after which a waiting test fails.
const LIMIT: Option<Duration> = Some(Duration::from_secs(10));

/// A fault and its expected ends: where a FIN is no goodbye, where it is one, and with the client over TLS. If there
/// are two ends, both are correct: it depends on what reaches the proxy first.
type Fault = (&'static str, fn(Scene), &'static [Answer], &'static [Answer], &'static [Answer]);

#[rustfmt::skip]
const FAULTS: [Fault; 19] = [
    ("client closes",                      client_closes,       &[EOF],   &[FIN_BY_CLIENT], &[CLOSED_BY_CLIENT]),
    ("server closes",                      server_closes,       &[EOF],   &[FIN_BY_SERVER], &[FIN_BY_SERVER]),
    ("client is killed",                   client_is_killed,    &[EOF],   &[FIN_BY_CLIENT], &[EOF]),
    ("server is killed",                   server_is_killed,    &[EOF],   &[FIN_BY_SERVER], &[FIN_BY_SERVER]),
    ("client is killed, its input unread", client_drops_input,  &[RESET], &[RESET],         &[RESET]),
    ("client resets",                      client_resets,       &[RESET], &[RESET],         &[RESET]),
    ("server resets",                      server_resets,       &[RESET], &[RESET],         &[RESET]),
    ("client half-closes, server goes on", client_half_closes,  &[EOF],   &[FIN_BY_CLIENT], &[CLOSED_BY_CLIENT]),
    ("server half-closes, client goes on", server_half_closes,  &[EOF],   &[FIN_BY_SERVER], &[CLOSED_BY_CLIENT]),
    ("client half-closes, server resets",  client_half_closes_and_server_resets, &[EOF], &[RESET], &[RESET]),
    ("server half-closes, client resets",  server_half_closes_and_client_resets, &[EOF], &[RESET], &[RESET]),
    ("both half-close, then server resets", both_half_close_and_server_resets, &[EOF], &[FIN_BY_CLIENT], &[CLOSED_BY_CLIENT]),
    ("client leaves while server sends",   client_leaves_early, &[EOF],   &[BROKEN_PIPE],   &[CLOSED_BY_CLIENT]),
    ("both are silent",                    nobody_speaks,       &[IDLE],  &[IDLE],          &[IDLE]),
    ("server is silent",                   server_is_silent,    &[IDLE],  &[IDLE],          &[IDLE]),
    ("server resets before its answer",             server_resets_before_its_answer,   &[RESET], &[RESET],         &[RESET]),
    ("server is slow, then client closes", server_is_slow,      &[EOF],   &[FIN_BY_CLIENT], &[CLOSED_BY_CLIENT]),
    ("proxy stops",                        proxy_stops,         &[STOPPED], &[STOPPED],     &[STOPPED]),
    ("both close",                         both_close,          &[EOF], &[FIN_BY_CLIENT, FIN_BY_SERVER], &[CLOSED_BY_CLIENT, FIN_BY_SERVER]),
];

#[test]
fn two_lines_agree_under_every_fault() {
    for (name, inject, strict, declared, _) in FAULTS {
        assert_lines(name, strict, &play(STRICT, Over::Tcp, inject));
        assert_lines(name, declared, &play(tcp_proxy::ENDS, Over::Tcp, inject));
    }
}

#[test]
fn two_lines_agree_with_tls_on_one_connection() {
    for (name, inject, _, _, tls) in FAULTS {
        for over in [Over::Tls, Over::TlsWatchedBelow] {
            assert_lines(name, tls, &play(tcp_proxy::ENDS, over, inject));
        }
    }
}

#[test]
fn a_refused_connection_logs_one_line() {
    for (ends, over) in [(STRICT, Over::Tcp), (tcp_proxy::ENDS, Over::Tcp), (tcp_proxy::ENDS, Over::Tls)] {
        let end = play(ends, over, server_refuses).one();
        assert_eq!((answer(&end), end.expected()), (owned(UNREACHABLE), false));
        assert_eq!(end.direction_as(), Some(ConnectionDirection::AgentToClient));
    }
}

#[track_caller]
fn assert_lines(name: &str, allowed: &[Answer], captured: &Captured) {
    let lines = captured.all();
    let [up, down] = lines.as_slice() else { panic!("{name}: {} lines", lines.len()) };
    println!("| {name} | {} | {} |", row(down), row(up));
    assert!(allowed.iter().any(|allowed| owned(*allowed) == answer(down)), "{name}: {down}");
    assert_eq!((answer(up), up.expected()), (answer(down), down.expected()), "{name}");
    let layers = [down, up].map(Observed::direction_as);
    assert_eq!(layers, [ConnectionDirection::AgentToClient, ConnectionDirection::ServerToAgent].map(Some), "{name}");
    let is_goodbye = [FIN_BY_CLIENT, FIN_BY_SERVER, CLOSED_BY_CLIENT, STOPPED].map(owned).contains(&answer(down));
    assert_eq!(down.expected(), is_goodbye, "{name}");
}

fn answer(end: &Observed) -> [String; 3] {
    let initiator = end.initiator().map_or("", Recorded::as_str);
    [end.reason().as_str(), initiator, end.cause().map_or("", Recorded::as_str)].map(str::to_owned)
}

fn owned((reason, initiator, cause): Answer) -> [String; 3] {
    [reason, initiator, cause].map(str::to_owned)
}

fn row(end: &Observed) -> String {
    format!("{} expected={}", answer(end).join(" "), end.expected())
}

/// How the client connects to the proxy.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Over {
    Tcp,
    /// The proxy watches the stream above TLS.
    Tls,
    /// The proxy also watches the stream below TLS.
    TlsWatchedBelow,
}

/// The environment of one proxy. Dropping it stops the proxy.
struct Scene {
    proxy: SocketAddr,
    over: Over,
    server: TcpListener,
    /// Between the proxy and the server.
    faults: FaultProxy,
    clock: UnboundedSender<Tick>,
}

/// A duration to advance the clock by, and where to report that it has advanced.
type Tick = (Duration, Sender<()>);

/// The lines of a proxy under one fault.
fn play(ends: [Endpoint; 2], over: Over, inject: fn(Scene)) -> Captured {
    let (server, listener) = (TcpListener::bind("127.0.0.1:0").unwrap(), TcpListener::bind("127.0.0.1:0").unwrap());
    let faults = FaultProxy::start(server.local_addr().unwrap()).unwrap();
    let to = faults.address().to_string();
    let (clock, ticks) = unbounded_channel();
    let scene = Scene { proxy: listener.local_addr().unwrap(), over, server, faults, clock };
    listener.set_nonblocking(true).unwrap();
    let proxy = thread::spawn(move || {
        capture(|| {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                match over {
                    Over::Tcp => tcp_proxy::run(listener, to, ends, time_passes(ticks)).await.unwrap(),
                    Over::Tls | Over::TlsWatchedBelow => over_tls(listener, to, over, time_passes(ticks)).await,
                }
            });
        })
    });
    inject(scene);
    proxy.join().unwrap()
}

/// Advances the clock until the scene is dropped.
async fn time_passes(mut ticks: UnboundedReceiver<Tick>) {
    while let Some((time, passed)) = ticks.recv().await {
        tokio::time::pause();
        tokio::time::advance(time).await;
        tokio::time::resume();
        passed.send(()).unwrap();
    }
}

/// The example's proxy with TLS to its client.
async fn over_tls(listener: tokio::net::TcpListener, to: String, over: Over, stop: impl Future) {
    let client = listener.accept().await.unwrap().0;
    let (shutdown, mut connections) = (Shutdown::new(), JoinSet::new());
    connections.spawn(serve_tls(client, to, over, shutdown.clone()));
    stop.await;
    shutdown.begin();
    connections.shutdown().await;
}

async fn serve_tls(client: tokio::net::TcpStream, to: String, over: Over, shutdown: Shutdown) {
    let [down, up] = tcp_proxy::ENDS.map(|end| DisconnectGuard::new(end, tcp_proxy::line).under(&shutdown));
    let (down, up) = DisconnectGuard::pair(down, up.connecting());
    let server = match tokio::net::TcpStream::connect(to).await {
        Ok(server) => up.watch(server),
        Err(error) => return drop(down.failed(&error)),
    };
    up.established();
    if over == Over::TlsWatchedBelow {
        forward_tls(down.watch(client).below_tls(), server, down.handle()).await;
    } else {
        forward_tls(client, server, down.handle()).await;
    }
}

async fn forward_tls<C: AsyncRead + AsyncWrite + Unpin>(
    client: C,
    server: Watched<tokio::net::TcpStream>,
    ended: DisconnectHandle,
) {
    let client = TLS.0.accept(client).await.unwrap();
    tcp_proxy::forward(ended.watch(client).above_tls(), server, ended).await;
}

static TLS: LazyLock<(TlsAcceptor, Arc<ClientConfig>)> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let server = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key);
    let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    (Arc::new(server.unwrap()).into(), Arc::new(client))
});

/// The client of the proxy.
enum Client {
    Tcp(TcpStream),
    Tls(Box<StreamOwned<ClientConnection, TcpStream>>),
}

impl Client {
    fn socket(&self) -> &TcpStream {
        match self {
            Self::Tcp(socket) => socket,
            Self::Tls(stream) => &stream.sock,
        }
    }

    fn stream(&mut self) -> &mut dyn Stream {
        match self {
            Self::Tcp(socket) => socket,
            Self::Tls(stream) => &mut **stream,
        }
    }

    /// Closes the write direction.
    fn half_close(&mut self) {
        match self {
            Self::Tcp(socket) => socket.shutdown(Direction::Write).unwrap(),
            Self::Tls(stream) => {
                stream.conn.send_close_notify();
                stream.flush().unwrap();
            }
        }
    }
}

trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

impl Scene {
    fn connect(&self) -> Client {
        let socket = TcpStream::connect(self.proxy).unwrap();
        socket.set_read_timeout(LIMIT).unwrap();
        match self.over {
            Over::Tcp => Client::Tcp(socket),
            Over::Tls | Over::TlsWatchedBelow => {
                let name = ServerName::try_from("localhost").unwrap();
                let connection = ClientConnection::new(TLS.1.clone(), name).unwrap();
                Client::Tls(Box::new(StreamOwned::new(connection, socket)))
            }
        }
    }

    fn accept(&self) -> TcpStream {
        let socket = self.server.accept().unwrap().0;
        socket.set_read_timeout(LIMIT).unwrap();
        socket
    }

    /// A client and a server that have exchanged messages through the proxy.
    fn connected(&self) -> (Client, TcpStream) {
        let mut client = self.connect();
        client.stream().write_all(b"ping").unwrap();
        let mut server = self.accept();
        expect(&mut server, b"ping");
        server.write_all(b"pong").unwrap();
        expect(client.stream(), b"pong");
        (client, server)
    }

    fn pass_time(&self, time: Duration) {
        let (passed, is_over) = channel();
        self.clock.send((time, passed)).unwrap();
        is_over.recv().unwrap();
    }
}

fn expect(stream: &mut (impl Read + ?Sized), bytes: &[u8]) {
    let mut read = vec![0; bytes.len()];
    stream.read_exact(&mut read).unwrap();
    assert_eq!(read, bytes);
}

/// Reads until the proxy has closed, in any way.
fn drain(stream: &mut (impl Read + ?Sized)) {
    drop(io::copy(stream, &mut io::sink()));
}

fn reset(socket: TcpStream) {
    SockRef::from(&socket).set_linger(Some(Duration::ZERO)).unwrap();
    drop(socket);
}

/// Moves the connection into another process and kills that process.
fn kill_process_with(socket: TcpStream) {
    let mut process = Command::new("sleep").arg("1000").stdin(OwnedFd::from(socket)).spawn().unwrap();
    process.kill().unwrap();
    process.wait().unwrap();
}

impl Client {
    /// Drops TLS without `close_notify`.
    fn into_socket(self) -> TcpStream {
        match self {
            Self::Tcp(socket) => socket,
            Self::Tls(stream) => stream.sock,
        }
    }
}

fn client_closes(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    client.half_close();
    drop(client);
    drain(&mut server);
}

fn server_closes(scene: Scene) {
    let (mut client, server) = scene.connected();
    drop(server);
    drain(client.stream());
}

fn client_is_killed(scene: Scene) {
    let (client, mut server) = scene.connected();
    kill_process_with(client.into_socket());
    drain(&mut server);
}

fn server_is_killed(scene: Scene) {
    let (mut client, server) = scene.connected();
    kill_process_with(server);
    drain(client.stream());
}

fn client_drops_input(scene: Scene) {
    let (client, mut server) = scene.connected();
    server.write_all(b"more").unwrap();
    client.socket().peek(&mut [0]).unwrap();
    kill_process_with(client.into_socket());
    drain(&mut server);
}

fn client_resets(scene: Scene) {
    let (client, mut server) = scene.connected();
    reset(client.into_socket());
    drain(&mut server);
}

fn server_resets(scene: Scene) {
    let (mut client, server) = scene.connected();
    reset(server);
    drain(client.stream());
}

fn client_half_closes(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    client.half_close();
    drain(&mut server);
    server.write_all(b"more").unwrap();
    expect(client.stream(), b"more");
    drop(server);
    drain(client.stream());
}

fn server_half_closes(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    server.shutdown(Direction::Write).unwrap();
    drain(client.stream());
    client.stream().write_all(b"more").unwrap();
    expect(&mut server, b"more");
    client.half_close();
    drop(client);
    drain(&mut server);
}

fn client_half_closes_and_server_resets(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    client.half_close();
    drain(&mut server);
    reset(server);
    drain(client.stream());
}

fn server_half_closes_and_client_resets(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    server.shutdown(Direction::Write).unwrap();
    drain(client.stream());
    reset(client.into_socket());
    drain(&mut server);
}

/// A reset after both goodbyes is not a fault.
fn both_half_close_and_server_resets(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    client.half_close();
    drain(&mut server);
    server.shutdown(Direction::Write).unwrap();
    drain(client.stream());
    reset(server);
}

/// The kernel resets because the client does not read the remaining bytes.
fn client_leaves_early(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    client.half_close();
    drain(&mut server);
    drop(client);
    while server.write_all(&[0; 1024]).is_ok() {}
}

fn nobody_speaks(scene: Scene) {
    let (mut client, _server) = scene.connected();
    scene.pass_time(tcp_proxy::IDLE);
    drain(client.stream());
}

fn server_is_silent(scene: Scene) {
    let (mut client, _server) = scene.connected();
    let silence = scene.faults.silence(Toward::Server).unwrap();
    client.stream().write_all(b"ping").unwrap();
    silence.wait().unwrap();
    scene.pass_time(tcp_proxy::IDLE);
    drain(client.stream());
}

fn server_resets_before_its_answer(scene: Scene) {
    let mut client = scene.connect();
    client.stream().write_all(b"ping").unwrap();
    let mut server = scene.accept();
    expect(&mut server, b"ping");
    reset(server);
    drain(client.stream());
}

fn server_is_slow(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    for _ in 0..3 {
        client.stream().write_all(b"ping").unwrap();
        expect(&mut server, b"ping");
        scene.pass_time(tcp_proxy::IDLE * 3 / 4);
        server.write_all(b"pong").unwrap();
        expect(client.stream(), b"pong");
    }
    client.half_close();
    drop(client);
    drain(&mut server);
}

fn proxy_stops(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    let Scene { clock, faults: _faults, .. } = scene;
    drop(clock);
    drain(client.stream());
    drain(&mut server);
}

fn both_close(scene: Scene) {
    let (mut client, mut server) = scene.connected();
    client.half_close();
    server.shutdown(Direction::Write).unwrap();
    drain(client.stream());
    drain(&mut server);
}

fn server_refuses(scene: Scene) {
    let _refusal = scene.faults.refuse(Refusal::Closed).unwrap();
    drain(scene.connect().stream());
}
