//! The names that an adapter imports: the parts of a [`Reading`], and functions that read an error's text.
//!
//! Import this module in an adapter that you publish, and nothing else of this crate. These names are part of the
//! semver promise: none is removed or changes its meaning before the next major version. The chapter [Write an
//! adapter](crate::guide::write_an_adapter) shows how to use them.
//!
//! # Text
//!
//! [`says`], [`begins_with`] and [`number_after`] read the `Display` text of an error without an allocation. Use them
//! only if no method or variant of the error gives the answer. A library may change its texts in any version, and a
//! peer may choose parts of them. So match the whole text, test it with every version, and never return an expected
//! verdict for it.

#[doc(hidden)]
pub use core::any::Any;
pub use core::error::Error;
#[doc(hidden)]
pub use core::marker::PhantomData;

#[doc(hidden)]
pub use super::super::contexts::of_context;
#[doc(hidden)]
pub use super::super::reading::Contexts;
pub use super::super::reading::{Reader, Reading};
#[doc(hidden)]
pub use super::tables::{amqp, openssl, openssl_in, sqlstate};
pub use super::text::{begins_with, number_after, says};
pub use crate::code::Code;
pub use crate::verdict::{Rank, Side, Verdict};
pub use crate::vocabulary::{DisconnectCause, DisconnectReason};
