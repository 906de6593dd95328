//! Shows the lines as they arrive, and counts of their reasons.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};

use disconnect_core::{
    ConnectionDirection, ConnectionMethod, Counters, Detail, DisconnectCause, DisconnectInitiator, DisconnectReason,
    Recorded,
};

use crate::process::Line;
use crate::report::is_read;

/// Shows lines, for people or for a log pipeline.
pub(super) struct Live {
    json: bool,
    look: Look,
    counters: Counters,
    /// The reader has closed the output.
    is_closed: bool,
}

/// The format on standard output.
struct Look {
    is_terminal: bool,
    is_coloured: bool,
}

impl Live {
    pub(super) fn new(json: bool) -> Self {
        let is_terminal = io::stdout().is_terminal();
        let is_coloured = is_terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let look = Look { is_terminal, is_coloured };
        Self { json, look, counters: Counters::new(), is_closed: false }
    }

    /// Whether the reader has closed the output, as in `cargo run -p workspace | head`.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Prints a message for the user that is not a line.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub(super) fn say(&mut self, text: &str) -> io::Result<()> {
        if self.json {
            return is_read(io::stderr().write_all(text.as_bytes())).map(drop);
        }
        self.write(&format!("{}{text}", self.erase()))
    }

    /// Prints one line of one of the processes.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub(super) fn show(&mut self, line: &Line) -> io::Result<()> {
        if self.json {
            self.write(&format!("{}\n", line.to_json(&[("process", line.process())])))?;
        }
        let Some(reason) = line.reason() else { return Ok(()) };
        self.count(line, &reason);
        if self.json {
            return Ok(());
        }
        let end = if self.look.is_terminal { "" } else { "\n" };
        let text = format!("{}{}\n  {}{end}", self.erase(), self.look.line(line, &reason), self.summary());
        self.write(&text)
    }

    /// On a terminal, the summary is the last line and is overwritten.
    fn erase(&self) -> &'static str {
        if self.look.is_terminal { "\r\x1b[K" } else { "" }
    }

    /// Prints the summary once more.
    ///
    /// # Errors
    ///
    /// The output cannot be written.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        let text = format!("\nin all: {}\n", self.summary());
        self.say(&text)
    }

    fn count(&self, line: &Line, reason: &Recorded<DisconnectReason>) {
        let (initiator, direction) = (line.category(), line.category());
        self.counters.count_recorded(reason, initiator.as_ref(), direction.as_ref(), None);
    }

    /// The reasons of the expected ends, and separately those of the unexpected ones.
    fn summary(&self) -> String {
        let counts = self.counters.snapshot();
        let by_reason = |expected: bool| {
            let reasons = DisconnectReason::ALL.iter().map(|reason| reason.as_str()).chain(["unrecognized"]);
            let parts: Vec<_> = reasons
                .map(|reason| (reason, counts.sum(|count| count.reason == reason && count.expected == expected)))
                .filter(|(_, value)| *value > 0)
                .map(|(reason, value)| format!("{reason} {value}"))
                .collect();
            if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
        };
        let [expected_by, investigate_by] = [by_reason(true), by_reason(false)];
        let (expected, to_investigate) = (counts.expected(), counts.unexpected());
        format!("{expected} expected{expected_by}; {to_investigate} to investigate{investigate_by}")
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        let is_open = is_read(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
        self.is_closed |= !is_open;
        Ok(())
    }
}

/// Fields that are shown elsewhere or are of no use to a person.
const LEFT_OUT: [&str; 5] = ["level", "message", "target", "timestamp", DisconnectReason::EXPECTED_FIELD];

impl Look {
    /// Formats a line for a person, always on one line and without control characters.
    fn line(&self, line: &Line, reason: &Recorded<DisconnectReason>) -> String {
        let colour = match (self.is_coloured, reason.expected()) {
            (false, _) => ["", ""],
            (true, true) => ["\x1b[32m", "\x1b[0m"],
            (true, false) => ["\x1b[31m", "\x1b[0m"],
        };
        let clean = |text: String| Detail::from(text).to_string();
        let initiator = clean(line.text(DisconnectInitiator::FIELD));
        let by = if initiator.is_empty() { String::new() } else { format!(" by {initiator}") };
        let mut text = format!(
            "{:7}{:5} {}: {}{reason}{by}{}",
            line.process(),
            clean(line.level().to_owned()),
            clean(line.message().to_owned()),
            colour[0],
            colour[1]
        );
        let shown = [DisconnectReason::FIELD, DisconnectInitiator::FIELD];
        let rest = line.fields().keys().filter(|key| !LEFT_OUT.contains(&&***key) && !shown.contains(&&***key));
        for key in rest {
            let short = [ConnectionDirection::FIELD, ConnectionMethod::FIELD, DisconnectCause::FIELD].contains(&&**key);
            // A category needs no key.
            let name = if short { String::new() } else { format!("{}=", clean(key.clone())) };
            // Writing to a string does not fail.
            let _ = write!(text, " {name}{}", clean(line.text(key)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_line_stays_one_line_without_escapes() {
        let json = br#"{"message":"a\nb","disconnect_reason":"\u001b[2Jquota","disconnect_detail":"x\r\u001b[31my"}"#;
        let line = Line::parse("agent", 0, json);
        let look = Look { is_terminal: true, is_coloured: false };
        let shown = line.reason().map(|reason| look.line(&line, &reason)).unwrap_or_default();
        assert!(!shown.contains(|c: char| c.is_control()), "{shown:?}");
        assert!(shown.contains("a b") && shown.contains("[2Jquota"), "{shown:?}");
    }

    #[test]
    fn what_is_no_reason_is_to_be_looked_into() {
        let live = Live::new(true);
        for reason in ["graceful", "quota", "network_error"] {
            live.count(&Line::parse("agent", 0, b"{}"), &reason.into());
        }
        assert_eq!(live.summary(), "1 expected (graceful 1); 2 to investigate (network_error 1, unrecognized 1)");
    }
}
