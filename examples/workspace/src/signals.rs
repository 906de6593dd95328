//! Signals: how a user stops a process, and the names of signals in SSH.

use std::io;

use nix::sys::signal::Signal;
use russh::Sig;
use tokio::signal::unix::{SignalKind, signal};

/// Resolves at the first SIGTERM or SIGINT from now on, or when the terminal is closed (SIGHUP).
///
/// # Errors
///
/// The signal handlers cannot be installed.
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

/// The signal with this name (RFC 4254, section 6.10).
pub(crate) fn named(name: &Sig) -> Option<Signal> {
    let name = match name {
        Sig::Custom(name) => name.clone(),
        // russh uses the names of the RFC.
        name => format!("{name:?}"),
    };
    format!("SIG{name}").parse().ok()
}
