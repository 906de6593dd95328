//! One file per protocol: its peers, its faults, and the end that each side logs.

mod grpc;
mod http1;
mod http2;
mod process;
mod quic;
mod ssh;
mod tcp;
mod tls;
mod websocket;

use std::error::Error;

use crate::matrix::Matrix;

pub(crate) type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Every protocol, in the order of the table.
pub(crate) const ALL: &[&str] = &[
    "tcp",
    "tls",
    #[cfg(feature = "openssl")]
    "tls_native",
    #[cfg(feature = "openssl")]
    "tls_openssl",
    "websocket",
    "http1",
    "http2",
    "grpc",
    "quic",
    "ssh",
    "process",
];

/// Looks up a protocol by its name.
pub(crate) fn named(name: &str) -> Result<&'static str, String> {
    let known = ALL.iter().copied().find(|known| *known == name);
    known.ok_or_else(|| format!("unknown protocol `{name}`; known are {}", ALL.join(", ")))
}

/// Runs the cases of one protocol.
pub(crate) async fn run(protocol: &str, matrix: &mut Matrix) -> Outcome {
    match protocol {
        "tcp" => tcp::run(matrix).await,
        "tls" => tls::run(matrix).await,
        #[cfg(feature = "openssl")]
        "tls_native" => tls::run_native(matrix).await,
        #[cfg(feature = "openssl")]
        "tls_openssl" => tls::run_openssl(matrix).await,
        "websocket" => websocket::run(matrix).await,
        "http1" => http1::run(matrix).await,
        "http2" => http2::run(matrix).await,
        "grpc" => grpc::run(matrix).await,
        "quic" => quic::run(matrix).await,
        "ssh" => ssh::run(matrix).await,
        "process" => process::run(matrix).await,
        unknown => Err(format!("no cases for `{unknown}`").into()),
    }
}

/// Runs a peer in its own process.
pub(crate) async fn peer(role: &str, arguments: &[String]) -> Outcome {
    match role {
        "tcp" => tcp::peer(arguments).await,
        "tls" => tls::peer(arguments).await,
        "websocket" => websocket::peer(arguments).await,
        "http1" => http1::peer(arguments).await,
        "http2" => http2::peer(arguments).await,
        "grpc" => grpc::peer(arguments).await,
        "quic" => quic::peer(arguments).await,
        "ssh" => ssh::peer(arguments).await,
        "process" => process::peer(arguments).await,
        unknown => Err(format!("unknown role `{unknown}`").into()),
    }
}
