//! Chapters: how to do one thing from its beginning to its end.

#[doc = include_str!("write_an_adapter.md")]
pub mod write_an_adapter {}

#[doc = include_str!("libraries_without_an_adapter.md")]
pub mod libraries_without_an_adapter {}
