//! Copy the file of your library. It shows where to put the watched stream, so that a connection ends correctly even if
//! no error shows the reason.
//!
//! # Libraries that do not accept a stream
//!
//! reqwest, mongodb, async-nats, fred, rumqttc and lapin connect by themselves: they accept a URL or an address, but no
//! stream. Their streams cannot be watched. Only their errors are available, through a reader of the classifier.
//!
//! A relay on loopback is a workaround: your own listener on port 0, and `Watched` on both connections, as in the
//! example `tcp_proxy`. The library connects to the relay, and the relay connects to the server. It copies every byte.
//! With TLS it sees only the outside: a FIN, a reset and silence, but no `close_notify` and no protocol.
//!
//! With TLS, the server name decides whether a relay works. A library verifies the certificate against the name that it
//! connects to, and the server has no certificate for `127.0.0.1`.
//!
//! - If name and address may differ in the library, the relay works. In reqwest, `ClientBuilder::resolve` maps the name
//!   to the address of the relay, and the URL contains the relay's port.
//! - If the name always comes from the URL, it does not. Then let the library use plain text to the relay, and let the
//!   relay use TLS to the server. The relay then watches above TLS and sees more. But every program on the machine can
//!   connect to the relay, and read what the server allows.
//! - Never disable the verification of the name for a relay.
//!
//! A cluster sends further addresses to its clients (mongodb's replica sets, NATS, Redis Cluster). The clients connect
//! to them directly, without the relay.

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
