//! Connections that end together: pairs, nested shutdowns, channels, long chains.

use std::io;
use std::sync::{Arc, Mutex};

use disconnect_core::testing::capture;
use disconnect_core::{
    BoxedGuard, Category, Code, ConnectionDirection, ConnectionMethod, Disconnect, DisconnectCause, DisconnectField,
    DisconnectGuard, DisconnectInitiator, DisconnectReason, Endpoint, Peer, Scope, SetOutcome, Shutdown, Side, Verdict,
    disconnected,
};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Party {
    Client,
    Proxy,
    Backend,
    Network,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type")]
enum Link {
    Downstream,
    Upstream,
}

const DOWN: Endpoint = Endpoint::between(&Party::Proxy, Peer::client(&Party::Client), &Link::Downstream);
const UP: Endpoint = Endpoint::between(&Party::Proxy, Peer::server(&Party::Backend), &Link::Upstream);

/// Guards whose lines are collected.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Disconnect>>>);

impl Lines {
    fn guard(&self, endpoint: Endpoint) -> BoxedGuard {
        let lines = self.clone();
        BoxedGuard::boxed(endpoint, move |end| lines.0.lock().unwrap().push(end.clone()))
    }

    /// Reason, initiator and cause of each line, in logging order.
    fn told(&self) -> Vec<(&'static str, Option<&'static str>, Option<&'static str>)> {
        let told = |end: &Disconnect| {
            (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str))
        };
        self.0.lock().unwrap().iter().map(told).collect()
    }
}

/// The two lines of a proxy.
fn pair(
    work: impl FnOnce(&BoxedGuard, &BoxedGuard),
) -> [(&'static str, Option<&'static str>, Option<&'static str>); 2] {
    let lines = Lines::default();
    let (down, up) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(UP));
    work(&down, &up);
    drop((down, up));
    let layers: Vec<_> = lines.0.lock().unwrap().iter().map(Disconnect::direction_as::<Link>).collect();
    assert_eq!(layers, [Some(Link::Downstream), Some(Link::Upstream)], "each line has its own direction");
    lines.told().try_into().unwrap()
}

#[test]
fn both_lines_of_a_pair_have_the_same_end() {
    let both = |row| [row, row];
    let by_client = ("client_closed", Some("client"), None);
    assert_eq!(pair(|down, _| drop(down.set(DOWN.closed_by_peer()))), both(by_client));
    let by_backend = ("server_shutdown", Some("backend"), None);
    assert_eq!(pair(|_, up| drop(up.set(UP.received(Code::websocket(1001))))), both(by_backend));
    let violation = ("protocol_error", Some("backend"), Some("malformed"));
    assert_eq!(pair(|_, up| drop(up.failed(&io::Error::from(io::ErrorKind::InvalidData)))), both(violation));
    let reset = ("network_error", Some("network"), Some("reset"));
    assert_eq!(pair(|down, _| drop(down.failed(&io::Error::from(io::ErrorKind::ConnectionReset)))), both(reset));
    assert_eq!(pair(|_, _| ()), both(("unknown", Some("proxy"), Some("dropped"))));
    // An end by this side names the proxy in both lines, with the reason of its role there.
    let shut_down = [("server_shutdown", Some("proxy"), None), ("client_closed", Some("proxy"), None)];
    assert_eq!(pair(|down, _| drop(down.set(DOWN.shutting_down()))), shut_down);
}

#[test]
fn ends_of_both_connections_follow_precedence() {
    // A declared FIN on one connection is not a clean end if the other one is reset.
    let (down, up) = (DOWN.fin_is_goodbye(), UP.fin_is_goodbye());
    let lines = Lines::default();
    let (client, backend) = DisconnectGuard::pair(lines.guard(down), lines.guard(up));
    assert_eq!(client.set(down.eof()), SetOutcome::Kept);
    assert_eq!(backend.set(up.eof()), SetOutcome::Ignored);
    assert_eq!(backend.failed(&io::Error::from(io::ErrorKind::ConnectionReset)), SetOutcome::Kept);
    drop((client, backend));
    assert_eq!(lines.told(), [("network_error", Some("network"), Some("reset")); 2]);
    // The first end stays, and a goodbye of either peer replaces a loss.
    let [client, _] = pair(|down, up| {
        down.set(DOWN.eof());
        up.set(UP.closed_by_peer());
    });
    assert_eq!(client, ("graceful", Some("backend"), None));
}

#[test]
fn the_first_line_freezes_a_pair() {
    let lines = Lines::default();
    let (down, up) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(UP));
    let ended = up.handle();
    down.set(DOWN.eof());
    drop(down);
    assert!(matches!(ended.set(UP.closed_by_peer()), SetOutcome::TooLate(_)));
    drop(up);
    assert_eq!(lines.told(), [("network_error", Some("network"), Some("unclean_eof")); 2]);
}

#[test]
fn handles_from_before_the_pair_belong_to_it() {
    let lines = Lines::default();
    let (down, up) = (lines.guard(DOWN), lines.guard(UP));
    let (of_down, of_up) = (down.handle(), up.handle());
    of_up.set(UP.eof());
    let shutdown = Shutdown::new();
    let (down, up) = DisconnectGuard::pair(down, up.under(&shutdown));
    let channel = lines.guard(UP).under(&of_up);
    assert_eq!(
        of_down.get().unwrap().cause_as(),
        Some(DisconnectCause::UncleanEof),
        "an end from before the pair counts"
    );
    of_up.set(UP.closed_by_peer());
    shutdown.begin();
    drop((down, up, channel));
    assert_eq!(lines.told(), [("graceful", Some("backend"), None); 3]);
    // A guard stays in its first pair.
    let (first, second) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(UP));
    let (first, third) = DisconnectGuard::pair(first, lines.guard(UP));
    third.set(UP.eof());
    assert_eq!((first.get(), second.get()), (None, None));
}

#[test]
fn a_shutdown_of_either_connection_ends_the_pair() {
    const PLAIN: Endpoint = Endpoint::between(&Party::Proxy, Peer::symmetric(&Party::Backend), &Link::Upstream);
    for second in [false, true] {
        let (lines, shutdowns) = (Lines::default(), [Shutdown::default(), Shutdown::default()]);
        let (down, up) = (lines.guard(DOWN).under(&shutdowns[0]), lines.guard(PLAIN).under(&shutdowns[1]));
        let (down, up) = DisconnectGuard::pair(down, up);
        let channel = lines.guard(PLAIN).under(&up);
        let begun = &shutdowns[usize::from(second)];
        begun.set_with(Verdict::going_away(Side::Local), 7);
        let (down, up) = (down.finish(), up.finish());
        drop(channel);
        assert_eq!(lines.told(), [("server_shutdown", Some("proxy"), None); 3]);
        assert_eq!([&down, &up].map(|end| begun.context(end)), [Some(&7); 2]);
        // A detail that one connection adds appears on both. An end before the shutdown stays.
        let shutdowns = [Shutdown::new(), Shutdown::new()];
        let pair = || {
            let [down, up] = [0, 1].map(|i| DisconnectGuard::new([DOWN, PLAIN][i], |_| ()).under(&shutdowns[i]));
            DisconnectGuard::pair(down, up)
        };
        let (refined, ended) = (pair(), pair());
        ended.0.set(DOWN.eof());
        shutdowns[usize::from(second)].begin();
        refined.0.failed(&io::Error::from(io::ErrorKind::TimedOut));
        assert_eq!(refined.1.finish().cause_as(), Some(DisconnectCause::Deadline));
        assert_eq!(ended.1.finish().cause_as(), Some(DisconnectCause::UncleanEof));
    }
    // Under two shutdowns that have begun, the first one counts. The second shutdown is added after pairing.
    let shutdowns = [Shutdown::default(), Shutdown::default()];
    let (down, up) = DisconnectGuard::pair(BoxedGuard::boxed(DOWN, |_| ()), BoxedGuard::boxed(UP, |_| ()));
    let (down, up) = (down.under(&shutdowns[0]), up.under(&shutdowns[1]));
    shutdowns[1].set_with(Verdict::going_away(Side::Local), 1);
    shutdowns[0].set_with(Verdict::going_away(Side::Local), 0);
    let (down, up) = (down.finish(), up.finish());
    assert_eq!([&down, &up].map(|end| shutdowns[0].context(end)), [Some(&0); 2]);
}

#[test]
fn either_outer_connection_ends_an_inner_pair() {
    for second in [false, true] {
        let lines = Lines::default();
        let around = [DOWN, UP].map(|end| BoxedGuard::boxed(end, |_| ()));
        around[1].set_method(ConnectionMethod::Derp);
        let (down, up) = (lines.guard(DOWN).under(&around[0]), lines.guard(UP).under(&around[1]));
        let (down, up) = DisconnectGuard::pair(down, up);
        around[usize::from(second)].set([DOWN, UP][usize::from(second)].eof());
        drop((down, up));
        assert_eq!(lines.told(), [("network_error", Some("network"), Some("unclean_eof")); 2]);
        let methods: Vec<_> = lines.0.lock().unwrap().iter().map(Disconnect::method_as).collect();
        assert_eq!(methods, [Some(ConnectionMethod::Derp); 2]);
    }
    // Under a connection and a shutdown, the one that ends first counts.
    let (lines, shutdown, connection) = (Lines::default(), Shutdown::new(), BoxedGuard::boxed(DOWN, |_| ()));
    let (down, up) = DisconnectGuard::pair(lines.guard(DOWN).under(&connection), lines.guard(DOWN).under(&shutdown));
    shutdown.begin();
    assert_eq!(down.get().map(|end| end.reason().as_str()), Some("server_shutdown"));
    connection.set(DOWN.closed_by_peer());
    drop((down, up));
    assert_eq!(lines.told(), [("server_shutdown", Some("proxy"), None); 2]);
}

#[test]
fn nested_pairs_are_visited_once() {
    // Each pair is inside the pair around it, with both connections.
    let around = DisconnectGuard::pair(BoxedGuard::boxed(DOWN, |_| ()), BoxedGuard::boxed(UP, |_| ()));
    let mut tower = vec![around];
    for _ in 0..60 {
        let (down, up) = &tower[tower.len() - 1];
        let inner = (BoxedGuard::boxed(DOWN, |_| ()).under(down), BoxedGuard::boxed(UP, |_| ()).under(up));
        tower.push(DisconnectGuard::pair(inner.0, inner.1));
    }
    tower[0].1.set(UP.eof());
    let (down, up) = &tower[60];
    assert_eq!([down, up].map(|leg| leg.get().unwrap().cause_as()), [Some(DisconnectCause::UncleanEof); 2]);
}

#[test]
fn a_party_unknown_to_the_other_endpoint_is_left_out() {
    const AGENT: Endpoint = Endpoint::SERVER_FACING_AGENT;
    let lines = Lines::default();
    let (first, second) = DisconnectGuard::pair(lines.guard(UP), lines.guard(AGENT));
    first.set(UP.closed_by_peer());
    drop((first, second));
    assert_eq!(lines.told(), [("graceful", Some("backend"), None), ("graceful", None, None)]);
}

#[test]
fn each_connection_resolves_a_shutdown_for_itself() {
    const BRIDGE: Endpoint = Endpoint::CLIENT_FACING_SERVER;
    let lines = Lines::default();
    let shutdown = Shutdown::new();
    let guards = [END, BRIDGE].map(|end| lines.guard(end).under(&shutdown));
    shutdown.begin();
    drop(guards);
    assert_eq!(
        lines.told(),
        [("server_shutdown", Some("server"), None), ("client_closed", Some("client"), None)],
        "on the bridge, this side is the client: the remote broker did not leave"
    );
}

/// A server that offers one function for all of its connections and channels.
#[test]
fn a_function_may_take_any_outer_scope() {
    fn end_inside(outer: &impl Scope) -> Disconnect {
        DisconnectGuard::new(END, |_| ()).under(outer).finish()
    }
    let shutdown = Shutdown::new();
    let connection = DisconnectGuard::new(END, |_| ());
    let of_connection = connection.handle();
    shutdown.begin();
    connection.set(END.keepalive_timeout());
    assert_eq!(end_inside(&shutdown), END.shutting_down());
    assert_eq!(
        [end_inside(&connection), end_inside(&of_connection)],
        [END.keepalive_timeout(), END.keepalive_timeout()]
    );
}

#[test]
fn a_connection_adds_its_code_and_detail_to_the_shutdown() {
    let shutdown = Shutdown::default();
    let guard = DisconnectGuard::new(END, |_| ()).under(&shutdown);
    shutdown.set_with(Verdict::going_away(Side::Local), "context");
    assert_eq!(guard.set(END.sent(Code::websocket(1001)).with_detail("told the page")), SetOutcome::Kept);
    let end = guard.get().unwrap();
    assert_eq!((end.code(), end.detail()), (Some(Code::websocket(1001)), Some("told the page")));
    assert_eq!(shutdown.context(&end), Some(&"context"));
    // A further end of this side adds nothing if the first end of this side is no shutdown.
    let guard = DisconnectGuard::new(END, |_| ());
    guard.set(END.closed_locally());
    assert_eq!(guard.set(END.sent(Code::websocket(1001))), SetOutcome::Ignored);
}

#[test]
fn nested_shutdowns_have_separate_contexts() {
    let process = Shutdown::default();
    let server = Shutdown::default().under(&process);
    let guard = || DisconnectGuard::new(END, |_| ()).under(&server);
    let (before, after) = (guard(), guard());
    process.set_with(Verdict::going_away(Side::Local), "process");
    assert_eq!(
        server.set_with(Verdict::closed(Side::Local), "server"),
        SetOutcome::Ignored,
        "the shutdown has already begun"
    );
    let end = before.finish();
    assert_eq!(end.reason().as_str(), "server_shutdown");
    assert_eq!((process.context(&end), server.context(&end)), (Some(&"process"), None));
    // An end of the connection itself has no shutdown context.
    let shutdown = Shutdown::default();
    let guard = DisconnectGuard::new(END, |_| ()).under(&shutdown);
    guard.set(END.shutting_down());
    shutdown.set_with(Verdict::going_away(Side::Local), 7);
    assert_eq!(shutdown.context(&guard.finish()), None);
    drop(after);

    // The inner shutdown comes first and does not affect the outer one.
    let (process, server) = (Shutdown::new(), Shutdown::new());
    let server = server.under(&process);
    server.set(Verdict::new(DisconnectReason::WorkspaceStopped, Side::Unknown).by(DisconnectInitiator::Server));
    process.begin();
    let end = DisconnectGuard::new(END, |_| ()).under(&server).finish();
    assert_eq!(end.reason().as_str(), "workspace_stopped");
    // A shutdown cannot be under itself.
    let one = Shutdown::new();
    let two = Shutdown::new().under(&one);
    let one = one.under(&two);
    assert_eq!((one.get(), two.get()), (None, None));
}

#[test]
fn a_detail_of_the_shutdown_is_on_every_line() {
    let shutdown = Shutdown::new();
    let guard = DisconnectGuard::new(END, |_| ()).under(&shutdown);
    shutdown.set_detailed(Verdict::going_away(Side::Local), "certificate expired");
    assert_eq!(guard.finish().detail(), Some("certificate expired"));
}

#[test]
fn the_inner_method_survives_any_drop_order() {
    for outer_first in [true, false] {
        let lines = Lines::default();
        let outer = lines.guard(END);
        let inner = lines.guard(END).under(&outer);
        inner.set_method(ConnectionMethod::Derp);
        outer.set_method(ConnectionMethod::Direct);
        outer.set(END.eof());
        if outer_first {
            drop(outer);
            drop(inner);
        } else {
            drop(inner);
            drop(outer);
        }
        let mut methods: Vec<_> = lines.0.lock().unwrap().iter().map(Disconnect::method_as).collect();
        if outer_first {
            methods.reverse();
        }
        assert_eq!(methods, [Some(ConnectionMethod::Derp), Some(ConnectionMethod::Direct)]);
    }
}

#[test]
fn a_connections_late_deadline_does_not_affect_a_clean_channel() {
    let shutdown = Shutdown::new();
    let connection = DisconnectGuard::new(END, |_| ()).under(&shutdown);
    let clean = DisconnectGuard::new(END, |_| ()).under(&connection);
    let without = DisconnectGuard::new(END, |_| ()).under(&connection);
    clean.set(END.closed_locally());
    shutdown.begin();
    assert_eq!(without.get().unwrap().cause(), None);
    connection.failed(&io::Error::from(io::ErrorKind::TimedOut));
    assert_eq!(clean.finish().cause(), None);
    // A channel without its own end takes that of its connection, including later refinements.
    assert_eq!(without.finish().cause_as(), Some(DisconnectCause::Deadline));
    assert_eq!(connection.finish().cause_as(), Some(DisconnectCause::Deadline));
}

#[test]
fn a_long_chain_neither_overflows_nor_leaks() {
    const LENGTH: usize = 10_000;
    struct Counted {
        _alive: Arc<()>,
    }
    let alive = Arc::new(());
    // All guards alive: the innermost takes the end of the outermost, on a thread with a small stack.
    std::thread::Builder::new()
        .stack_size(128 * 1024)
        .spawn(|| {
            let mut chain = vec![BoxedGuard::boxed(END, |_| ())];
            for _ in 1..LENGTH {
                let inner = BoxedGuard::boxed(END, |_| ()).under(chain.last().unwrap());
                chain.push(inner);
            }
            chain[0].set(END.eof());
            assert_eq!(chain.last().unwrap().get().unwrap().cause_as(), Some(DisconnectCause::UncleanEof));
            drop(chain);
        })
        .unwrap()
        .join()
        .unwrap();
    // Each guard is under the previous one, which has ended and is not kept alive.
    let shutdown = Shutdown::<Counted>::default();
    let first = DisconnectGuard::new(END, |_| ()).under(&shutdown);
    shutdown.set_with(Verdict::going_away(Side::Local), Counted { _alive: alive.clone() });
    let mut last = BoxedGuard::boxed(END, |_| ()).under(&first);
    drop((first, shutdown));
    for _ in 0..LENGTH {
        let next = BoxedGuard::boxed(END, |_| ()).under(&last);
        drop(std::mem::replace(&mut last, next));
    }
    assert_eq!(Arc::strong_count(&alive), 1, "the shutdown is dropped with the first connection");
    assert_eq!(last.finish().reason().as_str(), "server_shutdown");
}

#[test]
fn a_channel_resolves_the_end_of_its_connection() {
    const FACING_RELAY: Endpoint = Endpoint::between(
        &DisconnectInitiator::Agent,
        Peer::symmetric(&DisconnectInitiator::Server),
        &ConnectionDirection::AgentToClient,
    );
    let lines = Lines::default();
    let connection = lines.guard(Endpoint::AGENT_FACING_CLIENT);
    let channel = lines.guard(Endpoint::AGENT_FACING_CLIENT).under(&connection);
    connection.set(FACING_RELAY.received(Code::websocket(1001)));
    drop((channel, connection));
    assert_eq!(lines.told(), [("server_shutdown", Some("server"), None); 2]);
}

#[test]
fn a_pair_and_its_channel_log_three_lines() {
    let captured = capture(|| {
        let guard = |end: Endpoint, id: u64| {
            DisconnectGuard::new(end, move |end: &Disconnect| disconnected!(end, id, "connection closed"))
        };
        let (down, up) = DisconnectGuard::pair(guard(DOWN, 1), guard(UP, 2));
        let channel = guard(DOWN, 3).under(&up);
        up.set(UP.eof());
        drop((channel, down, up));
    });
    let ids: Vec<_> = captured.all().iter().map(|end| end.field("id").map(str::to_owned)).collect();
    assert_eq!(ids, ["3", "1", "2"].map(|id| Some(id.to_owned())));
}

#[test]
fn a_pair_cannot_be_inside_itself() {
    let outer = BoxedGuard::boxed(END, |_| ());
    let channel = BoxedGuard::boxed(END, |_| ()).under(&outer);
    let inner = BoxedGuard::boxed(END, |_| ()).under(&channel);
    let (outer, inner) = DisconnectGuard::pair(outer, inner);
    outer.set(END.eof());
    assert_eq!(inner.get().unwrap().cause_as(), Some(DisconnectCause::UncleanEof));
    assert_eq!(channel.finish().cause_as(), Some(DisconnectCause::UncleanEof));
}

#[test]
fn a_connection_that_never_came_up_does_not_end_its_pair() {
    let lines = Lines::default();
    // The connection to the back end failed, and then the client says goodbye.
    let (down, up) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(UP).connecting());
    drop(up);
    assert_eq!(down.get(), None);
    assert_eq!(down.set(DOWN.closed_by_peer()), SetOutcome::Kept);
    drop(down);
    let (down, up) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(UP));
    up.discard();
    down.set(DOWN.closed_by_peer());
    drop(down);
    assert_eq!(lines.told(), [("client_closed", Some("client"), None); 2]);
}

#[test]
fn a_channel_of_a_discarded_connection_has_its_own_end() {
    let lines = Lines::default();
    let connection = lines.guard(DOWN);
    let channel = lines.guard(DOWN).under(&connection);
    connection.discard();
    channel.set(DOWN.closed_by_peer());
    drop(channel);
    assert_eq!(lines.told(), [("client_closed", Some("client"), None)]);
}

#[test]
fn a_party_survives_an_endpoint_without_it() {
    const AGENT: Endpoint = Endpoint::AGENT_FACING_SERVER;
    let lines = Lines::default();
    let shutdown = Shutdown::new();
    let (down, agent) = DisconnectGuard::pair(lines.guard(DOWN).under(&shutdown), lines.guard(AGENT));
    shutdown.set(Verdict::going_away(Side::Unknown).by(DisconnectInitiator::Server));
    drop((down, agent));
    assert_eq!(lines.told(), [("server_shutdown", None, None), ("server_shutdown", Some("server"), None)]);
}

#[test]
fn a_record_without_an_initiator_names_nobody_in_either_line() {
    let nobody = ("protocol_error", None, None);
    assert_eq!(pair(|down, _| drop(down.set(Disconnect::new(DisconnectReason::ProtocolError)))), [nobody; 2]);
    let somebody = ("protocol_error", Some("backend"), None);
    let by_backend = || Disconnect::new(DisconnectReason::ProtocolError).with_initiator(Party::Backend);
    assert_eq!(pair(|down, _| drop(down.set(by_backend()))), [somebody; 2]);
    // A set of roles with one for "unknown".
    let lines = Lines::default();
    let (server, agent) = DisconnectGuard::pair(lines.guard(END), lines.guard(Endpoint::AGENT_FACING_SERVER));
    server.set(Disconnect::new(DisconnectReason::ProtocolError));
    drop((server, agent));
    assert_eq!(lines.told(), [nobody; 2]);
    assert!(lines.0.lock().unwrap().iter().all(|end| end.side().is_none()));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Role {
    Player,
    Host,
}

/// Another endpoint cannot know that a player is a client.
#[test]
fn a_client_by_another_name_closed_both_connections() {
    const PLAYER: Endpoint = Endpoint::between(&Role::Host, Peer::client(&Role::Player), &Link::Downstream);
    for end in [PLAYER.closed_by_peer(), PLAYER.resolve(Verdict::closed(Side::Unknown).by(Role::Player))] {
        let lines = Lines::default();
        let (player, agent) = DisconnectGuard::pair(lines.guard(PLAYER), lines.guard(Endpoint::AGENT_FACING_SERVER));
        player.set(end);
        drop((player, agent));
        let reasons: Vec<_> = lines.told().iter().map(|told| told.0).collect();
        assert_eq!(reasons, ["client_closed"; 2]);
    }
}

#[test]
fn a_record_of_another_endpoint_keeps_its_method() {
    let guard = DisconnectGuard::new(DOWN, |_| ());
    guard.set(UP.eof().with_method(ConnectionMethod::Derp));
    let end = guard.finish();
    assert_eq!((end.direction_as(), end.method_as()), (Some(Link::Downstream), Some(ConnectionMethod::Derp)));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    #[expected]
    Left,
    Cheated,
}

/// The other endpoint has neither these roles nor these reasons.
#[test]
fn both_lines_of_a_pair_have_what_one_endpoint_made_of_a_verdict() {
    const AGENT: Endpoint = Endpoint::AGENT_FACING_SERVER;
    for (verdict, down, agent) in [
        (Verdict::closed(Side::Remote), ("client_closed", Some("client")), ("client_closed", Some("client"))),
        (
            Verdict::closed(Side::Unknown).by(Party::Client),
            ("client_closed", Some("client")),
            ("client_closed", Some("client")),
        ),
        (Verdict::closed(Side::Unknown).by(Party::Backend), ("graceful", Some("backend")), ("graceful", None)),
        (Verdict::own(LeaveReason::Left, Side::Remote), ("left", Some("client")), ("left", Some("client"))),
        (Verdict::own(LeaveReason::Cheated, Side::Remote), ("cheated", Some("client")), ("cheated", Some("client"))),
        (Verdict::own(LeaveReason::Cheated, Side::Local), ("cheated", Some("proxy")), ("cheated", Some("agent"))),
        (Verdict::own(LeaveReason::Left, Side::Network), ("unknown", Some("network")), ("unknown", Some("network"))),
    ] {
        let lines = Lines::default();
        let (first, second) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(AGENT));
        first.set(DOWN.resolve(verdict));
        drop((first, second));
        let told: Vec<_> = lines.told().into_iter().map(|(reason, by, _)| (reason, by)).collect();
        assert_eq!(told, [down, agent], "{verdict:?}");
    }
}

#[test]
fn a_panic_of_the_second_connection_is_in_its_line() {
    let lines = Lines::default();
    let (down, up) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(UP));
    down.set(DOWN.closed_by_peer());
    drop(down);
    let panics = std::panic::AssertUnwindSafe(|| {
        let _up = up;
        panic!("on purpose");
    });
    std::panic::catch_unwind(panics).unwrap_err();
    assert_eq!(
        lines.told(),
        [("client_closed", Some("client"), None), ("client_closed", Some("client"), Some("panicked"))]
    );
}

/// The first line says what ended both.
#[test]
fn a_panic_behind_the_first_line_changes_no_fault() {
    let lines = Lines::default();
    let (down, up) = DisconnectGuard::pair(lines.guard(DOWN), lines.guard(UP));
    drop(down);
    let panics = std::panic::AssertUnwindSafe(|| {
        let _up = up;
        panic!("on purpose");
    });
    std::panic::catch_unwind(panics).unwrap_err();
    assert_eq!(lines.told(), [("unknown", Some("proxy"), Some("dropped")); 2]);
}

/// A deadline on one connection and a declared FIN on the other, in both orders: the line is not clean.
#[test]
fn a_declared_fin_keeps_a_deadline_that_was_missed() {
    let (down, up) = (DOWN.fin_is_goodbye(), UP.fin_is_goodbye());
    let late = io::Error::from(io::ErrorKind::TimedOut);
    for deadline_first in [true, false] {
        let (client, backend) =
            DisconnectGuard::pair(DisconnectGuard::new(down, |_| ()), DisconnectGuard::new(up, |_| ()));
        if deadline_first {
            backend.failed(&late);
            client.set(down.eof());
        } else {
            client.set(down.eof());
            backend.failed(&late);
        }
        assert_eq!(client.get().unwrap().cause_as(), Some(DisconnectCause::Deadline));
        assert!(client.get().unwrap().should_warn());
    }
}

/// Asking a nested connection for its end does not change which end its line reports.
#[test]
fn a_question_in_between_turns_no_fault_into_a_normal_end() {
    for asks in [false, true] {
        let outer = DisconnectGuard::new(END, |_| ());
        let inner = DisconnectGuard::new(END, |_| ()).under(&outer);
        inner.failed(&io::Error::other("what is this"));
        outer.set(END.eof());
        if asks {
            assert!(!inner.get().unwrap().expected());
        }
        outer.set(END.closed_by_peer());
        assert!(!inner.finish().expected(), "asked: {asks}");
    }
}
