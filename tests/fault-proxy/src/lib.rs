//! A proxy for tests that injects faults. It runs between a client and a server on loopback, and forwards bytes until a
//! command tells it otherwise.
//!
//! A test fails if its fault did not happen. A command that ends a connection returns after the FIN or the RST has
//! arrived. A command that waits for traffic returns a [`Fault`], which panics when it is dropped before any traffic
//! met it.
//!
//! | command | what the side observes |
//! |---|---|
//! | [`fin`](FaultProxy::fin) | an end of file, as after a crash of the peer or of a proxy |
//! | [`half_close`](FaultProxy::half_close) | an end of file, while its own bytes still arrive |
//! | [`reset`](FaultProxy::reset) | `ConnectionReset`, as from a crashed host or a firewall |
//! | [`inject`](FaultProxy::inject) | bytes that the other peer did not send |
//! | [`silence`](FaultProxy::silence) | no more bytes, and no error |
//! | [`truncate`](FaultProxy::truncate) | exactly the given number of bytes, then a FIN or an RST |
//! | [`corrupt`](FaultProxy::corrupt) | one wrong byte |
//! | [`delay`](FaultProxy::delay) | everything later |
//! | [`refuse`](FaultProxy::refuse) | no connection: refused, reset, or without an answer |
//!
//! The proxy does not parse the bytes, so it works with TLS and any other protocol. It has its own threads, so it works
//! with std sockets and with any runtime.
//!
//! # Test the attribution of a service in 20 lines
//!
//! Run the service behind the proxy, inject a fault, and assert on its line with the `testing` feature of
//! [`disconnect-core`](https://docs.rs/disconnect-core):
//!
//! ```
//! use std::{io::{self, Read}, net::{TcpListener, TcpStream}, thread};
//! use disconnect_core::{Disconnect, DisconnectCause, DisconnectGuard, Endpoint, disconnected, testing};
//! use disconnect_faults::{FaultProxy, Toward};
//!
//! fn serve(mut stream: TcpStream) -> io::Result<Disconnect> {
//!     const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
//!     let guard = DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "session closed"));
//!     guard.run_blocking(|_| loop {
//!         if stream.read(&mut [0; 64])? == 0 {
//!             return io::Result::Ok(END.eof());
//!         }
//!     })
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let proxy = FaultProxy::start(listener.local_addr()?)?;
//! let client = TcpStream::connect(proxy.address())?;
//! let stream = listener.accept()?.0;
//! let service = thread::spawn(|| testing::capture(|| serve(stream)));
//!
//! proxy.reset(Toward::Server)?;
//! let line = service.join().unwrap().one();
//! assert_eq!(line.cause_as(), Some(DisconnectCause::Reset));
//! assert!(!line.expected());
//! # drop(client);
//! # Ok(())
//! # }
//! ```
//!
//! # Limits
//!
//! - The proxy supports TCP only. Both peers have to run on this machine.
//! - On Linux the proxy reads `/proc/net/tcp` to check that a FIN was acknowledged, an RST arrived and bytes were
//!   received. On other systems it relies on the result of the system call. A check takes longer if the machine has
//!   more sockets.
//! - A silent proxy acknowledges the bytes that it drops. So a timeout of TCP itself (`TCP_USER_TIMEOUT`, keep-alive)
//!   does not fire.
//! - Commands block the thread for a moment. In a runtime with one thread, send the traffic before you call
//!   [`Fault::wait`].

mod door;
mod error;
mod fault;
mod leg;
mod link;
mod proxy;
mod rules;
mod side;
mod wire;

pub use crate::door::Refusal;
pub use crate::error::Error;
pub use crate::fault::Fault;
pub use crate::proxy::{Connection, FaultProxy};
pub use crate::rules::Cut;
pub use crate::side::Toward;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
