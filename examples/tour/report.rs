//! The cases of the tour, their expected lines, and the comparison with the logged lines.

use std::fmt;
use std::io::{self, Write};

use tracing::Level;

use crate::watch::{Line, Seen};

/// An expected end.
pub(crate) fn normal(reason: &'static str, initiator: &'static str, direction: &'static str) -> Line<'static> {
    Line { reason, expected: Some(true), initiator, direction, cause: "", code: "", level: Level::INFO }
}

/// An unexpected end.
pub(crate) fn fault(reason: &'static str, initiator: &'static str, direction: &'static str) -> Line<'static> {
    Line { expected: Some(false), level: Level::WARN, ..normal(reason, initiator, direction) }
}

impl Line<'static> {
    /// Sets the cause.
    pub(crate) fn cause(self, cause: &'static str) -> Self {
        Self { cause, ..self }
    }

    /// Sets the protocol code.
    pub(crate) fn code(self, code: &'static str) -> Self {
        Self { code, ..self }
    }

    /// Sets the level `WARN`, for an expected end that did not complete cleanly.
    pub(crate) fn warns(self) -> Self {
        Self { level: Level::WARN, ..self }
    }
}

/// The connections of the tour, in the order in which they start.
#[derive(Default)]
pub(crate) struct Tour {
    cases: Vec<Case>,
}

struct Case {
    what: &'static str,
    wanted: Option<Line<'static>>,
}

impl Tour {
    /// Adds a connection and its expected line. Returns the id to log it with.
    pub(crate) fn case(&mut self, what: &'static str, wanted: Line<'static>) -> u64 {
        self.add(Case { what, wanted: Some(wanted) })
    }

    /// Adds a connection that does not come up and therefore has no line.
    pub(crate) fn no_case(&mut self, what: &'static str) -> u64 {
        self.add(Case { what, wanted: None })
    }

    fn add(&mut self, case: Case) -> u64 {
        self.cases.push(case);
        self.cases.len() as u64
    }

    /// A description of the case that started last.
    pub(crate) fn latest(&self) -> &'static str {
        self.cases.last().map_or("nothing yet", |case| case.what)
    }

    /// Compares the logged events with the expected lines.
    pub(crate) fn report(self, events: Vec<Seen>) -> Report {
        let mut rows: Vec<Row> = self.cases.into_iter().map(|case| Row { case, seen: Vec::new() }).collect();
        let mut strays = Vec::new();
        for event in events {
            let row = event.connection().and_then(|id| rows.get_mut(usize::try_from(id).ok()?.checked_sub(1)?));
            row.map_or(&mut strays, |row| &mut row.seen).push(event);
        }
        Report { rows, strays }
    }
}

/// The result: a table of all connections, then all errors.
pub(crate) struct Report {
    rows: Vec<Row>,
    strays: Vec<Seen>,
}

struct Row {
    case: Case,
    seen: Vec<Seen>,
}

impl Row {
    fn is_right(&self) -> bool {
        match (self.case.wanted, self.seen.as_slice()) {
            (Some(wanted), [seen]) => seen.line() == wanted,
            (None, []) => true,
            _ => false,
        }
    }
}

impl Report {
    /// Whether every connection has exactly its line, and there is no other line.
    pub(crate) fn is_right(&self) -> bool {
        self.strays.is_empty() && self.rows.iter().all(Row::is_right)
    }

    /// Writes the table and the summary.
    ///
    /// # Errors
    ///
    /// Fails if the output is closed.
    pub(crate) fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let width = self.rows.iter().map(|row| row.case.what.len()).max().unwrap_or_default();
        let header = Columns("reason", "initiator", "expected", "cause");
        writeln!(out, "\n{:5} {:width$}  {header}", "", "what was done")?;
        for row in &self.rows {
            let (mark, what) = (if row.is_right() { "ok" } else { "WRONG" }, row.case.what);
            if row.seen.is_empty() {
                writeln!(out, "{mark:5} {what:width$}  no line")?;
            }
            for line in row.seen.iter().map(Seen::line) {
                let columns = Columns(line.reason, line.initiator, yes_or_no(line.expected), line.cause);
                writeln!(out, "{mark:5} {what:width$}  {columns}")?;
            }
        }
        self.write_summary(out)
    }

    fn write_summary(&self, out: &mut impl Write) -> io::Result<()> {
        let wrong: Vec<_> = self.rows.iter().filter(|row| !row.is_right()).collect();
        for row in &wrong {
            writeln!(out, "\nwrong: {}", row.case.what)?;
            match row.case.wanted {
                Some(wanted) => writeln!(out, "  wanted one {wanted:?}")?,
                None => writeln!(out, "  wanted no line")?,
            }
            for seen in &row.seen {
                writeln!(out, "  got {:?}", seen.line())?;
            }
        }
        for stray in &self.strays {
            writeln!(out, "\nwrong: a line that belongs to no connection of this tour: {stray:?}")?;
        }
        let right = self.rows.len() - wrong.len();
        writeln!(out, "\n{right} of {} connections have the expected line", self.rows.len())
    }
}

fn yes_or_no(expected: Option<bool>) -> &'static str {
    match expected {
        Some(true) => "yes",
        Some(false) => "no",
        None => "missing",
    }
}

/// The right-hand columns of the table.
struct Columns<'a>(&'a str, &'a str, &'a str, &'a str);

impl fmt::Display for Columns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(reason, initiator, expected, cause) = self;
        let columns = format!("{reason:15}  {initiator:9}  {expected:8}  {cause}");
        f.write_str(columns.trim_end())
    }
}
