//! Declares close codes of your own: Discord's gateway and graphql-ws over WebSocket, and the Acct-Terminate-Cause of
//! RADIUS, a protocol that is not built in.
//!
//! The WebSocket connections are real: a server closes with each code, and the client logs the end.

use std::error::Error;
use std::io::{self, IsTerminal};

use disconnect_core::{
    Category, Classifier, Code, Disconnect, DisconnectCode, Endpoint, Protocol, classifier, disconnected,
};
use futures_util::StreamExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::{accept_async, client_async};

/// Close codes of Discord's gateway ("Gateway Close Event Codes" of its developer documentation). None is a goodbye.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(websocket)]
enum Discord {
    #[code(4000)]
    #[reason(Unknown, cause = InternalError)]
    UnknownError,
    #[code(4001)]
    #[reason(ProtocolError)]
    UnknownOpcode,
    #[code(4002)]
    #[reason(ProtocolError, cause = Malformed)]
    DecodeError,
    #[code(4003)]
    #[reason(Unknown, cause = Auth)]
    NotAuthenticated,
    #[code(4004)]
    #[reason(Unknown, cause = Auth)]
    AuthenticationFailed,
    #[code(4005)]
    #[reason(ProtocolError)]
    AlreadyAuthenticated,
    #[code(4007)]
    #[reason(ProtocolError)]
    InvalidSeq,
    #[code(4008)]
    #[reason(Unknown, cause = Limit)]
    RateLimited,
    /// The client was silent: the client or the path to it may have failed.
    #[code(4009)]
    #[reason(NetworkError, cause = KeepaliveTimeout)]
    SessionTimedOut,
    #[code(4010)]
    #[reason(ProtocolError)]
    InvalidShard,
    #[code(4011)]
    #[reason(Unknown, cause = Policy)]
    ShardingRequired,
    /// The versions do not match, but neither side violated the protocol. The sender closed.
    #[code(4012)]
    #[reason(ProtocolError, side = Sender, cause = Negotiation)]
    InvalidApiVersion,
    #[code(4013)]
    #[reason(ProtocolError)]
    InvalidIntents,
    #[code(4014)]
    #[reason(Unknown, cause = Policy)]
    DisallowedIntents,
}

/// Close codes of graphql-ws (`CloseCode` in its `common.ts`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(websocket)]
enum GraphqlWs {
    /// Sent by a client that received an invalid response.
    #[code(4004)]
    #[reason(ProtocolError)]
    BadResponse,
    #[code(4005)]
    #[reason(Unknown, cause = InternalError)]
    InternalClientError,
    #[code(4400)]
    #[reason(ProtocolError, cause = Malformed)]
    BadRequest,
    #[code(4401)]
    #[reason(Unknown, cause = Auth)]
    Unauthorized,
    #[code(4403)]
    #[reason(Unknown, cause = Auth)]
    Forbidden,
    #[code(4406)]
    #[reason(ProtocolError, side = Sender, cause = Negotiation)]
    SubprotocolNotAcceptable,
    #[code(4408)]
    #[reason(NetworkError, side = Sender, cause = Deadline)]
    ConnectionInitialisationTimeout,
    #[code(4409)]
    #[reason(ProtocolError)]
    SubscriberAlreadyExists,
    #[code(4429)]
    #[reason(ProtocolError)]
    TooManyInitialisationRequests,
    #[code(4500)]
    #[reason(Unknown, cause = InternalError)]
    InternalServerError,
    #[code(4504)]
    #[reason(NetworkError, side = Sender, cause = Deadline)]
    ConnectionAcknowledgementTimeout,
}

/// Acct-Terminate-Cause (RFC 2866, section 5.10). An access server reports it for the session of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes("radius")]
enum Terminated {
    #[code(1)]
    #[goodbye(Closed, by = Client)]
    UserRequest,
    #[code(2)]
    #[reason(NetworkError, cause = UncleanEof)]
    LostCarrier,
    #[code(3)]
    #[reason(NetworkError, cause = Unreachable)]
    LostService,
    #[code(4)]
    #[reason(Unknown, cause = IdleTimeout)]
    IdleTimeout,
    /// A planned maximum lifetime.
    #[code(5)]
    #[goodbye(Closed, cause = Limit)]
    SessionTimeout,
    #[code(6)]
    #[reason(Unknown, cause = Kicked)]
    AdminReset,
    #[code(7)]
    #[goodbye(GoingAway, cause = Restart)]
    AdminReboot,
    #[code(8)]
    #[reason(Unknown, cause = InternalError)]
    PortError,
    #[code(9)]
    #[reason(Unknown, cause = InternalError)]
    NasError,
    #[code(10)]
    #[reason(Unknown)]
    NasRequest,
    /// The access server crashed.
    #[code(11)]
    #[reason(Unknown, cause = Crash)]
    NasReboot,
    #[code(12)]
    #[reason(Unknown, cause = Policy)]
    PortUnneeded,
    #[code(13)]
    #[reason(Unknown, cause = Policy)]
    PortPreempted,
    #[code(14)]
    #[reason(Unknown, cause = Policy)]
    PortSuspended,
    #[code(15)]
    #[reason(Unknown, cause = InternalError)]
    ServiceUnavailable,
    #[code(16)]
    #[goodbye(Closed, cause = Migrate)]
    Callback,
    #[code(17)]
    #[reason(ProtocolError, by = Client)]
    UserError,
    #[code(18)]
    #[goodbye(Closed)]
    HostRequest,
}

/// Gives a bare number its meaning. Each service needs its own classifier, because both use 4004.
static GATEWAY: Classifier = classifier![codes = Discord];
const BOT: Endpoint = Endpoint::CLIENT_FACING_SERVER.with_classifier(&GATEWAY);
const ACCOUNTING: Endpoint = Endpoint::SERVER_FACING_AGENT;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_target(false).without_time().with_ansi(io::stdout().is_terminal()).init();
    for &code in Discord::ALL {
        let end = closed_with(BOT, code.code()).await?;
        assert!(!end.expected());
        disconnected!(end, name = code.name(), "gateway closed");
    }
    // The same number has another meaning in another service.
    let end = Endpoint::CLIENT_FACING_SERVER.sent(GraphqlWs::BadResponse);
    assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("protocol_error", Some("server")));
    disconnected!(end, name = GraphqlWs::BadResponse.name(), "subscription closed");
    let end = Endpoint::SERVER_FACING_CLIENT.sent(GraphqlWs::ConnectionInitialisationTimeout);
    assert_eq!(end.close_code(Protocol::WebSocket), Some(Code::websocket(4408)));
    // A registered code keeps its meaning, and an unknown code is `unknown`.
    assert_eq!(closed_with(BOT, Code::websocket(1001)).await?.reason().as_str(), "server_shutdown");
    assert_eq!(closed_with(BOT, Code::websocket(4999)).await?.reason().as_str(), "unknown");

    for number in 1..=19 {
        let reported = Code::from_number(Terminated::PROTOCOL, number).and_then(Terminated::from_code);
        let Some(cause) = reported else { continue };
        let end = ACCOUNTING.received(cause);
        disconnected!(end, name = cause.name(), "session ended");
    }
    let left = ACCOUNTING.received(Terminated::UserRequest);
    assert_eq!((left.reason().as_str(), left.initiator().map(Category::as_str)), ("client_closed", Some("client")));
    assert_eq!(left.code().map(|code| code.to_string()).as_deref(), Some("radius.1"));
    Ok(())
}

/// Runs a server that closes with this code, and returns the end at the client.
async fn closed_with(endpoint: Endpoint, code: Code) -> Result<Disconnect, Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = async {
        let (stream, _) = listener.accept().await?;
        let number = code.number().and_then(|number| u16::try_from(number).ok()).ok_or("no close code")?;
        let frame = CloseFrame { code: number.into(), reason: "".into() };
        accept_async(stream).await?.close(Some(frame)).await?;
        Ok::<_, Box<dyn Error>>(())
    };
    let client = async {
        let stream = TcpStream::connect(address).await?;
        let (mut socket, _) = client_async(format!("ws://{address}/"), stream).await?;
        Ok::<_, Box<dyn Error>>(match socket.next().await {
            Some(Ok(Message::Close(frame))) => {
                endpoint.received(Code::websocket(frame.map_or(1005, |frame| frame.code.into())))
            }
            Some(Ok(message)) => return Err(format!("unexpected message: {message}").into()),
            Some(Err(error)) => endpoint.failed(&error),
            None => endpoint.eof(),
        })
    };
    let ((), end) = tokio::try_join!(server, client)?;
    Ok(end)
}
