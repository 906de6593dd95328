//! Where the lines arrive: a real subscriber, which may be slow or panic.

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
    /// Every line waits until one thread has formatted it many times over.
    Slow,
    /// Every line panics, once it is counted.
    Panicking,
}

/// What a panic that is made on purpose carries.
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
                // Gone only with the process.
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
        // A line without its connection is a line too many for connection 0, which there is not.
        let id = end.field("id").and_then(|id| id.parse().ok()).unwrap_or(0);
        self.lock().entry(id).or_default().push(end.clone());
    }

    /// The lines since the last call.
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

/// Keeps the panics that are made on purpose out of the output.
pub(crate) fn quiet_panics() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !info.payload().is::<OnPurpose>() {
            report(info);
        }
    }));
}
