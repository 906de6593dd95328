//! `Watched`: a byte stream that reports to a guard how the transport ended.

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

/// A byte stream that reports to its guard how the transport ended, and counts bytes.
///
/// It observes which side closed first, a FIN, a reset, a TLS error, and silence. Use it for a library without an
/// adapter, and for code that gets no error when a connection ends. With an adapter and a recipe it adds little.
///
/// [`DisconnectGuard::watch`] creates one. It implements `Read` and `Write` of std, and `AsyncRead` and `AsyncWrite` of
/// tokio (feature `tokio`) and of futures-io (feature `futures-io`), as far as the inner stream does. So you can pass
/// it to any library that takes a stream.
///
/// ```
/// use std::io::{self, Read, Write};
/// use std::net::{TcpListener, TcpStream};
/// use disconnect_core::{Category, DisconnectGuard, Endpoint};
///
/// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
///
/// // A library that does not report why it stops.
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
/// # Which record wins
///
/// The endpoint turns an observation into a record: a FIN is [`Endpoint::eof`](crate::Endpoint::eof), and an error is
/// [`Endpoint::failed`](crate::Endpoint::failed). What the protocol reported wins in most cases, even if it comes
/// later. "The protocol reported" means every record that your code, a library's error or a
/// [`Shutdown`](crate::Shutdown) set on the guard.
///
/// | the protocol reported | the transport saw first | the line |
/// |---|---|---|
/// | a code, a protocol violation, a timeout, a failure | anything | what the protocol reported |
/// | a goodbye without a code | this side closed, after [silence](Self::silent_after) | keep-alive timeout |
/// | a goodbye without a code | anything else | the goodbye |
/// | a normal end by this side | a reset or an error before it was set | what the transport saw |
/// | a normal end by this side | silence | what the protocol reported, with the cause `deadline` |
/// | a normal end by this side | anything else | what the protocol reported |
/// | a reset, an end of file | a TLS error, silence | what the transport saw |
/// | an error that no reader knows, a broken pipe, a deadline | a FIN | end of file, also with `fin_is_goodbye` |
/// | an error that no reader knows, a broken pipe, a deadline | a reset, a TLS error, silence | what the transport saw |
/// | an error that no reader knows, a broken pipe, a deadline, a reset, an end of file | `close_notify` | `unknown` by the peer |
/// | nothing | a FIN | end of file, or the cause `fin` with `fin_is_goodbye` |
/// | nothing | `close_notify` | closed by the peer |
/// | nothing | an error, silence | what the transport saw |
/// | nothing | this side closed | `unknown` by this side |
/// | a normal end without evidence, such as an `Ok(())` | this side closed | `unknown` |
/// | a normal end without evidence, such as an `Ok(())` | a FIN, an error, silence | what the transport saw |
///
/// This side closes with `poll_shutdown` or `poll_close`, by dropping the stream, or with
/// [`mark_closing`](Self::mark_closing). Everything that follows is an answer to that, and is ignored. Two exceptions:
/// if bytes arrive after a shutdown, it was a half-close, and the connection goes on. If a proxy forwarded the FIN or the
/// `close_notify` of the other connection of its pair, a later error replaces that: see [`DisconnectGuard::pair`].
///
/// # With TLS
///
/// Watch the stream above TLS, and call [`above_tls`](Self::above_tls). To see why a TLS handshake fails, watch the
/// stream below TLS as well, and call [`below_tls`](Self::below_tls) on that one.
///
/// # Drop order
///
/// Drop the stream before the guard, which writes its line when it is dropped. Declare the stream after the guard, or
/// move it into the body of [`run`](DisconnectGuard::run). If the stream is still open when the guard is dropped, this
/// side counts as the one that closed, and later observations are [late](crate::late_ends). If a server owns its
/// streams, give the guard to the stream: [`with_guard`](Self::with_guard).
///
/// # What is not observed
///
/// `TcpStream::into_split`, `try_clone` and `splice` use the inner socket directly. Split the watched stream instead
/// (`tokio::io::split`), or watch each half. The guard adds up their bytes. Reads and writes through
/// [`get_mut`](Self::get_mut) are not observed either.
///
/// If a server requires a trait of its own, such as `Connected` of tonic, implement it for a newtype, with the help of
/// [`get_ref`](Self::get_ref).
pub struct Watched<S> {
    // The order of the drops: this side closes, the stream is closed, the guard writes its line.
    watch: Watch,
    stream: S,
    guard: Option<Box<dyn Any + Send + Sync>>,
}

impl<F: FnOnce(&Disconnect)> DisconnectGuard<F> {
    /// Watches a stream of this connection, and reports to this guard how it ends. See [`Watched`] for which record
    /// wins.
    pub fn watch<S>(&self, stream: S) -> Watched<S> {
        self.handle().watch(stream)
    }
}

impl DisconnectHandle {
    /// Watches a stream of this connection. See [`DisconnectGuard::watch`].
    pub fn watch<S>(&self, stream: S) -> Watched<S> {
        Watched { watch: Watch::of(self.clone()), stream, guard: None }
    }
}

impl<S> Watched<S> {
    /// Creates a stream without a guard, to count bytes, or for [`hold_write_errors`](Self::hold_write_errors).
    ///
    /// To report to a guard, use [`DisconnectGuard::watch`].
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

    /// Declares that this stream is above TLS. An end of file is then the peer's `close_notify`, so the peer closed the
    /// connection.
    ///
    /// Use it with a TLS library that reports a missing `close_notify` as an error (RFC 8446, section 6.1), such as
    /// rustls. Not with a library that returns `Ok(0)` in both cases: a bare FIN would count as closed by the peer.
    pub fn above_tls(mut self) -> Self {
        self.watch.move_above_tls();
        self
    }

    /// Declares that this stream is below TLS. Its bytes are TLS records, so the guard does not count them.
    pub fn below_tls(self) -> Self {
        self.watch.count_elsewhere();
        self
    }

    /// Sets how long the peer may leave a write unanswered. By default there is no limit.
    ///
    /// If this side closes while a read waits, and the first write since the last read is at least `timeout` old, the
    /// line is a keep-alive timeout.
    ///
    /// Pass the timeout after which a library or your code closes the connection. Only for protocols in which the peer
    /// answers what it receives. It costs one reading of the clock for each write that follows a read.
    pub fn silent_after(self, timeout: Duration) -> Self {
        self.watch.silent_after(timeout);
        self
    }

    /// Delays a write error of a lost connection until all incoming bytes are read, because the peer's goodbye may
    /// still be in the receive buffer.
    ///
    /// Use it for a library that stops at a write error, such as russh. Not for a stream that is only written to:
    /// without reads, the error would never be returned.
    ///
    /// After the error, writes return success, but their bytes are dropped and not counted. If the write error was a reset,
    /// the read after the last byte returns it, because the operating system reports a reset only once. Any other write error
    /// is returned by the next write after a read has returned the end of file or an error. The guard gets the error at once.
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

    /// Moves the guard into the stream. The guard writes its line when the stream is dropped, after the stream was
    /// closed.
    ///
    /// Use it for a server that owns its streams, such as `axum::serve`. The guard must be the one that watches this
    /// stream.
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

    /// Returns the handle of the guard, to record the end where only the stream is available. `None` for
    /// [`new`](Self::new).
    pub fn handle(&self) -> Option<&DisconnectHandle> {
        self.watch.handle()
    }

    /// Marks that this side closes now. Call it before closing.
    ///
    /// Only needed if your code closes the inner stream directly, such as with `TcpStream::shutdown` through
    /// [`get_ref`](Self::get_ref).
    pub fn mark_closing(&mut self) {
        self.watch.closing();
    }

    /// The number of bytes read so far.
    pub fn bytes_in(&self) -> u64 {
        self.watch.bytes_in()
    }

    /// The number of bytes written so far.
    pub fn bytes_out(&self) -> u64 {
        self.watch.bytes_out()
    }

    /// Returns a reference to the inner stream.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Returns a mutable reference to the inner stream. Reads and writes through it are not observed.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Returns the inner stream, and stops observing it. A later close by this side is not observed.
    ///
    /// A guard that was moved in by [`with_guard`](Self::with_guard) writes its line now.
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

fn length(bufs: &[IoSlice<'_>]) -> usize {
    bufs.iter().map(|buf| buf.len()).sum()
}
