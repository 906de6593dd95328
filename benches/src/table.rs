//! A table in Markdown. Each row is one piece of work, with its number, the numbers of its peers, and limits.

use std::fmt;

/// Rows in insertion order.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

/// One row of the table.
pub struct Row {
    work: String,
    unit: Unit,
    /// `None` for a heading.
    figure: Option<f64>,
    peers: Vec<(&'static str, f64)>,
    claims: Vec<Claim>,
}

/// The unit of a number.
#[derive(Clone, Copy)]
pub enum Unit {
    /// User and system time of a command and its children.
    CpuSeconds,
    /// Counted by valgrind.
    Instructions,
    /// Wall-clock time.
    Nanoseconds,
    /// Counted by memcheck.
    Allocations,
    /// Size in memory.
    Bytes,
}

/// The goal of a number or a ratio, and the limit that `--check` enforces.
#[derive(Clone, Copy, Default)]
pub struct Limits {
    wanted: Option<f64>,
    held: Option<f64>,
}

impl Limits {
    /// No goal and no limit.
    pub const NONE: Self = Self { wanted: None, held: None };

    /// A goal that is also the limit.
    pub const fn of(limit: f64) -> Self {
        Self { wanted: Some(limit), held: Some(limit) }
    }

    /// A goal with a weaker limit, for a number that varies or that misses its goal.
    pub const fn wanted(wanted: f64, held: f64) -> Self {
        Self { wanted: Some(wanted), held: Some(held) }
    }

    /// A goal without a limit, for a number that is too noisy.
    pub const fn only_wanted(wanted: f64) -> Self {
        Self { wanted: Some(wanted), held: None }
    }

    /// A limit without a goal.
    pub const fn held(held: f64) -> Self {
        Self { wanted: None, held: Some(held) }
    }
}

/// A number or a ratio of two, with its limits.
struct Claim {
    value: f64,
    /// The text after the number: `x strum`, or empty for the number itself.
    of: String,
    is_ratio: bool,
    /// Whether smaller is better.
    small: bool,
    limits: Limits,
}

impl Table {
    /// Adds a heading for the rows below it.
    pub fn heading(&mut self, work: &str) {
        self.push(format!("**{work}**"), Unit::Bytes, None);
    }

    /// Adds a row with its number.
    pub fn row(&mut self, work: &str, unit: Unit, figure: f64) -> &mut Row {
        self.push(work.to_owned(), unit, Some(figure))
    }

    fn push(&mut self, work: String, unit: Unit, figure: Option<f64>) -> &mut Row {
        self.rows.push(Row { work, unit, figure, peers: Vec::new(), claims: Vec::new() });
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }

    /// The table without the spaces that align its columns in a terminal.
    pub fn compact(&self) -> String {
        let lines = self.lines();
        let head = lines.first().map_or(0, |cells| cells.len());
        let rows = lines.iter().map(|cells| format!("| {} |\n", cells.join(" | ")));
        let mut rows: Vec<String> = rows.collect();
        rows.insert(1, format!("|{}\n", "---|".repeat(head)));
        rows.concat()
    }

    /// The cells of the head and of each row.
    fn lines(&self) -> Vec<[String; 6]> {
        let head = ["work", "figure", "beside", "ratio", "wanted", "`--check`, where other"].map(str::to_owned);
        std::iter::once(head).chain(self.rows.iter().map(Row::cells)).collect()
    }

    /// What does not hold, one line each.
    pub fn broken(&self) -> Vec<String> {
        let claims = self.rows.iter().flat_map(|row| row.claims.iter().map(move |claim| (row, claim)));
        let broken = claims.filter_map(|(row, claim)| Some((row, claim, claim.limits.held?)));
        broken
            .filter(|(_, claim, held)| !claim.keeps(*held))
            .map(|(row, claim, held)| {
                format!("{}: {} is not {}", row.work, claim.number(claim.value, row.unit), claim.limit(held, row.unit))
            })
            .collect()
    }
}

impl Row {
    /// Adds the number of a peer for the same work.
    pub fn beside(&mut self, peer: &'static str, figure: f64) -> &mut Self {
        self.peers.push((peer, figure));
        self
    }

    /// Limits the number itself.
    pub fn at_most(&mut self, limits: Limits) -> &mut Self {
        let value = self.figure.unwrap_or_default();
        self.claim(Claim { value, of: String::new(), is_ratio: false, small: true, limits })
    }

    /// Limits the number to a multiple of the peer's.
    pub fn at_most_times(&mut self, peer: &'static str, limits: Limits) -> &mut Self {
        let value = self.figure.unwrap_or_default() / self.peer(peer);
        self.factor(value, peer, limits)
    }

    /// Requires the peer's number to be a multiple of this one.
    pub fn times_less(&mut self, peer: &'static str, limits: Limits) -> &mut Self {
        let value = self.peer(peer) / self.figure.unwrap_or_default();
        self.claim(Claim { value, of: format!("x less than {peer}"), is_ratio: true, small: false, limits })
    }

    /// Adds a precomputed ratio and its limits.
    pub fn factor(&mut self, value: f64, of: &str, limits: Limits) -> &mut Self {
        self.claim(Claim { value, of: format!("x {of}"), is_ratio: true, small: true, limits })
    }

    fn claim(&mut self, claim: Claim) -> &mut Self {
        self.claims.push(claim);
        self
    }

    fn peer(&self, name: &str) -> f64 {
        self.peers.iter().find(|(peer, _)| *peer == name).map_or(f64::NAN, |(_, figure)| *figure)
    }

    fn cells(&self) -> [String; 6] {
        let Some(figure) = self.figure else {
            return [self.work.clone(), String::new(), String::new(), String::new(), String::new(), String::new()];
        };
        let unit = self.unit;
        let peers = self.peers.iter().map(|(peer, figure)| format!("{peer} {}", unit.number(*figure)));
        let ratios = self.claims.iter().filter(|claim| claim.is_ratio).map(|claim| claim.number(claim.value, unit));
        let wanted = self.claims.iter().filter_map(|claim| {
            let wanted = claim.limits.wanted?;
            let verdict = if claim.keeps(wanted) { "" } else { " (missed)" };
            Some(claim.limit(wanted, unit) + verdict)
        });
        let held = self.claims.iter().filter(|claim| claim.limits.held != claim.limits.wanted);
        let held = held.filter_map(|claim| Some(claim.limit(claim.limits.held?, unit)));
        [
            self.work.clone(),
            format!("{} {}", unit.number(figure), unit.name()),
            join(peers),
            join(ratios),
            join(wanted),
            join(held),
        ]
    }
}

impl Claim {
    fn keeps(&self, limit: f64) -> bool {
        if self.small { self.value <= limit } else { self.value >= limit }
    }

    fn number(&self, value: f64, unit: Unit) -> String {
        if !self.is_ratio {
            unit.number(value)
        } else if value < 10.0 {
            format!("{value:.2}{}", self.of)
        } else {
            format!("{value:.0}{}", self.of)
        }
    }

    fn limit(&self, limit: f64, unit: Unit) -> String {
        let sign = if self.small { "≤" } else { "≥" };
        format!("{sign} {}", self.number(limit, unit))
    }
}

impl Unit {
    fn name(self) -> &'static str {
        match self {
            Self::CpuSeconds => "s",
            Self::Instructions => "instr",
            Self::Nanoseconds => "ns",
            Self::Allocations => "allocs",
            Self::Bytes => "bytes",
        }
    }

    fn number(self, value: f64) -> String {
        match self {
            Self::CpuSeconds => format!("{value:.3}"),
            Self::Nanoseconds => format!("{value:.1}"),
            Self::Instructions if value >= 1e9 => format!("{:.2} G", value / 1e9),
            // A mean over names of different lengths.
            Self::Instructions if value < 100.0 && (value - value.round()).abs() > 0.05 => format!("{value:.1}"),
            Self::Instructions | Self::Allocations | Self::Bytes => format!("{value:.0}"),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.lines();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let widths: [usize; 6] = std::array::from_fn(width);
        for (i, row) in rows.iter().enumerate() {
            for (cell, width) in row.iter().zip(widths) {
                write!(f, "| {cell:width$} ")?;
            }
            writeln!(f, "|")?;
            if i == 0 {
                writeln!(f, "|{}|", widths.map(|width| "-".repeat(width + 2)).join("|"))?;
            }
        }
        Ok(())
    }
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
