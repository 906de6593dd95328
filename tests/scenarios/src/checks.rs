//! What holds in every scenario, beside the lines being those that were wanted.

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

/// What is known of the lines of a scenario.
pub(crate) struct Checked {
    pub(crate) problems: Vec<String>,
    pub(crate) agreement: Agreement,
    /// Each defect that could be planted, and the kind of problem that told of it: none if nothing did.
    pub(crate) planted: Vec<(Defect, Option<String>)>,
}

/// Says everything that is wrong.
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

/// What is wrong with these lines.
fn lines(played: &Played, lines: &[Line]) -> Vec<String> {
    let mut problems = compare(&played.wanted, &ends(lines));
    problems.extend(lines.iter().filter_map(contradiction));
    problems.extend(laws::broken(lines, &played.killed));
    problems
}

/// Lines of which there are so many that comparing them takes long.
const MANY: usize = 1000;

/// Plants each defect, and looks whether anything is noticed.
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

/// What its processes told their users, line by line, and that nobody said the token.
fn words(played: &Played) -> Vec<String> {
    let (mut missing, mut problems) = (played.told.clone(), Vec::new());
    // OpenSSH has words of its own.
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

/// What the log says of each connection, and the line of the server it belongs to.
const COLUMNS: &str =
    "kind, disconnect_reason, disconnect_expected, disconnect_initiator, disconnect_cause, disconnect_code";

/// The server's own log has one row for each of its connections, which says the same as its line. A connection whose
/// server was killed has a row nevertheless, and no reason in it is empty.
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
