//! The fault matrix: real peers on loopback, real faults, and whether each end is attributed correctly.
//!
//! `faults` compares every end with the truth in `truth/`, prints a row a protocol, and ends with 1 if less is right than
//! promised. `faults --cases` prints every case as well, `faults tcp quic` runs these protocols only, and `faults --write` writes the
//! tables into `RESULTS.md`.

mod line;
mod loopback;
mod matrix;
mod peers;
mod protocols;
#[allow(unreachable_pub, reason = "users copy these files")]
mod recipes;
mod secure;
mod truth;

use std::process::ExitCode;
use std::time::Duration;

use matrix::Matrix;
use tokio::signal::unix::{SignalKind, signal};

/// The time limit of a protocol. A protocol takes a few seconds; only a stuck one reaches the limit.
const PATIENCE: Duration = Duration::from_mins(1);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let cases = async {
        match &arguments[..] {
            [peer, role, rest @ ..] if peer == "peer" => protocols::peer(role, rest).await.map(|()| true),
            arguments => run(arguments).await,
        }
    };
    let outcome = tokio::select! {
        outcome = cases => outcome,
        signalled = signalled() => Err(signalled.map_or_else(Into::into, |()| "ended by a signal".into())),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Catches a signal that the background jobs of a shell and `nohup` ignore. The commands of the cases would inherit an
/// ignored signal, but not a caught one.
async fn signalled() -> std::io::Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    tokio::select! {
        _ = hangup.recv() => {}
        _ = interrupt.recv() => {}
        _ = quit.recv() => {}
    }
    Ok(())
}

async fn run(arguments: &[String]) -> Result<bool, Box<dyn std::error::Error + Send + Sync>> {
    let (options, named): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|a| a.starts_with('-'));
    if let Some(unknown) = options.iter().find(|option| !["--cases", "--write"].contains(option)) {
        return Err(format!("unknown option `{unknown}`; known are `--cases` and `--write`").into());
    }
    let is_whole = named.is_empty();
    let writes = options.contains(&"--write");
    if writes && !(is_whole && cfg!(feature = "openssl")) {
        return Err("`--write` writes all protocols: name none, and give cargo `--all-features`".into());
    }
    let named = match &named[..] {
        [] => protocols::ALL.to_vec(),
        named => named.iter().map(|name| protocols::named(name)).collect::<Result<_, _>>()?,
    };
    let mut matrix = Matrix::default();
    for protocol in named {
        matrix.expect(protocol)?;
        let cases = tokio::time::timeout(PATIENCE, protocols::run(protocol, &mut matrix));
        let outcome = cases.await.map_err(|_| format!("{protocol}: stuck after {}", matrix.latest()))?;
        outcome.map_err(|error| format!("{protocol}: after {}: {error}", matrix.latest()))?;
    }
    if options.contains(&"--cases") {
        matrix.print_cases();
    }
    matrix.print_wrong();
    matrix.print_problems();
    print!("{}", matrix.tables());
    if writes {
        matrix.write()?;
    }
    Ok(matrix.holds(is_whole))
}
