//! The tour's own protocol over TCP. A frame is one byte for the kind, a length and a payload.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The maximum length of a payload, in bytes.
pub(crate) const MAX_PAYLOAD: usize = u16::MAX as usize;

const DATA: u8 = 1;
const GOODBYE: u8 = 2;

/// One frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    /// A request or an answer.
    Data(Vec<u8>),
    /// The sender is finished and will close.
    Goodbye,
}

/// Reads the next frame. Returns `None` at an end of file between two frames.
///
/// # Errors
///
/// `UnexpectedEof` for an end of file inside a frame, `InvalidData` for invalid bytes, and any error of the socket.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<Frame>> {
    let mut kind = [0];
    if stream.read(&mut kind).await? == 0 {
        return Ok(None);
    }
    match kind[0] {
        DATA => {
            let mut payload = vec![0; usize::from(stream.read_u16().await?)];
            stream.read_exact(&mut payload).await?;
            Ok(Some(Frame::Data(payload)))
        }
        GOODBYE => Ok(Some(Frame::Goodbye)),
        kind => Err(io::Error::new(io::ErrorKind::InvalidData, format!("no frame starts with {kind:#04x}"))),
    }
}

/// Sends one frame.
///
/// # Errors
///
/// `InvalidInput` if the payload is too large, and any error of the socket.
pub(crate) async fn write(stream: &mut TcpStream, frame: &Frame) -> io::Result<()> {
    match frame {
        Frame::Data(payload) => {
            let len = u16::try_from(payload.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
            let mut bytes = vec![DATA];
            bytes.extend(len.to_be_bytes());
            bytes.extend(payload);
            stream.write_all(&bytes).await
        }
        Frame::Goodbye => stream.write_all(&[GOODBYE]).await,
    }
}

/// Sends one request and waits for the answer. After that, both sides are known to be connected.
///
/// # Errors
///
/// Fails if the connection ends before the answer.
pub(crate) async fn ask(stream: &mut TcpStream) -> io::Result<()> {
    write(stream, &Frame::Data(b"are you there?".to_vec())).await?;
    answer(stream).await
}

/// Waits for the answer to a request.
///
/// # Errors
///
/// Fails if the connection ends before the answer.
pub(crate) async fn answer(stream: &mut TcpStream) -> io::Result<()> {
    match read(stream).await? {
        Some(Frame::Data(_)) => Ok(()),
        Some(Frame::Goodbye) | None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Both sides of a new TCP connection on loopback.
///
/// # Errors
///
/// Fails if loopback is not available.
pub(crate) async fn loopback() -> io::Result<(TcpStream, TcpStream)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (dialled, accepted) = tokio::join!(TcpStream::connect(listener.local_addr()?), listener.accept());
    Ok((dialled?, accepted?.0))
}
