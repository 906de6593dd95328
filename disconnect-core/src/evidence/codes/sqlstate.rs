//! SQLSTATE codes of errors that end a session: PostgreSQL, appendix A ("PostgreSQL Error Codes"), classes 08, 25, 28,
//! 3D, 53 and 57; ODBC, appendix A (08S01).

use super::meaning::{Meaning, Whose, ended, lost, sorted, unexplained, violation};
use crate::code::Code;
use crate::verdict::Rank;
use crate::vocabulary::DisconnectCause as Cause;

/// The PostgreSQL protocol has no goodbye of the server: it sends an error before it closes. Errors of a single
/// statement are left out, because they do not end the session.
#[rustfmt::skip] // one row a line
pub(super) const STATES: &[Meaning] = &sorted([
    // Client libraries make up most of these. From a server it is about a connection behind it, such as that of a
    // foreign table.
    lost(state("08000"), "connection_exception", Cause::UncleanEof).by(Whose::NetworkOrLocal).with_rank(Rank::Transport).ambiguous(),
    lost(state("08001"), "sqlclient_unable_to_establish_sqlconnection", Cause::Unreachable).by(Whose::NetworkOrLocal).with_rank(Rank::Transport).ambiguous(),
    // The connection was used after it ended.
    unexplained(state("08003"), "connection_does_not_exist").with_rank(Rank::FollowOn).ambiguous(),
    // MySQL sends it if it has too many connections.
    ended(state("08004"), "sqlserver_rejected_establishment_of_sqlconnection", Cause::Policy).ambiguous(),
    lost(state("08006"), "connection_failure", Cause::UncleanEof).by(Whose::NetworkOrLocal).with_rank(Rank::Transport).ambiguous(),
    // It is not known whether the transaction was committed.
    unexplained(state("08007"), "transaction_resolution_unknown").ambiguous(),
    violation(state("08P01"), "protocol_violation"),
    // MySQL also sends it when it shuts down.
    lost(state("08S01"), "communication_link_failure", Cause::UncleanEof).by(Whose::NetworkOrLocal).with_rank(Rank::Transport).ambiguous(),
    // The client kept a transaction open, so the connection was not idle on purpose.
    ended(state("25P03"), "idle_in_transaction_session_timeout", Cause::IdleTimeout),
    ended(state("25P04"), "transaction_timeout", Cause::Deadline),
    ended(state("28000"), "invalid_authorization_specification", Cause::Auth),
    ended(state("28P01"), "invalid_password", Cause::Auth),
    ended(state("3D000"), "invalid_catalog_name", Cause::Policy),
    ended(state("53000"), "insufficient_resources", Cause::Overload).ambiguous(),
    ended(state("53100"), "disk_full", Cause::OutOfResources),
    ended(state("53200"), "out_of_memory", Cause::OutOfResources),
    ended(state("53300"), "too_many_connections", Cause::Limit),
    ended(state("53400"), "configuration_limit_exceeded", Cause::Limit),
    ended(state("57000"), "operator_intervention", Cause::Kicked).ambiguous(),
    // About one statement: it timed out or was cancelled. The session continues.
    unexplained(state("57014"), "query_canceled").ambiguous(),
    // Sent for a shutdown, for `pg_terminate_backend`, and after a crash of the server's main process.
    ended(state("57P01"), "admin_shutdown", Cause::Kicked).ambiguous(),
    // The process of another session crashed, so the server ended all sessions.
    ended(state("57P02"), "crash_shutdown", Cause::Crash),
    // The server is starting, shutting down or recovering.
    ended(state("57P03"), "cannot_connect_now", Cause::Restart).ambiguous(),
    ended(state("57P04"), "database_dropped", Cause::Kicked),
    // An error, not a goodbye: the client, for example a pool, kept the session on purpose.
    ended(state("57P05"), "idle_session_timeout", Cause::IdleTimeout),
]);

/// The sort key of a row.
const fn state(text: &str) -> i64 {
    let code = Code::sqlstate(text);
    assert!(code.is_some(), "a row is of an SQLSTATE");
    match code {
        Some(code) => match code.key() {
            Some(key) => key,
            None => 0,
        },
        None => 0,
    }
}
