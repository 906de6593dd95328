//! One table, as Markdown: each row is one piece of work, its figure beside those of its peers, and what they are held
//! to.

use std::fmt;

/// Rows in the order in which they were added.
#[derive(Default)]
pub struct Table {
    rows: Vec<Row>,
}

/// One line of the table.
pub struct Row {
    work: String,
    unit: Unit,
    /// A heading has none.
    figure: Option<f64>,
    peers: Vec<(&'static str, f64)>,
    claims: Vec<Claim>,
}

/// What a figure counts.
#[derive(Clone, Copy)]
pub enum Unit {
    /// User and system, of a command and its children.
    CpuSeconds,
    /// As counted by callgrind.
    Instructions,
    /// Of wall-clock time.
    Nanoseconds,
    /// As counted by memcheck.
    Allocations,
    /// Of memory.
    Bytes,
}

/// What is wanted of a figure or a ratio, and what `--check` fails on.
#[derive(Clone, Copy, Default)]
pub struct Limits {
    wanted: Option<f64>,
    held: Option<f64>,
}

impl Limits {
    /// Only shown.
    pub const NONE: Self = Self { wanted: None, held: None };

    /// Wanted, and held.
    pub const fn of(limit: f64) -> Self {
        Self { wanted: Some(limit), held: Some(limit) }
    }

    /// Wanted; what is held is looser, for what varies, or where the wanted is missed.
    pub const fn wanted(wanted: f64, held: f64) -> Self {
        Self { wanted: Some(wanted), held: Some(held) }
    }

    /// Wanted, and too noisy to fail on.
    pub const fn only_wanted(wanted: f64) -> Self {
        Self { wanted: Some(wanted), held: None }
    }

    /// Nothing is wanted, but it may not get worse.
    pub const fn held(held: f64) -> Self {
        Self { wanted: None, held: Some(held) }
    }
}

/// A figure, or a ratio of two, and its limits.
struct Claim {
    value: f64,
    /// Behind the number: `x strum`, or nothing for the figure itself.
    of: String,
    is_ratio: bool,
    /// The value has to be as small as the limits, or as large.
    small: bool,
    limits: Limits,
}

impl Table {
    /// A line that says what the rows below it measure.
    pub fn heading(&mut self, work: &str) {
        self.push(format!("**{work}**"), Unit::Bytes, None);
    }

    /// A measured line.
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
    /// A peer's figure for the same work.
    pub fn beside(&mut self, peer: &'static str, figure: f64) -> &mut Self {
        self.peers.push((peer, figure));
        self
    }

    /// The figure itself is at most this.
    pub fn at_most(&mut self, limits: Limits) -> &mut Self {
        let value = self.figure.unwrap_or_default();
        self.claim(Claim { value, of: String::new(), is_ratio: false, small: true, limits })
    }

    /// The figure is at most this many times the peer's.
    pub fn at_most_times(&mut self, peer: &'static str, limits: Limits) -> &mut Self {
        let value = self.figure.unwrap_or_default() / self.peer(peer);
        self.factor(value, peer, limits)
    }

    /// The peer's figure is at least this many times this one.
    pub fn times_less(&mut self, peer: &'static str, limits: Limits) -> &mut Self {
        let value = self.peer(peer) / self.figure.unwrap_or_default();
        self.claim(Claim { value, of: format!("x less than {peer}"), is_ratio: true, small: false, limits })
    }

    /// A ratio that is known already, and is at most this.
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
            // A mean over names of several lengths.
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
