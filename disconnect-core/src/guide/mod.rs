//! Chapters: how to do one thing from its beginning to its end.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`recipes`] | how to serve a connection of each library so that its end is told right |
//! | [`watched_streams`] | where a watched stream goes in each library, so that an end without an error is told right |
//! | [`write_an_adapter`] | how to read the errors of a library that has no adapter |
//! | [`libraries_without_an_adapter`] | what can be known of libraries that need none, or hide too much |

#[doc = include_str!("recipes.md")]
pub mod recipes {}

#[doc = include_str!("watched_streams.md")]
pub mod watched_streams {}

#[doc = include_str!("write_an_adapter.md")]
pub mod write_an_adapter {}

#[doc = include_str!("libraries_without_an_adapter.md")]
pub mod libraries_without_an_adapter {}
