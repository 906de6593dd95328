//! russh's server: why a session ended: a refused login, a command, a goodbye of this side, or the client.
//!
//! The `Ok(())` of a session is not a goodbye: it also follows a client's DISCONNECT for a fault, whose code russh
//! drops. So the handler records what happens before the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use disconnect_core::evidence::Side;
use disconnect_core::{
    BoxedGuard, Code, Disconnect, DisconnectCause, DisconnectHandle, DisconnectReason as Why, Endpoint,
};
use russh::server::{Config, Handle, Handler, RunningSession, run_stream};
use tokio::io::{AsyncRead, AsyncWrite};

/// The records of a connection's handler, and the tasks of its commands.
#[derive(Clone)]
pub struct Notes {
    pub end: Endpoint,
    ended: DisconnectHandle,
    over: Arc<AtomicBool>,
    refused: Arc<AtomicBool>,
}

impl Notes {
    /// Records the end before anything is closed: the status of a command, the close of a channel, or a goodbye of this
    /// side.
    pub fn say(&self, end: Disconnect) {
        if !self.over.load(Ordering::SeqCst) {
            self.ended.set(end);
        }
    }

    /// Call it for every login. A client whose login is refused may leave in any way.
    pub fn login(&self, accepted: bool) {
        self.refused.store(!accepted, Ordering::SeqCst);
    }

    /// Call it in the `drop` of the handler. The inputs of its commands are dropped with it, and their exit statuses
    /// follow from that.
    pub fn over(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Sends a DISCONNECT of this side.
    pub async fn disconnect(&self, session: &Handle, code: russh::Disconnect) -> Result<(), russh::Error> {
        let number = code as u32;
        self.say(self.end.sent(Code::ssh(number)));
        session.disconnect(russh::Disconnect::try_from(number)?, String::new(), String::new()).await
    }
}

/// A connection whose client has sent its version.
pub struct Served<H: Handler> {
    pub notes: Notes,
    pub handle: Handle,
    guard: BoxedGuard,
    session: RunningSession<H>,
}

/// Serves a connection. If this fails with `Disconnect`, the stream ended before the version exchange.
pub async fn serve<H: Handler<Error = russh::Error> + Send + 'static>(
    config: Config,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    end: Endpoint,
    handler: impl FnOnce(Notes) -> H,
) -> Result<Served<H>, Disconnect> {
    let guard = BoxedGuard::boxed(end, |_| ()).connecting();
    let notes = Notes { end, ended: guard.handle(), over: Arc::default(), refused: Arc::default() };
    match run_stream(Arc::new(config), stream, handler(notes.clone())).await {
        Ok(session) => {
            guard.established();
            Ok(Served { notes, handle: session.handle(), guard, session })
        }
        Err(russh::Error::Disconnect) => Err(end.eof()),
        Err(error) => Err(end.failed(&error)),
    }
}

impl<H: Handler<Error = russh::Error> + Send + 'static> Served<H> {
    /// Waits until the connection has ended. Also returns the result of the session.
    pub async fn ended(self) -> (Disconnect, Result<(), russh::Error>) {
        let Notes { end, refused, .. } = self.notes;
        let result = self.session.await;
        if refused.load(Ordering::SeqCst) {
            self.guard.set(end.ended(Why::Unknown, Side::Local).with_cause(DisconnectCause::Auth));
        }
        match &result {
            // After a DISCONNECT of this side, which is recorded, or of the client, whose code russh drops.
            Ok(()) => self.guard.set(end.ended(Why::Unknown, Side::Remote)),
            Err(error) => self.guard.failed(error),
        };
        (self.guard.finish(), result)
    }
}
