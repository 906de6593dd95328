//! tokio-util's codecs: whether a stream ended between two frames or inside one.

use std::io;

use bytes::BytesMut;
use disconnect_core::{Disconnect, Endpoint};
use futures_util::{Stream, StreamExt};
use tokio_util::codec::{Decoder, LinesCodec, LinesCodecError};

/// `LinesCodec` returns the bytes left at the end of file as a line, and its error hides the inner `io::Error`. This
/// wrapper turns both into I/O errors: a truncated goodbye is no goodbye.
pub struct WholeLines(pub LinesCodec);

impl Decoder for WholeLines {
    type Item = String;
    type Error = io::Error;

    fn decode(&mut self, bytes: &mut BytesMut) -> io::Result<Option<String>> {
        self.0.decode(bytes).map_err(|error| match error {
            LinesCodecError::Io(error) => error,
            LinesCodecError::MaxLineLengthExceeded => io::Error::new(io::ErrorKind::InvalidData, error),
        })
    }

    fn decode_eof(&mut self, bytes: &mut BytesMut) -> io::Result<Option<String>> {
        match self.decode(bytes)? {
            None if !bytes.is_empty() => Err(io::ErrorKind::UnexpectedEof.into()),
            line => Ok(line),
        }
    }
}

/// Reads frames until the connection ends. Frames that the codec rejects, and bytes left at the end of file, are
/// errors.
pub async fn serve<F: AsRef<[u8]>>(
    mut frames: impl Stream<Item = io::Result<F>> + Unpin,
    end: Endpoint,
) -> io::Result<Disconnect> {
    while let Some(frame) = frames.next().await.transpose()? {
        match frame.as_ref() {
            b"bye" => return Ok(end.closed_by_peer()),
            frame if frame.starts_with(b"line ") => {}
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "there is no such frame")),
        }
    }
    Ok(end.eof())
}
