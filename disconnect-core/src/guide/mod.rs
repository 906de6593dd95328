//! Chapters for people who build on this crate.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`recipes`] | how to serve a connection of each library so that its end is told right |

#[doc = include_str!("recipes.md")]
pub mod recipes {}
