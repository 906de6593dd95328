//! `Disconnect::close_code`: the code to close a connection with, by its end reason. One table for each protocol.

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
    /// Returns the code to close the connection with in this protocol.
    ///
    /// Use it for the close frame after an error, so that the peer logs the same reason as this side. `None` means:
    /// send no code. That is so if
    ///
    /// - the connection is lost, so that no code would arrive;
    /// - the peer ended it, neither with a goodbye nor by a protocol violation;
    /// - the protocol has no code for this end reason. [`Exit`](Protocol::Exit) and [`Signal`](Protocol::Signal) belong
    ///   to processes and [`Sqlstate`](Protocol::Sqlstate) to databases. The codes of
    ///   [`QuicApplication`](Protocol::QuicApplication) and of a protocol of your own belong to the application.
    ///
    /// | end | WebSocket | HTTP/2 | SSH | MQTT | AMQP |
    /// |---|---|---|---|---|---|
    /// | a clean close, or the peer's goodbye | 1000 | `NO_ERROR` | 11 | 0x00 | 200 |
    /// | this side goes away | 1001, 1012 with the cause `restart` | `NO_ERROR` | 11 | 0x8B | 320 |
    /// | the peer broke the protocol | 1002, by cause 1003, 1007, 1009 | `PROTOCOL_ERROR`, `FRAME_SIZE_ERROR` | 2 | 0x82, 0x81, 0x95 | 503, 501 |
    /// | this side rejects the peer | 1008 | `INTERNAL_ERROR` | 14, 7 | 0x87 | 403, 530 |
    /// | this side is overloaded | 1013 | `ENHANCE_YOUR_CALM` | 7 | 0x89 | 506 |
    /// | this side failed, or the reason is unknown | 1011 | `INTERNAL_ERROR` | 7 | 0x80 | 541 |
    ///
    /// If the record already carries a code of this protocol, the same code is returned, provided that it [may be
    /// sent](Code::may_be_sent) and keeps its meaning when this side sends it. Two rules come first. An unexpected end
    /// never gets a goodbye, or the peer would log a normal end. A fault of this side never gets a code that accuses
    /// the peer.
    ///
    /// The table shows what a server sends. A client that goes away gets 0x00 in MQTT and 200 in AMQP. MQTT lets only
    /// servers send some other codes, such as 0x89: a client has to send 0x00 instead of those.
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
            Some(_) | None => code(protocol, closing(self, self.cause(), self.side())?),
        }
    }

    /// Whether this side may send the code that the record carries.
    fn may_repeat(&self, code: Code) -> bool {
        let said = code.sent();
        let accuses_peer = said.side() == Side::Remote;
        code.may_be_sent()
            && (self.expected() || !said.may_be_expected())
            && !(accuses_peer && self.side() == Some(Side::Local))
    }
}

/// Why this side closes, as far as the protocols distinguish it.
#[derive(Clone, Copy, Debug)]
enum Closing {
    /// A normal end.
    Clean,
    /// This side goes away.
    GoingAway,
    /// This side goes away, and comes back.
    Restarting,
    /// This side goes away, and the service moved elsewhere.
    Migrating,
    /// The peer broke the protocol.
    Violation,
    /// The peer sent bytes that do not parse.
    Malformed,
    /// The peer sent a message that is too large.
    TooLarge,
    /// The peer sent something that this side does not support.
    Unsuitable,
    /// The two sides are incompatible, and neither broke a rule.
    Mismatch,
    /// This side rejects the peer's identity or permissions.
    Refused,
    /// A policy of this side.
    Policy,
    /// A quota is exhausted.
    Limit,
    /// This side is overloaded.
    Overload,
    /// A newer session replaced this one.
    Replaced,
    /// An operator ended it.
    Kicked,
    /// The peer stopped answering.
    PeerSilent,
    /// The peer was too slow.
    PeerLate,
    /// This side ran out of time.
    OutOfTime,
    /// A connection behind this one is lost.
    BackEndLost,
    /// This side failed.
    Failed,
    /// The reason is unknown.
    Unexplained,
}

/// Chooses the kind of close from reason, cause and side. A reason of the user's own counts as the built-in one with
/// the same logged value, if both have the same expected flag.
fn closing(end: &Disconnect, cause: Option<&Category>, side: Option<Side>) -> Option<Closing> {
    let reason = end.reason();
    // A reason of a user's own set was mapped from a built-in one. Where their expected flags differ, the user's counts.
    let ours = Reason::parse(reason.value).or_else(|| end.built_in_reason());
    let ours = ours.filter(|ours| ours.expected() == reason.is_expected());
    let cause = cause.and_then(|cause| Cause::parse(cause.value));
    match ours {
        // A goodbye of the peer is answered with a goodbye, whatever its reason.
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
        // The peer ended it, so it needs no explanation.
        Some(Reason::Unknown | Reason::ControlPlaneLost) | None if side == Some(Side::Remote) => None,
        Some(Reason::ControlPlaneLost) => Some(Failed),
        Some(Reason::Unknown) | None => ended(cause, side),
    }
}

/// The peer broke the protocol, or no other side is known to have done so.
fn accused(cause: Option<Cause>) -> Closing {
    match cause {
        Some(Cause::Malformed) => Malformed,
        Some(Cause::TooLarge) => TooLarge,
        Some(Cause::Negotiation) => Unsuitable,
        Some(_) | None => Violation,
    }
}

/// This side broke the protocol, or the two sides are incompatible.
fn at_fault(cause: Option<Cause>) -> Closing {
    match cause {
        Some(Cause::Negotiation) => Mismatch,
        Some(_) | None => Failed,
    }
}

/// The transport failed. If this side gave up, the lost connection is one behind this one, and this one can still carry
/// a code.
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

/// This side ended it, or the side is unknown.
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
        // By this side, the cause is about something else, such as a process. Otherwise this connection is lost.
        Cause::Reset | Cause::UncleanEof | Cause::Fin | Cause::BrokenPipe | Cause::Unreachable => {
            is_local.then_some(Failed)
        }
        Cause::KeepaliveTimeout | Cause::IdleTimeout if !is_local => Some(PeerSilent),
        Cause::Deadline if !is_local => Some(PeerLate),
        Cause::KeepaliveTimeout | Cause::IdleTimeout | Cause::Deadline => Some(OutOfTime),
        // A restart that is no shutdown does not explain the end.
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

/// RFC 4250, section 4.2.2. The only SSH code for an error of this side is "service not available".
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

/// RFC 9113, section 7. HTTP/2 has no code for a silent peer.
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

/// RFC 9000, section 20.1. A rejected peer gets the TLS alert `access_denied` as a QUIC code (RFC 9001, section 4.8).
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

/// "Status codes and their use in gRPC". A server that goes away sends `UNAVAILABLE`, because the call was not
/// completed.
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

/// AMQP 0-9-1, section 1.2. A broker that goes away sends the code that RabbitMQ sends. A silent peer gets no code.
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
