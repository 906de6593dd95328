//! Exports counters and log records with OpenTelemetry. Real connections end, and standard output shows what a
//! collector would receive.

mod connections;

use std::error::Error;

use disconnect_core::{DisconnectMetrics, disconnected};
use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_sdk::logs::SdkLoggerProvider;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use tracing_subscriber::layer::SubscriberExt;

use self::connections::END;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let logs = SdkLoggerProvider::builder().with_simple_exporter(opentelemetry_stdout::LogExporter::default()).build();
    let subscriber = tracing_subscriber::registry().with(OpenTelemetryTracingBridge::new(&logs));
    tracing::subscriber::set_global_default(subscriber)?;

    let reader = PeriodicReader::builder(opentelemetry_stdout::MetricExporter::default()).build();
    let meters = SdkMeterProvider::builder().with_reader(reader).build();
    let counter = meters.meter("disconnect").u64_counter("disconnects").with_unit("{connection}").build();

    // The handle of a series is its set of attributes.
    let metrics = DisconnectMetrics::new(&[END], {
        let counter = counter.clone();
        move |labels| {
            let attributes: Vec<_> = labels.iter().map(|(key, value)| KeyValue::new(*key, *value)).collect();
            // Creates the series with the value zero.
            counter.add(0, &attributes);
            attributes
        }
    });
    connections::end_some(|end| {
        counter.add(1, metrics.series(end));
        disconnected!(end, "error.type" = end.error_type(), "connection closed");
    })
    .await?;

    logs.shutdown()?;
    meters.shutdown()?;
    Ok(())
}
