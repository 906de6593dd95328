//! A relay between a client and its server that breaks the connection on command.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The action of the relay on its one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    /// Forwards everything.
    Relays,
    /// Sends the client a FIN.
    Fin,
    /// Sends the client an RST.
    Reset,
    /// Sends the client bytes that are invalid in every protocol.
    Garbage,
    /// Reads from both sides and forwards nothing.
    Swallows,
}

#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) address: SocketAddr,
    order: watch::Sender<Does>,
    is_over: watch::Receiver<bool>,
}

impl Relay {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let (order, orders) = watch::channel(Does::Relays);
        let (ended, is_over) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Ok(server) = TcpStream::connect(server).await {
                    tokio::spawn(carry(client, server, orders.clone(), ended.clone()));
                }
            }
        });
        Self { address, order, is_over }
    }

    pub(crate) fn order(&self, does: Does) {
        self.order.send_replace(does);
    }

    /// Waits until one side has ended the connection and the other side has been closed.
    pub(crate) async fn over(&mut self) {
        self.is_over.wait_for(|ended| *ended).await.expect("the relay runs");
    }
}

async fn carry(
    mut client: TcpStream,
    mut server: TcpStream,
    mut orders: watch::Receiver<Does>,
    ended: watch::Sender<bool>,
) {
    let (mut up, mut down) = ([0; 16 * 1024], [0; 16 * 1024]);
    let mut swallows = false;
    loop {
        tokio::select! {
            read = client.read(&mut up) => match read {
                // May be faster than the server, which is already closing.
                Ok(0) | Err(_) => {
                    ended.send_replace(true);
                    return;
                }
                Ok(_) if swallows => {}
                Ok(length) => if server.write_all(&up[..length]).await.is_err() { return },
            },
            read = server.read(&mut down) => match read {
                Ok(length) if length > 0 && swallows => {}
                Ok(length) if length > 0 => if client.write_all(&down[..length]).await.is_err() { return },
                end => {
                    if end.is_err() {
                        reset(client);
                    } else {
                        _ = client.shutdown().await;
                    }
                    ended.send_replace(true);
                    return;
                }
            },
            does = next(&mut orders) => match does {
                Does::Relays => {}
                Does::Fin => {
                    // Half-closes, so that further bytes of the client are read and not answered by a reset.
                    _ = client.shutdown().await;
                    _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
                    return;
                }
                Does::Reset => return reset(client),
                Does::Garbage => {
                    _ = client.write_all(&[0xff; 64]).await;
                    _ = tokio::io::copy(&mut client, &mut tokio::io::sink()).await;
                    return;
                }
                Does::Swallows => swallows = true,
            },
        }
    }
}

/// The next command. Waits forever if no sender is left.
async fn next(orders: &mut watch::Receiver<Does>) -> Does {
    match orders.changed().await {
        Ok(()) => *orders.borrow_and_update(),
        Err(_) => std::future::pending().await,
    }
}

#[allow(deprecated, reason = "to linger for no time does not block")]
fn reset(client: TcpStream) {
    client.set_linger(Some(std::time::Duration::ZERO)).expect("a socket");
    drop(client);
}
