//! The observed service: connection tasks written as in a real service, each with one line at its end.

pub(crate) mod control;
pub(crate) mod http2;
pub(crate) mod session;
pub(crate) mod tls;
pub(crate) mod websocket;
pub(crate) mod wire;
