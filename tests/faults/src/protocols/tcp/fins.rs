//! The line protocol with endpoints that declare a FIN to be a goodbye.

use disconnect_core::{Disconnect, Endpoint};
use tokio::io::AsyncWriteExt;

use super::clocks::silence_then_fin;
use super::write_and_close;
use super::{BOTH, Close, PROTOCOL, SHORT, killed_in, of_both, publish, serve, serve_recorded, serve_within};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

#[rustfmt::skip] // one row per line
const BYTES_THEN_END: [(&str, &[u8], Close); 6] = [
    ("FIN between messages", b"line 1\n", Close::Fin),
    ("FIN without a byte", b"", Close::Fin),
    ("FIN inside a message", b"line 1\nlin", Close::Fin),
    ("RST", b"line 1\n", Close::Rst),
    ("garbage", b"line 1\n\x00\xff\xfe\n", Close::Fin),
    ("goodbye, then FIN", b"line 1\nbye\n", Close::Fin),
];

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (seen_by, end) in BOTH.map(|(seen_by, end)| (seen_by, end.fin_is_goodbye())) {
        for (injected, bytes, close) in BYTES_THEN_END {
            let (seen, other) = pair().await?;
            write_and_close(other, bytes, close).await?;
            let (ended, got) = serve_recorded(seen, end).await;
            matrix.add(Case::new(PROTOCOL, injected, seen_by, ended).observed(got).fin());
        }
        for (injected, state) in
            [("kill -9, idle", "spoke"), ("kill -9, unread", "unread"), ("kill -9, writing", "writing")]
        {
            let (ended, got) = serve_recorded(killed_in(state).await?, end).await;
            matrix.add(Case::new(PROTOCOL, injected, seen_by, ended).observed(got).fin());
        }
        let (seen, _silent) = pair().await?;
        let ended = serve_within(seen, end, SHORT).await;
        matrix.add(Case::new(PROTOCOL, "silence, tokio deadline", seen_by, ended).fin());
        let (ended, got) = silence_then_fin(end).await?;
        let injected = "a sleep that looks clean: silence, then FIN";
        matrix.add(Case::new(PROTOCOL, injected, seen_by, ended).observed(got).fin());
        let injected = "FIN between messages, then RST to our answer";
        matrix.add(Case::new(PROTOCOL, injected, seen_by, answered(end).await?).fin());
    }
    Ok(())
}

/// The peer has closed both directions, so the answer to its last line meets a reset.
async fn answered(end: Endpoint) -> std::io::Result<Disconnect> {
    let (seen, mut other) = pair().await?;
    other.write_all(b"line 1\n").await?;
    drop(other);
    let (read, write) = seen.into_split();
    let read = async {
        let ended = serve(read, end).await;
        (ended, publish(write, end).await)
    };
    let (fin, reset) = read.await;
    Ok(of_both(end, async { fin }, async { reset }).await)
}
