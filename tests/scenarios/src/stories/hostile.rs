//! Peers that violate the protocol, and the checks that reject them.

use std::time::{Duration, Instant};

use nix::sys::signal::Signal::SIGTERM;
use russh::Disconnect;
use tokio::io::AsyncWriteExt;

use super::client::{DIRECT, RELAYED, disconnects, left};
use crate::end::{End, Site};
use crate::page::Page;
use crate::process::{Failure, Process};
use crate::proxy::{Break, Proxy};
use crate::rogue::{Opens, RogueClient, dribble, garbage, says_disconnect, status};
use crate::sites::{
    AGENT_ATTACHED, AGENT_CONTROL, AGENT_SESSION, AGENT_SSH, AGENT_TERMINAL, CLIENT_SSH, SERVER_AGENT, SERVER_CLIENT,
};
use crate::tools::{Tool, ssh};
use crate::world::World;
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("origin", "web pages ask the server and the agent for connections", |w| Box::pin(origin(w))),
    scenario("wrong-token", "an agent, a client and a page with the wrong token, or with none", |w| Box::pin(wrong_token(w))),
    scenario("token-hidden", "what runs in a workspace does not get the token", |w| Box::pin(token_hidden(w))),
    scenario("too-many-workspaces", "an agent of one workspace too many", |w| Box::pin(too_many(w))),
    scenario("noise", "200 connections of garbage make one warning", |w| Box::pin(noise(w))),
    scenario("slow-ssh", "a client says its version byte by byte", |w| Box::pin(slow_ssh(w))),
    scenario("slow-http", "clients say their requests byte by byte", |w| Box::pin(slow_http(w))),
    scenario("client-violates", "a client's message makes no sense: its server says so", |w| Box::pin(client_violates(w))),
    scenario("agent-violates", "an agent's message makes no sense: its server says so", |w| Box::pin(agent_violates(w))),
    scenario("relay-violated", "text on a data path: the relay says so", |w| Box::pin(relay_violated(w))),
    scenario("page-violates", "a page's frame makes no sense: its agent says so", |w| Box::pin(page_violates(w))),
    scenario("page-too-large", "a page sends more at once than it may", |w| Box::pin(page_too_large(w))),
    scenario("page-codes", "a page closes with 1002 and above", |w| Box::pin(page_codes(w))),
    scenario("disconnect-2", "a client disconnects for a protocol error, and had nothing open", |w| Box::pin(disconnect(w, Opens::Nothing))),
    scenario("disconnect-2-session", "a client disconnects for a protocol error, with a session", |w| Box::pin(disconnect(w, Opens::Session))),
    scenario("disconnect-closed", "clients disconnect with codes of faults, and have closed all their channels", |w| Box::pin(disconnect_closed(w))),
    scenario("data-corrupt", "bytes of a data path are changed on their way", |w| Box::pin(corrupt(w))),
    scenario("data-truncated", "a data path ends in the middle of a packet", |w| Box::pin(truncated(w))),
    scenario("control-truncated", "a control path ends in the middle of a frame", |w| Box::pin(control_truncated(w))),
    scenario("flood", "a client sends more than its command reads", |w| Box::pin(flood(w))),
    scenario("openssh-flood", "OpenSSH sends more than its command reads", |w| Box::pin(openssh_flood(w))).needs(&[Tool::Ssh]),
];

/// A page of another site gets no terminal, whatever token it knows. The agent's own page needs the token.
async fn origin(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let (server, terminal) = (world.server_address().to_owned(), world.terminal.clone());
    let own = format!("http://{terminal}");
    for (address, path, origin, wanted) in [
        (&server, "/manage/dev/delete", "http://localhost:3000", 403),
        (&server, "/relay/dev?client_session_id=c1", "http://127.0.0.1", 403),
        (&server, "/agent/dev", "null", 403),
        (&terminal, "/terminal/t1", "http://localhost:3000", 403),
        (&terminal, "/terminal/t1", "https://example.com", 403),
    ] {
        let got = status(address, path, Some(origin), Some(world.place.token())).await?;
        world.check(got == wanted, || format!("{path} from {origin} got {got}"));
    }
    let got = status(&terminal, "/terminal/t1", Some(&own), None).await?;
    world.check(got == 401, || format!("the own page without a token got {got}"));
    Ok(())
}

/// The connection never came up, so there is no disconnect: fault 8.
async fn wrong_token(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let (server, terminal) = (world.server_address().to_owned(), world.terminal.clone());
    let paths =
        ["/agent/dev", "/client/dev?client_session_id=c1", "/relay/dev?client_session_id=c1", "/manage/dev/delete"];
    for (address, path) in paths.map(|path| (&server, path)).into_iter().chain([(&terminal, "/terminal/t1")]) {
        for token in [None, Some("0123456789abcdef0123456789abcdef")] {
            let got = status(address, path, None, token).await?;
            world.check(got == 401, || format!("{path} with {token:?} got {got}"));
        }
    }
    Ok(())
}

async fn token_hidden(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut process = world.client(DIRECT.id, DIRECT.route, "ssh", &[], &["env"])?;
    let shown = process.stdout.all().await;
    world.ended(process).await?;
    let is_hidden = shown.contains("HOME=") && !shown.contains(world.place.token());
    world.check(is_hidden, || "a command has the token".to_owned());
    world.want(DIRECT.exits(0));
    world.want(DIRECT.leaves());
    Ok(())
}

async fn too_many(world: &mut World) -> Result<(), Failure> {
    world.start_with(&["--max-workspaces", "1"], &[]).await?;
    let server = world.server_address().to_owned();
    let got = status(&server, "/agent/other", None, Some(world.place.token())).await?;
    world.check(got == 429, || format!("one workspace too many got {got}"));
    Ok(())
}

/// Anyone can make connections that never log in, so their lines are at DEBUG.
async fn noise(world: &mut World) -> Result<(), Failure> {
    const TIMES: usize = 100;
    world.start().await?;
    let (ssh, terminal) = (world.ssh.clone(), world.terminal.clone());
    for _ in 0..TIMES {
        garbage(&ssh, b"SSH-2.0-rogue\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff").await?;
        garbage(&terminal, b"\x00\xff no HTTP\r\n\r\n").await?;
    }
    let violated = |site: Site| site.fault("protocol_error", "client").cause("malformed").by("direct").quietly();
    world.want((0..TIMES).flat_map(|_| [violated(AGENT_SSH).unnamed(), violated(AGENT_ATTACHED)]));
    world.settle().await;
    world.end_agent(SIGTERM).await?;
    world.want(crate::world::agent_leaves());
    let counts = world.texts("connections ended before the login", "count");
    world.check(counts == ["200"], || format!("200 lines of noise made warnings of {counts:?}"));
    Ok(())
}

/// Longer than a loaded machine takes between a connection and its first byte.
const LOGIN: &[&str] = &["--login", "3000"];

/// A client that never logs in. The agent does not wait for it.
async fn slow_ssh(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], LOGIN).await?;
    let address = world.ssh.clone();
    dribble(&address, b"SSH-2.0-slow").await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.want([AGENT_SSH.fault("unknown", "agent").cause("deadline").by("direct").unnamed().quietly()]);
    Ok(())
}

async fn slow_http(world: &mut World) -> Result<(), Failure> {
    world.start_with(LOGIN, LOGIN).await?;
    let (server, terminal) = (world.server_address().to_owned(), world.terminal.clone());
    dribble(&server, b"GET /agent/dev HTTP/1.1\r\nSlow: ").await?;
    dribble(&terminal, b"GET /terminal/t1 HTTP/1.1\r\nSlow: ").await?;
    world.agent_says(AGENT_ATTACHED.message).await?;
    world.want([AGENT_ATTACHED.fault("network_error", "network").cause("deadline").by("direct").quietly()]);
    Ok(())
}

/// The violator receives the reason, so that it does not blame the network.
async fn client_violates(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let path = "/client/dev?client_session_id=c1";
    let mut rogue = RogueClient::connect(world.server_address(), path, world.place.token()).await?;
    rogue.say("\"burn\"").await?;
    let closed = rogue.closed().await?;
    let told = (1007, "this side broke the protocol (malformed); it may do so again".to_owned());
    world.check(closed == told, || format!("it was closed with {closed:?}"));
    world.want([SERVER_CLIENT.fault("protocol_error", "client").cause("malformed").client("c1")]);
    Ok(())
}

async fn agent_violates(world: &mut World) -> Result<(), Failure> {
    world.start_server(&[]).await?;
    let mut rogue = RogueClient::connect(world.server_address(), "/agent/dev", world.place.token()).await?;
    rogue.say("\"burn\"").await?;
    let (code, _) = rogue.closed().await?;
    world.check(code == 1007, || format!("it was closed with {code}"));
    world.want([SERVER_AGENT.fault("protocol_error", "agent").cause("malformed")]);
    Ok(())
}

async fn relay_violated(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let path = "/relay/dev?client_session_id=c2";
    let mut rogue = RogueClient::connect(world.server_address(), path, world.place.token()).await?;
    world.server_says("relaying").await?;
    rogue.say("text").await?;
    let (code, _) = rogue.closed().await?;
    world.check(code == 1007, || format!("it was closed with {code}"));
    world.agent_says(AGENT_SSH.message).await?;
    world.want(RELAYED.relay(|site| site.fault("protocol_error", "client").cause("malformed")));
    let lost = AGENT_SSH.fault("network_error", "network").cause("unclean_eof").code("websocket.4001");
    world.want([RELAYED.line(lost).quietly()]);
    Ok(())
}

/// A page with a terminal whose shell is ready.
async fn open(world: &mut World) -> Result<Page, Failure> {
    let mut page = Page::open(&world.terminal, "t1", world.place.token()).await?;
    world.agent_says("terminal attached").await?;
    page.press("echo $((6 * 7))\n").await?;
    page.until("42").await?;
    Ok(page)
}

/// The shell continues after a violation of its page.
async fn leaves_shell(world: &mut World) -> Result<(), Failure> {
    let mut page = open(world).await?;
    page.press("exit\n").await?;
    page.closed().await?;
    world.want([left(AGENT_TERMINAL).exit(0), AGENT_ATTACHED.normal("graceful", "agent")].map(|end| end.by("direct")));
    Ok(())
}

async fn page_violates(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let (code, told) = open(world).await?.rave().await?;
    world.check(code == 1007 && told.contains("broke the protocol"), || format!("it was closed with {code}: {told}"));
    world.want([AGENT_ATTACHED.fault("protocol_error", "client").cause("malformed").by("direct")]);
    leaves_shell(world).await
}

async fn page_too_large(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut page = open(world).await?;
    // The connection may be closed before everything is sent.
    let _ = page.press(&"x".repeat(2 << 20)).await;
    let (code, _) = page.closed().await?;
    world.check(code == 1009, || format!("it was closed with {code}"));
    world.want([AGENT_ATTACHED.fault("protocol_error", "client").cause("too_large").by("direct")]);
    leaves_shell(world).await
}

/// The line reports the close code of the page. None of these codes is a goodbye.
async fn page_codes(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    for (code, reason, initiator, cause) in [
        (1002, "protocol_error", "agent", ""),
        (1003, "protocol_error", "agent", "negotiation"),
        (1007, "protocol_error", "agent", "malformed"),
        (1008, "unknown", "client", "policy"),
        (1009, "protocol_error", "agent", "too_large"),
        (1011, "unknown", "client", "internal_error"),
        (4000, "unknown", "client", ""),
    ] {
        open(world).await?.leave(code).await?;
        world.agent_says(AGENT_ATTACHED.message).await?;
        let end = AGENT_ATTACHED.fault(reason, initiator).by("direct").code(&format!("websocket.{code}"));
        world.want([if cause.is_empty() { end } else { end.cause(cause) }]);
    }
    leaves_shell(world).await
}

/// Not every DISCONNECT is a goodbye.
async fn disconnect(world: &mut World, opens: Opens) -> Result<(), Failure> {
    world.start().await?;
    says_disconnect(&world.ssh, Disconnect::ProtocolError, opens).await?;
    world.agent_says(AGENT_SSH.message).await?;
    let end = |end: End| end.by("direct").unnamed();
    world.want([end(disconnects(AGENT_SSH))]);
    if opens == Opens::Session {
        world.want([end(disconnects(AGENT_SESSION).session("exec"))]);
    }
    Ok(())
}

/// Everything that the client requested is done, and the DISCONNECT is a fault nevertheless.
async fn disconnect_closed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    for code in [
        Disconnect::ProtocolError,
        Disconnect::KeyExchangeFailed,
        Disconnect::MACError,
        Disconnect::ServiceNotAvailable,
        Disconnect::ConnectionLost,
        Disconnect::TooManyConnections,
    ] {
        says_disconnect(&world.ssh, code, Opens::ClosedSession).await?;
        world.agent_says(AGENT_SSH.message).await?;
        let session = AGENT_SESSION.normal("graceful", "agent").exit(0).session("exec");
        world.want([session, disconnects(AGENT_SSH)].map(|end| end.by("direct").unnamed()));
    }
    Ok(())
}

/// A session whose data path goes through a proxy.
async fn through_proxy(world: &mut World) -> Result<(Proxy, Process), Failure> {
    world.start().await?;
    let proxy = Proxy::to(&world.ssh).await?;
    let process = DIRECT.cat(world, &["--direct", proxy.address()]).await?;
    Ok((proxy, process))
}

async fn type_in(process: &mut Process, text: &str) -> Result<(), Failure> {
    Ok(process.stdin.as_mut().ok_or("its input is closed")?.write_all(text.as_bytes()).await?)
}

/// The side that detects the violation blames its peer. The peer only sees that the bytes stop.
async fn corrupt(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost (unclean eof); try again");
    let (proxy, mut process) = through_proxy(world).await?;
    proxy.break_all(Break::Corrupt);
    type_in(&mut process, "not what arrives\n").await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.ended(process).await?;
    let violated = |site: Site| site.fault("protocol_error", "client").cause("malformed");
    world.want([DIRECT.agent_session("exec", violated), DIRECT.line(violated(AGENT_SSH))]);
    let cut = |site: Site| site.fault("network_error", "network").vanished();
    world.want([DIRECT.client_session("exec", cut), DIRECT.line(cut(CLIENT_SSH))]);
    world.want(DIRECT.leaves_server());
    Ok(())
}

async fn truncated(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost (unclean eof); try again");
    let (proxy, mut process) = through_proxy(world).await?;
    proxy.break_all(Break::Truncate);
    type_in(&mut process, "half of this arrives\n").await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.ended(process).await?;
    let cut = |site: Site| site.fault("network_error", "network").vanished();
    world.want(DIRECT.session("exec", cut));
    world.want(DIRECT.connection(cut));
    world.want(DIRECT.leaves_server());
    Ok(())
}

async fn control_truncated(world: &mut World) -> Result<(), Failure> {
    // Often enough to be closed soon, and rarely enough that a loaded machine does not report silence.
    const PINGS: &[&str] = &["--heartbeat", "1500"];
    world.start_server(&[]).await?;
    let proxy = Proxy::to(world.server_address()).await?;
    world.start_agent(&format!("ws://{}", proxy.address()), PINGS).await?;
    proxy.break_all(Break::Truncate);
    let lost = |site: Site| site.fault("network_error", "network").vanished();
    world.want([AGENT_CONTROL, crate::sites::AGENT_COORDINATION, crate::sites::AGENT_DERP_MAP, SERVER_AGENT].map(lost));
    world.agent_is_up().await?;
    world.end_agent(SIGTERM).await?;
    world.want(crate::world::agent_leaves());
    Ok(())
}

/// Writes to a process until it reads no more.
fn pour(process: &mut Process) -> Result<(), Failure> {
    let mut stdin = process.stdin.take().ok_or("its input is closed")?;
    tokio::spawn(async move {
        let chunk = vec![0; 1 << 20];
        while stdin.write_all(&chunk).await.is_ok() {}
    });
    Ok(())
}

/// The maximum time of a flood, also on a loaded machine.
const SOON: u64 = 60;

/// The client receives the reason, and does not hang.
async fn flood(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], &["--ahead", "5"]).await?;
    let mut process = world.client(DIRECT.id, DIRECT.route, "ssh", &[], &["sleep 600"])?;
    world.agent_says("ssh session started").await?;
    pour(&mut process)?;
    let ended = world.ended_within(process, SOON).await?;
    world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    world.want([DIRECT.agent_session("exec", |site| site.fault("unknown", "agent").cause("limit"))]);
    world.want([DIRECT.client_session("exec", |site| site.fault("unknown", "agent"))]);
    world.want(DIRECT.leaves());
    // The agent's message on the standard error of the command, and then the client's message.
    world.tell("disconnected by the agent: nothing reads what this side sends");
    world.tell("disconnected by the agent, which did not say why");
    Ok(())
}

async fn openssh_flood(world: &mut World) -> Result<(), Failure> {
    world.start_with(&[], &["--ahead", "5"]).await?;
    let begun = Instant::now();
    let mut process = Process::tool(ssh(&world.ssh, &["-o", "SetEnv=CLIENT_SESSION_ID=c1"], &["sleep 600"]))?;
    world.agent_says("ssh session started").await?;
    pour(&mut process)?;
    process.stderr.until("nothing reads what this side sends").await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.check(begun.elapsed() < Duration::from_secs(SOON), || "ssh hung".to_owned());
    world.tool_ended(process).await?;
    world.want([DIRECT.agent_session("exec", |site| site.fault("unknown", "agent").cause("limit"))]);
    world.want([DIRECT.line(disconnects(AGENT_SSH))]);
    Ok(())
}
