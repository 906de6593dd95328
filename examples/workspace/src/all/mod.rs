//! All three processes at once, and what their lines add up to.

mod live;

use std::error::Error;
use std::io;
use std::process::ExitCode;
use std::time::Duration;

use disconnect_core::Detail;
use nix::sys::signal::Signal;
use tokio::process::Command;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::cli::AllOptions;
use crate::process::{Failure, Id, Line, Pipe, Process, Said, workspace};
use crate::signals;

use self::live::Live;

const WORKSPACE: &str = "dev";

/// How long a process may take to come up, and to write its last line.
const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a server, an agent and a client until Ctrl-C, or until one of them ends.
///
/// # Errors
///
/// One of them does not come up, or ends by itself.
pub(crate) async fn run(options: &AllOptions) -> Result<ExitCode, Box<dyn Error>> {
    let stop = signals::stop()?;
    let (sender, receiver) = mpsc::unbounded_channel();
    let mut all = All { processes: Vec::new(), sender, receiver, live: Live::new(options.json) };
    let running = async {
        let forward = all.start(options).await?;
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

/// What the agent says once its control plane is up.
const AGENT_IS_UP: &str = "coordination stream is up";

/// What the client forwards: a local port to one of the workspace.
struct Forward {
    url: String,
    local: String,
    remote: String,
}

struct All {
    /// In the order in which they were started.
    processes: Vec<(&'static str, Process)>,
    sender: mpsc::UnboundedSender<Said>,
    receiver: mpsc::UnboundedReceiver<Said>,
    live: Live,
}

impl All {
    /// The server, its agent, and a client that stays: it forwards a port to the agent's terminals.
    async fn start(&mut self, options: &AllOptions) -> Result<Forward, Failure> {
        let listen = format!("127.0.0.1:{}", options.port);
        let server = alone(workspace(["server", "--json", "--listen", &listen])?);
        let server = self.add("server", Process::service("server", server, &self.sender)?);
        let url = self.says(server, "server is listening").await?.text("address");

        let ssh = format!("127.0.0.1:{}", options.ssh_port);
        let agent = alone(workspace(["agent", "--json", "--server", &url, "--ssh", &ssh, WORKSPACE])?);
        let agent = self.add("agent", Process::service("agent", agent, &self.sender)?);
        let listening = self.says(agent, "agent is listening").await?;
        let (ssh, terminal) = (listening.text("ssh"), listening.text("terminal"));
        self.says(agent, AGENT_IS_UP).await?;

        let mut forward = Forward { url, local: "0".to_owned(), remote: port(&terminal).to_owned() };
        let client = self.start_client(&forward)?;
        // The same port, should it have to start again.
        forward.local = self.says(client, "forwarding").await?.text("local");
        let local = format!("127.0.0.1:{}", forward.local);
        self.live.say(&how_to_connect(&forward.url, port(&ssh), &terminal, &local)?)?;
        Ok(forward)
    }

    fn start_client(&mut self, Forward { url, local, remote }: &Forward) -> io::Result<Id> {
        let pipe = Pipe::new(std::env::temp_dir().join(format!("workspace-{}.log", std::process::id())))?;
        let mut client = workspace(["forward", "--server", url, "--local", local, "--remote", remote, "--log"])?;
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

    /// Shows what comes, while somebody looks. The client ends with its workspace, and is started again with it.
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

    /// What is to be said of a process that has ended by itself.
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

    /// Client, agent, server: each is asked to stop, and waited for until its last line.
    async fn stop(&mut self) -> Result<(), Failure> {
        while let Some((name, process)) = self.processes.pop() {
            process.signal(Signal::SIGTERM)?;
            let last_line = timeout(PATIENCE, self.until_end(process.id())).await;
            // What does not stop is killed with this value.
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

/// In a process group of its own: Ctrl-C is for this process, which stops the others in order.
fn alone(mut command: Command) -> Command {
    command.process_group(0);
    command
}

fn port(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(_, port)| port)
}

/// Options by which ssh neither asks for the host key nor remembers it: the agent makes a new one at each start.
const SSH: &str = "ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR";

fn how_to_connect(url: &str, ssh_port: &str, terminal: &str, local: &str) -> io::Result<String> {
    let program = std::env::current_exe()?;
    let program = program.display();
    Ok(format!(
        "A server at {url}, the agent of the workspace {WORKSPACE:?}, and a client that forwards {local} to its \
         terminals.\nCtrl-C ends them.\n\n\
         a shell, straight to the agent:\n  {SSH} -p {ssh_port} {WORKSPACE}@127.0.0.1\n\
         through the server's relay:\n  {SSH} -o ProxyCommand=\"'{program}' proxy --server {url} {WORKSPACE}\" \
         {WORKSPACE}@workspace\n\
         with the client of this program:\n  '{program}' ssh --server {url} {WORKSPACE}\n\
         a terminal that can be left and found again, for a WebSocket client:\n  \
         ws://{terminal}/terminal/1?cols=80&rows=24\n\
         the workspace stops, and starts:\n  '{program}' stop --server {url} {WORKSPACE}\n  \
         '{program}' start --server {url} {WORKSPACE}\n\n\
         Why connections end:\n"
    ))
}
