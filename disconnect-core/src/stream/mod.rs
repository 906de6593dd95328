//! Streams that remember how they ended.

mod blocking;
#[cfg(feature = "futures-io")]
mod futures;
#[cfg(feature = "tokio")]
mod tokio;
mod watch;

use std::any::Any;
use std::boxed::Box;
use std::fmt;
use std::io::IoSlice;
use std::time::Duration;

use self::watch::Watch;
use crate::guard::{DisconnectGuard, DisconnectHandle};
use crate::record::Disconnect;

/// A byte stream that tells its guard how the transport ended: who closed first, a FIN, a reset, silence; and counts bytes.
///
/// [`DisconnectGuard::watch`] makes one. It implements what the stream does of `std::io::Read` and `Write`, of tokio's
/// `AsyncRead` and `AsyncWrite` (feature `tokio`) and of those of futures-io (feature `futures-io`). Hand it to any library
/// that takes a stream.
///
/// ```
/// use std::io::{self, Read, Write};
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_core::{Category, DisconnectGuard, Endpoint};
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// // A library that tells nobody why it stops.
/// fn serve(mut stream: impl Read + Write) {
///     let mut byte = [0];
///     while let Ok(1) = stream.read(&mut byte) {}
/// }
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(listener.local_addr()?)?;
/// let (tcp, _) = listener.accept()?;
///
/// let guard = DisconnectGuard::new(END, |end| {
///     assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("unclean_eof")));
///     assert_eq!(end.bytes_in(), Some(0));
/// });
/// drop(client); // a FIN without a goodbye
/// let stream = guard.watch(tcp);
/// guard.run_blocking(|ended| -> io::Result<_> {
///     serve(stream);
///     Ok(ended.so_far()) // what the stream saw
/// })?;
/// # Ok::<(), io::Error>(())
/// ```
///
/// # What it adds
///
/// It is the floor for a library whose errors nobody reads, and for code that sees no error. The endpoint gives the facts
/// their meaning: a FIN is [`Endpoint::eof`](crate::Endpoint::eof), an error goes through its classifier. What the protocol
/// said mostly wins, in whatever order the two come:
///
/// | the protocol said | the transport saw first | the end |
/// |---|---|---|
/// | a code, a violation, a timeout, a failure | anything | what the protocol said |
/// | a goodbye without a code | this side closed, after [silence](Self::silent_after) | keep-alive timeout |
/// | the same | anything else | the goodbye |
/// | an expected end of this side | a reset or an error before it was set | that |
/// | the same | silence | what was said, with the cause `deadline` |
/// | the same | anything else | what was said |
/// | a reset, an end of file | a TLS error, silence | that |
/// | an error that nobody reads, a broken pipe, a deadline | a FIN | end of file, also where a FIN is a goodbye |
/// | the same | a reset, a TLS error, silence | that |
/// | any error that is no timeout | `close_notify` | `unknown` by the peer |
/// | nothing | a FIN | end of file; `fin` where the endpoint declares it |
/// | nothing | `close_notify` | closed by the peer |
/// | nothing | an error, silence | that |
/// | nothing | this side closed | `unknown` by this side |
/// | an end guessed from the absence of an error | this side closed | `unknown` |
/// | the same | a FIN, an error, silence | that |
///
/// This side closes by `poll_shutdown` or `poll_close`, by dropping the stream, and by [`mark_closing`](Self::mark_closing).
/// What comes later is the answer, and changes nothing. Where bytes arrive after a shutdown, it was a half-close, which ends
/// nothing. Where a proxy passes on the FIN of the other connection of its pair, a later error is no answer either: it
/// replaces that FIN.
///
/// # Where it sits
///
/// Watch the outermost stream that carries bytes: above TLS, with [`above_tls`](Self::above_tls). A handshake that may fail
/// has a second one below, with [`below_tls`](Self::below_tls).
///
/// # Order
///
/// The line is written when the guard is dropped, and the stream is best dropped before: as a local variable that is declared
/// later, or in the body of [`run`](DisconnectGuard::run). A stream that is still open then counts as closed by this side.
/// What it sees afterwards is a late end ([`late_ends`](crate::late_ends)). Where a server owns its streams, give it the
/// guard, too: [`with_guard`](Self::with_guard).
///
/// # What passes it by
///
/// `TcpStream::into_split`, `try_clone` and `splice` work on the socket inside. Split the watched stream instead
/// (`tokio::io::split`), or watch each handle by itself: their bytes are added up. Reads and writes through
/// [`get_mut`](Self::get_mut) are not seen.
///
/// A trait of a server's own, such as tonic's `Connected`, goes onto a newtype around it, by [`get_ref`](Self::get_ref).
pub struct Watched<S> {
    // In this order they are dropped: this side closes, the stream is closed, the line is written.
    watch: Watch,
    stream: S,
    guard: Option<Box<dyn Any + Send + Sync>>,
}

impl<F: FnOnce(&Disconnect)> DisconnectGuard<F> {
    /// Watches a stream of this connection: how it ends, unless the protocol says so better. See [`Watched`].
    pub fn watch<S>(&self, stream: S) -> Watched<S> {
        self.handle().watch(stream)
    }
}

impl DisconnectHandle {
    /// Watches a stream of this connection; see [`DisconnectGuard::watch`].
    pub fn watch<S>(&self, stream: S) -> Watched<S> {
        Watched { watch: Watch::of(self.clone()), stream, guard: None }
    }
}

impl<S> Watched<S> {
    /// A stream without a guard: to count bytes, or for [`hold_write_errors`](Self::hold_write_errors).
    ///
    /// ```
    /// use std::io::Read;
    /// use disconnect_core::Watched;
    ///
    /// let mut stream = Watched::new(&b"hello"[..]);
    /// stream.read_exact(&mut [0; 2])?;
    /// assert_eq!((stream.bytes_in(), stream.bytes_out()), (2, 0));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn new(stream: S) -> Self {
        Self { watch: Watch::default(), stream, guard: None }
    }

    /// This stream is the inside of TLS. An end of file is the peer's `close_notify` then, which says that it closed; TLS
    /// reports a FIN without one as an error.
    ///
    /// For a TLS library that keeps to RFC 8446, section 6.1, such as rustls. Not for one that hides a missing
    /// `close_notify`.
    pub fn above_tls(mut self) -> Self {
        self.watch.move_above_tls();
        self
    }

    /// This stream carries the records of TLS: its bytes are not counted for the guard.
    pub fn below_tls(self) -> Self {
        self.watch.count_elsewhere();
        self
    }

    /// The peer is silent when it answers nothing for this long: where this side closes while a read waits, and the first
    /// write since the last read is at least as old, the end is a keep-alive timeout.
    ///
    /// Give it the timeout by which the connection is closed, of a library's keep-alive or of your own. Only for a protocol
    /// whose peer answers what it gets. It costs a look at the clock for each write after a read, and is off otherwise.
    pub fn silent_after(self, timeout: Duration) -> Self {
        self.watch.silent_after(timeout);
        self
    }

    /// Keeps back a write error that says that the connection is gone, until everything is read: the peer's goodbye may still
    /// wait in the receive buffer.
    ///
    /// Until then, writes pretend to succeed. Their bytes are dropped, and not counted. Once a read has returned the end of
    /// the file or an error, the next write returns the error that was kept back.
    ///
    /// For libraries that stop at a write error, such as russh. Not for a stream that is only written to: nothing would end
    /// it. The guard learns of the error at once.
    ///
    /// ```
    /// use std::io::{self, Read, Write};
    /// use disconnect_core::Watched;
    ///
    /// /// The peer said goodbye and is gone.
    /// struct Gone(&'static [u8]);
    ///
    /// impl Read for Gone {
    ///     fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
    ///         self.0.read(buf)
    ///     }
    /// }
    ///
    /// impl Write for Gone {
    ///     fn write(&mut self, _: &[u8]) -> io::Result<usize> {
    ///         Err(io::ErrorKind::BrokenPipe.into())
    ///     }
    ///
    ///     fn flush(&mut self) -> io::Result<()> {
    ///         Ok(())
    ///     }
    /// }
    ///
    /// let mut stream = Watched::new(Gone(b"bye")).hold_write_errors();
    /// stream.write_all(b"ping")?;
    /// let mut said = String::new();
    /// stream.read_to_string(&mut said)?;
    /// assert_eq!(said, "bye");
    /// assert_eq!(stream.write_all(b"ping").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    /// assert_eq!(stream.bytes_out(), 0);
    /// # Ok::<(), io::Error>(())
    /// ```
    pub fn hold_write_errors(mut self) -> Self {
        self.watch.hold_write_errors();
        self
    }

    /// Hands the guard over to the stream: the line is written when the stream is dropped, after it was closed. For servers
    /// that own their streams.
    ///
    /// ```
    /// use disconnect_core::{DisconnectGuard, Endpoint, Watched};
    ///
    /// fn accepted<S>(stream: S) -> Watched<S> {
    ///     let guard = DisconnectGuard::new(Endpoint::SERVER_FACING_CLIENT, |end| {
    ///         assert_eq!((end.reason().as_str(), end.bytes_in()), ("network_error", Some(2)));
    ///     });
    ///     guard.watch(stream).with_guard(guard)
    /// }
    ///
    /// let mut stream = accepted(&b"hi"[..]);
    /// std::io::copy(&mut stream, &mut std::io::sink())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_guard<F>(self, guard: DisconnectGuard<F>) -> Self
    where
        F: FnOnce(&Disconnect) + Send + 'static,
    {
        Self { guard: Some(Box::new(guard)), ..self }
    }

    /// The handle of the guard, to set ends where only the stream is at hand.
    pub fn handle(&self) -> Option<&DisconnectHandle> {
        self.watch.handle()
    }

    /// This side closes now, in a way that passes this stream by, such as `TcpStream::shutdown` through
    /// [`get_ref`](Self::get_ref). Say it before closing.
    pub fn mark_closing(&mut self) {
        self.watch.closing();
    }

    /// How many bytes were read so far.
    pub fn bytes_in(&self) -> u64 {
        self.watch.bytes_in()
    }

    /// How many bytes were written so far.
    pub fn bytes_out(&self) -> u64 {
        self.watch.bytes_out()
    }

    /// The stream inside.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream inside. What is read and written through it is not seen.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// The stream inside, which is watched no more: that this side closes it later is not seen. A guard that came by
    /// [`with_guard`](Self::with_guard) writes its line now.
    pub fn into_inner(self) -> S {
        let Self { watch, stream, guard: _line_is_written_here } = self;
        watch.release();
        stream
    }
}

impl<S: fmt::Debug> fmt::Debug for Watched<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched")
            .field("stream", &self.stream)
            .field("bytes_in", &self.bytes_in())
            .field("bytes_out", &self.bytes_out())
            .finish_non_exhaustive()
    }
}

/// How many bytes a vectored write is asked for.
fn length(bufs: &[IoSlice<'_>]) -> usize {
    bufs.iter().map(|buf| buf.len()).sum()
}
