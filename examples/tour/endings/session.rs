//! Ends of a client's session on an agent, over TCP.

use std::io;
use std::process::Stdio;

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;

use super::{LONG, SHORT};
use crate::PEER;
use crate::report::{Tour, fault, normal};
use crate::service::session;
use crate::service::wire::{self, Frame};

/// The text that the process to kill prints when it is connected.
const CONNECTED: &str = "connected";

/// Ends client sessions, one after the other.
pub(crate) async fn endings(tour: &mut Tour) -> io::Result<()> {
    let closed = || normal("client_closed", "client", "agent_to_client");
    let network = || fault("network_error", "network", "agent_to_client");

    let client = tour.case("client leaves, as the client sees it", closed());
    let agent = tour.case("client leaves, as the agent sees it", closed());
    goodbye(client, agent).await?;
    half_close(tour.case("client closes its write side during the session", network().cause("unclean_eof"))).await?;
    killed(tour.case("client process is killed with SIGKILL", network().cause("unclean_eof"))).await?;
    reset_by_client(tour.case("client resets the connection (SO_LINGER 0)", network().cause("reset"))).await?;
    silence(tour.case("client is silent until the agent's idle timeout", network().cause("idle_timeout"))).await?;
    #[cfg(target_os = "linux")]
    deaf(tour.case("client stops reading until TCP_USER_TIMEOUT", network().cause("keepalive_timeout"))).await?;
    truncated(tour.case("client stops in the middle of a frame", network().cause("unclean_eof"))).await?;
    let violation = fault("protocol_error", "client", "agent_to_client").cause("malformed");
    garbage(tour.case("client sends garbage", violation)).await
}

async fn goodbye(client: u64, agent: u64) -> io::Result<()> {
    let (dialled, accepted) = wire::loopback().await?;
    tokio::join!(session::visit(client, dialled), session::serve(agent, accepted, LONG));
    Ok(())
}

async fn half_close(id: u64) -> io::Result<()> {
    let (mut client, accepted) = wire::loopback().await?;
    wire::write(&mut client, &Frame::Data(b"one last question".to_vec())).await?;
    client.shutdown().await?;
    // The other direction still works: the client receives the answer.
    let (answer, ()) = tokio::join!(wire::answer(&mut client), session::serve(id, accepted, LONG));
    answer
}

/// The client is another process: this program with the argument [`PEER`], which runs [`killed_peer`].
async fn killed(id: u64) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = Command::new(std::env::current_exe()?)
        .arg(PEER)
        .arg(listener.local_addr()?.to_string())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let session = tokio::spawn(session::serve(id, listener.accept().await?.0, LONG));
    let mut says = String::new();
    if let Some(stdout) = client.stdout.take() {
        BufReader::new(stdout).read_line(&mut says).await?;
    }
    if says.trim_end() != CONNECTED {
        return Err(io::Error::other("the process to kill did not connect"));
    }
    client.kill().await?;
    Ok(session.await?)
}

/// The process to kill: prints that it is connected, and waits to be killed.
pub(crate) async fn killed_peer(agent: &str) -> io::Result<()> {
    let mut stream = TcpStream::connect(agent).await?;
    wire::ask(&mut stream).await?;
    println!("{CONNECTED}");
    wire::read(&mut stream).await.map(drop)
}

async fn reset_by_client(id: u64) -> io::Result<()> {
    let (mut client, accepted) = wire::loopback().await?;
    let session = tokio::spawn(session::serve(id, accepted, LONG));
    wire::ask(&mut client).await?;
    super::reset(client)?;
    Ok(session.await?)
}

async fn silence(id: u64) -> io::Result<()> {
    let (_client, accepted) = wire::loopback().await?;
    session::serve(id, accepted, SHORT).await;
    Ok(())
}

/// The client sends requests but does not read the answers, until the agent's kernel closes the connection.
#[cfg(target_os = "linux")]
async fn deaf(id: u64) -> io::Result<()> {
    let (mut client, accepted) = wire::loopback().await?;
    socket2::SockRef::from(&accepted).set_tcp_user_timeout(Some(SHORT))?;
    let questions = async {
        let question = Frame::Data(vec![b'?'; wire::MAX_PAYLOAD]);
        while wire::write(&mut client, &question).await.is_ok() {}
        std::future::pending().await
    };
    tokio::select! {
        () = session::serve(id, accepted, LONG) => Ok(()),
        result = questions => result,
    }
}

async fn truncated(id: u64) -> io::Result<()> {
    let (mut client, accepted) = wire::loopback().await?;
    client.write_all(b"\x01\x01\x00only the start").await?;
    drop(client);
    session::serve(id, accepted, LONG).await;
    Ok(())
}

async fn garbage(id: u64) -> io::Result<()> {
    let (mut client, accepted) = wire::loopback().await?;
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await?;
    session::serve(id, accepted, LONG).await;
    Ok(())
}
