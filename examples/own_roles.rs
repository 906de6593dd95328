//! Roles and reasons that are not ours: a broker and its subscribers, two equal nodes, and a third party that ends it.
//!
//! The connections are real; what ends them is one of the sites below.

use std::io::{self, IsTerminal, Read};
use std::net::{TcpListener, TcpStream};

use disconnect_core::evidence::Side;
use disconnect_core::{Disconnect, DisconnectCause, DisconnectField, DisconnectReason, Endpoint, Peer, disconnected};

/// Who ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Party {
    Broker,
    Subscriber,
    /// Neither of the two, but it acts through the broker.
    Admin,
    /// What the endpoint names where neither side ended it.
    Network,
}

/// Between whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type")]
enum Link {
    BrokerToSubscriber,
    NodeToNode,
}

/// Why it ended, in this service's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    #[expected]
    Left,
    #[expected]
    BrokerRestart,
    /// A newer session of the same subscriber took its place.
    #[expected]
    TakenOver,
    Kicked,
    Lost,
    Unknown,
}

/// What the library works out, in our words. Exhaustive, so that a new reason there is a compile error here.
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

/// One of two nodes of a cluster, as seen from this one: neither is a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Node {
    Local,
    Remote,
    Network,
}

/// The broker's end of a subscriber's connection.
const BROKER: Endpoint =
    Endpoint::between(&Party::Broker, Peer::client(&Party::Subscriber), &Link::BrokerToSubscriber).reasons::<Leave>();
const NODE: Endpoint = Endpoint::between(&Node::Local, Peer::symmetric(&Node::Remote), &Link::NodeToNode);

fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_target(false).without_time().with_ansi(io::stdout().is_terminal()).init();
    let gone = wait_for_end()?;
    assert_eq!((gone.reason_as(), gone.initiator_as()), (Some(Leave::Lost), Some(Party::Network)));
    disconnected!(gone, "subscriber lost");

    // A newer session ends the older one: the same subscriber did it, by connecting again.
    let taken_over = BROKER.ended(Leave::TakenOver, Side::Remote).with_cause(DisconnectCause::Replaced);
    disconnected!(taken_over, "subscriber connected again");

    // A third party: the broker closes, but an administrator is who ended it.
    let kicked =
        BROKER.ended(Leave::Kicked, Side::Local).with_initiator(Party::Admin).with_cause(DisconnectCause::Kicked);
    assert_eq!((kicked.expected(), kicked.initiator_as()), (false, Some(Party::Admin)));
    disconnected!(kicked, "subscriber removed");

    // Two equal nodes: the one that leaves is going away, and neither is a client.
    let left = NODE.closed_by_peer();
    assert_eq!((left.reason_as(), left.initiator_as()), (Some(DisconnectReason::Graceful), Some(Node::Remote)));
    disconnected!(left, "node left the cluster");
    Ok(())
}

/// A subscriber that connects, and vanishes without a goodbye.
fn wait_for_end() -> io::Result<Disconnect> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let subscriber = TcpStream::connect(listener.local_addr()?)?;
    let (mut accepted, _) = listener.accept()?;
    drop(subscriber);
    let read = accepted.read(&mut [0; 1])?;
    assert_eq!(read, 0);
    Ok(BROKER.eof())
}
