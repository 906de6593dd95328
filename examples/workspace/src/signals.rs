//! Signals: how a process is asked to stop, and what SSH calls them.

use std::io;

use nix::sys::signal::Signal;
use russh::Sig;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves at the first SIGTERM or SIGINT from now on, or once the terminal is gone (SIGHUP).
///
/// # Errors
///
/// The signals cannot be listened to.
pub fn stop() -> io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// The signal of this name: RFC 4254, section 6.10.
pub(crate) fn named(name: &Sig) -> Option<Signal> {
    let name = match name {
        Sig::Custom(name) => name.clone(),
        // russh names them as the RFC does.
        name => format!("{name:?}"),
    };
    format!("SIG{name}").parse().ok()
}
