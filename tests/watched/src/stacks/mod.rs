//! The libraries, each as the checked side with its peer.

pub(crate) mod axum;
pub(crate) mod grpc;
pub(crate) mod http1;
pub(crate) mod http2;
pub(crate) mod lines;
#[cfg(feature = "native-tls")]
pub(crate) mod native_tls;
pub(crate) mod postgres;
pub(crate) mod ssh;
pub(crate) mod tls;
pub(crate) mod websocket;
