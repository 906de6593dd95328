//! The server, the agent and the clients of one scenario: real processes on loopback, and all their lines.

use std::collections::HashSet;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::process::{Failure, Id, Line, Pipe, Process, Said};
use nix::sys::signal::Signal;
use nix::sys::wait::{self, WaitPidFlag};
use portable_pty::CommandBuilder;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::end::End;
use crate::program::{Place, workspace};
use crate::sites::{AGENT_CONTROL, AGENT_COORDINATION, AGENT_DERP_MAP, SERVER_AGENT};
use crate::typist::Typist;

/// The maximum time to wait for an event. It is only reached if the event does not come, or on a very slow machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// The environment of one scenario.
pub(crate) struct World {
    pub(crate) place: Place,
    /// The server's address for clients and agents.
    url: String,
    /// The addresses of the agent's SSH server and of its terminals.
    pub(crate) ssh: String,
    pub(crate) terminal: String,
    server: Option<Process>,
    agent: Option<Process>,
    /// To be stopped at the end, and of no interest before.
    others: Vec<Process>,
    sender: mpsc::UnboundedSender<Said>,
    receiver: mpsc::UnboundedReceiver<Said>,
    lines: Vec<Seen>,
    finished: HashSet<Id>,
    wanted: Vec<End>,
    problems: Vec<String>,
    without_line: usize,
    told: Vec<String>,
    heard: Vec<String>,
    killed: HashSet<Id>,
}

/// A line, and whether a script has already waited for it.
struct Seen {
    id: Id,
    line: Line,
    is_used: bool,
}

/// How a client reaches the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Direct,
    Relay,
}

impl Route {
    /// The path, and the logged connection method.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Relay => "derp",
        }
    }
}

/// The results of a scenario after its end.
pub(crate) struct Played {
    pub(crate) lines: Vec<Line>,
    pub(crate) wanted: Vec<End>,
    pub(crate) problems: Vec<String>,
    /// The server's connection log.
    pub(crate) log: PathBuf,
    /// The connections of a killed server.
    pub(crate) without_line: usize,
    /// The expected messages for the users, line by line, and the actual ones.
    pub(crate) told: Vec<String>,
    pub(crate) heard: Vec<String>,
    /// The killed processes, by their number. What they began has no end.
    pub(crate) killed: HashSet<u32>,
    /// The token, which no process may log.
    pub(crate) token: String,
    /// Removed with this value.
    _place: Place,
}

impl World {
    /// Creates a world without processes.
    ///
    /// # Errors
    ///
    /// The folder for its files cannot be made.
    pub(crate) fn new() -> io::Result<Self> {
        let (sender, receiver) = mpsc::unbounded_channel();
        Ok(Self {
            place: Place::new()?,
            url: String::new(),
            ssh: String::new(),
            terminal: String::new(),
            server: None,
            agent: None,
            others: Vec::new(),
            sender,
            receiver,
            lines: Vec::new(),
            finished: HashSet::new(),
            wanted: Vec::new(),
            problems: Vec::new(),
            without_line: 0,
            told: Vec::new(),
            heard: Vec::new(),
            killed: HashSet::new(),
        })
    }

    /// Starts a server, and an agent that is connected to it.
    pub(crate) async fn start(&mut self) -> Result<(), Failure> {
        self.start_with(&[], &[]).await
    }

    /// The same, with options for both.
    pub(crate) async fn start_with(&mut self, server: &[&str], agent: &[&str]) -> Result<(), Failure> {
        self.start_server(server).await?;
        let url = self.url.clone();
        self.start_agent(&url, agent).await
    }

    /// Starts a server.
    pub(crate) async fn start_server(&mut self, options: &[&str]) -> Result<(), Failure> {
        let db = self.file("connections.db");
        let mut command = workspace(&self.place, ["server", "--json", "--db"])?;
        command.arg(db).args(options);
        let server = Process::service("server", command, &self.sender)?;
        let id = server.id();
        self.server = Some(server);
        self.url = self.says(id, "server is listening").await?.text("address");
        Ok(())
    }

    /// Starts another server at the address of one that has ended, with the same connection log.
    pub(crate) async fn restart_server(&mut self) -> Result<(), Failure> {
        let address = self.server_address().to_owned();
        self.start_server(&["--listen", &address]).await
    }

    /// Starts a server that writes its certificate, and that has no other purpose.
    pub(crate) async fn other_server(&mut self, options: &[&str]) -> Result<(), Failure> {
        let mut command = workspace(&self.place, ["server", "--json"])?;
        command.args(options);
        let other = Process::service("server", command, &self.sender)?;
        self.says(other.id(), "server is listening").await?;
        self.others.push(other);
        Ok(())
    }

    /// Starts an agent that connects to this server.
    pub(crate) async fn start_agent(&mut self, url: &str, options: &[&str]) -> Result<(), Failure> {
        self.launch_agent(url, options).await?;
        self.agent_is_up().await
    }

    /// Starts an agent that may or may not reach this server.
    pub(crate) async fn launch_agent(&mut self, url: &str, options: &[&str]) -> Result<(), Failure> {
        let mut command = workspace(&self.place, ["agent", "--json", "--server", url])?;
        command.args(options).arg(WORKSPACE);
        let agent = Process::service("agent", command, &self.sender)?;
        let id = agent.id();
        self.agent = Some(agent);
        let listening = self.says(id, "agent is listening").await?;
        (self.ssh, self.terminal) = (listening.text("ssh"), listening.text("terminal"));
        Ok(())
    }

    /// Waits until the agent's control plane is up on both sides, with both streams.
    pub(crate) async fn agent_is_up(&mut self) -> Result<(), Failure> {
        self.agent_says("coordination stream is up").await?;
        self.agent_says("relay map received").await?;
        self.server_says("agent connected").await?;
        Ok(())
    }

    /// The URL of the server.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// `host:port` of the server.
    pub(crate) fn server_address(&self) -> &str {
        self.url.split_once("://").map_or("", |(_, address)| address)
    }

    /// The path of a file of this scenario.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.place.file(name)
    }

    /// Starts a client of ours under this `client_session_id`: `workspace COMMAND ... dev REST`.
    pub(crate) fn client(
        &mut self,
        session: &str,
        route: Route,
        command: &str,
        options: &[&str],
        rest: &[&str],
    ) -> Result<Process, Failure> {
        let url = self.url.clone();
        let relay: &[&str] = if route == Route::Relay { &["--relay"] } else { &[] };
        self.client_of(&url, command, &[&["--client-session-id", session], relay, options].concat(), rest)
    }

    /// Starts one of our clients with exactly these options, at this server.
    pub(crate) fn client_of(
        &mut self,
        url: &str,
        command: &str,
        options: &[&str],
        rest: &[&str],
    ) -> Result<Process, Failure> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let pipe = Pipe::new(self.file(&format!("client-{}.log", NEXT.fetch_add(1, Ordering::Relaxed))))?;
        let mut client = workspace(&self.place, [command, "--server", url, "--log"])?;
        client.arg(pipe.path()).args(options).arg(WORKSPACE).args(rest);
        Ok(Process::client("client", client, pipe, &self.sender)?)
    }

    /// Starts one of our clients under a terminal, connected directly to the agent.
    pub(crate) fn client_under_terminal(&mut self, session: &str, command: &str) -> Result<Typist, Failure> {
        let pipe = Pipe::new(self.file("client-under-terminal.log"))?;
        let mut client = CommandBuilder::new(std::env::current_exe()?);
        client.args([command, "--server", &self.url, "--client-session-id", session, "--log"]);
        client.arg(pipe.path());
        client.arg(WORKSPACE);
        self.place.environment().into_iter().for_each(|(name, value)| client.env(name, value));
        Typist::start("client", client, Some(pipe), &self.sender)
    }

    /// Starts a tool under a terminal.
    pub(crate) fn tool_under_terminal(&mut self, command: CommandBuilder) -> Result<Typist, Failure> {
        Typist::start("tool", command, None, &self.sender)
    }

    /// Starts a tool that starts one of our clients with this pipe.
    pub(crate) fn tool_with_client(&mut self, command: Command, pipe: Pipe) -> Result<Process, Failure> {
        Ok(Process::client("client", command, pipe, &self.sender)?)
    }

    /// `workspace stop`, `start` or `delete`, to its end.
    pub(crate) async fn manage(&mut self, transition: &str) -> Result<ExitStatus, Failure> {
        let url = self.url.clone();
        let client = self.client_of(&url, transition, &[], &[])?;
        self.ended(client).await
    }

    /// Adds expected lines.
    pub(crate) fn want(&mut self, ends: impl IntoIterator<Item = End>) {
        self.wanted.extend(ends);
    }

    /// Adds an expected message of a client for its user.
    pub(crate) fn tell(&mut self, text: &str) {
        self.told.push(format!("workspace: {text}"));
    }

    /// Adds an expected message of a command in the workspace for its user.
    pub(crate) fn tell_raw(&mut self, text: &str) {
        self.told.push(text.to_owned());
    }

    /// Sets a field of all expected lines with this message so far.
    pub(crate) fn texts(&self, message: &str, field: &str) -> Vec<String> {
        let lines = self.lines.iter().map(|seen| &seen.line).filter(|line| line.message() == message);
        lines.map(|line| line.text(field)).collect()
    }

    /// Checks a condition that is not about a line.
    pub(crate) fn check(&mut self, holds: bool, otherwise: impl FnOnce() -> String) {
        if !holds {
            self.problems.push(otherwise());
        }
    }

    pub(crate) async fn server_says(&mut self, message: &str) -> Result<Line, Failure> {
        let id = self.server_process()?.id();
        self.says(id, message).await
    }

    pub(crate) async fn agent_says(&mut self, message: &str) -> Result<Line, Failure> {
        let id = self.agent_process()?.id();
        self.says(id, message).await
    }

    /// Waits for a line of this process that no script has waited for yet.
    pub(crate) async fn says(&mut self, id: Id, message: &str) -> Result<Line, Failure> {
        let waiting = async {
            loop {
                let seen =
                    self.lines.iter_mut().find(|seen| !seen.is_used && seen.id == id && seen.line.message() == message);
                if let Some(seen) = seen {
                    seen.is_used = true;
                    return Ok(seen.line.clone());
                }
                if self.finished.contains(&id) {
                    return Err(format!("a process ended without having said {message:?}").into());
                }
                self.hear().await?;
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| Err(format!("nobody said {message:?} in time").into()))
    }

    /// Receives one more line.
    async fn hear(&mut self) -> Result<(), Failure> {
        match self.receiver.recv().await.ok_or("no process is left")? {
            Said::Line(id, line) => self.lines.push(Seen { id, line, is_used: false }),
            Said::End(id) => drop(self.finished.insert(id)),
        }
        Ok(())
    }

    fn server_process(&self) -> Result<&Process, Failure> {
        self.server.as_ref().ok_or_else(|| "there is no server".into())
    }

    fn agent_process(&self) -> Result<&Process, Failure> {
        self.agent.as_ref().ok_or_else(|| "there is no agent".into())
    }

    pub(crate) fn signal_server(&self, signal: Signal) -> Result<(), Failure> {
        Ok(self.server_process()?.signal(signal)?)
    }

    pub(crate) fn signal_agent(&self, signal: Signal) -> Result<(), Failure> {
        Ok(self.agent_process()?.signal(signal)?)
    }

    /// Sends SIGSTOP to the server.
    pub(crate) async fn freeze_server(&self) -> Result<(), Failure> {
        freeze(self.server_process()?).await
    }

    /// Sends SIGSTOP to the agent.
    pub(crate) async fn freeze_agent(&self) -> Result<(), Failure> {
        freeze(self.agent_process()?).await
    }

    /// Sends the agent a signal that ends it, and waits for its last line.
    pub(crate) async fn end_agent(&mut self, signal: Signal) -> Result<ExitStatus, Failure> {
        let agent = self.agent.take().ok_or("there is no agent")?;
        agent.signal(signal)?;
        self.last_line(agent).await
    }

    /// Waits until the agent ends by itself, and for its last line.
    pub(crate) async fn agent_ended(&mut self) -> Result<ExitStatus, Failure> {
        let agent = self.agent.take().ok_or("there is no agent")?;
        self.last_line(agent).await
    }

    /// Starts another agent of the same workspace, and waits until the first one has yielded.
    pub(crate) async fn displace_agent(&mut self) -> Result<ExitStatus, Failure> {
        let first = self.agent.take().ok_or("there is no agent")?;
        let url = self.url.clone();
        self.start_agent(&url, &[]).await?;
        self.last_line(first).await
    }

    /// Sends the server a signal that ends it, and waits for its last line.
    pub(crate) async fn end_server(&mut self, signal: Signal) -> Result<ExitStatus, Failure> {
        let server = self.server.take().ok_or("there is no server")?;
        server.signal(signal)?;
        self.last_line(server).await
    }

    /// Sends `kill -9` to the server while it has this many connections, which get no line of the server.
    pub(crate) async fn kill_server(&mut self, connections: usize) -> Result<(), Failure> {
        self.without_line += connections;
        self.end_server(Signal::SIGKILL).await?;
        Ok(())
    }

    /// Waits for the end of a client, and for its last line.
    pub(crate) async fn ended(&mut self, client: Process) -> Result<ExitStatus, Failure> {
        self.last_line(client).await
    }

    /// The same for a client that needs this many seconds.
    pub(crate) async fn ended_within(&mut self, mut client: Process, seconds: u64) -> Result<ExitStatus, Failure> {
        let ending = timeout(Duration::from_secs(seconds), client.ended());
        ending.await.map_err(|_| format!("a client did not end in {seconds} s"))??;
        self.last_line(client).await
    }

    /// Waits for the end of a tool, which has no lines.
    pub(crate) async fn tool_ended(&mut self, mut tool: Process) -> Result<ExitStatus, Failure> {
        timeout(PATIENCE, tool.ended()).await.map_err(|_| "a tool did not end")?
    }

    /// Waits until the process under a terminal has ended, and for its last line if it has lines. Returns the exit
    /// status.
    pub(crate) async fn typist_ended(&mut self, mut typist: Typist) -> Result<u32, Failure> {
        let id = typist.id();
        let ending = async {
            let status = typist.ended().await?;
            while id.is_some_and(|id| !self.finished.contains(&id)) {
                self.hear().await?;
            }
            Ok(status)
        };
        timeout(PATIENCE, ending).await.unwrap_or_else(|_| Err("what runs under a terminal did not end".into()))
    }

    async fn last_line(&mut self, mut process: Process) -> Result<ExitStatus, Failure> {
        let id = process.id();
        let ending = async {
            let status = process.ended().await?;
            while !self.finished.contains(&id) {
                self.hear().await?;
            }
            Ok(status)
        };
        let ended = timeout(PATIENCE, ending).await;
        let said = timeout(PATIENCE, process.stderr.all()).await.unwrap_or_else(|_| process.stderr.so_far());
        self.heard.extend(said.lines().map(str::to_owned));
        // The exit status of the process does not matter.
        if ended.as_ref().is_ok_and(|ended| ended.as_ref().is_ok_and(|status| status.signal() == Some(9))) {
            self.killed.insert(id);
        }
        self.check(!said.contains("panicked at"), || format!("panicked:   {said}"));
        ended.unwrap_or_else(|_| Err(format!("a process did not end in time: {said}").into()))
    }

    /// Waits until all lines that are expected so far are written. Otherwise the next end could change them.
    pub(crate) async fn settle(&mut self) {
        let mut missing = self.wanted.clone();
        let settling = async {
            let mut read = 0;
            loop {
                for seen in self.lines.get(read..).unwrap_or_default() {
                    let seen = End::of(&seen.line);
                    if let Some(met) = missing.iter().position(|wanted| wanted.is_met_by(&seen)) {
                        missing.swap_remove(met);
                    }
                }
                read = self.lines.len();
                if missing.is_empty() || self.hear().await.is_err() {
                    return;
                }
            }
        };
        // A line that is not written by then is reported as missing.
        let _ = timeout(PATIENCE, settling).await;
    }

    /// Stops the remaining processes in order, and returns all output.
    pub(crate) async fn finish(mut self, played: Result<(), Failure>) -> Played {
        match played {
            Ok(()) => self.settle().await,
            Err(error) => self.problems.push(format!("stopped:    {error}")),
        }
        if let Some(agent) = self.agent.take() {
            self.want(agent_leaves());
            self.stop(agent, "agent").await;
        }
        if let Some(server) = self.server.take() {
            self.stop(server, "server").await;
        }
        for other in std::mem::take(&mut self.others) {
            self.stop(other, "server").await;
        }
        let log = self.file("connections.db");
        let Self { lines, wanted, problems, without_line, told, heard, killed, place, .. } = self;
        let killed = killed.into_iter().map(|Id(instance)| instance).collect();
        let lines = lines.into_iter().map(|seen| seen.line).collect();
        let token = place.token().to_owned();
        Played { lines, wanted, problems, log, without_line, told, heard, killed, token, _place: place }
    }

    /// Sends SIGTERM, and waits for the last line. The drop kills a process that continues to run.
    async fn stop(&mut self, process: Process, name: &str) {
        let said = process.stderr.clone();
        let ended = match process.signal(Signal::SIGTERM) {
            Ok(()) => self.last_line(process).await,
            Err(error) => Err(error.into()),
        };
        let problem = match ended {
            Ok(status) if status.success() => return,
            Ok(status) => format!("stopped:    {name} ended with {status}: {}", said.so_far()),
            Err(error) => format!("stopped:    {name}: {error}"),
        };
        self.problems.push(problem);
    }
}

/// Sends SIGSTOP, and waits until the process has stopped, which may take a moment.
pub(crate) async fn freeze(process: &Process) -> Result<(), Failure> {
    process.signal(Signal::SIGSTOP)?;
    let id = wait::Id::Pid(process.pid());
    // Only peeks, so that a later wait still gets the end.
    spawn_blocking(move || wait::waitid(id, WaitPidFlag::WSTOPPED | WaitPidFlag::WNOWAIT)).await??;
    Ok(())
}

/// The only workspace.
pub(crate) const WORKSPACE: &str = "dev";

/// The lines of a connected agent that leaves cleanly.
pub(crate) fn agent_leaves() -> [End; 4] {
    [
        AGENT_CONTROL.normal("server_shutdown", "agent"),
        AGENT_COORDINATION.normal("server_shutdown", "agent"),
        AGENT_DERP_MAP.normal("server_shutdown", "agent"),
        SERVER_AGENT.normal("server_shutdown", "agent"),
    ]
}
