// The log keys of the disconnect event. Shared with `disconnect-core` by `__shared!`.

pub(crate) const DIRECTION: &str = "connect_type";
pub(crate) const REASON: &str = "disconnect_reason";
/// The expected flag of the reason.
pub(crate) const EXPECTED: &str = "disconnect_expected";
pub(crate) const INITIATOR: &str = "disconnect_initiator";
pub(crate) const METHOD: &str = "connection_method";
pub(crate) const CAUSE: &str = "disconnect_cause";
pub(crate) const CODE: &str = "disconnect_code";
pub(crate) const DETAIL: &str = "disconnect_detail";
/// The message of the event. tracing writes it under this key.
pub(crate) const MESSAGE: &str = "message";

/// All keys of the attribution, in the order of the event.
pub(crate) const ALL: [&str; 8] = [DIRECTION, REASON, EXPECTED, INITIATOR, METHOD, CAUSE, CODE, DETAIL];
