//! Errors that only their text identifies, because their types are generic, private or strings.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::category::Line;
use crate::verdict::{Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

/// The other half of a channel is gone: another task of this program ended first. A goodbye that comes later may be an
/// answer to this side's own reaction, so it must not replace the error.
const CHANNELS: &[&str] = &[
    // tokio::sync
    "channel closed",
    "receiving on a closed channel",
    "semaphore closed",
    // std::sync::mpsc, flume
    "sending on a closed channel",
    "channel is empty and sending half is closed",
    "receiving on an empty and disconnected channel",
    // futures-channel
    "oneshot canceled",
    "send failed because receiver is gone",
    // async-channel, crossbeam-channel
    "sending into a closed channel",
    "receiving from an empty and closed channel",
    "sending on a disconnected channel",
    // quinn: a stream that this side has already finished
    "closed stream",
];

/// tokio-util codecs: the stream ended inside a frame.
const CUT_FRAME: &str = "bytes remaining on stream";

/// tokio-util codecs: the peer sent a frame, a line or a chunk above the limit.
const TOO_LARGE: &[&str] = &["max line length exceeded", "max chunk length exceeded"];

/// tokio's `Elapsed`: a timer of this side expired.
const ELAPSED: &str = "deadline has elapsed";

/// tokio-util `LengthDelimitedCodec`: a frame of either side is above the limit.
const TOO_LARGE_EITHER_WAY: &str = "frame size too big";

/// Returns the verdict of an error without a source that no reader knows. `around` is the verdict of the errors around
/// it.
///
/// None of these verdicts is expected, because the peer may have chosen the text.
#[cold]
pub(super) fn verdict(error: &(dyn Error + 'static), around: Option<&Verdict>) -> Option<Verdict> {
    // The `Display` of an unknown error may panic.
    let line = catch_unwind(AssertUnwindSafe(|| Line::<64>::new(format_args!("{error}")))).ok()?;
    let text = line.text();
    let too_large = Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::TooLarge);
    match text {
        CUT_FRAME => Some(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof)),
        ELAPSED => Some(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::Deadline)),
        // Inside an `io::Error` of the kind `InvalidData` the peer sent the frame.
        TOO_LARGE_EITHER_WAY if around.is_none_or(|around| around.rank() != Rank::Violation) => {
            Some(Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::TooLarge))
        }
        TOO_LARGE_EITHER_WAY => Some(too_large),
        _ if TOO_LARGE.contains(&text) => Some(too_large),
        _ if CHANNELS.contains(&text) => {
            Some(Verdict::new(Reason::Unknown, Side::Local).with_rank(Rank::NotUnderstood))
        }
        _ => None,
    }
}
