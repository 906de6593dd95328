//! `DisconnectEvidence`: error types of the user's own, which declare what each variant means.

use core::error::Error;

#[cfg(feature = "std")]
use std::{boxed::Box, sync::Arc};

use super::classifier::{Classifier, NOT_UNDERSTOOD};
use super::reading::{Next, Reading};
use crate::verdict::Verdict;

/// An error, or any other value, that declares what it means for the connection.
///
/// Derive it with [`#[derive(DisconnectEvidence)]`](macro@crate::DisconnectEvidence). Each variant declares a verdict,
/// or passes on the verdict of the error inside. A variant that does neither does not compile, so the compiler reports a
/// new variant that has no meaning yet.
///
/// Two ways to use it:
///
/// - An [`Error`] type, derived with `thiserror` or written by hand: list it in [`classifier!`](crate::classifier). The
///   classifier then finds it at every depth of an error.
/// - Any other value: call [`verdict`](Self::verdict) and give the result to
///   [`Endpoint::resolve`](crate::Endpoint::resolve).
///
/// Not for an error type of another crate. An adapter or a [`Reader`](super::Reader) reads those.
///
/// ```
/// # #[cfg(feature = "std")] {
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
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not declare what its errors mean for a connection",
    label = "expected an error type that derives `DisconnectEvidence`",
    note = "for an error type of your own, add `#[derive(DisconnectEvidence)]`",
    note = "for an error of a library, use an adapter, `classifier![tungstenite = path]`, or a reader of your own"
)]
pub trait DisconnectEvidence: 'static {
    /// The verdict of this value, and whether the walk goes on inside it. The derive implements it.
    fn evidence(&self) -> Reading<'_>;

    /// Returns the verdict of this value.
    ///
    /// Inside the value, only `std::io::Error` is understood. If it may contain an error of another library, ask a
    /// [`Classifier`] that reads that library.
    ///
    /// ```
    /// use disconnect_core::{Category, DisconnectEvidence, Endpoint};
    ///
    /// /// How a session may end. It is not an error.
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

/// Inside the value only io errors are understood. They are never a goodbye, so a failure needs no special case here.
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

/// A pointer has the evidence of the value that it points to.
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

/// Reads errors of the type `T`, also behind an `Arc` or a `Box`.
///
/// This is the [`Reader`](super::Reader) that [`classifier!`](crate::classifier) adds for the name of a type. Name it
/// yourself only for [`Classifier::with`].
///
/// ```
/// # #[cfg(feature = "std")] {
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
/// # }
/// ```
pub fn derived<'a, T: DisconnectEvidence + Error>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
    let own = error.downcast_ref::<T>();
    #[cfg(feature = "std")]
    let own = own
        .or_else(|| error.downcast_ref::<Arc<T>>().map(|shared| &**shared))
        .or_else(|| error.downcast_ref::<Box<T>>().map(|boxed| &**boxed));
    own.map_or(Reading::NOTHING, T::evidence)
}

/// What `#[derive(DisconnectEvidence)]` expands to.
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

    /// `#[reason(...)]` together with `#[transparent]`.
    pub fn either(verdict: Verdict, inside: Option<Reading<'_>>) -> Reading<'_> {
        match inside {
            Some(reading) => {
                let inner = reading.verdict.filter(|inner| inner.rank >= verdict.rank);
                Reading { verdict: Some(inner.unwrap_or(verdict)), ..reading }
            }
            None => Reading::settled(verdict),
        }
    }

    /// `#[reason(reason, side = ...)]`. The downcast recognises the built-in reasons under every path, so that the rank
    /// follows from the reason and an endpoint can map it to its own set.
    pub fn verdict<R: slot::Reason>(reason: R, side: Option<Side>) -> Verdict {
        let Some(&ours) = (&reason as &dyn Any).downcast_ref::<DisconnectReason>() else {
            return Verdict::own(reason, side.unwrap_or(Side::Unknown));
        };
        match ours {
            DisconnectReason::NetworkError => Verdict::new(ours, side.unwrap_or(Side::Network)),
            // A bare `unknown` has no content, so any other evidence replaces it.
            DisconnectReason::Unknown => Verdict::new(ours, side.unwrap_or(Side::Unknown)).with_rank(Rank::FollowOn),
            DisconnectReason::Graceful
            | DisconnectReason::ClientClosed
            | DisconnectReason::ServerShutdown
            | DisconnectReason::ProtocolError
            | DisconnectReason::WorkspaceStopped
            | DisconnectReason::ControlPlaneLost => Verdict::new(ours, side.unwrap_or(Side::Unknown)),
        }
    }

    /// `cause = ...`. With a cause, `unknown` is a statement: the event is known, and only a reason for it is missing.
    pub fn cause(verdict: Verdict, given: impl OptionalCause) -> Verdict {
        let said = if verdict.rank == Rank::FollowOn { verdict.with_rank(Rank::Stated) } else { verdict };
        given.add_to(said).unwrap_or(verdict)
    }

    /// The types that `cause = ...` takes.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a disconnect cause",
        label = "expected a cause, such as `DisconnectCause::Reset`, or an option of one",
        note = "for an enum of your own, add `#[derive(DisconnectField)]` and `#[field(\"disconnect_cause\")]`",
        note = "a field is a reference here: write `(*field)`"
    )]
    pub trait OptionalCause {
        /// Adds the cause to the verdict. `None` if there is no cause.
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

    /// `code = ...`. A code is a statement of its sender, hence the rank.
    pub fn code(verdict: Verdict, given: impl OptionalCode) -> Verdict {
        match given.code() {
            Some(code) if verdict.side == Side::Remote => verdict.with_code(code).said_by_peer(),
            Some(code) => verdict.with_code(code).with_rank(Rank::Stated),
            None => verdict,
        }
    }

    /// The field that `#[transparent]` reads.
    #[derive(Debug)]
    pub struct Inside<'a, F>(pub &'a F);

    /// Reads a field, called as `(&&&&Inside(field)).read_inside()`. Method lookup removes one reference after another,
    /// so the first of these cases that fits is chosen (specialization by autoref):
    ///
    /// 1. an error with evidence, also in a `Box`, an `Arc` or a reference: its own reading;
    /// 2. any other value with evidence;
    /// 3. a pointer to an error: the error behind it. The pointer itself is an `Error`, and no downcast reaches through
    ///    it;
    /// 4. an error, or a container of a `dyn Error`: [`Inside::read_inside`].
    pub trait ReadInside<'a, M> {
        /// The verdict of the field, and where the walk goes on.
        fn read_inside(&self) -> Reading<'a>;
    }

    impl<'a, T: DisconnectEvidence + Error> ReadInside<'a, ()> for &&&Inside<'a, T> {
        fn read_inside(&self) -> Reading<'a> {
            let Inside(error) = ****self;
            let reading = error.evidence();
            // `Next::Source` means the source of the inner error, so the walk has to step into it first.
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
        /// Case 4.
        pub fn read_inside<M>(&self) -> Reading<'a>
        where
            F: AsError<M>,
        {
            Reading::inside(self.0)
        }
    }
}
