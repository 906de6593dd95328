//! Starting, stopping and deleting a workspace.

use std::process::ExitCode;

use disconnect_core::{Disconnect, DisconnectGuard, disconnected};

use crate::cli::ManageOptions;
use crate::ends::CLIENT_FACING_SERVER;
use crate::say::say;
use crate::told;
use crate::wire::message::Managed;
use crate::wire::{Link, LinkError};

use super::{Outcome, interrupted};

/// Starts, stops or deletes the workspace, and prints the result.
///
/// # Errors
///
/// The server cannot be reached, or rejects the request.
pub(crate) async fn run(options: &ManageOptions, transition: &str) -> Outcome {
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
    let ended = guard.handle();
    let mut link: Link<(), Managed> = Link::new(socket, options.timing.heartbeat);
    let mut answer = None;
    let managing = guard.run(async |_| -> Result<Disconnect, LinkError> {
        tokio::select! {
            message = link.next() => answer = Some(message?),
            () = interrupted.cancelled() => return Ok(CLIENT_FACING_SERVER.closed_locally()),
        }
        // The server closes after its answer.
        link.next().await?;
        Err(LinkError::Malformed("a second answer".to_owned()))
    });
    // The error is already in the line.
    let _ = managing.await;
    let end = ended.so_far();
    link.close(&end, None).await;
    match answer {
        Some(Managed::Done(build)) => {
            say(format_args!("workspace {workspace}: {transition} done (build {})", build.build_id));
            Ok(ExitCode::SUCCESS)
        }
        Some(Managed::Refused(why)) => Err(format!("{workspace}: cannot {transition}: {why}").into()),
        None if interrupted.is_cancelled() => Err("interrupted: it may be done nevertheless".into()),
        None => Err(format!("{workspace}: {transition}: {}", told::why(&end, None)).into()),
    }
}
