//! An observer that logs a disconnect. In a separate process: while a thread has its own subscriber, tracing itself
//! prevents reentrance.

use std::sync::{Arc, Mutex};

use disconnect_core::{DisconnectLayer, DisconnectReason, Observed, disconnected};
use tracing_subscriber::layer::SubscriberExt;

#[test]
fn an_observer_that_logs_a_disconnect_is_not_observed() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let inside = seen.clone();
    let layer = DisconnectLayer::new(move |end: &Observed| {
        inside.lock().unwrap().push(end.message().map(str::to_owned));
        // Without this check, an endless recursion would overflow the stack without a message.
        assert!(inside.lock().unwrap().len() < 3, "the observer observed itself");
        disconnected!(reason = DisconnectReason::Unknown, "from within");
    });
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer.layer())).unwrap();
    for _ in 0..2 {
        disconnected!(reason = DisconnectReason::Graceful, "closed");
    }
    assert_eq!(*seen.lock().unwrap(), [Some("closed".to_owned()), Some("closed".to_owned())]);
}
