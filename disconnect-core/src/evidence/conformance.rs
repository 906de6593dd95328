//! `Conformance`: checks of an adapter, with the errors of its library.

use std::error::Error;
use std::fmt;
use std::format;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::string::{String, ToString};
use std::vec::Vec;

use super::classifier::Classifier;
use super::explain::VerdictText;
use crate::category::Category;
use crate::verdict::{Rank, Verdict};
use crate::vocabulary::DisconnectCause;

/// Checks an adapter with the errors of its library. For the adapter's own tests (feature `testing`).
///
/// Create it with a classifier that has this adapter alone, then add one call for each error. The `name` of a call
/// labels its line in the report.
///
/// | call | what it checks |
/// |---|---|
/// | [`new`](Self::new) | the adapter ignores errors of other libraries, also one whose text panics |
/// | [`fault`](Self::fault) | the adapter understands the error, and no endpoint logs it as expected |
/// | [`follows`](Self::follows) | the same, and the rank is below that of a fault: the error only follows from an earlier end |
/// | [`goodbye`](Self::goodbye) | the error is expected, and the peer said goodbye |
/// | [`wraps`](Self::wraps) | a reset inside the library's error is found, and an inner error whose text panics does no harm |
///
/// Every check also fails if the adapter panics or, after [`counting`](Self::counting), if it allocates.
/// [`Display`](fmt::Display) prints the report. [`assert`](Self::assert) panics with it if a check failed.
///
/// ```
/// use std::{error::Error, fmt, io};
/// use disconnect_core::evidence::{Conformance, Reading, Side, Verdict};
/// use disconnect_core::{DisconnectCause as Cause, DisconnectReason as Reason, classifier};
///
/// # mod library {
/// #     use std::{error::Error, fmt, io};
/// /// The error of a library. It does not return the error inside as its source.
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

/// Runs a function and returns its number of allocations.
type Count = fn(&mut dyn FnMut()) -> u64;

impl Conformance {
    /// Creates a check of the adapters in this classifier, and runs it on errors of no library.
    pub fn new(classifier: &Classifier) -> Self {
        let this = Self { classifier: *classifier, count: None, lines: Vec::new() };
        this.foreign("a foreign error", &fmt::Error)
            .foreign("an error whose text panics", &Hostile)
            .foreign("a boxed error", &BoxedError::from("text"))
    }

    /// Makes all later checks fail if the adapter allocates. The argument runs a function and returns its number of
    /// allocations.
    ///
    /// With the crate `allocation-counter`: `.counting(|run| allocation_counter::measure(run).count_total)`.
    pub fn counting(self, count: Count) -> Self {
        Self { count: Some(count), ..self }
    }

    /// Checks that the adapter understands the error, and that it is not expected.
    pub fn fault(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        self.check(name, error, |verdict| match verdict.rank() {
            _ if verdict.may_be_expected() => Err("the verdict is expected, but the error is a fault"),
            Rank::NotUnderstood => Err("no reader understands it"),
            Rank::FollowOn => Err("its rank is `FollowOn`, so that any other evidence replaces it"),
            Rank::BrokenPipe | Rank::Transport | Rank::Timeout | Rank::Violation | Rank::Stated => Ok(()),
        })
    }

    /// Checks an error that only shows an earlier end, such as use after close, a failed send, or the deadline of one
    /// operation. Its rank must be below that of a fault, so that the first error wins.
    pub fn follows(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        self.check(name, error, |verdict| match verdict.rank() {
            _ if verdict.may_be_expected() => Err("the verdict is expected, but the error is a fault"),
            Rank::NotUnderstood => Err("no reader understands it"),
            Rank::FollowOn | Rank::BrokenPipe => Ok(()),
            Rank::Transport | Rank::Timeout | Rank::Violation | Rank::Stated => {
                Err("its rank is as high as that of the fault before it")
            }
        })
    }

    /// Checks an error that carries the peer's goodbye: it must be expected, and the peer must be its source.
    pub fn goodbye(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        self.check(name, error, |verdict| match (verdict.may_be_expected(), verdict.is_said_by_peer()) {
            (true, true) => Ok(()),
            (true, false) => Err("the verdict is expected, but the peer did not say goodbye"),
            (false, _) => Err("the verdict is unexpected, but the error is a goodbye"),
        })
    }

    /// Checks that the adapter finds an `io::Error` inside the library's error. `wrap` builds that error, for example
    /// by its `From<io::Error>`.
    pub fn wraps<E: Error + 'static>(self, name: &str, wrap: impl Fn(io::Error) -> E) -> Self {
        let reset = wrap(ErrorKind::ConnectionReset.into());
        let hostile = wrap(io::Error::other(Hostile));
        self.check(&format!("{name}, a reset inside"), &reset, |verdict| {
            let is_reset = verdict.cause().map(Category::as_str) == Some(DisconnectCause::Reset.as_str());
            if is_reset { Ok(()) } else { Err("the adapter does not find the reset inside") }
        })
        .check_hostile(name, &hostile)
    }

    /// Does not count allocations, because a panic allocates even if it is caught.
    fn check_hostile(self, name: &str, error: &(dyn Error + 'static)) -> Self {
        let count = self.count;
        let this = Self { count: None, ..self };
        let name = format!("{name}, an error inside whose text panics");
        let this = this.check(&name, error, |verdict| {
            if verdict.may_be_expected() { Err("the verdict is expected, but the error is a fault") } else { Ok(()) }
        });
        Self { count, ..this }
    }

    /// Whether all checks so far passed.
    pub fn is_ok(&self) -> bool {
        self.lines.iter().all(|(is_ok, _)| *is_ok)
    }

    /// Returns the report.
    ///
    /// # Panics
    ///
    /// Panics with the report if a check failed.
    #[track_caller]
    pub fn assert(self) -> String {
        assert!(self.is_ok(), "the adapter does not conform\n{self}");
        self.to_string()
    }

    /// Checks that no reader reads an error of another library.
    fn foreign(mut self, name: &str, error: &(dyn Error + 'static)) -> Self {
        let read = || self.classifier.readers().iter().all(|reader| reader(error).is_nothing());
        let (is_ok, text) = match catch_unwind(AssertUnwindSafe(read)) {
            Ok(true) => (true, "not read"),
            Ok(false) => (false, "the adapter reads it, but it is no error of its library"),
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
                Ok(()) => (true, VerdictText(&verdict).to_string()),
                Err(why) => (false, format!("{why}: {}", VerdictText(&verdict))),
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

/// An error that a program boxed: only its text is known.
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
