//! Codes of the user's own, whose enum says what each of them means.

use crate::code::{Code, Protocol};
use crate::verdict::Verdict;

/// A set of close codes of your own: each with its code, its name, and what it means.
///
/// Derived by [`#[derive(DisconnectCode)]`](macro@crate::DisconnectCode). For the codes that applications may choose
/// (WebSocket 4000 to 4999, QUIC application codes, exit statuses), and for protocols of your own. A code that its
/// standard registers keeps the standard's meaning: the derive refuses it, and [`Code::received`] knows it.
///
/// A variant says what its sender means. Received, it names the peer; sent, it names this side.
///
/// | on a variant | the end | built-in codes of that kind |
/// |---|---|---|
/// | `#[goodbye(Closed)]` | `client_closed` by a client, `graceful` by anybody else | WebSocket 1000, SSH 11 |
/// | `#[goodbye(GoingAway)]` | `client_closed` by a client, `server_shutdown` by anybody else | WebSocket 1001 |
/// | `#[goodbye(Cancelled)]` | `client_closed` by a client, `unknown` by anybody else | HTTP/2 `CANCEL` |
/// | `#[reason(ProtocolError)]` | the sender accuses the receiver | WebSocket 1002 |
/// | `#[reason(NetworkError)]` | the network lost it, and the sender reports that | MQTT 0x8D |
/// | `#[reason(Unknown, cause = Auth)]` | the sender ended it | WebSocket 3000 |
///
/// Only a goodbye, and a reason of your own that is `#[expected]`, is a normal end.
///
/// Give a value to [`Endpoint::received`](crate::Endpoint::received) or [`sent`](crate::Endpoint::sent). Give the type to
/// [`classifier!`](crate::classifier), as `codes = Gateway`, and a bare [`Code`] has that meaning too, also one that an
/// adapter found in an error. A verdict that says more than its code stays as it is, and a bare code is no goodbye where it
/// may be about one stream: a reset of a stream of QUIC, and any code of HTTP/2 and HTTP/3.
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
/// // A number from a close frame, and one that an adapter finds in an error.
/// static CLASSIFIER: Classifier = classifier![codes = Chat];
/// let end = END.with_classifier(&CLASSIFIER).received(Code::websocket(4000));
/// assert_eq!((end.reason().as_str(), end.expected()), ("server_shutdown", true));
/// assert_eq!(END.received(Code::websocket(4000)).reason().as_str(), "unknown");
///
/// assert_eq!(Chat::from_code(Code::websocket(4001)), Some(Chat::TokenExpired));
/// assert_eq!((Chat::TokenExpired.name(), Chat::TokenExpired.code().number()), ("token_expired", Some(4001)));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no set of close codes",
    label = "expected an enum that derives `DisconnectCode`"
)]
pub trait DisconnectCode: Copy + 'static {
    /// What these are codes of.
    const PROTOCOL: Protocol;
    /// All of them, in the order of declaration.
    const ALL: &'static [Self];

    /// The code and its name.
    #[doc(hidden)]
    fn row(self) -> &'static expanded::Row;

    /// What it means that this side sent it, without the code.
    #[doc(hidden)]
    fn meaning(self) -> Verdict;

    /// The code itself.
    fn code(self) -> Code {
        self.row().code
    }

    /// Its name: `token_expired` for the variant `TokenExpired`, unless `#[code(4001, name = "...")]` gives one.
    fn name(self) -> &'static str {
        self.row().name
    }

    /// The one with this code. `None` for a code of another protocol, and for one that the set lacks.
    fn from_code(code: Code) -> Option<Self> {
        Self::ALL.iter().copied().find(|own| own.code() == code)
    }

    /// What it means that the peer gave it.
    fn received(self) -> Verdict {
        self.sent().as_received()
    }

    /// What it means that this side gave it.
    fn sent(self) -> Verdict {
        self.meaning().with_code(self.code())
    }
}

/// Reads the codes of the set `T`: the [`CodeReader`](super::CodeReader) that [`classifier!`](crate::classifier) makes of
/// `codes = T`.
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

/// What [`Endpoint::received`](crate::Endpoint::received) and [`sent`](crate::Endpoint::sent) take: a [`Code`], or a value
/// of your own that derives [`DisconnectCode`](macro@crate::DisconnectCode).
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
    note = "an enum of your own is a set of codes with `#[derive(DisconnectCode)]`"
)]
pub trait AnyCode {
    /// What it means that the peer gave it.
    fn when_received(self) -> Verdict;
    /// What it means that this side gave it.
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

/// What the derive expands to.
pub mod expanded {
    pub use super::super::derived::expanded::cause;
    pub use super::DisconnectCode;
    pub use crate::code::Protocol;
    pub use crate::verdict::{Rank, Side, Verdict};
    pub use crate::vocabulary::{DisconnectCause, DisconnectInitiator, DisconnectReason};

    use crate::category::slot;
    use crate::code::Code;

    /// What is known of one code without its meaning.
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

    /// A code whose meaning is the application's.
    #[track_caller]
    #[allow(clippy::panic, reason = "the compiler evaluates it, and reports the text at the code")]
    const fn own(code: Option<Code>) -> Code {
        match code {
            Some(code) if code.is_open() => code,
            Some(_) => panic!("this code is registered, and has the meaning of its standard; leave the variant out"),
            None => panic!("the protocol has no such code"),
        }
    }

    /// `#[reason(reason, side = ...)]`, as this side sends it: somebody says so.
    pub fn reason(reason: impl slot::Reason, side: Side) -> Verdict {
        Verdict::own(reason, side).with_rank(Rank::Stated)
    }
}
