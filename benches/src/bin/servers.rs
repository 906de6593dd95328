//! Measures whole servers on loopback, with and without a guard, a watched stream and a line. See `benches/README.md`.

use std::convert::Infallible;
use std::fmt;
use std::hint::black_box;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use disconnect_benches::table::{Limits, Table, Unit};
use disconnect_core::{Disconnect, DisconnectGuard, Endpoint, disconnected};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tracing::field::{Field, Visit};
use tracing::span;

/// The client closes after it has read the answer. Its FIN is the only goodbye.
const END: Endpoint = Endpoint::SERVER_FACING_CLIENT.fin_is_goodbye();

/// In each round, each variant runs once. The minimum counts.
const ROUNDS: usize = 800;
const REQUESTS: u32 = 100;
const CONNECTIONS: u32 = 20;
const CHUNK: usize = 64 * 1024;
const CHUNKS: u32 = 16_384;

#[derive(Clone, Copy)]
enum Server {
    Echo,
    Hyper,
    /// Reads one GiB and answers with one byte.
    Sink,
}

fn main() -> io::Result<()> {
    drop(tracing::subscriber::set_global_default(Discard));
    let mut table = Table::default();
    for (name, server, request, length) in [
        ("echo", Server::Echo, &b"0123456789abcdef"[..], 16),
        ("hyper", Server::Hyper, b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", hyper_answer()?),
    ] {
        let addresses = [start(server, false)?, start(server, true)?];
        table.heading(&format!("{name}, nanoseconds for each"));
        let [bare, ours] = least(ROUNDS, addresses, |address| {
            let mut stream = TcpStream::connect(address)?;
            ask(&mut stream, request, length)?;
            nanoseconds(REQUESTS, || ask(&mut stream, request, length))
        })?;
        row(&mut table, "request on a kept connection", bare, ours, Limits::only_wanted(1.0 / 0.99));
        let [bare, ours] = least(ROUNDS, addresses, |address| {
            nanoseconds(CONNECTIONS, || ask(&mut TcpStream::connect(address)?, request, length))
        })?;
        row(&mut table, "connection with one request", bare, ours, Limits::NONE);
    }
    table.heading("1 GiB to a server that only reads, nanoseconds for each 64 KiB");
    let chunk = vec![1; CHUNK];
    let [bare, ours] = least(3, [start(Server::Sink, false)?, start(Server::Sink, true)?], |address| {
        let mut stream = TcpStream::connect(address)?;
        let started = Instant::now();
        for _ in 0..CHUNKS {
            stream.write_all(&chunk)?;
        }
        stream.read_exact(&mut [0])?;
        Ok(started.elapsed().as_secs_f64() * 1e9 / f64::from(CHUNKS))
    })?;
    row(&mut table, "64 KiB", bare, ours, Limits::NONE);
    print!("{table}");
    Ok(())
}

fn row(table: &mut Table, work: &str, bare: f64, ours: f64, limits: Limits) {
    table.row(work, Unit::Nanoseconds, ours).beside("bare", bare).at_most_times("bare", limits);
}

/// The minimum over all rounds. The two variants alternate, and each is first in every other round.
fn least(
    rounds: usize,
    addresses: [SocketAddr; 2],
    run: impl Fn(SocketAddr) -> io::Result<f64>,
) -> io::Result<[f64; 2]> {
    let mut least = [f64::INFINITY; 2];
    for round in 0..rounds {
        for turn in 0..2 {
            let contender = (round + turn) % 2;
            least[contender] = least[contender].min(run(addresses[contender])?);
        }
    }
    Ok(least)
}

fn nanoseconds(count: u32, mut work: impl FnMut() -> io::Result<()>) -> io::Result<f64> {
    let started = Instant::now();
    for _ in 0..count {
        work()?;
    }
    Ok(started.elapsed().as_secs_f64() * 1e9 / f64::from(count))
}

fn ask(stream: &mut TcpStream, request: &[u8], length: usize) -> io::Result<()> {
    stream.write_all(request)?;
    stream.read_exact(&mut [0; 1024][..length])
}

/// The length of hyper's answer, in bytes.
fn hyper_answer() -> io::Result<usize> {
    let mut stream = TcpStream::connect(start(Server::Hyper, false)?)?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer.len() - "connection: close\r\n".len())
}

/// Starts a server on its own thread and runtime.
fn start(server: Server, is_watched: bool) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    thread::spawn(move || {
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            loop {
                let (stream, _) = listener.accept().await?;
                if is_watched {
                    tokio::spawn(watched(server, stream));
                } else {
                    tokio::spawn(async move { drop(serve(server, stream).await) });
                }
            }
            #[allow(unreachable_code, reason = "states the error's type")]
            io::Result::Ok(())
        })
    });
    Ok(address)
}

async fn watched(server: Server, stream: tokio::net::TcpStream) {
    let guard = DisconnectGuard::new(END, |end: &Disconnect| {
        disconnected!(
            end,
            duration = end.duration_secs(),
            bytes_in = end.bytes_in(),
            bytes_out = end.bytes_out(),
            "connection closed"
        );
    });
    let guard = guard.timed();
    let stream = guard.watch(stream);
    if let Err(error) = serve(server, stream).await {
        guard.failed(&*error);
    }
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn serve<S>(server: Server, mut stream: S) -> Result<(), Failure>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match server {
        Server::Echo => {
            let mut buf = [0; 1024];
            loop {
                match stream.read(&mut buf).await? {
                    0 => return Ok(()),
                    count => stream.write_all(&buf[..count]).await?,
                }
            }
        }
        Server::Hyper => {
            let answer = |_: Request<Incoming>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"hello"))))
            };
            Ok(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await?)
        }
        Server::Sink => {
            let (mut buf, mut left) = (vec![0; CHUNK], CHUNK * CHUNKS as usize);
            while left != 0 {
                left -= stream.read(&mut buf).await?;
            }
            Ok(stream.write_all(&[1]).await?)
        }
    }
}

/// A subscriber that visits every field of every event and discards it.
struct Discard;

impl tracing::Subscriber for Discard {
    fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        event.record(&mut Look);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Look;

impl Visit for Look {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        black_box((field, value));
    }
}
