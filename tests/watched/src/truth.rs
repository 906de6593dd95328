//! What really happened in each case, written before the code: `truth.csv`. A row with a library precedes one without.

use disconnect_core::{Category, Disconnect};

use crate::case::Fault;
use crate::recipes::BoxError;

const ROWS: &str = include_str!("truth.csv");

/// The correct reason and initiator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Truth {
    reason: String,
    initiator: String,
}

impl Truth {
    pub(crate) fn of(dials: bool, library: &str, fault: Fault) -> Result<Self, BoxError> {
        let side = if dials { "client" } else { "server" };
        let row = |library: &str| {
            let fits = |row: &&str| row.split(',').take(3).eq([side, library, fault.name()]);
            ROWS.lines().find(fits)
        };
        let row =
            row(library).or_else(|| row("")).ok_or_else(|| format!("no truth for {library}: {}", fault.name()))?;
        let mut columns = row.split(',').skip(3).map(str::to_owned);
        match (columns.next(), columns.next()) {
            (Some(reason), Some(initiator)) => Ok(Self { reason, initiator }),
            (_, _) => Err(format!("no reason and initiator in `{row}`").into()),
        }
    }

    pub(crate) fn is_told_by(&self, end: &Disconnect) -> bool {
        end.reason().as_str() == self.reason && end.initiator().map(Category::as_str) == Some(&self.initiator)
    }

    /// Whether a healthy service may log this end.
    pub(crate) fn is_normal(&self) -> bool {
        matches!(&*self.reason, "client_closed" | "graceful" | "server_shutdown")
    }
}
