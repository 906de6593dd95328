//! Errors that are known by their text alone: their types cannot be named here. They are generic, private, or strings.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::category::Line;
use crate::verdict::{Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

/// The other end of a channel is gone: another task of this program ended before, and knows why. A goodbye that comes later
/// may only answer what this side does then, so it does not replace the error.
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
    // quinn, of a stream that this side finished before
    "closed stream",
];

/// Of tokio-util's codecs: the stream ended inside a frame.
const CUT_FRAME: &str = "bytes remaining on stream";

/// Of tokio-util's codecs: the peer sent a frame, a line or a chunk above the limit.
const TOO_LARGE: &[&str] = &["max line length exceeded", "max chunk length exceeded"];

/// Of tokio-util's `LengthDelimitedCodec`, for a frame of the peer's and for one of our own.
const TOO_LARGE_EITHER_WAY: &str = "frame size too big";

/// What an error means that no reader knows and that has no source. `around` is what the errors around it mean.
///
/// None of these is ever a normal end, so that an error whose text the peer chose gains nothing by it.
#[cold]
pub(super) fn verdict(error: &(dyn Error + 'static), around: Option<&Verdict>) -> Option<Verdict> {
    // A text that panics says nothing.
    let line = catch_unwind(AssertUnwindSafe(|| Line::<64>::new(format_args!("{error}")))).ok()?;
    let text = line.text();
    let too_large = Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::TooLarge);
    match text {
        CUT_FRAME => Some(Verdict::new(Reason::NetworkError, Side::Network).with_cause(Cause::UncleanEof)),
        // Inside an `io::Error` of the kind `InvalidData` it is the peer's.
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
