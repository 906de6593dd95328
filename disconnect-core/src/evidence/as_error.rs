//! Whatever an error comes in: a type of its own, a trait object, a box, `anyhow::Error`, `eyre::Report`.

use core::any::Any;
use core::error::Error;
use core::marker::PhantomData;
use core::ops::DerefMut;

/// What [`Classifier::classify`](crate::Classifier::classify), [`Endpoint::failed`](crate::Endpoint::failed) and the guard
/// take for an error.
///
/// Implemented for every [`Error`] type, for `dyn Error` with and without `Send` and `Sync`, and for what dereferences to
/// one: `Box<dyn Error + Send + Sync>`, `anyhow::Error`, `eyre::Report`. You never name `M`: inference finds the one
/// implementation that applies.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an error",
    label = "expected an error type, `anyhow::Error`, `eyre::Report` or a boxed `dyn Error`",
    note = "an enum that is no error gives its verdict by `#[derive(DisconnectEvidence)]`: `END.resolve(value.verdict())`",
    note = "for free text, say what happened: `END.ended(DisconnectReason::Unknown, Side::Local).with_detail(text)`"
)]
pub trait AsError<M> {
    /// The error itself.
    #[doc(hidden)]
    fn as_error(&self) -> &(dyn Error + 'static);

    /// The container around it, for an adapter of that container.
    #[doc(hidden)]
    fn container(&self) -> Option<&dyn Any>;
}

/// Held by its own type.
#[derive(Debug)]
pub enum ByType {}

/// Held as a trait object.
#[derive(Debug)]
pub enum AsObject {}

/// Held in a container that dereferences to this trait object.
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
