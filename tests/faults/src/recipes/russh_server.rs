//! russh's server: why a session ended: a refused login, a command, our own goodbye, or the client.
//!
//! The `Ok(())` of a session is no goodbye: it also follows a client's DISCONNECT for a fault, whose code russh drops. So the
//! handler notes what happens before the end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use disconnect_core::evidence::Side;
use disconnect_core::{
    BoxedGuard, Code, Disconnect, DisconnectCause, DisconnectHandle, DisconnectReason as Why, Endpoint,
};
use russh::server::{Config, Handle, Handler, RunningSession, run_stream};
use tokio::io::{AsyncRead, AsyncWrite};

/// What the handler of a connection notes, and the tasks of its commands.
#[derive(Clone)]
pub struct Notes {
    pub end: Endpoint,
    ended: DisconnectHandle,
    over: Arc<AtomicBool>,
    refused: Arc<AtomicBool>,
}

impl Notes {
    /// How it ends, said before anything is closed: the status of a command, the close of a channel, our own goodbye.
    pub fn say(&self, end: Disconnect) {
        if !self.over.load(Ordering::SeqCst) {
            self.ended.set(end);
        }
    }

    /// For every login: a client that was not let in leaves in whatever way.
    pub fn login(&self, accepted: bool) {
        self.refused.store(!accepted, Ordering::SeqCst);
    }

    /// For the `drop` of the handler: with it go the inputs of its commands, and what they exit with only follows.
    pub fn over(&self) {
        self.over.store(true, Ordering::SeqCst);
    }

    /// Our own DISCONNECT.
    pub async fn disconnect(&self, session: &Handle, code: russh::Disconnect) -> Result<(), russh::Error> {
        let number = code as u32;
        self.say(self.end.sent(Code::ssh(number)));
        session.disconnect(russh::Disconnect::try_from(number)?, String::new(), String::new()).await
    }
}

/// A connection whose client has said which version it speaks.
pub struct Served<H: Handler> {
    pub notes: Notes,
    pub handle: Handle,
    guard: BoxedGuard,
    session: RunningSession<H>,
}

/// Where this fails with `Disconnect`, the stream ended before that.
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
    /// Waits until the connection is over, and gives the result as well.
    pub async fn ended(self) -> (Disconnect, Result<(), russh::Error>) {
        let Notes { end, refused, .. } = self.notes;
        let result = self.session.await;
        if refused.load(Ordering::SeqCst) {
            self.guard.set(end.ended(Why::Unknown, Side::Local).with_cause(DisconnectCause::Auth));
        }
        match &result {
            // After our own DISCONNECT, which has been said, or one of the client's, whose code russh drops.
            Ok(()) => self.guard.set(end.ended(Why::Unknown, Side::Remote)),
            Err(error) => self.guard.failed(error),
        };
        (self.guard.finish(), result)
    }
}
