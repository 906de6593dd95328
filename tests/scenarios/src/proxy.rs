//! A TCP proxy on loopback, whose connections can break.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// What happens to the connections that are open.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Break {
    /// An RST to both sides.
    Reset,
    /// A FIN to both sides: the bytes stop without a goodbye.
    Cut,
    /// They stay open, and nothing passes any more.
    Freeze,
    /// One byte of what the dialler says next is another one.
    Corrupt,
    /// The first half of what the dialler says next, and then a FIN to both sides.
    Truncate,
    /// Bytes that are no message of anybody, to the one who dialled.
    GarbageToDialler(&'static [u8]),
    /// Bytes that are no message of anybody, to the one who was dialled.
    GarbageToDialled(&'static [u8]),
}

/// Passes connections on, until they break.
pub(crate) struct Proxy {
    address: String,
    breaks: watch::Sender<Option<Break>>,
    _accepting: AbortOnDropHandle<()>,
}

impl Proxy {
    /// In front of this address.
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

    /// Breaks the connections that are open; later ones pass.
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
        // Until the proxy is gone.
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
        // The other side stays open meanwhile, so that its end is not what is seen first.
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

/// What it says next.
async fn next(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; 16 * 1024];
    let length = stream.read(&mut bytes).await?;
    bytes.truncate(length);
    if length == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

/// Closes with an RST: nothing in flight is delivered.
fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))
}

/// Says this, and listens until the other closes: an RST is an end as good as any.
async fn say(mut stream: TcpStream, bytes: &[u8]) {
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

/// A FIN, and no RST for what still comes.
async fn finish(mut stream: TcpStream) {
    if stream.shutdown().await.is_ok() {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}
