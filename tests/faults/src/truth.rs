//! What really happened in each case, from `truth/<protocol>.csv`.
//!
//! The author of a row judges by the RFC, by the documentation of the library, or by what was done to the process. The
//! answers of the library under test do not count.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;

use disconnect_core::{Disconnect, DisconnectInitiator, DisconnectReason};

use crate::matrix::Key;

/// The rows of one protocol.
pub(crate) type Rows = BTreeMap<Key, Row>;

/// The best attribution that is possible with every fact observable on this side.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) reason: DisconnectReason,
    pub(crate) initiator: DisconnectInitiator,
    /// Another case with the same observations, if nothing on this side distinguishes the two.
    pub(crate) like: Option<String>,
}

impl Row {
    pub(crate) fn reason_right(&self, end: &Disconnect) -> bool {
        end.reason_as() == Some(self.reason)
    }

    pub(crate) fn side_right(&self, end: &Disconnect) -> bool {
        end.initiator_as() == Some(self.initiator)
    }
}

const HEADER: [&str; 9] =
    ["injected", "seen_by", "opt_in", "reason", "initiator", "like", "done", "observable", "source"];

/// Reads the rows of one protocol.
pub(crate) fn rows(protocol: &str) -> Result<Rows, Box<dyn Error + Send + Sync>> {
    let path = format!("{}/truth/{protocol}.csv", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    if *reader.headers()? != HEADER[..] {
        return Err(format!("{path}: the header is not `{}`", HEADER.join(",")).into());
    }
    let mut rows = Rows::new();
    for record in reader.records() {
        let record = record?;
        let (key, row) = row(&record).map_err(|why| format!("{path}: {why} in {record:?}"))?;
        if rows.insert(key, row).is_some() {
            return Err(format!("{path}: two rows for {record:?}").into());
        }
    }
    Ok(rows)
}

fn row(record: &csv::StringRecord) -> Result<(Key, Row), &'static str> {
    let fields: Vec<&str> = record.iter().collect();
    let [injected, seen_by, opt_in, reason, initiator, like, done, observable, source] = fields[..] else {
        return Err("a wrong number of fields");
    };
    if [done, observable, source].iter().any(|field| field.is_empty()) {
        return Err("a reader cannot check a row without `done`, `observable` and `source`");
    }
    let fin = match opt_in {
        "" => false,
        "fin" => true,
        _ => return Err("an unknown `opt_in`"),
    };
    let initiator = if initiator == "unknown" { "" } else { initiator };
    let row = Row {
        reason: DisconnectReason::parse(reason).ok_or("an unknown `reason`")?,
        initiator: DisconnectInitiator::parse(initiator).ok_or("an unknown `initiator`")?,
        like: (!like.is_empty()).then(|| like.to_owned()),
    };
    Ok((Key { injected: injected.to_owned(), seen_by: seen_by.to_owned(), fin }, row))
}
