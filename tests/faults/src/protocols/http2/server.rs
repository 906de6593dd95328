//! A server that sends events with h2.

use std::future::{pending, ready};

use bytes::Bytes;
use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{Code, Disconnect, DisconnectHandle, DisconnectReason, Endpoint, Watched};
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream, SendStream};
use http::Response;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Failure;
use crate::line::line;
use crate::recipes::goaway::{GoAway, Noting};
use crate::recipes::h2::{CLASSIFIER, Transport, accepted_all, reset, watched};

/// An order to the service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Order {
    /// Completes the events.
    Finish,
    /// Resets the stream with this code.
    Reset(Reason),
    /// Shuts down: completes open streams.
    Leave,
    /// Ends the connection at once with this code.
    Abort(Reason),
    /// Several orders, one after the other, in one flight.
    All(&'static [Order]),
}

/// One connection.
pub(super) struct Server<S> {
    end: Endpoint,
    connection: Connection<Noting<Watched<S>>, Bytes>,
    goaway: GoAway,
    transport: Transport,
    orders: mpsc::UnboundedReceiver<Order>,
    /// The open streams, oldest first, with their requests.
    events: Vec<(SendStream<Bytes>, RecvStream)>,
    /// Receives this side's end before it closes.
    ended: DisconnectHandle,
    /// The end if this side has reset a stream and there is no other evidence.
    cut: Option<Disconnect>,
}

/// Serves in its own task.
pub(super) fn start<S>(stream: S, end: Endpoint) -> Started
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (orders, received) = mpsc::unbounded_channel();
    let serving = line(end, async move |ended| -> Result<_, h2::Error> {
        let goaway = GoAway::default();
        let (stream, transport) = watched(stream, end);
        let connection = h2::server::handshake(goaway.of_client(stream)).await?;
        Ok(Server { end, connection, goaway, transport, orders: received, events: Vec::new(), ended, cut: None }
            .requests()
            .await)
    });
    Started { serving: tokio::spawn(serving), orders }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Server<S> {
    async fn requests(mut self) -> Disconnect {
        loop {
            tokio::select! {
                // Polls the connection first: after its end, a stream returns the same code for this side's `GOAWAY` as
                // for the client's reset.
                biased;
                accepted = self.connection.accept() => match accepted {
                    Some(Ok((request, respond))) => self.events.extend(open(respond).ok().map(|e| (e, request.into_body()))),
                    Some(Err(error)) => return self.ended(Some(CLASSIFIER.verdict(&error))).await,
                    None => return self.ended(None).await,
                },
                verdict = first_reset(&mut self.events) => match (verdict, self.ended.get().or(self.cut.clone())) {
                    (Some(verdict), None) => return self.end.resolve(verdict),
                    // The connection has more evidence, and has to flush what was recorded.
                    _ => self.events.clear(),
                },
                Some(order) = self.orders.recv() => self.obey(order),
            }
        }
    }

    /// Records the end before carrying out the order. The loop continues until it is done.
    fn obey(&mut self, order: Order) {
        match order {
            Order::Finish => {
                self.ended.set(self.end.closed_locally());
                for (events, _) in &mut self.events {
                    drop(events.send_data(Bytes::new(), true));
                }
            }
            Order::Reset(code) => self.reset_newest(code),
            Order::Leave => {
                self.ended.set(self.end.shutting_down());
                self.connection.graceful_shutdown();
            }
            Order::Abort(code) => {
                self.ended.set(self.end.sent(Code::http2(code.into())));
                self.connection.abrupt_shutdown(code);
            }
            Order::All(orders) => orders.iter().for_each(|order| self.obey(*order)),
        }
    }

    fn reset_newest(&mut self, code: Reason) {
        if code == Reason::NO_ERROR {
            // NO_ERROR is a goodbye only in a `GOAWAY`, which outranks this.
            let cut = Verdict::new(DisconnectReason::Unknown, Side::Local).with_code(Code::http2(0));
            self.cut = Some(self.end.resolve(cut));
        } else {
            self.ended.set(self.end.sent(Code::http2(code.into())));
        }
        if let Some((mut events, _)) = self.events.pop() {
            events.send_reset(code);
        }
    }

    /// The end of the connection. Without an error, checks a stream that the client reset before, and then the recorded
    /// `GOAWAY`.
    async fn ended(mut self, connection: Option<Verdict>) -> Disconnect {
        let stream = tokio::select! {
            biased;
            verdict = first_reset(&mut self.events) => verdict,
            () = ready(()) => None,
        };
        if let (Some(cut), None) = (self.cut, self.ended.get()) {
            return cut;
        }
        self.transport.get().map(|seen| self.ended.set(seen));
        match connection.or(stream) {
            Some(verdict) => self.end.resolve(verdict),
            None => accepted_all(&self.goaway, self.end),
        }
    }
}

/// Answers a request with a first event.
pub(super) fn open(mut respond: SendResponse<Bytes>) -> Result<SendStream<Bytes>, h2::Error> {
    let mut events = respond.send_response(Response::new(()), false)?;
    events.send_data(Bytes::from_static(b"event"), false)?;
    Ok(events)
}

/// Waits until the client has reset the first stream.
async fn first_reset(events: &mut [(SendStream<Bytes>, RecvStream)]) -> Option<Verdict> {
    match events {
        [(first, _), ..] => reset(first).await,
        [] => pending().await,
    }
}

/// A running server.
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
