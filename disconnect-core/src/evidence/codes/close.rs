//! The way back: with which code to close a connection that ended like this. One table for each protocol.

use self::Closing::{
    BackEndLost, Clean, Failed, GoingAway, Kicked, Limit, Malformed, Migrating, Mismatch, OutOfTime, Overload,
    PeerLate, PeerSilent, Policy, Refused, Replaced, Restarting, TooLarge, Unexplained, Unsuitable, Violation,
};
use crate::category::Category;
use crate::code::{Code, Protocol};
use crate::record::Disconnect;
use crate::verdict::Side;
use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

impl Disconnect {
    /// The code to close the connection with, in this protocol. `None` where there is nothing to say:
    ///
    /// - the connection is lost, so that nobody hears it;
    /// - the peer ended it, and the end is neither normal nor the peer's violation;
    /// - the protocol has no code that says so: [`Exit`](Protocol::Exit) and [`Signal`](Protocol::Signal) are of processes,
    ///   [`Sqlstate`](Protocol::Sqlstate) is of databases, and the codes of [`QuicApplication`](Protocol::QuicApplication)
    ///   and of a protocol of your own are the application's.
    ///
    /// | the end | WebSocket | HTTP/2 | SSH | MQTT | AMQP |
    /// |---|---|---|---|---|---|
    /// | a clean close, or the peer's goodbye | 1000 | `NO_ERROR` | 11 | 0x00 | 200 |
    /// | this side goes away | 1001, 1012 with the cause `restart` | `NO_ERROR` | 11 | 0x8B | 320 |
    /// | the peer broke the protocol | 1002, by cause 1003, 1007, 1009 | `PROTOCOL_ERROR`, `FRAME_SIZE_ERROR` | 2 | 0x82, 0x81, 0x95 | 503, 501 |
    /// | this side refuses the peer | 1008 | `INTERNAL_ERROR` | 14, 7 | 0x87 | 403, 530 |
    /// | this side has too much to do | 1013 | `ENHANCE_YOUR_CALM` | 7 | 0x89 | 506 |
    /// | this side failed, or nobody knows | 1011 | `INTERNAL_ERROR` | 7 | 0x80 | 541 |
    ///
    /// A code of this protocol that the end carries already is given back, if it [may be sent](Code::may_be_sent) and says
    /// nothing else here: an unexpected end never gives a goodbye, and an end that is our fault never accuses the peer.
    ///
    /// What a server says goes for both sides. A client of MQTT may not send 0x8B and some others: it sends 0x00. A client of
    /// AMQP that goes away sends 200.
    ///
    /// ```
    /// use disconnect_core::{Code, Endpoint, Protocol};
    ///
    /// const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    ///
    /// assert_eq!(END.shutting_down().close_code(Protocol::WebSocket), Some(Code::websocket(1001)));
    /// assert_eq!(END.closed_by_peer().close_code(Protocol::WebSocket), Some(Code::websocket(1000)));
    /// assert_eq!(END.received(Code::websocket(4001)).close_code(Protocol::WebSocket), Some(Code::websocket(4001)));
    /// assert_eq!(END.eof().close_code(Protocol::WebSocket), None);
    /// ```
    pub fn close_code(&self, protocol: Protocol) -> Option<Code> {
        match self.code() {
            Some(code) if code.protocol() == protocol && self.may_repeat(code) => Some(code),
            Some(_) | None => code(protocol, closing(self.reason(), self.cause(), self.side())?),
        }
    }

    /// Whether this side may say the code that the end carries, too.
    fn may_repeat(&self, code: Code) -> bool {
        let said = code.sent();
        let accuses_peer = said.side() == Side::Remote;
        code.may_be_sent()
            && (self.expected() || !said.may_be_expected())
            && !(accuses_peer && self.side() == Some(Side::Local))
    }
}

/// Why this side closes, as far as protocols tell it apart.
#[derive(Clone, Copy, Debug)]
enum Closing {
    /// In good order.
    Clean,
    /// This side, or what it stands for, goes away.
    GoingAway,
    /// The same, and it comes back.
    Restarting,
    /// The same, and it is elsewhere.
    Migrating,
    /// The peer broke the protocol.
    Violation,
    /// By bytes that make no sense.
    Malformed,
    /// By a message that is too large.
    TooLarge,
    /// By something that this side does not support.
    Unsuitable,
    /// The two sides do not fit, and nobody broke a rule.
    Mismatch,
    /// Who the peer is, or what it may do.
    Refused,
    /// A rule of this side's.
    Policy,
    /// A quota is used up.
    Limit,
    /// This side has too much to do.
    Overload,
    /// A newer session took over.
    Replaced,
    /// An operator ended it.
    Kicked,
    /// The peer has not answered for too long.
    PeerSilent,
    /// The peer was not done in time.
    PeerLate,
    /// This side ran out of time.
    OutOfTime,
    /// A connection behind this one is lost.
    BackEndLost,
    /// This side failed.
    Failed,
    /// Nobody knows.
    Unexplained,
}

/// Why this side closes, from the rows of an end. A reason of the user's own that is logged like one of ours is taken for
/// it where it is as expected as ours.
fn closing(reason: &Category, cause: Option<&Category>, side: Option<Side>) -> Option<Closing> {
    let ours = Reason::parse(reason.value).filter(|ours| ours.expected() == reason.is_expected());
    let cause = cause.and_then(|cause| Cause::parse(cause.value));
    match ours {
        // The peer's goodbye is answered, whatever it said.
        _ if reason.is_expected() && side == Some(Side::Remote) => Some(Clean),
        Some(Reason::ServerShutdown | Reason::WorkspaceStopped) => Some(match cause {
            Some(Cause::Restart) => Restarting,
            Some(Cause::Migrate) => Migrating,
            Some(_) | None => GoingAway,
        }),
        Some(Reason::Graceful | Reason::ClientClosed) => Some(Clean),
        None if reason.is_expected() => Some(Clean),
        Some(Reason::ProtocolError) if side == Some(Side::Local) => Some(at_fault(cause)),
        Some(Reason::ProtocolError) => Some(accused(cause)),
        Some(Reason::NetworkError) => lost(cause, side),
        // The peer ended it, and knows why.
        Some(Reason::Unknown | Reason::ControlPlaneLost) | None if side == Some(Side::Remote) => None,
        Some(Reason::ControlPlaneLost) => Some(Failed),
        Some(Reason::Unknown) | None => ended(cause, side),
    }
}

/// The peer broke the protocol, or nobody else is known to.
fn accused(cause: Option<Cause>) -> Closing {
    match cause {
        Some(Cause::Malformed) => Malformed,
        Some(Cause::TooLarge) => TooLarge,
        Some(Cause::Negotiation) => Unsuitable,
        Some(_) | None => Violation,
    }
}

/// This side broke the protocol, or found that the two do not fit.
fn at_fault(cause: Option<Cause>) -> Closing {
    match cause {
        Some(Cause::Negotiation) => Mismatch,
        Some(_) | None => Failed,
    }
}

/// The transport failed. Where this side gave up, it was not this connection that failed, but one behind it.
fn lost(cause: Option<Cause>, side: Option<Side>) -> Option<Closing> {
    match cause {
        Some(Cause::KeepaliveTimeout | Cause::IdleTimeout | Cause::Deadline) if side == Some(Side::Local) => {
            Some(OutOfTime)
        }
        Some(Cause::KeepaliveTimeout | Cause::IdleTimeout) => Some(PeerSilent),
        Some(Cause::Deadline) => Some(PeerLate),
        Some(_) | None => (side == Some(Side::Local)).then_some(BackEndLost),
    }
}

/// This side ended it, or nobody knows who did.
fn ended(cause: Option<Cause>, side: Option<Side>) -> Option<Closing> {
    let is_local = side == Some(Side::Local);
    let Some(cause) = cause else { return Some(Unexplained) };
    match cause {
        Cause::Auth => Some(Refused),
        Cause::Policy => Some(Policy),
        Cause::Limit | Cause::TooLarge => Some(Limit),
        Cause::Overload => Some(Overload),
        Cause::Replaced => Some(Replaced),
        Cause::Kicked => Some(Kicked),
        Cause::Negotiation => Some(Mismatch),
        // By this side it is about something else, such as a process; otherwise about this connection.
        Cause::Reset | Cause::UncleanEof | Cause::Fin | Cause::BrokenPipe | Cause::Unreachable => {
            is_local.then_some(Failed)
        }
        Cause::KeepaliveTimeout | Cause::IdleTimeout if !is_local => Some(PeerSilent),
        Cause::Deadline if !is_local => Some(PeerLate),
        Cause::KeepaliveTimeout | Cause::IdleTimeout | Cause::Deadline => Some(OutOfTime),
        // A restart that is no shutdown is not explained by it.
        Cause::Restart | Cause::Migrate => Some(Unexplained),
        Cause::Malformed
        | Cause::Crash
        | Cause::Killed
        | Cause::ExitStatus
        | Cause::OutOfResources
        | Cause::InternalError
        | Cause::Panicked
        | Cause::Dropped => Some(Failed),
    }
}

fn code(protocol: Protocol, closing: Closing) -> Option<Code> {
    match protocol {
        Protocol::WebSocket => Some(Code::websocket(websocket(closing))),
        Protocol::Ssh => Some(Code::ssh(ssh(closing))),
        Protocol::Http2 => http2(closing).map(Code::http2),
        Protocol::Http3 => http3(closing).map(Code::http3),
        Protocol::Quic => quic(closing).map(Code::quic),
        Protocol::Tls => tls(closing).map(Code::tls),
        Protocol::Grpc => Some(Code::grpc(grpc(closing))),
        Protocol::Mqtt => mqtt(closing).map(Code::mqtt),
        Protocol::Amqp => amqp(closing).map(Code::amqp),
        Protocol::QuicApplication | Protocol::Exit | Protocol::Signal | Protocol::Sqlstate | Protocol::Own(_) => None,
    }
}

/// RFC 6455, section 7.4.1, and the IANA registry.
const fn websocket(closing: Closing) -> u16 {
    match closing {
        Clean => 1000,
        GoingAway | Migrating => 1001,
        Restarting => 1012,
        Violation => 1002,
        Unsuitable => 1003,
        Malformed => 1007,
        TooLarge => 1009,
        Refused | Policy | Limit | Replaced | Kicked => 1008,
        Mismatch | Failed | Unexplained => 1011,
        Overload => 1013,
        BackEndLost => 1014,
        PeerSilent | PeerLate | OutOfTime => 3008,
    }
}

/// RFC 4250, section 4.2.2. SSH has no code for an error of one's own but "service not available".
const fn ssh(closing: Closing) -> u32 {
    match closing {
        Clean | GoingAway | Restarting | Migrating => 11,
        Violation | Malformed | TooLarge | Unsuitable => 2,
        Mismatch => 3,
        PeerSilent | PeerLate => 10,
        Limit => 12,
        Refused => 14,
        Policy | Overload | Replaced | Kicked | OutOfTime | BackEndLost | Failed | Unexplained => 7,
    }
}

/// RFC 9113, section 7. A silent peer hears nothing, and HTTP/2 has no code for it.
const fn http2(closing: Closing) -> Option<u32> {
    Some(match closing {
        Clean | GoingAway | Restarting | Migrating => 0x00,
        Violation | Malformed | Unsuitable => 0x01,
        TooLarge => 0x06,
        BackEndLost => 0x0a,
        Limit | Overload => 0x0b,
        Mismatch | Refused | Policy | Replaced | Kicked | OutOfTime | Failed | Unexplained => 0x02,
        PeerSilent | PeerLate => return None,
    })
}

/// RFC 9114, section 8.1.
const fn http3(closing: Closing) -> Option<u64> {
    Some(match closing {
        Clean | GoingAway | Restarting | Migrating => 0x0100,
        Violation | Unsuitable => 0x0101,
        Malformed | TooLarge => 0x0106,
        Limit | Overload => 0x0107,
        BackEndLost => 0x010f,
        Mismatch | Refused | Policy | Replaced | Kicked | OutOfTime | Failed | Unexplained => 0x0102,
        PeerSilent | PeerLate => return None,
    })
}

/// RFC 9000, section 20.1; a refused peer gets the alert `access_denied` in a code of RFC 9001, section 4.8.
const fn quic(closing: Closing) -> Option<u64> {
    Some(match closing {
        Clean | GoingAway | Restarting | Migrating => 0x00,
        Violation | TooLarge | Unsuitable => 0x0a,
        Malformed => 0x07,
        Mismatch => 0x11,
        Refused => 0x0100 + 49,
        Policy | Limit | Overload => 0x02,
        Replaced | Kicked | OutOfTime | BackEndLost | Failed | Unexplained => 0x01,
        PeerSilent | PeerLate => return None,
    })
}

/// RFC 8446, section 6.
const fn tls(closing: Closing) -> Option<u8> {
    Some(match closing {
        Clean | GoingAway | Restarting | Migrating => 0,
        Violation | Unsuitable => 10,
        TooLarge => 22,
        Mismatch => 40,
        Refused | Policy => 49,
        Malformed => 50,
        Limit | Overload | Replaced | Kicked | OutOfTime | BackEndLost | Failed | Unexplained => 80,
        PeerSilent | PeerLate => return None,
    })
}

/// "Status codes and their use in gRPC". A server that goes away is "unavailable": its call was not completed.
const fn grpc(closing: Closing) -> i32 {
    match closing {
        Clean => 0,
        Unexplained => 2,
        PeerLate | OutOfTime => 4,
        Policy => 7,
        TooLarge | Limit | Overload => 8,
        Replaced | Kicked => 10,
        Unsuitable | Mismatch => 12,
        Violation | Malformed | Failed => 13,
        GoingAway | Restarting | Migrating | PeerSilent | BackEndLost => 14,
        Refused => 16,
    }
}

/// MQTT 5.0, section 3.14.2.1.
const fn mqtt(closing: Closing) -> Option<u8> {
    Some(match closing {
        Clean => 0x00,
        OutOfTime | BackEndLost | Failed | Unexplained => 0x80,
        Malformed => 0x81,
        Violation | Unsuitable => 0x82,
        Mismatch => 0x83,
        Refused | Policy => 0x87,
        Overload => 0x89,
        GoingAway | Restarting => 0x8b,
        PeerSilent => 0x8d,
        Replaced => 0x8e,
        TooLarge => 0x95,
        Limit => 0x97,
        Kicked => 0x98,
        Migrating => 0x9c,
        PeerLate => return None,
    })
}

/// AMQP 0-9-1, section 1.2. A broker that goes away says what RabbitMQ says. A silent peer hears nothing.
const fn amqp(closing: Closing) -> Option<u16> {
    Some(match closing {
        Clean => 200,
        GoingAway | Restarting | Migrating | Replaced | Kicked => 320,
        Refused => 403,
        Malformed | TooLarge => 501,
        Violation | Unsuitable => 503,
        Limit | Overload => 506,
        Policy => 530,
        Mismatch => 540,
        OutOfTime | BackEndLost | Failed | Unexplained => 541,
        PeerSilent | PeerLate => return None,
    })
}
