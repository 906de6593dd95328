//! Starting, stopping and deleting a workspace.

use std::process::ExitCode;

use disconnect_core::{DisconnectGuard, disconnected};

use crate::cli::ManageOptions;
use crate::ends::CLIENT_FACING_SERVER;
use crate::say::say;
use crate::told;
use crate::wire::message::Managed;
use crate::wire::{Link, LinkError};

use super::{Outcome, interrupted};

/// Asks for it, and says what became of it.
pub(super) async fn run(options: &ManageOptions, transition: &str) -> Outcome {
    options.log.init_for_user()?;
    let interrupted = interrupted()?;
    let (workspace, reason) = (&options.target.workspace, &options.reason);
    let path = format!("/manage/{workspace}/{transition}?reason={reason}");
    let dialer = options.target.dialer()?;
    let socket = tokio::select! {
        socket = dialer.dial(&path) => socket?,
        () = interrupted.cancelled() => return Err("interrupted".into()),
    };

    let guard = DisconnectGuard::new(CLIENT_FACING_SERVER, |end| {
        disconnected!(level: DEBUG, end, workspace, "management connection closed");
    });
    let mut link: Link<(), Managed> = Link::new(socket, options.timing.heartbeat());
    let answer = tokio::select! {
        answer = link.next() => answer,
        () = interrupted.cancelled() => {
            guard.set(CLIENT_FACING_SERVER.closed_locally());
            link.close(&guard.finish(), None).await;
            return Err("interrupted: it may be done nevertheless".into());
        }
    };
    let (answer, end) = match answer {
        // The server closes once it has answered.
        Ok(answer) => (Some(answer), link.next().await.err()),
        Err(error) => (None, Some(error)),
    };
    guard.failed(&end.unwrap_or(LinkError::Malformed("a second answer".to_owned())));
    let end = guard.finish();
    match answer {
        Some(Managed::Done(build)) => {
            say(format_args!("workspace {workspace}: {transition} done (build {})", build.build_id));
            Ok(ExitCode::SUCCESS)
        }
        Some(Managed::Refused(why)) => Err(format!("{workspace}: cannot {transition}: {why}").into()),
        None => Err(format!("{workspace}: {transition}: {}", told::why(&end, None)).into()),
    }
}
