//! The locks. The model check in `tests/loom` replaces them.

#[cfg(disconnect_loom)]
pub(super) use loom::sync::{Arc, Mutex, MutexGuard};
#[cfg(not(disconnect_loom))]
pub(super) use std::sync::{Arc, Mutex, MutexGuard};

use std::sync::PoisonError;

// Held while one connection or shutdown is nested in another, so that two concurrent calls do not create a cycle.
#[cfg(not(disconnect_loom))]
pub(super) static NESTING: Mutex<()> = Mutex::new(());
#[cfg(disconnect_loom)]
loom::lazy_static! {
    pub(super) static ref NESTING: Mutex<()> = Mutex::new(());
}

/// A poisoned lock is still valid: only a user's code can panic under it, and the state behind it is consistent at any
/// time.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives access without a lock, through a unique reference.
pub(super) fn get_mut<T>(mutex: &mut Mutex<T>) -> &mut T {
    mutex.get_mut().unwrap_or_else(PoisonError::into_inner)
}
