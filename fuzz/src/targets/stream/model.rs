//! What the documentation of `Watched` promises, as a program.

use std::io::{self, ErrorKind};
use std::thread;
use std::time::Duration;

use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::{Category, Disconnect, DisconnectCause, DisconnectReason, Endpoint};

use super::script::Step;
use crate::targets::guard::palette::{Kind, Said};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

/// What the stream has seen, and what that means.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "facts that do not exclude each other")]
pub(super) struct Model {
    pub(super) fin_is_goodbye: bool,
    pub(super) is_tls: bool,
    /// The timeout for silence has always passed when this side closes.
    pub(super) is_impatient: bool,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    /// A write without an answer and a waiting read: silence, once the timeout has passed.
    is_unanswered: bool,
    read_waits: bool,
    is_closing: bool,
    /// The peer's FIN or an error came first.
    has_ended: bool,
    is_closed: bool,
    was_silent: bool,
    is_read_over: bool,
    has_failed: bool,
    pub(super) holds: bool,
    pub(super) held: Option<ErrorKind>,
    /// What it told the guard, before this side closed.
    pub(super) seen: Vec<Seen>,
    /// What the site said, and whether before anything was seen.
    pub(super) said: Vec<(Said, bool)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Seen {
    Fin,
    CloseNotify,
    Failed(ErrorKind),
    Silence,
}

impl Model {
    pub(super) fn endpoint(&self) -> Endpoint {
        if self.fin_is_goodbye { END.fin_is_goodbye() } else { END }
    }

    /// Only the first terminal event counts, and none after this side closed.
    fn sees(&mut self, seen: Seen) {
        if !self.is_closed {
            self.has_ended = true;
            self.seen.push(seen);
        }
    }

    pub(super) fn read(&mut self, step: Step, room: usize, result: io::Result<usize>) {
        if room == 0 {
            return assert_eq!(result.ok(), Some(0), "a read into an empty buffer is no FIN");
        }
        match step {
            Step::Bytes(count) => {
                assert_eq!(result.ok(), Some(count.min(room)));
                self.bytes_in += count.min(room) as u64;
                (self.is_unanswered, self.read_waits) = (false, false);
                // It was a half-close.
                if self.is_closing {
                    (self.is_closing, self.is_closed, self.was_silent) = (false, false, false);
                }
            }
            Step::Fin => {
                self.read_waits = false;
                let is_first = !std::mem::replace(&mut self.is_read_over, true);
                // A reset that was kept back is returned by the read after the last byte.
                let is_reset =
                    |kind: &ErrorKind| matches!(kind, ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted);
                if let Some(kind) = self.held.take_if(|kind| is_reset(kind)) {
                    self.holds = false;
                    return assert_eq!(result.map_err(|error| error.kind()), Err(kind));
                }
                assert_eq!(result.ok(), Some(0));
                if is_first {
                    self.sees(if self.is_tls { Seen::CloseNotify } else { Seen::Fin });
                }
            }
            Step::Fails(kind) => {
                assert_eq!(result.map_err(|error| error.kind()), Err(kind));
                match kind {
                    ErrorKind::Interrupted => {}
                    ErrorKind::WouldBlock => self.read_waits = true,
                    _ => {
                        (self.read_waits, self.is_read_over) = (false, true);
                        self.fails(kind);
                    }
                }
            }
            Step::Waits => {
                assert!(result.is_err());
                self.read_waits = true;
            }
        }
    }

    fn fails(&mut self, kind: ErrorKind) {
        if !std::mem::replace(&mut self.has_failed, true) {
            self.sees(Seen::Failed(kind));
        }
    }

    pub(super) fn write(&mut self, step: Step, offered: usize, length: usize, result: io::Result<usize>) {
        let result = result.map_err(|error| error.kind());
        if let Some(kind) = self.held {
            if self.is_read_over {
                self.held = None;
                self.holds = false;
                return assert_eq!(result, Err(kind), "the error that was kept back");
            }
            return assert_eq!(result, Ok(length), "a write that pretends to succeed");
        }
        match step {
            Step::Bytes(_) | Step::Fin => {
                let taken = if let Step::Bytes(count) = step { count.min(offered) } else { offered };
                assert_eq!(result, Ok(taken));
                self.bytes_out += taken as u64;
                self.is_unanswered |= taken > 0;
            }
            Step::Waits => assert_eq!(result, Err(ErrorKind::WouldBlock)),
            Step::Fails(kind) => {
                let is_held = self.write_fails(kind);
                assert_eq!(result, if is_held { Ok(length) } else { Err(kind) });
            }
        }
    }

    /// Returns whether the error is kept back.
    fn write_fails(&mut self, kind: ErrorKind) -> bool {
        if matches!(kind, ErrorKind::Interrupted | ErrorKind::WouldBlock) {
            return false;
        }
        self.fails(kind);
        let is_gone = matches!(
            kind,
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::NotConnected | ErrorKind::ConnectionAborted
        );
        let is_held = self.holds && is_gone && !self.is_read_over && !self.is_closing;
        self.held = is_held.then_some(kind);
        is_held
    }

    pub(super) fn flush(&mut self, step: Step, result: io::Result<()>) {
        let result = result.map_err(|error| error.kind());
        match step {
            Step::Fails(_) | Step::Waits if self.held.is_some() => {
                // tokio returns `Pending` before the error is looked at.
                assert!(result.is_ok() || result == Err(ErrorKind::WouldBlock));
            }
            Step::Fails(kind) => {
                let is_held = self.write_fails(kind);
                assert_eq!(result, if is_held { Ok(()) } else { Err(kind) });
            }
            Step::Waits => assert_eq!(result, Err(ErrorKind::WouldBlock)),
            Step::Bytes(_) | Step::Fin => assert_eq!(result, Ok(())),
        }
    }

    /// This side closes, or its own direction at least.
    pub(super) fn closes(&mut self) {
        let is_silent = self.is_impatient && self.is_unanswered && self.read_waits;
        if is_silent {
            thread::sleep(Duration::from_millis(1));
        }
        self.is_closing = true;
        if !self.has_ended && !self.is_closed {
            self.is_closed = true;
            self.was_silent = is_silent;
        }
    }

    /// The table of `Watched`, where at most one thing was seen and one was said.
    pub(super) fn explains(&self, line: &Disconnect) {
        // Only the peer's `close_notify` makes a normal end beside a failure. Use after close is no failure.
        let is_failure = |seen: &Seen| matches!(seen, Seen::Failed(kind) if *kind != ErrorKind::NotConnected);
        let has_failed = self.seen.iter().any(is_failure);
        let is_explained = self.seen.contains(&Seen::CloseNotify) || !self.said.is_empty();
        assert!(!has_failed || is_explained || !line.expected(), "{line:?}, but saw {:?}", self.seen);
        let (Ok(seen), [] | [_]) = (self.only_seen(), &self.said[..]) else { return };
        let said = self.said.first();
        let by_site = said.map(|(said, _)| self.endpoint().resolve(said.verdict));
        let by_stream = seen.map(|seen| self.meaning(seen));
        let expected = match (by_site, by_stream) {
            (None, None) => {
                let dropped = Verdict::new(DisconnectReason::Unknown, Side::Local).with_cause(DisconnectCause::Dropped);
                self.endpoint().resolve(dropped)
            }
            (None, Some((_, by_stream))) => by_stream,
            (Some(by_site), None) => match said {
                Some((said, _)) if said.kind == Kind::Fin && by_site.cause_as() != Some(DisconnectCause::Fin) => return,
                _ => by_site,
            },
            (Some(by_site), Some((kind, by_stream))) => {
                let Some((said, is_first)) = said else { return };
                self.decided(*said, *is_first, by_site, kind, by_stream)
            }
        };
        let told = |end: &Disconnect| {
            (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str))
        };
        assert_eq!(told(line), told(&expected), "saw {:?}, said {:?}", self.seen, self.said);
    }

    /// `Err` where it saw several things.
    fn only_seen(&self) -> Result<Option<Seen>, ()> {
        match self.seen[..] {
            [] if self.was_silent => Ok(Some(Seen::Silence)),
            [] => Ok(None),
            [seen] => Ok(Some(seen)),
            _ => Err(()),
        }
    }

    fn meaning(&self, seen: Seen) -> (Kind, Disconnect) {
        match seen {
            Seen::Fin if self.endpoint().eof().expected() => (Kind::Fin, self.endpoint().eof()),
            Seen::Fin => (Kind::Lost, self.endpoint().eof()),
            Seen::CloseNotify => (Kind::Goodbye, self.endpoint().closed_by_peer()),
            Seen::Silence => (Kind::Silent, self.endpoint().keepalive_timeout()),
            Seen::Failed(error) => {
                let kind = match error {
                    ErrorKind::ConnectionReset | ErrorKind::UnexpectedEof | ErrorKind::ConnectionAborted => Kind::Lost,
                    ErrorKind::BrokenPipe => Kind::BrokenPipe,
                    ErrorKind::InvalidData => Kind::Violation,
                    ErrorKind::PermissionDenied => Kind::Failed,
                    _ => Kind::NotUnderstood,
                };
                (kind, self.endpoint().failed(&io::Error::from(error)))
            }
        }
    }

    /// The rows of the table in which both have something to say.
    #[allow(clippy::match_same_arms, reason = "in the order in which they count")]
    fn decided(
        &self,
        said: Said,
        is_first: bool,
        by_site: Disconnect,
        seen: Kind,
        by_stream: Disconnect,
    ) -> Disconnect {
        let is_fin = self.seen == [Seen::Fin];
        let is_close_notify = seen == Kind::Goodbye;
        match said.kind {
            // Nothing, or a guess.
            Kind::Fin | Kind::OnDrop => by_stream,
            Kind::Goodbye if by_site.code().is_none() && seen == Kind::Silent => by_stream,
            Kind::Ours if seen == Kind::Silent && !by_site.should_warn() => {
                by_site.with_cause(DisconnectCause::Deadline)
            }
            Kind::Ours if seen == Kind::Silent || is_fin || is_close_notify || is_first => by_site,
            Kind::Ours => by_stream,
            Kind::Lost if matches!(seen, Kind::Violation | Kind::Silent) => by_stream,
            Kind::Deadline | Kind::NotUnderstood | Kind::FollowOn | Kind::BrokenPipe | Kind::Lost
                if is_close_notify =>
            {
                let abandoned = Verdict::new(DisconnectReason::Unknown, Side::Remote);
                self.endpoint().resolve(abandoned.with_rank(Rank::Transport))
            }
            // Also where a FIN is a goodbye.
            Kind::Deadline | Kind::NotUnderstood | Kind::FollowOn | Kind::BrokenPipe if is_fin => END.eof(),
            Kind::BrokenPipe if seen == Kind::BrokenPipe => by_site,
            // An error that no reader knows explains nothing.
            Kind::Deadline | Kind::NotUnderstood | Kind::FollowOn | Kind::BrokenPipe if seen == Kind::NotUnderstood => {
                by_site
            }
            Kind::Deadline | Kind::NotUnderstood | Kind::FollowOn | Kind::BrokenPipe => by_stream,
            // A loss, a goodbye, a code, a violation, a timeout, a failure.
            Kind::Lost
            | Kind::Goodbye
            | Kind::Violation
            | Kind::Failed
            | Kind::Complaint
            | Kind::Silent
            | Kind::Panicked => by_site,
        }
    }
}
