//! An agent's event stream from its server over HTTP/2, written as in a service.

use bytes::Bytes;
use disconnect_core::evidence::Verdict;
use disconnect_core::{Classifier, Disconnect, Endpoint, classifier, disconnected};
use h2::client::SendRequest;
use http::Request;
use tokio::net::TcpStream;

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

static CLASSIFIER: Classifier = classifier![h2 = h2];

/// Follows the server's events until the stream ends, and logs the end.
///
/// # Errors
///
/// Fails if the connection does not come up.
pub(crate) async fn follow(id: u64, stream: TcpStream) -> Result<(), h2::Error> {
    let (requests, connection) = h2::client::handshake(stream).await?;
    let connection = tokio::spawn(connection);
    let end = match events(requests.clone()).await {
        Ok(()) => END.closed_by_peer(),
        Err(stream) => {
            // The stream often reports only that it broke. A `GOAWAY` is reported to the next request, everything else
            // to the connection's future. The strongest of the three is the end.
            let next = requests.ready().await.err();
            let connection = connection.await.ok().and_then(Result::err);
            strongest([Some(stream), next, connection])
        }
    };
    disconnected!(end, connection_id = id, "event stream ended");
    Ok(())
}

async fn events(requests: SendRequest<Bytes>) -> Result<(), h2::Error> {
    let (response, _) = requests.ready().await?.send_request(Request::new(()), true)?;
    let mut events = response.await?.into_body();
    while let Some(event) = events.data().await {
        events.flow_control().release_capacity(event?.len())?;
    }
    Ok(())
}

fn strongest<const N: usize>(errors: [Option<h2::Error>; N]) -> Disconnect {
    let verdicts = errors.into_iter().flatten().map(|err| CLASSIFIER.verdict(&err));
    verdicts.reduce(Verdict::or_stronger).map_or(END.eof(), |verdict| END.resolve(verdict))
}
