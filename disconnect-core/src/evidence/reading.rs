//! What a reader makes of one error.

use core::error::Error;

use crate::verdict::Verdict;

/// Looks at one error, not at its sources. Where it recognises it, it says what it means, what lies inside, or both.
pub type Reader = for<'a> fn(&'a (dyn Error + 'static)) -> Reading<'a>;

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
    Nowhere,
}

impl<'a> Reading<'a> {
    /// The error is not one that this reader knows, or says nothing by itself.
    pub const NOTHING: Self = Self { verdict: None, next: Next::Source, is_failure: false };

    /// The error means this. What lies inside may still be stronger evidence.
    #[inline]
    pub const fn verdict(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), ..Self::NOTHING }
    }

    /// Something of ours failed, such as a handler. What lies inside may be stronger evidence; but a goodbye in there
    /// was said on another connection, and does not make this end a normal one.
    pub const fn failure(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), is_failure: true, ..Self::NOTHING }
    }

    /// The error means this, whatever lies inside.
    pub const fn settled(verdict: Verdict) -> Self {
        Self { verdict: Some(verdict), next: Next::Nowhere, ..Self::NOTHING }
    }

    /// The error is a wrapper, and `source()` would skip what it wraps.
    #[inline]
    pub const fn inside(error: &'a (dyn Error + 'static)) -> Self {
        Self { next: Next::Inside(error), ..Self::NOTHING }
    }

    /// The same reading, which goes on inside `error`.
    pub const fn and_inside(self, error: &'a (dyn Error + 'static)) -> Self {
        Self { next: Next::Inside(error), ..self }
    }

    /// The same, at the end of the walk.
    #[cfg(feature = "std")]
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
