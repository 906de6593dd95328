//! Chapters: how to do one thing from its beginning to its end.
//!
//! | chapter | what it answers |
//! |---|---|
//! | [`tutorial`] | how to get from an empty directory to the first line, a test and a metric |
//! | [`choosing_a_category`] | what to call for what you observed, and what the line then says |
//! | [`evidence`] | what each protocol shows of its end, which adapter reads it, and what cannot be told |
//! | [`own_vocabulary`] | how to log roles, reasons, causes, codes and errors of your own |
//! | [`guards_and_shutdown`] | how each connection gets exactly one line, and which of several ends that line reports |
//! | [`recipes`] | how to serve a connection of each library so that its end is told right |
//! | [`watched_streams`] | where a watched stream goes in each library, so that an end without an error is told right |
//! | [`write_an_adapter`] | how to read the errors of a library that has no adapter |
//! | [`libraries_without_an_adapter`] | what can be known of libraries that need none, or hide too much |

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

#[doc = include_str!("recipes.md")]
pub mod recipes {}

#[doc = include_str!("watched_streams.md")]
pub mod watched_streams {}

#[doc = include_str!("write_an_adapter.md")]
pub mod write_an_adapter {}

#[doc = include_str!("libraries_without_an_adapter.md")]
pub mod libraries_without_an_adapter {}
