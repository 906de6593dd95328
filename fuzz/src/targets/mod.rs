//! One file for each target.

pub(crate) mod code;
pub(crate) mod guard;
pub(crate) mod layer;
pub(crate) mod lookup;
pub(crate) mod macros;
pub(crate) mod parse;
pub(crate) mod stream;
pub(crate) mod text;
pub(crate) mod threads;
pub(crate) mod walk;
