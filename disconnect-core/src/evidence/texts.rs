//! Errors that only their text identifies, because their types are generic, private or strings.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::io;
use crate::category::Line;
use crate::code;
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

/// A bounded queue of this program is full: the peer or this program reads too slowly. The task behind the queue knows why.
const FULL_QUEUES: &[&str] = &[
    // tokio::sync
    "no available capacity",
    // std::sync::mpsc, flume, crossbeam-channel
    "sending on a full channel",
    // futures-channel
    "send failed because channel is full",
    // async-channel
    "sending into a full channel",
    // tower's `load_shed`
    "service overloaded",
];

/// A semaphore of tokio that limits connections or requests.
const NO_PERMIT: &str = "no permits available";

/// tokio's `broadcast`: the receiver was too slow for the queue. The number of lost messages follows.
const LAGGED: &str = "channel lagged by ";

/// The stream ended inside a message.
const CUT: &[&str] = &[
    // tokio-util codecs
    "bytes remaining on stream",
    // std and tokio, where the `io::Error` is hidden
    "unexpected end of file",
    "failed to fill whole buffer",
    "early eof",
    // tungstenite of a version that the program does not name, such as that of axum
    "Connection reset without closing handshake",
];

/// The peer sent a frame, a line, a chunk or a body above the limit: tokio-util codecs, http-body-util.
const TOO_LARGE: &[&str] = &["max line length exceeded", "max chunk length exceeded", "length limit exceeded"];

/// Text of the peer that is not UTF-8: std and tokio, and the lines of tokio-util, where the `io::Error` is hidden.
const NOT_UTF8: &[&str] = &["stream did not contain valid UTF-8", "Unable to decode input as UTF8"];

/// A timer of this side expired: tokio, tower, async-std.
const ELAPSED: &[&str] = &["deadline has elapsed", "request timed out", "future has timed out"];

/// A `JoinError` of tokio that became an `io::Error`.
const PANICKED: &str = "task panicked";
const ABORTED: &str = "task was cancelled";

/// tokio-util `LengthDelimitedCodec`: a frame of either side is above the limit.
const TOO_LARGE_EITHER_WAY: &str = "frame size too big";

/// std on Unix: the name of the peer has no address. The words of the resolver follow.
const NO_ADDRESS: &str = "failed to lookup address information: ";

/// Returns the verdict of an error without a source that no reader knows. `around` is the verdict of the errors around
/// it.
///
/// None of these verdicts is expected, because the peer may have chosen the text.
#[cold]
pub(super) fn verdict(error: &(dyn Error + 'static), around: Option<&Verdict>) -> Option<Verdict> {
    // The `Display` of an unknown error may panic.
    let line = catch_unwind(AssertUnwindSafe(|| <Line>::new(format_args!("{error}")))).ok()?;
    let text = line.text();
    let network = |cause| Some(Verdict::new(Reason::NetworkError, Side::Network).with_cause(cause));
    let local = Verdict::new(Reason::Unknown, Side::Local);
    let violation = Verdict::new(Reason::ProtocolError, Side::Remote);
    match text {
        // Inside an `io::Error` of the kind `InvalidData` the peer sent the frame.
        TOO_LARGE_EITHER_WAY if around.is_none_or(|around| around.rank() != Rank::Violation) => {
            Some(local.with_cause(Cause::TooLarge))
        }
        TOO_LARGE_EITHER_WAY => Some(violation.with_cause(Cause::TooLarge)),
        NO_PERMIT => Some(local.with_cause(Cause::Limit)),
        PANICKED => Some(local.with_cause(Cause::Panicked)),
        ABORTED => Some(local.with_cause(Cause::Dropped)),
        _ if CUT.contains(&text) => network(Cause::UncleanEof),
        _ if ELAPSED.contains(&text) => network(Cause::Deadline),
        _ if text.starts_with(NO_ADDRESS) => network(Cause::Unreachable),
        _ if TOO_LARGE.contains(&text) => Some(violation.with_cause(Cause::TooLarge)),
        _ if NOT_UTF8.contains(&text) => Some(violation.with_cause(Cause::Malformed)),
        _ if CHANNELS.contains(&text) => Some(local.with_rank(Rank::NotUnderstood)),
        _ if FULL_QUEUES.contains(&text) || text.starts_with(LAGGED) => {
            Some(local.with_cause(Cause::Overload).with_rank(Rank::NotUnderstood))
        }
        _ => errno(text).and_then(io::verdict_of_errno),
    }
}

/// Returns the number in the text of an `io::Error` with an errno, such as `Broken pipe (os error 32)`: the error that an
/// `#[error(transparent)]` or a codec hides. A colon means that somebody else's words are around it.
fn errno(text: &str) -> Option<i32> {
    let (words, number) = text.strip_suffix(')')?.rsplit_once('(')?;
    let number = code::number(number.strip_prefix("os error ")?)?;
    if words.bytes().any(|byte| byte == b':') { None } else { i32::try_from(number).ok() }
}
