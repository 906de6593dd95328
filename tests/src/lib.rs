//! Category enums for several tests, each with a property that a derive could get wrong.

use disconnect_core::DisconnectField;

/// Compiles and runs the snippets of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;

/// Compiles and runs the snippet of the README in the package of `disconnect-core`.
#[cfg(doctest)]
#[doc = include_str!("../../disconnect-core/README.md")]
pub struct PackagedReadme;

/// Why a player left: the example of the documentation, with the key of a reason.
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

/// A set with its own key and an expected flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("close_phase")]
pub enum ClosePhase {
    #[expected]
    Draining,
    Done,
}

/// Values from before the naming rule, and an expected flag under a custom key.
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

/// One category, which is not expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("only")]
pub enum Only {
    One,
}

/// Discriminants that differ from the positions, in another order.
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

/// Categories with many aliases and with none.
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
