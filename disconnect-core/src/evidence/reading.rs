//! What a reader makes of one error.

use core::any::Any;
use core::error::Error;

use super::as_error::AsError;
use crate::code::Code;
use crate::verdict::Verdict;

/// Looks at one error, not at its sources. Where it recognises it, it says what it means, what lies inside, or both.
pub type Reader = for<'a> fn(&'a (dyn Error + 'static)) -> Reading<'a>;

/// Says what a code means that this side sent. Received, the sides change places. `None` for a code that it does not know.
///
/// It is asked about codes that no table has, such as WebSocket 4000 to 4999: see
/// [`Classifier::with_codes`](super::Classifier::with_codes). [`own_codes`](super::own_codes) makes one of an enum.
///
/// ```
/// use disconnect_core::evidence::{CodeReader, Side, Verdict};
/// use disconnect_core::{Category, Classifier, Code, DisconnectCause, DisconnectReason, Endpoint, Protocol};
///
/// /// A range of codes.
/// const LIMITS: CodeReader = |code| match (code.protocol(), code.number()) {
///     (Protocol::WebSocket, Some(4290..=4299)) => {
///         Some(Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::Limit))
///     }
///     _ => None,
/// };
/// static CLASSIFIER: Classifier = Classifier::new().with_codes(&[LIMITS]);
///
/// let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER).received(Code::websocket(4291));
/// assert_eq!((end.cause().map(Category::as_str), end.initiator().map(Category::as_str)), (Some("limit"), Some("server")));
/// ```
pub type CodeReader = fn(Code) -> Option<Verdict>;

/// What a [`Reader`] made of one error.
///
/// Unless said otherwise, the walk goes on with `source()`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Reading<'a> {
    pub(super) verdict: Option<Verdict>,
    pub(super) next: Next<'a>,
    pub(super) is_failure: bool,
}

/// Where the walk goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Next<'a> {
    #[default]
    Source,
    Inside(&'a (dyn Error + 'static)),
    /// In what a container such as `anyhow::Error` holds.
    Container(&'a dyn Any, &'a (dyn Error + 'static)),
    Nowhere,
}

/// Finds what the typed context of one error in a container's chain says. `None` where it has none that is listed.
///
/// The second argument is that error: a container finds a context by its type, and not where in the chain it stands.
pub type Contexts = for<'a> fn(&'a dyn Any, &'a (dyn Error + 'static)) -> Option<Reading<'a>>;

impl<'a> Reading<'a> {
    /// The error is not one that this reader knows, or says nothing by itself.
    pub const NOTHING: Self = Self { verdict: None, next: Next::Source, is_failure: false };

    /// The error means this. What lies inside may still be stronger evidence.
    #[inline]
    pub const fn verdict(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), ..Self::NOTHING }
    }

    /// Something of ours failed, such as a handler. What lies inside may be stronger evidence; but a normal end in there,
    /// such as a goodbye or a shutdown, is that of another connection, and does not make this end a normal one.
    pub const fn failure(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), is_failure: true, ..Self::NOTHING }
    }

    /// The error means this, whatever lies inside.
    pub const fn settled(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), next: Next::Nowhere, ..Self::NOTHING }
    }

    /// The error is a wrapper, and `source()` would skip what it wraps: an error, a boxed one, an `anyhow::Error`.
    ///
    /// ```
    /// use core::{error::Error, fmt};
    /// use std::io;
    /// use disconnect_core::evidence::{Rank, Reading};
    /// use disconnect_core::Classifier;
    ///
    /// /// An error of a library that keeps the error inside to itself.
    /// #[derive(Debug)]
    /// struct Closed(Box<dyn Error + Send + Sync>);
    /// # impl fmt::Display for Closed {
    /// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("closed") }
    /// # }
    /// impl Error for Closed {}
    ///
    /// fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    ///     error.downcast_ref::<Closed>().map_or(Reading::NOTHING, |error| Reading::inside(&error.0))
    /// }
    /// static CLASSIFIER: Classifier = Classifier::with(&[reader]);
    ///
    /// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
    /// assert_eq!(CLASSIFIER.classify(&Closed(reset.into())).rank(), Rank::Transport);
    /// ```
    #[inline]
    pub fn inside<M, E: AsError<M> + ?Sized>(error: &'a E) -> Self {
        Self::NOTHING.and_inside(error)
    }

    /// The same reading, which goes on inside `error`.
    #[inline]
    pub fn and_inside<M, E: AsError<M> + ?Sized>(self, error: &'a E) -> Self {
        let next = match error.container() {
            Some(container) => Next::Container(container, error.as_error()),
            None => Next::Inside(error.as_error()),
        };
        Self { next, ..self }
    }

    /// The same, at the end of the walk.
    pub(super) const fn and_no_further(self) -> Self {
        Self { next: Next::Nowhere, ..self }
    }

    pub(super) const fn is_nothing(&self) -> bool {
        self.verdict.is_none() && matches!(self.next, Next::Source)
    }
}

impl From<Option<Verdict>> for Reading<'_> {
    #[inline]
    fn from(verdict: Option<Verdict>) -> Self {
        verdict.map_or(Self::NOTHING, Self::verdict)
    }
}
