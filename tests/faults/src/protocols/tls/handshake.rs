//! Handshakes that fail: credentials, no common version or algorithm, alerts, garbage, silence.

use disconnect_core::Disconnect;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::established::write_to_end;
use super::library::{Handshake, Library};
use super::setup::{Authority, Failure, NAME, ONLY_12, ONLY_13, Setup, Shown};
use super::{LONG, SHORT};
use crate::loopback::{pair, reset};
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

pub(super) async fn run(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    both_ends(matrix, library, known).await?;
    while_writing(matrix, library, known).await?;
    to_server(matrix, library, known).await?;
    to_client(matrix, library, known).await
}

const MUTUAL: Setup = Setup { client_has_to: true, ..Setup::GOOD };

#[rustfmt::skip] // one row per line
const BOTH_ENDS: [(&str, Setup); 3] = [
    ("unknown authority of the server", Setup { server_shows: Shown::Foreign, ..Setup::GOOD }),
    ("expired certificate of the server", Setup { server_shows: Shown::Expired, ..Setup::GOOD }),
    ("certificate for another name", Setup { server_shows: Shown::OtherName, ..Setup::GOOD }),
];

/// The server requests a certificate, which native-tls cannot.
#[rustfmt::skip] // one row per line
const CLIENTS: [(&str, Setup); 4] = [
    // With TLS 1.3 the client has finished by then, and sees the alert at its first read.
    ("no client certificate, TLS 1.3", MUTUAL),
    ("no client certificate, TLS 1.2", Setup { client_versions: ONLY_12, ..MUTUAL }),
    ("unknown authority of the client", Setup { client_shows: Shown::Foreign, ..MUTUAL }),
    ("expired certificate of the client", Setup { client_shows: Shown::Expired, ..MUTUAL }),
];

const CLIENT_TOO_OLD: Setup = Setup { client_versions: ONLY_12, server_versions: ONLY_13, ..Setup::GOOD };
const SERVER_TOO_OLD: Setup = Setup { client_versions: ONLY_13, server_versions: ONLY_12, ..Setup::GOOD };

#[rustfmt::skip] // one row per line
const ONLY_RUSTLS: [(&str, Setup); 5] = [
    ("no common ALPN", Setup { client_alpn: &["http/1.1"], ..Setup::GOOD }),
    ("client too old", CLIENT_TOO_OLD),
    ("server too old", SERVER_TOO_OLD),
    ("authority of the known name, with a new key", Setup { server_shows: Shown::Renewed, ..Setup::GOOD }),
    ("server signs with another key than that of its certificate", Setup { server_shows: Shown::Stolen, ..Setup::GOOD }),
];

async fn both_ends(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    let others = if library.is_rustls { &ONLY_RUSTLS[..] } else { &[] };
    for (injected, setup) in BOTH_ENDS.iter().chain(&CLIENTS).chain(others) {
        let end = client(library, known, setup).await?;
        matrix.add(Case::new(library.protocol, *injected, "client", end));
        if library.asks_clients || !setup.client_has_to {
            let end = server(library, known, setup).await?;
            matrix.add(Case::new(library.protocol, *injected, "server", end));
        }
    }
    if !library.is_rustls {
        // A native-tls server supports at most TLS 1.2.
        let end = client(library, known, &CLIENT_TOO_OLD).await?;
        matrix.add(Case::new(library.protocol, "no common version", "client", end));
        let end = server(library, known, &SERVER_TOO_OLD).await?;
        matrix.add(Case::new(library.protocol, "no common version", "server", end));
    }
    Ok(())
}

/// The client's end. The server uses rustls.
async fn client(library: &Library, known: &Authority, setup: &Setup) -> Result<Disconnect, Failure> {
    let (client, server) = pair().await?;
    let (near, far) = ((library.connect)(setup, known, client)?, setup.server(known)?.accept(server));
    Ok(tokio::join!(library.end("client", near), far).0)
}

/// The server's end. The client uses rustls and reads on: with TLS 1.3 it only then sees the refusal.
async fn server(library: &Library, known: &Authority, setup: &Setup) -> Result<Disconnect, Failure> {
    let (client, server) = pair().await?;
    let near = (library.accept)(setup, known, server)?;
    let far = setup.client(known)?.connect(NAME.try_into()?, client);
    let reads = async {
        if let Ok(mut stream) = far.await {
            drop(stream.read_to_end(&mut Vec::new()).await);
        }
    };
    Ok(tokio::join!(library.end("server", near), reads).0)
}

/// A client that is refused after its handshake, and only writes until a write fails.
async fn while_writing(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    if library.asks_clients {
        let (client, server) = pair().await?;
        let (near, far) = ((library.connect)(&MUTUAL, known, client)?, MUTUAL.server(known)?.accept(server));
        let (near, _) = tokio::join!(near, far);
        let end = match near {
            Ok(stream) => write_to_end(library, stream, library.client).await,
            Err(end) => end,
        };
        matrix.add(Case::new(library.protocol, "no client certificate, TLS 1.3, while we write", "client", end));
    }
    Ok(())
}

/// Bytes that are no handshake, or an incomplete one, followed by a FIN.
#[rustfmt::skip] // one row per line
const TO_SERVER: [(&str, &[u8]); 5] = [
    ("HTTP to the TLS port", b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"),
    ("a record that holds garbage", b"\x16\x03\x01\x00\x08garbage!"),
    ("FIN inside the first record", b"\x16\x03\x01"),
    ("FIN without a byte", b""),
    ("alert instead of a hello: internal_error", b"\x15\x03\x01\x00\x02\x02\x50"),
];

async fn to_server(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    let hello = hello(known).await?;
    for (injected, bytes) in TO_SERVER.into_iter().chain([("FIN after the hello", &hello[..])]) {
        if injected == "FIN inside the first record" && !library.is_rustls {
            continue;
        }
        let (mut client, server) = pair().await?;
        client.write_all(bytes).await?;
        client.shutdown().await?;
        let near = (library.accept)(&Setup::GOOD, known, server)?;
        // Reads the answer, so that the close is not an RST.
        let mut answer = Vec::new();
        let (end, _) = tokio::join!(library.end("server", near), client.read_to_end(&mut answer));
        matrix.add(Case::new(library.protocol, injected, "server", end));
    }
    let (client, server) = pair().await?;
    reset(client)?;
    let end = library.end("server", (library.accept)(&Setup::GOOD, known, server)?).await;
    matrix.add(Case::new(library.protocol, "RST before the handshake", "server", end));

    let (_silent, server) = pair().await?;
    let end = within_deadline(library, "server", (library.accept)(&Setup::GOOD, known, server)?).await;
    matrix.add(Case::new(library.protocol, "silence, handshake deadline", "server", end));
    Ok(())
}

/// A complete `ClientHello`.
async fn hello(known: &Authority) -> Result<Vec<u8>, Failure> {
    let (client, mut server) = pair().await?;
    let connecting = Setup::GOOD.client(known)?.connect(NAME.try_into()?, client);
    tokio::select! {
        _ = connecting => Err("a handshake without a server".into()),
        hello = read_hello(&mut server) => Ok(hello?),
    }
}

async fn read_hello(server: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut hello = vec![0; 5];
    server.read_exact(&mut hello).await?;
    let length = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
    hello.resize(5 + length, 0);
    server.read_exact(&mut hello[5..]).await?;
    Ok(hello)
}

/// A handshake with a deadline.
async fn within_deadline(library: &Library, side: &str, handshake: Handshake) -> Disconnect {
    match timeout(SHORT, library.end(side, handshake)).await {
        Ok(end) => end,
        Err(elapsed) => library.endpoint(side).failed(&elapsed),
    }
}

/// The answers of a server to a `ClientHello`, instead of a `ServerHello`.
#[rustfmt::skip] // one row per line
const TO_CLIENT: [(&str, &[u8]); 5] = [
    ("alert access_denied", b"\x15\x03\x03\x00\x02\x02\x31"),
    ("alert internal_error", b"\x15\x03\x03\x00\x02\x02\x50"),
    ("alert illegal_parameter", b"\x15\x03\x03\x00\x02\x02\x2f"),
    ("plain HTTP from the TLS port", b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    ("FIN instead of a hello", b""),
];

#[rustfmt::skip] // one row per line
const TO_RUSTLS: [(&str, &[u8]); 5] = [
    ("alert handshake_failure", b"\x15\x03\x03\x00\x02\x02\x28"),
    ("alert insufficient_security", b"\x15\x03\x03\x00\x02\x02\x47"),
    ("alert unrecognized_name", b"\x15\x03\x03\x00\x02\x02\x70"),
    ("alert bad_record_mac before any key", b"\x15\x03\x03\x00\x02\x02\x14"),
    ("alert user_canceled", b"\x15\x03\x03\x00\x02\x02\x5a"),
];

async fn to_client(matrix: &mut Matrix, library: &Library, known: &Authority) -> Outcome {
    let others = if library.is_rustls { &TO_RUSTLS[..] } else { &[] };
    for (injected, bytes) in TO_CLIENT.iter().chain(others) {
        let (client, mut server) = pair().await?;
        let answer = async {
            // Reads the complete ClientHello, so that the close is a FIN.
            read_hello(&mut server).await?;
            server.write_all(bytes).await?;
            server.shutdown().await?;
            server.read_to_end(&mut Vec::new()).await
        };
        let near = (library.connect)(&Setup::GOOD, known, client)?;
        let (end, _) = tokio::join!(timeout(LONG, library.end("client", near)), answer);
        matrix.add(Case::new(library.protocol, *injected, "client", end?));
    }
    let (client, mut server) = pair().await?;
    let near = (library.connect)(&Setup::GOOD, known, client)?;
    let refuse = async {
        read_hello(&mut server).await?;
        reset(server)
    };
    let (end, refused) = tokio::join!(library.end("client", near), refuse);
    refused?;
    matrix.add(Case::new(library.protocol, "RST instead of a hello", "client", end));

    let (client, mut server) = pair().await?;
    let near = (library.connect)(&Setup::GOOD, known, client)?;
    let (end, hello) = tokio::join!(within_deadline(library, "client", near), read_hello(&mut server));
    hello?;
    matrix.add(Case::new(library.protocol, "silence after the hello, deadline", "client", end));
    Ok(())
}
