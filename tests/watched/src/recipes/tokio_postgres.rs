//! tokio-postgres: `connect_raw` accepts any stream. The server's goodbye is an error with a SQLSTATE, which a reader
//! of a few lines finds.

use std::error::Error;
use std::future::poll_fn;
use std::time::Duration;

use disconnect_core::evidence::Reading;
use disconnect_core::{BoxedGuard, Code, Disconnect, DisconnectHandle};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_postgres::error::DbError;
use tokio_postgres::{Client, Config, NoTls};

use super::BoxError;

/// For `classifier![reader = tokio_postgres::reader]`.
pub fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    match error.downcast_ref::<DbError>().and_then(|error| Code::sqlstate(error.code().code())) {
        Some(code) => Reading::verdict(code.received()),
        None => Reading::NOTHING,
    }
}

/// Connects over a stream, and keeps the connection until one side ends it.
pub async fn connect(
    tcp: TcpStream,
    guard: BoxedGuard,
    patience: Duration,
    leaving: impl Future<Output = ()>,
    got: impl FnMut(),
) -> Result<Disconnect, BoxError> {
    let stream = guard.watch(tcp).silent_after(patience);
    guard.run(|ended| connection(stream, ended, patience, leaving, got)).await
}

/// The same on any stream, with empty queries as keep-alives.
pub async fn connection<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    ended: DisconnectHandle,
    patience: Duration,
    leaving: impl Future<Output = ()>,
    mut got: impl FnMut(),
) -> Result<Disconnect, BoxError> {
    let (client, mut connection) = Config::new().user("service").connect_raw(stream, NoTls).await?;
    got();
    let receive = async {
        while let Some(message) = poll_fn(|cx| connection.poll_message(cx)).await {
            message?;
            got();
        }
        Ok::<_, tokio_postgres::Error>(())
    };
    tokio::select! {
        closed = receive => closed?,
        silent = keep_alive(&client, patience) => silent?,
        () = leaving => {
            // The guard is under the `Shutdown`, which has the reason. When its client is dropped, the connection sends
            // its goodbye.
            drop(client);
            connection.await?;
        }
    }
    // No goodbye. The stream knows the end.
    Ok(ended.so_far())
}

async fn keep_alive(client: &Client, patience: Duration) -> Result<(), BoxError> {
    loop {
        sleep(patience).await;
        timeout(patience, client.batch_execute("")).await??;
    }
}
