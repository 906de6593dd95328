//! A server that sends events over h2.

use std::future::{pending, poll_fn, ready};

use bytes::Bytes;
use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectReason, Endpoint};
use h2::server::{Connection, SendResponse};
use h2::{Reason, SendStream};
use http::Response;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{CLASSIFIER, Failure};

/// What the service is told to do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// The events are complete.
    Finish,
    /// End the stream with this code.
    Reset(Reason),
    /// The process goes away: finish what is in flight.
    Leave,
    /// End the connection at once, with this code.
    Abort(Reason),
}

/// One connection.
pub(super) struct Server {
    end: Endpoint,
    connection: Connection<TcpStream, Bytes>,
    orders: mpsc::UnboundedReceiver<Order>,
    events: Option<SendStream<Bytes>>,
    /// What this side recorded before it closed.
    recorded: Option<Disconnect>,
}

impl Server {
    /// Serves in a task of its own.
    pub(super) fn start(stream: TcpStream, end: Endpoint) -> Started {
        let (orders, received) = mpsc::unbounded_channel();
        Started { serving: tokio::spawn(Self::serve(stream, end, received)), orders }
    }

    async fn serve(stream: TcpStream, end: Endpoint, orders: mpsc::UnboundedReceiver<Order>) -> Disconnect {
        match h2::server::handshake(stream).await {
            Ok(connection) => Self { end, connection, orders, events: None, recorded: None }.requests().await,
            Err(error) => end.failed(&CLASSIFIER, &error),
        }
    }

    async fn requests(mut self) -> Disconnect {
        loop {
            tokio::select! {
                // The connection first: where it has ended, a stream gives the same code for our `GOAWAY` as for the
                // client's reset.
                biased;
                accepted = self.connection.accept() => match accepted {
                    Some(Ok((_, respond))) => self.events = open(respond).ok(),
                    Some(Err(error)) => return self.ended(Some(CLASSIFIER.verdict(&error))).await,
                    None => return self.ended(None).await,
                },
                verdict = reset(&mut self.events) => match (verdict, &self.recorded) {
                    (Some(verdict), None) => return self.end.resolve(verdict),
                    // The connection itself says more; and what was recorded is still to be flushed.
                    _ => self.events = None,
                },
                Some(order) = self.orders.recv() => self.obey(order),
            }
        }
    }

    /// What is meant is recorded before it is done; the loop goes on until it has been.
    fn obey(&mut self, order: Order) {
        let events = self.events.take();
        let meant = match order {
            Order::Finish => self.end.closed_locally(),
            Order::Leave => self.end.shutting_down(),
            Order::Reset(code) | Order::Abort(code) => self.end.sent(Code::http2(code.into())),
        };
        self.recorded.get_or_insert(meant);
        match (order, events) {
            (Order::Finish, Some(mut events)) => drop(events.send_data(Bytes::new(), true)),
            (Order::Reset(code), Some(mut events)) => events.send_reset(code),
            (Order::Leave, events) => {
                self.connection.graceful_shutdown();
                self.events = events;
            }
            (Order::Abort(code), events) => {
                self.connection.abrupt_shutdown(code);
                self.events = events;
            }
            (Order::Finish | Order::Reset(_), None) => {}
        }
    }

    /// What was recorded before closing counts, else what the connection says. Where it says nothing, a stream that the
    /// client reset before is still to be asked; and if that says nothing either, there was no goodbye: h2 does not tell
    /// a server of a `GOAWAY` without an error.
    async fn ended(mut self, connection: Option<Verdict>) -> Disconnect {
        let stream = tokio::select! {
            biased;
            verdict = reset(&mut self.events) => verdict,
            () = ready(()) => None,
        };
        match (self.recorded, connection.or(stream)) {
            (Some(recorded), _) => recorded,
            (None, Some(verdict)) => self.end.resolve(verdict),
            (None, None) => self.end.eof(),
        }
    }
}

/// Answers a request with a first event.
fn open(mut respond: SendResponse<Bytes>) -> Result<SendStream<Bytes>, h2::Error> {
    let mut events = respond.send_response(Response::new(()), false)?;
    events.send_data(Bytes::from_static(b"event"), false)?;
    Ok(events)
}

/// Until the client has reset the stream; nothing where the connection has taken the stream along.
async fn reset(events: &mut Option<SendStream<Bytes>>) -> Option<Verdict> {
    let Some(events) = events else { return pending().await };
    match poll_fn(|context| events.poll_reset(context)).await.ok()? {
        // A goodbye in a `GOAWAY` only: a reset cuts the stream short, and so does not say why.
        Reason::NO_ERROR => Some(Verdict::new(DisconnectReason::Unknown, Side::Remote)),
        code => Some(Code::http2(code.into()).received()),
    }
}

/// A server that serves.
pub(super) struct Started {
    serving: JoinHandle<Disconnect>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Started {
    pub(super) fn order(&self, order: Order) -> Result<(), Failure> {
        Ok(self.orders.send(order)?)
    }

    pub(super) async fn ended(self) -> Result<Disconnect, Failure> {
        Ok(self.serving.await?)
    }
}
