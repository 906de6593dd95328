//! From what was seen to what it means: verdicts, and the walk through an error that finds them.
//!
//! A [`Verdict`] says what happened and on which [`Side`], without knowing who "we" are. An
//! [`Endpoint`](crate::Endpoint) knows that, and turns it into a [`Disconnect`](crate::Disconnect).
//!
//! Where the evidence is ambiguous the verdict is never "normal": a wrong `expected=true` hides an outage.

mod adapters;
mod classifier;
mod derived;
#[cfg(feature = "std")]
mod io;
mod verdict;

#[doc(hidden)]
pub use adapters::vocabulary;
pub use classifier::{Classifier, Reader, Reading};
#[doc(hidden)]
pub use derived::expanded;
pub use derived::{DisconnectEvidence, derived};
pub(crate) use verdict::Ending;
pub use verdict::{Rank, Side, Verdict};
