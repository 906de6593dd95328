//! Commands and shells and how they end: exit statuses, signals, closed channels, timers that expire later.

use std::time::Duration;

use disconnect_faults::Toward;
use russh::{client, server};

use super::super::Outcome;
use super::agent::{EXIT, FORGET, LINGER, PANIC, TEAR_DOWN, agent_config};
use super::transport::agent_process;
use super::visitor::Wanted;
use super::{agent_end, between, configured, up};
use crate::loopback::{pair, pair_through_proxy};
use crate::matrix::{Case, Matrix};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    statuses(matrix).await?;
    signals(matrix).await?;
    without_status(matrix).await?;
    after_status(matrix).await
}

async fn statuses(matrix: &mut Matrix) -> Outcome {
    for (injected, wanted) in [
        ("command, exit 0", Wanted::Exec("echo done")),
        ("command, exit 1", Wanted::Exec("exit 1")),
        ("command, exit 130", Wanted::Exec("exit 130")),
        ("command, exit 137", Wanted::Exec("exit 137")),
        ("command not found (127)", Wanted::Exec("exit 127")),
        // An interactive shell exits with the status of its last command.
        ("shell, exit typed, end of input", Wanted::Shell("exit 0\n")),
        // The end of the input is no end: the shell continues, and its status counts.
        ("shell, end of input long before", Wanted::Shell("sleep 0.1; echo done\n")),
        ("shell, exit 1 typed", Wanted::Shell("exit 1\n")),
        ("shell, exit 3 typed", Wanted::Shell("exit 3\n")),
        ("shell, exit 130 typed", Wanted::Shell("exit 130\n")),
        ("shell, its command killed (137)", Wanted::Shell("sh -c 'kill -9 $$'; exit $?\n")),
        ("command, Ctrl-C", Wanted::Interrupted("echo up; exec sleep 60")),
        ("command, kill -INT from elsewhere", Wanted::Exec("kill -INT $$")),
        ("command, kill -9", Wanted::Exec("kill -9 $$")),
    ] {
        run_one(matrix, injected, wanted).await?;
    }
    Ok(())
}

async fn signals(matrix: &mut Matrix) -> Outcome {
    for name in ["SEGV", "TERM", "HUP", "QUIT", "ABRT", "PIPE", "ALRM", "FPE", "ILL", "USR1", "USR2"] {
        run_one(matrix, &format!("command, SIG{name}"), Wanted::Exec(&format!("kill -{name} $$"))).await?;
    }
    run_one(matrix, "command, a signal without a name in SSH (XCPU)", Wanted::Exec("kill -XCPU $$")).await
}

/// Adds both sides.
async fn run_one(matrix: &mut Matrix, injected: &str, wanted: Wanted<'_>) -> Outcome {
    let (visit, served) = up().await?;
    let (client, agent) = tokio::join!(visit.run(wanted, false), agent_end(served));
    matrix.add(Case::new("ssh", injected, "client", client));
    matrix.add(Case::new("ssh", injected, "agent", agent));
    Ok(())
}

/// Commands whose status never arrives.
async fn without_status(matrix: &mut Matrix) -> Outcome {
    let (visit, _served) = up().await?;
    let end = visit.run(Wanted::Exec(FORGET), false).await;
    matrix.add(Case::new("ssh", "channel closed without a status", "client", end));

    run_one(matrix, "torn down before the exit status", Wanted::Exec(TEAR_DOWN)).await?;
    run_one(matrix, "the agent's handler panicked", Wanted::Exec(PANIC)).await?;

    let (peer, visit) = agent_process(client::Config::default()).await?;
    let end = visit.run(Wanted::Exec(EXIT), false).await;
    matrix.add(Case::new("ssh", "the process of the agent exits, nothing said", "client", end));
    drop(peer);
    Ok(())
}

/// Events of a connection after the status was delivered change nothing.
async fn after_status(matrix: &mut Matrix) -> Outcome {
    let (client, agent) = pair().await?;
    let config = server::Config { inactivity_timeout: Some(Duration::from_secs(2)), ..agent_config() };
    let (visit, served) = configured(client::Config::default(), client, config, agent).await?;
    let (client, agent) = tokio::join!(visit.run(Wanted::Exec(LINGER), true), agent_end(served));
    matrix.add(Case::new("ssh", "exit status, then the agent is silent", "client", client));
    matrix.add(Case::new("ssh", "exit status, then the agent is silent", "agent", agent));

    let (client, agent, proxy) = pair_through_proxy().await?;
    let (visit, _served) = between(client, agent).await?;
    let guard = visit.connection.guard.handle();
    let reset = async {
        while guard.get().is_none() {
            tokio::task::yield_now().await;
        }
        proxy.reset(Toward::Client)
    };
    let (client, reset) = tokio::join!(visit.run(Wanted::Exec(LINGER), true), reset);
    reset?;
    matrix.add(Case::new("ssh", "exit status, then the socket breaks", "client", client));
    Ok(())
}
