//! Whether the peer of an HTTP/2 connection said goodbye, for h2, hyper and tonic.
//!
//! h2 does not report a `GOAWAY` with `NO_ERROR` to a server, hyper reports it to neither side, and tonic does not
//! expose its connection. So pass them a stream that records the `GOAWAY`. With TLS, wrap the stream of the TLS
//! library.

use std::sync::{Arc, Mutex, PoisonError};

use disconnect_core::Code;
use disconnect_core::evidence::Verdict;
use tokio::io::AsyncRead;
use tokio_util::io::InspectReader;

/// The code of the last `GOAWAY` from the peer.
#[derive(Clone, Debug, Default)]
pub struct GoAway(Arc<Mutex<Option<u32>>>);

pub type Noting<S> = InspectReader<S, Box<dyn FnMut(&[u8]) + Send>>;

impl GoAway {
    /// Returns the meaning of the `GOAWAY`, if there was one.
    pub fn verdict(&self) -> Option<Verdict> {
        let code = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        code.map(|code| Code::http2(code).received())
    }

    /// Wraps a client's stream.
    pub fn of_server<S: AsyncRead>(&self, stream: S) -> Noting<S> {
        self.noting(stream, 0)
    }

    /// Wraps a server's stream. The client begins with a preface.
    pub fn of_client<S: AsyncRead>(&self, stream: S) -> Noting<S> {
        self.noting(stream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len())
    }

    /// Reads the header of each frame (RFC 9113, section 4.1): length in three bytes, type, flags, stream. The payload
    /// of a `GOAWAY` is the last stream and the code (section 6.8).
    fn noting<S: AsyncRead>(&self, stream: S, mut skip: usize) -> Noting<S> {
        const GOAWAY: u8 = 0x7;
        let note = self.set(None);
        let mut frame = Vec::with_capacity(17);
        let read = move |mut bytes: &[u8]| {
            while let [byte, rest @ ..] = bytes {
                if skip > 0 {
                    let skipped = skip.min(bytes.len());
                    (skip, bytes) = (skip - skipped, &bytes[skipped..]);
                    continue;
                }
                frame.push(*byte);
                bytes = rest;
                let skipped = match frame[..] {
                    [.., high, mid, low, last] if frame.len() == 17 => {
                        note.set(Some(u32::from_be_bytes([high, mid, low, last])));
                        8
                    }
                    [_, _, _, kind, ..] if frame.len() == 9 && kind != GOAWAY => 0,
                    _ => continue,
                };
                let length = u32::from_be_bytes([0, frame[0], frame[1], frame[2]]) as usize;
                skip = length.saturating_sub(skipped);
                frame.clear();
            }
        };
        InspectReader::new(stream, Box::new(read))
    }

    fn set(&self, code: Option<u32>) -> Self {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = code;
        self.clone()
    }
}
