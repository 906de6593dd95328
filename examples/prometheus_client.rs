//! Counts ends with `prometheus-client`. Real connections end, and the example prints the page that Prometheus would
//! scrape.

mod connections;

use std::error::Error;

use disconnect_core::{DisconnectMetrics, disconnected};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

use self::connections::END;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let family = Family::<Vec<(&'static str, &'static str)>, Counter>::default();
    let mut registry = Registry::default();
    // The encoder appends `_total`.
    registry.register(
        "disconnects",
        "Connections that ended, by reason, initiator, direction and method",
        family.clone(),
    );

    let metrics = DisconnectMetrics::new(&[END], move |labels| family.get_or_create_owned(&labels.to_vec()));
    connections::end_some(|end| {
        metrics.series(end).inc();
        disconnected!(end, "connection closed");
    })
    .await?;

    let mut page = String::new();
    encode(&mut page, &registry)?;
    print!("{page}");
    Ok(())
}
