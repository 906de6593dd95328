//! The line that a connection logged, and assertions on it.

use std::{
    array,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use disconnect_core::testing::capture_global;
use tokio::time::timeout;

/// The initiators of a cancelled task, a panic or an unknown error: never the peer, never the network.
pub(crate) const NOBODY_OR_AGENT: &[&str] = &["", "agent"];
/// Like [`NOBODY_OR_AGENT`], on a server.
pub(crate) const NOBODY_OR_SERVER: &[&str] = &["", "server"];

/// The values of one line. An absent key has the value `""`.
#[derive(Debug)]
pub(crate) struct Line {
    reason: String,
    expected: String,
    initiator: String,
    cause: String,
    detail: String,
}

/// Runs `connection` with a unique `peer_id`, and returns the only line with that id.
pub(crate) async fn line_of(connection: impl AsyncFnOnce(u64)) -> Line {
    let [line] = lines_of(async |[peer_id]: [u64; 1]| connection(peer_id).await).await;
    line
}

/// Runs `connections` with consecutive ids, and returns the only line of each.
pub(crate) async fn lines_of<const N: usize>(connections: impl AsyncFnOnce([u64; N])) -> [Line; N] {
    static NEXT_ID: AtomicU64 = AtomicU64::new(1);
    let first = NEXT_ID.fetch_add(N as u64, Ordering::Relaxed);
    let ids = array::from_fn(|nth| first + nth as u64);

    let lines = capture_global();
    timeout(Duration::from_secs(30), connections(ids)).await.expect("the connections end within 30 seconds");
    ids.map(|peer_id| {
        let peer_id = peer_id.to_string();
        let line = lines.captured().only(|end| end.field("peer_id") == Some(&peer_id)).one();
        Line {
            reason: line.reason().to_string(),
            expected: line.expected().to_string(),
            initiator: line.initiator().map(ToString::to_string).unwrap_or_default(),
            cause: line.cause().map(ToString::to_string).unwrap_or_default(),
            detail: line.detail().unwrap_or_default().to_owned(),
        }
    })
}

impl Line {
    /// Asserts that the end is expected, with this reason.
    #[track_caller]
    pub(crate) fn expected(self, reason: &str) -> Self {
        self.expected_for_one_of(&[reason])
    }

    /// Asserts that the end is expected, with one of these reasons, which cannot be distinguished.
    #[track_caller]
    pub(crate) fn expected_for_one_of(self, reasons: &[&str]) -> Self {
        assert_eq!(self.expected, "true", "{self:?}");
        assert!(reasons.contains(&&*self.reason), "reason is none of {reasons:?}: {self:?}");
        self
    }

    /// Asserts that the end is unexpected, with this reason.
    #[track_caller]
    pub(crate) fn unexpected(self, reason: &str) -> Self {
        self.unexpected_for_one_of(&[reason])
    }

    /// Asserts that the end is unexpected, with one of these reasons, which cannot be distinguished.
    #[track_caller]
    pub(crate) fn unexpected_for_one_of(self, reasons: &[&str]) -> Self {
        assert_eq!(self.expected, "false", "{self:?}");
        assert!(reasons.contains(&&*self.reason), "reason is none of {reasons:?}: {self:?}");
        self
    }

    /// Asserts the initiator.
    #[track_caller]
    pub(crate) fn by(self, initiator: &str) -> Self {
        self.by_one_of(&[initiator])
    }

    /// Asserts one of these initiators. The design does not fix which one.
    #[track_caller]
    pub(crate) fn by_one_of(self, initiators: &[&str]) -> Self {
        assert!(initiators.contains(&&*self.initiator), "initiator is none of {initiators:?}: {self:?}");
        self
    }

    /// Asserts the cause.
    #[track_caller]
    pub(crate) fn caused_by(self, cause: &str) -> Self {
        self.caused_by_one_of(&[cause])
    }

    /// Asserts one of these causes. It depends on timing, or the design does not fix it.
    #[track_caller]
    pub(crate) fn caused_by_one_of(self, causes: &[&str]) -> Self {
        assert!(causes.contains(&&*self.cause), "cause is none of {causes:?}: {self:?}");
        self
    }

    /// Asserts that there is no cause, as for a plain goodbye.
    #[track_caller]
    pub(crate) fn without_cause(self) -> Self {
        self.caused_by("")
    }

    /// Asserts that the detail contains this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.detail.contains(text), "the detail does not say {text:?}: {self:?}");
        self
    }
}
