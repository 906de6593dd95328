//! The real subscriber that receives the lines. It may be slow or panic.

use std::collections::HashMap;
use std::hint::black_box;
use std::panic;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use disconnect_core::{DisconnectLayer, Observed};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subscriber {
    Plain,
    /// Each line waits until one thread has formatted it many times.
    Slow,
    /// Each line panics after it is counted.
    Panicking,
}

/// The payload of an intentional panic.
pub(crate) struct OnPurpose;

/// The lines by connection.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<HashMap<u64, Vec<Observed>>>>);

impl Lines {
    /// Installs the subscriber of the process.
    pub(crate) fn install(subscriber: Subscriber) -> Result<Self, TryInitError> {
        let lines = Self::default();
        let inside = lines.clone();
        let writer = (subscriber == Subscriber::Slow).then(slow_writer);
        let layer = DisconnectLayer::new(move |end: &Observed| {
            if let Some(writer) = &writer {
                // The receiver lives as long as the process.
                let _ = writer.send(end.clone());
            }
            inside.add(end);
            if subscriber == Subscriber::Panicking {
                #[allow(clippy::panic, reason = "that is what this subscriber is for")]
                panic::panic_any(OnPurpose);
            }
        });
        tracing_subscriber::registry().with(layer.fields(["id", "bytes_in", "bytes_out"]).layer()).try_init()?;
        Ok(lines)
    }

    fn add(&self, end: &Observed) {
        // A line without a connection id counts for connection 0, which does not exist, and so fails the run.
        let id = end.field("id").and_then(|id| id.parse().ok()).unwrap_or(0);
        self.lock().entry(id).or_default().push(end.clone());
    }

    /// Returns the lines since the last call.
    pub(crate) fn take(&self) -> HashMap<u64, Vec<Observed>> {
        std::mem::take(&mut *self.lock())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Vec<Observed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slow_writer() -> SyncSender<Observed> {
    let (sender, receiver) = sync_channel::<Observed>(0);
    thread::spawn(move || {
        for end in receiver {
            for _ in 0..100 {
                black_box(end.to_string());
            }
        }
    });
    sender
}

/// Suppresses the output of intentional panics.
pub(crate) fn quiet_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !info.payload().is::<OnPurpose>() {
            report(info);
        }
    }));
}
