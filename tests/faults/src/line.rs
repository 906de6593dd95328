//! Returns the end that the line of a connection logs.

use disconnect_core::evidence::AsError;
use disconnect_core::{Disconnect, DisconnectGuard, DisconnectHandle, Endpoint};

/// Runs a connection under a guard, and returns the logged end.
pub(crate) async fn line<M, E, B, Fut>(end: Endpoint, body: B) -> Disconnect
where
    E: AsError<M>,
    B: FnOnce(DisconnectHandle) -> Fut,
    Fut: Future<Output = Result<Disconnect, E>>,
{
    line_of(DisconnectGuard::new(end, |_| ()), body).await
}

/// The same with an existing guard.
pub(crate) async fn line_of<M, E, B, Fut>(guard: DisconnectGuard<impl FnOnce(&Disconnect)>, body: B) -> Disconnect
where
    E: AsError<M>,
    B: FnOnce(DisconnectHandle) -> Fut,
    Fut: Future<Output = Result<Disconnect, E>>,
{
    let ended = guard.handle();
    // The line also logs the end of an error.
    drop(guard.run(body).await);
    ended.so_far()
}
