//! `testing::capture`: which events it captures, which it rejects, and its messages.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use disconnect_core::testing::{Capture, Captured, GlobalCapture, capture, capture_async, capture_global};
use disconnect_core::{
    Disconnect, DisconnectField, DisconnectGuard, DisconnectReason, Endpoint, Inconsistency, disconnected,
};

const END: Endpoint = Endpoint::AGENT_FACING_SERVER;

fn log(id: u64) {
    disconnected!(END.eof(), id, "disconnected from coordination RPC");
}

/// The panic message of a failed assertion.
#[track_caller]
fn refusal<T>(assertion: impl FnOnce() -> T) -> String {
    let Err(panic) = catch_unwind(AssertUnwindSafe(assertion)) else { panic!("the assertion holds") };
    *panic.downcast::<String>().unwrap()
}

#[test]
fn one_returns_the_only_event() {
    let captured = capture(|| {
        log(7);
        "value"
    });
    let end = captured.one();
    assert_eq!((end.reason().known(), end.expected()), (Some(DisconnectReason::NetworkError), false));
    assert_eq!((end.field("id"), end.target(), end.level()), (Some("7"), module_path!(), tracing::Level::WARN));
    assert_eq!(captured.value, "value");
    assert_eq!(captured.all().len(), 1);
}

#[test]
fn one_rejects_no_event() {
    let text = refusal(|| capture(|| tracing::info!("not about an end")).one());
    assert_eq!(text, "expected one disconnect event, found 0");
}

#[test]
fn one_rejects_several_events_and_lists_them() {
    let text = refusal(|| {
        capture(|| {
            log(1);
            disconnected!(level: DEBUG, reason = DisconnectReason::Graceful, detail = "bye", "closed");
        })
        .one()
    });
    let expected = "expected one disconnect event, found 2\n  \
        WARN \"disconnected from coordination RPC\": reason=network_error expected=false initiator=network \
        direction=server_to_agent cause=unclean_eof\n  \
        DEBUG \"closed\": reason=graceful expected=true detail=bye";
    assert_eq!(text, expected);
}

#[test]
fn none_rejects_an_event() {
    capture(|| ()).none();
    let text = refusal(|| capture(|| log(1)).none());
    assert!(text.starts_with("expected no disconnect event, found 1\n  WARN"), "{text}");
}

#[test]
fn contradictions_are_rejected() {
    let contradict = || {
        capture(|| {
            tracing::info!(disconnect_reason = "network_error", disconnect_expected = true, "hand-written");
        })
    };
    for text in [refusal(|| contradict().one()), refusal(|| contradict().all())] {
        assert!(text.starts_with("a disconnect event contradicts itself\n  INFO \"hand-written\""), "{text}");
        assert!(text.ends_with("[disconnect_expected contradicts the reason]"), "{text}");
    }
    assert_eq!(contradict().unchecked()[0].inconsistencies(), [Inconsistency::ExpectedContradicts]);
    refusal(|| contradict().none());
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum LeaveReason {
    #[expected]
    Quit,
    Idle,
}

#[test]
fn own_categories_are_checked_once_registered() {
    let end = Capture::new().register::<LeaveReason>().run(quit).one();
    assert!(end.expected() && end.inconsistencies().is_empty());

    let wrong = || tracing::info!(disconnect_reason = LeaveReason::Idle.as_str(), disconnect_expected = true);
    let text = refusal(|| Capture::new().register::<LeaveReason>().run(wrong).one());
    assert!(text.starts_with("a disconnect event contradicts itself"), "{text}");
}

fn quit() {
    disconnected!(reason = LeaveReason::Quit, "left");
}

#[test]
fn own_expected_reasons_need_registration() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for text in [
        refusal(|| capture(quit).one()),
        refusal(|| capture(quit).all()),
        refusal(|| runtime.block_on(capture_async(async { quit() })).one()),
    ] {
        let expected = "`quit` says that it is expected, but no registered set has it: \
            `Capture::new().register::<YourReason>()`\n  INFO \"left\": reason=quit expected=true";
        assert!(text.starts_with(expected), "{text}");
    }
    let captured = capture(quit);
    let end = &captured.unchecked()[0];
    assert_eq!((end.reason_as(), end.expected()), (Some(LeaveReason::Quit), false));

    let registered = || Capture::new().register::<LeaveReason>();
    assert!(runtime.block_on(registered().run_async(async { quit() })).one().expected());
    // A reason that does not claim to be expected needs no registration.
    let end = capture(|| disconnected!(reason = LeaveReason::Idle, "left")).one();
    assert_eq!(end.inconsistencies(), [Inconsistency::UnknownValue("disconnect_reason")]);
}

/// Each global capture has its own registered sets.
#[test]
fn the_global_capture_registers_own_reasons() {
    let (plain, registered) = (capture_global(), Capture::new().register::<LeaveReason>().global());
    thread::spawn(|| disconnected!(reason = LeaveReason::Quit, id = 815, "left")).join().unwrap();
    let own = |captured: Captured| captured.only(|end| end.field("id") == Some("815"));
    assert!(own(registered.captured()).one().expected());
    let text = refusal(|| own(plain.captured()).one());
    assert!(text.starts_with("`quit` says that it is expected"), "{text}");
}

#[test]
fn every_level_is_captured() {
    let captured = capture(|| {
        disconnected!(level: TRACE, END.closed_locally(), "closed");
        disconnected!(level: ERROR, END.eof(), "lost");
    });
    assert_eq!(captured.all().iter().map(|end| end.level().to_string()).collect::<Vec<_>>(), ["TRACE", "ERROR"]);
}

#[test]
fn a_nested_capture_takes_its_own_events() {
    let outer = capture(|| {
        log(1);
        let inner = capture(|| log(2));
        log(3);
        inner.one()
    });
    assert_eq!(outer.value.field("id"), Some("2"));
    assert_eq!(outer.all().iter().map(|end| end.field("id")).collect::<Vec<_>>(), [Some("1"), Some("3")]);
}

#[test]
fn a_panic_propagates_and_resets_the_subscriber() {
    let panicked = catch_unwind(|| capture(|| panic!("on purpose"))).unwrap_err();
    assert_eq!(panicked.downcast_ref::<&str>(), Some(&"on purpose"));
    log(1);
    capture(|| log(2)).one();
}

#[test]
fn only_the_global_capture_sees_spawned_threads() {
    let global: GlobalCapture = capture_global();
    let captured = capture(|| thread::spawn(|| log(4711)).join().unwrap());
    captured.none();
    let own = |captured: Captured| captured.only(|end| end.field("id") == Some("4711"));
    own(global.captured()).one();
    own(capture_global().captured()).none();
    assert_eq!(own(global.captured()).one().reason().as_str(), "network_error");
}

#[test]
fn a_future_may_move_between_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let work = async {
        let guard = DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "closed"));
        tokio::task::yield_now().await;
        guard.set(END.closed_locally());
        7
    };
    let captured = runtime.block_on(async { tokio::spawn(capture_async(work)).await.unwrap() });
    assert_eq!((captured.one().reason().as_str(), captured.value), ("graceful", 7));
}

#[test]
fn two_concurrent_futures_capture_separately() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let work = |id| {
        capture_async(async move {
            tokio::task::yield_now().await;
            log(id);
        })
    };
    let (first, second) = runtime.block_on(async { tokio::join!(work(1), work(2)) });
    assert_eq!((first.one().field("id"), second.one().field("id")), (Some("1"), Some("2")));
}

/// A future may keep values after it completes.
#[test]
fn events_of_a_completed_futures_drop_are_captured() {
    let guard = DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "closed"));
    let work = std::future::poll_fn(move |_| std::task::Poll::Ready(guard.handle().set(END.closed_locally())));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(capture_async(work)).one().reason().as_str(), "graceful");
}

/// The values of a future are dropped under its own subscriber, even if it never completes.
#[test]
fn events_of_a_dropped_future_are_captured() {
    let outer = capture(|| {
        let mut inner = Box::pin(capture_async(async {
            let _guard = DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "closed"));
            std::future::pending::<()>().await;
        }));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        assert!(inner.as_mut().poll(&mut context).is_pending());
    });
    outer.none();
}
