//! One file a library, to be copied: where the watched stream goes, so that a connection ends right also where no error says so.
//!
//! # Libraries that take no stream
//!
//! reqwest, mongodb, async-nats, fred, rumqttc and lapin dial by themselves: they take a URL or an address, and no stream.
//! Nothing can be watched inside them. Their errors are all there is, through a reader of the classifier.
//!
//! A relay on loopback is a way out: a listener of your own on port 0, and `Watched` on both legs, as in the example of a TCP
//! proxy. The library dials the relay, and the relay dials the server. It costs a copy of every byte. It sees the outside of TLS
//! alone: a FIN, a reset and silence, but neither a `close_notify` nor what the protocol says.
//!
//! With TLS, the name decides whether that holds. A library checks the certificate against the name that it dials, and the server
//! has no certificate for `127.0.0.1`.
//!
//! - Where the library lets the name and the address differ, the relay holds. reqwest does: `ClientBuilder::resolve` gives the
//!   name the address of the relay, and the URL says the relay's port.
//! - Where the name is that of the URL and of nothing else, it does not. Then let the library speak plain text to the relay, and
//!   the relay TLS to the server. The relay is watched above TLS then, and sees more. Every program of the machine can connect to
//!   it, and read along as far as the server lets it.
//! - Never turn off the check of the name for it.
//!
//! A cluster tells its clients further addresses (mongodb's replica sets, NATS, Redis Cluster): they dial those past the relay.

pub mod axum;
pub mod h2;
pub mod hyper_http1;
pub mod hyper_util;
#[cfg(feature = "native-tls")]
pub mod native_tls;
pub mod russh;
pub mod rustls;
pub mod tokio_postgres;
pub mod tonic;
pub mod tungstenite;

pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
