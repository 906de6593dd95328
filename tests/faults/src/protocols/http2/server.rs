//! A server that sends events over h2.

use std::future::{pending, poll_fn, ready};

use bytes::Bytes;
use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectHandle, DisconnectReason, Endpoint};
use h2::server::{Connection, SendResponse};
use h2::{Reason, SendStream};
use http::Response;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{CLASSIFIER, Failure};
use crate::line::line;

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
    /// What this side means is set before it closes.
    ended: DisconnectHandle,
}

impl Server {
    /// Serves in a task of its own.
    pub(super) fn start(stream: TcpStream, end: Endpoint) -> Started {
        let (orders, received) = mpsc::unbounded_channel();
        Started { serving: tokio::spawn(Self::serve(stream, end, received)), orders }
    }

    async fn serve(stream: TcpStream, end: Endpoint, orders: mpsc::UnboundedReceiver<Order>) -> Disconnect {
        line(end, async |ended| -> Result<_, h2::Error> {
            let connection = h2::server::handshake(stream).await?;
            Ok(Self { end, connection, orders, events: None, ended }.requests().await)
        })
        .await
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
                verdict = reset(&mut self.events) => match (verdict, self.ended.get()) {
                    (Some(verdict), None) => return self.end.resolve(verdict),
                    // The connection itself says more; and what was meant is still to be flushed.
                    _ => self.events = None,
                },
                Some(order) = self.orders.recv() => self.obey(order),
            }
        }
    }

    /// What is meant is set before it is done; the loop goes on until it has been.
    fn obey(&mut self, order: Order) {
        let events = self.events.take();
        let meant = match order {
            Order::Finish => self.end.closed_locally(),
            Order::Leave => self.end.shutting_down(),
            Order::Reset(code) | Order::Abort(code) => self.end.sent(Code::http2(code.into())),
        };
        self.ended.set(meant);
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

    /// What the connection says. Where it says nothing, a stream that the client reset before is still to be asked; and if
    /// that says nothing either, there was no goodbye: h2 does not tell a server of a `GOAWAY` without an error.
    async fn ended(mut self, connection: Option<Verdict>) -> Disconnect {
        let stream = tokio::select! {
            biased;
            verdict = reset(&mut self.events) => verdict,
            () = ready(()) => None,
        };
        connection.or(stream).map_or(self.end.eof(), |verdict| self.end.resolve(verdict))
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
        Reason::NO_ERROR => Some(Verdict::new(DisconnectReason::Unknown, Side::Remote).said_by_peer()),
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
