//! The adapter for `rumqttc`, from version 0.24 on: MQTT 3.1.1, and MQTT 5 in its module `v5`.

/// Reads the variants and the reason code of a server's `DISCONNECT`. MQTT 3.1.1 has no such code: a server that stops
/// or moves the session to another client sends a FIN.
#[doc(hidden)]
#[macro_export]
macro_rules! __adapter_rumqttc {
    ($($library:tt)+) => {{
        use $($library)+ as v4;
        use $($library)+::v5;
        use ::std::io;

        use $crate::evidence::vocabulary::{
            Code, DisconnectCause as Cause, DisconnectReason as Reason, Error, Rank, Reader, Reading, Side, Verdict,
            begins_with, says,
        };
        use v4::ConnectReturnCode as Refused4;
        use v5::mqttbytes::v5::ConnectReturnCode as Refused5;

        const NETWORK: Verdict = Verdict::new(Reason::NetworkError, Side::Network);
        const VIOLATION: Verdict = Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed);
        const OURS: Verdict = Verdict::new(Reason::Unknown, Side::Local);

        /// The transport failed. Before 0.25, rumqttc reports a FIN as `ConnectionAborted` without an errno.
        fn transport(error: &io::Error) -> Reading<'_> {
            if error.kind() == io::ErrorKind::ConnectionAborted && error.raw_os_error().is_none() {
                return Reading::verdict(NETWORK.with_cause(Cause::UncleanEof));
            }
            Reading::inside(error)
        }

        /// Reads variants that some versions or protocols lack.
        fn by_text<'a>(error: &(dyn Error + 'static)) -> Reading<'a> {
            if says(error, "Connection closed by peer abruptly") {
                return Reading::verdict(NETWORK.with_cause(Cause::UncleanEof));
            }
            if begins_with(error, "Cannot send packet of size ") {
                return Reading::verdict(OURS.with_cause(Cause::TooLarge));
            }
            let is_timeout = ["Network timeout", "Flush timeout", "Timeout"].into_iter().any(|text| says(error, text));
            Reading::from(is_timeout.then(|| NETWORK.with_cause(Cause::Deadline)))
        }

        macro_rules! protocol {
            ($version:ident, $refused:ident, $connection:ident, $state:ident) => {
                fn $connection(error: &$version::ConnectionError) -> Reading<'_> {
                    match error {
                        $version::ConnectionError::MqttState(inside) => Reading::inside(inside),
                        $version::ConnectionError::Io(inside) => transport(inside),
                        $version::ConnectionError::ConnectionRefused(code) => {
                            Reading::verdict(Verdict::new(Reason::Unknown, Side::Remote).with_cause(match code {
                                $refused::BadUserNamePassword | $refused::NotAuthorized => Cause::Auth,
                                $refused::ServiceUnavailable => Cause::Overload,
                                $refused::RefusedProtocolVersion => Cause::Negotiation,
                                _ => Cause::Policy,
                            }))
                        }
                        $version::ConnectionError::NotConnAck { .. } => Reading::verdict(VIOLATION),
                        // All clients were dropped, so this side ended it before.
                        $version::ConnectionError::RequestsDone => Reading::verdict(OURS.with_rank(Rank::FollowOn)),
                        error => by_text(error),
                    }
                }

                fn $state(error: &$version::StateError) -> Reading<'_> {
                    match error {
                        $version::StateError::Io(inside) => transport(inside),
                        // From 0.25 on, the packet reader wraps the errors of the transport.
                        $version::StateError::Deserialization(inside) => match inside.source() {
                            Some(inside) if inside.is::<io::Error>() => Reading::inside(inside),
                            _ => Reading::verdict(VIOLATION),
                        },
                        $version::StateError::AwaitPingResp => {
                            Reading::verdict(NETWORK.with_cause(Cause::KeepaliveTimeout))
                        }
                        $version::StateError::CollisionTimeout => Reading::verdict(NETWORK.with_cause(Cause::Deadline)),
                        $version::StateError::Unsolicited { .. } | $version::StateError::WrongPacket => {
                            Reading::verdict(VIOLATION)
                        }
                        error => by_text(error),
                    }
                }
            };
        }
        protocol!(v4, Refused4, connection_4, state_4);
        protocol!(v5, Refused5, connection_5, state_5);

        fn read<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
            if let Some(error) = error.downcast_ref() {
                return connection_4(error);
            }
            if let Some(error) = error.downcast_ref() {
                return connection_5(error);
            }
            if let Some(error) = error.downcast_ref() {
                return state_4(error);
            }
            match error.downcast_ref() {
                Some(v5::StateError::ServerDisconnect { reason_code, .. }) => {
                    Reading::verdict(Code::mqtt(*reason_code as u8).received())
                }
                Some(v5::StateError::IncomingPacketTooLarge { .. }) => {
                    Reading::verdict(Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::TooLarge))
                }
                Some(error) => state_5(error),
                None => Reading::NOTHING,
            }
        }

        read as Reader
    }};
}
