//! The cases of the matrix, their comparison with the truth, and the tables.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::{fmt, fs, io};

use disconnect_core::{Category, Disconnect};

use crate::truth::{self, Row, Rows};

/// The name of a case within its protocol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    /// The fault that was injected.
    pub(crate) injected: String,
    /// The role that logged the end: `client`, `server`, `agent`.
    pub(crate) seen_by: String,
    /// Whether the endpoint declares `fin_is_goodbye`.
    pub(crate) fin: bool,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fin = if self.fin { " [fin]" } else { "" };
        write!(f, "{:<58} by {:<7}{fin}", self.injected, self.seen_by)
    }
}

/// One end of one connection under one fault.
#[derive(Debug)]
pub(crate) struct Case {
    protocol: &'static str,
    key: Key,
    end: Disconnect,
    /// What this side received, before classification.
    observed: Option<String>,
}

impl Case {
    pub(crate) fn new(protocol: &'static str, injected: impl Into<String>, seen_by: &str, end: Disconnect) -> Self {
        let key = Key { injected: injected.into(), seen_by: seen_by.to_owned(), fin: false };
        Self { protocol, key, end, observed: None }
    }

    /// Marks an endpoint that declares `fin_is_goodbye`.
    #[must_use]
    pub(crate) fn fin(mut self) -> Self {
        self.key.fin = true;
        self
    }

    /// Sets what this side received: the `Debug` text of an error, or events such as `read 0`. An undecidable case must
    /// have the same observation as the case that it is like.
    #[must_use]
    pub(crate) fn observed(mut self, what: impl Into<String>) -> Self {
        self.observed = Some(what.into());
        self
    }
}

/// All cases so far, with the truth of each.
#[derive(Default)]
pub(crate) struct Matrix {
    cases: Vec<Case>,
    truth: BTreeMap<&'static str, Rows>,
}

/// The required shares of correct ends among decidable cases: of all, and of each protocol.
const BOTH_RIGHT: (f64, f64) = (0.95, 0.90);
/// The maximum share of undecidable cases.
const UNDECIDABLE: f64 = 0.08;

/// What stands before the tables in `RESULTS.md`.
const INTRODUCTION: &str = "\
# The fault matrix

Made by `cargo run -p disconnect-matrix --all-features -- --write`.

Real peers on loopback, injected faults, and whether the end is attributed correctly. Each case is one fault as one of the two sides
sees it. A [recipe for each library](src/recipes) serves the connection. The [truth files](truth) say what was done, and what
each side can know of it.

- \"Right\" is the reason and the side.
- \"False-expected\" is a fault that is reported as normal. It is the worst error, and none is allowed.
- A case is not decidable where another fault, with another truth, gives this side exactly the same observations. These are
";

impl Matrix {
    /// Reads the truth of a protocol, before all of its cases are added.
    pub(crate) fn expect(&mut self, protocol: &'static str) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.truth.insert(protocol, truth::rows(protocol)?);
        Ok(())
    }

    pub(crate) fn add(&mut self, case: Case) {
        self.cases.push(case);
    }

    /// The last case that was added.
    pub(crate) fn latest(&self) -> &str {
        self.cases.last().map_or("nothing", |case| &case.key.injected)
    }

    /// Prints one line per case.
    pub(crate) fn print_cases(&self) {
        self.judged().for_each(|judged| println!("{judged}"));
    }

    /// Prints the cases that are not correct.
    pub(crate) fn print_wrong(&self) {
        self.judged().filter(Judged::wrong).for_each(|judged| println!("wrong: {judged}"));
    }

    /// Prints errors in the matrix itself.
    pub(crate) fn print_problems(&self) {
        self.problems().iter().for_each(|problem| println!("problem: {problem}"));
    }

    /// A row a protocol, and the sum; then the same for the endpoints that declare `fin_is_goodbye`.
    pub(crate) fn tables(&self) -> String {
        let table = |(title, fin): (&str, bool)| {
            let rows = self.tallies(fin).into_iter().map(|(protocol, tally)| format!("| {protocol} | {tally} |\n"));
            let (rows, total): (String, _) = (rows.collect(), self.total(fin));
            format!(
                "\n| {title} | cases | decidable | right (reason and side) | false-expected |\n\
                 |---|---|---|---|---|\n{rows}| **all** | {total} |\n"
            )
        };
        [("protocol", false), ("protocol, `fin_is_goodbye`", true)].map(table).concat()
    }

    /// Writes the tables into `RESULTS.md`.
    pub(crate) fn write(&self) -> io::Result<()> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("RESULTS.md");
        let undecidable = 100.0 * self.total(false).share_undecidable();
        fs::write(path, format!("{INTRODUCTION}{undecidable:.1} % of the first table.\n{}", self.tables()))
    }

    /// Whether the results reach the limits. The limit of undecidable cases applies only to a whole run.
    pub(crate) fn holds(&self, is_whole: bool) -> bool {
        let (plain, fin) = (self.total(false), self.total(true));
        self.problems().is_empty()
            && plain.false_expected + fin.false_expected == 0
            && plain.share_right() >= BOTH_RIGHT.0
            && fin.share_right() >= BOTH_RIGHT.0
            && (!is_whole || plain.share_undecidable() <= UNDECIDABLE)
            && self.tallies(false).values().all(|tally| tally.share_right() >= BOTH_RIGHT.1)
    }

    fn judged(&self) -> impl Iterator<Item = Judged<'_>> {
        self.cases.iter().filter_map(|case| Some(Judged { case, row: self.truth.get(case.protocol)?.get(&case.key)? }))
    }

    fn tallies(&self, fin: bool) -> BTreeMap<&'static str, Tally> {
        let mut tallies = BTreeMap::<_, Tally>::new();
        for judged in self.judged().filter(|judged| judged.case.key.fin == fin) {
            tallies.entry(judged.case.protocol).or_default().add(&judged);
        }
        tallies
    }

    fn total(&self, fin: bool) -> Tally {
        let mut total = Tally::default();
        self.judged().filter(|judged| judged.case.key.fin == fin).for_each(|judged| total.add(&judged));
        total
    }

    /// Cases without a row, rows without a case, and wrong `like` entries.
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut done = BTreeSet::new();
        for case in &self.cases {
            let Case { protocol, key, .. } = case;
            if !done.insert((*protocol, key)) {
                problems.push(format!("{protocol}: two cases: {key}"));
            }
            match self.truth.get(protocol).and_then(|rows| rows.get(key)) {
                None => problems.push(format!("{protocol}: a case without a row: {key}")),
                Some(row) => problems.extend(row.like.as_ref().and_then(|like| self.differs(case, like))),
            }
        }
        for (protocol, rows) in &self.truth {
            let missing = rows.keys().filter(|key| !done.contains(&(*protocol, *key)));
            problems.extend(missing.map(|key| format!("{protocol}: a row without a case: {key}")));
        }
        problems
    }

    /// How an undecidable case differs from the case that it is said to be like.
    fn differs(&self, case: &Case, like: &str) -> Option<String> {
        let is_other = |other: &&Case| {
            other.protocol == case.protocol && other.key.injected == like && other.key.seen_by == case.key.seen_by
        };
        // Prefers a case of the same table.
        let other = self.cases.iter().filter(is_other).max_by_key(|other| other.key.fin == case.key.fin);
        match (&case.observed, other.map(|other| &other.observed)) {
            (Some(one), Some(Some(other))) if one == other => None,
            (one, other) => {
                let Case { protocol, key, .. } = case;
                Some(format!("{protocol}: not like `{like}`: {key}: observed {one:?}, the other {other:?}"))
            }
        }
    }
}

/// A case and its truth.
struct Judged<'a> {
    case: &'a Case,
    row: &'a Row,
}

impl Judged<'_> {
    fn decidable(&self) -> bool {
        self.row.like.is_none()
    }

    fn right(&self) -> bool {
        self.row.reason_right(&self.case.end) && self.row.side_right(&self.case.end)
    }

    /// Whether a fault is reported as normal, the worst error. An undecidable case must not be reported as normal
    /// either, unless the user declares that a FIN is a goodbye.
    fn false_expected(&self) -> bool {
        let may_be_expected = if self.decidable() { self.row.reason.expected() } else { self.case.key.fin };
        self.case.end.expected() && !may_be_expected
    }

    fn wrong(&self) -> bool {
        self.false_expected() || (self.decidable() && !self.right())
    }
}

impl fmt::Display for Judged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { case, row } = self;
        let said = (
            case.end.reason().as_str(),
            case.end.initiator().map_or("-", Category::as_str),
            case.end.cause().map_or("-", Category::as_str),
        );
        write!(f, "{:<10} {} truth {}/{}", case.protocol, case.key, row.reason, row.initiator)?;
        write!(f, ", said {}/{} ({})", said.0, said.1, said.2)?;
        match &row.like {
            Some(like) => write!(f, " [undecidable: like `{like}`]"),
            None => Ok(()),
        }
    }
}

#[derive(Default)]
struct Tally {
    cases: usize,
    decidable: usize,
    right: usize,
    false_expected: usize,
}

impl Tally {
    fn add(&mut self, judged: &Judged<'_>) {
        self.cases += 1;
        self.false_expected += usize::from(judged.false_expected());
        self.decidable += usize::from(judged.decidable());
        self.right += usize::from(judged.decidable() && judged.right());
    }

    fn share_right(&self) -> f64 {
        share(self.right, self.decidable)
    }

    fn share_undecidable(&self) -> f64 {
        1.0 - share(self.decidable, self.cases)
    }
}

#[allow(clippy::cast_precision_loss, reason = "some thousand cases")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = 100.0 * self.share_right();
        write!(f, "{} | {} | {percent:.1} % ({}) | {}", self.cases, self.decidable, self.right, self.false_expected)
    }
}
