//! `Classifier::explain`: what a classifier found in an error, step by step, as text for people.

use std::error::Error;
use std::fmt;
use std::format;
use std::io;
use std::string::{String, ToString};
use std::vec::Vec;

use super::as_error::AsError;
use super::classifier::{By, Classifier, Outcome, Watch};
use super::lookalikes;
use super::reading::{Next, Reading};
use crate::category::{Category, Line};
use crate::verdict::{Ending, Rank, Side, Verdict};

/// What a [`Classifier`] found in an error. [`Classifier::explain`] returns it.
///
/// [`Display`](fmt::Display) prints the verdict, one line for each error, and hints about errors that no reader knows.
/// It prints the texts of the errors, cleaned and cut like a [`Detail`](crate::Detail). They may contain secrets.
#[derive(Clone, Debug)]
pub struct Explanation {
    verdict: Verdict,
    steps: Vec<Step>,
    /// The walk stopped at [`Classifier::MAX_DEPTH`].
    is_cut: bool,
    /// The items of `classifier!`, as they are written there.
    items: &'static [&'static str],
    has_readers: bool,
}

/// One error that the walk visited.
#[derive(Clone, Debug)]
pub struct Step {
    depth: usize,
    text: String,
    name: Option<String>,
    reader: Option<&'static str>,
    finding: Finding,
    has_next: bool,
    /// The adapter whose library this error seems to come from.
    lookalike: Option<&'static str>,
}

/// What the walk did with one error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// Its verdict is the result.
    Won(Verdict),
    /// It has a verdict, but another one is stronger, or as strong and deeper.
    Weaker(Verdict),
    /// It has a verdict that may be expected, but it lies inside a [failure](Reading::failure), so it is about another
    /// connection and does not count.
    InFailure(Verdict),
    /// It is known and has no verdict, such as an `io::Error` of the kind `Other` without a payload.
    Silent,
    /// It is a known wrapper without a verdict. The next step is the error inside.
    Wrapper,
    /// No reader knows it.
    Unread,
}

impl Classifier {
    /// Returns what this classifier finds in an error: each error that it visits, what it does not understand, and
    /// which verdict wins.
    ///
    /// Use it in development, or in a debug log that shows why an end reason is `unknown`. It takes the same walk as
    /// [`classify`](Self::classify), but it allocates.
    ///
    /// ```
    /// use std::io;
    /// use disconnect_core::Classifier;
    ///
    /// static CLASSIFIER: Classifier = Classifier::new();
    ///
    /// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    /// let explanation = CLASSIFIER.explain(&io::Error::new(io::ErrorKind::BrokenPipe, reset));
    /// assert_eq!(
    ///     explanation.to_string(),
    ///     "network_error by the network, cause reset, rank Transport\n\
    ///      1. \"connection reset\" [std::io::Error, BrokenPipe]: network_error by the network, cause broken_pipe, \
    ///      rank BrokenPipe; error 2 is stronger\n\
    ///      2. \"connection reset\" [std::io::Error, ConnectionReset]: network_error by the network, cause reset, \
    ///      rank Transport; wins"
    /// );
    /// assert_eq!(explanation.verdict(), CLASSIFIER.classify(&io::Error::from(io::ErrorKind::ConnectionReset)));
    /// ```
    ///
    /// If nothing is understood, the hints suggest what to add:
    ///
    /// ```
    /// use disconnect_core::classifier;
    ///
    /// let error = "x".parse::<u8>().unwrap_err();
    /// assert_eq!(
    ///     classifier![].explain(&error).to_string(),
    ///     "unknown, rank NotUnderstood: no error in it is understood\n\
    ///      1. \"invalid digit found in string\" [ParseIntError]: no reader knows it, and it has no source\n\
    ///      hint: if `ParseIntError` is `#[error(transparent)]`, it hides the error inside: list its type in \
    ///      `classifier![]`, with `#[derive(DisconnectEvidence)]`, or use `#[source]` and a message\n\
    ///      hint: to read it, give its type, the adapter of its library or a `reader`; this classifier reads \
    ///      std::io::Error"
    /// );
    /// ```
    pub fn explain<M, E: AsError<M> + ?Sized>(&self, error: &E) -> Explanation {
        let mut recorder = StepRecorder { items: self.items(), ..StepRecorder::default() };
        let verdict = self.walk(error.as_error(), error.container(), &mut recorder);
        let StepRecorder { items, steps, is_cut } = recorder;
        Explanation { verdict, steps, is_cut, items, has_readers: !self.readers().is_empty() }
    }
}

impl Explanation {
    /// The verdict that won. If no error was understood, it is `unknown` with
    /// [`Rank::NotUnderstood`](crate::evidence::Rank::NotUnderstood).
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// The errors that the walk visited, the outermost first.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The errors without a verdict: those that no reader knows, and known ones that have none.
    pub fn not_understood(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| matches!(step.finding, Finding::Unread | Finding::Silent))
    }

    fn winner(&self) -> Option<&Step> {
        self.steps.iter().find(|step| matches!(step.finding, Finding::Won(_)))
    }
}

impl Step {
    /// The position in the walk. The outermost error is 1.
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// The `Display` text of the error, cleaned and cut.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// A hint at the type: the kind of an `io::Error`; for other errors the first word of the `Debug` text, if it
    /// begins in upper case. A derived `Debug` begins with the name of the type or variant.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What read the error: an item of [`classifier!`](crate::classifier) as it is written there, or `std::io::Error`.
    /// `None` if no reader knows the error.
    pub const fn reader(&self) -> Option<&'static str> {
        self.reader
    }

    /// What the walk did with the error.
    pub const fn finding(&self) -> Finding {
        self.finding
    }
}

#[derive(Default)]
struct StepRecorder {
    items: &'static [&'static str],
    steps: Vec<Step>,
    is_cut: bool,
}

impl Watch for StepRecorder {
    fn step(&mut self, error: &(dyn Error + 'static), by: By, reading: &Reading<'_>, outcome: Outcome) {
        let finding = match (reading.verdict, outcome) {
            (Some(verdict), Outcome::Strongest) => Finding::Won(verdict),
            (Some(verdict), Outcome::InFailure) => Finding::InFailure(verdict),
            (Some(verdict), Outcome::Weaker | Outcome::NoVerdict) => Finding::Weaker(verdict),
            (None, _) if matches!(by, By::NoReader) => Finding::Unread,
            (None, _) if matches!(reading.next, Next::Nowhere) => Finding::Silent,
            (None, _) => Finding::Wrapper,
        };
        if matches!(finding, Finding::Won(_)) {
            self.demote_winner();
        }
        let text: Line = Line::new(format_args!("{error}"));
        self.steps.push(Step {
            depth: self.steps.len() + 1,
            text: text.text().to_string(),
            name: name(error),
            reader: self.reader(by),
            lookalike: if matches!(finding, Finding::Unread) { lookalikes::adapter(error) } else { None },
            finding,
            has_next: match reading.next {
                Next::Source => error.source().is_some(),
                Next::Inside(_) | Next::Container(..) => true,
                Next::Nowhere => false,
            },
        });
    }

    fn cut(&mut self) {
        self.is_cut = true;
    }
}

impl StepRecorder {
    /// Turns the former winner into a weaker finding.
    fn demote_winner(&mut self) {
        for step in &mut self.steps {
            if let Finding::Won(verdict) = step.finding {
                step.finding = Finding::Weaker(verdict);
            }
        }
    }

    fn reader(&self, by: By) -> Option<&'static str> {
        match by {
            By::Io => Some("std::io::Error"),
            By::Reader(index) => Some(self.items.get(index).copied().unwrap_or("a reader")),
            By::Context => Some("a typed context"),
            By::Pointer => Some("a shared or boxed error"),
            By::Text => Some("a known text"),
            By::NoReader => None,
        }
    }
}

/// `dyn Error` does not give its type name. A derived `Debug` begins with the name of the type or variant.
fn name(error: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = error.downcast_ref::<io::Error>() {
        return Some(format!("{:?}", error.kind()));
    }
    let debug = Line::<64>::new(format_args!("{error:?}"));
    let text = debug.text();
    let end = text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
    text.starts_with(char::is_uppercase).then(|| text[..end].to_string())
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let winner = self.winner();
        write!(f, "{}", VerdictText(&self.verdict))?;
        if winner.is_none() {
            f.write_str(": no error in it is understood")?;
        }
        for step in &self.steps {
            write!(f, "\n{step}")?;
            if let (Finding::Weaker(verdict), Some(winner)) = (step.finding, winner) {
                let than = if verdict.rank() == self.verdict.rank() { "as strong and deeper" } else { "stronger" };
                write!(f, "; error {} is {than}", winner.depth)?;
            }
        }
        if self.is_cut {
            write!(f, "\nstopped after {} errors: more follow, perhaps in a cycle", Classifier::MAX_DEPTH)?;
        }
        self.hints(f)
    }
}

impl Explanation {
    /// For an error that looks like one of an adapter's library: the adapter is missing, or reads another version.
    fn hint_at_library(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            let Some(adapter) = step.lookalike else { continue };
            let is_given = |item: &&&str| item.split_once('=').is_some_and(|(name, _)| name.trim() == adapter);
            write!(f, "\nhint: error {} looks like one of {adapter}: ", step.depth)?;
            match self.items.iter().find(is_given) {
                Some(item) => write!(
                    f,
                    "`{}` does not read this type. Perhaps it is of another version: see `cargo tree --duplicates`, and \
                     give the adapter a second time, with the path to that version",
                    as_written(item)
                )?,
                None => write!(f, "give its adapter, `{adapter} = path::to::{adapter}`")?,
            }
        }
        Ok(())
    }

    /// Whether the winner is evidence that an unread error below it can hardly improve.
    fn is_settled(&self) -> bool {
        self.winner().is_some_and(|_| match self.verdict.rank() {
            Rank::Violation | Rank::Stated | Rank::Timeout | Rank::Transport => true,
            Rank::BrokenPipe | Rank::FollowOn | Rank::NotUnderstood => false,
        })
    }

    fn hints(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_settled() {
            return Ok(());
        }
        self.hint_at_library(f)?;
        let last = self.steps.last().filter(|step| matches!(step.finding, Finding::Unread) && !step.has_next);
        if let Some(last) = last {
            let name = last.name().map_or_else(|| String::from("it"), |name| format!("`{name}`"));
            write!(
                f,
                "\nhint: if {name} is `#[error(transparent)]`, it hides the error inside: list its type in \
                 `classifier![]`, with `#[derive(DisconnectEvidence)]`, or use `#[source]` and a message"
            )?;
        }
        if last.is_none() && self.winner().is_some() {
            return Ok(());
        }
        if self.steps.iter().all(|step| !matches!(step.finding, Finding::Unread)) {
            return Ok(());
        }
        f.write_str(
            "\nhint: to read it, give its type, the adapter of its library or a `reader`; this classifier reads ",
        )?;
        f.write_str("std::io::Error")?;
        for item in self.items {
            write!(f, ", {}", as_written(item))?;
        }
        let names_library = self.steps.iter().any(|step| step.lookalike.is_some());
        if self.has_readers && !names_library {
            f.write_str("; of a library that is given, it may be of another version: see `cargo tree --duplicates`")?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. \"{}\"", self.depth, self.text)?;
        match (self.reader, self.name()) {
            (Some(reader), Some(name)) => write!(f, " [{}, {name}]: ", as_written(reader))?,
            (Some(known), None) | (None, Some(known)) => write!(f, " [{}]: ", as_written(known))?,
            (None, None) => f.write_str(": ")?,
        }
        match self.finding {
            Finding::Won(verdict) => write!(f, "{}; wins", VerdictText(&verdict)),
            Finding::Weaker(verdict) => write!(f, "{}", VerdictText(&verdict)),
            Finding::InFailure(verdict) => {
                write!(f, "{}; ignored: a normal end inside a failure is another connection's", VerdictText(&verdict))
            }
            Finding::Silent => f.write_str("has no verdict by itself"),
            Finding::Wrapper => f.write_str("wraps the next error"),
            Finding::Unread if self.has_next => f.write_str("no reader knows it"),
            Finding::Unread => f.write_str("no reader knows it, and it has no source"),
        }
    }
}

/// An item of `classifier!`: `stringify!` puts spaces into a path and in front of `!`.
fn as_written(item: &str) -> String {
    let mut written = String::new();
    for token in item.split(' ') {
        let is_attached = token == "::" || token.starts_with('!') || written.is_empty() || written.ends_with("::");
        written.push_str(if is_attached { "" } else { " " });
        written.push_str(token);
    }
    written
}

/// Prints a verdict as text, before roles are applied.
pub(super) struct VerdictText<'a>(pub(super) &'a Verdict);

impl fmt::Display for VerdictText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = self.0;
        f.write_str(match verdict.ending {
            Ending::Closed => "closed",
            Ending::GoingAway => "going away",
            Ending::Cancelled => "cancelled",
            Ending::Is(_) | Ending::Own => verdict.reason().map_or("", Category::as_str),
        })?;
        match (verdict.initiator(), verdict.side()) {
            (Some(party), _) => write!(f, " by `{}`", party.as_str())?,
            (None, Side::Local) => f.write_str(" by this side")?,
            (None, Side::Remote) => f.write_str(" by the peer")?,
            (None, Side::Network) => f.write_str(" by the network")?,
            (None, Side::Unknown) => {}
        }
        if let Some(cause) = verdict.cause() {
            write!(f, ", cause {}", cause.as_str())?;
        }
        if let Some(code) = verdict.code() {
            write!(f, ", code {code}")?;
        }
        write!(f, ", rank {:?}", verdict.rank())
    }
}
