//! Counters that Prometheus scrapes: real connections end, and the page shows why.

use std::error::Error;
use std::io;
use std::net::SocketAddr;

use disconnect_core::{Disconnect, DisconnectGuard, DisconnectMetrics, Endpoint, disconnected};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

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

/// The recorder is installed: the series are registered with it.
async fn connections() -> io::Result<()> {
    let metrics: &'static DisconnectMetrics = Box::leak(Box::default());
    for way in [Way::Goodbye, Way::Goodbye, Way::EndOfFile, Way::Cancelled] {
        connection(way, metrics).await?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Way {
    Goodbye,
    EndOfFile,
    Cancelled,
}

/// A real connection from its beginning to its end.
async fn connection(way: Way, metrics: &'static DisconnectMetrics) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let (mut stream, _) = listener.accept().await?;
    let guard = DisconnectGuard::new(END, move |end: &Disconnect| {
        metrics.count(end);
        disconnected!(end, "connection closed");
    });
    match way {
        Way::Goodbye => client.write_all(b"bye").await?,
        Way::EndOfFile => {}
        // The task that serves the connection is dropped in the middle.
        Way::Cancelled => return Ok(()),
    }
    drop(client);
    guard
        .run(async |_| -> io::Result<_> {
            let mut said = String::new();
            stream.read_to_string(&mut said).await?;
            Ok(if said == "bye" { END.closed_by_peer() } else { END.eof() })
        })
        .await?;
    Ok(())
}
