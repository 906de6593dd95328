//! Call sites that log an end: `tracing::event!` and `disconnected!` with the same fields and values.

use super::{ours, package, repeated, tracing};
use crate::lab::Package;

pub(crate) fn sites() -> Vec<Package> {
    let both = || vec![ours(), tracing()];
    vec![
        package("sites_event", both(), of_slots(EVENT)),
        package("sites_two_events", both(), of_slots(&by_expectedness("why.expected()", EVENT))),
        package("sites_slots_level", both(), of_slots(SLOTS_LEVEL)),
        package("sites_slots_by_expectedness", both(), of_slots(SLOTS_BY_EXPECTEDNESS)),
        package("sites_event_of_record", both(), of_record(EVENT_OF_RECORD)),
        package(
            "sites_two_events_of_record",
            both(),
            of_record(&by_expectedness("!end.should_warn()", EVENT_OF_RECORD)),
        ),
        package("sites_record_level", both(), of_record(RECORD_LEVEL)),
        package("sites_record_by_expectedness", both(), of_record(RECORD_BY_EXPECTEDNESS)),
    ]
}

/// Each call site is a function with the values of a call site as parameters.
fn of_slots(call: &str) -> String {
    repeated("use disconnect_core::{ConnectionDirection, DisconnectInitiator, DisconnectReason};\n", |i| {
        format!(
            "pub fn site_{i}(why: DisconnectReason, who: DisconnectInitiator, text: &str, id: u64, attempts: u32) \
             {{{call}}}\n"
        )
    })
}

fn of_record(call: &str) -> String {
    repeated("use disconnect_core::{Category, Disconnect};\n", |i| {
        format!("pub fn site_{i}(end: &Disconnect, id: u64, attempts: u32) {{{call}}}\n")
    })
}

/// Two call sites in tracing's sense, because the level is part of one.
fn by_expectedness(is_info: &str, event: &str) -> String {
    let [info, warn] = ["INFO", "WARN"].map(|level| event.replace("DEBUG", level));
    format!("if {is_info} {{{info}}} else {{{warn}}}")
}

const EVENT: &str = r#"
    tracing::event!(
        tracing::Level::DEBUG,
        connect_type = ConnectionDirection::ServerToAgent.as_str(),
        disconnect_reason = why.as_str(),
        disconnect_expected = why.expected(),
        disconnect_initiator = who.as_str(),
        disconnect_detail = text,
        session_id = id,
        attempts = attempts,
        "ssh session closed"
    );
"#;

const SLOTS_LEVEL: &str = r#"
    disconnect_core::disconnected!(
        level: DEBUG,
        direction = ConnectionDirection::ServerToAgent,
        reason = why,
        initiator = who,
        detail = text,
        session_id = id,
        attempts = attempts,
        "ssh session closed"
    );
"#;

const SLOTS_BY_EXPECTEDNESS: &str = r#"
    disconnect_core::disconnected!(
        direction = ConnectionDirection::ServerToAgent,
        reason = why,
        initiator = who,
        detail = text,
        session_id = id,
        attempts = attempts,
        "ssh session closed"
    );
"#;

const EVENT_OF_RECORD: &str = r#"
    tracing::event!(
        tracing::Level::DEBUG,
        connect_type = end.direction().map(Category::as_str),
        disconnect_reason = end.reason().as_str(),
        disconnect_expected = end.expected(),
        disconnect_initiator = end.initiator().map(Category::as_str),
        connection_method = end.method().map(Category::as_str),
        disconnect_cause = end.cause().map(Category::as_str),
        disconnect_code = end.code().map(tracing::field::display),
        disconnect_detail = end.detail(),
        session_id = id,
        attempts = attempts,
        "ssh session closed"
    );
"#;

const RECORD_LEVEL: &str = r#"
    disconnect_core::disconnected!(
        level: DEBUG,
        end,
        session_id = id,
        attempts = attempts,
        "ssh session closed"
    );
"#;

const RECORD_BY_EXPECTEDNESS: &str = r#"
    disconnect_core::disconnected!(
        end,
        session_id = id,
        attempts = attempts,
        "ssh session closed"
    );
"#;
