//! Handshakes that do not succeed: credentials, no common ground, alerts, garbage, silence.

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::setup::{Authority, ONLY_12, ONLY_13, Setup, Shown};
use super::{LONG, SHORT, VANISHED, accept, connect};
use crate::loopback::{pair, reset};
use crate::matrix::{Matrix, Truth, truth};
use crate::protocols::Outcome;

pub(super) async fn run(matrix: &mut Matrix, known: &Authority) -> Outcome {
    both_ends(matrix, known).await?;
    to_server(matrix, known).await?;
    to_client(matrix, known).await
}

const REFUSED_BY_CLIENT: Truth = truth(Why::Unknown, By::Client);
const REFUSED_BY_SERVER: Truth = truth(Why::Unknown, By::Server);
/// Two sides that share nothing, of which the server finds out and closes.
const MISMATCH: Truth = truth(Why::ProtocolError, By::Server);

const MUTUAL: Setup = Setup { client_has_to: true, ..Setup::GOOD };

#[rustfmt::skip] // one row a line
const BOTH_ENDS: [(&str, Setup, Truth); 10] = [
    ("unknown authority of the server", Setup { server_shows: Shown::Foreign, ..Setup::GOOD }, REFUSED_BY_CLIENT),
    ("expired certificate of the server", Setup { server_shows: Shown::Expired, ..Setup::GOOD }, REFUSED_BY_CLIENT),
    ("certificate for another name", Setup { server_shows: Shown::OtherName, ..Setup::GOOD }, REFUSED_BY_CLIENT),
    // In TLS 1.3 the client is done by then, and sees the alert at its first read.
    ("no client certificate, TLS 1.3", MUTUAL, REFUSED_BY_SERVER),
    ("no client certificate, TLS 1.2", Setup { client_versions: ONLY_12, ..MUTUAL }, REFUSED_BY_SERVER),
    ("unknown authority of the client", Setup { client_shows: Shown::Foreign, ..MUTUAL }, REFUSED_BY_SERVER),
    ("expired certificate of the client", Setup { client_shows: Shown::Expired, ..MUTUAL }, REFUSED_BY_SERVER),
    ("no common ALPN", Setup { client_alpn: &["http/1.1"], ..Setup::GOOD }, MISMATCH),
    ("client too old", Setup { client_versions: ONLY_12, server_versions: ONLY_13, ..Setup::GOOD }, MISMATCH),
    ("server too old", Setup { client_versions: ONLY_13, server_versions: ONLY_12, ..Setup::GOOD }, MISMATCH),
];

async fn both_ends(matrix: &mut Matrix, known: &Authority) -> Outcome {
    for (injected, setup, truth) in BOTH_ENDS {
        let (connector, acceptor) = setup.sides(known)?;
        let (client, server) = pair().await?;
        let (client, server) = tokio::join!(connect(client, &connector), accept(server, &acceptor, LONG));
        matrix.decidable("tls", injected, "client", truth, client?);
        matrix.decidable("tls", injected, "server", truth, server);
    }
    let (injected, setup) =
        ("authority of the known name, with a new key", Setup { server_shows: Shown::Renewed, ..Setup::GOOD });
    let (connector, acceptor) = setup.sides(known)?;
    let (client, server) = pair().await?;
    let (client, server) = tokio::join!(connect(client, &connector), accept(server, &acceptor, LONG));
    matrix.decidable("tls", injected, "client", REFUSED_BY_CLIENT, client?);
    let why = "`decrypt_error`: a signature did not check out, of a certificate or of the handshake";
    matrix.undecidable("tls", injected, "server", REFUSED_BY_CLIENT, server, why);
    Ok(())
}

/// Bytes that are no part of a handshake, or not all of one, and then a FIN.
#[rustfmt::skip] // one row a line
const TO_SERVER: [(&str, &[u8], Truth); 5] = [
    ("HTTP to the TLS port", b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", truth(Why::ProtocolError, By::Client)),
    ("a record that holds garbage", b"\x16\x03\x01\x00\x08garbage!", truth(Why::ProtocolError, By::Client)),
    ("FIN inside the first record", b"\x16\x03\x01", VANISHED),
    ("FIN without a byte", b"", VANISHED),
    ("alert instead of a hello: internal_error", b"\x15\x03\x01\x00\x02\x02\x50", truth(Why::Unknown, By::Client)),
];

async fn to_server(matrix: &mut Matrix, known: &Authority) -> Outcome {
    let (_, acceptor) = Setup::GOOD.sides(known)?;
    for (injected, bytes, truth) in TO_SERVER {
        let (mut client, server) = pair().await?;
        client.write_all(bytes).await?;
        client.shutdown().await?;
        matrix.decidable("tls", injected, "server", truth, accept(server, &acceptor, LONG).await);
    }
    let (client, server) = pair().await?;
    reset(client)?;
    matrix.decidable("tls", "RST before the handshake", "server", VANISHED, accept(server, &acceptor, LONG).await);

    let (_silent, server) = pair().await?;
    matrix.decidable("tls", "silence, handshake deadline", "server", VANISHED, accept(server, &acceptor, SHORT).await);
    Ok(())
}

/// What a server answers to the hello instead of its own.
#[rustfmt::skip] // one row a line
const TO_CLIENT: [(&str, &[u8], Truth); 8] = [
    ("alert handshake_failure", b"\x15\x03\x03\x00\x02\x02\x28", MISMATCH),
    ("alert insufficient_security", b"\x15\x03\x03\x00\x02\x02\x47", MISMATCH),
    ("alert unrecognized_name", b"\x15\x03\x03\x00\x02\x02\x70", MISMATCH),
    ("alert access_denied", b"\x15\x03\x03\x00\x02\x02\x31", REFUSED_BY_SERVER),
    ("alert internal_error", b"\x15\x03\x03\x00\x02\x02\x50", REFUSED_BY_SERVER),
    // The server accuses the client.
    ("alert illegal_parameter", b"\x15\x03\x03\x00\x02\x02\x2f", truth(Why::ProtocolError, By::Client)),
    ("plain HTTP from the TLS port", b"HTTP/1.1 400 Bad Request\r\n\r\n", truth(Why::ProtocolError, By::Server)),
    ("FIN instead of a hello", b"", VANISHED),
];

async fn to_client(matrix: &mut Matrix, known: &Authority) -> Outcome {
    let (connector, _) = Setup::GOOD.sides(known)?;
    for (injected, bytes, truth) in TO_CLIENT {
        let (client, mut server) = pair().await?;
        let answer = async {
            // The whole hello, so that nothing is left unread and the close is a FIN.
            let mut header = [0; 5];
            server.read_exact(&mut header).await?;
            let mut hello = vec![0; usize::from(u16::from_be_bytes([header[3], header[4]]))];
            server.read_exact(&mut hello).await?;
            server.write_all(bytes).await?;
            server.shutdown().await
        };
        let (end, ()) = tokio::try_join!(connect(client, &connector), answer)?;
        matrix.decidable("tls", injected, "client", truth, end);
    }
    Ok(())
}
