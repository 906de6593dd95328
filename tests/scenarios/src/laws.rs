//! The laws that hold for the lines of every scenario.

use std::collections::{BTreeMap, HashSet};

use crate::details;
use crate::end::unknown_fields;
use crate::process::Line;

/// A line without a reason: its process, its level and its fields.
struct Event {
    process: &'static str,
    message: &'static str,
    level: &'static str,
    fields: &'static [&'static str],
    /// Optional fields.
    sometimes: &'static [&'static str],
    /// The allowed number of such lines.
    law: Law,
}

#[derive(Clone, Copy)]
enum Law {
    /// Any number, because strangers can cause them.
    Any,
    /// At most one for each process.
    Once,
    /// At most one for each of these lines.
    AtMost(&'static str),
    /// The line begins something that ends with one of these lines. None of them may come before it.
    Ends(&'static [&'static str]),
}

macro_rules! events {
    ($($process:literal $message:literal $level:literal $fields:expr, $sometimes:expr, $law:expr;)*) => {
        &[$(Event {
            process: $process,
            message: $message,
            level: $level,
            fields: &$fields,
            sometimes: &$sometimes,
            law: $law,
        }),*]
    };
}

use Law::{Any, AtMost, Ends, Once};

#[rustfmt::skip] // one row an event
const EVENTS: &[Event] = events! {
    "agent" "agent is listening" "INFO" ["ssh", "terminal", "workspace"], [], Once;
    "agent" "another agent of this workspace took the place of this one" "WARN" [], [], Once;
    "agent" "cannot reach coderd, retrying" "INFO" ["error"], [], Any;
    "agent" "connected to coderd" "INFO" ["workspace"], ["attempts", "outage_ms"], Ends(&["disconnected from coderd"]);
    "agent" "connections ended before the login" "WARN" ["count"], [], Any;
    "agent" "coordination stream is up" "INFO" [], [], Ends(&["disconnected from coordination RPC"]);
    "agent" "forwarded channel opened" "DEBUG" ["client_session_id", "port"], [], Ends(&["forwarded channel closed", "forwarded IDE channel closed"]);
    "agent" "relay map received" "INFO" ["relays"], [], Ends(&["disconnected from derp map RPC"]);
    "agent" "ssh connection accepted" "INFO" [], ["client_session_id", "peer"], Ends(&["ssh connection complete"]);
    "agent" "ssh session started" "INFO" ["client_session_id", "session"], ["pid"], Ends(&["ssh session closed"]);
    "agent" "terminal attached" "INFO" ["terminal_id"], [], Ends(&["terminal connection closed"]);
    "agent" "terminal started" "INFO" ["pid", "terminal_id"], [], Ends(&["reconnecting terminal closed"]);
    "agent" "the relayed path did not come up" "INFO" ["error"], [], Any;
    "agent" "the workspace was deleted" "WARN" [], [], Once;
    "agent" "workspace stopped" "INFO" ["build_id", "transition"], [], AtMost("connected to coderd");
    "agent" "no connection" "DEBUG" ["error"], [], Any;
    "client" "connected" "INFO" ["client_session_id", "connection_method"], [], Ends(&["ssh connection closed", "proxied connection closed"]);
    "client" "control plane connected" "INFO" ["client_session_id", "workspace"], ["attempts", "outage_ms"], Ends(&["coordination closed", "connection closed, retrying"]);
    "client" "forwarded channel opened" "INFO" ["client_session_id", "port"], [], Ends(&["forwarded channel closed"]);
    "client" "forwarding" "INFO" ["client_session_id", "local", "remote"], [], Once;
    "client" "ssh session started" "INFO" ["client_session_id", "session"], [], Ends(&["ssh session closed"]);
    "client" "the channel did not come up" "DEBUG" ["end", "port"], [], Any;
    "server" "agent connected" "INFO" ["workspace"], [], Ends(&["agent disconnected"]);
    "server" "client connected" "INFO" ["client_session_id", "workspace"], [], Ends(&["client disconnected"]);
    "server" "no connection" "DEBUG" ["error"], [], Any;
    "server" "relaying" "INFO" ["client_session_id", "workspace"], [], Ends(&["relayed connection closed"]);
    "server" "server is listening" "INFO" ["address"], [], Once;
    "server" "workspace managed" "INFO" ["answer", "workspace"], [], Ends(&["management connection closed"]);
};

/// The fields of every line.
const ALWAYS: [&str; 4] = ["level", "message", "target", "timestamp"];

/// Order of lines of one process and client: a channel ends before its connection.
const INSIDE: &[(&str, &str)] = &[
    ("ssh session closed", "ssh connection complete"),
    ("forwarded channel closed", "ssh connection complete"),
    ("forwarded IDE channel closed", "ssh connection complete"),
    ("ssh session closed", "ssh connection closed"),
    ("forwarded channel closed", "ssh connection closed"),
    ("disconnected from coordination RPC", "disconnected from coderd"),
    ("disconnected from derp map RPC", "disconnected from coderd"),
];

/// Returns everything that is wrong. A killed process does not end what it began.
pub(crate) fn broken(lines: &[Line], killed: &HashSet<u32>) -> Vec<String> {
    let mut problems: Vec<String> = lines.iter().filter_map(shape).collect();
    let mut by_instance: BTreeMap<u32, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        by_instance.entry(line.instance()).or_default().push(line);
    }
    for (instance, lines) in by_instance {
        problems.extend(counts(&lines, killed.contains(&instance)));
        problems.extend(order(&lines));
    }
    problems
}

/// Finds a line with the wrong fields for its kind.
fn shape(line: &Line) -> Option<String> {
    if line.reason().is_some() {
        let unknown = unknown_fields(line);
        let [reason, cause, code, detail] =
            ["disconnect_reason", "disconnect_cause", "disconnect_code", "disconnect_detail"].map(|key| line.text(key));
        return if !unknown.is_empty() {
            Some(format!("field:      {:?} has {unknown:?}", line.message()))
        } else if !details::is_known(&reason, &cause, &code, &detail) {
            Some(format!("detail:     {} {:?} {reason}/{cause}/{code} has {detail:?}", line.process(), line.message()))
        } else {
            None
        };
    }
    let Some(event) = event(line) else { return Some(format!("event:      {}", line.to_json(&[]))) };
    let mut fields = line.fields().keys().map(String::as_str);
    let is_known = |field| ALWAYS.contains(&field) || event.fields.contains(&field) || event.sometimes.contains(&field);
    let is_whole = event.fields.iter().all(|field| line.fields().contains_key(*field));
    let is_right = is_whole && fields.all(is_known) && line.level() == event.level;
    (!is_right).then(|| format!("event:      {}", line.to_json(&[])))
}

fn event(line: &Line) -> Option<&'static Event> {
    EVENTS.iter().find(|event| (event.process, event.message) == (line.process(), line.message()))
}

/// Whether the checks would notice one more of this line.
pub(crate) fn is_counted(line: &Line) -> bool {
    event(line).is_some_and(|event| !matches!(event.law, Any))
}

/// Finds a number of lines that a process cannot have written.
fn counts(lines: &[&Line], is_killed: bool) -> Vec<String> {
    let Some(process) = lines.first().map(|line| line.process()) else { return Vec::new() };
    let mut problems = Vec::new();
    if is_killed {
        // The number of ends is not known.
        let content = |line: &Line| line.with("timestamp", "").to_json(&[]);
        let pairs = lines.windows(2).filter(|pair| pair[0].reason().is_none() && content(pair[0]) == content(pair[1]));
        problems.extend(pairs.map(|pair| format!("twice:      {}", pair[0].message())));
    }
    for event in EVENTS.iter().filter(|event| event.process == process) {
        let (mut begun, mut ended, mut quiet, mut other) = (0_usize, 0, 0, 0);
        let mut is_early = false;
        for line in lines {
            begun += usize::from(line.message() == event.message && line.reason().is_none());
            match event.law {
                Ends(ends) if ends.contains(&line.message()) => {
                    // The level may be DEBUG by chance: before the login, no beginning is required.
                    let is_quiet = line.level() == "DEBUG" && QUIET.contains(&line.message());
                    quiet += usize::from(is_quiet);
                    ended += usize::from(!is_quiet);
                    is_early |= ended > begun;
                }
                AtMost(message) => other += usize::from(line.message() == message),
                Any | Once | Ends(_) => {}
            }
        }
        let is_wrong = match event.law {
            Any => false,
            Once => begun > 1,
            AtMost(_) => begun > other,
            Ends(_) => is_early || (begun > ended + quiet && !is_killed),
        };
        if is_wrong {
            problems.push(format!("number:     {process} {:?} {begun} times, with {ended} ends", event.message));
        }
    }
    problems
}

/// Ends of connections that may have no beginning.
const QUIET: [&str; 2] = ["ssh connection complete", "terminal connection closed"];

/// Finds a channel whose end was written after the end of its connection.
fn order(lines: &[&Line]) -> Vec<String> {
    let mut problems = Vec::new();
    for (inner, outer) in INSIDE {
        let ids: HashSet<String> = lines.iter().map(|line| line.text("client_session_id")).collect();
        for id in ids {
            let of_id = lines.iter().filter(|line| line.text("client_session_id") == id);
            let messages: Vec<&str> = of_id.map(|line| line.message()).collect();
            let count = |wanted: &str| messages.iter().filter(|message| **message == wanted).count();
            let last = messages.iter().rposition(|message| message == outer);
            // With one connection for each client, the parent of each channel is known.
            let is_late = match id.as_str() {
                // Each connection of the control plane has one of each stream.
                "" => messages
                    .iter()
                    .scan((0, 0), |(inside, outside), message| {
                        *inside += usize::from(message == inner);
                        *outside += usize::from(message == outer);
                        Some(*outside > *inside)
                    })
                    .any(|late| late),
                _ => count(outer) == 1 && last.is_some_and(|last| messages[last..].contains(inner)),
            };
            if is_late {
                problems.push(format!("late:       {inner:?} after {outer:?} {id}"));
            }
        }
    }
    problems
}
