//! Chapters: how to do one thing from its beginning to its end.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`tutorial`] | how to get from an empty directory to the first line, a test and a metric |
//! | [`choosing_a_category`] | what to call for what you observed, and what the line then says |
//! | [`evidence`] | what each protocol shows of its end, which adapter reads it, and what cannot be told |
//! | [`own_vocabulary`] | how to log roles, reasons, causes, codes and errors of your own |
//! | [`guards_and_shutdown`] | how each connection gets exactly one line, and which of several ends that line reports |
//! | [`vocabulary`] | every key and value of the line, the terms behind them, and where they come from |
//! | [`recipes`] | how to serve a connection of each library so that its end is told right |
//! | [`watched_streams`] | where a watched stream goes in each library, so that an end without an error is told right |
//! | [`write_an_adapter`] | how to read the errors of a library that has no adapter |
//! | [`libraries_without_an_adapter`] | what can be known of libraries that need none, or hide too much |
//! | [`attributes`] | what each attribute and argument of the macros means, and the code that it becomes |
//! | [`compile_errors`] | what a compile error means, and how to fix it |
//! | [`testing`] | how to test that a service says the right thing |
//! | [`operating`] | what to alert on, what a line mostly means, and how to query it |
//! | [`security`] | what is hostile, what is promised, and which test holds it |
//! | [`migration`] | how to come from strings, `strum`, an enum by hand, or the logs of the Go original |
//! | [`comparison`] | what else there is, and when not to use this library |
//! | [`semver`] | what breaks, and how a category is added, renamed and retired |
//! | [`faq`] | short answers |

// A chapter links what a feature adds. With all features the links are checked.
#![cfg_attr(
    not(all(feature = "layer", feature = "log", feature = "std", feature = "testing", feature = "tracing")),
    allow(rustdoc::broken_intra_doc_links)
)]

/// A chapter whose examples need features: it is compiled where they are on.
macro_rules! chapter {
    ($name:ident, $text:literal) => {
        #[cfg_attr(all(feature = "log", feature = "testing", feature = "tokio"), doc = include_str!($text))]
        #[cfg_attr(not(all(feature = "log", feature = "testing", feature = "tokio")), doc = "Needs all features.")]
        pub mod $name {}
    };
}

chapter!(tutorial, "tutorial.md");
chapter!(choosing_a_category, "choosing_a_category.md");
chapter!(evidence, "evidence.md");
chapter!(own_vocabulary, "own_vocabulary.md");
chapter!(guards_and_shutdown, "guards_and_shutdown.md");

#[doc = include_str!("vocabulary.md")]
pub mod vocabulary {}

#[doc = include_str!("recipes.md")]
pub mod recipes {}

#[doc = include_str!("watched_streams.md")]
pub mod watched_streams {}

#[doc = include_str!("write_an_adapter.md")]
pub mod write_an_adapter {}

#[doc = include_str!("libraries_without_an_adapter.md")]
pub mod libraries_without_an_adapter {}

#[doc = include_str!("attributes.md")]
pub mod attributes {}

#[doc = include_str!("compile_errors.md")]
pub mod compile_errors {}

#[doc = include_str!("testing.md")]
pub mod testing {}

#[doc = include_str!("operating.md")]
pub mod operating {}

#[doc = include_str!("security.md")]
pub mod security {}

#[doc = include_str!("migration.md")]
pub mod migration {}

#[doc = include_str!("comparison.md")]
pub mod comparison {}

#[doc = include_str!("semver.md")]
pub mod semver {}

#[doc = include_str!("faq.md")]
pub mod faq {}
