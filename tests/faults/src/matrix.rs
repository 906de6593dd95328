//! What was injected, what came out, and how often that was right.

use std::collections::BTreeMap;
use std::fmt;

use disconnect_core::{Category, Disconnect, DisconnectInitiator, DisconnectReason};

/// What really happened, as whoever injected it knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Truth {
    pub(crate) reason: DisconnectReason,
    pub(crate) initiator: DisconnectInitiator,
}

/// Shorthand for a [`Truth`].
pub(crate) const fn truth(reason: DisconnectReason, initiator: DisconnectInitiator) -> Truth {
    Truth { reason, initiator }
}

/// One end of one connection that was ended in one way.
#[derive(Debug)]
pub(crate) struct Case {
    protocol: &'static str,
    /// What was done to the connection.
    injected: String,
    /// Who looked: `client`, `server`, `agent`.
    seen_by: &'static str,
    truth: Truth,
    end: Disconnect,
    /// Why nobody could tell from what is there; such an end must come out unexpected.
    undecidable: Option<&'static str>,
}

impl Case {
    fn reason_right(&self) -> bool {
        self.end.reason_as() == Some(self.truth.reason)
    }

    fn side_right(&self) -> bool {
        self.end.initiator_as() == Some(self.truth.initiator)
    }

    /// The one error that must not happen: a fault that is reported as normal.
    fn false_expected(&self) -> bool {
        let ambiguous = self.undecidable.is_some();
        self.end.expected() && (ambiguous || !self.truth.reason.expected())
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Truth { reason, initiator } = self.truth;
        let was = (
            self.end.reason().as_str(),
            self.end.initiator().map_or("-", Category::as_str),
            self.end.cause().map_or("-", Category::as_str),
        );
        write!(f, "{:<10} {:<58} by {:<7}", self.protocol, self.injected, self.seen_by)?;
        write!(f, " truth {reason}/{initiator}, said {}/{} ({})", was.0, was.1, was.2)?;
        match self.undecidable {
            Some(why) => write!(f, " [undecidable: {why}]"),
            None => Ok(()),
        }
    }
}

/// All cases so far.
#[derive(Default)]
pub(crate) struct Matrix {
    cases: Vec<Case>,
}

/// What of the decidable cases has to be right: of all, and of each protocol.
const BOTH_RIGHT: (f64, f64) = (0.95, 0.90);
/// How many cases there have to be.
const AT_LEAST: usize = 150;

impl Matrix {
    /// A case whose truth can be told from what is there.
    pub(crate) fn decidable(
        &mut self,
        protocol: &'static str,
        injected: impl Into<String>,
        seen_by: &'static str,
        truth: Truth,
        end: Disconnect,
    ) {
        self.cases.push(Case { protocol, injected: injected.into(), seen_by, truth, end, undecidable: None });
    }

    /// A case that nothing on this side could tell from another one.
    pub(crate) fn undecidable(
        &mut self,
        protocol: &'static str,
        injected: impl Into<String>,
        seen_by: &'static str,
        truth: Truth,
        end: Disconnect,
        why: &'static str,
    ) {
        self.cases.push(Case { protocol, injected: injected.into(), seen_by, truth, end, undecidable: Some(why) });
    }

    /// The case that was done last.
    pub(crate) fn latest(&self) -> &str {
        self.cases.last().map_or("nothing", |case| &case.injected)
    }

    /// Every case on a line.
    pub(crate) fn print_cases(&self) {
        for case in &self.cases {
            println!("{case}");
        }
    }

    /// The cases that are not right.
    pub(crate) fn print_wrong(&self) {
        let wrong = |case: &&Case| {
            case.false_expected() || (case.undecidable.is_none() && !(case.reason_right() && case.side_right()))
        };
        for case in self.cases.iter().filter(wrong) {
            println!("wrong: {case}");
        }
    }

    /// A row a protocol, and the sum.
    pub(crate) fn print_table(&self) {
        println!("| protocol | cases | decidable | reason right | side right | both | false-expected |");
        println!("|---|---|---|---|---|---|---|");
        for (protocol, tally) in self.tallies() {
            println!("| {protocol} | {tally} |");
        }
        println!("| **all** | {} |", self.total());
    }

    /// Whether the matrix holds what the library promises; `whole` is whether every protocol was run.
    pub(crate) fn holds(&self, whole: bool) -> bool {
        let total = self.total();
        (!whole || total.cases >= AT_LEAST)
            && total.false_expected == 0
            && total.both_share() >= BOTH_RIGHT.0
            && self.tallies().values().all(|tally| tally.both_share() >= BOTH_RIGHT.1)
    }

    fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        let mut tallies = BTreeMap::<_, Tally>::new();
        for case in &self.cases {
            tallies.entry(case.protocol).or_default().add(case);
        }
        tallies
    }

    fn total(&self) -> Tally {
        let mut total = Tally::default();
        self.cases.iter().for_each(|case| total.add(case));
        total
    }
}

#[derive(Default)]
struct Tally {
    cases: usize,
    decidable: usize,
    reason: usize,
    side: usize,
    both: usize,
    false_expected: usize,
}

impl Tally {
    fn add(&mut self, case: &Case) {
        self.cases += 1;
        self.false_expected += usize::from(case.false_expected());
        if case.undecidable.is_none() {
            self.decidable += 1;
            self.reason += usize::from(case.reason_right());
            self.side += usize::from(case.side_right());
            self.both += usize::from(case.reason_right() && case.side_right());
        }
    }

    fn both_share(&self) -> f64 {
        share(self.both, self.decidable)
    }
}

#[allow(clippy::cast_precision_loss, reason = "a few hundred cases")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |part| format!("{:.0} %", 100.0 * share(part, self.decidable));
        write!(f, "{} | {} | {} | {} | ", self.cases, self.decidable, percent(self.reason), percent(self.side))?;
        write!(f, "{} | {}", percent(self.both), self.false_expected)
    }
}
