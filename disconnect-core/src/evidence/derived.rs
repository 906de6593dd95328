//! Errors of the user's own, whose types say what each of them means.

use core::error::Error;

use super::reading::Reading;

/// An error that says itself what it means for the connection.
///
/// Derived by [`#[derive(DisconnectEvidence)]`](macro@crate::DisconnectEvidence), beside `thiserror` or an
/// [`Error`] written by hand: every variant names its verdict, or hands over to the error inside. A variant without
/// either does not compile, so a new one cannot be forgotten. A [`classifier!`](crate::classifier) that is given the
/// type by its name finds it anywhere in an error.
///
/// Not for errors of other libraries: those are read by an adapter, or by a [`Reader`](super::Reader).
///
/// ```
/// # use core::fmt;
/// use std::{io, time::Duration};
/// use disconnect_core::{Category, Classifier, Code, DisconnectEvidence, Endpoint, classifier};
///
/// #[derive(Debug, DisconnectEvidence)]
/// pub enum SessionError {
///     #[reason(NetworkError, side = Network, cause = KeepaliveTimeout)]
///     Heartbeat(Duration),
///     #[reason(ProtocolError, side = Remote, code = Code::websocket(1002))]
///     BadFrame(Vec<u8>),
///     #[transparent] // the verdict of what is inside
///     Io(io::Error),
/// }
/// # impl fmt::Display for SessionError {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("the session failed") }
/// # }
/// impl std::error::Error for SessionError {} // or derive(thiserror::Error)
///
/// static CLASSIFIER: Classifier = classifier![SessionError];
/// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
///
/// let end = END.failed(&CLASSIFIER, &SessionError::Heartbeat(Duration::from_secs(30)));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("keepalive_timeout")));
///
/// let wrapped = io::Error::other(SessionError::BadFrame(vec![0xff]));
/// let end = END.failed(&CLASSIFIER, &wrapped);
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("protocol_error", Some("server")));
///
/// let end = END.failed(&CLASSIFIER, &SessionError::Io(io::ErrorKind::ConnectionReset.into()));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its errors mean for a connection",
    label = "no evidence of why a connection ended",
    note = "an error enum or struct of your own says so by `#[derive(DisconnectEvidence)]`",
    note = "an error of a library is read by an adapter, `classifier![tungstenite = path]`, or by a reader of your own"
)]
pub trait DisconnectEvidence: Error + 'static {
    /// What this error means by itself, and whether an error inside it may say more.
    fn evidence(&self) -> Reading<'_>;
}

/// Reads errors of the type `T`, also behind an `Arc` or a `Box`: the [`Reader`](super::Reader) that
/// [`classifier!`](crate::classifier) makes of a type's name.
///
/// ```
/// use disconnect_core::evidence::{Reading, Side, Verdict, derived};
/// use disconnect_core::{Classifier, DisconnectEvidence, DisconnectReason};
///
/// # use core::fmt;
/// #[derive(Debug, DisconnectEvidence)]
/// #[reason(ControlPlaneLost)]
/// struct LostCoordinator;
/// # impl fmt::Display for LostCoordinator {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("lost") }
/// # }
/// impl std::error::Error for LostCoordinator {}
///
/// static CLASSIFIER: Classifier = Classifier::with(&[derived::<LostCoordinator>]);
/// let verdict = Verdict::new(DisconnectReason::ControlPlaneLost, Side::Unknown);
/// assert_eq!(CLASSIFIER.verdict(&std::io::Error::other(LostCoordinator)), verdict);
/// ```
pub fn derived<'a, T: DisconnectEvidence>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let own = error.downcast_ref::<T>();
    #[cfg(feature = "std")]
    let own = own
        .or_else(|| error.downcast_ref::<std::sync::Arc<T>>().map(|shared| &**shared))
        .or_else(|| error.downcast_ref::<std::boxed::Box<T>>().map(|boxed| &**boxed));
    own.map_or(Reading::NOTHING, T::evidence)
}

/// What the derive expands to.
pub mod expanded {
    use core::any::Any;

    pub use core::error::Error;
    pub use core::option::Option::{None, Some};

    pub use super::super::reading::Reading;
    pub use super::DisconnectEvidence;
    pub use crate::verdict::{Rank, Side};
    pub use crate::vocabulary::{DisconnectCause, DisconnectReason};

    use crate::category::slot;
    use crate::code::OptionalCode;
    use crate::verdict::Verdict;

    /// `#[transparent]`.
    pub fn inside<'a>(error: Option<&'a (dyn Error + 'static)>) -> Reading<'a> {
        error.map_or(Reading::NOTHING, Reading::inside)
    }

    /// `#[reason(...)]` with `#[transparent]`.
    pub fn either<'a>(verdict: Verdict, error: Option<&'a (dyn Error + 'static)>) -> Reading<'a> {
        match error {
            Some(error) => Reading::verdict(verdict).and_inside(error),
            None => Reading::settled(verdict),
        }
    }

    /// `#[reason(reason, side = ...)]`. One of our reasons is taken as such by whatever path it is named, so that its
    /// rank follows from it and an endpoint can translate it.
    pub fn verdict<R: slot::Reason>(reason: R, side: Option<Side>) -> Verdict {
        let Some(&ours) = (&reason as &dyn Any).downcast_ref::<DisconnectReason>() else {
            return Verdict::own(reason, side.unwrap_or(Side::Unknown));
        };
        match ours {
            DisconnectReason::NetworkError => Verdict::new(ours, side.unwrap_or(Side::Network)),
            // Says nothing as yet, so anything else is better.
            DisconnectReason::Unknown => Verdict::new(ours, side.unwrap_or(Side::Unknown)).with_rank(Rank::FollowOn),
            DisconnectReason::Graceful
            | DisconnectReason::ClientClosed
            | DisconnectReason::ServerShutdown
            | DisconnectReason::ProtocolError
            | DisconnectReason::WorkspaceStopped
            | DisconnectReason::ControlPlaneLost => Verdict::new(ours, side.unwrap_or(Side::Unknown)),
        }
    }

    /// `cause = ...`. With one, `unknown` is a statement: what happened is known, and only which reason it is is not.
    pub fn cause<C: slot::Cause>(verdict: Verdict, cause: C) -> Verdict {
        let rank = if verdict.rank == Rank::FollowOn { Rank::Stated } else { verdict.rank };
        let verdict = verdict.with_rank(rank);
        match (&cause as &dyn Any).downcast_ref::<DisconnectCause>() {
            Some(&ours) => verdict.with_cause(ours),
            None => verdict.with_own_cause(cause),
        }
    }

    /// `code = ...`. Where there is one, somebody said so.
    pub fn code(verdict: Verdict, given: impl OptionalCode) -> Verdict {
        match given.code() {
            Some(code) => verdict.with_code(code).with_rank(Rank::Stated),
            None => verdict,
        }
    }

    /// The error that a field is, or points to. A call of the method by its name finds the first of these:
    ///
    /// 1. what an `Arc` or `Box` of a sized error points to: such a pointer is an error itself, and no downcast would
    ///    see through it;
    /// 2. the field, where it is an error: [`Plain`];
    /// 3. the `dyn Error` that the field derefs to: `Box<dyn Error>`, `anyhow::Error`.
    pub trait Opened {
        /// The error.
        fn as_dyn_error(&self) -> &(dyn Error + 'static);
    }

    #[cfg(feature = "std")]
    impl<T: Error + 'static> Opened for std::boxed::Box<T> {
        fn as_dyn_error(&self) -> &(dyn Error + 'static) {
            &**self
        }
    }

    #[cfg(feature = "std")]
    impl<T: Error + 'static> Opened for std::sync::Arc<T> {
        fn as_dyn_error(&self) -> &(dyn Error + 'static) {
            &**self
        }
    }

    impl Opened for dyn Error + 'static {
        fn as_dyn_error(&self) -> &(dyn Error + 'static) {
            self
        }
    }

    impl Opened for dyn Error + Send + 'static {
        fn as_dyn_error(&self) -> &(dyn Error + 'static) {
            self
        }
    }

    impl Opened for dyn Error + Send + Sync + 'static {
        fn as_dyn_error(&self) -> &(dyn Error + 'static) {
            self
        }
    }

    /// The second of the three. A method of the reference is only tried after those of what it refers to.
    pub trait Plain<'a> {
        /// The error.
        fn as_dyn_error(&self) -> &'a (dyn Error + 'static);
    }

    impl<'a, T: Error + 'static> Plain<'a> for &'a T {
        fn as_dyn_error(&self) -> &'a (dyn Error + 'static) {
            *self
        }
    }
}
