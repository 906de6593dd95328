//! `DisconnectCode` and `AnyCode`: close codes of the user's own, and what each of them means.

use crate::code::{Code, Protocol};
use crate::verdict::Verdict;

/// A set of close codes of your own, each with its number or text, its name and its meaning.
///
/// Derive it with [`#[derive(DisconnectCode)]`](macro@crate::DisconnectCode). Use it for codes that a protocol leaves
/// to applications (WebSocket 4000 to 4999, QUIC application codes, exit statuses from 1 to 125), and for protocols of
/// your own. Not for a code that its standard registers: the derive rejects it, and [`Code::received`] knows its
/// meaning.
///
/// A variant declares what its sender means. If the code is received, the sender is the peer. If it is sent, the sender
/// is this side.
///
/// | on a variant | the end reason | built-in codes of that kind |
/// |---|---|---|
/// | `#[goodbye(Closed)]` | `client_closed` by a client, `graceful` by any other role | WebSocket 1000, SSH 11 |
/// | `#[goodbye(GoingAway)]` | `client_closed` by a client, `server_shutdown` by any other role | WebSocket 1001 |
/// | `#[goodbye(Cancelled)]` | `client_closed` by a client, `unknown` by any other role | HTTP/2 `CANCEL` |
/// | `#[reason(ProtocolError)]` | `protocol_error`: the sender accuses the receiver | WebSocket 1002 |
/// | `#[reason(NetworkError)]` | `network_error`: the sender reports a lost connection | MQTT 0x8D |
/// | `#[reason(Unknown, cause = Auth)]` | `unknown` by the sender | WebSocket 3000 |
///
/// Only a goodbye is expected, and a reason of your own that is `#[expected]`.
///
/// There are two ways to use a set:
///
/// - Give a value to [`Endpoint::received`](crate::Endpoint::received) or [`Endpoint::sent`](crate::Endpoint::sent).
/// - List the type in [`classifier!`](crate::classifier) as `codes = Gateway`. Then a bare [`Code`] has that meaning
///   too, also if an adapter finds it in an error. A verdict with a cause, a rank or a side of its own does not change.
///   A bare code is no goodbye if it may have reset a single stream: a QUIC stream reset, and every HTTP/2 and HTTP/3
///   code.
///
/// ```
/// use disconnect_core::{Category, Classifier, Code, DisconnectCode, Endpoint, classifier};
///
/// /// How a chat server closes.
/// #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
/// #[codes(websocket)]
/// enum Chat {
///     #[code(4000)]
///     #[goodbye(GoingAway, cause = Restart)]
///     Restarting,
///     #[code(4001)]
///     #[reason(Unknown, cause = Auth)]
///     TokenExpired,
///     #[code(4002)]
///     #[reason(ProtocolError, cause = TooLarge)]
///     MessageTooLong,
/// }
///
/// const END: Endpoint = Endpoint::CLIENT_FACING_SERVER;
///
/// let end = END.received(Chat::TokenExpired);
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("unknown", Some("server")));
/// let end = END.received(Chat::MessageTooLong);
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("protocol_error", Some("client")));
///
/// // A number from a close frame, or a code that an adapter finds in an error.
/// static CLASSIFIER: Classifier = classifier![codes = Chat];
/// let end = END.with_classifier(&CLASSIFIER).received(Code::websocket(4000));
/// assert_eq!((end.reason().as_str(), end.expected()), ("server_shutdown", true));
/// assert_eq!(END.received(Code::websocket(4000)).reason().as_str(), "unknown");
///
/// assert_eq!(Chat::from_code(Code::websocket(4001)), Some(Chat::TokenExpired));
/// assert_eq!((Chat::TokenExpired.name(), Chat::TokenExpired.code().number()), ("token_expired", Some(4001)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a set of close codes",
    label = "expected an enum that derives `DisconnectCode`"
)]
pub trait DisconnectCode: Copy + 'static {
    /// The protocol that these codes belong to.
    const PROTOCOL: Protocol;
    /// All codes of the set, in the order of declaration.
    const ALL: &'static [Self];

    /// The code and its name.
    #[doc(hidden)]
    fn row(self) -> &'static expanded::Row;

    /// The meaning if this side sends the code, without the code itself.
    #[doc(hidden)]
    fn meaning(self) -> Verdict;

    /// The code of this variant.
    fn code(self) -> Code {
        self.row().code
    }

    /// The name of this code: `token_expired` for the variant `TokenExpired`, unless `#[code(4001, name = "...")]`
    /// gives another.
    fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the variant with this code. `None` if the code belongs to another protocol or is not in the set.
    fn from_code(code: Code) -> Option<Self> {
        Self::ALL.iter().copied().find(|own| own.code() == code)
    }

    /// The verdict if the peer sent this code.
    fn received(self) -> Verdict {
        self.sent().as_received()
    }

    /// The verdict if this side sent this code.
    fn sent(self) -> Verdict {
        self.meaning().with_code(self.code())
    }
}

/// Returns the meaning of a code in the set `T`, or `None` if the set does not have it.
///
/// This is the [`CodeReader`](super::CodeReader) that `codes = T` in [`classifier!`](crate::classifier) adds. Name it
/// yourself only for [`Classifier::with_codes`](crate::Classifier::with_codes).
///
/// ```
/// use disconnect_core::evidence::own_codes;
/// use disconnect_core::{Classifier, Code, DisconnectCode, Endpoint};
///
/// #[derive(Clone, Copy, DisconnectCode)]
/// #[codes(quic_application)]
/// enum Sync {
///     #[code(0)]
///     #[goodbye(Closed)]
///     Done,
/// }
///
/// static CLASSIFIER: Classifier = Classifier::new().with_codes(&[own_codes::<Sync>]);
/// let end = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CLASSIFIER).received(Code::quic_application(0));
/// assert_eq!(end.reason().as_str(), "graceful");
/// ```
pub fn own_codes<T: DisconnectCode>(code: Code) -> Option<Verdict> {
    T::from_code(code).map(T::sent)
}

/// A [`Code`], or a value that derives [`DisconnectCode`](macro@crate::DisconnectCode).
///
/// It is the argument of [`Endpoint::received`](crate::Endpoint::received) and
/// [`Endpoint::sent`](crate::Endpoint::sent). Use it as a bound for a function that passes a code on to them.
///
/// ```
/// use disconnect_core::evidence::AnyCode;
/// use disconnect_core::{Code, Disconnect, Endpoint};
///
/// fn close(code: impl AnyCode) -> Disconnect {
///     Endpoint::SERVER_FACING_CLIENT.sent(code)
/// }
/// assert_eq!(close(Code::websocket(1001)).reason().as_str(), "server_shutdown");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a protocol code",
    label = "expected a code, such as `Code::websocket(1001)`",
    note = "for an enum of your own, add `#[derive(DisconnectCode)]`"
)]
pub trait AnyCode {
    /// The verdict if the peer sent this code.
    fn when_received(self) -> Verdict;
    /// The verdict if this side sent this code.
    fn when_sent(self) -> Verdict;
}

impl AnyCode for Code {
    #[inline]
    fn when_received(self) -> Verdict {
        self.received()
    }

    #[inline]
    fn when_sent(self) -> Verdict {
        self.sent()
    }
}

#[diagnostic::do_not_recommend]
impl<T: DisconnectCode> AnyCode for T {
    fn when_received(self) -> Verdict {
        self.received()
    }

    fn when_sent(self) -> Verdict {
        self.sent()
    }
}

/// What `#[derive(DisconnectCode)]` expands to.
pub mod expanded {
    pub use super::super::derived::expanded::cause;
    pub use super::DisconnectCode;
    pub use crate::code::Protocol;
    pub use crate::verdict::{Rank, Side, Verdict};
    pub use crate::vocabulary::{DisconnectCause, DisconnectInitiator, DisconnectReason};

    use crate::category::slot;
    use crate::code::Code;

    /// A code and its name, without its meaning.
    #[derive(Debug)]
    pub struct Row {
        pub(super) code: Code,
        pub(super) name: &'static str,
    }

    /// `#[code(4004)]`.
    #[track_caller]
    pub const fn number(protocol: Protocol, number: i64, name: &'static str) -> Row {
        Row { code: own(Code::from_number(protocol, number)), name }
    }

    /// `#[code("text")]`.
    #[track_caller]
    pub const fn text(protocol: Protocol, text: &'static &'static str, name: &'static str) -> Row {
        Row { code: own(Code::from_static(protocol, text)), name }
    }

    /// Rejects a code that the protocol registers or cannot have.
    #[track_caller]
    #[allow(clippy::panic, reason = "the compiler evaluates it, and reports the text at the code")]
    const fn own(code: Option<Code>) -> Code {
        match code {
            Some(code) if code.is_open() => code,
            Some(_) => panic!("this code is registered and has the meaning of its standard; remove the variant"),
            None => panic!("the protocol has no such code"),
        }
    }

    /// `#[reason(reason, side = ...)]`: a code is a statement of its sender, hence the rank.
    pub fn reason(reason: impl slot::Reason, side: Side) -> Verdict {
        Verdict::own(reason, side).with_rank(Rank::Stated)
    }
}
