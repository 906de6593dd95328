//! Echoes frames until the client says goodbye. Every error leaves through `?`.

use std::io;

use disconnect_core::{Classifier, DisconnectEvidence, DisconnectGuard, Endpoint, classifier, disconnected};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

static CLASSIFIER: Classifier = classifier![FrameError];
const END: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

const REQUEST: u8 = 1;
const GOODBYE: u8 = 2;
const LIMIT: u32 = 64 * 1024;

/// Why a frame could not be read or answered.
#[derive(Debug, thiserror::Error, DisconnectEvidence)]
pub enum FrameError {
    /// The first byte is not a kind of frame.
    #[error("no frame starts with {0:#04x}")]
    #[reason(ProtocolError, side = Remote, cause = Malformed)]
    Kind(u8),
    /// The length exceeds the limit.
    #[error("a frame of {0} bytes, and the limit is {LIMIT}")]
    #[reason(ProtocolError, side = Remote, cause = TooLarge)]
    TooLarge(u32),
    /// The stream failed.
    #[error(transparent)]
    #[transparent]
    Io(#[from] io::Error),
}

enum Frame {
    Request(Vec<u8>),
    Goodbye,
}

async fn read_frame(stream: &mut TcpStream) -> Result<Frame, FrameError> {
    let kind = stream.read_u8().await?;
    if kind != REQUEST && kind != GOODBYE {
        return Err(FrameError::Kind(kind));
    }
    let length = stream.read_u32().await?;
    if length > LIMIT {
        return Err(FrameError::TooLarge(length));
    }
    let mut body = vec![0; length as usize];
    stream.read_exact(&mut body).await?;
    Ok(if kind == GOODBYE { Frame::Goodbye } else { Frame::Request(body) })
}

/// Serves one client.
pub async fn serve(mut stream: TcpStream, peer_id: u64) -> Result<(), FrameError> {
    let guard = DisconnectGuard::new(END, move |end| disconnected!(end, peer_id, "session closed"));
    guard
        .run(async |_ended| -> Result<_, FrameError> {
            loop {
                match read_frame(&mut stream).await? {
                    Frame::Goodbye => return Ok(END.closed_by_peer()),
                    Frame::Request(body) => stream.write_all(&body).await?,
                }
            }
        })
        .await?;
    Ok(())
}
