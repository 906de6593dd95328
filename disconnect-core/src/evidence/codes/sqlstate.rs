//! SQLSTATE of errors that end a session: PostgreSQL, appendix A ("PostgreSQL Error Codes"), of the classes 08, 25, 28, 3D,
//! 53 and 57; ODBC, appendix A (08S01).

use super::meaning::{Meaning, Whose, ended, lost, sorted, unexplained, violation};
use crate::code::Code;
use crate::verdict::Rank;
use crate::vocabulary::DisconnectCause as Cause;

/// PostgreSQL has no goodbye of the server: what it says before it closes is an error. An error of one statement, which
/// ends nothing, is not here.
#[rustfmt::skip] // one row a line
pub(super) const STATES: &[Meaning] = &sorted([
    // Mostly made up by a client's library; from a server it is about a connection behind it, such as a foreign table's.
    lost(state("08000"), "connection_exception", Cause::UncleanEof).by(Whose::NetworkOrUs).with_rank(Rank::Transport).ambiguous(),
    lost(state("08001"), "sqlclient_unable_to_establish_sqlconnection", Cause::Unreachable).by(Whose::NetworkOrUs).with_rank(Rank::Transport).ambiguous(),
    // The connection was used after its end.
    unexplained(state("08003"), "connection_does_not_exist").with_rank(Rank::FollowOn).ambiguous(),
    // MySQL says so where it has too many connections.
    ended(state("08004"), "sqlserver_rejected_establishment_of_sqlconnection", Cause::Policy).ambiguous(),
    lost(state("08006"), "connection_failure", Cause::UncleanEof).by(Whose::NetworkOrUs).with_rank(Rank::Transport).ambiguous(),
    // Whether the transaction was committed is not known.
    unexplained(state("08007"), "transaction_resolution_unknown").ambiguous(),
    violation(state("08P01"), "protocol_violation"),
    // MySQL says so for its shutdown, too.
    lost(state("08S01"), "communication_link_failure", Cause::UncleanEof).by(Whose::NetworkOrUs).with_rank(Rank::Transport).ambiguous(),
    // The client left a transaction open: no idle connection.
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
    // Of one statement: a timeout, or somebody cancelled it. The session goes on.
    unexplained(state("57014"), "query_canceled").ambiguous(),
    // A shutdown, `pg_terminate_backend`, and a server whose main process crashed.
    ended(state("57P01"), "admin_shutdown", Cause::Kicked).ambiguous(),
    // Another session's process crashed, and took all of them along.
    ended(state("57P02"), "crash_shutdown", Cause::Crash),
    // It starts, shuts down or recovers.
    ended(state("57P03"), "cannot_connect_now", Cause::Restart).ambiguous(),
    ended(state("57P04"), "database_dropped", Cause::Kicked),
    // The server throws out a client that keeps its session; a pool would rather keep it.
    ended(state("57P05"), "idle_session_timeout", Cause::IdleTimeout),
]);

/// What the table is sorted by.
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
