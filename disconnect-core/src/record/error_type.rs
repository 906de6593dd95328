//! The attribute `error.type` of OpenTelemetry.

use super::Disconnect;

impl Disconnect {
    /// What OpenTelemetry calls `error.type`: the cause of an unexpected end, or its reason where the cause is not known.
    /// `None` for an expected end, which is no error.
    ///
    /// The event does not carry it by itself: a field of your own does, quoted since `type` is a keyword. The bridge
    /// `opentelemetry-appender-tracing` passes it on as an attribute of the log record, whose event name is `disconnect`.
    ///
    /// ```
    /// use disconnect_core::Endpoint;
    ///
    /// const END: Endpoint = Endpoint::AGENT_FACING_SERVER;
    ///
    /// let end = END.eof();
    /// assert_eq!(end.error_type(), Some("unclean_eof"));
    /// assert_eq!(END.shutting_down().error_type(), None);
    /// # #[cfg(feature = "tracing")]
    /// disconnect_core::disconnected!(end, "error.type" = end.error_type(), "disconnected from coordination RPC");
    /// ```
    pub fn error_type(&self) -> Option<&'static str> {
        (!self.expected()).then(|| self.cause().unwrap_or(self.reason()).value)
    }
}
