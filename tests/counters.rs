//! The counters: every series from the start, closed labels, exact numbers.

use std::thread;

use allocation_counter::measure;
use disconnect_core::testing::Capture;
use disconnect_core::{
    ConnectionDirection, ConnectionMethod, Count, Counters, Disconnect, DisconnectField, DisconnectInitiator,
    DisconnectReason, Endpoint, PerCategory, Recorded, Snapshot, disconnected,
};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

/// Counters over all four axes.
type WithMethod = Counters<DisconnectReason, DisconnectInitiator, ConnectionDirection, ConnectionMethod>;

fn counted(snapshot: &Snapshot) -> Vec<Count> {
    snapshot.iter().filter(|count| count.value > 0).collect()
}

#[test]
fn every_series_exists_once_from_the_start() {
    let counters = WithMethod::default();
    let snapshot = counters.snapshot();
    assert_eq!((snapshot.iter().count(), snapshot.total()), (WithMethod::LEN, 0));
    let labels = |count: &Count| (count.reason, count.expected, count.initiator, count.direction, count.method);
    let mut all: Vec<_> = snapshot.iter().map(|count| labels(&count)).collect();
    all.sort_unstable();
    all.dedup();
    // `unrecognized` has two expected flags, beside 8 reasons. The empty initiator is a category; directions have no
    // empty category.
    assert_eq!(all.len(), (8 + 2) * (5 + 1) * (3 + 2) * (3 + 1));
    assert_eq!(all.len(), WithMethod::LEN);
}

#[test]
fn an_omitted_axis_adds_no_series() {
    // The method is not counted by default.
    assert_eq!(<Counters>::LEN, (8 + 2) * (5 + 1) * (3 + 2));
    let counters = Counters::new();
    counters.count(&END.eof().with_method(ConnectionMethod::Derp));
    assert_eq!(counted(&counters.snapshot())[0].method, "");

    let reasons = Counters::<DisconnectReason, (), ()>::default();
    reasons.count(&END.eof());
    reasons.count_as(DisconnectReason::Graceful, None, None, None);
    assert_eq!(Counters::<DisconnectReason, (), ()>::LEN, 8 + 2);
    let rows: Vec<_> = counted(&reasons.snapshot()).iter().map(|count| (count.reason, count.initiator)).collect();
    assert_eq!(rows, [("graceful", ""), ("network_error", "")]);
}

#[test]
fn each_category_may_have_its_own_counters() {
    let counters: PerCategory<ConnectionMethod, Counters> = PerCategory::new(|_| Counters::new());
    counters[ConnectionMethod::Derp].count(&END.eof());
    let totals: Vec<_> = counters.iter().map(|(method, counters)| (method, counters.snapshot().total())).collect();
    let expected = ConnectionMethod::ALL.iter().map(|&method| (method, u64::from(method == ConnectionMethod::Derp)));
    assert_eq!(totals, expected.collect::<Vec<_>>());
    let shown = [ConnectionMethod::Derp, ConnectionMethod::Direct].map(|method| format!("{:?}", counters[method]));
    assert!(shown[0].contains("network_error") && shown[1] == "[]", "{shown:?}");
}

#[test]
fn a_record_is_counted_under_its_categories() {
    let counters = WithMethod::default();
    counters.count(&END.eof().with_method(ConnectionMethod::Derp));
    counters.count(&END.shutting_down());
    counters.count(&END.shutting_down());
    let row = |reason, expected, initiator, method, value| Count {
        reason,
        expected,
        initiator,
        direction: "server_to_agent",
        method,
        value,
    };
    let expected = [row("network_error", false, "network", "derp", 1), row("server_shutdown", true, "agent", "", 2)];
    let mut found = counted(&counters.snapshot());
    found.sort_by_key(|count| count.value);
    assert_eq!(found, expected);
    let snapshot = counters.snapshot();
    assert_eq!((snapshot.total(), snapshot.expected(), snapshot.unexpected()), (3, 2, 1));
    assert_eq!(snapshot.sum(|count| count.method == "derp"), 1);
}

#[test]
fn every_category_has_its_series_in_both_forms() {
    for reason in DisconnectReason::ALL {
        for initiator in DisconnectInitiator::ALL {
            for direction in ConnectionDirection::ALL {
                for method in ConnectionMethod::ALL {
                    if reason.expected() && *initiator == DisconnectInitiator::Network {
                        // Such a record is impossible.
                        continue;
                    }
                    let (typed, record) = (WithMethod::default(), WithMethod::default());
                    typed.count_as(*reason, *initiator, *direction, *method);
                    let end = Disconnect::new(*reason)
                        .with_initiator(*initiator)
                        .with_direction(*direction)
                        .with_method(*method);
                    record.count(&end);
                    let expected = Count {
                        reason: reason.as_str(),
                        expected: reason.expected(),
                        initiator: initiator.as_str(),
                        direction: direction.as_str(),
                        method: method.as_str(),
                        value: 1,
                    };
                    assert_eq!(
                        (counted(&typed.snapshot()), counted(&record.snapshot())),
                        (vec![expected], vec![expected])
                    );
                }
            }
        }
    }
    let open = WithMethod::default();
    open.count_as(DisconnectReason::Graceful, None, None, None);
    assert_eq!(
        (
            counted(&open.snapshot())[0].initiator,
            counted(&open.snapshot())[0].direction,
            counted(&open.snapshot())[0].method
        ),
        ("", "", "")
    );
}

/// Why a player left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    #[expected]
    Quit,
    /// Has the same logged value as a built-in reason.
    NetworkError,
    Idle,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Player {
    Host,
    Guest,
}

#[test]
fn unknown_values_count_as_unrecognized() {
    let counters = Counters::new();
    counters.count(&Disconnect::new(LeaveReason::Quit).with_initiator(Player::Guest));
    counters.count(&Disconnect::new(LeaveReason::Idle));
    counters.count(&Disconnect::new(LeaveReason::NetworkError));
    let found: Vec<_> =
        counted(&counters.snapshot()).iter().map(|count| (count.reason, count.expected, count.initiator)).collect();
    let expected = [("network_error", false, ""), ("unrecognized", false, ""), ("unrecognized", true, "unrecognized")];
    assert_eq!(found, expected);
}

/// Reasons with the logged values of built-in reasons and another meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Otherwise {
    Graceful,
    #[expected]
    NetworkError,
}

#[test]
fn unexpected_ends_never_count_as_expected() {
    let ends = [Disconnect::new(Otherwise::Graceful), Disconnect::new(Otherwise::NetworkError)];
    let counters = Counters::new();
    for end in &ends {
        counters.count(end);
    }
    let found: Vec<_> = counted(&counters.snapshot()).iter().map(|count| (count.reason, count.expected)).collect();
    assert_eq!(found, [("network_error", false), ("unrecognized", false)]);

    // Events whose expected flag is ambiguous do not count as expected either.
    let counters = Counters::new();
    let captured = Capture::new().run(|| {
        tracing::info!(disconnect_reason = "graceful", disconnect_expected = "false");
        tracing::info!(disconnect_reason = "graceful", disconnect_expected = %true);
        tracing::info!(disconnect_reason = "graceful", disconnect_expected = false, disconnect_expected = true);
        tracing::info!(disconnect_reason = "network_error", disconnect_reason = "graceful", disconnect_expected = true);
    });
    assert_eq!(captured.unchecked().len(), 4);
    for end in captured.unchecked() {
        counters.count_observed(end);
        assert!(!end.expected(), "{end}");
    }
    assert_eq!(counters.snapshot().expected(), 0);
    // An event without the expected flag uses that of its reason.
    let captured = Capture::new().run(|| tracing::info!(disconnect_reason = "graceful"));
    counters.count_observed(&captured.unchecked()[0]);
    assert_eq!(counters.snapshot().expected(), 1);
}

/// Categories with the names of the label for unknown values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Taken {
    Unrecognized,
    #[expected]
    Quit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type", values = "verbatim")]
enum TakenTwice {
    Unrecognized,
    #[value("(unrecognized)")]
    InBrackets,
}

#[test]
fn no_two_series_share_labels() {
    type Sets = Counters<Taken, DisconnectInitiator, TakenTwice>;
    let ends = || {
        let own = Disconnect::new(Taken::Unrecognized).with_direction(TakenTwice::Unrecognized);
        let bracketed = Disconnect::new(Taken::Quit).with_direction(TakenTwice::InBrackets);
        // No category of these sets.
        [own, bracketed, END.eof(), END.closed_locally()]
    };
    let counters = Sets::default();
    for end in &ends() {
        counters.count(end);
    }
    let found: Vec<_> = counted(&counters.snapshot())
        .iter()
        .map(|count| (count.reason, count.expected, count.initiator, count.direction))
        .collect();
    let expected = [
        ("unrecognized", false, "", "unrecognized"),
        ("quit", true, "", "(unrecognized)"),
        ("(unrecognized)", false, "network", " unrecognized"),
        ("(unrecognized)", true, "agent", " unrecognized"),
    ];
    assert_eq!(found, expected);
}

#[test]
fn recorded_values_count_on_every_axis() {
    let counters = WithMethod::default();
    let (derp, sideways) = (Recorded::from("derp"), Recorded::from("sideways"));
    counters.count_recorded(&Recorded::from("graceful"), Some(&Recorded::from("")), Some(&sideways), Some(&derp));
    counters.count_recorded(&Recorded::from("quota"), Some(&Recorded::from("moon")), None, None);
    let found: Vec<_> = counted(&counters.snapshot())
        .iter()
        .map(|count| (count.reason, count.expected, count.initiator, count.direction, count.method))
        .collect();
    let expected = [("graceful", true, "", "unrecognized", "derp"), ("unrecognized", false, "unrecognized", "", "")];
    assert_eq!(found, expected);
}

#[test]
fn own_sets_are_axes() {
    let counters = Counters::<LeaveReason, Player>::default();
    counters.count(&Disconnect::new(LeaveReason::Quit).with_initiator(Player::Guest));
    counters.count_as(LeaveReason::Quit, Player::Guest, None, None);
    counters.count(&Disconnect::new(DisconnectReason::Graceful));
    let found: Vec<_> = counters.snapshot().iter().filter(|count| count.value > 0).collect();
    assert_eq!((found[0].reason, found[0].initiator, found[0].value), ("quit", "guest", 2));
    assert_eq!((found[1].reason, found[1].expected, found[1].initiator), ("unrecognized", true, ""));
}

#[test]
fn observed_events_count_without_their_texts() {
    let counters = Counters::new();
    let captured = Capture::new().register::<LeaveReason>().run(|| {
        disconnected!(END.eof(), "lost");
        disconnected!(reason = LeaveReason::Quit, "left");
        tracing::info!(disconnect_reason = "x\" } 1\nforged_total 7", disconnect_expected = true);
        tracing::info!(disconnect_reason = "graceful", disconnect_expected = false, connect_type = "sideways");
    });
    for end in captured.unchecked() {
        counters.count_observed(end);
    }
    let found: Vec<_> = counted(&counters.snapshot())
        .iter()
        .map(|count| (count.reason, count.expected, count.initiator, count.direction))
        .collect();
    let expected = [
        ("network_error", false, "network", "server_to_agent"),
        ("unrecognized", false, "", ""),
        // The event denies being the expected category that it names.
        ("unrecognized", false, "", "unrecognized"),
        ("unrecognized", true, "", ""),
    ];
    assert_eq!(found, expected);
}

#[test]
fn snapshots_have_a_difference() {
    let counters = Counters::new();
    counters.count(&END.eof());
    let before = counters.snapshot();
    counters.count(&END.closed_locally());
    let since = counters.snapshot().since(&before);
    assert_eq!((since.total(), since.expected(), since.unexpected()), (1, 1, 0));
}

#[test]
fn concurrent_counts_are_exact() {
    const EACH: u64 = 10_000;
    let counters = Counters::new();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..EACH).for_each(|_| counters.count(&END.eof())));
        }
    });
    assert_eq!(counted(&counters.snapshot())[0].value, 8 * EACH);
}

#[test]
fn counting_does_not_allocate() {
    let counters = Counters::new();
    let end = END.eof();
    let counted = measure(|| {
        counters.count(&end);
        counters.count_as(DisconnectReason::Graceful, DisconnectInitiator::Agent, None, None);
    });
    assert_eq!(counted.count_total, 0);
}
