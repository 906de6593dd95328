//! The locks, which the model check replaces by its own.

#[cfg(loom)]
pub(super) use loom::sync::{Arc, Mutex, MutexGuard};
#[cfg(not(loom))]
pub(super) use std::sync::{Arc, Mutex, MutexGuard};

use std::sync::PoisonError;

// Held while a connection that others may be under is put into another: two that go into each other at once would each
// see that the other is not around it yet, and wait for each other ever after.
#[cfg(not(loom))]
pub(super) static NESTING: Mutex<()> = Mutex::new(());
#[cfg(loom)]
loom::lazy_static! {
    pub(super) static ref NESTING: Mutex<()> = Mutex::new(());
}

/// Nothing panics under these locks, but for a user's `Drop`; what is behind them is whole at any time.
#[inline]
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same without a lock, where nobody else can have it.
#[inline]
pub(super) fn get_mut<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}
