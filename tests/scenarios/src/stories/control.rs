//! The control plane of an agent: how it is lost, closed and restored.

use crate::process::Failure;
use nix::sys::signal::Signal::{SIGCONT, SIGKILL, SIGTERM};

use super::client::{QUICK, RELAYED, silent};
use super::losses::server_left;
use crate::end::{End, Site};
use crate::proxy::{Break, Proxy};
use crate::rogue::{Rogue, garbage, probe};
use crate::sites::{AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP, SERVER_AGENT};
use crate::world::{World, agent_leaves};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("agent-leaves", "an agent comes, and leaves at SIGTERM", |w| Box::pin(leaves(w))).shows(&[10]),
    scenario("agent-leaves-twice", "two SIGTERM: closing twice", |w| Box::pin(leaves_twice(w))),
    scenario("agent-restart", "an agent leaves, and another comes", |w| Box::pin(agent_restart(w))),
    scenario("agent-displaced", "a second agent of the same workspace comes", |w| Box::pin(agent_displaced(w))),
    scenario("agent-killed", "kill -9 of the agent", |w| Box::pin(agent_killed(w))),
    scenario("agent-frozen", "SIGSTOP of the agent", |w| Box::pin(agent_frozen(w))).shows(&[12]),
    scenario("agent-woken", "an agent sleeps and wakes up, within the patience of its server", |w| Box::pin(agent_woken(w))),
    scenario("server-leaves", "SIGTERM of the server: a polite goodbye", |w| Box::pin(server_leaves(w))).shows(&[1]),
    scenario("server-killed", "kill -9 of the server", |w| Box::pin(server_killed(w))),
    scenario("server-frozen", "SIGSTOP of the server", |w| Box::pin(server_frozen(w))).shows(&[12]),
    scenario("server-restart", "kill -9 of the server, which comes back", |w| Box::pin(server_restart(w))),
    scenario("goodbye-unanswered", "SIGSTOP of the server, then SIGTERM of the agent", |w| Box::pin(unanswered(w))).shows(&[7, 9]),
    scenario("control-reset", "the control path is reset", |w| Box::pin(broken(w, Break::Reset, "reset"))).shows(&[2]),
    scenario("control-cut", "the control path ends without a goodbye", |w| Box::pin(broken(w, Break::Cut, "unclean_eof"))),
    scenario("control-silent", "the control path loses all packets", |w| Box::pin(loses_all(w))),
    scenario("garbage-to-agent", "garbage on the control path, to the agent", |w| Box::pin(garbage_to_agent(w))).shows(&[11]),
    scenario("garbage-to-server", "garbage on the control path, to the server", |w| Box::pin(garbage_to_server(w))).shows(&[11]),
    scenario("stream-broken", "a rogue server breaks one stream", |w| Box::pin(stream_broken(w))).shows(&[2]),
    scenario("stream-ended", "a rogue server ends one stream, and vanishes later", |w| Box::pin(stream_ended(w))).shows(&[2]),
    scenario("dial-refused", "there is no server", |w| Box::pin(dial_refused(w))).shows(&[8]),
    scenario("server-probed", "something connects to the server and says nothing, or garbage", |w| Box::pin(server_probed(w))).shows(&[8]),
    scenario("tls", "an agent and a client over TLS, and kill -9 of their server", |w| Box::pin(tls(w))),
    scenario("tls-unknown-ca", "an agent that does not trust the server's certificate", |w| Box::pin(tls_unknown(w))).shows(&[8]),
];

/// The agent's lines for its control plane: the connection, and its two streams.
fn agent_control(end: impl Fn(Site) -> End) -> [End; 3] {
    [AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP].map(end)
}

/// Only the lines that every other scenario has too. The connection breaks while it is closed, after the goodbye.
/// That is not the end reason: fault 10.
async fn leaves(world: &mut World) -> Result<(), Failure> {
    world.start().await
}

/// Closing twice writes one line.
async fn leaves_twice(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.signal_agent(SIGTERM)?;
    world.want(agent_leaves());
    world.end_agent(SIGTERM).await?;
    world.signal_server(SIGTERM)
}

async fn agent_restart(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_leaves());
    let url = world.url().to_owned();
    world.start_agent(&url, &[]).await
}

/// The first agent yields, and does not displace the second one in turn.
async fn agent_displaced(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let ended = world.displace_agent().await?;
    world.check(ended.code() == Some(1), || format!("the first agent ended with {ended}"));
    let code = "websocket.4002";
    world.want(agent_control(|site| site.fault("unknown", "server").cause("replaced").code(code)));
    world.want([SERVER_AGENT.fault("unknown", "server").cause("replaced").code("websocket.4002")]);
    Ok(())
}

/// The agent cannot send a goodbye. Its server only sees that the bytes stop.
async fn agent_killed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.end_agent(SIGKILL).await?;
    world.server_says(SERVER_AGENT.message).await?;
    world.want([SERVER_AGENT.fault("network_error", "network").vanished()]);
    Ok(())
}

/// A laptop that sleeps does not leave cleanly: fault 12.
async fn agent_frozen(world: &mut World) -> Result<(), Failure> {
    world.start_with(QUICK, &[]).await?;
    world.freeze_agent().await?;
    world.server_says(SERVER_AGENT.message).await?;
    world.end_agent(SIGKILL).await?;
    world.want([silent(SERVER_AGENT)]);
    Ok(())
}

/// No connection has ended.
async fn agent_woken(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.freeze_agent().await?;
    world.signal_agent(SIGCONT)
}

/// The agent reports the server's goodbye, and not the end of file after it: fault 1.
async fn server_leaves(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.end_server(SIGTERM).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    world.want(server_left());
    Ok(())
}

async fn server_killed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.kill_server(1).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_control(|site| site.fault("network_error", "network").vanished()));
    Ok(())
}

async fn server_frozen(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], QUICK).await?;
    world.freeze_server().await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    world.kill_server(1).await?;
    world.want(agent_control(silent));
    Ok(())
}

/// The agent reconnects to its server at the same address.
async fn server_restart(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    world.kill_server(1).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.want(agent_control(|site| site.fault("network_error", "network").vanished()));
    world.restart_server().await?;
    world.agent_is_up().await
}

/// The end is a shutdown, but not a clean one: fault 9. One close writes one line: fault 7.
async fn unanswered(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], &["--goodbye", "300"]).await?;
    world.freeze_server().await?;
    world.end_agent(SIGTERM).await?;
    world.kill_server(1).await?;
    world.want([
        AGENT_CONTROL.normal("server_shutdown", "agent"),
        AGENT_COORDINATION.normal("server_shutdown", "agent").cause("deadline").warns(),
        AGENT_DERP_MAP.normal("server_shutdown", "agent"),
    ]);
    Ok(())
}

/// A server, and an agent that connects to it through a proxy.
async fn through_proxy(world: &mut World, server: &[&str], agent: &[&str]) -> Result<Proxy, Failure> {
    world.start_server(server).await?;
    let proxy = Proxy::to(world.server_address()).await?;
    world.start_agent(&format!("ws://{}", proxy.address()), agent).await?;
    Ok(proxy)
}

/// The streams report the end of their connection, and do not blame each other: fault 2. Then the agent reconnects.
async fn broken(world: &mut World, how: Break, cause: &str) -> Result<(), Failure> {
    let proxy = through_proxy(world, &[], &[]).await?;
    proxy.break_all(how);
    let broken = |site: Site| site.fault("network_error", "network").cause(cause);
    world.want(agent_control(broken));
    world.want([broken(SERVER_AGENT)]);
    world.agent_is_up().await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_leaves());
    Ok(())
}

/// The agent notices the fault and reconnects before its server notices it. The server replaces the old connection.
async fn loses_all(world: &mut World) -> Result<(), Failure> {
    let proxy = through_proxy(world, &[], QUICK).await?;
    proxy.break_all(Break::Freeze);
    world.want(agent_control(silent));
    world.want([SERVER_AGENT.fault("unknown", "server").cause("replaced").code("websocket.4002")]);
    world.agent_is_up().await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_leaves());
    Ok(())
}

/// A frame with an invalid opcode.
const NO_FRAME: &[u8] = &[0x8f, 0x00];

/// `protocol_error`, and its initiator is the violator: fault 11.
async fn garbage_to_agent(world: &mut World) -> Result<(), Failure> {
    let proxy = through_proxy(world, &[], &[]).await?;
    proxy.break_all(Break::GarbageToDialler(NO_FRAME));
    world.want(agent_control(|site| site.fault("protocol_error", "server").cause("malformed")));
    world.want([SERVER_AGENT.fault("network_error", "network").cause("unclean_eof")]);
    world.agent_is_up().await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_leaves());
    Ok(())
}

/// The same on the other side: fault 11.
async fn garbage_to_server(world: &mut World) -> Result<(), Failure> {
    let proxy = through_proxy(world, &[], &[]).await?;
    proxy.break_all(Break::GarbageToDialled(NO_FRAME));
    world.want(agent_control(|site| site.fault("network_error", "network").cause("unclean_eof")));
    world.want([SERVER_AGENT.fault("protocol_error", "agent").cause("malformed")]);
    world.agent_is_up().await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_leaves());
    Ok(())
}

/// An invalid message on one stream ends the connection and the other stream. All three lines report the violation,
/// and not a shutdown: fault 2.
async fn stream_broken(world: &mut World) -> Result<(), Failure> {
    let rogue = Rogue::new().await?;
    world.launch_agent(&rogue.url, &[]).await?;
    let mut agent = rogue.agent().await?;
    world.agent_says("relay map received").await?;
    agent.say(r#"{"derp_map":{"relays":7}}"#).await?;
    agent.closed().await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    world.want(agent_control(|site| site.fault("protocol_error", "server").cause("malformed")));
    Ok(())
}

/// The closed stream has its own end, and the other stream continues: fault 2.
async fn stream_ended(world: &mut World) -> Result<(), Failure> {
    let rogue = Rogue::new().await?;
    world.launch_agent(&rogue.url, &[]).await?;
    let mut agent = rogue.agent().await?;
    world.agent_says("relay map received").await?;
    agent.say(r#"{"derp_map":"goodbye"}"#).await?;
    world.agent_says(AGENT_DERP_MAP.message).await?;
    drop(agent);
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    let lost = |site: Site| site.fault("network_error", "network").vanished();
    world.want([AGENT_DERP_MAP.normal("graceful", "server"), lost(AGENT_COORDINATION), lost(AGENT_CONTROL)]);
    Ok(())
}

/// A failed dial is not a disconnect: fault 8.
async fn dial_refused(world: &mut World) -> Result<(), Failure> {
    // No other process gets this port while it is bound, and no socket listens on it.
    let port = tokio::net::TcpSocket::new_v4()?;
    port.bind(([127, 0, 0, 1], 0).into())?;
    let address = port.local_addr()?;
    world.launch_agent(&format!("ws://{address}"), &[]).await?;
    world.agent_says("cannot reach coderd, retrying").await?;
    drop(port);
    world.start_server(&["--listen", &address.to_string()]).await?;
    let connected = world.agent_says("connected to coderd").await?;
    let attempts = connected.text("attempts").parse().unwrap_or(0);
    world.check(attempts >= 2, || format!("it counted {attempts} attempts"));
    world.agent_is_up().await
}

/// A connection that never came up has no end: fault 8.
async fn server_probed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let address = world.server_address().to_owned();
    probe(&address).await?;
    garbage(&address, b"\x00\xff no HTTP\r\n\r\n").await?;
    garbage(&address, b"GET /agent/dev HTTP/1.1\r\nHost: workspace\r\n\r\n").await
}

async fn tls(world: &mut World) -> Result<(), Failure> {
    let certificate = world.file("ca.pem").display().to_string();
    world.start_with(&["--tls", &certificate], &["--ca", &certificate]).await?;
    // Both connections of the client.
    let client = world.client(RELAYED.id, RELAYED.route, "ssh", &["--ca", &certificate], &["exit", "0"])?;
    world.ended(client).await?;
    world.want(RELAYED.exits(0));
    world.want(RELAYED.leaves());
    world.settle().await;
    world.kill_server(1).await?;
    world.agent_says(AGENT_CONTROL.message).await?;
    world.end_agent(SIGTERM).await?;
    // Without a `close_notify`.
    world.want(agent_control(|site| site.fault("network_error", "network").vanished()));
    Ok(())
}

/// A failed handshake is a failed dial: fault 8.
async fn tls_unknown(world: &mut World) -> Result<(), Failure> {
    let certificate = world.file("ca.pem").display().to_string();
    world.start_server(&["--tls", &certificate]).await?;
    let url = world.url().to_owned();
    // The certificate of another server.
    let other = world.file("other.pem").display().to_string();
    world.other_server(&["--tls", &other]).await?;
    world.launch_agent(&url, &["--ca", &other]).await?;
    world.agent_says("cannot reach coderd, retrying").await?;
    world.end_agent(SIGTERM).await?;
    Ok(())
}
