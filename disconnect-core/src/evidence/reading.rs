//! `Reader` and `Reading`: how a classifier reads one error.

use core::any::Any;
use core::error::Error;

use super::as_error::AsError;
use crate::code::Code;
use crate::verdict::Verdict;

/// Reads one error, without its sources. Returns its verdict, the error inside it, or both.
///
/// Write one for a library that has no adapter, and list it in [`classifier!`](crate::classifier) as `reader =
/// my_reader`. Downcast the error, and return [`Reading::NOTHING`] for every error of another type. A reader must not
/// panic, and it should not allocate: `Conformance` (feature `testing`) checks both.
///
/// ```
/// use std::error::Error;
/// use disconnect_core::evidence::{Reader, Reading, Side, Verdict};
/// use disconnect_core::{DisconnectReason, Endpoint, classifier};
///
/// fn utf8<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
///     match error.downcast_ref::<std::str::Utf8Error>() {
///         Some(_) => Reading::verdict(Verdict::new(DisconnectReason::ProtocolError, Side::Remote)),
///         None => Reading::NOTHING,
///     }
/// }
/// const READER: Reader = utf8;
///
/// let error = String::from_utf8(vec![0xff]).unwrap_err().utf8_error();
/// assert_eq!(classifier![reader = READER].classify(&error).side(), Side::Remote);
/// ```
pub type Reader = for<'a> fn(&'a (dyn Error + 'static)) -> Reading<'a>;

/// Returns what a code means if this side sent it. `None` for a code that it does not know.
///
/// The classifier swaps the two sides for a received code. It asks a code reader only about codes that no built-in
/// table has, such as WebSocket 4000 to 4999: see [`Classifier::with_codes`](super::Classifier::with_codes).
///
/// For single codes, derive [`DisconnectCode`](macro@crate::DisconnectCode) and use [`own_codes`](super::own_codes).
/// Write a code reader by hand for a range of codes.
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

/// The result of a [`Reader`]: a verdict, the error inside, both or neither.
///
/// The walk goes on with `source()`, unless the constructor or [`and_inside`](Self::and_inside) chooses another error.
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
    /// In the error that a container such as `anyhow::Error` holds.
    Container(&'a dyn Any, &'a (dyn Error + 'static)),
    Nowhere,
}

/// Reads the typed context of one error in a container's chain. `None` if the error has no context of a listed type.
///
/// The second argument is that error. A container finds a context by its type alone, so the function has to check that
/// the context belongs to this error.
pub type Contexts = for<'a> fn(&'a dyn Any, &'a (dyn Error + 'static)) -> Option<Reading<'a>>;

impl<'a> Reading<'a> {
    /// The reader does not know the error, or the error has no verdict by itself.
    pub const NOTHING: Self = Self { verdict: None, next: Next::Source, is_failure: false };

    /// The error has this verdict. A stronger one inside it still wins.
    #[inline]
    pub const fn verdict(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), ..Self::NOTHING }
    }

    /// Something on this side failed, such as a handler, and the error has this verdict.
    ///
    /// A stronger verdict inside it still wins, except an expected one: a goodbye or a shutdown inside a failure
    /// belongs to another connection.
    pub const fn failure(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), is_failure: true, ..Self::NOTHING }
    }

    /// The error has this verdict, and the walk ends here.
    ///
    /// Use it if the error inside is misleading or already part of the verdict.
    ///
    /// ```
    /// use std::{error::Error, fmt, io};
    /// use disconnect_core::evidence::{Reading, Side, Verdict};
    /// use disconnect_core::{DisconnectCause, DisconnectReason, Endpoint, classifier};
    ///
    /// /// An upload failed. The `UnexpectedEof` inside is about the file, not about the connection.
    /// #[derive(Debug)]
    /// struct UploadFailed(io::Error);
    /// # impl fmt::Display for UploadFailed {
    /// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("the upload failed") }
    /// # }
    /// impl Error for UploadFailed {
    ///     fn source(&self) -> Option<&(dyn Error + 'static)> {
    ///         Some(&self.0)
    ///     }
    /// }
    ///
    /// fn upload<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    ///     let failed = Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::InternalError);
    ///     error.downcast_ref::<UploadFailed>().map_or(Reading::NOTHING, |_| Reading::settled(failed))
    /// }
    ///
    /// let error = UploadFailed(io::ErrorKind::UnexpectedEof.into());
    /// assert_eq!(classifier![reader = upload].classify(&error).side(), Side::Local);
    /// ```
    pub const fn settled(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), next: Next::Nowhere, ..Self::NOTHING }
    }

    /// The error is a wrapper without a verdict. The walk goes on with the error inside, which may be boxed or an
    /// `anyhow::Error`.
    ///
    /// Use it if `source()` does not return the error inside.
    ///
    /// ```
    /// # #[cfg(feature = "std")] {
    /// use core::{error::Error, fmt};
    /// use std::io;
    /// use disconnect_core::evidence::{Rank, Reading};
    /// use disconnect_core::Classifier;
    ///
    /// /// An error of a library that does not return the error inside as its source.
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
    /// # }
    /// ```
    #[inline]
    pub fn inside<M, E: AsError<M> + ?Sized>(error: &'a E) -> Self {
        Self::NOTHING.and_inside(error)
    }

    /// Sets where the walk goes on: inside `error` instead of `source()`.
    #[inline]
    pub fn and_inside<M, E: AsError<M> + ?Sized>(self, error: &'a E) -> Self {
        let next = match error.container() {
            Some(container) => Next::Container(container, error.as_error()),
            None => Next::Inside(error.as_error()),
        };
        Self { next, ..self }
    }

    /// Ends the walk after this error.
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
