//! Measures the cost of the layer for an event that is not a disconnect.

use disconnect_core::DisconnectLayer;
use tracing::subscriber::with_default;
use tracing::{Subscriber, info};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::{Layered, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, Registry, registry};

use super::{Case, times};

pub(crate) const CASES: &[Case] = &[
    Case { name: "other event, 5 fields", run: |n| alone(n, ours(), five_fields) },
    Case { name: "other event, 16 fields", run: |n| alone(n, ours(), sixteen_fields) },
    Case { name: "other event, wanted, 5 fields", run: |n| beside_no_op(n, ours(), five_fields) },
    Case { name: "other event, wanted, 5 fields, LevelFilter", run: |n| beside_no_op(n, off(), five_fields) },
    Case { name: "other event, wanted, 5 fields, no-op layer", run: |n| alone(n, NoOp, five_fields) },
    Case { name: "other event, wanted, 16 fields", run: |n| beside_no_op(n, ours(), sixteen_fields) },
    Case { name: "other event, wanted, 16 fields, LevelFilter", run: |n| beside_no_op(n, off(), sixteen_fields) },
    Case { name: "other event, wanted, 16 fields, no-op layer", run: |n| alone(n, NoOp, sixteen_fields) },
];

/// A layer that does nothing.
struct NoOp;

impl<S: Subscriber> Layer<S> for NoOp {}

/// The library's layer, which does not want these events.
fn ours<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    DisconnectLayer::new(|_| ()).layer()
}

/// The cheapest filter that does not want these events either.
fn off<S>() -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    NoOp.with_filter(LevelFilter::OFF)
}

fn alone(count: u32, layer: impl Layer<Registry> + Send + Sync, work: fn()) {
    with_default(registry().with(layer), || times(count, work));
}

fn beside_no_op(count: u32, layer: impl Layer<Layered<NoOp, Registry>> + Send + Sync, work: fn()) {
    with_default(registry().with(NoOp).with(layer), || times(count, work));
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
