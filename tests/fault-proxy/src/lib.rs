//! A proxy for tests. It stands between a client and a server on loopback, passes bytes on, and injects a fault on command.
//! Where the fault did not take effect, the test fails.
//!
//! Each command that ends a connection returns once the FIN or the RST has arrived. Each one that waits for traffic returns
//! a [`Fault`]; its drop panics where the traffic never met it. So no test passes because nothing happened.
//!
//! | command | what the side sees |
//! |---|---|
//! | [`fin`](FaultProxy::fin) | an end of file: a killed peer, a proxy that goes away |
//! | [`half_close`](FaultProxy::half_close) | an end of file, while its own bytes still arrive |
//! | [`reset`](FaultProxy::reset) | `ConnectionReset`: a crashed peer, a firewall |
//! | [`silence`](FaultProxy::silence) | nothing any more, and no error |
//! | [`truncate`](FaultProxy::truncate) | exactly so many bytes, then a FIN or an RST |
//! | [`corrupt`](FaultProxy::corrupt) | one wrong byte |
//! | [`delay`](FaultProxy::delay) | everything later |
//! | [`refuse`](FaultProxy::refuse) | no connection: refused, reset, or without an answer |
//!
//! The proxy never looks inside, so TLS and any other protocol may run through it. Its threads are its own: it works with
//! std sockets and with any runtime.
//!
//! # Test the attribution of a service in 20 lines
//!
//! Run the service behind the proxy, inject a fault, and assert on its one line, with `testing` of
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
//! - TCP alone, and both peers on this machine.
//! - On Linux the proxy looks into `/proc/net/tcp` to see that a FIN was acknowledged, an RST arrived and bytes were
//!   received. Elsewhere it trusts the call that succeeded. A look takes longer, the more sockets the machine has.
//! - A silent proxy acknowledges what it drops: a timeout of TCP itself (`TCP_USER_TIMEOUT`, keep-alive) does not fire.
//! - Commands block the thread for a moment. In a runtime with one thread, [`Fault::wait`] needs its traffic to be there
//!   before.

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

/// The example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
