//! The walk through an error and everything inside it.

use core::error::Error;

use super::reading::{Next, Reader, Reading};
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
/// let end = Endpoint::AGENT_FACING_SERVER.failed(&CLASSIFIER, &io::Error::other(reset));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Classifier {
    readers: &'static [Reader],
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
        Self { readers }
    }

    /// What an error means: `unknown` where nothing in it is understood.
    pub fn verdict(&self, error: &(dyn Error + 'static)) -> Verdict {
        let mut strongest: Option<Verdict> = None;
        let mut next = Some(error);
        let mut in_failure = false;
        for _ in 0..Self::MAX_DEPTH {
            let Some(error) = next else { break };
            #[cfg(feature = "std")]
            let reading = match error.downcast_ref().map(|error| (error, super::io::mere_wrapper(error))) {
                Some((_, Some(payload))) => {
                    next = Some(payload);
                    continue;
                }
                Some((error, None)) => super::io::read(error),
                None => self.read(error),
            };
            #[cfg(not(feature = "std"))]
            let reading = self.read(error);
            if strongest.is_none() && matches!(reading.next, Next::Nowhere) {
                return reading.verdict.unwrap_or(NOT_UNDERSTOOD);
            }
            // A verdict is large: it is only moved where there is one.
            if let Some(inner) = reading.verdict {
                let counts = !in_failure || !inner.is_goodbye();
                if counts && strongest.as_ref().is_none_or(|outer| outer.rank <= inner.rank) {
                    strongest = Some(inner);
                }
            }
            in_failure |= reading.is_failure;
            next = match reading.next {
                Next::Source => error.source(),
                Next::Inside(inside) => Some(inside),
                Next::Nowhere => None,
            };
        }
        strongest.unwrap_or(NOT_UNDERSTOOD)
    }

    /// The first reader that recognises the error. Pointers come last: most errors are none.
    fn read<'a>(&self, error: &'a (dyn Error + 'static)) -> Reading<'a> {
        for reader in self.readers {
            let reading = reader(error);
            if !reading.is_nothing() {
                return reading;
            }
        }
        #[cfg(feature = "std")]
        if let Some(inside) = super::io::open(error) {
            return Reading::inside(inside);
        }
        Reading::NOTHING
    }
}

/// The weakest evidence there is.
const NOT_UNDERSTOOD: Verdict = Verdict::new(DisconnectReason::Unknown, Side::Unknown).with_rank(Rank::FollowOn);

impl Default for Classifier {
    fn default() -> Self {
        Self::new()
    }
}
