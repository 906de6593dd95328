//! Recipes to copy, one file for each library: how to serve a connection so that its end is attributed correctly.

pub mod goaway;
pub mod h2;
pub mod halves;
pub mod hyper_http1;
pub mod hyper_http2;
#[cfg(feature = "openssl")]
pub mod native_tls;
pub mod openssh;
#[cfg(feature = "openssl")]
pub mod openssl;
pub mod portable_pty;
pub mod process;
pub mod quinn;
pub mod russh_client;
pub mod russh_server;
pub mod rustls;
pub mod std_time;
pub mod tokio;
pub mod tokio_channels;
pub mod tokio_copy;
pub mod tokio_util;
pub mod tonic;
pub mod tungstenite;
