//! Ports of the workspace, forwarded by our client and by OpenSSH.

use crate::process::{Failure, Process};
use nix::sys::signal::Signal::SIGTERM;
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::time::{Duration, timeout};

use super::client::{Client, DIRECT, RELAYED, disconnects, left};
use crate::end::{End, Site};
use crate::sites::{AGENT_FORWARD, AGENT_IDE, AGENT_SSH, CLIENT_FORWARD, CLIENT_SSH};
use crate::tools::{Tool, ssh};
use crate::world::{World, agent_leaves};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("forward-left", "a forwarded connection is closed from the client's side", |w| Box::pin(forward_left(w, DIRECT))),
    scenario("forward-ended", "a forwarded connection is closed by its target, through the relay", |w| Box::pin(forward_ended(w, RELAYED))),
    scenario("forward-broken", "the target of a forwarded connection breaks it, after the client's side has said all", |w| Box::pin(forward_broken(w))).shows(&[5]),
    scenario("forward-live", "SIGTERM of the client with a forwarded connection", |w| Box::pin(forward_live(w))),
    scenario("forward-refused", "nobody listens on the forwarded port", |w| Box::pin(forward_refused(w))).shows(&[8]),
    scenario("ide-left", "an editor leaves the channel to its backend", |w| Box::pin(ide_left(w))).shows(&[11]),
    scenario("ide-shutdown", "SIGTERM of the agent with an editor's channel", |w| Box::pin(ide_shutdown(w))),
    scenario("openssh-forward", "OpenSSH forwards a port", |w| Box::pin(openssh(w))).needs(&[Tool::Ssh]),
];

const PATIENCE: Duration = Duration::from_secs(20);

/// A listener in the workspace.
struct Target {
    listener: TcpListener,
    port: String,
}

impl Target {
    async fn new() -> Result<Self, Failure> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let port = listener.local_addr()?.port().to_string();
        Ok(Self { listener, port })
    }

    /// Accepts the next connection.
    async fn accept(&self) -> Result<TcpStream, Failure> {
        Ok(timeout(PATIENCE, self.listener.accept()).await??.0)
    }
}

/// A client that forwards to this port, and a connection through it.
async fn forward(
    world: &mut World,
    client: Client,
    target: &Target,
) -> Result<(Process, TcpStream, TcpStream), Failure> {
    let process = world.client(client.id, client.route, "forward", &["--remote", &target.port], &[])?;
    let local = world.says(process.id(), "forwarding").await?.text("local");
    let near = TcpStream::connect(format!("127.0.0.1:{local}")).await?;
    let far = target.accept().await?;
    world.says(process.id(), "forwarded channel opened").await?;
    Ok((process, near, far))
}

/// Sends bytes, receives them, and waits until the other side has closed too.
async fn through(near: &mut (impl AsyncWriteExt + Unpin), far: &mut TcpStream) -> Result<(), Failure> {
    near.write_all(b"ping").await?;
    let mut heard = [0; 4];
    timeout(PATIENCE, far.read_exact(&mut heard)).await??;
    Ok(())
}

async fn until_closed(stream: &mut (impl AsyncReadExt + Unpin)) -> Result<(), Failure> {
    timeout(PATIENCE, stream.read_to_end(&mut Vec::new())).await??;
    Ok(())
}

/// A channel ends, in the lines of both sides.
fn channel(client: Client, agent: Site, end: impl Fn(Site) -> End) -> [End; 2] {
    [agent, CLIENT_FORWARD].map(|site| client.line(end(site)))
}

async fn leave(world: &mut World, client: Client, process: Process) -> Result<(), Failure> {
    process.signal(SIGTERM)?;
    world.ended(process).await?;
    world.want(client.leaves());
    Ok(())
}

async fn forward_left(world: &mut World, client: Client) -> Result<(), Failure> {
    world.start().await?;
    let target = Target::new().await?;
    let (process, mut near, mut far) = forward(world, client, &target).await?;
    through(&mut near, &mut far).await?;
    drop(near);
    until_closed(&mut far).await?;
    drop(far);
    world.agent_says(AGENT_FORWARD.message).await?;
    world.says(process.id(), CLIENT_FORWARD.message).await?;
    world.want(channel(client, AGENT_FORWARD, left));
    leave(world, client, process).await
}

async fn forward_ended(world: &mut World, client: Client) -> Result<(), Failure> {
    world.start().await?;
    let target = Target::new().await?;
    let (process, mut near, mut far) = forward(world, client, &target).await?;
    through(&mut near, &mut far).await?;
    drop(far);
    until_closed(&mut near).await?;
    drop(near);
    world.agent_says(AGENT_FORWARD.message).await?;
    world.says(process.id(), CLIENT_FORWARD.message).await?;
    world.want(channel(client, AGENT_FORWARD, |site| site.normal("graceful", "agent")));
    leave(world, client, process).await
}

/// A side that has sent everything has not closed the connection yet: fault 5.
async fn forward_broken(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let target = Target::new().await?;
    let (process, mut near, mut far) = forward(world, DIRECT, &target).await?;
    through(&mut near, &mut far).await?;
    near.shutdown().await?;
    until_closed(&mut far).await?;
    SockRef::from(&far).set_linger(Some(Duration::ZERO))?;
    drop(far);
    world.agent_says(AGENT_FORWARD.message).await?;
    world.says(process.id(), CLIENT_FORWARD.message).await?;
    let [agent, client] = [AGENT_FORWARD, CLIENT_FORWARD];
    world.want([
        DIRECT.line(agent.fault("network_error", "network").cause("reset")),
        DIRECT.line(client.fault("unknown", "agent")),
    ]);
    leave(world, DIRECT, process).await
}

async fn forward_live(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let target = Target::new().await?;
    let (process, mut near, mut far) = forward(world, DIRECT, &target).await?;
    through(&mut near, &mut far).await?;
    world.want(channel(DIRECT, AGENT_FORWARD, left));
    leave(world, DIRECT, process).await
}

/// A channel that never came up has no end: fault 8.
async fn forward_refused(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let nobody = tokio::net::TcpSocket::new_v4()?;
    nobody.bind(([127, 0, 0, 1], 0).into())?;
    let port = nobody.local_addr()?.port().to_string();
    let process = world.client(DIRECT.id, DIRECT.route, "forward", &["--remote", &port], &[])?;
    let local = world.says(process.id(), "forwarding").await?.text("local");
    let mut near = TcpStream::connect(format!("127.0.0.1:{local}")).await?;
    until_closed(&mut near).await?;
    leave(world, DIRECT, process).await
}

/// An agent that watches the editor's port, and a client that forwards to it.
async fn ide(world: &mut World) -> Result<(Process, TcpStream, TcpStream), Failure> {
    let target = Target::new().await?;
    world.start_with(&[], &["--ide-port", &target.port]).await?;
    let (process, mut near, mut far) = forward(world, DIRECT, &target).await?;
    through(&mut near, &mut far).await?;
    Ok((process, near, far))
}

/// `client_closed`: fault 11.
async fn ide_left(world: &mut World) -> Result<(), Failure> {
    let (process, near, mut far) = ide(world).await?;
    drop(near);
    until_closed(&mut far).await?;
    drop(far);
    world.agent_says(AGENT_IDE.message).await?;
    world.says(process.id(), CLIENT_FORWARD.message).await?;
    world.want(channel(DIRECT, AGENT_IDE, left));
    leave(world, DIRECT, process).await
}

async fn ide_shutdown(world: &mut World) -> Result<(), Failure> {
    world.tell("the agent closed the connection: the agent is shutting down; try again when it is back");
    let (process, _near, _far) = ide(world).await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_leaves());
    world.ended(process).await?;
    let shutdown = |site: Site| site.normal("server_shutdown", "agent");
    world.want([AGENT_IDE, AGENT_SSH].map(|site| DIRECT.line(shutdown(site))));
    let told = |site: Site| site.normal("graceful", "agent").code("ssh.11");
    world.want([CLIENT_FORWARD, CLIENT_SSH].map(|site| DIRECT.line(told(site))));
    world.want(DIRECT.leaves_server());
    Ok(())
}

/// A client without a session cannot send its `client_session_id`.
async fn openssh(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let target = Target::new().await?;
    let socket = world.file("local");
    let forward = format!("{}:127.0.0.1:{}", socket.display(), target.port);
    let mut tool = Process::tool(ssh(&world.ssh, &["-v", "-N", "-L", &forward], &[]))?;
    // OpenSSH's own message.
    tool.stderr.until("Entering interactive session").await?;
    let mut near = UnixStream::connect(&socket).await?;
    let mut far = target.accept().await?;
    through(&mut near, &mut far).await?;
    drop(near);
    until_closed(&mut far).await?;
    drop(far);
    world.agent_says(AGENT_FORWARD.message).await?;
    // The agent's close has arrived too. An answer to a client that has left would break the pipe.
    tool.stderr.until(": free:").await?;
    tool.signal(SIGTERM)?;
    world.tool_ended(tool).await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.want([left(AGENT_FORWARD), disconnects(AGENT_SSH)].map(|end| end.by("direct").unnamed()));
    Ok(())
}
