//! Handlers of an h2 server that do not complete.

use std::panic::resume_unwind;

use disconnect_core::DisconnectGuard;
use tokio::sync::mpsc;

use super::server::open;
use super::{Client, Failure, Link, PROTOCOL};
use crate::loopback::pair;
use crate::matrix::{Case, Matrix};
use crate::protocols::Outcome;

pub(super) async fn run(matrix: &mut Matrix) -> Outcome {
    for (injected, panics) in [("the handler panics", true), ("the handler is dropped", false)] {
        let (near, far) = pair().await?;
        let (told, mut ended) = mpsc::unbounded_channel();
        let end = Link::CONTROL.server.1;
        let serving = tokio::spawn(async move {
            let mut connection = h2::server::handshake(far).await?;
            while let Some(request) = connection.accept().await {
                let told = told.clone();
                let guard = DisconnectGuard::new(end, move |end| drop(told.send(end.clone())));
                handle(open(request?.1)?, guard, panics);
            }
            Ok::<_, Failure>(())
        });
        let client = Client::connect(near, Link::CONTROL.client.1).await?;
        let stream = client.start();
        matrix.add(Case::new(PROTOCOL, injected, "client", stream.ended().await?));
        matrix.add(Case::new(PROTOCOL, injected, "server", ended.recv().await.ok_or("there was no handler")?));
        drop(client);
        serving.await??;
    }
    Ok(())
}

/// A handler in its own task, with the guard of its stream.
fn handle<F>(events: h2::SendStream<bytes::Bytes>, guard: DisconnectGuard<F>, panics: bool)
where
    F: FnOnce(&disconnect_core::Disconnect) + Send + 'static,
{
    let handler = tokio::spawn(async move {
        let _of_this_stream = (events, guard);
        if panics {
            // A panic without the hook that prints.
            resume_unwind(Box::new("injected"));
        }
        std::future::pending::<()>().await;
    });
    if !panics {
        handler.abort();
    }
}
