//! What an adapter names: the types of a [`Reading`], and how to read an error's text.
//!
//! An adapter imports from here and from its library, and from nowhere else. These names are part of the semver promise:
//! none is removed or changes its meaning before the next major version. The chapter "Write an adapter" in `guide` shows
//! how they are used.
//!
//! # Text
//!
//! Where a library gives an answer only in the text of an error, [`says`], [`begins_with`] and [`number_after`] read it
//! without an allocation. A text that panics says nothing. A text is no promise of its library, and a peer may have a say
//! in it: use it where there is no method, match it whole, test it with every version, and never take a normal end from
//! it.

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
