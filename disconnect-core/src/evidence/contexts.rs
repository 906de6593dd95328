//! Typed contexts: values that a container such as `anyhow::Error` keeps beside its chain of errors.

use core::error::Error;
use core::ptr;

use super::derived::DisconnectEvidence;
use super::reading::{Next, Reading};

/// Returns the evidence of a context if the context belongs to this error.
///
/// The error that holds a context has a private type, so no downcast reaches the context in it. But it holds the
/// context by value. So the context belongs to the error if its address lies within the error's bytes.
pub fn of_context<'a, T: DisconnectEvidence + Error>(
    context: &'a T,
    error: &'a (dyn Error + 'static),
) -> Option<Reading<'a>> {
    if !lies_in(context, error) || is_source(context, error) {
        return None;
    }
    let reading = context.evidence();
    // The error's source is the rest of the chain, and the walk visits it later. The context's source is another
    // branch.
    Some(match (reading.next, context.source()) {
        (Next::Source, Some(source)) => reading.and_inside(source),
        (Next::Source, None) => reading.and_no_further(),
        (Next::Inside(_) | Next::Container(..) | Next::Nowhere, _) => reading,
    })
}

fn lies_in<T>(value: &T, error: &dyn Error) -> bool {
    let start = ptr::from_ref(error).addr();
    let at = ptr::from_ref(value).addr();
    start <= at && at + size_of::<T>() <= start + size_of_val(error)
}

/// Whether the value is the source of this error. An error may hold its source by value too, and the walk visits the
/// source as a step of its own.
fn is_source<T: Error + 'static>(value: &T, error: &dyn Error) -> bool {
    error.source().and_then(|source| source.downcast_ref::<T>()).is_some_and(|source| ptr::eq(source, value))
}

/// Makes the function that finds the typed contexts of one container, from its path and the evidence types in
/// `classifier!`.
#[doc(hidden)]
#[macro_export]
macro_rules! __contexts {
    ($container:ident [] $evidence:tt) => {
        compile_error!(concat!("expected the path to the library: `", stringify!($container), " = path`"))
    };
    (anyhow $library:tt $evidence:tt) => { $crate::__contexts!(@ $library Error $evidence) };
    (eyre $library:tt $evidence:tt) => { $crate::__contexts!(@ $library Report $evidence) };
    // Names begin with underscores because the user's types are named in the same scope.
    (@ [$($library:tt)+] $container:ident {$({ $(#[$attribute:meta])* $evidence:ty })*}) => {{
        use $($library)+ as __library;

        #[allow(dead_code, reason = "not used where no evidence type is listed")]
        struct __Sought<T>($crate::evidence::vocabulary::PhantomData<T>);
        /// Containers such as `anyhow::Error` only hold values that are `Send` and `Sync`.
        #[allow(dead_code, reason = "not used where no evidence type is listed")]
        impl<T: $crate::DisconnectEvidence + $crate::evidence::vocabulary::Error + Send + Sync> __Sought<T> {
            fn __read<'a>(
                self,
                container: &'a __library::$container,
                error: &'a (dyn $crate::evidence::vocabulary::Error + 'static),
            ) -> Option<$crate::evidence::Reading<'a>> {
                $crate::evidence::vocabulary::of_context(container.downcast_ref::<T>()?, error)
            }
        }
        /// The fallback for types that the container cannot hold. Types without evidence are reported elsewhere.
        #[allow(dead_code, reason = "not used where every evidence type can be in the container")]
        trait __Otherwise<'a>: Sized {
            fn __read(
                self,
                _: &'a __library::$container,
                _: &'a (dyn $crate::evidence::vocabulary::Error + 'static),
            ) -> Option<$crate::evidence::Reading<'a>> {
                None
            }
        }
        impl<T> __Otherwise<'_> for __Sought<T> {}

        #[allow(unused_variables, reason = "not used where no evidence type is listed")]
        fn __contexts<'a>(
            __container: &'a dyn $crate::evidence::vocabulary::Any,
            __error: &'a (dyn $crate::evidence::vocabulary::Error + 'static),
        ) -> Option<$crate::evidence::Reading<'a>> {
            let __container = __container.downcast_ref::<__library::$container>()?;
            $($(#[$attribute])* {
                let __sought = __Sought::<$evidence>($crate::evidence::vocabulary::PhantomData);
                if let Some(__reading) = __sought.__read(__container, __error) {
                    return Some(__reading);
                }
            })*
            None
        }

        __contexts as $crate::evidence::vocabulary::Contexts
    }};
}
