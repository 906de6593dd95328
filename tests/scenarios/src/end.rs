//! The expected lines, and their comparison with the logged lines.

use std::collections::BTreeMap;
use std::fmt;

use crate::process::Line;

/// The compared fields of a line, in the order in which they are shown.
const FIELDS: [&str; 17] = [
    "level",
    "connect_type",
    "disconnect_reason",
    "disconnect_expected",
    "disconnect_initiator",
    "connection_method",
    "disconnect_cause",
    "disconnect_code",
    "session",
    "exit_code",
    "build_id",
    "build_reason",
    "transition",
    "client_session_id",
    "workspace",
    "terminal_id",
    "port",
];

/// Known fields that are not compared here. [`details`](crate::details) checks the detail.
const OTHERS: [&str; 4] = ["timestamp", "target", "message", "disconnect_detail"];

/// The causes that a connection may have when the other process was killed.
const GONE: &str = "unclean_eof|reset|broken_pipe";

/// One disconnect line, logged or expected. A field without a value is absent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct End {
    process: &'static str,
    message: String,
    fields: BTreeMap<&'static str, String>,
}

/// Placeholder for an id that the agent made.
const MADE: &str = "made";

/// Placeholder for a port.
pub(crate) const PORT: &str = "port";

/// The unknown fields of a line.
pub(crate) fn unknown_fields(line: &Line) -> Vec<&String> {
    line.fields().keys().filter(|key| !FIELDS.contains(&&***key) && !OTHERS.contains(&&***key)).collect()
}

fn is_made(field: &str, text: &str) -> bool {
    field == "client_session_id" && text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A call site: a row of the table in the README.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) process: &'static str,
    pub(crate) message: &'static str,
    pub(crate) connect_type: &'static str,
    /// A fixed level that does not depend on the end. An end that needs attention is at WARN nevertheless.
    pub(crate) level: Option<&'static str>,
    /// A field that each of its lines has.
    pub(crate) field: Option<(&'static str, &'static str)>,
}

impl Site {
    /// An end that is part of normal operation.
    pub(crate) fn normal(self, reason: &str, initiator: &str) -> End {
        self.end(reason, "true", initiator).with("level", self.level.unwrap_or("INFO"))
    }

    /// An end that is worth investigating.
    pub(crate) fn fault(self, reason: &str, initiator: &str) -> End {
        self.end(reason, "false", initiator).with("level", self.level.unwrap_or("WARN"))
    }

    fn end(self, reason: &str, expected: &str, initiator: &str) -> End {
        let fields = self.field.into_iter().map(|(field, value)| (field, value.to_owned())).collect();
        End { process: self.process, message: self.message.to_owned(), fields }
            .with("connect_type", self.connect_type)
            .with("disconnect_reason", reason)
            .with("disconnect_expected", expected)
            .with("disconnect_initiator", initiator)
    }
}

impl End {
    /// A logged line.
    pub(crate) fn of(line: &Line) -> Self {
        let fields = FIELDS.into_iter().map(|field| (field, line.text(field)));
        // Values that differ in each run.
        let fields = fields.map(|(field, text)| match field {
            _ if is_made(field, &text) => (field, MADE.to_owned()),
            "port" if text.parse::<u16>().is_ok() => (field, PORT.to_owned()),
            _ => (field, text),
        });
        Self {
            process: line.process(),
            message: line.message().to_owned(),
            fields: fields.filter(|(_, text)| !text.is_empty()).collect(),
        }
    }

    /// The same end with another field.
    pub(crate) fn with(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.fields.insert(field, value.into());
        self
    }

    /// Sets the cause.
    pub(crate) fn cause(self, cause: &str) -> Self {
        self.with("disconnect_cause", cause)
    }

    /// The other process was killed. Its kernel sends a FIN, or an RST if bytes were unread or are written later.
    /// Timing decides which.
    pub(crate) fn vanished(self) -> Self {
        self.cause(GONE)
    }

    /// Sets the protocol code.
    pub(crate) fn code(self, code: &str) -> Self {
        self.with("disconnect_code", code)
    }

    /// Sets the level WARN, although the end is expected or its level is fixed.
    pub(crate) fn warns(self) -> Self {
        self.with("level", "WARN")
    }

    /// Sets the level before the login: anyone can cause such lines.
    pub(crate) fn quietly(mut self) -> Self {
        self.fields.remove("terminal_id");
        self.with("level", "DEBUG")
    }

    /// Sets the connection method.
    pub(crate) fn by(self, method: &str) -> Self {
        self.with("connection_method", method)
    }

    /// Sets the kind of session.
    pub(crate) fn session(self, session: &str) -> Self {
        self.with("session", session)
    }

    /// Sets the exit status of the command.
    pub(crate) fn exit(self, status: u32) -> Self {
        self.with("exit_code", status.to_string()).code(&format!("exit.{status}"))
    }

    /// Sets the build that ended it.
    pub(crate) fn build(self, id: u64, transition: &str) -> Self {
        self.with("build_id", id.to_string()).with("build_reason", "initiator").with("transition", transition)
    }

    /// Sets the `client_session_id`.
    pub(crate) fn client(self, id: &str) -> Self {
        self.with("client_session_id", id)
    }

    /// Expects a `client_session_id` that the agent made, because the client sent none.
    pub(crate) fn unnamed(self) -> Self {
        self.client(MADE)
    }

    /// Returns a field, or the empty text if it is absent.
    pub(crate) fn text(&self, field: &str) -> &str {
        self.fields.get(field).map_or("", String::as_str)
    }

    pub(crate) fn is_at(&self, site: Site) -> bool {
        (self.process, self.message.as_str()) == (site.process, site.message)
    }

    /// Reason, expected flag, initiator, cause and code, as in the connection log.
    pub(crate) fn attribution(&self) -> [&str; 5] {
        ["disconnect_reason", "disconnect_expected", "disconnect_initiator", "disconnect_cause", "disconnect_code"]
            .map(|field| self.text(field))
    }

    /// Whether a logged line matches this expected one.
    pub(crate) fn is_met_by(&self, seen: &Self) -> bool {
        self.is_at_same_site(seen) && FIELDS.into_iter().all(|field| self.field_is_met_by(field, seen))
    }

    fn field_is_met_by(&self, field: &str, seen: &Self) -> bool {
        match (self.fields.get(field).map(String::as_str), seen.fields.get(field).map(String::as_str)) {
            (Some(GONE), Some(cause)) => GONE.split('|').any(|either| either == cause),
            (wanted, seen) => wanted == seen,
        }
    }

    fn is_at_same_site(&self, other: &Self) -> bool {
        (self.process, &self.message) == (other.process, &other.message)
    }

    /// Describes the differences between a logged line and this one.
    fn difference(&self, seen: &Self) -> String {
        let differing = FIELDS.into_iter().filter(|field| !self.field_is_met_by(field, seen));
        let shown = |end: &Self, field| end.fields.get(field).cloned().unwrap_or_else(|| "nothing".to_owned());
        let differences =
            differing.map(|field| format!("{field} is {}, not {}", shown(seen, field), shown(self, field)));
        differences.collect::<Vec<_>>().join("; ")
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.process, self.message)?;
        for field in FIELDS {
            if let Some(value) = self.fields.get(field) {
                let short = field.strip_prefix("disconnect_").unwrap_or(field);
                write!(f, " {short}={value}")?;
            }
        }
        Ok(())
    }
}

/// Compares the logged lines with the expected ones in any order. Returns what is wrong.
pub(crate) fn compare(wanted: &[End], seen: &[End]) -> Vec<String> {
    let (mut missing, mut unexpected) = (wanted.to_vec(), Vec::new());
    for end in seen {
        match missing.iter().position(|wanted| wanted.is_met_by(end)) {
            Some(found) => drop(missing.swap_remove(found)),
            None => unexpected.push(end.clone()),
        }
    }
    let mut problems = Vec::new();
    for end in unexpected {
        if let Some(other) = missing.iter().position(|wanted| wanted.is_at_same_site(&end)) {
            let wanted = missing.swap_remove(other);
            problems.push(format!("differs:    {end}\n            {}", wanted.difference(&end)));
        } else if wanted.iter().any(|wanted| wanted.is_met_by(&end)) {
            problems.push(format!("double:     {end}"));
        } else {
            problems.push(format!("unexpected: {end}"));
        }
    }
    problems.extend(missing.iter().map(|end| format!("missing:    {end}")));
    summed_up(problems)
}

/// Shows a repeated line once, with its count.
fn summed_up(problems: Vec<String>) -> Vec<String> {
    let mut counts: Vec<(String, usize)> = Vec::new();
    for problem in problems {
        match counts.iter_mut().find(|(other, _)| *other == problem) {
            Some((_, count)) => *count += 1,
            None => counts.push((problem, 1)),
        }
    }
    let shown = |(problem, count)| if count == 1 { problem } else { format!("{problem}\n            {count} times") };
    counts.into_iter().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Site =
        Site { process: "agent", message: "closed", connect_type: "agent_to_client", level: None, field: None };

    #[test]
    fn every_kind_of_mistake_is_told() {
        let (left, broken) = (SITE.normal("client_closed", "client"), SITE.fault("network_error", "network"));
        let same = [left.clone(), broken.clone()];
        assert!(compare(&same, &[broken.clone(), left.clone()]).is_empty());
        let told = |wanted: &[End], seen: &[End]| compare(wanted, seen).concat();
        assert!(told(&same, &same[..1]).starts_with("missing:    agent \"closed\" level=WARN"));
        assert!(told(&same[..1], &[left.clone(), left.clone()]).starts_with("double:"));
        assert!(told(&[], &same[..1]).starts_with("unexpected:"));
        let differs = told(&same[..1], &[left.cause("kicked")]);
        assert!(differs.ends_with("disconnect_cause is kicked, not nothing"), "{differs}");
    }
}
