//! Commands and shells, and how they end: exit statuses, signals, and channels that close.

use disconnect_core::{DisconnectInitiator as By, DisconnectReason as Why};

use super::super::Outcome;
use super::agent::{FORGET, PANIC};
use super::visitor::Wanted;
use super::{NETWORK, up};
use crate::matrix::{Matrix, truth};

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    let unknown = truth(Why::Unknown, By::Agent);
    let left = truth(Why::ClientClosed, By::Client);
    for (injected, wanted, truth) in [
        ("command, exit 0", Wanted::Exec("echo done"), truth(Why::Graceful, By::Agent)),
        // A shell that its user leaves passes on what the last command returned.
        ("shell, exit typed, end of input", Wanted::Shell("exit 0\n"), left),
        // The end of the input is no end: the shell goes on, and its status counts.
        ("shell, end of input long before", Wanted::Shell("sleep 0.1; echo done\n"), left),
        ("shell, exit 3 typed", Wanted::Shell("exit 3\n"), left),
        ("command, Ctrl-C", Wanted::Interrupted("echo up; exec sleep 60"), left),
        ("command, kill -INT from elsewhere", Wanted::Exec("kill -INT $$"), unknown),
        ("command, kill -9", Wanted::Exec("kill -9 $$"), unknown),
        ("command, SIGSEGV", Wanted::Exec("kill -SEGV $$"), unknown),
        ("command, SIGTERM", Wanted::Exec("kill -TERM $$"), unknown),
        ("shell, its command killed (137)", Wanted::Shell("sh -c 'kill -9 $$'; exit $?\n"), unknown),
        ("command not found (127)", Wanted::Exec("exit 127"), unknown),
    ] {
        let (visit, served) = up().await?;
        let (client, agent) = tokio::join!(visit.run(wanted), served.ended());
        matrix.decidable("ssh", injected, "client", truth, client);
        matrix.decidable("ssh", injected, "agent", truth, agent);
    }

    let (visit, _served) = up().await?;
    let end = visit.run(Wanted::Exec(FORGET)).await;
    matrix.decidable("ssh", "channel closed without a status", "client", unknown, end);

    let (visit, served) = up().await?;
    let (client, agent) = tokio::join!(visit.run(Wanted::Exec(PANIC)), served.ended());
    matrix.decidable("ssh", "the agent's handler panicked", "client", NETWORK, client);
    matrix.decidable("ssh", "the agent's handler panicked", "agent", unknown, agent);
    Ok(())
}
