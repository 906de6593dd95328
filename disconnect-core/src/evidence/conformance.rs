//! What every adapter has to do right, checked with the errors of its library.

use std::error::Error;
use std::fmt;
use std::format;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::{String, ToString};
use std::vec::Vec;

use super::classifier::Classifier;
use super::explain::Told;
use crate::category::Category;
use crate::verdict::{Rank, Verdict};
use crate::vocabulary::DisconnectCause;

/// Checks an adapter with the errors of its library: for the tests of its author (feature `testing`).
///
/// Give it a classifier with that adapter alone, and name each error. What it checks:
///
/// | | |
/// |---|---|
/// | [`new`](Self::new) | an error that the library did not make is left alone, also one whose text panics |
/// | [`fault`](Self::fault) | the error is understood, and no endpoint reports it as a normal end |
/// | [`follows`](Self::follows) | the same for an error that only follows from an earlier end: its rank is below that of a fault |
/// | [`goodbye`](Self::goodbye) | the error is a normal end, and the peer said so |
/// | [`wraps`](Self::wraps) | what the library wraps is found: a reset; and an error inside whose text panics does no harm |
///
/// All of them check that nothing panics and, with [`counting`](Self::counting), that nothing is allocated. The report is
/// its [`Display`](fmt::Display) text; [`assert`](Self::assert) fails with it.
///
/// ```
/// use std::{error::Error, fmt, io};
/// use disconnect_core::evidence::{Conformance, Reading, Side, Verdict};
/// use disconnect_core::{DisconnectCause as Cause, DisconnectReason as Reason, classifier};
///
/// # mod library {
/// #     use std::{error::Error, fmt, io};
/// /// The error of some library. It does not name what is inside as its source.
/// #[derive(Debug)]
/// pub enum Failed { Io(io::Error), TooSlow, ServerStops }
/// #     impl fmt::Display for Failed {
/// #         fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("failed") } }
/// #     impl Error for Failed {}
/// # }
/// # use library::Failed;
/// fn adapter<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
///     match error.downcast_ref() {
///         Some(Failed::Io(inside)) => Reading::inside(inside),
///         Some(Failed::TooSlow) => {
///             Reading::verdict(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::KeepaliveTimeout))
///         }
///         Some(Failed::ServerStops) => Reading::verdict(Verdict::going_away(Side::Remote)),
///         None => Reading::NOTHING,
///     }
/// }
///
/// let report = Conformance::new(&classifier![reader = adapter])
///     .fault("too slow", &Failed::TooSlow)
///     .goodbye("the server stops", &Failed::ServerStops)
///     .wraps("the transport", Failed::Io)
///     .assert();
/// assert!(report.contains("ok    too slow: network_error by the network, cause keepalive_timeout, rank Timeout"));
/// ```
#[derive(Debug)]
pub struct Conformance {
    classifier: Classifier,
    count: Option<Count>,
    lines: Vec<(bool, String)>,
}

/// Runs a function and says how many allocations it made.
type Count = fn(&mut dyn FnMut()) -> u64;

impl Conformance {
    /// A check of the adapters in this classifier. It begins with errors that no library made.
    pub fn new(classifier: &Classifier) -> Self {
        let this = Self { classifier: *classifier, count: None, lines: Vec::new() };
        this.foreign("a foreign error", &fmt::Error)
            .foreign("an error whose text panics", &Hostile)
            .foreign("a boxed error", &BoxedError::from("text"))
    }

    /// Counts allocations from here on, as your allocator does. With the crate `allocation-counter`:
    /// `.counting(|run| allocation_counter::measure(run).count_total)`.
    pub fn counting(self, count: Count) -> Self {
        Self { count: Some(count), ..self }
    }

    /// An error that is no normal end, and that the adapter understands.
    pub fn fault(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        self.check(name, error, |verdict| match verdict.rank() {
            _ if verdict.may_be_expected() => Err("a fault is reported as a normal end"),
            Rank::NotUnderstood => Err("it is not understood"),
            Rank::FollowOn => Err("it counts as following from an earlier end, so that anything replaces it"),
            Rank::BrokenPipe | Rank::Transport | Rank::Timeout | Rank::Violation | Rank::Stated => Ok(()),
        })
    }

    /// An error that only shows that the connection ended before: use after close, a failed send, a deadline of one
    /// operation.
    pub fn follows(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        self.check(name, error, |verdict| match verdict.rank() {
            _ if verdict.may_be_expected() => Err("a fault is reported as a normal end"),
            Rank::NotUnderstood => Err("it is not understood"),
            Rank::FollowOn | Rank::BrokenPipe => Ok(()),
            Rank::Transport | Rank::Timeout | Rank::Violation | Rank::Stated => {
                Err("it is as strong as the fault that it follows from")
            }
        })
    }

    /// An error by which the peer said goodbye.
    pub fn goodbye(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        self.check(name, error, |verdict| match (verdict.may_be_expected(), verdict.is_said_by_peer()) {
            (true, true) => Ok(()),
            (true, false) => Err("it is normal, but nobody said goodbye"),
            (false, _) => Err("a goodbye is not reported as a normal end"),
        })
    }

    /// How the library wraps an error of the transport: from its `From<io::Error>`, or by hand.
    pub fn wraps<E: Error + 'static>(self, name: &str, wrap: impl Fn(io::Error) -> E) -> Self {
        let reset = wrap(ErrorKind::ConnectionReset.into());
        let hostile = wrap(io::Error::other(Hostile));
        self.check(&format!("{name}, a reset inside"), &reset, |verdict| {
            let is_reset = verdict.cause().map(Category::as_str) == Some(DisconnectCause::Reset.as_str());
            if is_reset { Ok(()) } else { Err("the reset inside is not found") }
        })
        .check_hostile(name, &hostile)
    }

    /// A panic that is caught allocates: that is not counted.
    fn check_hostile(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        let count = self.count;
        let this = Self { count: None, ..self };
        let name = format!("{name}, an error inside whose text panics");
        let this = this.check(&name, error, |verdict| {
            if verdict.may_be_expected() { Err("a fault is reported as a normal end") } else { Ok(()) }
        });
        Self { count, ..this }
    }

    /// Whether nothing has failed so far.
    pub fn is_ok(&self) -> bool {
        self.lines.iter().all(|(is_ok, _)| *is_ok)
    }

    /// The report.
    ///
    /// # Panics
    ///
    /// If a check failed, with the report.
    #[track_caller]
    pub fn assert(self) -> String {
        assert!(self.is_ok(), "the adapter does not conform\n{self}");
        self.to_string()
    }

    /// An error of nobody's: no reader may say anything about it.
    fn foreign(mut self, name: &str, error: &(dyn Error + 'static)) -> Self {
        let read = || self.classifier.readers().iter().all(|reader| reader(error).is_nothing());
        let (is_ok, text) = match catch_unwind(AssertUnwindSafe(read)) {
            Ok(true) => (true, "left alone"),
            Ok(false) => (false, "it is not the library's, and is read all the same"),
            Err(_) => (false, "reading it panics"),
        };
        self.lines.push((is_ok, format!("{name}: {text}")));
        self
    }

    fn check(
        mut self,
        name: &str,
        error: &(dyn Error + 'static),
        judge: impl Fn(&Verdict) -> Result<(), &'static str>,
    ) -> Self {
        let mut verdict = None;
        let mut allocations = 0;
        let mut read = || verdict = Some(self.classifier.verdict(error));
        let outcome = catch_unwind(AssertUnwindSafe(|| match self.count {
            Some(count) => allocations = count(&mut read),
            None => read(),
        }));
        let (is_ok, text) = match (outcome, verdict) {
            (Err(_), _) | (Ok(()), None) => (false, String::from("reading it panics")),
            (Ok(()), Some(_)) if allocations > 0 => (false, format!("reading it makes {allocations} allocations")),
            (Ok(()), Some(verdict)) => match judge(&verdict) {
                Ok(()) => (true, Told(&verdict).to_string()),
                Err(why) => (false, format!("{why}: {}", Told(&verdict))),
            },
        };
        self.lines.push((is_ok, format!("{name}: {text}")));
        self
    }
}

impl fmt::Display for Conformance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (is_ok, line) in &self.lines {
            writeln!(f, "{} {line}", if *is_ok { "ok   " } else { "WRONG" })?;
        }
        Ok(())
    }
}

/// An error as a program boxes it: its text is all that it is.
#[derive(Debug)]
struct BoxedError(std::boxed::Box<dyn Error + Send + Sync>);

impl From<&str> for BoxedError {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for BoxedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Error for BoxedError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// An error whose texts panic.
struct Hostile;

#[allow(clippy::panic, reason = "the adapter under test has to survive it")]
impl fmt::Display for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("the text of an error panics")
    }
}

#[allow(clippy::panic, reason = "the adapter under test has to survive it")]
impl fmt::Debug for Hostile {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("the text of an error panics")
    }
}

impl Error for Hostile {}
