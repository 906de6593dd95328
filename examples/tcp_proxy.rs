//! A TCP proxy that watches both connections and joins them as a pair, so that their two lines agree on who ended them.
//!
//! `tcp_proxy LISTEN UPSTREAM` forwards until Ctrl-C. Without arguments, it forwards two connections of its own: the
//! client closes the first one, and the proxy stops during the second one.

use std::io;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use disconnect_core::{Disconnect, DisconnectGuard, DisconnectHandle, Endpoint, Shutdown, Watched, disconnected};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// The endpoints of the client's and of the server's connection. The proxy is the agent between them. It does not know
/// the forwarded protocol, so it treats a FIN as the goodbye.
pub(crate) const ENDS: [Endpoint; 2] =
    [Endpoint::AGENT_FACING_CLIENT.fin_is_goodbye(), Endpoint::AGENT_FACING_SERVER.fin_is_goodbye()];

/// The maximum time without traffic.
pub(crate) const IDLE: Duration = Duration::from_secs(90);

/// Accepts connections until `stop` completes.
pub(crate) async fn run(at: TcpListener, to: String, ends: [Endpoint; 2], stop: impl Future) -> io::Result<()> {
    let (shutdown, mut connections, mut stop) = (Shutdown::new(), JoinSet::new(), pin!(stop));
    let _what_stopped_it = loop {
        tokio::select! {
            accepted = at.accept() => drop(connections.spawn(serve(accepted?.0, to.clone(), ends, shutdown.clone()))),
            Some(_) = connections.join_next() => {}
            stopped = &mut stop => break stopped,
        }
    };
    shutdown.begin(); // Before the first connection is closed.
    connections.shutdown().await;
    Ok(())
}

async fn serve(client: TcpStream, to: String, ends: [Endpoint; 2], shutdown: Shutdown) {
    let [down, up] = ends.map(|end| DisconnectGuard::new(end, line).under(&shutdown));
    let (down, up) = DisconnectGuard::pair(down, up.connecting());
    match timeout(IDLE, TcpStream::connect(to)).await.unwrap_or_else(|late| Err(late.into())) {
        Ok(server) => {
            up.established();
            forward(down.watch(client), up.watch(server), down.handle()).await;
        }
        // Logs one line, with the cause `unreachable`: the connection to the server never came up, so it has no end.
        Err(error) => drop(down.failed(&error)),
    }
}

/// Logs the end of one connection.
pub(crate) fn line(end: &Disconnect) {
    disconnected!(end, bytes_in = end.bytes_in(), bytes_out = end.bytes_out(), "connection closed");
}

/// Copies until both directions have ended, one of them fails, or the connection is idle for too long. The result of
/// the copy does not show which side ended it, but the watched streams do.
pub(crate) async fn forward<C, S>(mut client: Watched<C>, mut server: Watched<S>, ended: DisconnectHandle)
where
    C: AsyncRead + AsyncWrite + Unpin,
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut copy, mut silence) = (pin!(copy_bidirectional(&mut client, &mut server)), pin!(sleep(IDLE)));
    let silent = std::future::poll_fn(|context| match copy.as_mut().poll(context) {
        Poll::Pending if silence.as_mut().poll(context).is_pending() => {
            silence.as_mut().reset(Instant::now() + IDLE); // A wake-up means traffic.
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(Some(ENDS[0].idle_timeout())),
        Poll::Ready(_) => Poll::Ready(None),
    });
    drop(silent.await.map(|end| ended.set(end)));
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_target(false).without_time().with_ansi(false).init();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [listen, upstream] = arguments.as_slice() else { return demonstrate().await };
    run(TcpListener::bind(listen).await?, upstream.clone(), ENDS, tokio::signal::ctrl_c()).await
}

async fn demonstrate() -> io::Result<()> {
    let (server, listener) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let (to, proxy) = (server.local_addr()?, listener.local_addr()?);
    let connect = async || {
        let (mut client, (mut far, _)) = tokio::try_join!(TcpStream::connect(proxy), server.accept())?;
        client.write_all(b"hello").await?;
        far.read_exact(&mut [0; 5]).await?;
        io::Result::Ok((client, far))
    };
    let visits = async {
        let (client, mut far) = connect().await?;
        drop(client);
        far.read_to_end(&mut Vec::new()).await?;
        connect().await // Both connections are open when the proxy stops.
    };
    run(listener, to.to_string(), ENDS, visits).await
}
