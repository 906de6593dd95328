//! A stream that keeps what a library hides: how much it read, and the error that a read met. hyper drops it where nothing is
//! under way, and h2 keeps no more than its text: of a TLS alert too.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

pub struct Noted<S> {
    stream: S,
    note: Note,
}

/// How many bytes were read, and the first error.
#[derive(Clone, Default)]
pub struct Note(Arc<Mutex<(u64, Option<Arc<io::Error>>)>>);

impl Note {
    pub fn of<S>(&self, stream: S) -> Noted<S> {
        Noted { stream, note: self.clone() }
    }

    pub fn bytes(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0
    }

    pub fn error(&self) -> Option<Arc<io::Error>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.clone()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Noted<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, into));
        let mut note = self.note.0.lock().unwrap_or_else(PoisonError::into_inner);
        Poll::Ready(match read {
            Ok(()) => {
                note.0 += (into.filled().len() - before) as u64;
                Ok(())
            }
            // The library gets the same one.
            Err(error) => {
                let error = Arc::new(error);
                note.1.get_or_insert_with(|| error.clone());
                Err(io::Error::new(error.kind(), error))
            }
        })
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Noted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
