//! The socket of a side that can fail below its SSH, in the side's own process.

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy_bidirectional, duplex};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Failure;
use crate::loopback::reset;

/// What happens to the socket.
#[derive(Clone)]
pub(super) enum Fault {
    Reset,
    /// Closed without a word of SSH.
    Vanish,
    /// Bytes that are no SSH, after which it stays open.
    Garbage(Vec<u8>),
    /// The first half of the next packet, and then closed.
    Half,
}

/// Makes the socket fail.
pub(super) struct Trigger(oneshot::Sender<(Fault, oneshot::Sender<()>)>);

impl Trigger {
    /// Afterwards nothing passes any more but what the fault lets through.
    pub(super) async fn pull(self, fault: Fault) -> Result<(), Failure> {
        let (sender, pulled) = oneshot::channel();
        self.0.send((fault, sender)).map_err(|_| "the socket is gone")?;
        Ok(pulled.await?)
    }
}

/// A stream for one side's SSH, and the trigger of the fault.
pub(super) fn faulty(socket: TcpStream) -> (DuplexStream, Trigger) {
    let (inner, outer) = duplex(1 << 16);
    let (sender, fault) = oneshot::channel();
    tokio::spawn(pump(outer, socket, fault));
    (inner, Trigger(sender))
}

async fn pump(
    mut inner: DuplexStream,
    mut socket: TcpStream,
    trigger: oneshot::Receiver<(Fault, oneshot::Sender<()>)>,
) -> std::io::Result<()> {
    let (fault, pulled) = tokio::select! {
        result = copy_bidirectional(&mut inner, &mut socket) => return result.map(drop),
        Ok(fault) = trigger => fault,
    };
    // Nobody waits where the test is over.
    let _ = pulled.send(());
    match fault {
        Fault::Reset => reset(socket),
        Fault::Vanish => Ok(()),
        Fault::Garbage(bytes) => {
            socket.write_all(&bytes).await?;
            socket.read_to_end(&mut Vec::new()).await.map(drop)
        }
        Fault::Half => {
            let mut packet = [0; 4096];
            let length = inner.read(&mut packet).await?;
            socket.write_all(&packet[..length / 2]).await
        }
    }
}
