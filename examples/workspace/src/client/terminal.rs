//! The user's terminal: sends its input unchanged to the agent, and its size too.

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
    /// `None` if standard input is not a terminal.
    pub(super) fn of_user() -> Option<Self> {
        let stdin = stdin();
        if stdin.is_terminal() { Some(Self { saved: tcgetattr(&stdin).ok()? }) } else { None }
    }

    /// Requests a terminal like this one from the agent.
    pub(super) async fn request(&self, channel: &Channel<Msg>) -> Result<(), Error> {
        let (columns, rows) = size();
        let kind = std::env::var("TERM").unwrap_or_else(|_| "xterm".to_owned());
        channel.request_pty(true, &kind, columns, rows, 0, 0, &[]).await
    }

    /// Sends its size after each change.
    pub(super) async fn follow(&self, to_agent: &ChannelWriteHalf<Msg>) -> Infallible {
        let Ok(mut changes) = signal(SignalKind::window_change()) else { return pending().await };
        loop {
            // The size may have changed since the request.
            let (columns, rows) = size();
            let _ = to_agent.window_change(columns, rows, 0, 0).await;
            changes.recv().await;
        }
    }
}

/// The terminal's columns and rows.
fn size() -> (u32, u32) {
    match tcgetwinsize(stdin()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => (size.ws_col.into(), size.ws_row.into()),
        _ => (80, 24),
    }
}

/// Switches the terminal to raw mode. Dropping the value restores the earlier mode, also during a panic.
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

/// Finds `~.` at the start of a line, with which the user leaves even if the agent is frozen. `~~` is a `~`.
#[derive(Default)]
pub(super) struct Escape(State);

#[derive(Clone, Copy, Default)]
enum State {
    #[default]
    LineStart,
    Tilde,
    Inside,
}

impl Escape {
    /// Returns the keys for the agent, and whether the user leaves.
    pub(super) fn filter(&mut self, keys: &[u8]) -> (Vec<u8>, bool) {
        let mut passed = Vec::with_capacity(keys.len() + 1);
        for key in keys {
            match (self.0, key) {
                (State::LineStart, b'~') => {
                    self.0 = State::Tilde;
                    continue;
                }
                (State::Tilde, b'.') => return (passed, true),
                (State::Tilde, key) if *key != b'~' => passed.push(b'~'),
                (State::Tilde | State::LineStart | State::Inside, _) => {}
            }
            passed.push(*key);
            self.0 = if matches!(key, b'\r' | b'\n') { State::LineStart } else { State::Inside };
        }
        (passed, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tilde_dot_leaves_only_at_the_start_of_a_line() {
        let typed = |keys: &str| {
            let mut escape = Escape::default();
            // In pieces of one key, as a person types.
            let pieces = keys.bytes().map(|key| escape.filter(&[key])).collect::<Vec<_>>();
            let passed = pieces.iter().flat_map(|(passed, _)| passed.clone()).collect::<Vec<_>>();
            (String::from_utf8_lossy(&passed).into_owned(), pieces.iter().any(|(_, leaves)| *leaves))
        };
        assert_eq!(typed("ls\r~."), ("ls\r".to_owned(), true));
        assert_eq!(typed("~~.\ra~.~\r~x"), ("~.\ra~.~\r~x".to_owned(), false));
    }
}
