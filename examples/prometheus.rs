//! Exports counters and durations with the crate `metrics` to Prometheus. Real connections end, and the page shows
//! their reasons and durations.

mod connections;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;

use disconnect_core::{DisconnectMetrics, disconnected, metrics_counter};
use metrics_exporter_prometheus::{BuildError, PrometheusBuilder};

use self::connections::END;

static METRICS: LazyLock<DisconnectMetrics<metrics::Counter>> =
    LazyLock::new(|| DisconnectMetrics::new(&[END], metrics_counter!(metrics)));

const USAGE: &str = "\
Ends a few loopback connections and prints the page that Prometheus would scrape.

usage: prometheus [--serve ADDRESS]

  --serve ADDRESS  serves the page instead, for example at 127.0.0.1:9100, until Ctrl-C
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => {
            let recorder = exporter()?.install_recorder()?;
            connections().await?;
            print!("{}", recorder.render());
        }
        ["--serve", address] => {
            let address: SocketAddr = address.parse().map_err(|error| format!("{address}: {error}"))?;
            exporter()?.with_http_listener(address).install()?;
            connections().await?;
            println!("http://{address}/metrics");
            std::future::pending::<()>().await;
        }
        _ => {
            eprint!("{USAGE}");
            std::process::exit(2);
        }
    }
    Ok(())
}

/// Uses buckets for connections of a tenth of a second to an hour.
fn exporter() -> Result<PrometheusBuilder, BuildError> {
    PrometheusBuilder::new().set_buckets(&[0.1, 1.0, 10.0, 60.0, 600.0, 3600.0])
}

/// Ends the connections. The recorder is already installed, so the handles belong to it.
async fn connections() -> io::Result<()> {
    metrics::describe_histogram!("connection_duration_seconds", "Duration of connections, by end reason.");
    connections::end_some(|end| {
        METRICS.series(end).increment(1);
        if let Some(seconds) = end.duration_secs() {
            metrics::histogram!("connection_duration_seconds", "reason" => end.reason().as_str()).record(seconds);
        }
        disconnected!(
            end,
            duration = end.duration_secs(),
            bytes_in = end.bytes_in(),
            bytes_out = end.bytes_out(),
            "connection closed"
        );
    })
    .await
}
