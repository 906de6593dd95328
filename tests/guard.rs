//! Guards: one line for each connection, with the right end.

use std::cell::Cell;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use disconnect_core::evidence::{Rank, Side, Verdict};
use disconnect_core::testing::capture;
use disconnect_core::{
    BoxedGuard, Category, Code, ConnectionDirection, ConnectionMethod, Disconnect, DisconnectCause, DisconnectGuard,
    DisconnectHandle, DisconnectInitiator, DisconnectReason, Endpoint, Observed, Peer, SetOutcome, Shutdown,
    disconnected,
};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

/// A guard that logs its line as a service does.
fn guard(id: u64) -> DisconnectGuard<impl FnOnce(&Disconnect)> {
    DisconnectGuard::new(END, move |end: &Disconnect| disconnected!(end, id, "connection closed"))
}

fn line(work: impl FnOnce(&DisconnectHandle)) -> Observed {
    capture(|| {
        let guard = guard(1);
        work(&guard.handle());
    })
    .one()
}

fn failed(kind: io::ErrorKind) -> Disconnect {
    END.failed(&io::Error::from(kind))
}

fn of_rank(rank: Rank) -> Disconnect {
    END.resolve(Verdict::new(DisconnectReason::NetworkError, Side::Network).with_rank(rank))
}

fn reason_and_initiator(end: &Observed) -> (&str, Option<&str>) {
    (end.reason().as_str(), end.initiator().map(disconnect_core::Recorded::as_str))
}

/// Every pair of ends: which of the two the line reports.
#[test]
fn the_line_follows_the_precedence_table() {
    let ends: [(&str, Disconnect); 12] = [
        ("deadline", failed(io::ErrorKind::TimedOut)),
        ("not understood", END.failed(&io::Error::other("what is this"))),
        ("follow-on", failed(io::ErrorKind::NotConnected)),
        ("fin", END.fin_is_goodbye().eof()),
        ("broken pipe", failed(io::ErrorKind::BrokenPipe)),
        ("eof", END.eof()),
        ("silent", END.idle_timeout()),
        ("violation", failed(io::ErrorKind::InvalidData)),
        ("goodbye", END.received(Code::websocket(1001))),
        ("complaint", END.received(Code::websocket(1008))),
        ("own normal", END.shutting_down()),
        ("own failure", END.sent(Code::websocket(1011))),
    ];
    // Rows: the first end. Columns: the later end. `+` replaces the first, `r` refines it, `d` replaces it and keeps
    // its deadline.
    let table = [
        ("deadline", ".++d++++d+d+"),
        ("not understood", "....++++.+.+"),
        ("follow-on", "....++++++.+"),
        ("fin", "++..++++++.+"),
        ("broken pipe", ".....+++++.+"),
        ("eof", ".......+++.."),
        ("silent", ".......+.+.."),
        ("violation", "............"),
        ("goodbye", "............"),
        ("complaint", "............"),
        ("own normal", "rr....rr.r.r"),
        ("own failure", "............"),
    ];
    for ((name, row), (there, first)) in table.iter().zip(&ends) {
        assert_eq!(name, there);
        for (sign, (comes, next)) in row.chars().zip(&ends) {
            let guard = DisconnectGuard::new(END, |_| ());
            assert_eq!(guard.set(first.clone()), SetOutcome::Kept);
            let outcome = guard.set(next.clone());
            let end = guard.get().unwrap();
            let told = format!("{there}, then {comes}");
            match sign {
                '+' => assert_eq!((outcome, &end), (SetOutcome::Kept, next), "{told}"),
                'd' => {
                    assert_eq!((outcome, end.reason()), (SetOutcome::Kept, next.reason()), "{told}");
                    assert!(end.cause_as() == Some(DisconnectCause::Deadline) && end.should_warn(), "{told}");
                }
                'r' => {
                    assert_eq!((outcome, end.reason()), (SetOutcome::Kept, first.reason()), "{told}");
                    assert!(end.cause().is_some() && end.should_warn(), "{told}");
                }
                _ => assert_eq!((outcome, &end), (SetOutcome::Ignored, first), "{told}"),
            }
        }
    }
}

/// `or_stronger` and the guard decide alike.
#[test]
fn or_stronger_agrees_with_the_guard() {
    let network = |cause| Verdict::new(DisconnectReason::NetworkError, Side::Network).with_cause(cause);
    let verdicts = [
        network(DisconnectCause::Deadline),
        network(DisconnectCause::BrokenPipe),
        network(DisconnectCause::UncleanEof),
        network(DisconnectCause::KeepaliveTimeout),
        Verdict::new(DisconnectReason::Unknown, Side::Unknown).with_rank(Rank::NotUnderstood),
        Verdict::new(DisconnectReason::Unknown, Side::Unknown).with_rank(Rank::FollowOn),
        Verdict::new(DisconnectReason::ProtocolError, Side::Remote),
        Verdict::new(DisconnectReason::ControlPlaneLost, Side::Remote),
        Verdict::closed(Side::Remote),
        Verdict::going_away(Side::Local),
        Code::websocket(1002).received(),
        Code::websocket(1011).sent(),
    ];
    for first in verdicts {
        for next in verdicts {
            let guard = DisconnectGuard::new(END, |_| ());
            guard.set(END.resolve(first));
            guard.set(END.resolve(next));
            let (end, stronger) = (guard.finish(), END.resolve(first.or_stronger(next)));
            // Refining keeps the end of this side.
            assert_eq!(
                (end.reason(), end.initiator()),
                (stronger.reason(), stronger.initiator()),
                "{first:?} {next:?}"
            );
        }
    }
}

#[test]
fn statements_of_the_peer_count_in_every_form() {
    // The code accuses this side, so the initiator is this side. It is still a statement of the peer.
    let accused = END.received(Code::websocket(1002));
    assert_eq!(accused.initiator().map(Category::as_str), Some("agent"));
    let by_hand = Disconnect::new(DisconnectReason::ServerShutdown).with_initiator(DisconnectInitiator::Server);
    for statement in [accused, by_hand, END.closed_by_peer()] {
        let guard = DisconnectGuard::new(END, |_| ());
        guard.set(END.eof());
        assert_eq!(guard.set(statement.clone()), SetOutcome::Kept, "{statement:?}");
    }
    // For symmetric peers with the same logged initiator, a record made by hand does not show which one it names.
    let equal = Peer::symmetric(&DisconnectInitiator::Server);
    let node = Endpoint::between(&DisconnectInitiator::Server, equal, &ConnectionDirection::ClientToServer);
    let guard = DisconnectGuard::new(node, |_| ());
    guard.set(node.eof());
    let by_one = Disconnect::new(DisconnectReason::ServerShutdown).with_initiator(DisconnectInitiator::Server);
    assert_eq!(guard.set(by_one), SetOutcome::Ignored);
    assert_eq!(guard.set(node.closed_by_peer()), SetOutcome::Kept);
    // A third party is not the peer.
    let guard = DisconnectGuard::new(Endpoint::AGENT_FACING_CLIENT, |_| ());
    guard.set(Endpoint::AGENT_FACING_CLIENT.eof());
    let stopped = Disconnect::new(DisconnectReason::WorkspaceStopped).with_initiator(DisconnectInitiator::Server);
    assert_eq!(guard.set(stopped), SetOutcome::Ignored);
}

#[test]
fn every_rank_except_follow_on_is_an_end() {
    for (rank, yields) in [
        (Rank::NotUnderstood, true),
        (Rank::FollowOn, true),
        (Rank::BrokenPipe, true),
        (Rank::Transport, false),
        (Rank::Timeout, false),
        (Rank::Violation, false),
        (Rank::Stated, false),
    ] {
        let guard = DisconnectGuard::new(END, |_| ());
        guard.set(of_rank(rank));
        assert_eq!(guard.set(END.eof()) == SetOutcome::Kept, yields, "{rank:?}");
    }
}

/// An expected end of any rank does not replace an earlier fault.
#[test]
fn no_expected_end_replaces_a_broken_pipe() {
    for rank in [Rank::Violation, Rank::Stated] {
        let guard = DisconnectGuard::new(END, |_| ());
        guard.set(failed(io::ErrorKind::BrokenPipe));
        let expected = END.resolve(Verdict::new(DisconnectReason::Graceful, Side::Local).with_rank(rank));
        assert_eq!(guard.set(expected), SetOutcome::Ignored, "{rank:?}");
    }
}

#[test]
fn the_guard_sets_the_direction() {
    let end = line(|ended| drop(ended.set(Disconnect::new(DisconnectReason::Graceful))));
    assert_eq!(end.direction().unwrap().known(), Some(ConnectionDirection::ServerToAgent));
    let end = line(|ended| {
        ended.set(Disconnect::new(DisconnectReason::Graceful).with_direction(ConnectionDirection::ClientToServer));
    });
    assert_eq!(end.direction().unwrap().known(), Some(ConnectionDirection::ClientToServer));
}

#[test]
fn the_latest_method_applies_unless_the_end_has_one() {
    let end = line(|ended| {
        ended.set_method(ConnectionMethod::Derp);
        ended.set(END.eof());
        ended.set_method(ConnectionMethod::Direct);
    });
    assert_eq!(end.method().unwrap().as_str(), "direct");
    let end = line(|ended| {
        ended.set_method(ConnectionMethod::Direct);
        ended.set(END.eof().with_method(ConnectionMethod::Derp));
    });
    assert_eq!(end.method().unwrap().as_str(), "derp");
}

#[test]
fn a_drop_without_an_end_is_unexpected() {
    let end = line(|_| ());
    assert_eq!((end.reason().as_str(), end.cause().unwrap().as_str(), end.expected()), ("unknown", "dropped", false));
}

#[test]
fn on_drop_sets_the_end_of_a_drop() {
    let end = capture(|| guard(1).on_drop(END.closed_locally())).one();
    assert_eq!(reason_and_initiator(&end), ("graceful", Some("agent")));
    let end = capture(|| {
        let guard = guard(1);
        guard.on_drop(END.closed_locally());
        guard.on_drop(END.shutting_down());
        assert_eq!(guard.get(), None);
    })
    .one();
    assert_eq!(end.reason().as_str(), "server_shutdown", "the second call counts");
    for better in [failed(io::ErrorKind::TimedOut), failed(io::ErrorKind::NotConnected), END.eof()] {
        let end = capture(|| {
            let guard = guard(1);
            guard.on_drop(END.closed_locally());
            assert_eq!(guard.set(better), SetOutcome::Kept);
            guard.on_drop(END.shutting_down());
        })
        .one();
        assert!(!end.expected(), "{end}");
    }
}

#[test]
fn a_connection_that_never_came_up_has_no_line() {
    capture(|| {
        let refused = guard(1).connecting();
        let ended = refused.handle();
        assert_eq!(ended.set(END.eof()), SetOutcome::Kept);
        drop(refused);
        assert!(matches!(ended.set(END.closed_locally()), SetOutcome::TooLate(_)));
        drop(guard(2).connecting());
        let work = AssertUnwindSafe(|| {
            let _guard = guard(3).connecting();
            panic!("on purpose");
        });
        catch_unwind(work).unwrap_err();
    })
    .none();

    let end = capture(|| {
        let guard = guard(1).connecting();
        let ended = guard.handle();
        // What the library reported before the connection was up still counts.
        ended.set(END.eof());
        ended.established();
    })
    .one();
    assert_eq!(end.cause().unwrap().as_str(), "unclean_eof");
    let end = capture(|| guard(1).connecting().established()).one();
    assert_eq!(end.cause().unwrap().as_str(), "dropped");
}

#[test]
fn a_connection_that_comes_up_too_late_has_no_line() {
    let mut lines = 0;
    let guard = DisconnectGuard::new(END, |_| lines += 1).connecting();
    let ended = guard.handle();
    drop(guard);
    ended.established();
    drop(ended);
    assert_eq!(lines, 0);
}

#[test]
fn a_channel_of_a_connection_that_never_came_up_has_its_line() {
    let captured = capture(|| {
        let shutdown = Shutdown::new();
        let refused = guard(1).under(&shutdown).connecting();
        let channel = guard(2).under(&refused);
        shutdown.begin();
        assert_eq!(refused.get().unwrap().reason().as_str(), "server_shutdown");
        drop(refused);
        drop(channel);
    });
    let end = captured.one();
    assert_eq!((end.field("id"), end.reason().as_str()), (Some("2"), "server_shutdown"));
}

#[test]
fn a_panic_after_established_is_logged() {
    let captured = capture(|| {
        let work = AssertUnwindSafe(|| {
            let guard = guard(1).connecting();
            guard.established();
            panic!("on purpose");
        });
        catch_unwind(work).unwrap_err();
    });
    assert_eq!(captured.one().cause().unwrap().as_str(), "panicked");
}

/// A peer whose deadline has passed cancels because it gave up, not because it left.
#[test]
fn goodbye_after_the_deadline_is_a_network_error_by_the_peer() {
    const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
    const LATE: &str = "network_error client deadline";
    let failed = |kind| END.failed(&io::Error::from(kind));
    let cancel = || END.received(Code::http2(8));
    let ends: [(Option<Disconnect>, &str); 8] = [
        (None, LATE),
        (Some(END.closed_by_peer()), LATE),
        (Some(cancel()), LATE),
        (Some(END.fin_is_goodbye().eof()), LATE),
        (Some(failed(io::ErrorKind::ConnectionReset)), "network_error network reset"),
        (Some(failed(io::ErrorKind::InvalidData)), "protocol_error client malformed"),
        (Some(END.received(Code::grpc(8))), "unknown client limit"),
        (Some(END.sent(Code::grpc(0))), "graceful server "),
    ];
    let answer = |end: &Disconnect| {
        let text = |category: Option<&'static Category>| category.map_or("", Category::as_str);
        format!("{} {} {}", end.reason().as_str(), text(end.initiator()), text(end.cause()))
    };
    for (end, expected) in ends {
        for timeout in [Some(Duration::ZERO), Some(Duration::from_hours(1)), None] {
            let guard = DisconnectGuard::new(END, |_| ()).within(timeout);
            end.clone().map(|end| guard.set(end));
            let line = guard.finish();
            let is_late = timeout == Some(Duration::ZERO);
            let in_time = end.as_ref().map_or("unknown server dropped".to_owned(), answer);
            assert_eq!(answer(&line), if is_late { expected.to_owned() } else { in_time }, "{timeout:?}");
            assert_eq!(line.code(), end.as_ref().and_then(Disconnect::code));
        }
    }
    let dropped = DisconnectGuard::new(END, |_| ()).within(Some(Duration::ZERO));
    dropped.on_drop(END.closed_locally());
    assert_eq!(answer(&dropped.finish()), LATE);
    // A goodbye and a fault of the connection of the call.
    for (end, expected) in [(cancel(), LATE), (END.keepalive_timeout(), "network_error network keepalive_timeout")] {
        let connection = DisconnectGuard::new(END, |_| ());
        let call = DisconnectGuard::new(END, |_| ()).under(&connection).within(Some(Duration::ZERO));
        connection.set(end);
        assert_eq!(answer(&call.finish()), expected);
    }
}

/// Only behind an end by this side: the network may have taken the goodbye with it.
#[test]
fn an_unreachable_peer_says_nothing_about_its_goodbye() {
    for end in [END.closed_by_peer(), END.received(Code::websocket(1008)), END.keepalive_timeout()] {
        let guard = DisconnectGuard::new(END, |_| ());
        guard.set(end.clone());
        guard.failed(&io::Error::from(io::ErrorKind::NetworkUnreachable));
        assert_eq!(guard.finish(), end);
    }
}

/// The last eighth of the time counts as passed, and the time begins with the guard.
#[test]
fn the_time_of_a_guard_begins_with_it_and_ends_an_eighth_early() {
    const TIME: Duration = Duration::from_secs(1);
    let call = || DisconnectGuard::new(END, |_| ()).within(Some(TIME));
    let late = call();
    thread::sleep(TIME * 9 / 10);
    let in_time = call();
    for (guard, cause) in [(in_time, "dropped"), (late, "deadline")] {
        assert_eq!(guard.finish().cause().map(Category::as_str), Some(cause));
    }
}

#[test]
fn a_replaced_endpoint_resolves_only_later_ends() {
    let finished = |before: &dyn Fn(&BoxedGuard)| {
        let guard = BoxedGuard::boxed(Endpoint::SERVER_FACING_CLIENT, |_| ());
        before(&guard);
        guard.set_endpoint(Endpoint::SERVER_FACING_AGENT);
        guard.finish().direction_as()
    };
    assert_eq!(finished(&|_| ()), Some(ConnectionDirection::ServerToAgent));
    let set = |guard: &BoxedGuard| drop(guard.set(Endpoint::SERVER_FACING_CLIENT.eof()));
    assert_eq!(finished(&set), Some(ConnectionDirection::ClientToServer));
}

/// `finish` returns what the line logs, whatever else influences the end.
#[test]
fn finish_returns_the_logged_end() {
    let finished = |set: &dyn Fn(&BoxedGuard)| {
        let lines: Arc<Mutex<Vec<Disconnect>>> = Arc::default();
        let inside = lines.clone();
        let guard = BoxedGuard::boxed(END, move |end| inside.lock().unwrap().push(end.clone()));
        set(&guard);
        let end = guard.finish();
        assert_eq!(lines.lock().unwrap().as_slice(), std::slice::from_ref(&end));
        assert_eq!(end.direction_as(), Some(ConnectionDirection::ServerToAgent), "filled in");
        end
    };
    assert_eq!(finished(&|_| ()).cause().map(Category::as_str), Some("dropped"));
    assert_eq!(finished(&|guard| guard.on_drop(END.closed_locally())), END.closed_locally());
    let end = finished(&|guard| {
        guard.set_method(ConnectionMethod::Direct);
        guard.set(Disconnect::new(DisconnectReason::Graceful));
    });
    assert_eq!((end.reason().as_str(), end.method_as()), ("graceful", Some(ConnectionMethod::Direct)));
    assert_eq!(finished(&|guard| drop(guard.handle().set(END.eof()))), END.eof());

    let shutdown = Shutdown::new();
    let guard = DisconnectGuard::new(END, |_| ()).under(&shutdown);
    let ended = guard.handle();
    shutdown.begin();
    assert_eq!(guard.finish(), END.shutting_down());
    assert_eq!(ended.set(END.eof()), SetOutcome::TooLate(END.eof()));

    let refused = DisconnectGuard::new(END, |_| panic!("no connection, no line")).connecting();
    refused.handle().set(END.eof());
    assert_eq!(refused.finish(), END.eof());
}

#[test]
fn a_panic_has_its_cause() {
    type Boxed = DisconnectGuard<Box<dyn FnOnce(&Disconnect)>>;
    let panicked = |set: fn(&Boxed)| {
        capture(|| {
            let work = AssertUnwindSafe(|| {
                let write: Box<dyn FnOnce(&Disconnect)> =
                    Box::new(|end: &Disconnect| disconnected!(end, "connection closed"));
                let guard = DisconnectGuard::new(END, write);
                set(&guard);
                panic!("on purpose");
            });
            catch_unwind(work).unwrap_err();
        })
        .one()
    };
    let cause = |end: &Observed| (end.cause().unwrap().as_str().to_owned(), end.expected());
    assert_eq!(cause(&panicked(|_| ())), ("panicked".to_owned(), false));
    assert_eq!(cause(&panicked(|guard| guard.on_drop(END.closed_locally()))), ("panicked".to_owned(), false));
    assert_eq!(cause(&panicked(|guard| drop(guard.set(failed(io::ErrorKind::BrokenPipe))))).0, "panicked");
    assert_eq!(cause(&panicked(|guard| drop(guard.set(END.eof())))).0, "unclean_eof", "the first end wins");
}

#[test]
fn a_late_end_is_returned() {
    let guard = guard(1);
    let ended = guard.handle();
    drop(guard);
    assert_eq!(ended.set(END.closed_locally()), SetOutcome::TooLate(END.closed_locally()));
    assert_eq!(ended.get().unwrap().cause().map(Category::as_str), Some("dropped"), "the line does not change");
}

#[test]
fn the_closure_may_use_its_own_handle() {
    let slot: Arc<Mutex<Option<DisconnectHandle>>> = Arc::default();
    let inside = slot.clone();
    let guard = DisconnectGuard::new(END, move |end| {
        let handle = inside.lock().unwrap().take().unwrap();
        assert_eq!(handle.get().as_ref(), Some(end));
        assert!(matches!(handle.set(END.eof()), SetOutcome::TooLate(_)));
    });
    *slot.lock().unwrap() = Some(guard.handle());
    drop(guard);
    assert!(slot.lock().unwrap().is_none(), "the closure ran");
}

#[test]
fn many_threads_cause_one_line() {
    let captured = capture(|| {
        let guard = guard(1);
        let kept: usize = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    let ended = guard.handle();
                    scope.spawn(move || usize::from(ended.set(END.eof()) == SetOutcome::Kept))
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(kept, 1);
    });
    captured.one();
}

#[test]
fn a_guard_may_be_shared_and_sent() {
    fn both<T: Send + Sync>(_: &T) {}
    let not_sync = Cell::new(7);
    let guard = DisconnectGuard::new(END, move |_| not_sync.set(8));
    both(&guard);
    both(&guard.handle());
    both(&BoxedGuard::boxed(END, |_| ()));
    both(&Shutdown::<u32>::default());
}

#[test]
fn a_panicking_subscriber_loses_only_its_line() {
    let mut seen = [0, 0];
    let [first, second] = &mut seen;
    let work = AssertUnwindSafe(|| {
        let _outlives = DisconnectGuard::new(END, |_| *first += 1);
        let _panics = DisconnectGuard::new(END, |_| {
            *second += 1;
            panic!("a subscriber that panics");
        });
    });
    catch_unwind(work).unwrap_err();
    assert_eq!(seen, [1, 1], "the panic propagates from drop");

    // A second panic during unwinding would abort the process.
    let mut lines = 0;
    let work = AssertUnwindSafe(|| {
        let _panics = DisconnectGuard::new(END, |_| {
            lines += 1;
            panic!("a subscriber that panics");
        });
        panic!("on purpose");
    });
    assert_eq!(catch_unwind(work).unwrap_err().downcast_ref::<&str>(), Some(&"on purpose"));
    assert_eq!(lines, 1);
}

/// The lines of a connection and of a channel inside it.
fn nested(work: impl FnOnce(&DisconnectHandle, &DisconnectHandle)) -> [Observed; 2] {
    let lines = capture(|| {
        let connection = guard(1);
        let channel = DisconnectGuard::new(Endpoint::AGENT_FACING_CLIENT, |end: &Disconnect| {
            disconnected!(end, id = 2, "channel closed");
        })
        .under(&connection);
        work(&connection.handle(), &channel.handle());
        drop(channel);
    })
    .all();
    let [channel, connection] = lines.try_into().unwrap();
    assert_eq!((connection.field("id"), channel.field("id")), (Some("1"), Some("2")));
    [connection, channel]
}

#[test]
fn a_channel_without_an_end_takes_that_of_its_connection() {
    let [connection, channel] = nested(|connection, _| drop(connection.set(END.eof().with_detail("no route"))));
    assert_eq!(reason_and_initiator(&channel), reason_and_initiator(&connection));
    assert_eq!((channel.cause(), channel.detail()), (connection.cause(), Some("no route")));
    let layer = |end: &Observed| end.direction().unwrap().known();
    assert_eq!(layer(&connection), Some(ConnectionDirection::ServerToAgent));
    assert_eq!(layer(&channel), Some(ConnectionDirection::AgentToClient), "the channel keeps its own direction");
}

#[test]
fn an_earlier_end_of_a_channel_outranks_that_of_its_connection() {
    let [connection, channel] = nested(|connection, channel| {
        channel.set(Endpoint::AGENT_FACING_CLIENT.closed_by_peer());
        connection.set(END.eof());
    });
    assert_eq!(channel.reason().as_str(), "client_closed");
    assert_eq!(connection.reason().as_str(), "network_error");
}

#[test]
fn consequences_of_the_connections_end_are_not_the_channels_end() {
    let [_, channel] = nested(|connection, channel| {
        connection.set(failed(io::ErrorKind::ConnectionReset));
        // The command notices that its terminal is gone, and exits cleanly.
        assert_eq!(channel.set(Endpoint::AGENT_FACING_CLIENT.closed_locally()), SetOutcome::Ignored);
    });
    assert_eq!((channel.reason().as_str(), channel.expected()), ("network_error", false));
}

#[test]
fn a_channel_takes_refinements_of_its_connections_end() {
    let [_, channel] = nested(|connection, channel| {
        connection.set(END.eof());
        assert_eq!(channel.get().unwrap().cause().map(Category::as_str), Some("unclean_eof"));
        connection.set(END.received(Code::websocket(1001)));
    });
    assert_eq!(channel.reason().as_str(), "server_shutdown");
}

#[test]
fn the_connections_goodbye_replaces_the_channels_loss() {
    let [_, channel] = nested(|connection, channel| {
        channel.set(Endpoint::AGENT_FACING_CLIENT.eof());
        // A record made by hand does not show that the server is the peer of the connection, and for the channel it is
        // not the peer.
        connection.set(Disconnect::new(DisconnectReason::ServerShutdown).with_initiator(DisconnectInitiator::Server));
    });
    assert_eq!(reason_and_initiator(&channel), ("server_shutdown", Some("server")));
}

#[test]
fn a_logged_line_does_not_change() {
    let connection = DisconnectGuard::new(END, |_| ());
    let channel =
        DisconnectGuard::new(END, |end| assert_eq!(end.reason().as_str(), "network_error")).under(&connection);
    let ended = channel.handle();
    channel.set(END.eof());
    drop(channel);
    connection.handle().set(END.closed_by_peer());
    assert_eq!(ended.get().unwrap().reason().as_str(), "network_error");
}

#[test]
fn a_channel_outlives_its_connection() {
    let lines = capture(|| {
        let connection = guard(1);
        let channel = guard(2).under(&connection);
        connection.on_drop(END.closed_locally());
        drop(connection);
        assert_eq!(channel.set(END.eof()), SetOutcome::Ignored, "the connection ended before, on purpose");
    })
    .all();
    assert_eq!(lines.iter().map(|end| end.reason().as_str()).collect::<Vec<_>>(), ["graceful", "graceful"]);
}

#[test]
fn a_channel_ends_as_the_drop_of_its_connection() {
    for dropped in [END.closed_locally(), END.ended(DisconnectReason::ControlPlaneLost, Side::Local)] {
        let connection = DisconnectGuard::new(END, |_| ());
        let channel = DisconnectGuard::new(END, |_| ()).under(&connection);
        connection.on_drop(dropped.clone());
        drop(connection);
        assert_eq!(channel.finish(), dropped);
    }
}

#[test]
fn a_channel_has_the_method_of_its_connection() {
    let [_, channel] = nested(|connection, channel| {
        channel.set(Endpoint::AGENT_FACING_CLIENT.closed_locally());
        connection.set_method(ConnectionMethod::Direct);
    });
    assert_eq!(channel.method().unwrap().known(), Some(ConnectionMethod::Direct));
    let [_, channel] = nested(|connection, channel| {
        connection.set_method(ConnectionMethod::Direct);
        channel.set_method(ConnectionMethod::Derp);
    });
    assert_eq!(channel.method().unwrap().known(), Some(ConnectionMethod::Derp));
}

#[test]
fn a_guard_cannot_be_under_itself() {
    let connection = DisconnectGuard::new(END, |_| ());
    let channel = DisconnectGuard::new(END, |_| ()).under(&connection);
    let (outer, inner) = (connection.handle(), channel.handle());
    let connection = connection.under(&inner).under(&outer);
    inner.set(END.closed_locally());
    assert_eq!(connection.get(), None, "the end of a channel is not that of its connection");
    drop(connection);
    assert_eq!(
        (outer.get().unwrap().cause().map(Category::as_str), inner.get()),
        (Some("dropped"), Some(END.closed_locally()))
    );
}

fn stopped() -> Verdict {
    Verdict::new(DisconnectReason::WorkspaceStopped, Side::Unknown).by(DisconnectInitiator::Server)
}

#[test]
fn a_shutdown_applies_to_live_connections() {
    let captured = capture(|| {
        let shutdown = Shutdown::default();
        let guard = |id: u64| {
            let context = shutdown.clone();
            let write = move |end: &Disconnect| {
                let build: Option<&(u64, &str, &str)> = context.context(end);
                disconnected!(
                    end,
                    id,
                    build_id = build.map(|build| build.0),
                    build_reason = build.map(|build| build.1),
                    transition = build.map(|build| build.2),
                    "connection closed"
                );
            };
            DisconnectGuard::new(END, write).under(&shutdown)
        };
        let before = guard(1);
        before.set(END.eof());
        let lives = guard(2);
        let channel = DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, id = 3, "channel closed"));
        let channel = channel.under(&lives);

        assert_eq!(shutdown.get(), None);
        assert_eq!(shutdown.set_with(stopped(), (7, "autostop", "stop")), SetOutcome::Kept);
        let going_away = Verdict::going_away(Side::Local);
        for second in [going_away, going_away.with_cause(DisconnectCause::Deadline)] {
            assert_eq!(shutdown.set_with(second, (8, "initiator", "start")), SetOutcome::Ignored);
        }
        assert_eq!(shutdown.get(), Some(stopped()));

        // Consequences of the close that follows.
        assert_eq!(lives.set(END.eof()), SetOutcome::Ignored);
        assert_eq!(lives.set(END.closed_by_peer()), SetOutcome::Ignored);
        let after = guard(4);
        drop((before, channel, lives, after));
    });
    let found: Vec<_> = captured
        .all()
        .iter()
        .map(|end| {
            let field = |name| end.field(name).map(str::to_owned);
            let build = ["build_id", "build_reason", "transition"].map(field);
            (field("id").unwrap(), end.reason().as_str().to_owned(), build)
        })
        .collect();
    let row = |id: &str, reason: &str, build: [Option<&str>; 3]| {
        (id.to_owned(), reason.to_owned(), build.map(|value| value.map(str::to_owned)))
    };
    let (none, build) = ([None; 3], [Some("7"), Some("autostop"), Some("stop")]);
    let expected = [
        row("1", "network_error", none),
        row("3", "workspace_stopped", none),
        row("2", "workspace_stopped", build),
        row("4", "workspace_stopped", build),
    ];
    assert_eq!(found, expected);
}

/// The context is dropped outside the lock.
#[test]
fn a_late_context_may_use_the_shutdown() {
    struct Asks(Option<Shutdown<Self>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            assert!(self.0.as_ref().is_none_or(|shutdown| shutdown.get() == Some(stopped())));
        }
    }
    let shutdown = Shutdown::default();
    assert_eq!(shutdown.set_with(stopped(), Asks(None)), SetOutcome::Kept);
    assert_eq!(shutdown.set_with(stopped(), Asks(Some(shutdown.clone()))), SetOutcome::Ignored);
}

/// The end is recorded before closing, so the goodbye is sent, and times out, afterwards.
#[test]
fn a_goodbye_that_times_out_adds_the_cause_deadline() {
    let timeout = io::Error::new(io::ErrorKind::TimedOut, "no answer within 5 s");
    let end = line(|ended| {
        ended.set(END.shutting_down());
        assert_eq!(ended.failed(&timeout), SetOutcome::Kept);
        assert_eq!(ended.failed(&timeout), SetOutcome::Ignored, "the deadline is already recorded");
    });
    assert_eq!((end.reason().as_str(), end.cause().unwrap().as_str()), ("server_shutdown", "deadline"));
    assert_eq!((end.detail(), end.level()), (Some("no answer within 5 s"), tracing::Level::WARN));

    let guard = DisconnectGuard::new(END, |_| ());
    guard.set(END.shutting_down().with_detail("an upgrade"));
    guard.failed(&timeout);
    assert_eq!(guard.finish().detail(), Some("an upgrade"), "the first detail stays");

    // The shutdown itself is unchanged. Only this connection missed the deadline.
    let shutdown = Shutdown::default();
    shutdown.set_with(stopped(), 7);
    let slow = DisconnectGuard::new(END, |_| ()).under(&shutdown);
    assert_eq!(slow.failed(&timeout), SetOutcome::Kept);
    let end = slow.get().unwrap();
    assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("workspace_stopped", Some("server")));
    assert_eq!((end.cause().map(Category::as_str), shutdown.context(&end)), (Some("deadline"), Some(&7)));
    assert_eq!(DisconnectGuard::new(END, |_| ()).under(&shutdown).get().unwrap().cause().map(Category::as_str), None);

    // An end that is not by this side does not gain a deadline.
    for first in [END.closed_by_peer(), END.eof()] {
        let guard = DisconnectGuard::new(END, |_| ());
        guard.set(first.clone());
        assert_eq!(guard.failed(&timeout), SetOutcome::Ignored, "{first:?}");
    }
}

/// A fault while this side closes becomes the cause, and the line is logged at `WARN`.
#[test]
fn a_fault_after_our_end_becomes_its_cause() {
    let out_of_handles = io::Error::from_raw_os_error(24);
    let behind = |next: Disconnect| {
        let end = line(|ended| {
            ended.set(END.shutting_down());
            ended.set(next);
        });
        let cause = end.cause().map(|cause| cause.as_str().to_owned());
        (end.reason().as_str().to_owned(), cause, end.level())
    };
    let unclean = |cause: &str| ("server_shutdown".to_owned(), Some(cause.to_owned()), tracing::Level::WARN);
    assert_eq!(behind(END.keepalive_timeout()), unclean("deadline"));
    assert_eq!(behind(END.idle_timeout()), unclean("deadline"));
    assert_eq!(behind(failed(io::ErrorKind::InvalidData)), unclean("malformed"));
    assert_eq!(behind(END.received(Code::websocket(1002))), unclean("internal_error"));
    assert_eq!(behind(failed(io::ErrorKind::StorageFull)), unclean("out_of_resources"));
    assert_eq!(behind(END.failed(&out_of_handles)), unclean("out_of_resources"));
    // A back end that refuses a connection, while this one is served to its end.
    assert_eq!(behind(failed(io::ErrorKind::ConnectionRefused)), unclean("unreachable"));
    for consequence in [END.eof(), failed(io::ErrorKind::ConnectionReset), END.received(Code::websocket(1000))] {
        assert_eq!(behind(consequence), ("server_shutdown".to_owned(), None, tracing::Level::INFO));
    }
}

/// The peer answers a close with the same code. That is no statement of the peer.
#[test]
fn an_echoed_close_code_is_no_statement() {
    let broken = io::Error::other("no number");
    for echo in [1000, 1011] {
        let end = line(|ended| {
            ended.failed(&broken);
            assert_eq!(ended.set(END.received(Code::websocket(echo))), SetOutcome::Ignored);
        });
        assert_eq!((reason_and_initiator(&end), end.detail()), (("unknown", Some("")), Some("no number")));
    }
}

/// An end that another endpoint resolved takes the roles and the direction of this one.
#[test]
fn an_end_of_another_connection_is_resolved_here() {
    let other = Endpoint::CLIENT_FACING_SERVER;
    let end = line(|ended| drop(ended.set(other.closed_by_peer())));
    assert_eq!(end.direction().unwrap().as_str(), "server_to_agent");
    assert_eq!(reason_and_initiator(&end), ("graceful", Some("server")));
}

#[test]
fn a_goodbye_that_fails_with_an_unread_error_is_not_clean() {
    let end = line(|ended| {
        ended.set(END.shutting_down());
        assert_eq!(ended.failed(&io::Error::other("the encoder is stuck")), SetOutcome::Kept);
    });
    assert_eq!((end.reason().as_str(), end.cause().unwrap().as_str()), ("server_shutdown", "internal_error"));
    assert_eq!((end.detail(), end.level()), (Some("the encoder is stuck"), tracing::Level::WARN));
    // After a close by this side the peer closes too. That is a consequence.
    for consequence in [io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe, io::ErrorKind::NotConnected] {
        let guard = DisconnectGuard::new(END, |_| ());
        guard.set(END.shutting_down());
        assert_eq!(guard.failed(&io::Error::from(consequence)), SetOutcome::Ignored, "{consequence:?}");
    }
}

#[test]
fn a_guard_allocates_once() {
    let allocations = |work: fn()| {
        work();
        measure(work).count_total
    };
    // With and without handles, with and without a shutdown.
    let alone = allocations(|| {
        let guard = DisconnectGuard::new(END, |end| assert!(end.expected()));
        guard.on_drop(END.closed_locally());
        guard.set_method(ConnectionMethod::Direct);
        guard.set(END.shutting_down());
        guard.set(END.eof());
    });
    assert_eq!(alone, 1);
    let with_handles = allocations(|| {
        let guard = DisconnectGuard::new(END, |end| assert!(end.expected()));
        let (first, second) = (guard.handle(), guard.handle());
        first.set(END.shutting_down());
        second.clone().set(END.eof());
    });
    assert_eq!(with_handles, 1);
    let finished = allocations(|| assert!(!DisconnectGuard::new(END, |_| ()).connecting().finish().expected()));
    assert_eq!(finished, 1);
    let shutdown = Shutdown::new();
    shutdown.begin();
    let under = measure(|| drop(DisconnectGuard::new(END, |end| assert!(end.expected())).under(&shutdown)));
    assert_eq!(under.count_total, 1);
}

/// The memory of one connection: the guard with its one allocation.
#[test]
fn a_guard_is_small() {
    let inline = size_of_val(&DisconnectGuard::new(END, |_| ()));
    let heap = measure(|| drop(DisconnectGuard::new(END, |_| ()))).bytes_total;
    assert!(inline as u64 + heap <= 280, "{inline} + {heap}");
}

#[test]
fn debug_shows_the_end() {
    let guard: DisconnectGuard<_> = DisconnectGuard::new(END, |_| ());
    assert_eq!(format!("{guard:?}"), "DisconnectGuard(None)");
    guard.set(END.closed_locally());
    assert!(format!("{:?}", guard.handle()).contains("graceful"));
    assert_eq!(format!("{:?}", Shutdown::<u8>::default()), "Shutdown(None)");
}
