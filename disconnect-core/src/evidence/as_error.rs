//! `AsError`: every form in which a function may get an error.

use core::any::Any;
use core::error::Error;
use core::marker::PhantomData;
use core::ops::DerefMut;

/// Accepts an error in any common form: an error type, a trait object, a box, an `anyhow::Error` or an `eyre::Report`.
///
/// It is the argument of [`Classifier::classify`](crate::Classifier::classify),
/// [`Endpoint::failed`](crate::Endpoint::failed) and the guard's functions. It is implemented for every [`Error`] type,
/// for `dyn Error` with and without `Send` and `Sync`, and for every type that dereferences to such a trait object.
///
/// The parameter `M` distinguishes these implementations. Never name it: inference finds the one that applies.
///
/// ```
/// # #[cfg(feature = "std")] {
/// use std::{error::Error, io};
/// use disconnect_core::{Disconnect, Endpoint};
/// use disconnect_core::evidence::AsError;
///
/// fn log_failure<M>(error: &impl AsError<M>) -> Disconnect {
///     Endpoint::AGENT_FACING_SERVER.failed(error)
/// }
///
/// let reset = io::Error::from(io::ErrorKind::ConnectionReset);
/// assert_eq!(log_failure(&reset).reason().as_str(), "network_error");
/// let boxed: Box<dyn Error + Send + Sync> = reset.into();
/// assert_eq!(log_failure(&boxed).reason().as_str(), "network_error");
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error",
    label = "expected an error type, `anyhow::Error`, `eyre::Report` or a boxed `dyn Error`",
    note = "for an enum that is not an error, derive `DisconnectEvidence` and write `END.resolve(value.verdict())`",
    note = "for free text, write `END.ended(DisconnectReason::Unknown, Side::Local).with_detail(text)`"
)]
pub trait AsError<M> {
    /// The error as a trait object.
    #[doc(hidden)]
    fn as_error(&self) -> &(dyn Error + 'static);

    /// The container that holds the error, for an adapter of that container.
    #[doc(hidden)]
    fn container(&self) -> Option<&dyn Any>;
}

/// Marker: the argument is an error type.
#[derive(Debug)]
pub enum ByType {}

/// Marker: the argument is a trait object.
#[derive(Debug)]
pub enum AsObject {}

/// Marker: the argument is a container that dereferences to this trait object.
#[derive(Debug)]
pub struct InContainer<Object: ?Sized>(PhantomData<Object>);

#[diagnostic::do_not_recommend]
impl<E: Error + 'static> AsError<ByType> for E {
    fn as_error(&self) -> &(dyn Error + 'static) {
        self
    }

    fn container(&self) -> Option<&dyn Any> {
        None
    }
}

macro_rules! held_as {
    ($object:ty) => {
        #[diagnostic::do_not_recommend]
        impl AsError<AsObject> for $object {
            fn as_error(&self) -> &(dyn Error + 'static) {
                self
            }

            fn container(&self) -> Option<&dyn Any> {
                None
            }
        }

        #[diagnostic::do_not_recommend]
        impl<E: DerefMut<Target = $object> + 'static> AsError<InContainer<$object>> for E {
            fn as_error(&self) -> &(dyn Error + 'static) {
                &**self
            }

            fn container(&self) -> Option<&dyn Any> {
                Some(self)
            }
        }
    };
}

held_as!(dyn Error + 'static);
held_as!(dyn Error + Send + 'static);
held_as!(dyn Error + Send + Sync + 'static);
