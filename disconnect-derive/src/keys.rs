// The log keys of the disconnect event. Shared with `disconnect-core` by `__shared!`.

pub(crate) const DIRECTION: &str = "connect_type";
pub(crate) const REASON: &str = "disconnect_reason";
/// Goes with the reason.
pub(crate) const EXPECTED: &str = "disconnect_expected";
pub(crate) const INITIATOR: &str = "disconnect_initiator";
pub(crate) const METHOD: &str = "connection_method";
pub(crate) const CAUSE: &str = "disconnect_cause";
pub(crate) const CODE: &str = "disconnect_code";
pub(crate) const DETAIL: &str = "disconnect_detail";
/// The text of the event, which tracing writes under this key.
pub(crate) const MESSAGE: &str = "message";

/// All of ours, in the order in which the event writes them.
pub(crate) const ALL: [&str; 8] = [DIRECTION, REASON, EXPECTED, INITIATOR, METHOD, CAUSE, CODE, DETAIL];
