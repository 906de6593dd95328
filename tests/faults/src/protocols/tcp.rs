//! Raw TCP with a line protocol. Its goodbyes are `bye` and `going away`, and every other line has to be `line N`.

mod channels;
mod clocks;
mod codecs;
mod copies;
mod fins;
mod service;

use std::io;
use std::panic::resume_unwind;
use std::time::Duration;

use disconnect_core::{Classifier, Disconnect, DisconnectGuard, Endpoint, Shutdown, classifier};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use self::service::of_both;
use self::service::{
    leave, publish, serve, serve_beside, serve_blocking, serve_halves, serve_recorded, serve_within, shut_down,
};
use super::Outcome;
use crate::line::line_of;
use crate::loopback::{black_hole, pair, reset};
use crate::matrix::{Case, Matrix};
use crate::peers::{Peer, say};
use crate::recipes::std_time::WentBack;
use crate::recipes::tokio::supervise;

static CLASSIFIER: Classifier = classifier![tokio = tokio, WentBack];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);
const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);
/// Both sides with their names.
const BOTH: [(&str, Endpoint); 2] = [("client", CLIENT), ("agent", AGENT)];

/// The timeout in cases about silence.
const SHORT: Duration = Duration::from_millis(300);
/// The timeout in all other cases, which end long before.
const LONG: Duration = Duration::from_secs(30);

const PROTOCOL: &str = "tcp";

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    bytes_then_end(matrix).await?;
    killed(matrix).await?;
    silent(matrix).await?;
    written_to(matrix).await?;
    leaving(matrix).await?;
    shutting_down(matrix).await?;
    tasks(matrix).await?;
    ended_before(matrix).await?;
    codecs::run(matrix).await?;
    channels::run(matrix).await?;
    copies::run(matrix).await?;
    clocks::run(matrix).await?;
    fins::run(matrix).await
}

/// How the connection is closed after the last bytes.
#[derive(Clone, Copy)]
enum Close {
    Fin,
    Rst,
}

/// Writes these bytes and closes.
async fn write_and_close(mut stream: TcpStream, bytes: &[u8], close: Close) -> io::Result<()> {
    stream.write_all(bytes).await?;
    match close {
        Close::Fin => Ok(()),
        Close::Rst => reset(stream),
    }
}

#[rustfmt::skip] // one row per line
const BYTES_THEN_END: [(&str, &[u8], Close); 10] = [
    ("goodbye, then FIN", b"line 1\nbye\n", Close::Fin),
    ("goodbye, then RST", b"line 1\nbye\n", Close::Rst),
    ("`going away`, then FIN", b"line 1\ngoing away\n", Close::Fin),
    ("FIN without goodbye", b"line 1\n", Close::Fin),
    ("FIN without a byte", b"", Close::Fin),
    ("FIN inside a line", b"line 1\nlin", Close::Fin),
    ("RST", b"line 1\n", Close::Rst),
    ("garbage", b"line 1\n\x00\xff\xfe\n", Close::Fin),
    ("a line that the protocol does not have", b"line one\n", Close::Fin),
    ("a line that does not end", &[b'1'; 100], Close::Fin),
];

/// Both sides log the end, each with the other side as the cause.
async fn bytes_then_end(matrix: &mut Matrix) -> Outcome {
    for (injected, bytes, close) in BYTES_THEN_END {
        for (seen_by, end) in BOTH {
            let (seen, other) = pair().await?;
            write_and_close(other, bytes, close).await?;
            matrix.add(Case::new(PROTOCOL, injected, seen_by, serve(seen, end).await));
        }
    }
    // The protocol has no error messages: the refusal is a bare FIN or RST.
    let (mut client, mut agent) = pair().await?;
    client.write_all(b"nonsense\n").await?;
    agent.read_u8().await?;
    drop(agent);
    let (end, got) = serve_recorded(client, CLIENT).await;
    matrix.add(Case::new(PROTOCOL, "the agent refuses our garbage by closing", "client", end).observed(got));

    let (mut peer, mut client) = Peer::connected("tcp", &["unread"]).await?;
    client.write_all(b"nonsense\n").await?;
    peer.line().await?;
    peer.kill().await?;
    let (end, got) = serve_recorded(client, CLIENT).await;
    matrix.add(Case::new(PROTOCOL, "kill -9, our garbage unread", "client", end).observed(got));
    Ok(())
}

/// The socket of a peer process that was killed in this state.
async fn killed_in(state: &str) -> io::Result<TcpStream> {
    let (mut peer, mut seen) = Peer::connected("tcp", &[state]).await?;
    seen.write_all(b"line 1\n").await?;
    peer.line().await?;
    peer.kill().await?;
    Ok(seen)
}

async fn killed(matrix: &mut Matrix) -> Outcome {
    for (seen_by, end) in BOTH {
        for state in ["idle", "unread", "writing"] {
            let seen = killed_in(state).await?;
            matrix.add(Case::new(PROTOCOL, format!("kill -9, {state}"), seen_by, serve(seen, end).await));
        }
    }
    Ok(())
}

/// Peers that exist, or existed, and do not answer.
async fn silent(matrix: &mut Matrix) -> Outcome {
    let (mut peer, mut seen) = Peer::connected("tcp", &["idle"]).await?;
    seen.write_all(b"line 1\n").await?;
    peer.line().await?;
    peer.stop().await?;
    matrix.add(Case::new(PROTOCOL, "SIGSTOP, tokio deadline", "client", serve_within(seen, CLIENT, SHORT).await));

    let (seen, _silent) = pair().await?;
    let seen = seen.into_std()?;
    let end = tokio::task::spawn_blocking(move || serve_blocking(seen, AGENT)).await??;
    matrix.add(Case::new(PROTOCOL, "silence, SO_RCVTIMEO of a blocking socket", "agent", end));

    let (seen, lost) = pair().await?;
    let keepalive =
        TcpKeepalive::new().with_time(Duration::from_secs(1)).with_interval(Duration::from_secs(1)).with_retries(1);
    SockRef::from(&seen).set_tcp_keepalive(&keepalive)?;
    black_hole(&lost)?;
    let idle = serve(seen, AGENT);

    let (mut seen, lost_as_well) = pair().await?;
    SockRef::from(&seen).set_tcp_user_timeout(Some(SHORT))?;
    black_hole(&lost_as_well)?;
    seen.write_all(b"line 1\n").await?;
    let (idle, unacknowledged) = tokio::join!(idle, serve(seen, CLIENT));
    matrix.add(Case::new(PROTOCOL, "packets lost, TCP keep-alive", "agent", idle));
    matrix.add(Case::new(PROTOCOL, "packets lost, TCP_USER_TIMEOUT", "client", unacknowledged));
    Ok(())
}

/// The end shows in a write.
async fn written_to(matrix: &mut Matrix) -> Outcome {
    let (agent, client) = pair().await?;
    drop(client);
    matrix.add(Case::new(PROTOCOL, "FIN, then RST to what we write: BrokenPipe", "agent", publish(agent, AGENT).await));

    let (agent, client) = pair().await?;
    reset(client)?;
    matrix.add(Case::new(PROTOCOL, "RST, seen by a writer alone", "agent", publish(agent, AGENT).await));

    let (mut agent, client) = pair().await?;
    agent.write_all(b"line 1\n").await?;
    client.readable().await?;
    drop(client);
    matrix.add(Case::new(PROTOCOL, "close with data unread", "agent", publish(agent, AGENT).await));

    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    drop(client);
    let end = serve_halves(agent, AGENT).await;
    matrix.add(Case::new(PROTOCOL, "goodbye and FIN while we write: BrokenPipe as well", "agent", end));

    let (agent, _client) = pair().await?;
    let end = match timeout(SHORT, publish(agent, AGENT)).await {
        Ok(end) => end,
        Err(elapsed) => AGENT.failed(&elapsed),
    };
    matrix.add(Case::new(PROTOCOL, "the peer stops reading, deadline for a write", "agent", end));
    Ok(())
}

/// One side half-closes, and the other one answers.
async fn leaving(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let (client, agent) = tokio::join!(leave(client, CLIENT), serve(agent, AGENT));
    matrix.add(Case::new(PROTOCOL, "goodbye and half-close by this side", "client", client));
    matrix.add(Case::new(PROTOCOL, "goodbye and half-close", "agent", agent));

    let (mut client, agent) = pair().await?;
    client.shutdown().await?;
    matrix.add(Case::new(PROTOCOL, "half-close without goodbye", "agent", serve(agent, AGENT).await));

    let (client, agent) = pair().await?;
    reset(agent)?;
    client.readable().await?;
    let end = line_of(DisconnectGuard::new(CLIENT, |_| ()), async |_| say_bye(client).await).await;
    matrix.add(Case::new(PROTOCOL, "RST before our goodbye", "client", end));
    Ok(())
}

/// Sends the goodbye first, and records its end after that.
async fn say_bye(mut stream: TcpStream) -> io::Result<Disconnect> {
    stream.write_all(b"bye\n").await?;
    Ok(CLIENT.closed_locally())
}

/// This process shuts down.
async fn shutting_down(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let (agent, client) = tokio::join!(shut_down(agent, AGENT), serve(client, CLIENT));
    matrix.add(Case::new(PROTOCOL, "shutdown, said before closing", "agent", agent));
    matrix.add(Case::new(PROTOCOL, "shutdown, said before closing", "client", client));

    let (_silent, agent) = pair().await?;
    matrix.add(Case::new(PROTOCOL, "shutdown, goodbye not answered", "agent", shut_down(agent, AGENT).await));

    let (mut client, agent) = pair().await?;
    let refused = async { client.read_u8().await.and_then(|_| reset(client)) };
    let (end, refused) = tokio::join!(shut_down(agent, AGENT), refused);
    refused?;
    matrix.add(Case::new(PROTOCOL, "shutdown, RST for an answer", "agent", end));
    Ok(())
}

/// The task of a connection does not complete.
async fn tasks(matrix: &mut Matrix) -> Outcome {
    let ((one, broken), (other, _healthy)) = (pair().await?, pair().await?);
    let ended = watch::Sender::new(None);
    let both = [(one, "RST of one stream, seen by it"), (other, "RST of one stream, seen by its cancelled sibling")]
        .map(|(stream, injected)| (injected, tokio::spawn(serve_beside(stream, AGENT, ended.clone()))));
    reset(broken)?;
    for (injected, task) in both {
        matrix.add(Case::new(PROTOCOL, injected, "agent", task.await?));
    }

    let (client, agent) = pair().await?;
    let task = tokio::spawn(serve(agent, AGENT));
    task.abort();
    matrix.add(Case::new(PROTOCOL, "the task is aborted", "agent", supervise(task, AGENT).await));
    matrix.add(Case::new(PROTOCOL, "the peer's task is aborted", "client", serve(client, CLIENT).await));

    let (client, agent) = pair().await?;
    let task = tokio::spawn(async move {
        let _dropped_by_the_panic = agent;
        // A panic without the hook that prints.
        resume_unwind(Box::new("injected"))
    });
    matrix.add(Case::new(PROTOCOL, "the task panics", "agent", supervise(task, AGENT).await));
    matrix.add(Case::new(PROTOCOL, "the peer's task panics", "client", serve(client, CLIENT).await));
    Ok(())
}

/// Something else happens after the connection has ended.
async fn ended_before(matrix: &mut Matrix) -> Outcome {
    for (what, bytes, close) in [
        ("goodbye", &b"line 1\nbye\n"[..], Close::Fin),
        ("FIN", b"line 1\n", Close::Fin),
        ("RST", b"line 1\n", Close::Rst),
    ] {
        let (agent, client) = pair().await?;
        write_and_close(client, bytes, close).await?;
        let injected = format!("{what}, then the shutdown begins");
        matrix.add(Case::new(PROTOCOL, injected, "agent", then_shutdown(AGENT, serve(agent, AGENT).await)));
    }
    let (client, agent) = pair().await?;
    let (client, _) = tokio::join!(leave(client, CLIENT), serve(agent, AGENT));
    matrix.add(Case::new(PROTOCOL, "goodbye, then the shutdown begins", "client", then_shutdown(CLIENT, client)));

    for (seen_by, end) in BOTH {
        let (seen, other) = pair().await?;
        write_and_close(other, b"line 1\nbye\n", Close::Fin).await?;
        let guard = DisconnectGuard::new(end, |_| ());
        guard.set(serve(seen, end).await);
        if let Err(late) = timeout(Duration::ZERO, std::future::pending::<()>()).await {
            guard.failed(&late);
        }
        matrix.add(Case::new(PROTOCOL, "goodbye, then a late timeout", seen_by, guard.finish()));
    }
    Ok(())
}

/// The line of a connection that ended before the shutdown began, logged after it.
fn then_shutdown(end: Endpoint, ended: Disconnect) -> Disconnect {
    let shutdown = Shutdown::new();
    let guard = DisconnectGuard::new(end, |_| ()).under(&shutdown);
    guard.set(ended);
    shutdown.begin();
    guard.finish()
}

/// Connects, enters the state to be killed in, reports that, and waits.
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    let [state, address] = arguments else { return Err("needs a state and an address".into()) };
    let mut stream = TcpStream::connect(address).await?;
    match state.as_str() {
        "unread" => stream.readable().await?,
        "idle" => _ = BufReader::new(&mut stream).read_line(&mut String::new()).await?,
        "spoke" => {
            BufReader::new(&mut stream).read_line(&mut String::new()).await?;
            stream.write_all(b"line 1\n").await?;
        }
        "writing" => {
            BufReader::new(&mut stream).read_line(&mut String::new()).await?;
            stream.write_all(b"lin").await?;
        }
        unknown => return Err(format!("unknown state `{unknown}`").into()),
    }
    say("ready");
    std::future::pending().await
}
