//! Tasks record ends and drop guards in every interleaving: always one line, with the right end.
#![cfg(disconnect_loom)]
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::atomic::{AtomicUsize, Ordering};

use disconnect_loom::{
    Category, Disconnect, DisconnectGuard, DisconnectInitiator, DisconnectReason, Endpoint, SetOutcome, Shutdown, Side,
    Verdict, Watched,
};
use loom::sync::{Arc, Mutex};
use loom::thread;

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

/// The lines of one run.
#[derive(Clone)]
struct Lines(Arc<Mutex<Vec<Disconnect>>>);

impl Lines {
    fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    fn guard(&self) -> DisconnectGuard<impl FnOnce(&Disconnect) + use<>> {
        let lines = self.clone();
        DisconnectGuard::new(END, move |end: &Disconnect| lines.0.lock().unwrap().push(end.clone()))
    }

    fn one(&self) -> Disconnect {
        let lines = self.0.lock().unwrap();
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines[0].clone()
    }
}

fn stated(detail: &'static str) -> Disconnect {
    END.shutting_down().with_detail(detail)
}

/// Two tasks record equally strong ends while the guard is dropped. The line has the end with the outcome `Kept`.
#[test]
fn the_kept_end_is_logged() {
    static BARE: AtomicUsize = AtomicUsize::new(0);
    loom::model(|| {
        let lines = Lines::new();
        let guard = lines.guard();
        let tasks = ["first", "second"].map(|name| {
            let ended = guard.handle();
            thread::spawn(move || (name, ended.set(stated(name))))
        });
        drop(guard);
        let outcomes = tasks.map(|task| task.join().unwrap());
        let kept: Vec<_> =
            outcomes.iter().filter(|(_, outcome)| *outcome == SetOutcome::Kept).map(|(name, _)| *name).collect();
        let line = lines.one();
        match kept.as_slice() {
            [] => {
                BARE.fetch_add(1, Ordering::Relaxed);
                assert_eq!(line.cause().map(Category::as_str), Some("dropped"));
                assert!(outcomes.iter().all(|(_, outcome)| matches!(outcome, SetOutcome::TooLate(_))));
            }
            [name] => assert_eq!(line.detail(), Some(*name)),
            kept => panic!("several were kept: {kept:?}"),
        }
    });
    assert!(BARE.load(Ordering::Relaxed) > 0, "the model never dropped the guard first");
}

/// Two tasks: one sees an end of file, the other one a goodbye of the peer.
fn eof_and_goodbye(guard: &DisconnectGuard<impl FnOnce(&Disconnect)>) -> [thread::JoinHandle<SetOutcome>; 2] {
    [END.eof(), END.closed_by_peer()].map(|end| {
        let ended = guard.handle();
        thread::spawn(move || ended.set(end))
    })
}

/// An end of file and a goodbye of the peer: in any order the goodbye wins, unless it comes after the line.
#[test]
fn the_peers_goodbye_wins_in_every_order() {
    loom::model(|| {
        let lines = Lines::new();
        let guard = lines.guard();
        let [reader, control] = eof_and_goodbye(&guard);
        let ends = (reader.join().unwrap(), control.join().unwrap());
        drop(guard);
        assert_eq!(lines.one().reason().as_str(), "graceful", "{ends:?}");
    });
}

/// The same while a third task drops the guard. Only ends that come before the line count.
#[test]
fn only_ends_before_the_line_count() {
    loom::model(|| {
        let lines = Lines::new();
        let guard = lines.guard();
        let [reader, control] = eof_and_goodbye(&guard);
        drop(guard);
        let ends = (reader.join().unwrap(), control.join().unwrap());
        let expected = match ends {
            (SetOutcome::TooLate(_), SetOutcome::TooLate(_)) => ("unknown", Some("dropped")),
            (SetOutcome::Kept, SetOutcome::TooLate(_)) => ("network_error", Some("unclean_eof")),
            (_, SetOutcome::Kept) => ("graceful", None),
            (reader, control) => panic!("{reader:?}, {control:?}"),
        };
        let line = lines.one();
        assert_eq!((line.reason().as_str(), line.cause().map(Category::as_str)), expected);
    });
}

/// A connection, a channel in it, and a shutdown of both, each in its own task. Every line has the shutdown, or was
/// logged before it.
#[test]
fn a_shutdown_reaches_a_connection_and_its_channel() {
    static STAMPED: AtomicUsize = AtomicUsize::new(0);
    loom::model(|| {
        let (lines, channels) = (Lines::new(), Lines::new());
        let shutdown = Shutdown::new();
        let connection = lines.guard().under(&shutdown);
        let channel = channels.guard().under(&connection);
        let connection = thread::spawn(move || drop(connection));
        let channel = thread::spawn(move || drop(channel));
        assert_eq!(shutdown.begin(), SetOutcome::Kept);
        connection.join().unwrap();
        channel.join().unwrap();
        let (line, channel) = (lines.one(), channels.one());
        let is_stamped = |end: &Disconnect| match (end.reason().as_str(), end.cause().map(Category::as_str)) {
            ("server_shutdown", None) => true,
            ("unknown", Some("dropped")) => false,
            _ => panic!("{end:?}"),
        };
        STAMPED.fetch_add(usize::from(is_stamped(&line) && is_stamped(&channel)), Ordering::Relaxed);
    });
    assert!(STAMPED.load(Ordering::Relaxed) > 0, "the shutdown never came first");
}

/// An end of file and a shutdown of this side: the first one wins, and the line has the one that was kept.
#[test]
fn our_shutdown_wins_only_if_it_is_first() {
    loom::model(|| {
        let lines = Lines::new();
        let guard = lines.guard();
        let reader = guard.handle();
        let reader = thread::spawn(move || reader.set(END.eof()));
        let shutdown = guard.set(END.shutting_down());
        let eof = reader.join().unwrap();
        drop(guard);
        let kept = match (&eof, &shutdown) {
            (SetOutcome::Kept, SetOutcome::Ignored) => "network_error",
            (SetOutcome::Ignored, SetOutcome::Kept) => "server_shutdown",
            outcomes => panic!("{outcomes:?}"),
        };
        assert_eq!(lines.one().reason().as_str(), kept);
    });
}

/// A channel is dropped while its connection ends: it takes that end, or it was dropped before.
#[test]
fn a_dropped_channel_takes_its_connections_end() {
    loom::model(|| {
        let (lines, channels) = (Lines::new(), Lines::new());
        let connection = lines.guard();
        let channel = channels.guard().under(&connection);
        let task = thread::spawn(move || drop(channel));
        connection.set(END.eof());
        drop(connection);
        task.join().unwrap();
        assert_eq!(lines.one().cause().map(Category::as_str), Some("unclean_eof"));
        assert!(matches!(channels.one().cause().map(Category::as_str), Some("unclean_eof" | "dropped")));
    });
}

/// The end of a channel and the end of its connection: the earlier one wins, as its outcome says.
#[test]
fn the_earlier_of_channel_and_connection_end_wins() {
    loom::model(|| {
        let (lines, channels) = (Lines::new(), Lines::new());
        let connection = lines.guard();
        let channel = channels.guard().under(&connection);
        let ended = connection.handle();
        let task = thread::spawn(move || ended.set(END.eof()));
        let own = channel.set(stated("channel"));
        task.join().unwrap();
        drop(channel);
        drop(connection);
        let line = channels.one();
        match own {
            SetOutcome::Kept => assert_eq!(line.detail(), Some("channel")),
            SetOutcome::Ignored => assert_eq!(line.cause().map(Category::as_str), Some("unclean_eof")),
            SetOutcome::TooLate(_) => panic!("the channel is there"),
        }
        assert_eq!(lines.one().reason().as_str(), "network_error");
    });
}

/// Two connections are put under each other at once: only one of them succeeds, without a deadlock.
#[test]
fn two_connections_cannot_be_inside_each_other() {
    // All interleavings with up to three preemptions. Without a bound there are too many.
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (lines, others) = (Lines::new(), Lines::new());
        let (first, second) = (lines.guard(), others.guard());
        let (of_first, of_second) = (first.handle(), second.handle());
        let task = thread::spawn(move || drop(first.under(&of_second)));
        drop(second.under(&of_first));
        task.join().unwrap();
        assert_eq!(
            (lines.one().cause().map(Category::as_str), others.one().cause().map(Category::as_str)),
            (Some("dropped"), Some("dropped"))
        );
    });
}

/// A connection that is closed because of a shutdown sees that shutdown, although two tasks may begin it at once.
#[test]
fn a_closed_connection_sees_its_shutdown() {
    loom::model(|| {
        let lines = Lines::new();
        let shutdown = Shutdown::<&str>::default();
        let guard = lines.guard().under(&shutdown);
        let (first, second) = (shutdown.clone(), shutdown.clone());
        let ended = guard.handle();
        let cause = || Verdict::new(DisconnectReason::WorkspaceStopped, Side::Unknown).by(DisconnectInitiator::Server);
        let task = thread::spawn(move || {
            let outcome = first.set_with(cause(), "first");
            // The shutdown has begun, whichever task began it. The close follows, and the reader sees an end of file.
            ended.set(END.eof());
            outcome
        });
        let second = second.set_with(cause(), "second");
        let first = task.join().unwrap();
        drop(guard);
        let line = lines.one();
        assert_eq!(line.reason().as_str(), "workspace_stopped");
        let context = if first == SetOutcome::Kept { "first" } else { "second" };
        assert_ne!(first, second);
        assert_eq!(shutdown.context(&line), Some(&context));
    });
}

/// A handle exists before the guard is put under a shutdown. Ends of the handle still reach the line.
#[test]
fn a_shutdown_reaches_a_guard_with_an_earlier_handle() {
    static STAMPED: AtomicUsize = AtomicUsize::new(0);
    loom::model(|| {
        let lines = Lines::new();
        let shutdown = Shutdown::new();
        let guard = lines.guard();
        let ended = guard.handle();
        let guard = guard.under(&shutdown);
        let task = thread::spawn(move || ended.get().is_some());
        assert_eq!(shutdown.begin(), SetOutcome::Kept);
        task.join().unwrap();
        drop(guard);
        let line = lines.one();
        assert_eq!(line.reason().as_str(), "server_shutdown");
        STAMPED.fetch_add(1, Ordering::Relaxed);
    });
    assert!(STAMPED.load(Ordering::Relaxed) > 0);
}

/// The same for a connection that ends while its channel is used.
#[test]
fn a_connection_reaches_a_channel_with_an_earlier_handle() {
    loom::model(|| {
        let (lines, channels) = (Lines::new(), Lines::new());
        let connection = lines.guard();
        let channel = channels.guard();
        let ended = channel.handle();
        let channel = channel.under(&connection);
        let task = thread::spawn(move || ended.set(END.eof()));
        connection.set(END.closed_by_peer());
        let own = task.join().unwrap();
        drop(channel);
        drop(connection);
        // The goodbye of the peer replaces the loss, in any order.
        assert_eq!(channels.one().reason().as_str(), "graceful", "{own:?}");
    });
}

/// Both connections of a pair end at once, each in its own task: two lines with the same end.
#[test]
fn both_lines_of_a_pair_agree_in_every_order() {
    loom::model(|| {
        let (lines, others) = (Lines::new(), Lines::new());
        let (first, second) = DisconnectGuard::pair(lines.guard(), others.guard());
        let task = thread::spawn(move || {
            let outcome = second.set(END.eof());
            drop(second);
            outcome
        });
        let outcome = first.set(END.closed_by_peer());
        drop(first);
        let other = task.join().unwrap();
        let (first, second) = (lines.one(), others.one());
        assert_eq!(first, second, "{outcome:?}, {other:?}");
        let expected = if matches!(outcome, SetOutcome::TooLate(_)) { "network_error" } else { "graceful" };
        assert_eq!(first.reason().as_str(), expected);
    });
}

/// Two nested shutdowns begin at once: the line has one of them, with its context.
#[test]
fn nested_shutdowns_may_begin_at_once() {
    loom::model(|| {
        let lines = Lines::new();
        let process = Shutdown::<&str>::default();
        let server = Shutdown::<&str>::default().under(&process);
        let guard = lines.guard().under(&server);
        let outer = process.clone();
        let task = thread::spawn(move || outer.set_with(Verdict::going_away(Side::Local), "process"));
        let inner = server.set_with(Verdict::closed(Side::Local), "server");
        assert_eq!(task.join().unwrap(), SetOutcome::Kept);
        drop(guard);
        let line = lines.one();
        let contexts = (server.context(&line).copied(), process.context(&line).copied());
        match inner {
            SetOutcome::Kept => assert_eq!(contexts, (Some("server"), None)),
            SetOutcome::Ignored => assert_eq!(contexts, (None, Some("process"))),
            SetOutcome::TooLate(_) => panic!("a shutdown is never too late"),
        }
    });
}

/// A stream that ends at once, with a FIN or with this error.
struct Ends(Option<std::io::ErrorKind>);

impl std::io::Read for Ends {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        self.0.map_or(Ok(0), |kind| Err(kind.into()))
    }
}

/// A task that reads a watched stream to its end and closes it.
fn read_to_the_end(stream: Watched<Ends>) -> thread::JoinHandle<()> {
    thread::spawn(move || drop(std::io::read_to_string(stream)))
}

/// A stream reads the FIN while another task records the goodbye in front of it.
#[test]
fn the_goodbye_wins_over_a_watched_fin_in_every_order() {
    loom::model(|| {
        let lines = Lines::new();
        let guard = lines.guard();
        let reader = read_to_the_end(guard.watch(Ends(None)));
        let ended = guard.handle();
        let parser = thread::spawn(move || ended.set(END.closed_by_peer()));
        reader.join().unwrap();
        assert_eq!(parser.join().unwrap(), SetOutcome::Kept);
        drop(guard);
        assert_eq!(lines.one().reason().as_str(), "graceful");
    });
}

/// The stream ends and is closed while the guard is dropped: one line, with the FIN if it came before the line.
#[test]
fn a_stream_may_end_while_its_guard_is_dropped() {
    static IN_TIME: AtomicUsize = AtomicUsize::new(0);
    static LATE: AtomicUsize = AtomicUsize::new(0);
    loom::model(|| {
        let lines = Lines::new();
        let guard = lines.guard();
        let reader = read_to_the_end(guard.watch(Ends(None)));
        drop(guard);
        reader.join().unwrap();
        match lines.one().cause().map(Category::as_str) {
            Some("unclean_eof") => IN_TIME.fetch_add(1, Ordering::Relaxed),
            Some("dropped") => LATE.fetch_add(1, Ordering::Relaxed),
            cause => panic!("{cause:?}"),
        };
    });
    assert!(IN_TIME.load(Ordering::Relaxed) > 0 && LATE.load(Ordering::Relaxed) > 0);
}

/// A reset and a close by this side: the first one wins, as its outcome says.
#[test]
fn the_first_of_a_reset_and_our_close_wins() {
    static CLOSED: AtomicUsize = AtomicUsize::new(0);
    static RESET: AtomicUsize = AtomicUsize::new(0);
    loom::model(|| {
        let lines = Lines::new();
        let guard = lines.guard();
        let reader = read_to_the_end(guard.watch(Ends(Some(std::io::ErrorKind::ConnectionReset))));
        let closed = guard.set(END.closed_locally());
        reader.join().unwrap();
        drop(guard);
        let count = match (closed, lines.one().cause().map(Category::as_str)) {
            (SetOutcome::Kept, None) => &CLOSED,
            (SetOutcome::Ignored, Some("reset")) => &RESET,
            other => panic!("{other:?}"),
        };
        count.fetch_add(1, Ordering::Relaxed);
    });
    assert!(CLOSED.load(Ordering::Relaxed) > 0 && RESET.load(Ordering::Relaxed) > 0);
}

/// Both streams of a proxy end at once, each with its guard in its own task: two lines with the same end.
#[test]
fn both_streams_of_a_pair_end_at_once() {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(|| {
        let (lines, others) = (Lines::new(), Lines::new());
        let (first, second) = DisconnectGuard::pair(lines.guard(), others.guard());
        let (down, up) = (first.watch(Ends(None)), second.watch(Ends(Some(std::io::ErrorKind::ConnectionReset))));
        let task = thread::spawn(move || {
            drop(std::io::read_to_string(up));
            drop(second);
        });
        drop(std::io::read_to_string(down));
        drop(first);
        task.join().unwrap();
        assert_eq!(lines.one(), others.one());
    });
}
