//! A TCP proxy on loopback that breaks its connections on command.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// The fault for the open connections.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    /// An RST to both sides.
    Reset,
    /// A FIN to both sides, without a goodbye.
    Cut,
    /// The connections stay open, and forward nothing more.
    Freeze,
    /// Flips one byte of the dialler's next bytes.
    Corrupt,
    /// Forwards half of the dialler's next bytes, and then sends a FIN to both sides.
    Truncate,
    /// Sends bytes that are invalid in every protocol to the dialler.
    GarbageToDialler(&'static [u8]),
    /// Sends bytes that are invalid in every protocol to the dialled side.
    GarbageToDialled(&'static [u8]),
}

/// Forwards connections until they are broken.
pub(crate) struct Proxy {
    address: String,
    breaks: watch::Sender<Option<Break>>,
    _accepting: AbortOnDropHandle<()>,
}

impl Proxy {
    /// Starts a proxy for this address.
    pub(crate) async fn to(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let own = listener.local_addr()?.to_string();
        let (breaks, watched) = watch::channel(None);
        let address = address.to_owned();
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&address).await else { continue };
                let mut watched = watched.clone();
                watched.mark_unchanged();
                tokio::spawn(pass(near, far, watched));
            }
        });
        Ok(Self { address: own, breaks, _accepting: AbortOnDropHandle::new(accepting) })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Breaks the open connections. Later ones are forwarded.
    pub(crate) fn break_all(&self, how: Break) {
        self.breaks.send_replace(Some(how));
    }
}

async fn pass(mut near: TcpStream, mut far: TcpStream, mut breaks: watch::Receiver<Option<Break>>) -> io::Result<()> {
    let copied = tokio::select! {
        copied = copy_bidirectional(&mut near, &mut far) => Some(copied),
        _ = breaks.changed() => None,
    };
    if let Some(copied) = copied {
        return copied.map(drop);
    }
    let how = *breaks.borrow_and_update();
    match how {
        Some(Break::Reset) => {
            reset(&near)?;
            reset(&far)
        }
        // Until the proxy is dropped.
        Some(Break::Freeze) => {
            while breaks.changed().await.is_ok() {}
            Ok(())
        }
        Some(Break::Corrupt) => {
            let mut bytes = next(&mut near).await?;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
            far.write_all(&bytes).await?;
            copy_bidirectional(&mut near, &mut far).await.map(drop)
        }
        Some(Break::Truncate) => {
            let bytes = next(&mut near).await?;
            far.write_all(&bytes[..bytes.len() / 2]).await?;
            tokio::join!(finish(near), finish(far));
            Ok(())
        }
        // Keeps the other side open meanwhile, so that its end is not observed first.
        Some(Break::GarbageToDialler(bytes)) => {
            say(near, bytes).await;
            finish(far).await;
            Ok(())
        }
        Some(Break::GarbageToDialled(bytes)) => {
            say(far, bytes).await;
            finish(near).await;
            Ok(())
        }
        Some(Break::Cut) | None => {
            tokio::join!(finish(near), finish(far));
            Ok(())
        }
    }
}

/// The next bytes of the side.
async fn next(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 16 * 1024];
    let length = stream.read(&mut bytes).await?;
    bytes.truncate(length);
    if length == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// Closes with an RST, which discards bytes in flight.
fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

/// Sends these bytes, and reads until the other side closes. An RST also counts as the end.
async fn say(mut stream: TcpStream, bytes: &[u8]) {
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

/// Sends a FIN, and no RST for bytes that still arrive.
async fn finish(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}
