//! Errors of the user's own, whose types say what each of them means.

use core::error::Error;

#[cfg(feature = "std")]
use std::{boxed::Box, sync::Arc};

use super::classifier::{Classifier, NOT_UNDERSTOOD};
use super::reading::{Next, Reading};
use crate::verdict::Verdict;

/// An error, or any other value, that says itself what it means for the connection.
///
/// Derived by [`#[derive(DisconnectEvidence)]`](macro@crate::DisconnectEvidence): every variant names its verdict, or
/// hands over to the error inside. A variant without either does not compile, so a new one cannot be forgotten.
///
/// For an [`Error`], from `thiserror` or written by hand, a [`classifier!`](crate::classifier) that is given the type by
/// its name finds it anywhere in an error. Any other value is asked for its [`verdict`](Self::verdict).
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
/// const END: Endpoint = Endpoint::AGENT_FACING_SERVER.with_classifier(&CLASSIFIER);
///
/// let end = END.failed(&SessionError::Heartbeat(Duration::from_secs(30)));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("keepalive_timeout")));
///
/// let wrapped = io::Error::other(SessionError::BadFrame(vec![0xff]));
/// let end = END.failed(&wrapped);
/// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("protocol_error", Some("server")));
///
/// let end = END.failed(&SessionError::Io(io::ErrorKind::ConnectionReset.into()));
/// assert_eq!((end.reason().as_str(), end.cause().map(Category::as_str)), ("network_error", Some("reset")));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what its errors mean for a connection",
    label = "no evidence of why a connection ended",
    note = "an error enum or struct of your own says so by `#[derive(DisconnectEvidence)]`",
    note = "an error of a library is read by an adapter, `classifier![tungstenite = path]`, or by a reader of your own"
)]
pub trait DisconnectEvidence: 'static {
    /// What this value means by itself, and whether an error inside it may say more.
    fn evidence(&self) -> Reading<'_>;

    /// What this value means. `std::io::Error` is understood inside it, an error of another library is not: for those,
    /// ask a [`Classifier`] that reads them.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectEvidence, Endpoint};
    ///
    /// /// How a session may end. It is no error.
    /// #[derive(DisconnectEvidence)]
    /// #[reason(Graceful, side = Local)] // what a variant without an attribute means
    /// enum SessionEnd {
    ///     LoggedOut,
    ///     Finished,
    ///     #[reason(Unknown, by = Server, cause = Kicked)]
    ///     Kicked,
    /// }
    ///
    /// let end = Endpoint::SERVER_FACING_CLIENT.resolve(SessionEnd::LoggedOut.verdict());
    /// assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("graceful", Some("server")));
    /// ```
    fn verdict(&self) -> Verdict {
        verdict_of(self.evidence())
    }
}

/// Nothing but io errors is understood inside, so it cannot say goodbye, and a failure of ours is as any other verdict.
fn verdict_of(reading: Reading<'_>) -> Verdict {
    let inside = match reading.next {
        Next::Inside(error) | Next::Container(_, error) => Classifier::new().verdict(error),
        Next::Source | Next::Nowhere => NOT_UNDERSTOOD,
    };
    match reading.verdict {
        Some(outer) if outer.rank > inside.rank || inside == NOT_UNDERSTOOD => outer,
        Some(_) | None => inside,
    }
}

/// Evidence behind a pointer is evidence.
macro_rules! pointer {
    ($($pointer:ty),*) => {
        $(
            #[diagnostic::do_not_recommend]
            impl<T: DisconnectEvidence + ?Sized> DisconnectEvidence for $pointer {
                fn evidence(&self) -> Reading<'_> {
                    (**self).evidence()
                }
            }
        )*
    };
}

pointer!(&'static T);
#[cfg(feature = "std")]
pointer!(Box<T>, Arc<T>);

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
pub fn derived<'a, T: DisconnectEvidence + Error>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let own = error.downcast_ref::<T>();
    #[cfg(feature = "std")]
    let own = own
        .or_else(|| error.downcast_ref::<Arc<T>>().map(|shared| &**shared))
        .or_else(|| error.downcast_ref::<Box<T>>().map(|boxed| &**boxed));
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
    pub use crate::vocabulary::{DisconnectCause, DisconnectInitiator, DisconnectReason};

    #[cfg(feature = "std")]
    use std::{boxed::Box, sync::Arc};

    use super::super::as_error::AsError;
    use super::super::reading::Next;
    use crate::category::slot;
    use crate::code::OptionalCode;
    use crate::verdict::Verdict;

    /// `#[transparent]`.
    pub fn inside(reading: Option<Reading<'_>>) -> Reading<'_> {
        reading.unwrap_or(Reading::NOTHING)
    }

    /// `#[reason(...)]` with `#[transparent]`.
    pub fn either(verdict: Verdict, inside: Option<Reading<'_>>) -> Reading<'_> {
        match inside {
            Some(reading) => {
                let inner = reading.verdict.filter(|inner| inner.rank >= verdict.rank);
                Reading { verdict: Some(inner.unwrap_or(verdict)), ..reading }
            }
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
    pub fn cause(verdict: Verdict, given: impl OptionalCause) -> Verdict {
        let said = if verdict.rank == Rank::FollowOn { verdict.with_rank(Rank::Stated) } else { verdict };
        given.add_to(said).unwrap_or(verdict)
    }

    /// What `cause = ...` takes.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a disconnect cause",
        label = "expected a cause, such as `DisconnectCause::Reset`, or an option of one",
        note = "an enum of your own is one with `#[derive(DisconnectField)]` and `#[field(\"disconnect_cause\")]`",
        note = "a field is a reference here: write `(*field)`"
    )]
    pub trait OptionalCause {
        /// The verdict with the cause, if there is one.
        fn add_to(self, verdict: Verdict) -> Option<Verdict>;
    }

    #[diagnostic::do_not_recommend]
    impl<T: slot::Cause> OptionalCause for T {
        fn add_to(self, verdict: Verdict) -> Option<Verdict> {
            Some(match (&self as &dyn Any).downcast_ref::<DisconnectCause>() {
                Some(&ours) => verdict.with_cause(ours),
                None => verdict.with_own_cause(self),
            })
        }
    }

    #[diagnostic::do_not_recommend]
    impl<T: slot::Cause> OptionalCause for Option<T> {
        fn add_to(self, verdict: Verdict) -> Option<Verdict> {
            self?.add_to(verdict)
        }
    }

    /// `code = ...`. Where there is one, somebody said so.
    pub fn code(verdict: Verdict, given: impl OptionalCode) -> Verdict {
        match given.code() {
            Some(code) if verdict.side == Side::Remote => verdict.with_code(code).said_by_peer(),
            Some(code) => verdict.with_code(code).with_rank(Rank::Stated),
            None => verdict,
        }
    }

    /// The field that `#[transparent]` follows.
    #[derive(Debug)]
    pub struct Inside<'a, F>(pub &'a F);

    /// What a field says, through `(&&&&Inside(field)).read_inside()`: method calls look behind one reference after the
    /// other, so that the first of these applies:
    ///
    /// 1. an error that is evidence, also in a `Box`, an `Arc` or a reference: its own reading;
    /// 2. any other value that is evidence;
    /// 3. what a pointer to an error points to: the pointer is an error itself, and no downcast would see through it;
    /// 4. an error, or what contains a `dyn Error`: [`Inside::read_inside`].
    pub trait ReadInside<'a, M> {
        /// What it means by itself, and where the walk goes on.
        fn read_inside(&self) -> Reading<'a>;
    }

    impl<'a, T: DisconnectEvidence + Error> ReadInside<'a, ()> for &&&Inside<'a, T> {
        fn read_inside(&self) -> Reading<'a> {
            let Inside(error) = ****self;
            let reading = error.evidence();
            // The source is that of the error inside, and not of the one around it.
            if let Next::Source = reading.next { reading.and_inside(error) } else { reading }
        }
    }

    impl<'a, T: DisconnectEvidence> ReadInside<'a, ()> for &&Inside<'a, T> {
        fn read_inside(&self) -> Reading<'a> {
            let Inside(value) = ***self;
            let reading = value.evidence();
            if let Next::Source = reading.next { reading.and_no_further() } else { reading }
        }
    }

    macro_rules! pointer {
        ($($pointer:ty),*) => {
            $(
                impl<'a, M, T: AsError<M> + ?Sized> ReadInside<'a, M> for &Inside<'a, $pointer> {
                    fn read_inside(&self) -> Reading<'a> {
                        let Inside(pointer) = **self;
                        Reading::inside(&**pointer)
                    }
                }
            )*
        };
    }

    pointer!(&'static T);
    #[cfg(feature = "std")]
    pointer!(Box<T>, Arc<T>);

    impl<'a, F> Inside<'a, F> {
        /// The last of the four.
        pub fn read_inside<M>(&self) -> Reading<'a>
        where
            F: AsError<M>,
        {
            Reading::inside(self.0)
        }
    }
}
