//! The agent: its control plane to the server, its SSH server, its terminals.

mod control;
mod process;
mod run;
mod ssh;
mod terminal;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::net::TcpListener;
use tracing::info;

use crate::cli::AgentOptions;
use crate::listen::{Noise, accept};
use crate::signals;
use crate::wire::message::Node;

use self::run::Runs;
use self::ssh::{Path, Service};

/// Runs the agent until it receives a signal to stop, or its workspace is deleted.
///
/// # Errors
///
/// An address, the token or the host key cannot be used.
pub(crate) async fn run(options: AgentOptions) -> Result<ExitCode, Box<dyn Error>> {
    options.log.init()?;
    let stop = signals::stop()?;
    let (dialer, token) = (options.target.dialer()?, options.target.token.read()?);
    let noise = Noise::default();
    let service = Arc::new(Service::new(options.clone(), noise.clone())?);
    let ssh = options.exposure.listen(options.ssh).await?;
    let terminals = options.exposure.listen(options.terminal).await?;
    let node = Node {
        ssh: ssh.local_addr()?.to_string(),
        terminal: terminals.local_addr()?.to_string(),
        host_key: service.host_key()?,
    };
    info!(workspace = options.target.workspace, ssh = node.ssh, terminal = node.terminal, "agent is listening");

    let runs = Arc::new(Runs::new());
    let serving = [
        tokio::spawn(noise.clone().keep_summing_up()),
        tokio::spawn(accept_all(ssh, runs.clone(), service.clone())),
        tokio::spawn(terminal::accept_all(terminals, token, noise.clone(), runs.clone(), options.timing)),
    ];
    let control = control::Control::new(options, dialer, node, runs.clone(), service);
    let code = control.run(stop).await;
    serving.iter().for_each(tokio::task::JoinHandle::abort);
    noise.sum_up();
    Ok(code)
}

/// Serves SSH connections that come directly from a client. While the workspace is stopped, it accepts none.
async fn accept_all(listener: TcpListener, runs: Arc<Runs>, service: Arc<Service>) {
    loop {
        let (stream, peer) = accept(&listener).await;
        let Some(run) = runs.current() else { continue };
        let path = Path::Direct { stream, peer };
        run.tasks.spawn(service.clone().serve(path, run.clone()));
    }
}
