//! Commands and shells over our own client, direct and through the relay.

use crate::process::{Failure, Pipe};
use nix::sys::signal::Signal::{self, SIGKILL, SIGTERM};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use tokio::process::Command;

use super::client::{Client, DIRECT, RELAYED, left};
use crate::world::{Route, World};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("exec-exit-0", "a command exits with 0", |w| Box::pin(exits(w, DIRECT, 0))),
    scenario("exec-exit-3", "a command exits with 3", |w| Box::pin(exits(w, DIRECT, 3))).shows(&[4, 11]),
    scenario("exec-exit-0-relayed", "a command exits with 0, through the relay", |w| Box::pin(exits(w, RELAYED, 0))).shows(&[11]),
    scenario("exec-exit-3-relayed", "a command exits with 3, through the relay", |w| Box::pin(exits(w, RELAYED, 3))),
    scenario("exec-killed", "kill -9 of a command", |w| Box::pin(command_killed(w, DIRECT, SIGKILL))).shows(&[12]),
    scenario("exec-terminated", "SIGTERM of a command, through the relay", |w| Box::pin(command_killed(w, RELAYED, SIGTERM))).shows(&[12]),
    scenario("exec-not-found", "a command that there is not", |w| Box::pin(not_found(w))),
    scenario("stdin-closed", "the client's input ends, and the command goes on", |w| Box::pin(stdin_closed(w))),
    scenario("shell-exit", "`exit` is typed into a shell under a terminal", |w| Box::pin(shell_exits(w))),
    scenario("client-unheard", "SIGTERM of the client, where nobody can read what it says", |w| Box::pin(client_unheard(w))).shows(&[5]),
    scenario("client-leaves", "SIGTERM of the client", |w| Box::pin(client_leaves(w, DIRECT))).shows(&[5, 11]),
    scenario("client-leaves-relayed", "SIGTERM of the client, through the relay", |w| Box::pin(client_leaves(w, RELAYED))),
    scenario("client-leaves-twice", "two SIGTERM of the client: closing twice", |w| Box::pin(client_leaves_twice(w))),
];

/// The status is a separate field, and not a text in the reason: fault 4.
async fn exits(world: &mut World, client: Client, status: u32) -> Result<(), Failure> {
    world.start().await?;
    let process = world.client(client.id, client.route, "ssh", &[], &["exit", &status.to_string()])?;
    let ended = world.ended(process).await?;
    world.check(ended.code() == i32::try_from(status).ok(), || format!("the client ended with {ended}"));
    world.want(client.exits(status));
    world.want(client.leaves());
    Ok(())
}

/// A signal is not an exit code of -1: fault 12.
async fn command_killed(world: &mut World, client: Client, signal: Signal) -> Result<(), Failure> {
    world.tell(&format!("what ran here was killed by signal {}", signal as i32));
    world.start().await?;
    let process = world.client(client.id, client.route, "ssh", &[], &["cat"])?;
    let pid = world.agent_says("ssh session started").await?.text("pid").parse()?;
    kill(Pid::from_raw(pid), signal)?;
    let ended = world.ended(process).await?;
    let number = signal as i32;
    world.check(ended.code() == Some(128 + number), || format!("the client ended with {ended}"));
    world.want(
        client.session("exec", |site| site.fault("unknown", "agent").cause("killed").code(&format!("signal.{number}"))),
    );
    world.want(client.leaves());
    Ok(())
}

async fn not_found(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let process = world.client(DIRECT.id, DIRECT.route, "ssh", &[], &["/there/is/no/such"])?;
    let ended = world.ended(process).await?;
    world.check(ended.code() == Some(127), || format!("the client ended with {ended}"));
    world.tell_raw("/bin/bash: line 1: /there/is/no/such: No such file or directory");
    world.want(DIRECT.session("exec", |site| site.fault("unknown", "agent").cause("internal_error").exit(127)));
    world.want(DIRECT.leaves());
    Ok(())
}

async fn stdin_closed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut process =
        world.client(DIRECT.id, Route::Direct, "ssh", &[], &["cat; echo on; read x < /dev/null; exit 0"])?;
    world.agent_says("ssh session started").await?;
    drop(process.stdin.take());
    process.stdout.until("on\n").await?;
    world.ended(process).await?;
    world.want(DIRECT.exits(0));
    world.want(DIRECT.leaves());
    Ok(())
}

async fn shell_exits(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let mut typist = world.client_under_terminal(DIRECT.id, "ssh")?;
    world.agent_says("ssh session started").await?;
    typist.press("echo $((6 * 7))\n")?;
    typist.screen.until("42").await?;
    typist.press("exit 5\n")?;
    let status = world.typist_ended(typist).await?;
    world.check(status == 5, || format!("the client ended with {status}"));
    world.want(DIRECT.leaves_shell(5));
    world.want(DIRECT.leaves());
    Ok(())
}

/// A user who has left gets no message, and all connections end cleanly nevertheless.
async fn client_unheard(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let pipe = Pipe::new(world.file("unheard.log"))?;
    let mut client = Command::new("sh");
    client.args(["-c", "exec \"$@\" 2> /dev/full", "sh"]).arg(std::env::current_exe()?).envs(world.place.environment());
    client.args(["ssh", "--server", world.url(), "--client-session-id", DIRECT.id, "--log"]);
    client.arg(pipe.path()).args(["dev", "cat"]);
    let process = world.tool_with_client(client, pipe)?;
    world.says(process.id(), "connected").await?;
    world.agent_says("ssh session started").await?;
    process.signal(SIGTERM)?;
    let ended = world.ended(process).await?;
    world.check(ended.code() == Some(255), || format!("the client ended with {ended}"));
    world.want(DIRECT.session("exec", left));
    world.want(DIRECT.leaves());
    Ok(())
}

/// The first cause stays, whatever the cleanup reports: fault 5. The reason is `client_closed`: fault 11.
async fn client_leaves(world: &mut World, client: Client) -> Result<(), Failure> {
    world.tell("closed from this side");
    world.start().await?;
    let process = client.cat(world, &[]).await?;
    process.signal(SIGTERM)?;
    world.ended(process).await?;
    world.want(client.session("exec", left));
    world.want(client.leaves());
    Ok(())
}

async fn client_leaves_twice(world: &mut World) -> Result<(), Failure> {
    world.tell("closed from this side");
    world.start().await?;
    let process = DIRECT.cat(world, &[]).await?;
    process.signal(SIGTERM)?;
    process.signal(SIGTERM)?;
    world.ended(process).await?;
    world.want(DIRECT.session("exec", left));
    world.want(DIRECT.leaves());
    Ok(())
}
