//! The checks of every scenario, in addition to the comparison with the expected lines.

use std::path::Path;

use crate::process::Line;
use disconnect_core::{ConnectionDirection, ConnectionMethod, DisconnectField, DisconnectInitiator, DisconnectReason};
use rusqlite::{Connection, OpenFlags};

use crate::agree::Agreement;
use crate::end::{End, compare};
use crate::laws;
use crate::planted::Defect;
use crate::sites::{SERVER_AGENT, SERVER_CLIENT, SERVER_MANAGEMENT, SERVER_RELAY};
use crate::world::Played;

/// The lines of a scenario, and what the checks need to know about them.
pub(crate) struct Checked {
    pub(crate) problems: Vec<String>,
    pub(crate) agreement: Agreement,
    /// Each planted defect, and the kind of problem that found it. `None` if no check found it.
    pub(crate) planted: Vec<(Defect, Option<String>)>,
}

/// Returns everything that is wrong.
pub(crate) fn all(played: &Played) -> Checked {
    let seen = ends(&played.lines);
    let mut problems = played.problems.clone();
    problems.extend(lines(played, &played.lines));
    problems.extend(words(played));
    let agreement = Agreement::of(&seen);
    problems.extend(agreement.contradictory.iter().map(|both| format!("disagree:   {both}")));
    if played.log.exists() {
        problems.extend(
            connection_log(&played.log, &seen, played.without_line)
                .unwrap_or_else(|error| vec![format!("log: {error}")]),
        );
    }
    let planted = if problems.is_empty() { plant(played) } else { Vec::new() };
    Checked { problems, agreement, planted }
}

fn ends(lines: &[Line]) -> Vec<End> {
    lines.iter().filter(|line| line.reason().is_some()).map(End::of).collect()
}

/// The problems of these lines.
fn lines(played: &Played, lines: &[Line]) -> Vec<String> {
    let mut problems = compare(&played.wanted, &ends(lines));
    problems.extend(lines.iter().filter_map(contradiction));
    problems.extend(laws::broken(lines, &played.killed));
    problems
}

/// With more lines than this, comparing takes too long.
const MANY: usize = 1000;

/// Plants each defect, and records which check finds it.
fn plant(played: &Played) -> Vec<(Defect, Option<String>)> {
    if played.lines.len() > MANY {
        return Vec::new();
    }
    let plant = |defect: Defect| {
        let told = lines(played, &defect.plant(&played.lines)?);
        let kind = told.first().and_then(|problem| problem.split(':').next()).map(str::to_owned);
        Some((defect, kind))
    };
    Defect::ALL.into_iter().filter_map(plant).collect()
}

/// Checks the messages for the users, line by line, and that no process wrote the token.
fn words(played: &Played) -> Vec<String> {
    let (mut missing, mut problems) = (played.told.clone(), Vec::new());
    // OpenSSH has its own messages.
    let is_openssh = |heard: &&String| ["client_loop: ", "Connection "].iter().any(|begin| heard.starts_with(begin));
    for heard in played.heard.iter().filter(|heard| !is_openssh(heard)) {
        match missing.iter().position(|told| told == heard) {
            Some(found) => drop(missing.swap_remove(found)),
            None => problems.push(format!("told:       {heard:?}")),
        }
    }
    problems.extend(missing.iter().map(|told| format!("not told:   {told:?}")));
    let all = played.lines.iter().map(|line| line.to_json(&[])).chain(played.heard.iter().cloned());
    problems.extend(all.filter(|text| text.contains(&played.token)).map(|text| format!("token:      {text}")));
    problems
}

/// Finds defects that make any line useless.
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

/// The row of a connection in the connection log, and the server's line for the same connection.
const COLUMNS: &str =
    "kind, disconnect_reason, disconnect_expected, disconnect_initiator, disconnect_cause, disconnect_code";

/// Checks that the connection log has one row for each connection of the server, with the same end as its line. A
/// connection of a killed server also has a row, and no reason is empty.
fn connection_log(path: &Path, seen: &[End], without_line: usize) -> rusqlite::Result<Vec<String>> {
    let log = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut rows = log.prepare(&format!("SELECT {COLUMNS} FROM connections"))?;
    let rows = rows.query_map([], |row| {
        let text = |column| row.get::<_, Option<String>>(column).map(Option::unwrap_or_default);
        let expected = if row.get(2)? { "true" } else { "false" };
        Ok([text(0)?, text(1)?, expected.to_owned(), text(3)?, text(4)?, text(5)?])
    })?;
    let mut rows: Vec<_> = rows.collect::<rusqlite::Result<_>>()?;
    let mut problems = Vec::new();
    let sites =
        [("agent", SERVER_AGENT), ("client", SERVER_CLIENT), ("manage", SERVER_MANAGEMENT), ("relay", SERVER_RELAY)];
    for (kind, end) in
        seen.iter().flat_map(|end| sites.iter().filter(|(_, site)| end.is_at(*site)).map(move |(kind, _)| (kind, end)))
    {
        let wanted = end.attribution();
        match rows.iter().position(|row| row[0] == *kind && row[1..] == wanted) {
            Some(found) => drop(rows.swap_remove(found)),
            None => problems.push(format!("wrong:      not in the connection log: {end}")),
        }
    }
    let is_open = |row: &[String; 6]| row[1..3] == ["unknown", "false"];
    if rows.len() != without_line || !rows.iter().all(is_open) {
        problems.push(format!("wrong:      the connection log has rows without a line: {rows:?}"));
    }
    Ok(problems)
}
