//! Category enums that several tests look at: each has something that a derive could get wrong.

use disconnect_core::DisconnectField;

/// Compiles and runs the snippets of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Compiles and runs the snippet of the README in the package of `disconnect-core`.
#[cfg(doctest)]
#[doc = include_str!("../../disconnect-core/README.md")]
pub struct PackagedReadme;

/// Why a player left: the example of the documentation, with a reason's own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, DisconnectField)]
#[field("disconnect_reason")]
pub enum LeaveReason {
    /// Nobody said why.
    #[default]
    #[alias("")]
    Unknown,
    /// The player quit from the menu.
    #[expected]
    Quit,
    #[value("afk_kick")]
    Idle,
}

/// A key of its own, split into expected and not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
pub enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

/// Values that were deployed before there was a rule for them, and an expected flag under a key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("proxy.error", values = "verbatim", expected = "proxy.fine")]
pub enum ProxyError {
    #[value("tls detection timeout")]
    #[alias("TLS detection timeout")]
    TlsDetection,
    #[value("KeepAliveTimeout")]
    KeepAlive,
    #[value("größer als erlaubt: 100%")]
    TooLarge,
    #[value("")]
    #[expected]
    None,
}

/// One category, and not one of them expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("only")]
pub enum Only {
    One,
}

/// Discriminants that are no positions, in another order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("exit_class")]
#[repr(u8)]
pub enum ExitClass {
    Killed = 137,
    #[expected]
    Clean = 0,
    Usage = 64,
    Next,
}

/// Many aliases on some, none on others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_cause")]
pub enum AliasedCause {
    #[alias("rst")]
    #[alias("conn_reset")]
    #[alias("reset_by_peer")]
    Reset,
    Timeout,
    #[alias("gone")]
    Superseded,
}

/// Values that differ only where the hash of the lookup does not look, so that no perfect table exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("twins", values = "verbatim")]
pub enum Twins {
    #[value("aaaaaaaaaaaaxaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    X,
    #[value("aaaaaaaaaaaayaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    Y,
    #[value("aaaaaaaaaaaazaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    #[alias("a")]
    Z,
}

include!(concat!(env!("OUT_DIR"), "/thousand.rs"));
