//! TLS over TCP: handshakes, alerts, records, and the end of the bytes below.
//!
//! The checked side uses rustls, native-tls or OpenSSL. The peer that injects the fault uses rustls.

mod broken;
mod established;
mod handshake;
mod library;
mod relay;
mod setup;
#[cfg(feature = "openssl")]
mod system;

use std::time::Duration;

use self::library::Library;
use self::setup::{Authority, KNOWN};
use super::Outcome;
use crate::matrix::Matrix;

/// The timeout in cases about silence.
const SHORT: Duration = Duration::from_millis(300);
/// The timeout of a handshake in all other cases, which complete long before.
const LONG: Duration = Duration::from_secs(30);

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    run_with(matrix, &Library::RUSTLS).await
}

#[cfg(feature = "openssl")]
pub(crate) async fn run_native(matrix: &mut Matrix) -> Outcome {
    run_with(matrix, &system::NATIVE).await
}

#[cfg(feature = "openssl")]
pub(crate) async fn run_openssl(matrix: &mut Matrix) -> Outcome {
    run_with(matrix, &system::OPENSSL).await
}

async fn run_with(matrix: &mut Matrix, library: &Library) -> Outcome {
    let known = Authority::new(KNOWN)?;
    handshake::run(matrix, library, &known).await?;
    established::run(matrix, library, &known).await?;
    broken::run(matrix, library, &known).await
}

/// A peer to be killed: see [`established`].
pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    established::peer(arguments).await
}
