//! TLS over TCP: what a handshake, an alert, a record and the end of the bytes below say.
//!
//! One end is looked at, with rustls, native-tls or OpenSSL; what is injected comes from a peer that runs rustls.

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

/// How long a peer may be silent, where that is the thing tested.
const SHORT: Duration = Duration::from_millis(300);
/// How long a handshake may take otherwise: it is done long before.
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
