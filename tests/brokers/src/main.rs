//! Runs every client against its real server with injected faults, and counts how often the end is attributed
//! correctly.
//!
//! ```sh
//! apt-get install postgresql redis-server rabbitmq-server mosquitto
//! cargo run -p disconnect-brokers -- --write     # writes RESULTS.md; a name runs only the clients of that library
//! ```

mod clients;
mod faults;
mod matrix;
mod relay;
mod report;
mod servers;

use std::process::ExitCode;

use crate::clients::{Client, amqp, mqtt, postgres, redis};
use crate::matrix::{Bench, Row};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let names: Vec<&str> =
        arguments.iter().map(String::as_str).filter(|argument| !argument.starts_with("--")).collect();
    let is_wanted = |client: &&Client| names.is_empty() || names.iter().any(|name| client.library.starts_with(name));
    let mut rows: Vec<Row> = Vec::new();
    for client in postgres::CLIENTS.iter().filter(is_wanted) {
        faults::postgres(&mut Bench { client: *client, rows: &mut rows }).await;
    }
    for client in redis::CLIENTS.iter().filter(is_wanted) {
        faults::redis(&mut Bench { client: *client, rows: &mut rows }).await;
    }
    for client in amqp::CLIENTS.iter().filter(is_wanted) {
        faults::rabbitmq(&mut Bench { client: *client, rows: &mut rows }).await;
    }
    for client in mqtt::CLIENTS.iter().filter(is_wanted) {
        faults::mosquitto(&mut Bench { client: *client, rows: &mut rows }).await;
    }
    let report = report::Report::of(&rows);
    print!("\n{report}");
    if arguments.iter().any(|argument| argument == "--write") {
        report.write().await;
    }
    if report.is_good() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
