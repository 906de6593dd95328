//! A call site that another thread reached first, without a subscriber. In a separate process, because the comparison
//! with a naive subscriber requires that no other test has created one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use disconnect_core::{DisconnectLayer, DisconnectReason, disconnected, testing};
use tracing_subscriber::layer::SubscriberExt;

/// Gives each test its own call site.
macro_rules! sites {
    ($($name:ident)+) => {
        [$({
            fn $name() {
                disconnected!(level: INFO, reason = DisconnectReason::Graceful, "closed");
            }
            $name as fn()
        }),+]
    };
}

/// Reaches the call site in a thread without a subscriber.
fn met_elsewhere(site: fn()) {
    thread::spawn(site).join().unwrap();
}

#[test]
fn capture_sees_call_sites_that_a_naive_subscriber_misses() {
    let [first, second, third] = sites![first second third];

    let seen = AtomicUsize::new(0);
    let seen: &'static AtomicUsize = Box::leak(Box::new(seen));
    let layer = DisconnectLayer::new(|_| _ = seen.fetch_add(1, Ordering::Relaxed));
    tracing::subscriber::with_default(tracing_subscriber::registry().with(layer.layer()), || {
        first();
        met_elsewhere(second);
        second();
    });
    assert_eq!(seen.load(Ordering::Relaxed), 1, "tracing has changed: the naive way no longer loses an event");

    testing::capture(|| {
        met_elsewhere(third);
        third();
    })
    .one();
    // The call site that was disabled before is enabled again.
    testing::capture(second).one();

    many_threads();
}

/// Half of the threads capture. The other half reaches the same call sites without a subscriber.
fn many_threads() {
    const ROUNDS: usize = 200;
    let sites = sites![a b c d e f g h];
    let lost = Mutex::new(Vec::<usize>::new());
    thread::scope(|scope| {
        for site in sites {
            scope.spawn(move || (0..ROUNDS).for_each(|_| site()));
            let lost = &lost;
            scope.spawn(move || {
                for round in 0..ROUNDS {
                    if testing::capture(site).all().len() != 1 {
                        lost.lock().unwrap().push(round);
                    }
                }
            });
        }
    });
    assert!(lost.into_inner().unwrap().is_empty(), "events were lost");
}
