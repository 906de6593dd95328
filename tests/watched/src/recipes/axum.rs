//! axum: `serve` owns its streams and discards how they end. Wrap the listener: it watches each stream, and passes the
//! handle of the connection to the handlers as `ConnectInfo`.

use std::net::SocketAddr;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use disconnect_core::{BoxedGuard, DisconnectHandle, Watched};

/// Watches each connection. Its line is logged when axum drops the connection.
pub struct WatchedListener<L, G> {
    pub listener: L,
    /// Makes the guard of a connection from this address.
    pub guard: G,
}

/// What a handler knows about its connection. Serve with `axum::serve(listener,
/// app.into_make_service_with_connect_info::<Peer>())`, and take `ConnectInfo(peer): ConnectInfo<Peer>` as an argument.
#[derive(Clone, Debug)]
pub struct Peer {
    pub address: SocketAddr,
    /// Records ends of the handler, such as `peer.ended.failed(&error)` if a body breaks off.
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
        // For the listener itself, which has no connection. axum calls this only for `Debug`.
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
