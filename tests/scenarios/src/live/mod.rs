//! Runs all three processes at once, and shows their lines.

mod look;

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use disconnect_core::Detail;
use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::process::{Failure, Id, Line, Pipe, Process, Said};
use crate::program::{Place, workspace};

use self::look::Live;

const WORKSPACE: &str = "dev";

/// The maximum time for a process to come up, and to write its last line.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a server, an agent and a client until Ctrl-C, or until one of them ends.
///
/// # Errors
///
/// One of them does not come up, or ends unexpectedly.
pub(crate) async fn run(ssh_port: u16, json: bool) -> Result<ExitCode, Box<dyn Error>> {
    let stop = workspace::signals::stop()?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut all = All { place: Place::new()?, processes: Vec::new(), sender, receiver, live: Live::new(json) };
    let running = async {
        let forward = all.start(ssh_port).await?;
        all.watch(&forward).await
    };
    let ran = tokio::select! {
        ran = running => ran,
        () = stop => Ok(()),
    };
    let stopped = all.stop().await;
    all.live.finish()?;
    ran.and(stopped).map_err(|error| -> Box<dyn Error> { error })?;
    Ok(ExitCode::SUCCESS)
}

/// The agent's message when its control plane is up.
const AGENT_IS_UP: &str = "coordination stream is up";

/// The forwarded ports: a local one, and one in the workspace.
struct Forward {
    url: String,
    local: String,
    remote: String,
}

struct All {
    place: Place,
    /// In starting order.
    processes: Vec<(&'static str, Process)>,
    sender: mpsc::UnboundedSender<Said>,
    receiver: mpsc::UnboundedReceiver<Said>,
    live: Live,
}

impl All {
    /// The server, its agent, and a client that forwards a port to the agent's terminals.
    async fn start(&mut self, ssh_port: u16) -> Result<Forward, Failure> {
        let server = alone(workspace(&self.place, ["server", "--json"])?);
        let server = self.add("server", Process::service("server", server, &self.sender)?);
        let url = self.says(server, "server is listening").await?.text("address");

        let ssh = format!("127.0.0.1:{ssh_port}");
        let agent = alone(workspace(&self.place, ["agent", "--json", "--server", &url, "--ssh", &ssh, WORKSPACE])?);
        let agent = self.add("agent", Process::service("agent", agent, &self.sender)?);
        let listening = self.says(agent, "agent is listening").await?;
        let (ssh, terminal) = (listening.text("ssh"), listening.text("terminal"));
        self.says(agent, AGENT_IS_UP).await?;

        let mut forward = Forward { url, local: "0".to_owned(), remote: port(&terminal).to_owned() };
        let client = self.start_client(&forward)?;
        // The same port for a restart.
        forward.local = self.says(client, "forwarding").await?.text("local");
        let local = format!("127.0.0.1:{}", forward.local);
        self.live.say(&how_to_connect(&self.place, &forward.url, port(&ssh), &terminal, &local))?;
        Ok(forward)
    }

    fn start_client(&mut self, Forward { url, local, remote }: &Forward) -> io::Result<Id> {
        let pipe = Pipe::new(self.place.file("client.log"))?;
        let mut client =
            workspace(&self.place, ["forward", "--server", url, "--local", local, "--remote", remote, "--log"])?;
        client.arg(pipe.path()).arg(WORKSPACE);
        Ok(self.add("client", Process::client("client", alone(client), pipe, &self.sender)?))
    }

    fn add(&mut self, name: &'static str, process: Process) -> Id {
        let id = process.id();
        self.processes.push((name, process));
        id
    }

    /// Waits for a message of this process.
    async fn says(&mut self, id: Id, message: &str) -> Result<Line, Failure> {
        let waiting = async {
            loop {
                match self.receiver.recv().await.ok_or("nobody is left")? {
                    Said::Line(from, line) => {
                        self.live.show(&line)?;
                        if from == id && line.message() == message {
                            return Ok(line);
                        }
                    }
                    Said::End(id) => return Err(self.ended(id).await),
                }
            }
        };
        timeout(PATIENCE, waiting).await.unwrap_or_else(|_| Err(format!("nobody said {message:?} in time").into()))
    }

    /// Shows the lines until the output is closed. The client ends with its workspace, and is restarted with it.
    async fn watch(&mut self, forward: &Forward) -> Result<(), Failure> {
        while !self.live.is_closed() {
            match self.receiver.recv().await.ok_or("nobody is left")? {
                Said::Line(_, line) => {
                    self.live.show(&line)?;
                    if line.message() == AGENT_IS_UP && !self.processes.iter().any(|(name, _)| *name == "client") {
                        self.start_client(forward)?;
                    }
                }
                Said::End(id) => {
                    let is_client =
                        self.processes.iter().any(|(name, process)| *name == "client" && process.id() == id);
                    let ended = self.ended(id).await;
                    if !is_client {
                        return Err(ended);
                    }
                    self.live.say(&format!("{ended}\n"))?;
                }
            }
        }
        Ok(())
    }

    /// The error for a process that ended unexpectedly.
    async fn ended(&mut self, id: Id) -> Failure {
        let Some(position) = self.processes.iter().position(|(_, process)| process.id() == id) else {
            return "a process ended".into();
        };
        let (name, mut process) = self.processes.remove(position);
        let status = match process.ended().await {
            Ok(status) => status.to_string(),
            Err(error) => error.to_string(),
        };
        let said = process.stderr.all().await;
        let said = Detail::from(said.trim().to_owned());
        let separator = if said.as_str().is_empty() { "" } else { ": " };
        format!("the {name} ended, {status}{separator}{said}").into()
    }

    /// Stops client, agent and server in that order, and waits for the last line of each.
    async fn stop(&mut self) -> Result<(), Failure> {
        while let Some((name, process)) = self.processes.pop() {
            process.signal(Signal::SIGTERM)?;
            let last_line = timeout(PATIENCE, self.until_end(process.id())).await;
            // A process that does not stop is killed when this value is dropped.
            last_line.map_err(|_| format!("the {name} did not stop in time, and was killed"))??;
        }
        Ok(())
    }

    async fn until_end(&mut self, id: Id) -> io::Result<()> {
        while let Some(said) = self.receiver.recv().await {
            match said {
                Said::Line(_, line) => self.live.show(&line)?,
                Said::End(ended) if ended == id => break,
                Said::End(_) => {}
            }
        }
        Ok(())
    }
}

/// In its own process group, because Ctrl-C is for this process, which stops the others in order.
fn alone(mut command: Command) -> Command {
    command.process_group(0);
    command
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(_, port)| port)
}

/// Options with which ssh does not ask for the host key and does not store it.
const SSH: &str = "ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR";

fn how_to_connect(place: &Place, url: &str, ssh_port: &str, terminal: &str, local: &str) -> String {
    let (token, file) = (place.token(), place.file("token"));
    let to = format!("--token-file {} --server {url} {WORKSPACE}", file.display());
    format!(
        "A server at {url}, the agent of the workspace {WORKSPACE:?}, and a client that forwards {local} to its \
         terminals.\nCtrl-C ends them.\n\n\
         a shell, straight to the agent:\n  {SSH} -p {ssh_port} {WORKSPACE}@127.0.0.1\n\
         through the server's relay:\n  {SSH} -o ProxyCommand=\"cargo run -qp workspace -- proxy {to}\" \
         {WORKSPACE}@workspace\n\
         with the client of this program:\n  cargo run -qp workspace -- ssh {to}\n\
         a terminal in a browser, which can be left and found again:\n  http://{terminal}/#1.{token}\n\
         the workspace stops, and starts:\n  cargo run -qp workspace -- stop {to}\n  \
         cargo run -qp workspace -- start {to}\n\n\
         Why connections end:\n"
    )
}
