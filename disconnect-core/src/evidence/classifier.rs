//! `Classifier`: walks through an error and its sources, and returns the strongest verdict.

use core::any::Any;
use core::error::Error;

use super::as_error::AsError;
use super::reading::{CodeReader, Contexts, Next, Reader, Reading};
use crate::code::Protocol;
use crate::verdict::{Rank, Side, Verdict};
use crate::vocabulary::DisconnectReason;

/// Reads errors and returns what they mean as a [`Verdict`].
///
/// A classifier always understands `std::io::Error`, at every depth of an error, also in the payload that `source()`
/// skips. It understands errors of other libraries through readers. Build one with [`classifier!`](crate::classifier),
/// store it in a `static`, and give it to an endpoint by
/// [`Endpoint::with_classifier`](crate::Endpoint::with_classifier). An endpoint without a classifier understands
/// `std::io::Error` alone.
///
/// The walk visits the error and everything inside it. The verdict with the highest [`Rank`] wins; of equal ranks, the
/// deepest one. The walk does not allocate, and it stops after [`MAX_DEPTH`](Self::MAX_DEPTH) errors, also if an error
/// contains itself.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use std::io;
/// use disconnect_core::{Category, Classifier, Endpoint};
///
/// static CLASSIFIER: Classifier = Classifier::new();
///
/// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
/// let end = Endpoint::AGENT_FACING_SERVER.failed(&io::Error::other(reset));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
/// # }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Classifier {
    readers: &'static [Reader],
    contexts: &'static [Contexts],
    codes: &'static [CodeReader],
    /// Each reader as it is written in `classifier!`, for [`explain`](Self::explain). Empty if the readers were given
    /// by [`with`](Self::with).
    #[cfg(feature = "std")]
    items: &'static [&'static str],
}

impl Classifier {
    /// The number of nested errors that a classifier visits at most.
    pub const MAX_DEPTH: usize = 64;

    /// Creates a classifier that understands `std::io::Error` only.
    pub const fn new() -> Self {
        Self::with(&[])
    }

    /// Creates a classifier that understands `std::io::Error` and the errors that these readers know.
    ///
    /// Use it for readers of your own. For types, adapters and codes, [`classifier!`](crate::classifier) is shorter.
    ///
    /// ```
    /// use core::error::Error;
    /// use disconnect_core::evidence::{Rank, Reading, Side, Verdict};
    /// use disconnect_core::{Classifier, DisconnectReason};
    ///
    /// fn utf8<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    ///     match error.downcast_ref::<core::str::Utf8Error>() {
    ///         Some(_) => Reading::verdict(Verdict::new(DisconnectReason::ProtocolError, Side::Remote)),
    ///         None => Reading::NOTHING,
    ///     }
    /// }
    /// static CLASSIFIER: Classifier = Classifier::with(&[utf8]);
    ///
    /// let error = String::from_utf8(vec![0xff]).unwrap_err().utf8_error();
    /// assert_eq!(CLASSIFIER.verdict(&error).rank(), Rank::Violation);
    /// ```
    pub const fn with(readers: &'static [Reader]) -> Self {
        Self::listed(&[], readers, &[])
    }

    /// What [`classifier!`](crate::classifier) expands to: the readers, their source text, and the containers with
    /// typed contexts.
    #[doc(hidden)]
    #[cfg_attr(not(feature = "std"), allow(unused_variables, reason = "for explanations, which allocate"))]
    pub const fn listed(
        items: &'static [&'static str],
        readers: &'static [Reader],
        contexts: &'static [Contexts],
    ) -> Self {
        Self {
            readers,
            contexts,
            codes: &[],
            #[cfg(feature = "std")]
            items,
        }
    }

    /// Adds the meanings of application codes, such as WebSocket 4000 to 4999.
    ///
    /// They apply where a verdict comes from a bare code and no built-in table has that code. A verdict with a cause, a
    /// rank or a side of its own does not change.
    ///
    /// `codes = Gateway` in [`classifier!`](crate::classifier) is short for `.with_codes(&[own_codes::<Gateway>])`.
    ///
    /// ```
    /// use disconnect_core::evidence::own_codes;
    /// use disconnect_core::{Classifier, Code, DisconnectCode, Endpoint};
    ///
    /// #[derive(Clone, Copy, DisconnectCode)]
    /// #[codes(websocket)]
    /// enum Gateway {
    ///     #[code(4000)]
    ///     #[goodbye(Closed)]
    ///     Done,
    /// }
    /// static CLASSIFIER: Classifier = Classifier::new().with_codes(&[own_codes::<Gateway>]);
    /// const END: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
    ///
    /// assert_eq!(END.received(Code::websocket(4000)).reason().as_str(), "graceful");
    /// assert_eq!(END.received(Code::websocket(4001)).reason().as_str(), "unknown");
    /// ```
    pub const fn with_codes(self, codes: &'static [CodeReader]) -> Self {
        Self { codes, ..self }
    }

    /// Returns what an error means. Takes an error type, a boxed `dyn Error`, an `anyhow::Error` or an `eyre::Report`.
    ///
    /// If no error inside is understood, the verdict is `unknown` with [`Rank::NotUnderstood`].
    /// [`explain`](Self::explain) then shows why.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use std::{error::Error, io};
    /// use disconnect_core::evidence::Rank;
    /// use disconnect_core::Classifier;
    ///
    /// static CLASSIFIER: Classifier = Classifier::new();
    ///
    /// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    /// assert_eq!(CLASSIFIER.classify(&reset).rank(), Rank::Transport);
    /// let boxed: Box<dyn Error + Send + Sync> = reset.into();
    /// assert_eq!(CLASSIFIER.classify(&boxed).rank(), Rank::Transport);
    /// # }
    /// ```
    #[inline]
    pub fn classify<M, E: AsError<M> + ?Sized>(&self, error: &E) -> Verdict {
        self.walk(error.as_error(), error.container(), &mut ())
    }

    /// Returns what an error behind a trait object means. The same as [`classify`](Self::classify), without type
    /// inference.
    #[inline]
    pub fn verdict(&self, error: &(dyn Error + 'static)) -> Verdict {
        self.walk(error, None, &mut ())
    }

    /// The walk itself. `Watch` is a no-op for `()`, so that `classify` does not pay for `explain`.
    pub(super) fn walk<'a>(
        &self,
        mut error: &'a (dyn Error + 'static),
        mut container: Option<&'a dyn Any>,
        watch: &mut impl Watch,
    ) -> Verdict {
        let mut strongest: Option<Verdict> = None;
        // The rest of the container's chain, while the walk is inside a typed context.
        let mut rest = None;
        let mut in_failure = false;
        for _ in 0..Self::MAX_DEPTH {
            #[cfg(feature = "std")]
            let (mut reading, mut by) = match error.downcast_ref().map(|error| (error, super::io::mere_wrapper(error)))
            {
                Some((_, Some(payload))) => {
                    watch.step(error, By::Io, &Reading::inside(payload), Outcome::NoVerdict);
                    error = payload;
                    continue;
                }
                Some((error, None)) => (super::io::read(error), By::Io),
                None => self.read(error),
            };
            #[cfg(not(feature = "std"))]
            let (mut reading, mut by) = self.read(error);
            if let (Some(container), None, true) = (container, rest, reading.is_nothing()) {
                if let Some(context) = self.context(container, error) {
                    (reading, by, rest) = (context, By::Context, error.source());
                }
            }
            #[cfg(feature = "std")]
            if matches!(by, By::NoReader) && error.source().is_none() {
                if let Some(verdict) = super::texts::verdict(error, strongest.as_ref()) {
                    (reading, by) = (Reading::verdict(verdict), By::Text);
                }
            }
            if let Some(verdict) = reading.verdict.as_mut().filter(|verdict| verdict.code.is_some()) {
                self.explain_code(verdict);
            }
            if strongest.is_none() && rest.is_none() && matches!(reading.next, Next::Nowhere) {
                watch.step(error, by, &reading, Outcome::Strongest);
                return reading.verdict.unwrap_or(NOT_UNDERSTOOD);
            }
            let outcome = outcome(reading.verdict.as_ref(), strongest.as_ref(), in_failure);
            watch.step(error, by, &reading, outcome);
            // A verdict is large, so it is copied only if it wins.
            if matches!(outcome, Outcome::Strongest) {
                strongest = reading.verdict;
            }
            in_failure |= reading.is_failure;
            let next = match reading.next {
                Next::Source => error.source(),
                Next::Inside(inside) => Some(inside),
                Next::Container(inner, inside) => {
                    if rest.is_none() {
                        container = Some(inner);
                    }
                    Some(inside)
                }
                Next::Nowhere => None,
            };
            error = match next.or_else(|| rest.take()) {
                Some(next) => next,
                None => return strongest.unwrap_or(NOT_UNDERSTOOD),
            };
        }
        watch.cut();
        strongest.unwrap_or(NOT_UNDERSTOOD)
    }

    /// Gives an application code the meaning that the user declared, if the verdict carries nothing but the code. Kept
    /// out of line so that a verdict without a code stays cheap.
    #[cold]
    pub(crate) fn explain_code(&self, verdict: &mut Verdict) {
        let Some(code) = verdict.code.filter(|code| !self.codes.is_empty() && code.is_open()) else { return };
        let bare = Verdict { is_of_stream: false, ..*verdict };
        let is_received = bare == code.received();
        if !is_received && bare != code.sent() {
            return;
        }
        let Some(own) = self.codes.iter().find_map(|read| read(code)) else { return };
        // In HTTP/2 and HTTP/3 the same code may close the connection or reset one stream, and a reset is no goodbye.
        if own.may_be_expected() && matches!(code.protocol(), Protocol::Http2 | Protocol::Http3) {
            return;
        }
        let own = own.with_code(code);
        let own = if is_received { own.as_received() } else { own };
        *verdict = if verdict.is_of_stream { own.of_stream() } else { own };
    }

    /// Asks the readers in order, then opens shared and boxed errors. Pointers come last because most errors are none.
    fn read<'a>(&self, error: &'a (dyn Error + 'static)) -> (Reading<'a>, By) {
        for (index, reader) in self.readers.iter().enumerate() {
            let reading = reader(error);
            if !reading.is_nothing() {
                return (reading, By::Reader(index));
            }
        }
        #[cfg(feature = "std")]
        if let Some(inside) = super::io::open(error) {
            return (Reading::inside(inside), By::Pointer);
        }
        (Reading::NOTHING, By::NoReader)
    }

    /// Reads the typed context of this error. Kept out of line so that an error without a container stays cheap.
    #[cold]
    fn context<'a>(&self, container: &'a dyn Any, error: &'a (dyn Error + 'static)) -> Option<Reading<'a>> {
        self.contexts.iter().find_map(|contexts| contexts(container, error))
    }
}

/// Compares the verdict of one error with the strongest of the errors around it.
#[inline]
fn outcome(inner: Option<&Verdict>, strongest: Option<&Verdict>, in_failure: bool) -> Outcome {
    match (inner, strongest) {
        (None, _) => Outcome::NoVerdict,
        (Some(inner), _) if in_failure && inner.may_be_expected() => Outcome::InFailure,
        (Some(inner), Some(outer)) if inner.rank < outer.rank => Outcome::Weaker,
        (Some(_), _) => Outcome::Strongest,
    }
}

#[cfg(feature = "std")]
impl Classifier {
    pub(super) const fn items(&self) -> &'static [&'static str] {
        self.items
    }

    pub(super) const fn readers(&self) -> &'static [Reader] {
        self.readers
    }
}

/// Observes the walk, one call for each error.
pub(super) trait Watch {
    /// Called with an error, who read it, the reading, and whether its verdict won.
    fn step(&mut self, error: &(dyn Error + 'static), by: By, reading: &Reading<'_>, outcome: Outcome);

    /// Called if the walk stopped at [`Classifier::MAX_DEPTH`].
    fn cut(&mut self);
}

impl Watch for () {
    #[inline]
    fn step(&mut self, _: &(dyn Error + 'static), _: By, _: &Reading<'_>, _: Outcome) {}

    #[inline]
    fn cut(&mut self) {}
}

/// Who read an error.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "std"), allow(dead_code, reason = "for explanations, which allocate"))]
pub(super) enum By {
    #[cfg(feature = "std")]
    Io,
    Reader(usize),
    /// A typed context of the error.
    Context,
    /// It is a pointer to another error.
    #[cfg(feature = "std")]
    Pointer,
    /// Its text is in the table of known texts.
    #[cfg(feature = "std")]
    Text,
    NoReader,
}

/// What the walk did with the verdict of one error.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    NoVerdict,
    /// The verdict is the strongest so far.
    Strongest,
    /// An error further out has a stronger verdict.
    Weaker,
    /// The verdict may be expected, but the error lies inside a failure.
    InFailure,
}

/// The verdict for errors that no reader understands: the weakest.
pub(super) const NOT_UNDERSTOOD: Verdict =
    Verdict::new(DisconnectReason::Unknown, Side::Unknown).with_rank(Rank::NotUnderstood);

impl Default for Classifier {
    fn default() -> Self {
        Self::new()
    }
}
