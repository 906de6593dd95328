//! axum: `serve` owns its streams and swallows how they end. A listener of your own watches them, and hands the handle of the
//! connection to the handlers, as the `ConnectInfo`.

use std::net::SocketAddr;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use disconnect_core::{BoxedGuard, DisconnectHandle, Watched};

/// Watches each connection, whose line is written when axum drops it.
pub struct WatchedListener<L, G> {
    pub listener: L,
    /// A guard for a connection from there.
    pub guard: G,
}

/// What a handler knows of its connection: `axum::serve(listener, app.into_make_service_with_connect_info::<Peer>())`, and
/// then `ConnectInfo(peer): ConnectInfo<Peer>` as an argument.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// Where a handler says what it knows of the end: `peer.ended.failed(&error)` where a body breaks off.
    pub ended: DisconnectHandle,
}

impl<L, G> Listener for WatchedListener<L, G>
where
    L: Listener<Addr = SocketAddr>,
    G: Fn(SocketAddr) -> BoxedGuard + Send + 'static,
{
    type Io = Watched<L::Io>;
    type Addr = Peer;

    async fn accept(&mut self) -> (Self::Io, Peer) {
        let (stream, address) = self.listener.accept().await;
        let guard = (self.guard)(address);
        let peer = Peer { address, ended: guard.handle() };
        (guard.watch(stream).with_guard(guard), peer)
    }

    fn local_addr(&self) -> std::io::Result<Peer> {
        // Of the listener itself, which has no connection. axum asks for it in `Debug` only.
        let ended = BoxedGuard::boxed(disconnect_core::Endpoint::SERVER_FACING_CLIENT, |_| ()).handle();
        Ok(Peer { address: self.listener.local_addr()?, ended })
    }
}

impl<L, G> Connected<IncomingStream<'_, WatchedListener<L, G>>> for Peer
where
    L: Listener<Addr = SocketAddr>,
    G: Fn(SocketAddr) -> BoxedGuard + Send + 'static,
{
    fn connect_info(stream: IncomingStream<'_, WatchedListener<L, G>>) -> Self {
        stream.remote_addr().clone()
    }
}
