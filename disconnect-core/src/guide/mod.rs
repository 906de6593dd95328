//! Chapters of the guide.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`tutorial`] | how to get from an empty directory to the first line, a test and a metric |
//! | [`choosing_a_category`] | which function to call for an observation, and which line follows |
//! | [`evidence`] | how each protocol shows the end of a connection, which adapter reads it, and what is not distinguishable |
//! | [`own_vocabulary`] | how to log roles, reasons, causes, codes and errors of your own |
//! | [`guards_and_shutdown`] | how each connection gets exactly one line, and which of several ends that line reports |
//! | [`vocabulary`] | every key and value of the line, the terms behind them, and where they come from |
//! | [`recipes`] | how to serve a connection of each library so that its end is attributed correctly |
//! | [`watched_streams`] | where a watched stream goes in each library, for ends without an error |
//! | [`write_an_adapter`] | how to read the errors of a library that has no adapter |
//! | [`libraries_without_an_adapter`] | how to record the end with libraries that have no adapter |
//! | [`attributes`] | what each attribute and argument of the macros means, and the code that it expands to |
//! | [`compile_errors`] | what a compile error means, and how to fix it |
//! | [`testing`] | how to test the lines of a service |
//! | [`operating`] | what to alert on, what a line usually means, and how to query lines |
//! | [`security`] | which input is hostile, what the library promises, and which test checks each promise |
//! | [`migration`] | how to replace strings, `strum`, an enum by hand, or the logs of the Go original |
//! | [`comparison`] | other tools, and when not to use this library |
//! | [`semver`] | which change needs which version, and how to add, rename and retire a category |
//! | [`faq`] | short answers |

// Chapters link items of all features, so rustdoc checks the links only with all features.
#![cfg_attr(
    not(all(feature = "layer", feature = "log", feature = "std", feature = "testing", feature = "tracing")),
    allow(rustdoc::broken_intra_doc_links)
)]

/// A chapter whose examples need features. It is included only if these features are enabled.
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
