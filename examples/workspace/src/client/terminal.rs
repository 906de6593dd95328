//! The user's terminal: what is typed goes to the agent as it is, and its size goes there too.

use std::convert::Infallible;
use std::future::pending;
use std::io::{IsTerminal, stdin};

use russh::client::Msg;
use russh::{Channel, ChannelWriteHalf, Error};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use tokio::signal::unix::{SignalKind, signal};

/// A terminal on standard input.
pub(super) struct Terminal {
    saved: Termios,
}

impl Terminal {
    /// `None` where the input comes from elsewhere.
    pub(super) fn of_user() -> Option<Self> {
        let stdin = stdin();
        if stdin.is_terminal() { Some(Self { saved: tcgetattr(&stdin).ok()? }) } else { None }
    }

    /// Asks the agent for one like it.
    pub(super) async fn request(&self, channel: &Channel<Msg>) -> Result<(), Error> {
        let (columns, rows) = size();
        let kind = std::env::var("TERM").unwrap_or_else(|_| "xterm".to_owned());
        channel.request_pty(true, &kind, columns, rows, 0, 0, &[]).await
    }

    /// Passes its size on, whenever that changes.
    pub(super) async fn follow(&self, to_agent: &ChannelWriteHalf<Msg>) -> Infallible {
        let Ok(mut changes) = signal(SignalKind::window_change()) else { return pending().await };
        loop {
            // It may have changed since the agent was asked for it.
            let (columns, rows) = size();
            let _ = to_agent.window_change(columns, rows, 0, 0).await;
            changes.recv().await;
        }
    }
}

/// As many columns and rows as the terminal has.
fn size() -> (u32, u32) {
    match tcgetwinsize(stdin()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (80, 24),
    }
}

/// The terminal hands on what is typed, unread. Dropped, also by a panic, it does as it did before.
pub(super) struct Raw<'a>(&'a Terminal);

impl<'a> Raw<'a> {
    pub(super) fn enter(terminal: &'a Terminal) -> Self {
        let mut raw = terminal.saved.clone();
        raw.make_raw();
        let _ = tcsetattr(stdin(), OptionalActions::Now, &raw);
        Self(terminal)
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(stdin(), OptionalActions::Now, &self.0.saved);
    }
}
