//! Counters through the crate `metrics`, for Prometheus: real connections end, and the page shows why.

mod connections;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::LazyLock;

use disconnect_core::{DisconnectMetrics, disconnected, metrics_counter};
use metrics_exporter_prometheus::PrometheusBuilder;

use self::connections::END;

static METRICS: LazyLock<DisconnectMetrics<metrics::Counter>> =
    LazyLock::new(|| DisconnectMetrics::new(&[END], metrics_counter!(metrics)));

const USAGE: &str = "\
Ends a few loopback connections, and prints the page that Prometheus would get.

usage: prometheus [--serve ADDRESS]

  --serve ADDRESS  serves the page instead, such as at 127.0.0.1:9100, until it is stopped
";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => {
            let recorder = PrometheusBuilder::new().install_recorder()?;
            connections().await?;
            print!("{}", recorder.render());
        }
        ["--serve", address] => {
            let address: SocketAddr = address.parse().map_err(|error| format!("{address}: {error}"))?;
            PrometheusBuilder::new().with_http_listener(address).install()?;
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

/// The recorder is installed by now: the first use of the counters registers them with it.
async fn connections() -> io::Result<()> {
    connections::end_some(|end| {
        METRICS.series(end).increment(1);
        disconnected!(end, "connection closed");
    })
    .await
}
