//! Terminals that a client leaves and returns to.

use crate::process::{Failure, Process};
use nix::sys::signal::Signal::{SIGKILL, SIGTERM};
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::builds::{agent_stopped, managed, stopped};
use super::client::{gone, left};
use crate::end::End;
use crate::page::Page;
use crate::rogue::{garbage, probe};
use crate::sites::{AGENT_ATTACHED, AGENT_TERMINAL};
use crate::tools::{Tool, node};
use crate::world::{World, agent_leaves};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("terminal-exit", "a terminal's shell exits with 0", |w| Box::pin(exits(w, 0))),
    scenario("terminal-exit-3", "a terminal's shell exits with 3", |w| Box::pin(exits(w, 3))).shows(&[4]),
    scenario("terminal-left", "a page leaves its terminal, and finds it again", |w| Box::pin(page_left(w))).shows(&[11]),
    scenario("terminal-lost", "a page vanishes, and its terminal lives on", |w| Box::pin(lost(w))),
    scenario("terminal-replaced", "a second page takes the terminal over", |w| Box::pin(replaced(w))),
    scenario("terminal-killed", "kill -9 of a terminal's shell", |w| Box::pin(killed(w))).shows(&[12]),
    scenario("terminal-shutdown", "SIGTERM of the agent with a terminal", |w| Box::pin(shutdown(w))).shows(&[6]),
    scenario("terminal-stop", "a workspace is stopped, with a terminal", |w| Box::pin(stop(w))),
    scenario("terminal-garbage", "garbage instead of a terminal's handshake", |w| Box::pin(garbage_at_start(w))).shows(&[6]),
    scenario("terminal-garbage-later", "garbage from a page that is attached", |w| Box::pin(garbage_later(w))).shows(&[6, 11]),
    scenario("terminal-probed", "something connects to the terminals and says nothing", |w| Box::pin(probed(w))).shows(&[8]),
    scenario("terminal-node", "a terminal in Node's WebSocket client", |w| Box::pin(in_node(w))).needs(&[Tool::Node]),
];

/// The end of a terminal, or of a connection to it.
fn line(end: End) -> End {
    end.by("direct")
}

/// The user leaves the shell, whatever the status of its last command is. Its page is closed cleanly.
fn exited(status: u32) -> [End; 2] {
    [line(left(AGENT_TERMINAL).exit(status)), line(AGENT_ATTACHED.normal("graceful", "agent"))]
}

/// A page with a terminal whose shell is ready.
async fn open(world: &mut World) -> Result<Page, Failure> {
    let mut page = Page::open(&world.terminal, "t1", world.place.token()).await?;
    world.agent_says("terminal attached").await?;
    page.press("echo $((6 * 7))\n").await?;
    page.until("42").await?;
    Ok(page)
}

/// A page is closed with this code and this text.
async fn closed(world: &mut World, page: Page, code: u16, told: &str) -> Result<(), Failure> {
    let closed = page.closed().await?;
    world.check(closed == (code, told.to_owned()), || format!("the page was closed with {closed:?}"));
    Ok(())
}

async fn exits(world: &mut World, status: u32) -> Result<(), Failure> {
    world.start().await?;
    let mut page = open(world).await?;
    page.press(&format!("exit {status}\n")).await?;
    closed(world, page, 1000, "the agent closed the connection").await?;
    world.want(exited(status));
    Ok(())
}

/// `client_closed`: fault 11.
async fn page_left(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    for code in [1000, 1001] {
        open(world).await?.leave(code).await?;
        world.agent_says(AGENT_ATTACHED.message).await?;
        world.want([line(left(AGENT_ATTACHED)).code(&format!("websocket.{code}"))]);
    }
    let mut page = Page::open(&world.terminal, "t1", world.place.token()).await?;
    // The terminal shows the earlier output again.
    page.until("42").await?;
    page.press("exit\n").await?;
    page.closed().await?;
    world.want(exited(0));
    Ok(())
}

/// The page has left, and the shell continues.
async fn lost(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    drop(open(world).await?);
    world.agent_says(AGENT_ATTACHED.message).await?;
    world.want([line(gone(AGENT_ATTACHED))]);
    let mut page = open(world).await?;
    page.press("exit\n").await?;
    page.closed().await?;
    world.want(exited(0));
    Ok(())
}

async fn replaced(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let first = open(world).await?;
    let mut second = open(world).await?;
    closed(world, first, 1000, "a newer connection took the place of this one").await?;
    world.want([line(AGENT_ATTACHED.normal("graceful", "agent")).cause("replaced")]);
    second.press("exit\n").await?;
    second.closed().await?;
    world.want(exited(0));
    Ok(())
}

/// A signal is not an exit code of -1: fault 12.
async fn killed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let page = open(world).await?;
    let pid = world.agent_says("terminal started").await?.text("pid").parse()?;
    kill(Pid::from_raw(pid), SIGKILL)?;
    closed(world, page, 1011, "what ran here was killed by signal 9").await?;
    world.want(
        [AGENT_TERMINAL, AGENT_ATTACHED]
            .map(|site| line(site.fault("unknown", "agent")).cause("killed").code("signal.9")),
    );
    Ok(())
}

/// One line for the terminal, and one for the page: fault 6.
async fn shutdown(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let page = open(world).await?;
    world.end_agent(SIGTERM).await?;
    closed(world, page, 1001, "the agent is shutting down; try again when it is back").await?;
    world.want(agent_leaves());
    world.want([AGENT_TERMINAL, AGENT_ATTACHED].map(|site| line(site.normal("server_shutdown", "agent"))));
    Ok(())
}

async fn stop(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let page = open(world).await?;
    world.manage("stop").await?;
    closed(world, page, 1001, "the workspace was stopped by initiator (build 1); it can be started again").await?;
    world.end_agent(SIGTERM).await?;
    world.want(managed());
    world.want(agent_stopped(1, "stop"));
    let stopped = stopped(1, "stop");
    world.want([AGENT_TERMINAL, AGENT_ATTACHED].map(|site| line(stopped(site))));
    Ok(())
}

/// Never `graceful`: fault 6.
async fn garbage_at_start(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let address = world.terminal.clone();
    garbage(&address, b"\x00\xff no HTTP\r\n\r\n").await?;
    world.agent_says(AGENT_ATTACHED.message).await?;
    world.want([line(AGENT_ATTACHED.fault("protocol_error", "client")).cause("malformed").quietly()]);
    Ok(())
}

/// The initiator is the violator: fault 11. The shell continues.
async fn garbage_later(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    open(world).await?.rave().await?;
    world.agent_says(AGENT_ATTACHED.message).await?;
    world.want([line(AGENT_ATTACHED.fault("protocol_error", "client")).cause("malformed")]);
    let mut page = open(world).await?;
    page.press("exit\n").await?;
    page.closed().await?;
    world.want(exited(0));
    Ok(())
}

/// The connection never came up, so there is no disconnect: fault 8.
async fn probed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let address = world.terminal.clone();
    probe(&address).await
}

/// Opens a terminal, leaves it, returns to it, and ends it.
const SCRIPT: &str = r#"
const url = process.argv[1];
let shown = '';
const open = (keys, wanted) => new Promise((resolve, reject) => {
  const page = new WebSocket(url, ["workspace", "token." + process.argv[2]]);
  page.binaryType = 'arraybuffer';
  page.onopen = () => page.send(keys);
  page.onerror = () => reject(new Error('the terminal is gone'));
  page.onmessage = (event) => {
    shown += Buffer.from(event.data).toString();
    if (wanted && shown.includes(wanted)) page.close(1000);
  };
  page.onclose = (event) => resolve(event.code);
});
(async () => {
  const left = await open('echo $((6 * 7))\n', '42');
  const ended = await open('exit 3\n');
  console.log(left, ended);
})();
"#;

async fn in_node(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let url = format!("ws://{}/terminal/t1?cols=80&rows=24", world.terminal);
    let process = Process::tool(node(SCRIPT, &[&url, world.place.token()]).await)?;
    let (mut said, mut complained) = (process.stdout.clone(), process.stderr.clone());
    let ended = world.tool_ended(process).await?;
    let (said, complained) = (said.all().await, complained.all().await);
    world.check(ended.success() && said == "1000 1000\n", || format!("node ended with {ended}: {said} {complained}"));
    world.want([line(left(AGENT_ATTACHED)).code("websocket.1000")]);
    world.want(exited(3));
    Ok(())
}
