//! The items that the macros expand to. Not public API: they change without notice.

pub use core::fmt::{Display, Formatter, Result as FmtResult};
pub use core::option::Option::{self, None, Some};
pub use core::primitive::{bool, str, usize};
pub use core::result::Result;
pub use core::str::FromStr;
pub use core::{convert::AsRef, format_args, module_path, panic};

#[cfg(feature = "std")]
pub use std::vec::Vec;

pub use disconnect_derive::__disconnected as disconnected;
#[cfg(feature = "serde")]
pub use serde_core;
#[cfg(feature = "tracing")]
pub use tracing::{
    Level, event as tracing_event,
    field::{debug, display},
};

#[cfg(feature = "serde")]
pub use crate::category::deserialize;
pub use crate::category::{
    Category, Difference, DisconnectField, EXPECTED, Expectation, Line, Lookup, NO_ALIASES, NO_CATEGORY, Set,
    UNEXPECTED, UnknownCategory, as_str, categories, expected, from_str, marker, parse, valid, value,
};
pub use crate::code::OptionalCode;
#[cfg(feature = "tracing")]
pub use crate::event;
pub use crate::evidence::expanded as evidence;
pub use crate::evidence::expanded_codes as codes;
