//! `tokio::io::copy`: which side of a forward ended it.
//!
//! `copy_bidirectional` does not report that, so each direction has its own copy.

use std::io;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{Disconnect, DisconnectCause, DisconnectHandle, Endpoint};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, copy, split};

/// Forwards both directions. `end` is the endpoint of the client's connection. If a FIN is a goodbye, declare it there.
pub async fn forward(
    client: impl AsyncRead + AsyncWrite,
    upstream: impl AsyncRead + AsyncWrite,
    end: Endpoint,
    ended: &DisconnectHandle,
) -> io::Result<Disconnect> {
    let (from_client, to_client) = split(client);
    let (from_upstream, to_upstream) = split(upstream);
    let up = async { one_way(from_client, to_upstream).await.map(|()| ended.set(end.eof())) };
    // The upstream has ended, and so does this side. Whether its FIN is a goodbye follows from the same declaration.
    let down = async { one_way(from_upstream, to_client).await.map(|()| ended.set(passed_on(end))) };
    // The direction that ends first determines the end. An error of either one replaces a FIN.
    tokio::try_join!(up, down)?;
    Ok(ended.so_far())
}

async fn one_way(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) -> io::Result<()> {
    copy(&mut from, &mut to).await?;
    to.shutdown().await
}

/// A FIN that this side forwards to the client. If a FIN is a goodbye, it is a goodbye by this side, and equally weak.
fn passed_on(end: Endpoint) -> Disconnect {
    let fin = end.eof();
    if !fin.expected() {
        return fin;
    }
    end.resolve(Verdict::closed(Side::Local).with_rank(Rank::Transport).with_cause(DisconnectCause::Fin))
}
