//! The locks, which the model check replaces by its own.

#[cfg(disconnect_loom)]
pub(super) use loom::sync::{Arc, Mutex, MutexGuard};
#[cfg(not(disconnect_loom))]
pub(super) use std::sync::{Arc, Mutex, MutexGuard};

use std::sync::PoisonError;

// Held while one thing is put under another, so that two that go under each other at once do not make a circle.
#[cfg(not(disconnect_loom))]
pub(super) static NESTING: Mutex<()> = Mutex::new(());
#[cfg(disconnect_loom)]
loom::lazy_static! {
    pub(super) static ref NESTING: Mutex<()> = Mutex::new(());
}

/// Nothing panics under these locks, but for a user's `Drop`; what is behind them is whole at any time.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same without a lock, where nobody else can have it.
pub(super) fn get_mut<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}
