//! Whether the peer of an HTTP/2 connection said goodbye, for h2, hyper and tonic.
//!
//! h2 tells a server of no `GOAWAY` without an error, hyper tells neither side, and tonic keeps its connection to itself. So
//! give them a stream that notes it; over TLS, around the stream of the TLS library.

use std::sync::{Arc, Mutex, PoisonError};

use disconnect_core::Code;
use disconnect_core::evidence::Verdict;
use tokio::io::AsyncRead;
use tokio_util::io::InspectReader;

/// The code of the last `GOAWAY` that the peer has sent.
#[derive(Clone, Debug, Default)]
pub struct GoAway(Arc<Mutex<Option<u32>>>);

pub type Noting<S> = InspectReader<S, Box<dyn FnMut(&[u8]) + Send>>;

impl GoAway {
    /// What it means, if there was one.
    pub fn verdict(&self) -> Option<Verdict> {
        let code = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        code.map(|code| Code::http2(code).received())
    }

    /// A client's stream.
    pub fn of_server<S: AsyncRead>(&self, stream: S) -> Noting<S> {
        self.noting(stream, 0)
    }

    /// A server's stream: the client begins with a preface.
    pub fn of_client<S: AsyncRead>(&self, stream: S) -> Noting<S> {
        self.noting(stream, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len())
    }

    /// Reads the head of each frame: its length in three bytes, its type, its flags and its stream. A `GOAWAY` goes on with
    /// its last stream and its code.
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
