//! Declares roles and reasons of your own: a broker with subscribers, two symmetric nodes, and an end by a third party.
//!
//! The connections are real. The call sites in `main` decide how they ended.

use std::io::{self, IsTerminal, Read};
use std::net::{TcpListener, TcpStream};

use disconnect_core::evidence::Side;
use disconnect_core::{Disconnect, DisconnectCause, DisconnectField, DisconnectReason, Endpoint, Peer, disconnected};

/// Who ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Party {
    Broker,
    Subscriber,
    /// A third party that acts through the broker.
    Admin,
    /// The initiator of an end by neither side.
    Network,
}

/// The kind of connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type")]
enum Link {
    BrokerToSubscriber,
    NodeToNode,
}

/// Why the connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    #[expected]
    Left,
    #[expected]
    BrokerRestart,
    /// A newer session of the same subscriber replaced this one.
    #[expected]
    TakenOver,
    Kicked,
    Lost,
    Unknown,
}

/// Maps the reasons of the library. Exhaustive, so that a new reason is a compile error here.
impl From<DisconnectReason> for Leave {
    fn from(reason: DisconnectReason) -> Self {
        match reason {
            DisconnectReason::Graceful | DisconnectReason::ClientClosed => Self::Left,
            DisconnectReason::ServerShutdown => Self::BrokerRestart,
            DisconnectReason::NetworkError | DisconnectReason::ProtocolError => Self::Lost,
            DisconnectReason::Unknown | DisconnectReason::WorkspaceStopped | DisconnectReason::ControlPlaneLost => {
                Self::Unknown
            }
        }
    }
}

/// The two nodes of a cluster, from the point of view of one node. Neither is a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Node {
    Local,
    Remote,
    Network,
}

/// The broker's endpoint of a subscriber's connection.
const BROKER: Endpoint =
    Endpoint::between(&Party::Broker, Peer::client(&Party::Subscriber), &Link::BrokerToSubscriber).reasons::<Leave>();
const NODE: Endpoint = Endpoint::between(&Node::Local, Peer::symmetric(&Node::Remote), &Link::NodeToNode);

fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_target(false).without_time().with_ansi(io::stdout().is_terminal()).init();
    let gone = wait_for_end()?;
    assert_eq!((gone.reason_as(), gone.initiator_as()), (Some(Leave::Lost), Some(Party::Network)));
    disconnected!(gone, "subscriber lost");

    // The same subscriber ended the older session by connecting again.
    let taken_over = BROKER.ended(Leave::TakenOver, Side::Remote).with_cause(DisconnectCause::Replaced);
    disconnected!(taken_over, "subscriber connected again");

    // The broker closes, but an administrator ended the connection.
    let kicked =
        BROKER.ended(Leave::Kicked, Side::Local).with_initiator(Party::Admin).with_cause(DisconnectCause::Kicked);
    assert_eq!((kicked.expected(), kicked.initiator_as()), (false, Some(Party::Admin)));
    disconnected!(kicked, "subscriber removed");

    // A symmetric peer closes: it is going away, because neither node is a client.
    let left = NODE.closed_by_peer();
    assert_eq!((left.reason_as(), left.initiator_as()), (Some(DisconnectReason::Graceful), Some(Node::Remote)));
    disconnected!(left, "node left the cluster");
    Ok(())
}

/// Accepts a subscriber that disconnects without a goodbye.
fn wait_for_end() -> io::Result<Disconnect> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let subscriber = TcpStream::connect(listener.local_addr()?)?;
    let (mut accepted, _) = listener.accept()?;
    drop(subscriber);
    let read = accepted.read(&mut [0; 1])?;
    assert_eq!(read, 0);
    Ok(BROKER.eof())
}
