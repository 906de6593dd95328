//! A user's crate that allows nothing: no warning about generated code may reach it, also where nothing is used.

#![deny(
    warnings,
    future_incompatible,
    keyword_idents,
    let_underscore,
    missing_docs,
    nonstandard_style,
    rust_2018_idioms,
    rust_2021_compatibility,
    rust_2024_compatibility,
    unused,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_abi,
    missing_copy_implementations,
    missing_debug_implementations,
    non_ascii_idents,
    redundant_lifetimes,
    single_use_lifetimes,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unreachable_pub,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::as_conversions,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::missing_docs_in_private_items,
    clippy::absolute_paths,
    clippy::exhaustive_enums,
    clippy::missing_trait_methods
)]
#![forbid(unsafe_code)]
#![allow(
    clippy::exhaustive_enums,
    clippy::redundant_pub_crate,
    reason = "about what is written here, not about what is generated"
)]

use std::error::Error;
use std::{fmt, io};

use disconnect_core::{
    assert_categories, disconnected, Code, ConnectionMethod, Disconnect, DisconnectCode, DisconnectEvidence,
    DisconnectField, DisconnectInitiator, DisconnectReason,
};

/// Why a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DisconnectField)]
#[field("disconnect_reason")]
pub enum JobEnd {
    /// It was done.
    #[expected]
    Done,
    /// It was thrown out.
    #[alias("kicked")]
    Evicted,
}

assert_categories!(JobEnd, ["done", "evicted"], expected: ["done"]);

mod jobs {
    //! Enums of every visibility, of which nothing generated is used.

    use disconnect_core::DisconnectField;

    /// Seen in this module.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("job_phase")]
    enum Private {
        /// The first.
        #[expected]
        First,
        /// The second.
        Second,
    }

    /// Seen in this crate.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("job_queue")]
    pub(crate) enum InCrate {
        /// The only one.
        Only,
    }

    /// Seen one module up.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("job_host")]
    pub(super) enum InParent {
        /// The only one.
        #[expected]
        Only = 7,
    }

    pub(crate) mod inner {
        //! A module further down.

        use disconnect_core::DisconnectField;

        /// Seen by its grandparent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
        #[field("disconnect_cause")]
        pub(in crate::jobs) enum InPath {
            /// The only one.
            Only,
        }
    }

    /// One of each, as their logged values.
    pub(crate) const fn values() -> [&'static str; 2] {
        [Private::First.as_str(), inner::InPath::Only.as_str()]
    }

    /// A variant that nothing else constructs.
    pub(crate) const fn second() -> bool {
        matches!(Private::parse("second"), Some(Private::Second))
    }
}

/// With which status a worker ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectCode)]
#[codes(exit)]
pub enum JobStatus {
    /// To be run again.
    #[code(75, name = "EX_TEMPFAIL")]
    #[goodbye(Closed, cause = Limit, by = Agent)]
    Requeue,
    /// Thrown out.
    #[code(-9)]
    #[reason(JobEnd::Evicted, side = Unknown, rank = Stated)]
    #[deprecated]
    Evicted,
    /// A keyword.
    #[code(3)]
    #[reason(Unknown)]
    r#Try,
}

/// Why a job failed.
#[derive(Debug, DisconnectEvidence)]
pub enum JobError<E> {
    /// Nothing was heard.
    #[reason(NetworkError, side = Network, cause = KeepaliveTimeout)]
    Silent,
    /// Thrown out.
    #[reason(JobEnd::Evicted, side = Remote, rank = Stated)]
    Evicted,
    /// Closed by the peer.
    #[reason(ProtocolError, code = Code::websocket(*code))]
    Closed {
        /// The close code.
        code: u16,
    },
    /// A stream was reset.
    #[reason(ProtocolError, code = Code::http2(*_0))]
    #[transparent]
    Reset(u32, #[source] io::Error),
    /// The transport failed.
    #[transparent]
    Transport(E),
    /// Anything else.
    #[transparent]
    #[deprecated]
    Other(Option<Box<dyn Error + Send + Sync>>),
}

impl<E> fmt::Display for JobError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the job failed")
    }
}

#[allow(clippy::missing_trait_methods, reason = "as almost everybody does")]
impl<E: fmt::Debug> Error for JobError<E> {}

/// Every form of the line, each in a function that could be anybody's.
pub fn log(end: JobEnd, id: u64) {
    let record = Disconnect::new(end).with_initiator(DisconnectInitiator::Agent).with_detail("bye");
    disconnected!(record, id, "job ended");
    disconnected!(&record, %id, field(jobs::InCrate = jobs::InCrate::Only), "job ended");
    disconnected!(level: DEBUG, record, "job {id} ended");
    disconnected!(reason = end, method = ConnectionMethod::Direct, "job ended");
    disconnected!(reason = end, detail = %id, field(jobs::InParent = Some(jobs::InParent::Only)), "job ended");
    disconnected!(level: TRACE, reason = DisconnectReason::Graceful, detail = format_args!("job {id}"), "job ended");
}

/// What the enums of this crate log.
#[must_use]
pub const fn values() -> ([&'static str; 2], bool) {
    (jobs::values(), jobs::second())
}
