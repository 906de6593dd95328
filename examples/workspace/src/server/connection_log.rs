//! The connection log in `SQLite`: one row for each connection, with a reason that is never empty.

use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use disconnect_core::{Category, Disconnect};
use rusqlite::{Connection, params};
use tracing::error;

/// All connections of this server, also those of earlier runs.
pub(super) struct ConnectionLog {
    database: Mutex<Connection>,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS connections (
        id INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        workspace TEXT NOT NULL,
        client_session_id TEXT,
        connected_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
        disconnected_at TEXT,
        disconnect_reason TEXT NOT NULL DEFAULT 'unknown' CHECK (disconnect_reason <> ''),
        disconnect_expected INTEGER NOT NULL DEFAULT 0,
        disconnect_initiator TEXT,
        disconnect_cause TEXT,
        disconnect_code TEXT
    )";

/// A killed server could not record the end of its connections.
const END_OF_EARLIER_RUNS: &str = "
    UPDATE connections SET disconnected_at = strftime('%Y-%m-%dT%H:%M:%fZ'), disconnect_cause = 'dropped'
    WHERE disconnected_at IS NULL";

impl ConnectionLog {
    /// Opens the log in a file, or in memory.
    ///
    /// # Errors
    ///
    /// The file cannot be used, or is not a connection log.
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Box<dyn Error>> {
        let opened = path.map_or_else(Connection::open_in_memory, Connection::open).and_then(|database| {
            database.pragma_update(None, "journal_mode", "wal")?;
            database.pragma_update(None, "synchronous", "normal")?;
            database.execute_batch(SCHEMA)?;
            database.execute(END_OF_EARLIER_RUNS, [])?;
            Ok(database)
        });
        match opened {
            Ok(database) => Ok(Self { database: Mutex::new(database) }),
            Err(error) => {
                let place = path.unwrap_or(Path::new(":memory:")).display();
                Err(format!("cannot use the connection log {place}: {error}").into())
            }
        }
    }

    /// Adds a connection that is up. Until it has ended, its reason is `unknown`.
    pub(super) fn begin(self: &Arc<Self>, kind: &str, workspace: &str, client_session_id: Option<&str>) -> Entry {
        let insert = "INSERT INTO connections (kind, workspace, client_session_id) VALUES (?1, ?2, ?3)";
        let id = self.write(|database| {
            database.execute(insert, params![kind, workspace, client_session_id])?;
            Ok(database.last_insert_rowid())
        });
        Entry { log: self.clone(), id }
    }

    /// A write error of the log must not end a connection.
    fn write<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        let written = work(&self.database.lock().unwrap_or_else(PoisonError::into_inner));
        written.inspect_err(|error| error!(%error, "cannot write the connection log")).ok()
    }
}

/// The row of a connection that is up.
pub(super) struct Entry {
    log: Arc<ConnectionLog>,
    id: Option<i64>,
}

impl Entry {
    /// Records the end of the connection.
    pub(super) fn end(&self, end: &Disconnect) {
        let update = "
            UPDATE connections SET
                disconnected_at = strftime('%Y-%m-%dT%H:%M:%fZ'), disconnect_reason = ?2, disconnect_expected = ?3,
                disconnect_initiator = ?4, disconnect_cause = ?5, disconnect_code = ?6
            WHERE id = ?1";
        let Some(id) = self.id else { return };
        let code = end.code().map(|code| code.to_string());
        self.log.write(|database| {
            let row = params![
                id,
                end.reason().as_str(),
                end.expected(),
                end.initiator().map(Category::as_str),
                end.cause().map(Category::as_str),
                code
            ];
            database.execute(update, row)
        });
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use disconnect_core::Endpoint;

    use super::*;

    #[test]
    fn a_reason_is_never_empty() {
        let log = Arc::new(ConnectionLog::open(None).unwrap());
        let reason = |id: Option<i64>| {
            let select = "SELECT disconnect_reason FROM connections WHERE id = ?1";
            log.write(|database| database.query_row(select, [id], |row| row.get::<_, String>(0))).unwrap()
        };
        let entry = log.begin("agent", "dev", None);
        assert_eq!(reason(entry.id), "unknown");
        entry.end(&Endpoint::SERVER_FACING_AGENT.eof());
        assert_eq!(reason(entry.id), "network_error");
        let emptied = "UPDATE connections SET disconnect_reason = ''";
        assert!(log.write(|database| database.execute(emptied, [])).is_none(), "the table refuses it");
    }
}
