//! Reads `std::io::Error`, and opens shared and boxed pointers to errors.

use std::boxed::Box;
use std::error::Error;
use std::io::{self, ErrorKind};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::reading::Reading;
use crate::category::Line;
use crate::verdict::{Rank, Side, Verdict};
use crate::vocabulary::{DisconnectCause as Cause, DisconnectReason as Reason};

/// Returns the payload of an `io::Error` of the kind `Other`, which has no verdict by itself. It is the most frequent
/// step of a walk, so it has a fast path.
#[inline]
pub(super) fn mere_wrapper(error: &io::Error) -> Option<&(dyn Error + 'static)> {
    let payload = error.get_ref()?;
    if error.kind() == ErrorKind::Other { Some(payload) } else { None }
}

/// Returns the verdict of the kind. The walk goes on in the payload.
pub(super) fn read(error: &io::Error) -> Reading<'_> {
    let verdict = verdict(error);
    match error.get_ref() {
        // A decoder that calls each failure `InvalidData` also wraps those of its stream. The errno is what happened.
        Some(payload) if payload.downcast_ref().is_some_and(is_failure_of_system) => Reading::inside(payload),
        // `source()` returns the source of the payload, and skips the payload itself.
        Some(payload) => Reading::from(verdict).and_inside(payload),
        None => Reading::from(verdict).and_no_further(),
    }
}

/// Returns the error behind a pointer. The `source()` of a pointer is that of the error inside, so the walk would skip
/// that error.
pub(super) fn open<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    if let Some(error) = error.downcast_ref::<Arc<io::Error>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Box<io::Error>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Arc<dyn Error + Send + Sync>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Arc<dyn Error + Send>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<&'static io::Error>() {
        return Some(*error);
    }
    if let Some(error) = error.downcast_ref::<Arc<Arc<io::Error>>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Box<Arc<io::Error>>>() {
        return Some(&**error);
    }
    if let Some(error) = error.downcast_ref::<Box<Box<io::Error>>>() {
        return Some(&**error);
    }
    error.downcast_ref::<Arc<dyn Error>>().map(|error| &**error)
}

/// Whether an errno explains the end. Without one, the error may be about bytes in memory.
#[cold]
fn is_failure_of_system(error: &io::Error) -> bool {
    error.raw_os_error().and_then(verdict_of_errno).is_some_and(|verdict| verdict.rank() >= Rank::Transport)
}

/// Returns the verdict of an errno whose error is lost.
#[cold]
pub(super) fn verdict_of_errno(code: i32) -> Option<Verdict> {
    read(&io::Error::from_raw_os_error(code)).verdict
}

/// Returns the verdict of the error kind, or `None` if the kind does not explain the end.
fn verdict(error: &io::Error) -> Option<Verdict> {
    let network = |cause| Verdict::new(Reason::NetworkError, Side::Network).with_cause(cause);
    let local = |cause| Verdict::new(Reason::Unknown, Side::Local).with_cause(cause);
    Some(match error.kind() {
        ErrorKind::ConnectionReset => network(Cause::Reset),
        ErrorKind::ConnectionAborted if error.raw_os_error().is_some() => network(Cause::Reset),
        // lapin and rumqttc report a FIN as `ConnectionAborted` with a text. quinn and s2n-quic wrap an error of their
        // own in it, also for a clean close, and that error knows more.
        ErrorKind::ConnectionAborted if error.get_ref().is_none_or(is_text) => network(Cause::UncleanEof),
        ErrorKind::UnexpectedEof => network(Cause::UncleanEof),
        ErrorKind::HostUnreachable
        | ErrorKind::NetworkUnreachable
        | ErrorKind::NetworkDown
        | ErrorKind::AddrNotAvailable
        | ErrorKind::ConnectionRefused => network(Cause::Unreachable),
        ErrorKind::BrokenPipe | ErrorKind::WriteZero => network(Cause::BrokenPipe),
        // The kernel sets an errno if it gives up on a silent peer. Without one it is a timer of the program.
        ErrorKind::TimedOut if error.raw_os_error().is_some() => network(Cause::KeepaliveTimeout),
        ErrorKind::TimedOut => network(Cause::Deadline),
        // A blocking socket returns it if its read timeout passes. On any other socket it does not end the connection.
        ErrorKind::WouldBlock => {
            Verdict::new(Reason::Unknown, Side::Unknown).with_cause(Cause::Deadline).with_rank(Rank::FollowOn)
        }
        ErrorKind::InvalidData => Verdict::new(Reason::ProtocolError, Side::Remote).with_cause(Cause::Malformed),
        ErrorKind::PermissionDenied => local(Cause::Policy),
        ErrorKind::OutOfMemory | ErrorKind::StorageFull | ErrorKind::QuotaExceeded => local(Cause::OutOfResources),
        // Use after close: never the first cause.
        ErrorKind::NotConnected => Verdict::new(Reason::Unknown, Side::Unknown).with_rank(Rank::FollowOn),
        // Errnos without a stable `ErrorKind`.
        _ => return error.raw_os_error().and_then(without_kind),
    })
}

/// Whether the payload is a string. Its type is private to std, so the check looks for the opening quote in `Debug`.
#[cold]
fn is_text(payload: &(dyn Error + Send + Sync + 'static)) -> bool {
    let is_quoted = || Line::<64>::new(format_args!("{payload:?}")).text().starts_with('"');
    // A text that panics says nothing.
    catch_unwind(AssertUnwindSafe(is_quoted)).unwrap_or_default()
}

/// Returns the verdict of an errno for which std has no stable kind.
fn without_kind(code: i32) -> Option<Verdict> {
    let network = |cause| Verdict::new(Reason::NetworkError, Side::Network).with_cause(cause);
    Some(match code {
        _ if is_out_of_handles(code) => Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::OutOfResources),
        errno::NETRESET => network(Cause::Reset),
        errno::HOSTDOWN => network(Cause::Unreachable),
        _ if is_unreachable_on_one_system(code) => network(Cause::Unreachable),
        errno::MSGSIZE => Verdict::new(Reason::Unknown, Side::Local).with_cause(Cause::TooLarge),
        errno::SHUTDOWN => network(Cause::BrokenPipe),
        // These do not end the connection (`EINTR`), or do not explain its end.
        _ => return None,
    })
}

/// Errno values on Linux, on systems that descend from BSD, and on Windows, whose sockets add 10,000 to those of BSD.
mod errno {
    const fn number(linux: i32, bsd: i32) -> i32 {
        if cfg!(windows) {
            10_000 + bsd
        } else if cfg!(any(target_os = "linux", target_os = "android")) {
            linux
        } else {
            bsd
        }
    }

    /// The network dropped the connection.
    pub(super) const NETRESET: i32 = number(102, 52);
    pub(super) const HOSTDOWN: i32 = number(112, 64);
    /// A datagram is larger than the path or the protocol allows.
    pub(super) const MSGSIZE: i32 = number(90, 40);
    /// A write after this side shut the socket down.
    pub(super) const SHUTDOWN: i32 = number(108, 58);
}

/// Whether the peer has no address or no network, with an errno that other systems lack: `ENONET` of Linux for an ICMP
/// message "host isolated", and what Windows returns if a name has no address, from `WSAHOST_NOT_FOUND` to `WSANO_DATA`.
fn is_unreachable_on_one_system(code: i32) -> bool {
    if cfg!(windows) { matches!(code, 11_001..=11_004) } else { cfg!(target_os = "linux") && code == 64 }
}

/// Whether no file handle or buffer is left: `ENFILE`, `EMFILE`, `ENOBUFS`, and their Windows counterparts.
fn is_out_of_handles(code: i32) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOBUFS: i32 = if cfg!(target_os = "linux") { 105 } else { 55 };
    const WSAEMFILE: i32 = 10_024;
    const WSAENOBUFS: i32 = 10_055;
    if cfg!(windows) { matches!(code, WSAEMFILE | WSAENOBUFS) } else { matches!(code, ENFILE | EMFILE | ENOBUFS) }
}
