//! `run`, errors, panics and late ends under a guard.

use std::error::Error;
use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use disconnect_core::testing::{Captured, capture};
use disconnect_core::{
    BoxedGuard, Category, Disconnect, DisconnectCause, DisconnectField, DisconnectGuard, DisconnectInitiator,
    DisconnectReason, Endpoint, Observed, Peer, SetOutcome, Side, Verdict, disconnected, late_ends,
};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

fn guard() -> DisconnectGuard<impl FnOnce(&Disconnect) + Send> {
    DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "connection closed"))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn answer(end: &Observed) -> (&str, Option<&str>, Option<&str>) {
    let cause = end.cause().map(disconnect_core::Recorded::as_str);
    (end.reason().as_str(), cause, end.detail())
}

/// The line of a connection whose body returns this result.
fn line<E: Error + 'static>(result: Result<Disconnect, E>) -> Observed {
    capture(|| {
        let expected = result.as_ref().err().map(ToString::to_string);
        let returned = guard().run_blocking(|_| result);
        assert_eq!(returned.err().map(|error| error.to_string()), expected, "run returns the error");
    })
    .one()
}

#[test]
fn an_error_is_classified_and_its_text_kept() {
    let end = line(Err(io::Error::from(io::ErrorKind::ConnectionReset)));
    assert_eq!(answer(&end), ("network_error", Some("reset"), Some("connection reset")));
    let end = line(Err(io::Error::other("disk on fire")));
    assert_eq!(answer(&end), ("unknown", None, Some("disk on fire")));
}

#[test]
fn the_text_of_an_error_names_its_sources_once() {
    #[derive(Debug, thiserror::Error)]
    #[error("reading the frame")]
    struct Quiet(#[source] io::Error);
    #[derive(Debug, thiserror::Error)]
    #[error("reading the frame: {0}")]
    struct Loud(#[source] io::Error);

    let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
    assert_eq!(line(Err(Quiet(reset()))).detail(), Some("reading the frame: connection reset"));
    assert_eq!(line(Err(Loud(reset()))).detail(), Some("reading the frame: connection reset"));
    let hostile = io::Error::other(format!("a\nb\u{1b}[31m{}", "x".repeat(1000)));
    let end = line(Err(hostile));
    let detail = end.detail().unwrap();
    assert!(detail.starts_with("a b\u{fffd}[31mxx") && detail.len() <= 256, "{detail}");
}

#[test]
fn an_error_text_can_be_omitted() {
    let secret = io::Error::other("token=s3cr3t");
    let guard = DisconnectGuard::new(END.without_error_detail(), |_| ());
    guard.failed(&secret);
    assert_eq!(guard.finish().detail(), None);
}

#[test]
fn every_container_of_an_error_is_read() {
    let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
    let causes = [
        END.failed(&reset()),
        END.failed(&anyhow::Error::new(reset()).context("reading")),
        END.failed(&(Box::new(reset()) as Box<dyn Error>)),
        END.failed(&(Box::new(reset()) as Box<dyn Error + Send>)),
        END.failed(&(Box::new(reset()) as Box<dyn Error + Send + Sync>)),
        END.failed(&reset() as &(dyn Error + 'static)),
        END.failed(&reset() as &(dyn Error + Send + Sync + 'static)),
        END.failed(&Arc::new(reset())),
    ];
    assert!(causes.iter().all(|end| end.cause_as() == Some(DisconnectCause::Reset)), "{causes:?}");
}

async fn end_of_file(_: disconnect_core::DisconnectHandle) -> io::Result<Disconnect> {
    Ok(END.eof())
}

#[test]
fn run_can_be_spawned_and_cancelled_and_returns_its_end() {
    let captured = capture(|| {
        block_on(async {
            // Spawned: the future is `Send`.
            let served = tokio::spawn(guard().run(async |_| -> anyhow::Result<_> {
                tokio::task::yield_now().await;
                Ok(END.closed_by_peer())
            }));
            assert_eq!(served.await.unwrap().unwrap(), END.closed_by_peer());
            // A function, and a closure that returns a future.
            guard().run(end_of_file).await.unwrap();
            guard().run(|_| async move { io::Result::Ok(END.idle_timeout()) }).await.unwrap();
            // Cancelled.
            let (started, is_started) = tokio::sync::oneshot::channel();
            let task = tokio::spawn(guard().run(async |_| -> io::Result<_> {
                started.send(()).unwrap();
                std::future::pending().await
            }));
            is_started.await.unwrap();
            task.abort();
            task.await.unwrap_err();
        });
    });
    let causes: Vec<_> = captured.all().iter().map(|end| end.cause().map(ToString::to_string)).collect();
    assert_eq!(causes, [None, Some("unclean_eof".into()), Some("idle_timeout".into()), Some("dropped".into())]);
}

#[test]
fn an_end_of_a_handle_precedes_the_returned_end() {
    let end = capture(|| {
        guard()
            .run_blocking(|ended| -> io::Result<_> {
                ended.set(END.closed_by_peer());
                Err(io::ErrorKind::ConnectionReset.into())
            })
            .unwrap_err();
    })
    .one();
    assert_eq!(answer(&end), ("client_closed", None, None));
}

#[test]
fn so_far_returns_the_recorded_end_or_unknown() {
    let end = capture(|| drop(guard().run_blocking(|ended| io::Result::Ok(ended.so_far())))).one();
    assert_eq!((answer(&end), end.expected()), (("unknown", None, None), false));
    let end = capture(|| {
        let result = guard().run_blocking(|ended| {
            let nothing = ended.so_far();
            ended.set(END.closed_locally());
            io::Result::Ok(nothing)
        });
        drop(result);
    })
    .one();
    assert_eq!(answer(&end), ("graceful", None, None), "an end that a task recorded in between stays");
}

#[test]
fn a_panic_replaces_no_fault_and_no_goodbye_replaces_a_panic() {
    let panicked = |end: Option<Disconnect>| {
        capture(|| {
            let work = AssertUnwindSafe(|| {
                let guard = guard();
                end.map(|end| guard.set(end));
                panic!("on purpose");
            });
            catch_unwind(work).unwrap_err();
        })
        .one()
    };
    let told = |end: &Observed| (end.reason().to_string(), end.cause().unwrap().to_string(), end.level());
    let warn = tracing::Level::WARN;
    let row = |reason: &str, cause: &str| (reason.to_owned(), cause.to_owned(), warn);
    assert_eq!(told(&panicked(None)), row("unknown", "panicked"));
    assert_eq!(told(&panicked(Some(END.shutting_down()))), row("unknown", "panicked"));
    assert_eq!(told(&panicked(Some(END.fin_is_goodbye().eof()))), row("unknown", "panicked"));
    assert_eq!(told(&panicked(Some(END.closed_by_peer()))), row("client_closed", "panicked"));
    assert_eq!(told(&panicked(Some(END.eof()))), row("network_error", "unclean_eof"));
}

/// Reasons of a user's own set, without a built-in value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    #[expected]
    Quit,
    Lost,
    Fault,
}

impl From<DisconnectReason> for Leave {
    fn from(reason: DisconnectReason) -> Self {
        match reason {
            DisconnectReason::Graceful
            | DisconnectReason::ClientClosed
            | DisconnectReason::ServerShutdown
            | DisconnectReason::WorkspaceStopped => Self::Quit,
            DisconnectReason::NetworkError => Self::Lost,
            DisconnectReason::Unknown | DisconnectReason::ProtocolError | DisconnectReason::ControlPlaneLost => {
                Self::Fault
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_initiator")]
enum Party {
    Game,
    Player,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("connect_type")]
enum Link {
    Lobby,
}

const GAME: Endpoint = Endpoint::between(&Party::Game, Peer::client(&Party::Player), &Link::Lobby).reasons::<Leave>();

#[test]
fn drops_panics_and_unread_errors_use_own_sets() {
    let ended = |work: &dyn Fn(BoxedGuard)| {
        let seen: Arc<Mutex<Vec<Disconnect>>> = Arc::default();
        let lines = seen.clone();
        let guard = BoxedGuard::boxed(GAME, move |end| lines.lock().unwrap().push(end.clone()));
        let _ = catch_unwind(AssertUnwindSafe(|| work(guard)));
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 1);
        (seen[0].reason_as::<Leave>(), seen[0].initiator_as::<Party>(), seen[0].direction_as::<Link>())
    };
    let (fault, game, lobby) = (Some(Leave::Fault), Some(Party::Game), Some(Link::Lobby));
    assert_eq!(ended(&drop), (fault, game, lobby));
    assert_eq!(ended(&|_guard| panic!("on purpose")), (fault, game, lobby));
    assert_eq!(ended(&|guard| drop(guard.failed(&io::Error::other("?")))), (fault, None, lobby));
    assert_eq!(ended(&|guard| drop(guard.set(GAME.closed_by_peer()))), (Some(Leave::Quit), Some(Party::Player), lobby));
}

#[test]
fn reasons_with_receives_the_complete_record() {
    fn decide(end: &Disconnect) -> Leave {
        match (end.side(), end.cause_as()) {
            (Some(Side::Remote), _) if end.expected() => Leave::Quit,
            (_, Some(DisconnectCause::UncleanEof)) => Leave::Lost,
            _ => Leave::Fault,
        }
    }
    const OWN: Endpoint = GAME.reasons_with(&decide);
    assert_eq!(OWN.closed_by_peer().reason_as(), Some(Leave::Quit));
    assert_eq!(OWN.closed_locally().reason_as(), Some(Leave::Fault));
    assert_eq!(OWN.eof().reason_as(), Some(Leave::Lost));
}

#[test]
fn no_end_by_the_network_is_expected() {
    for end in [
        END.ended(DisconnectReason::Graceful, Side::Network),
        END.ended(Leave::Quit, Side::Network),
        END.resolve(Verdict::closed(Side::Network)),
        END.resolve(Verdict::closed(Side::Unknown).by(DisconnectInitiator::Network)),
        GAME.ended(Leave::Quit, Side::Network),
    ] {
        assert!(!end.expected(), "{end:?}");
    }
}

#[test]
fn a_named_party_is_the_same_on_both_sides() {
    let client = Verdict::closed(Side::Unknown).by(DisconnectInitiator::Client);
    for end in [Endpoint::AGENT_FACING_CLIENT, Endpoint::CLIENT_FACING_AGENT] {
        let end = end.resolve(client);
        assert_eq!((end.reason().as_str(), end.initiator().map(Category::as_str)), ("client_closed", Some("client")));
    }
    // A party outside the endpoint's set is left out.
    let end =
        GAME.resolve(Verdict::new(DisconnectReason::WorkspaceStopped, Side::Unknown).by(DisconnectInitiator::Server));
    assert_eq!((end.reason_as(), end.initiator()), (Some(Leave::Quit), None));
}

#[test]
fn own_verdicts_have_built_in_ranks() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("disconnect_reason")]
    enum Own {
        NetworkError,
        Gone,
        #[expected]
        Done,
    }
    let rank = |reason, side| Verdict::own(reason, side).rank();
    let ours = |reason, side| Verdict::new(reason, side).rank();
    assert_eq!(rank(Own::NetworkError, Side::Network), ours(DisconnectReason::NetworkError, Side::Network));
    assert_eq!(rank(Own::Gone, Side::Network), ours(DisconnectReason::NetworkError, Side::Network));
    assert_eq!(rank(Own::Gone, Side::Remote), ours(DisconnectReason::ProtocolError, Side::Remote));
    assert_eq!(rank(Own::Done, Side::Remote), ours(DisconnectReason::Graceful, Side::Remote));
    // Blame is no statement of the peer, so it does not replace an end of file.
    let blamed = Verdict::new(DisconnectReason::ControlPlaneLost, Side::Remote);
    let guard = DisconnectGuard::new(END, |_| ());
    guard.set(END.eof());
    assert_eq!(guard.set(END.resolve(blamed)), SetOutcome::Ignored);
    assert_eq!(guard.set(END.resolve(blamed.said_by_peer())), SetOutcome::Kept);
}

/// A subscriber that collects late ends.
#[derive(Clone, Default)]
struct Late(Arc<Mutex<Vec<String>>>);

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Late {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        struct Reason(Option<String>);
        impl tracing::field::Visit for Reason {
            fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
                if field.name() == "late_reason" {
                    self.0 = Some(value.to_owned());
                }
            }
            fn record_debug(&mut self, _: &tracing::field::Field, _: &dyn std::fmt::Debug) {}
        }
        let mut reason = Reason(None);
        event.record(&mut reason);
        if event.metadata().name() == "disconnect_late" {
            self.0.lock().unwrap().extend(reason.0);
        }
    }
}

#[test]
fn a_late_end_that_would_have_won_is_logged() {
    use tracing_subscriber::layer::SubscriberExt;

    let seen = Late::default();
    let subscriber = tracing_subscriber::registry().with(seen.clone());
    tracing::subscriber::with_default(subscriber, || {
        let before = late_ends();
        let late = |first: Option<Disconnect>, next: Disconnect| {
            let guard = DisconnectGuard::new(END, |_| ());
            let ended = guard.handle();
            first.map(|first| guard.set(first));
            drop(guard);
            assert!(matches!(ended.set(next), SetOutcome::TooLate(_)));
        };
        late(Some(END.eof()), END.closed_by_peer());
        late(None, END.idle_timeout());
        // This end would not have changed the line.
        late(Some(END.closed_by_peer()), END.eof());
        assert!(late_ends() >= before + 2, "other tests may also count");
    });
    assert_eq!(*seen.0.lock().unwrap(), ["client_closed", "network_error"]);
}

#[test]
fn an_observer_ignores_late_ends() {
    let captured: Captured = capture(|| {
        let guard = guard();
        let ended = guard.handle();
        drop(guard);
        ended.set(END.closed_by_peer());
    });
    assert_eq!(captured.one().reason().as_str(), "unknown");
}

#[test]
fn an_empty_detail_is_none() {
    assert_eq!(END.eof().with_detail("").detail(), None);
    assert_eq!(END.eof().with_detail("x").with_detail("").detail(), None);
    let end = line(Err(io::Error::other("")));
    assert_eq!(end.detail(), None);
}

#[test]
fn reason_as_matches_values_and_not_aliases() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("disconnect_reason")]
    enum Legacy {
        #[alias("network_error")]
        Broken,
    }
    assert_eq!(END.eof().reason_as::<Legacy>(), None);
    assert_eq!(Legacy::parse("network_error"), Some(Legacy::Broken));
}

#[test]
fn context_and_role_may_be_set_later() {
    let captured = capture(|| {
        let (guard, ids) = DisconnectGuard::with_context(END, None, |end: &Disconnect, peer: &Option<u64>| {
            disconnected!(end, peer_id = *peer, "connection closed");
        });
        let ended = guard.handle();
        guard
            .run_blocking(|_| -> io::Result<_> {
                ids.update(|peer| *peer = Some(7));
                // The first message shows that the peer is an agent.
                ended.set_endpoint(Endpoint::SERVER_FACING_AGENT);
                Err(io::ErrorKind::InvalidData.into())
            })
            .unwrap_err();
    });
    let end = captured.one();
    assert_eq!((end.reason().as_str(), end.initiator().unwrap().as_str()), ("protocol_error", "agent"));
    assert_eq!((end.direction().unwrap().as_str(), end.field("peer_id")), ("server_to_agent", Some("7")));
}

#[test]
fn a_discarded_guard_logs_no_line() {
    capture(|| guard().discard()).none();
}

#[test]
fn an_own_reason_for_network_errors_is_never_expected() {
    #[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
    #[field("disconnect_reason")]
    enum Careless {
        #[expected]
        Over,
        Odd,
    }
    fn decide(end: &Disconnect) -> Careless {
        if end.reason_as() == Some(DisconnectReason::NetworkError) { Careless::Over } else { Careless::Odd }
    }
    let end = END.reasons_with(&decide).eof();
    assert!(!end.expected(), "{end:?}");
    let end = Disconnect::new(DisconnectReason::Graceful).with_initiator(DisconnectInitiator::Network);
    assert!(!end.expected(), "{end:?}");
}

#[test]
fn a_late_end_is_logged_once_and_only_after_a_line() {
    let told = |guard: DisconnectGuard<fn(&Disconnect)>, late: &[Disconnect]| {
        use tracing_subscriber::layer::SubscriberExt;
        let seen = Late::default();
        let subscriber = tracing_subscriber::registry().with(seen.clone());
        tracing::subscriber::with_default(subscriber, || {
            let ended = guard.handle();
            drop(guard);
            for end in late {
                ended.set(end.clone());
            }
        });
        let seen = seen.0.lock().unwrap();
        seen.len()
    };
    let guard = || DisconnectGuard::new(END, (|_| ()) as fn(&Disconnect));
    assert_eq!(told(guard(), &[END.closed_by_peer(), END.idle_timeout()]), 1);
    assert_eq!(told(guard().connecting(), &[END.closed_by_peer()]), 0, "no connection, no line");
    // An error that only follows from the end of the task.
    let follows = END.failed(&io::Error::from(io::ErrorKind::NotConnected));
    let left = guard();
    left.on_drop(END.closed_locally());
    assert_eq!(told(left, &[follows]), 0);
    // The goodbye times out after the line.
    let shut_down = guard();
    shut_down.set(END.shutting_down());
    assert_eq!(told(shut_down, &[END.failed(&io::Error::from(io::ErrorKind::TimedOut))]), 1);
}

#[test]
fn a_logged_end_does_not_change() {
    let guard = DisconnectGuard::new(END, |_| ());
    let ended = guard.handle();
    guard.set(END.closed_by_peer());
    let line = guard.finish();
    ended.set_endpoint(Endpoint::CLIENT_FACING_SERVER);
    ended.set_method(disconnect_core::ConnectionMethod::Derp);
    assert_eq!(ended.get(), Some(line));
}

#[test]
fn a_panicking_display_loses_only_the_text() {
    #[derive(Debug)]
    struct Rude;
    impl std::fmt::Display for Rude {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            panic!("on purpose");
        }
    }
    impl Error for Rude {}
    let guard = DisconnectGuard::new(END, |_| ());
    guard.failed(&io::Error::new(io::ErrorKind::ConnectionReset, Rude));
    let end = guard.finish();
    assert_eq!((end.cause_as(), end.detail()), (Some(DisconnectCause::Reset), None));
}

#[test]
fn pointers_to_an_error_are_read() {
    let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
    let shared: Arc<dyn Error + Send> = Arc::new(reset());
    let ends = [
        END.failed(&shared),
        END.failed(&Arc::new(Arc::new(reset()))),
        END.failed(&Box::new(Arc::new(reset()))),
        END.failed(&Box::new(Box::new(reset()))),
    ];
    assert!(ends.iter().all(|end| end.cause_as() == Some(DisconnectCause::Reset)), "{ends:?}");
}
