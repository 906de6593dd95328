//! The OpenTelemetry attribute `error.type`.

use super::Disconnect;

impl Disconnect {
    /// Returns the value for OpenTelemetry's attribute `error.type`: the cause of an unexpected end, or its reason if
    /// there is no cause. `None` for an expected end, which is not an error.
    ///
    /// [`disconnected!`](crate::disconnected) does not write this field by itself. Add it as a field of your own, with
    /// a quoted name because `type` is a keyword. The bridge `opentelemetry-appender-tracing` exports it as an
    /// attribute of the log record, whose event name is `disconnect`.
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
