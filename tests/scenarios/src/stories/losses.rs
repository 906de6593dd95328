//! Data paths and control planes that break while sessions are open.

use crate::process::{Failure, Process};
use nix::sys::signal::Signal::{SIGKILL, SIGTERM};

use super::client::{Client, DIRECT, QUICK, RELAYED, gone, left, silent};
use crate::end::{End, Site};
use crate::proxy::{Break, Proxy};
use crate::rogue::{garbage, probe};
use crate::sites::{
    AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP, AGENT_SSH, CLIENT_COORDINATION, CLIENT_RETRYING, CLIENT_SSH,
    SERVER_AGENT, SERVER_CLIENT,
};
use crate::world::{World, agent_leaves as all_leaves, freeze};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("client-killed", "kill -9 of the client", |w| Box::pin(client_killed(w, DIRECT))),
    scenario("client-killed-relayed", "kill -9 of the client, through the relay", |w| Box::pin(client_killed(w, RELAYED))),
    scenario("client-frozen", "SIGSTOP of the client", |w| Box::pin(client_frozen(w))).shows(&[12]),
    scenario("data-reset", "the data path is reset", |w| Box::pin(data_broken(w, Break::Reset, "reset"))).shows(&[5]),
    scenario("data-cut", "the data path ends without a goodbye", |w| Box::pin(data_broken(w, Break::Cut, "unclean_eof"))).shows(&[5]),
    scenario("data-silent", "the data path loses all packets", |w| Box::pin(data_silent(w))).shows(&[12]),
    scenario("data-garbage", "garbage on the data path, to the agent", |w| Box::pin(data_garbage(w))).shows(&[11]),
    scenario("ssh-probed", "something connects to the SSH port and says nothing", |w| Box::pin(ssh_probed(w))).shows(&[8]),
    scenario("ssh-garbage", "something says garbage to the SSH port", |w| Box::pin(ssh_garbage(w))).shows(&[6, 11]),
    scenario("agent-leaves-sessions", "SIGTERM of the agent with live sessions", |w| Box::pin(agent_leaves(w))).shows(&[5]),
    scenario("agent-killed-session", "kill -9 of the agent with a live session", |w| Box::pin(agent_killed(w))),
    scenario("agent-frozen-session", "SIGSTOP of the agent with a live session", |w| Box::pin(agent_frozen(w))).shows(&[12]),
    scenario("server-leaves-session", "SIGTERM of the server: a direct session lives on", |w| Box::pin(server_leaves(w))).shows(&[1]),
    scenario("server-leaves-relayed", "SIGTERM of the server with a relayed session", |w| Box::pin(server_leaves_relayed(w))),
    scenario("client-control-reset", "a client's control path is reset: its session lives on", |w| Box::pin(control_reset(w))).shows(&[11]),
    scenario("client-control-garbage", "garbage on a client's control path, to the client", |w| Box::pin(control_garbage(w))).shows(&[11]),
    scenario("client-goodbye-unanswered", "SIGSTOP of the server, then SIGTERM of the client", |w| Box::pin(goodbye_unanswered(w))).shows(&[7, 9]),
    scenario("server-killed-session", "kill -9 of the server: a direct session lives on", |w| Box::pin(server_killed(w))).shows(&[11]),
    scenario("server-frozen-session", "SIGSTOP of the server: a direct session lives on", |w| Box::pin(server_frozen(w))).shows(&[11, 12]),
    scenario("relay-restart", "the relay is killed and comes back: a relayed session is lost", |w| Box::pin(relay_restart(w))),
    scenario("client-server-refused", "a client that finds no server", |w| Box::pin(server_refused(w))).shows(&[8]),
    scenario("client-agent-refused", "a client that finds no agent", |w| Box::pin(agent_refused(w))).shows(&[8]),
];

async fn client_killed(world: &mut World, client: Client) -> Result<(), Failure> {
    world.start().await?;
    let process = client.cat(world, &[]).await?;
    process.signal(SIGKILL)?;
    world.ended(process).await?;
    world.server_says(SERVER_CLIENT.message).await?;
    world.agent_says(AGENT_SSH.message).await?;
    if client.id == RELAYED.id {
        world.want(client.relay(gone));
        // The relay's end of the other leg.
        let lost = |site: Site| site.fault("network_error", "network").cause("unclean_eof").code("websocket.4001");
        world.want([client.agent_session("exec", lost), client.line(lost(AGENT_SSH))]);
    } else {
        world.want([client.agent_session("exec", gone), client.line(gone(AGENT_SSH))]);
    }
    world.want([gone(SERVER_CLIENT).client(client.id)]);
    Ok(())
}

/// A laptop that sleeps does not leave cleanly: fault 12.
async fn client_frozen(world: &mut World) -> Result<(), Failure> {
    world.start_with(QUICK, QUICK).await?;
    let process = DIRECT.cat(world, &[]).await?;
    freeze(&process).await?;
    world.server_says(SERVER_CLIENT.message).await?;
    world.agent_says(AGENT_SSH.message).await?;
    process.signal(SIGKILL)?;
    world.ended(process).await?;
    world.want([
        DIRECT.agent_session("exec", silent),
        DIRECT.line(silent(AGENT_SSH)),
        silent(SERVER_CLIENT).client(DIRECT.id),
    ]);
    Ok(())
}

/// A session whose data path goes through a proxy.
async fn through_proxy(world: &mut World, options: &[&str]) -> Result<(Proxy, Process), Failure> {
    let proxy = Proxy::to(&world.ssh).await?;
    let options = [&["--direct", proxy.address()], options].concat();
    let process = DIRECT.cat(world, &options).await?;
    Ok((proxy, process))
}

/// Both sides report the fault of the path, for the session and for its connection: fault 5.
async fn data_broken(world: &mut World, how: Break, cause: &str) -> Result<(), Failure> {
    world.start().await?;
    let (proxy, process) = through_proxy(world, &[]).await?;
    proxy.break_all(how);
    let ended = world.ended(process).await?;
    world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    let broken = |site: Site| site.fault("network_error", "network").cause(cause);
    world.tell(&format!("connection lost ({}); try again", cause.replace('_', " ")));
    world.want(DIRECT.session("exec", broken));
    world.want(DIRECT.connection(broken));
    world.want(DIRECT.leaves_server());
    Ok(())
}

async fn data_silent(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost: no answer in time; try again");
    world.start_with(&[], QUICK).await?;
    let (proxy, process) = through_proxy(world, QUICK).await?;
    proxy.break_all(Break::Freeze);
    world.ended(process).await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.want(DIRECT.session("exec", silent));
    world.want(DIRECT.connection(silent));
    world.want(DIRECT.leaves_server());
    Ok(())
}

/// The initiator is the violator: fault 11.
async fn data_garbage(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost (unclean eof); try again");
    world.start().await?;
    let (proxy, process) = through_proxy(world, &[]).await?;
    proxy.break_all(Break::GarbageToDialled(&[0xff; 64]));
    world.agent_says(AGENT_SSH.message).await?;
    world.ended(process).await?;
    let violated = |site: Site| site.fault("protocol_error", "client").cause("malformed");
    world.want([DIRECT.agent_session("exec", violated), DIRECT.line(violated(AGENT_SSH))]);
    let cut = |site: Site| site.fault("network_error", "network").cause("unclean_eof");
    world.want([DIRECT.client_session("exec", cut), DIRECT.line(cut(CLIENT_SSH))]);
    world.want(DIRECT.leaves_server());
    Ok(())
}

/// The connection never came up, so there is no disconnect: fault 8.
async fn ssh_probed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let address = world.ssh.clone();
    probe(&address).await
}

/// Garbage is not a clean end: fault 6.
async fn ssh_garbage(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let address = world.ssh.clone();
    garbage(&address, b"SSH-2.0-rogue\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.want([AGENT_SSH.fault("protocol_error", "client").cause("malformed").by("direct").unnamed().quietly()]);
    Ok(())
}

/// All sessions report the shutdown, and none reports how it was broken off: fault 5.
async fn agent_leaves(world: &mut World) -> Result<(), Failure> {
    world.tell("the agent closed the connection: the agent is shutting down; try again when it is back");
    world.tell("the agent closed the connection: the agent is shutting down; try again when it is back");
    world.start().await?;
    let (direct, relayed) = (DIRECT.cat(world, &[]).await?, RELAYED.cat(world, &[]).await?);
    world.end_agent(SIGTERM).await?;
    world.want(all_leaves());
    for process in [direct, relayed] {
        world.ended(process).await?;
    }
    for client in [DIRECT, RELAYED] {
        let shutdown = |site: Site| site.normal("server_shutdown", "agent");
        world.want([client.agent_session("exec", shutdown), client.line(shutdown(AGENT_SSH))]);
        // The best reason that an agent can send over SSH.
        let told = |site: Site| site.normal("graceful", "agent").code("ssh.11");
        world.want([client.client_session("exec", told), client.line(told(CLIENT_SSH))]);
        world.want(client.leaves_server());
    }
    // An agent that shuts down also notifies its relay.
    world.want(RELAYED.relay(|site| site.normal("server_shutdown", "agent").code("websocket.1001")));
    Ok(())
}

async fn agent_killed(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost (unclean eof); try again");
    world.start().await?;
    let process = DIRECT.cat(world, &[]).await?;
    world.end_agent(SIGKILL).await?;
    let ended = world.ended(process).await?;
    world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    world.want([DIRECT.client_session("exec", gone), DIRECT.line(gone(CLIENT_SSH))]);
    world.want(DIRECT.leaves_server());
    world.want([gone(SERVER_AGENT)]);
    Ok(())
}

async fn agent_frozen(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost: no answer in time; try again");
    world.start_with(QUICK, &[]).await?;
    let process = DIRECT.cat(world, QUICK).await?;
    world.freeze_agent().await?;
    world.ended(process).await?;
    world.server_says(SERVER_AGENT.message).await?;
    world.end_agent(SIGKILL).await?;
    world.want([DIRECT.client_session("exec", silent), DIRECT.line(silent(CLIENT_SSH))]);
    world.want(DIRECT.leaves_server());
    world.want([silent(SERVER_AGENT)]);
    Ok(())
}

/// All sides report the goodbye: fault 1. The session continues.
async fn server_leaves(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let process = DIRECT.cat(world, &[]).await?;
    world.end_server(SIGTERM).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.says(process.id(), CLIENT_RETRYING.message).await?;
    goes_on(world, process).await?;
    world.end_agent(SIGTERM).await?;
    let shutdown = |site: Site| site.normal("server_shutdown", "server");
    world.want(server_left());
    world.want([
        shutdown(SERVER_CLIENT).client(DIRECT.id),
        shutdown(CLIENT_RETRYING).code("websocket.1001").client(DIRECT.id),
    ]);
    Ok(())
}

/// The lines of the agent's control plane when a server says goodbye.
pub(super) fn server_left() -> [End; 4] {
    [
        AGENT_CONTROL.normal("server_shutdown", "server").code("websocket.1001"),
        AGENT_COORDINATION.normal("graceful", "server"),
        AGENT_DERP_MAP.normal("graceful", "server"),
        SERVER_AGENT.normal("server_shutdown", "server"),
    ]
}

/// A session of a client whose control plane goes through a proxy.
async fn behind_proxy(world: &mut World) -> Result<(Proxy, Process), Failure> {
    world.start().await?;
    let proxy = Proxy::to(world.server_address()).await?;
    let url = format!("ws://{}", proxy.address());
    let process = world.client_of(&url, "ssh", &["--client-session-id", DIRECT.id], &["cat"])?;
    world.says(process.id(), "control plane connected").await?;
    world.says(process.id(), "connected").await?;
    world.agent_says("ssh session started").await?;
    Ok((proxy, process))
}

/// The client reconnects to its server while its session continues.
async fn comes_back(world: &mut World, process: Process) -> Result<(), Failure> {
    world.says(process.id(), CLIENT_RETRYING.message).await?;
    let back = world.says(process.id(), "control plane connected").await?;
    world.check(!back.text("attempts").is_empty() && !back.text("outage_ms").is_empty(), || {
        "it does not sum up".to_owned()
    });
    goes_on(world, process).await?;
    world.want(DIRECT.leaves_server());
    Ok(())
}

/// `control_plane_lost`: fault 11.
async fn control_reset(world: &mut World) -> Result<(), Failure> {
    let (proxy, process) = behind_proxy(world).await?;
    proxy.break_all(Break::Reset);
    world.want([
        CLIENT_RETRYING.fault("control_plane_lost", "network").cause("reset").client(DIRECT.id),
        SERVER_CLIENT.fault("network_error", "network").cause("reset").client(DIRECT.id),
    ]);
    comes_back(world, process).await
}

/// The initiator is the violator: fault 11.
async fn control_garbage(world: &mut World) -> Result<(), Failure> {
    let (proxy, process) = behind_proxy(world).await?;
    proxy.break_all(Break::GarbageToDialler(&[0x8f, 0x00]));
    world.want([
        CLIENT_RETRYING.fault("protocol_error", "server").cause("malformed").client(DIRECT.id),
        SERVER_CLIENT.fault("network_error", "network").cause("unclean_eof").client(DIRECT.id),
    ]);
    comes_back(world, process).await
}

/// A session that is still open, and then ends cleanly.
async fn goes_on(world: &mut World, mut process: Process) -> Result<(), Failure> {
    type_in(&mut process, "still there\n").await?;
    process.stdout.until("still there\n").await?;
    drop(process.stdin.take());
    world.ended(process).await?;
    world.want(DIRECT.exits(0));
    world.want(DIRECT.connection(left));
    Ok(())
}

async fn type_in(process: &mut Process, text: &str) -> Result<(), Failure> {
    use tokio::io::AsyncWriteExt;
    Ok(process.stdin.as_mut().ok_or("its input is closed")?.write_all(text.as_bytes()).await?)
}

/// The client has left, but its goodbye was not answered, so the end is not clean: fault 9. One line: fault 7.
async fn goodbye_unanswered(world: &mut World) -> Result<(), Failure> {
    world.tell("closed from this side");
    world.start_with(&[], &["--goodbye", "300"]).await?;
    let process = DIRECT.cat(world, &["--goodbye", "300"]).await?;
    world.freeze_server().await?;
    process.signal(SIGTERM)?;
    world.ended(process).await?;
    world.want(DIRECT.session("exec", left));
    world.want(DIRECT.connection(left));
    world.want([left(CLIENT_COORDINATION).cause("deadline").warns().client(DIRECT.id)]);
    world.settle().await;
    world.end_agent(SIGTERM).await?;
    world.kill_server(2).await?;
    world.want([
        AGENT_CONTROL.normal("server_shutdown", "agent"),
        AGENT_COORDINATION.normal("server_shutdown", "agent").cause("deadline").warns(),
        AGENT_DERP_MAP.normal("server_shutdown", "agent"),
    ]);
    Ok(())
}

async fn server_leaves_relayed(world: &mut World) -> Result<(), Failure> {
    world.tell("the server is shutting down; try again when it is back");
    world.start().await?;
    let process = RELAYED.cat(world, &[]).await?;
    world.end_server(SIGTERM).await?;
    world.ended(process).await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    let shutdown = |site: Site| site.normal("server_shutdown", "server");
    let told = |site: Site| shutdown(site).code("websocket.1001");
    world.want(RELAYED.session("exec", told));
    world.want(RELAYED.connection(told));
    world.want(server_left());
    world.want(RELAYED.relay(shutdown));
    world.want([shutdown(SERVER_CLIENT).client(RELAYED.id), told(CLIENT_RETRYING).client(RELAYED.id)]);
    Ok(())
}

/// The control plane is lost, and the session continues: fault 11.
async fn server_killed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let process = DIRECT.cat(world, &[]).await?;
    world.kill_server(2).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.says(process.id(), CLIENT_RETRYING.message).await?;
    goes_on(world, process).await?;
    world.end_agent(SIGTERM).await?;
    let lost = |site: Site| site.fault("control_plane_lost", "network").vanished();
    world.want([
        lost(AGENT_CONTROL),
        lost(AGENT_COORDINATION),
        lost(AGENT_DERP_MAP),
        lost(CLIENT_RETRYING).client(DIRECT.id),
    ]);
    Ok(())
}

/// The same loss has another reason if a session continues: fault 11.
async fn server_frozen(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], QUICK).await?;
    let process = DIRECT.cat(world, QUICK).await?;
    world.freeze_server().await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.says(process.id(), CLIENT_RETRYING.message).await?;
    goes_on(world, process).await?;
    world.end_agent(SIGTERM).await?;
    world.kill_server(2).await?;
    let lost = |site: Site| site.fault("control_plane_lost", "network").cause("keepalive_timeout");
    world.want([AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP].map(lost));
    world.want([lost(CLIENT_RETRYING).client(DIRECT.id)]);
    Ok(())
}

/// The data path through the relay is lost with the server. A direct data path continues.
async fn relay_restart(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost (unclean eof); try again");
    world.start().await?;
    let (direct, relayed) = (DIRECT.cat(world, &[]).await?, RELAYED.cat(world, &[]).await?);
    world.kill_server(4).await?;
    let ended = world.ended(relayed).await?;
    world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    world.want(RELAYED.session("exec", gone));
    world.want(RELAYED.connection(gone));
    world.agent_says(AGENT_CONTROL.message).await?;
    world.says(direct.id(), CLIENT_RETRYING.message).await?;
    let lost = |site: Site| site.fault("control_plane_lost", "network").vanished();
    world.want([AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP].map(lost));
    world.want([DIRECT, RELAYED].map(|client| lost(CLIENT_RETRYING).client(client.id)));

    world.restart_server().await?;
    world.agent_is_up().await?;
    // The client has reconnected to the server, too.
    world.says(direct.id(), "control plane connected").await?;
    world.says(direct.id(), "control plane connected").await?;
    goes_on(world, direct).await?;
    world.want(DIRECT.leaves_server());
    Ok(())
}

/// A failed dial is reported to the user, without a line: fault 8.
async fn server_refused(world: &mut World) -> Result<(), Failure> {
    let port = tokio::net::TcpSocket::new_v4()?;
    port.bind(([127, 0, 0, 1], 0).into())?;
    let url = format!("ws://{}", port.local_addr()?);
    let mut process = world.client_of(&url, "ssh", &[], &["true"])?;
    process.stderr.until("cannot reach").await?;
    let ended = world.ended(process).await?;
    world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    world.tell(&format!("cannot reach {}: Connection refused (os error 111)", port.local_addr()?));
    Ok(())
}

/// The server's lines exist. There was no session, so it has no line: fault 8.
async fn agent_refused(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let port = tokio::net::TcpSocket::new_v4()?;
    port.bind(([127, 0, 0, 1], 0).into())?;
    let address = port.local_addr()?.to_string();
    let mut process = world.client(DIRECT.id, DIRECT.route, "ssh", &["--direct", &address], &["true"])?;
    process.stderr.until("cannot reach").await?;
    let ended = world.ended(process).await?;
    world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    world.tell(&format!("cannot reach the agent at {address}: Connection refused (os error 111)"));
    world.want(DIRECT.leaves_server());
    Ok(())
}
