//! Records that violate the protocol, sent by one side or damaged on the way, and the alerts that answer them.

use disconnect_core::Endpoint;
use tokio::io::AsyncWriteExt;

use super::established::{Seen, seen};
use super::library::{LastRead, Library};
use super::relay::relayed;
use super::setup::{Authority, Setup};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;
use crate::recipes::rustls::read_to_end;

pub(super) async fn run(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    sent_so(matrix, library, known).await?;
    damaged(matrix, library, known).await
}

#[rustfmt::skip] // one row per line
const BROKEN: [(&str, &[u8]); 4] = [
    ("garbage between records", b"\x99garbage, and more of it"),
    ("a record that is too large", b"\x17\x03\x03\xff\xffand so on"),
    ("a record that does not decrypt", b"\x17\x03\x03\x00\x20thirty-two bytes that mean nothin"),
    ("a record in plain text", b"\x16\x03\x03\x00\x04\x00\x00\x00\x00"),
];

/// One side violates the protocol. The other one detects it and sends an alert.
async fn sent_so(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    for (injected, bytes) in BROKEN {
        if injected == "a record in plain text" && !library.is_rustls {
            continue;
        }
        for side in ["client", "server"] {
            let mut seen = seen(library, side, known, &Setup::GOOD, pair().await?).await?;
            seen.other.get_mut().0.write_all(bytes).await?;
            both_ends(matrix, library, injected, seen).await?;
        }
    }
    Ok(())
}

/// The same observations without a violation.
async fn damaged(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    for side in ["client", "server"] {
        let (near, far, damage) = relayed().await?;
        let pair = if side == "client" { (near, far) } else { (far, near) };
        let mut seen = seen(library, side, known, &Setup::GOOD, pair).await?;
        damage.next();
        seen.other.write_all(b"a message").await?;
        seen.other.flush().await?;
        both_ends(matrix, library, "a byte damaged by a relay", seen).await?;
    }
    Ok(())
}

async fn both_ends(matrix: &mut Matrix, library: &Library, injected: &str, seen: Seen) -> Outcome {
    let (stream, note) = LastRead::new(seen.stream);
    let end = (library.read_to_end)(Box::new(stream), seen.end).await;
    matrix.add(Case::new(library.protocol, injected, seen.side, end).observed(note()));
    if library.is_rustls {
        let (side, end): (_, Endpoint) =
            if seen.side == "client" { ("server", library.server) } else { ("client", library.client) };
        let (stream, note) = LastRead::new(seen.other);
        let end = read_to_end(stream, end).await;
        matrix.add(Case::new(library.protocol, format!("{injected}: its alert"), side, end).observed(note()));
    }
    Ok(())
}
