//! One wave of connections: real sockets on loopback, a server and its clients, and a shutdown.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::panic;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use disconnect_core::{Counters, Disconnect, DisconnectGuard, DisconnectHandle, Endpoint, Shutdown, disconnected};
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::lines::OnPurpose;
use crate::ways::Way;

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

const HELLO: u8 = b'h';
const GOODBYE: u8 = b'g';
const GARBAGE: u8 = b'?';

/// One server.
#[derive(Clone)]
struct Server {
    shutdown: Shutdown,
    closing: CancellationToken,
    counters: Arc<Counters>,
    is_watched: bool,
    up: Arc<AtomicUsize>,
    ended: Arc<Ended>,
}

/// The number of ended connections.
#[derive(Default)]
struct Ended {
    count: AtomicUsize,
    changed: Notify,
}

impl Ended {
    fn one_more(&self) {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_one();
    }

    async fn reaches(&self, count: usize) {
        while self.count.load(Ordering::SeqCst) < count {
            self.changed.notified().await;
        }
    }
}

/// Runs the connections `first..first + count`, and returns how many came up.
///
/// The shutdown begins when all connections that end by themselves have ended, or when half of them have.
pub(crate) async fn run(
    first: u64,
    count: usize,
    shutdown_in_the_middle: bool,
    is_watched: bool,
    counters: Arc<Counters>,
) -> io::Result<usize> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    // All clients connect at once. With a short backlog, each wave would wait for TCP retransmissions.
    let listener = socket.listen(4096)?;
    let address = listener.local_addr()?;
    let server = Server {
        shutdown: Shutdown::new(),
        closing: CancellationToken::new(),
        counters,
        is_watched,
        up: Arc::default(),
        ended: Arc::default(),
    };
    let ids = first..first + count as u64;
    let by_themselves = ids.clone().filter(|id| Way::of(*id) != Way::Shutdown).count();

    let mut clients = JoinSet::new();
    for id in ids {
        clients.spawn(client(id, address));
    }
    let mut connections = JoinSet::new();
    for _ in 0..count {
        let (stream, _) = listener.accept().await?;
        connections.spawn(accepted(stream, server.clone()));
    }
    server.ended.reaches(if shutdown_in_the_middle { by_themselves / 2 } else { by_themselves }).await;
    server.shutdown.begin();
    server.closing.cancel();

    while let Some(ended) = connections.join_next().await {
        ended??;
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    Ok(server.up.load(Ordering::SeqCst))
}

/// Serves one connection in its own task, which may be cancelled.
async fn accepted(mut stream: TcpStream, server: Server) -> io::Result<()> {
    let id = stream.read_u64().await?;
    let up = Arc::new(Notify::new());
    let task = tokio::spawn(serve(id, stream, server.clone(), up.clone()));
    if Way::of(id) == Way::Cancelled {
        up.notified().await;
        task.abort();
    }
    // Ignored: cancelled and panicking tasks are two of the ways, and the lines show whether they are right.
    let _ = task.await;
    server.ended.one_more();
    Ok(())
}

async fn serve(id: u64, stream: TcpStream, server: Server, up: Arc<Notify>) {
    let counters = server.counters.clone();
    let guard = DisconnectGuard::new(END, move |end: &Disconnect| {
        counters.count(end);
        disconnected!(end, id, bytes_in = end.bytes_in(), bytes_out = end.bytes_out(), "connection closed");
    })
    .under(&server.shutdown);
    server.up.fetch_add(1, Ordering::SeqCst);
    up.notify_one();
    let ended = guard.handle();
    if server.is_watched {
        until_closing(id, guard.watch(stream), &ended, &server).await;
    } else {
        until_closing(id, stream, &ended, &server).await;
    }
}

async fn until_closing(
    id: u64,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    ended: &DisconnectHandle,
    server: &Server,
) {
    tokio::select! {
        () = session(id, &mut stream, ended) => {}
        () = server.closing.cancelled() => {}
    }
}

/// Exchanges messages until the connection ends, and records the end.
async fn session(id: u64, stream: &mut (impl AsyncRead + AsyncWrite + Unpin), ended: &DisconnectHandle) {
    let end = match Way::of(id) {
        #[allow(clippy::panic, reason = "one of the ways in which a connection ends")]
        Way::Panicked => panic::panic_any(OnPurpose),
        Way::ClosedByServer => {
            ended.set(END.closed_locally());
            stream.write_all(&[HELLO, GOODBYE]).await.map(|()| END.closed_locally())
        }
        Way::ClosedByClient | Way::Reset | Way::EndOfFile | Way::Garbage | Way::Cancelled | Way::Shutdown => {
            listen(stream).await
        }
    };
    match end {
        Ok(end) => ended.set(end),
        Err(error) => ended.failed(&error),
    };
}

async fn listen(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> io::Result<Disconnect> {
    stream.write_u8(HELLO).await?;
    let mut byte = [0];
    match stream.read(&mut byte).await? {
        0 => Ok(END.eof()),
        _ if byte == [GOODBYE] => Ok(END.closed_by_peer()),
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// The other side. Its connection may end at any time.
async fn client(id: u64, server: SocketAddr) -> io::Result<()> {
    let mut stream = TcpStream::connect(server).await?;
    stream.write_u64(id).await?;
    let is_up = matches!(stream.read_u8().await, Ok(HELLO));
    if is_up {
        match Way::of(id) {
            Way::ClosedByClient => drop(stream.write_u8(GOODBYE).await),
            Way::Garbage => drop(stream.write_u8(GARBAGE).await),
            Way::Reset => SockRef::from(&stream).set_linger(Some(Duration::ZERO))?,
            Way::EndOfFile => {}
            Way::ClosedByServer | Way::Cancelled | Way::Panicked | Way::Shutdown => {
                let _ = stream.read(&mut [0; 8]).await;
            }
        }
    }
    Ok(())
}
