//! The walk through an error and everything inside it.

use core::any::Any;
use core::error::Error;

use super::as_error::AsError;
use super::reading::{CodeReader, Contexts, Next, Reader, Reading};
use crate::code::Protocol;
use crate::verdict::{Rank, Side, Verdict};
use crate::vocabulary::DisconnectReason;

/// Reads errors. `std::io::Error` is always understood, wherever it stands in an error, also in the payload that
/// `source()` skips; errors of other libraries through readers.
///
/// Of everything found in an error the strongest evidence wins, and among equals the deepest. The walk allocates
/// nothing and ends after [`Classifier::MAX_DEPTH`] errors, also in a cycle.
///
/// ```
/// use std::io;
/// use disconnect_core::{Category, Classifier, Endpoint};
///
/// static CLASSIFIER: Classifier = Classifier::new();
///
/// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
/// let end = Endpoint::AGENT_FACING_SERVER.failed(&io::Error::other(reset));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Classifier {
    readers: &'static [Reader],
    contexts: &'static [Contexts],
    codes: &'static [CodeReader],
    /// How each reader was given to `classifier!`, for [`explain`](Self::explain). None where they were given by hand.
    #[cfg(feature = "std")]
    items: &'static [&'static str],
}

impl Classifier {
    /// How many errors one inside the other are looked at.
    pub const MAX_DEPTH: usize = 64;

    /// Understands `std::io::Error`.
    pub const fn new() -> Self {
        Self::with(&[])
    }

    /// Understands `std::io::Error`, and what these readers understand.
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

    /// What [`classifier!`](crate::classifier) makes: the readers, how they were written, and the containers with typed
    /// contexts.
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

    /// The same, which also knows what these codes mean: where a verdict says nothing but that somebody gave a code, and no
    /// table has that code. `codes = Gateway` in [`classifier!`](crate::classifier) is short for
    /// `.with_codes(&[own_codes::<Gateway>])`.
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

    /// What an error means, whatever it comes in: a type of its own, a boxed `dyn Error`, an `anyhow::Error`, an
    /// `eyre::Report`. `unknown` where nothing in it is understood.
    ///
    /// ```
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
    /// ```
    #[inline]
    pub fn classify<M, E: AsError<M> + ?Sized>(&self, error: &E) -> Verdict {
        self.walk(error.as_error(), error.container(), &mut ())
    }

    /// What an error means that comes as a trait object: see [`classify`](Self::classify).
    #[inline]
    pub fn verdict(&self, error: &(dyn Error + 'static)) -> Verdict {
        self.walk(error, None, &mut ())
    }

    /// The walk itself. With `()` to watch it, watching costs nothing.
    pub(super) fn walk<'a>(
        &self,
        mut error: &'a (dyn Error + 'static),
        mut container: Option<&'a dyn Any>,
        watch: &mut impl Watch,
    ) -> Verdict {
        let mut strongest: Option<Verdict> = None;
        // The rest of the chain, while the walk is inside one of its typed contexts.
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
            if matches!(by, By::Nobody) && error.source().is_none() {
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
            // A verdict is large: it is only moved where there is one.
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

    /// Gives a code of the user's own its meaning, where the verdict says nothing but that somebody gave it. Kept out of line
    /// so that a verdict without a code stays cheap.
    #[cold]
    pub(crate) fn explain_code(&self, verdict: &mut Verdict) {
        let Some(code) = verdict.code.filter(|code| !self.codes.is_empty() && code.is_open()) else { return };
        let bare = Verdict { is_of_stream: false, ..*verdict };
        let is_received = bare == code.received();
        if !is_received && bare != code.sent() {
            return;
        }
        let Some(own) = self.codes.iter().find_map(|read| read(code)) else { return };
        // Nothing tells a goodbye of the connection from a reset of one stream.
        if own.may_be_expected() && matches!(code.protocol(), Protocol::Http2 | Protocol::Http3) {
            return;
        }
        let own = own.with_code(code);
        let own = if is_received { own.as_received() } else { own };
        *verdict = if verdict.is_of_stream { own.of_stream() } else { own };
    }

    /// The first reader that recognises the error. Pointers come last: most errors are none.
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
        (Reading::NOTHING, By::Nobody)
    }

    /// What the typed context of this error says. Kept out of line so that an error without a container stays cheap.
    #[cold]
    fn context<'a>(&self, container: &'a dyn Any, error: &'a (dyn Error + 'static)) -> Option<Reading<'a>> {
        self.contexts.iter().find_map(|contexts| contexts(container, error))
    }
}

/// What becomes of the verdict of one error, beside the strongest of those around it.
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

/// Sees each error that a walk meets.
pub(super) trait Watch {
    /// An error, who read it, what it says, and what became of that.
    fn step(&mut self, error: &(dyn Error + 'static), by: By, reading: &Reading<'_>, outcome: Outcome);

    /// The walk ended at [`Classifier::MAX_DEPTH`].
    fn cut(&mut self);
}

/// Nobody watches.
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
    /// It is an `io::Error`.
    #[cfg(feature = "std")]
    Io,
    /// The reader at this position.
    Reader(usize),
    /// It carries a typed context.
    Context,
    /// It points to another error.
    #[cfg(feature = "std")]
    Pointer,
    /// It is known by its text.
    #[cfg(feature = "std")]
    Text,
    /// No reader knows it.
    Nobody,
}

/// What became of the verdict of one error.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// There is none.
    NoVerdict,
    /// It is the strongest so far, if there is one.
    Strongest,
    /// One further out is stronger.
    Weaker,
    /// It may be a normal end, inside a failure.
    InFailure,
}

/// The weakest evidence there is.
pub(super) const NOT_UNDERSTOOD: Verdict =
    Verdict::new(DisconnectReason::Unknown, Side::Unknown).with_rank(Rank::NotUnderstood);

impl Default for Classifier {
    fn default() -> Self {
        Self::new()
    }
}
