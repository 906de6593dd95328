//! Copies of files, and copies that break off.

use std::path::Path;

use crate::process::{Failure, Process};
use nix::sys::signal::Signal::{SIGKILL, SIGTERM};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;
use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;

use super::client::{Client, DIRECT, RELAYED, gone, left};
use crate::end::Site;
use crate::proxy::{Break, Proxy};
use crate::sites::{AGENT_SSH, CLIENT_SSH, SERVER_CLIENT};
use crate::tools::Tool;
use crate::world::{World, agent_leaves};
use crate::{Scenario, scenario};

#[rustfmt::skip] // one row a scenario
pub(super) const ALL: &[Scenario] = &[
    scenario("upload", "a file is copied into the workspace", |w| Box::pin(upload(w, DIRECT))).shows(&[3]).needs(SFTP),
    scenario("download-relayed", "a file is copied out of the workspace, through the relay", |w| Box::pin(download(w, RELAYED))).shows(&[3]).needs(SFTP),
    scenario("download-missing", "a file that there is not is copied", |w| Box::pin(download_missing(w))).needs(SFTP),
    scenario("upload-reset", "the path of an upload is reset in the middle", |w| Box::pin(upload_reset(w))).shows(&[3]).needs(SFTP),
    scenario("upload-left", "SIGTERM of the client in the middle of an upload", |w| Box::pin(upload_left(w))).needs(SFTP),
    scenario("upload-killed", "kill -9 of the client in the middle of an upload", |w| Box::pin(upload_killed(w))).needs(SFTP),
    scenario("upload-shutdown", "SIGTERM of the agent in the middle of an upload", |w| Box::pin(upload_shutdown(w))).shows(&[5]).needs(SFTP),
];

const SFTP: &[Tool] = &[Tool::SftpServer];

/// A file of this scenario with some content.
async fn file(world: &World, name: &str) -> Result<String, Failure> {
    let path = world.file(name);
    tokio::fs::write(&path, vec![7; 1_000_000]).await?;
    Ok(path.display().to_string())
}

async fn copy(world: &mut World, client: Client, from: &str, to: &str) -> Result<(), Failure> {
    let mut process = world.client(client.id, client.route, "cp", &[], &[from, to])?;
    let all = process.stderr.all().await;
    let ended = world.ended(process).await?;
    world.check(ended.success(), || format!("cp ended with {ended}: {all}"));
    let [from, to] = [from, to].map(|path| path.trim_start_matches(':'));
    let is_same = tokio::fs::read(from).await? == tokio::fs::read(to).await?;
    world.check(is_same, || "the copy differs".to_owned());
    // A successful transfer reports success: fault 3.
    world.want(client.session("sftp", |site| site.normal("graceful", "agent").exit(0)));
    world.want(client.leaves());
    Ok(())
}

/// Fault 3.
async fn upload(world: &mut World, client: Client) -> Result<(), Failure> {
    world.start().await?;
    let (from, to) = (file(world, "from").await?, world.file("to"));
    copy(world, client, &from, &format!(":{}", to.display())).await
}

/// Fault 3.
async fn download(world: &mut World, client: Client) -> Result<(), Failure> {
    world.start().await?;
    let (from, to) = (file(world, "from").await?, world.file("to"));
    copy(world, client, &format!(":{from}"), &to.display().to_string()).await
}

/// The session is intact, and the user gets the error.
async fn download_missing(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let [from, to] = ["from", "to"].map(|name| world.file(name).display().to_string());
    let process = world.client(DIRECT.id, DIRECT.route, "cp", &[], &[&format!(":{from}"), &to])?;
    let ended = world.ended(process).await?;
    world.check(!ended.success(), || format!("cp ended with {ended}"));
    world.tell(&format!("cannot read :{from}: No such file"));
    world.want(DIRECT.session("sftp", |site| site.normal("graceful", "agent").exit(0)));
    world.want(DIRECT.leaves());
    Ok(())
}

/// An upload that continues until its source ends, which it does not.
struct Upload {
    process: Process,
    _source: pipe::Sender,
}

/// Begins an upload whose source is a pipe.
async fn begin(world: &mut World, options: &[&str]) -> Result<Upload, Failure> {
    let [from, to] = ["source", "target"].map(|name| world.file(name).display().to_string());
    mkfifo(Path::new(&from), Mode::S_IRWXU)?;
    let mut source = pipe::OpenOptions::new().read_write(true).open_sender(&from)?;
    source.write_all(b"the first bytes").await?;
    let process = world.client(DIRECT.id, DIRECT.route, "cp", options, &[&from, &format!(":{to}")])?;
    let started = world.agent_says("ssh session started").await?;
    world.check(started.text("session") == "sftp", || "no transfer has begun".to_owned());
    world.says(process.id(), "ssh session started").await?;
    Ok(Upload { process, _source: source })
}

/// A broken transfer does not report success: fault 3.
async fn upload_reset(world: &mut World) -> Result<(), Failure> {
    world.tell("connection lost (reset); try again");
    world.start().await?;
    let proxy = Proxy::to(&world.ssh).await?;
    let address = proxy.address().to_owned();
    let upload = begin(world, &["--direct", &address]).await?;
    proxy.break_all(Break::Reset);
    let ended = world.ended(upload.process).await?;
    world.check(!ended.success(), || format!("cp ended with {ended}"));
    world.agent_says(AGENT_SSH.message).await?;
    let reset = |site: Site| site.fault("network_error", "network").cause("reset");
    world.want(DIRECT.session("sftp", reset));
    world.want(DIRECT.connection(reset));
    world.want(DIRECT.leaves_server());
    Ok(())
}

async fn upload_left(world: &mut World) -> Result<(), Failure> {
    world.tell("closed from this side");
    world.start().await?;
    let upload = begin(world, &[]).await?;
    upload.process.signal(SIGTERM)?;
    let ended = world.ended(upload.process).await?;
    world.check(!ended.success(), || format!("cp ended with {ended}"));
    world.want(DIRECT.session("sftp", left));
    world.want(DIRECT.leaves());
    Ok(())
}

async fn upload_killed(world: &mut World) -> Result<(), Failure> {
    world.start().await?;
    let upload = begin(world, &[]).await?;
    upload.process.signal(SIGKILL)?;
    world.ended(upload.process).await?;
    world.server_says(SERVER_CLIENT.message).await?;
    world.agent_says(AGENT_SSH.message).await?;
    world.want([
        DIRECT.agent_session("sftp", gone),
        DIRECT.line(gone(AGENT_SSH)),
        gone(SERVER_CLIENT).client(DIRECT.id),
    ]);
    Ok(())
}

/// The first end counts, and the broken transfer comes later: fault 5.
async fn upload_shutdown(world: &mut World) -> Result<(), Failure> {
    world.tell("the agent closed the connection: the agent is shutting down; try again when it is back");
    world.start().await?;
    let upload = begin(world, &[]).await?;
    world.end_agent(SIGTERM).await?;
    let ended = world.ended(upload.process).await?;
    world.check(!ended.success(), || format!("cp ended with {ended}"));
    world.want(agent_leaves());
    let shutdown = |site: Site| site.normal("server_shutdown", "agent");
    world.want([DIRECT.agent_session("sftp", shutdown), DIRECT.line(shutdown(AGENT_SSH))]);
    let told = |site: Site| site.normal("graceful", "agent").code("ssh.11");
    world.want([DIRECT.client_session("sftp", told), DIRECT.line(told(CLIENT_SSH))]);
    world.want(DIRECT.leaves_server());
    Ok(())
}
