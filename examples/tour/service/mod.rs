//! The service that is observed: connection tasks as one would write them, each with the one line at its end.

pub(crate) mod control;
pub(crate) mod http2;
pub(crate) mod session;
pub(crate) mod tls;
pub(crate) mod websocket;
pub(crate) mod wire;
