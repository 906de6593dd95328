//! gRPC with tonic, over hyper: a client that follows a stream of events, and the server that sends them.

mod client;
mod losses;
mod raw;
mod secure;
mod server;
mod statuses;

use bytes::{Buf, BufMut, Bytes};
use disconnect_core::Endpoint;
use http::uri::PathAndQuery;
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

use super::Outcome;
use crate::matrix::Matrix;
use crate::recipes::tonic::CLASSIFIER;

const PROTOCOL: &str = "grpc";

/// A client that receives events from the server.
const CLIENT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER);
const SERVER: Endpoint = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CLASSIFIER);

type Failure = Box<dyn std::error::Error + Send + Sync>;

pub(crate) async fn run(matrix: &mut Matrix) -> Outcome {
    statuses::run(matrix).await?;
    raw::run(matrix).await?;
    losses::run(matrix).await?;
    secure::run(matrix).await
}

pub(crate) async fn peer(arguments: &[String]) -> Outcome {
    losses::peer(arguments).await
}

/// The only method: events as long as the client sends requests.
fn method() -> PathAndQuery {
    PathAndQuery::from_static("/events.Events/Follow")
}

/// A codec for bytes, which needs no generated code.
#[derive(Clone, Copy, Default)]
struct Plain;

impl Codec for Plain {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(message);
        Ok(())
    }
}

impl Decoder for Plain {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}
