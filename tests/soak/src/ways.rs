//! The ways in which a connection ends, and the expected line of each.

use disconnect_core::{DisconnectCause as Cause, DisconnectReason as Reason, Observed, Recorded};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    ClosedByClient,
    ClosedByServer,
    Reset,
    EndOfFile,
    Garbage,
    Cancelled,
    Panicked,
    Shutdown,
}

impl Way {
    pub(crate) const ALL: [Self; 8] = [
        Self::ClosedByClient,
        Self::ClosedByServer,
        Self::Reset,
        Self::EndOfFile,
        Self::Garbage,
        Self::Cancelled,
        Self::Panicked,
        Self::Shutdown,
    ];

    #[allow(clippy::cast_possible_truncation, reason = "it is less than the number of ways")]
    pub(crate) const fn of(id: u64) -> Self {
        Self::ALL[(id % Self::ALL.len() as u64) as usize]
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ClosedByClient => "closed by the client",
            Self::ClosedByServer => "closed by the server",
            Self::Reset => "reset",
            Self::EndOfFile => "end of file",
            Self::Garbage => "garbage",
            Self::Cancelled => "task cancelled",
            Self::Panicked => "task panicked",
            Self::Shutdown => "server shut down",
        }
    }

    const fn means(self) -> (Reason, Option<Cause>) {
        match self {
            Self::ClosedByClient => (Reason::ClientClosed, None),
            Self::ClosedByServer => (Reason::Graceful, None),
            Self::Reset => (Reason::NetworkError, Some(Cause::Reset)),
            Self::EndOfFile => (Reason::NetworkError, Some(Cause::UncleanEof)),
            Self::Garbage => (Reason::ProtocolError, Some(Cause::Malformed)),
            Self::Cancelled => (Reason::Unknown, Some(Cause::Dropped)),
            Self::Panicked => (Reason::Unknown, Some(Cause::Panicked)),
            Self::Shutdown => (Reason::ServerShutdown, None),
        }
    }

    /// The bytes that the server reads and writes.
    const fn bytes(self) -> (u64, u64) {
        match self {
            Self::ClosedByClient | Self::Garbage => (1, 1),
            Self::ClosedByServer => (0, 2),
            Self::Reset | Self::EndOfFile | Self::Cancelled | Self::Shutdown => (0, 1),
            Self::Panicked => (0, 0),
        }
    }

    /// Whether the counts are right: exact, unless the task may have been stopped during a write or read.
    pub(crate) fn has_right_counts(self, line: &Observed, is_watched: bool, shutdown_in_the_middle: bool) -> bool {
        let count = |key: &str| line.field(key).and_then(|count| count.parse::<u64>().ok());
        let ((bytes_in, bytes_out), counts) = (self.bytes(), (count("bytes_in"), count("bytes_out")));
        match counts {
            (None, None) => !is_watched,
            (Some(read), Some(written)) if shutdown_in_the_middle || self == Self::Cancelled => {
                is_watched && read <= bytes_in && written <= bytes_out
            }
            counts => is_watched && counts == (Some(bytes_in), Some(bytes_out)),
        }
    }

    /// Whether the line is right. If the shutdown began while connections were ending, either end may be first, and
    /// both are right.
    pub(crate) fn is_right(self, line: &Observed, shutdown_in_the_middle: bool) -> bool {
        let said = (line.reason().known(), line.cause().map(Recorded::known));
        let says = |(reason, cause): (Reason, Option<Cause>)| said == (Some(reason), cause.map(Some));
        let (shutdown, clean) = Self::Shutdown.means();
        // Invalid bytes after this side's goodbye become the cause.
        let unclean = if self == Self::Garbage { self.means().1 } else { clean };
        says(self.means()) || (shutdown_in_the_middle && (says((shutdown, clean)) || says((shutdown, unclean))))
    }
}
