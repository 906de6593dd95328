//! What holds in every scenario, beside the lines being those that were wanted.

use std::path::Path;

use disconnect_core::{ConnectionDirection, ConnectionMethod, DisconnectField, DisconnectInitiator, DisconnectReason};
use rusqlite::{Connection, OpenFlags};

use crate::process::Line;

use super::end::{End, compare};
use super::sites::{SERVER_AGENT, SERVER_CLIENT, SERVER_MANAGEMENT, SERVER_RELAY};
use super::world::Played;

/// Says everything that is wrong.
pub(crate) fn all(played: &Played) -> Vec<String> {
    let ends: Vec<&Line> = played.lines.iter().filter(|line| line.reason().is_some()).collect();
    let seen: Vec<End> = ends.iter().map(|line| End::of(line)).collect();
    let mut problems = played.problems.clone();
    problems.extend(compare(&played.wanted, &seen));
    problems.extend(ends.iter().filter_map(|line| contradiction(line)));
    if played.log.exists() {
        problems.extend(connection_log(&played.log, &seen).unwrap_or_else(|error| vec![format!("log: {error}")]));
    }
    problems
}

/// What makes a line useless, whichever it is.
fn contradiction(line: &Line) -> Option<String> {
    let reason = line.reason()?;
    let problem = if !reason.valid() {
        "a reason that is none"
    } else if line.text(DisconnectReason::EXPECTED_FIELD) != reason.expected().to_string() {
        "disconnect_expected disagrees with the reason"
    } else if !known::<DisconnectInitiator>(line) {
        "an initiator that is none"
    } else if !known::<ConnectionDirection>(line) {
        "no layer"
    } else if line.text(ConnectionDirection::FIELD) == ConnectionDirection::AgentToClient.as_str()
        && (!known::<ConnectionMethod>(line) || line.text(ConnectionMethod::FIELD).is_empty())
    {
        "a data path without its method"
    } else {
        return None;
    };
    Some(format!("wrong:      {problem}: {}", End::of(line)))
}

/// Whether the line has a category of this set.
fn known<T: DisconnectField>(line: &Line) -> bool {
    line.fields().get(T::FIELD).and_then(serde_json::Value::as_str).is_some_and(|text| T::parse(text).is_some())
}

/// The server's own log has one row for each of its connections, and no reason in it is empty.
fn connection_log(path: &Path, seen: &[End]) -> rusqlite::Result<Vec<String>> {
    let log = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows = log.prepare("SELECT kind, coalesce(disconnect_reason, '') FROM connections")?;
    let reasons: Vec<(String, String)> =
        rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
    let empty = reasons.iter().filter(|(_, reason)| reason.is_empty());
    let mut problems: Vec<_> = empty.map(|(kind, _)| format!("wrong:      no reason in the log: {kind}")).collect();
    let sites = [SERVER_AGENT, SERVER_CLIENT, SERVER_MANAGEMENT, SERVER_RELAY];
    let lines = seen.iter().filter(|end| sites.iter().any(|site| end.is_at(*site))).count();
    if lines != reasons.len() {
        problems.push(format!("wrong:      {} connections in the log, but {lines} lines of the server", reasons.len()));
    }
    Ok(problems)
}
