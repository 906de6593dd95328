//! Raw TCP with a protocol of lines on it: `bye` and `going away` are its goodbyes, everything else has to be `line N`.

mod service;

use std::io;
use std::panic::resume_unwind;
use std::time::Duration;

use disconnect_core::{Classifier, DisconnectInitiator as By, DisconnectReason as Why, Endpoint, classifier};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

pub(super) use self::service::of_both;
use self::service::{
    leave, publish, serve, serve_beside, serve_blocking, serve_halves, serve_until_shutdown, serve_within, supervise,
};
use super::Outcome;
use crate::loopback::{black_hole, pair, reset};
use crate::matrix::{Matrix, Truth, truth};
use crate::peers::{Peer, say};

static CLASSIFIER: Classifier = classifier![tokio = tokio];

const CLIENT: Endpoint = Endpoint::CLIENT_FACING_AGENT.with_classifier(&CLASSIFIER);
const AGENT: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

/// How long a peer may be silent, where that is the thing tested.
const SHORT: Duration = Duration::from_millis(300);
/// How long a peer may be silent otherwise: the cases end long before.
const LONG: Duration = Duration::from_secs(30);

const VANISHED: Truth = truth(Why::NetworkError, By::Network);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    bytes_then_end(matrix).await?;
    killed(matrix).await?;
    silent(matrix).await?;
    written_to(matrix).await?;
    leaving(matrix).await?;
    shutting_down(matrix).await?;
    tasks(matrix).await
}

/// What a peer meant by what it did.
#[derive(Clone, Copy)]
pub(super) enum Meant {
    Goodbye,
    GoingAway,
    Nothing,
    Violation,
}

impl Meant {
    /// What is true if it was done by this side.
    pub(super) const fn by(self, by: By) -> Truth {
        match (self, by) {
            (Self::Goodbye | Self::GoingAway, By::Client) => truth(Why::ClientClosed, by),
            (Self::Goodbye, _) => truth(Why::Graceful, by),
            (Self::GoingAway, _) => truth(Why::ServerShutdown, by),
            (Self::Nothing, _) => VANISHED,
            (Self::Violation, _) => truth(Why::ProtocolError, by),
        }
    }
}

/// How the connection is closed after the last bytes.
#[derive(Clone, Copy)]
enum Close {
    Fin,
    Rst,
}

#[rustfmt::skip] // one row a line
const BYTES_THEN_END: [(&str, &[u8], Close, Meant); 10] = [
    ("goodbye, then FIN", b"line 1\nbye\n", Close::Fin, Meant::Goodbye),
    ("goodbye, then RST", b"line 1\nbye\n", Close::Rst, Meant::Goodbye),
    ("`going away`, then FIN", b"line 1\ngoing away\n", Close::Fin, Meant::GoingAway),
    ("FIN without goodbye", b"line 1\n", Close::Fin, Meant::Nothing),
    ("FIN without a byte", b"", Close::Fin, Meant::Nothing),
    ("FIN inside a line", b"line 1\nlin", Close::Fin, Meant::Nothing),
    ("RST", b"line 1\n", Close::Rst, Meant::Nothing),
    ("garbage", b"line 1\n\x00\xff\xfe\n", Close::Fin, Meant::Violation),
    ("a line that the protocol does not have", b"line one\n", Close::Fin, Meant::Violation),
    ("a line that does not end", &[b'1'; 100], Close::Fin, Meant::Violation),
];

/// Seen from both ends: whoever does it is the other one.
async fn bytes_then_end(matrix: &mut Matrix) -> Outcome {
    for (injected, bytes, close, meant) in BYTES_THEN_END {
        for (seen_by, end, by) in [("client", CLIENT, By::Agent), ("agent", AGENT, By::Client)] {
            let (seen, mut other) = pair().await?;
            other.write_all(bytes).await?;
            match close {
                Close::Fin => drop(other),
                Close::Rst => reset(other)?,
            }
            matrix.decidable("tcp", injected, seen_by, meant.by(by), serve(seen, end).await);
        }
    }
    let (client, mut agent) = pair().await?;
    let sender = async move {
        let mut client = client;
        client.write_all(b"nonsense\n").await?;
        Ok::<_, io::Error>(serve(client, CLIENT).await)
    };
    let (end, _) = tokio::try_join!(sender, async { agent.read_u8().await.inspect(|_| drop(agent)) })?;
    let (truth, why) =
        (Meant::Violation.by(By::Client), "a protocol without error messages: the refusal is a bare FIN or RST");
    matrix.undecidable("tcp", "the agent refuses our garbage by closing", "client", truth, end, why);
    Ok(())
}

/// The other end is a process, and is killed.
async fn killed(matrix: &mut Matrix) -> Outcome {
    for (seen_by, end) in [("client", CLIENT), ("agent", AGENT)] {
        for state in ["idle", "unread", "writing"] {
            let (mut peer, mut seen) = Peer::connected("tcp", &[state]).await?;
            seen.write_all(b"line 1\n").await?;
            peer.line().await?;
            peer.kill().await?;
            matrix.decidable("tcp", format!("kill -9, {state}"), seen_by, VANISHED, serve(seen, end).await);
        }
    }
    Ok(())
}

/// The other end is there, or was, and answers nothing.
async fn silent(matrix: &mut Matrix) -> Outcome {
    let (mut peer, mut seen) = Peer::connected("tcp", &["idle"]).await?;
    seen.write_all(b"line 1\n").await?;
    peer.line().await?;
    peer.stop().await?;
    matrix.decidable("tcp", "SIGSTOP, tokio deadline", "client", VANISHED, serve_within(seen, CLIENT, SHORT).await);

    let (seen, _silent) = pair().await?;
    let seen = seen.into_std()?;
    let end = tokio::task::spawn_blocking(move || serve_blocking(seen, AGENT)).await??;
    matrix.decidable("tcp", "silence, SO_RCVTIMEO of a blocking socket", "agent", VANISHED, end);

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
    matrix.decidable("tcp", "packets lost, TCP keep-alive", "agent", VANISHED, idle);
    matrix.decidable("tcp", "packets lost, TCP_USER_TIMEOUT", "client", VANISHED, unacknowledged);
    Ok(())
}

/// The end shows in what is written.
async fn written_to(matrix: &mut Matrix) -> Outcome {
    let (agent, client) = pair().await?;
    drop(client);
    matrix.decidable(
        "tcp",
        "FIN, then RST to what we write: BrokenPipe",
        "agent",
        VANISHED,
        publish(agent, AGENT).await,
    );

    let (agent, client) = pair().await?;
    reset(client)?;
    matrix.decidable("tcp", "RST, seen by a writer alone", "agent", VANISHED, publish(agent, AGENT).await);

    let (mut agent, client) = pair().await?;
    agent.write_all(b"line 1\n").await?;
    client.readable().await?;
    drop(client);
    matrix.decidable("tcp", "close with data unread", "agent", VANISHED, publish(agent, AGENT).await);

    let (agent, mut client) = pair().await?;
    client.write_all(b"bye\n").await?;
    drop(client);
    let (truth, end) = (Meant::Goodbye.by(By::Client), serve_halves(agent, AGENT).await);
    matrix.decidable("tcp", "goodbye and FIN while we write: BrokenPipe as well", "agent", truth, end);

    let (agent, _client) = pair().await?;
    let end = match timeout(SHORT, publish(agent, AGENT)).await {
        Ok(end) => end,
        Err(elapsed) => AGENT.failed(&elapsed),
    };
    matrix.decidable("tcp", "the peer stops reading, deadline for a write", "agent", VANISHED, end);
    Ok(())
}

/// One end closes its half, and the other answers.
async fn leaving(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let (client, agent) = tokio::join!(leave(client, CLIENT), serve(agent, AGENT));
    let truth = Meant::Goodbye.by(By::Client);
    matrix.decidable("tcp", "goodbye and half-close by this side", "client", truth, client?);
    matrix.decidable("tcp", "goodbye and half-close", "agent", truth, agent);

    let (mut client, agent) = pair().await?;
    client.shutdown().await?;
    matrix.decidable("tcp", "half-close without goodbye", "agent", VANISHED, serve(agent, AGENT).await);

    let (client, agent) = pair().await?;
    reset(agent)?;
    client.readable().await?;
    let end = leave(client, CLIENT).await.unwrap_or_else(|error| CLIENT.failed(&error));
    matrix.decidable("tcp", "RST before our goodbye", "client", VANISHED, end);
    Ok(())
}

/// This process goes away.
async fn shutting_down(matrix: &mut Matrix) -> Outcome {
    let truth = Meant::GoingAway.by(By::Agent);

    let (client, agent) = pair().await?;
    let (agent, client) = tokio::join!(serve_until_shutdown(agent, AGENT), serve(client, CLIENT));
    matrix.decidable("tcp", "shutdown, said before closing", "agent", truth, agent);
    matrix.decidable("tcp", "shutdown, said before closing", "client", truth, client);

    let (_silent, agent) = pair().await?;
    matrix.decidable("tcp", "shutdown, goodbye not answered", "agent", truth, serve_until_shutdown(agent, AGENT).await);

    let (mut client, agent) = pair().await?;
    let refused = async { client.read_u8().await.and_then(|_| reset(client)) };
    let (end, refused) = tokio::join!(serve_until_shutdown(agent, AGENT), refused);
    refused?;
    matrix.decidable("tcp", "shutdown, RST for an answer", "agent", truth, end);
    Ok(())
}

/// The task of a connection does not get to its end.
async fn tasks(matrix: &mut Matrix) -> Outcome {
    let ((one, broken), (other, _healthy)) = (pair().await?, pair().await?);
    let ended = watch::Sender::new(None);
    let both = [(one, "RST of one stream, seen by it"), (other, "RST of one stream, seen by its cancelled sibling")]
        .map(|(stream, injected)| (injected, tokio::spawn(serve_beside(stream, AGENT, ended.clone()))));
    reset(broken)?;
    for (injected, task) in both {
        matrix.decidable("tcp", injected, "agent", VANISHED, task.await?);
    }

    let own_fault = truth(Why::Unknown, By::Agent);
    let (client, agent) = pair().await?;
    let task = tokio::spawn(serve(agent, AGENT));
    task.abort();
    matrix.decidable("tcp", "the task is aborted", "agent", own_fault, supervise(task, AGENT).await);
    matrix.decidable("tcp", "the peer's task is aborted", "client", VANISHED, serve(client, CLIENT).await);

    let (client, agent) = pair().await?;
    let task = tokio::spawn(async move {
        let _dropped_by_the_panic = agent;
        // As a panic, without the hook that prints.
        resume_unwind(Box::new("injected"))
    });
    matrix.decidable("tcp", "the task panics", "agent", own_fault, supervise(task, AGENT).await);
    matrix.decidable("tcp", "the peer's task panics", "client", VANISHED, serve(client, CLIENT).await);
    Ok(())
}

/// Connects, gets into a state to be killed in, says so, and stays there.
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    let [state, address] = arguments else { return Err("needs a state and an address".into()) };
    let mut stream = TcpStream::connect(address).await?;
    match state.as_str() {
        "unread" => stream.readable().await?,
        "idle" => _ = BufReader::new(&mut stream).read_line(&mut String::new()).await?,
        "writing" => {
            BufReader::new(&mut stream).read_line(&mut String::new()).await?;
            stream.write_all(b"lin").await?;
        }
        unknown => return Err(format!("unknown state `{unknown}`").into()),
    }
    say("ready");
    std::future::pending().await
}
