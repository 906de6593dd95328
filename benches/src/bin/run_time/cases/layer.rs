//! What the layer costs an event that is no disconnect.

use disconnect_core::DisconnectLayer;
use tracing::subscriber::with_default;
use tracing::{Subscriber, info};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

use super::{Case, times};

pub(crate) const CASES: &[Case] = &[
    Case { name: "other event, 5 fields", run: |n| layered(n, DisconnectLayer::new(|_| ()), five_fields) },
    Case { name: "other event, 5 fields, no-op layer", run: |n| layered(n, NoOp, five_fields) },
    Case { name: "other event, 16 fields", run: |n| layered(n, DisconnectLayer::new(|_| ()), sixteen_fields) },
    Case { name: "other event, 16 fields, no-op layer", run: |n| layered(n, NoOp, sixteen_fields) },
];

/// A layer that looks at nothing.
struct NoOp;

impl<S: Subscriber> Layer<S> for NoOp {}

fn layered(count: u32, layer: impl Layer<tracing_subscriber::Registry> + Send + Sync, work: fn()) {
    with_default(tracing_subscriber::registry().with(layer), || times(count, work));
}

fn five_fields() {
    info!(a = 1, b = 2, c = 3, d = 4, e = 5, "something else");
}

fn sixteen_fields() {
    info!(
        a = 1,
        b = 2,
        c = 3,
        d = 4,
        e = 5,
        f = 6,
        g = 7,
        h = 8,
        i = 9,
        j = 10,
        k = 11,
        l = 12,
        m = 13,
        n = 14,
        o = 15,
        p = 16,
        "something else"
    );
}
