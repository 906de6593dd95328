//! Forwards bytes between a client and a back-end without interpreting them.

use std::{io, net::SocketAddr};

use disconnect_core::{DisconnectGuard, Endpoint, Shutdown, disconnected};
use tokio::{io::copy_bidirectional, net::TcpStream};

// Every error here is an `io::Error`, so there is no classifier.
const END: Endpoint = Endpoint::AGENT_FACING_CLIENT.fin_is_goodbye();

/// Forwards one client to `back_end`, until both sides have closed.
pub async fn serve(mut client: TcpStream, peer_id: u64, back_end: SocketAddr, shutdown: &Shutdown) -> io::Result<()> {
    let guard = DisconnectGuard::new(END, move |end| disconnected!(end, peer_id, "forward closed")).under(shutdown);
    guard
        .run(async |_ended| -> io::Result<_> {
            let mut back_end = TcpStream::connect(back_end).await?;
            copy_bidirectional(&mut client, &mut back_end).await?;
            // Both sides have closed.
            Ok(END.eof())
        })
        .await?;
    Ok(())
}
