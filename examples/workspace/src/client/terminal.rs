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

/// Finds `~.`, typed at the start of a line, by which the user leaves whatever the agent does. `~~` is a `~`.
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
    /// What of these keys goes to the agent, and whether the user leaves.
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
            // In pieces of one key, as somebody types.
            let pieces = keys.bytes().map(|key| escape.filter(&[key])).collect::<Vec<_>>();
            let passed = pieces.iter().flat_map(|(passed, _)| passed.clone()).collect::<Vec<_>>();
            (String::from_utf8_lossy(&passed).into_owned(), pieces.iter().any(|(_, leaves)| *leaves))
        };
        assert_eq!(typed("ls\r~."), ("ls\r".to_owned(), true));
        assert_eq!(typed("~~.\ra~.~\r~x"), ("~.\ra~.~\r~x".to_owned(), false));
    }
}
