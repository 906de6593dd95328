//! Measures the value of a watched stream: every fault on every library, attributed by the errors alone, by `Watched`
//! alone, and by both.
//!
//! `watched` prints the table, and exits with 1 if the results are below the limits. `watched --cases` also prints
//! every end.
#![allow(unreachable_pub, reason = "users copy the recipes")]

mod case;
mod recipes;
mod stacks;
mod table;
mod truth;

use std::process::ExitCode;

use case::{Mode, Stack, end_of};
use recipes::BoxError;
use stacks::{axum, grpc, http1, http2, lines, postgres, ssh, tls, websocket};
use table::{Row, Table};
use truth::Truth;

#[tokio::main]
async fn main() -> ExitCode {
    let shows_cases = match std::env::args().nth(1).as_deref() {
        None => false,
        Some("--cases") => true,
        Some(unknown) => {
            eprintln!("error: unknown option `{unknown}`; known is `--cases`");
            return ExitCode::from(2);
        }
    };
    match Box::pin(table()).await {
        Ok(table) => {
            if shows_cases {
                table.print_cases();
            }
            table.print();
            if table.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

async fn table() -> Result<Table, BoxError> {
    let mut table = Table::default();
    Box::pin(add::<lines::Lines>(&mut table)).await?;
    Box::pin(add::<tls::Rustls>(&mut table)).await?;
    #[cfg(feature = "native-tls")]
    Box::pin(add::<stacks::native_tls::NativeTls>(&mut table)).await?;
    Box::pin(add::<websocket::WebSocket>(&mut table)).await?;
    Box::pin(add::<http2::H2>(&mut table)).await?;
    Box::pin(add::<http1::Http1>(&mut table)).await?;
    Box::pin(add::<http2::Http2>(&mut table)).await?;
    Box::pin(add::<axum::Axum>(&mut table)).await?;
    Box::pin(add::<grpc::ServerConnection>(&mut table)).await?;
    Box::pin(add::<grpc::StreamingCall>(&mut table)).await?;
    Box::pin(add::<grpc::HandledCall>(&mut table)).await?;
    Box::pin(add::<grpc::ClientCall>(&mut table)).await?;
    Box::pin(add::<ssh::Ssh>(&mut table)).await?;
    Box::pin(add::<postgres::Postgres>(&mut table)).await?;
    Ok(table)
}

/// Adds every fault of a library, in every mode.
async fn add<S: Stack>(table: &mut Table) -> Result<(), BoxError> {
    for &fault in S::FAULTS {
        let truth = Truth::of(S::DIALS, S::NAME, fault)?;
        let [neither, errors, watched, both] = Mode::ALL.map(|mode| end_of::<S>(fault, mode));
        let ends = [neither.await?, errors.await?, watched.await?, both.await?];
        table.add(Row { library: S::NAME, fault, truth, ends });
    }
    Ok(())
}
