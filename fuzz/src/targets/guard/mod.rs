//! Guards, handles, pairs, channels and shutdowns, in any order of calls, against a model of the documentation.

mod model;
pub(crate) mod palette;

use std::future::Future;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{self, Poll};

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{
    ConnectionMethod, Context, Disconnect, DisconnectGuard, DisconnectHandle, DisconnectReason, Endpoint, SetOutcome,
    Shutdown, late_ends,
};

use self::model::Model;
use self::palette::{ENDPOINTS, Said, palette};
use crate::input::Input;

/// Which guard wrote it, the end, and its context then.
type Line = (usize, Disconnect, u32);

pub(crate) fn check(bytes: &[u8]) {
    let new_guard = |id, endpoint, lines: Arc<Mutex<Vec<Line>>>| {
        let write = move |end: &Disconnect, count: &u32| {
            lines.lock().expect("nobody panics here").push((id, end.clone(), *count));
        };
        DisconnectGuard::with_context(endpoint, 0, write)
    };
    // Writing down each step would take most of the time.
    if catch_unwind(|| play(bytes, new_guard, false)).is_err() {
        play(bytes, new_guard, true);
    }
}

/// How the body of `run` ends.
#[derive(Clone, Copy, Debug)]
enum Body {
    Ends,
    Fails,
    Panics,
    IsDropped,
}

/// Generic, since the guards' type has no name.
fn play<F: FnOnce(&Disconnect)>(
    bytes: &[u8],
    new_guard: impl Fn(usize, Endpoint, Arc<Mutex<Vec<Line>>>) -> (DisconnectGuard<F>, Context<u32>),
    is_telling: bool,
) {
    let mut input = Input::new(bytes);
    let mut world = World::<F> {
        model: Model::default(),
        guards: Vec::new(),
        handles: Vec::new(),
        contexts: Vec::new(),
        shutdowns: Vec::new(),
        lines: Arc::default(),
        late_before: late_ends(),
        is_telling,
        told: Vec::new(),
    };
    while !input.is_empty() {
        if world.guards.is_empty() || (world.guards.len() < 6 && input.below(12) == 0) {
            let (endpoint, id) = (input.pick(&ENDPOINTS), world.guards.len());
            let (guard, context) = new_guard(id, endpoint, world.lines.clone());
            world.tell(format_args!("{id} is new, {endpoint:?}"));
            world.handles.push(guard.handle());
            world.guards.push(Some(guard));
            world.contexts.push((context, 0));
            world.model.new_guard(endpoint);
        } else {
            world.step(&mut input);
        }
    }
    for guard in 0..world.guards.len() {
        world.drop_guard(guard, false);
        world.asked(guard);
    }
}

/// The guards, and the model that knows what they have to say.
struct World<F: FnOnce(&Disconnect)> {
    model: Model,
    guards: Vec<Option<DisconnectGuard<F>>>,
    /// One of each guard, which outlives it.
    handles: Vec<DisconnectHandle>,
    /// Of each guard, and what it holds.
    contexts: Vec<(Context<u32>, u32)>,
    shutdowns: Vec<Shutdown<usize>>,
    lines: Arc<Mutex<Vec<Line>>>,
    late_before: u64,
    /// Whether to write down what was done, for an input that fails.
    is_telling: bool,
    told: Vec<String>,
}

impl<F: FnOnce(&Disconnect)> World<F> {
    fn step(&mut self, input: &mut Input<'_>) {
        let guard = input.below(self.guards.len());
        let other = input.below(self.guards.len());
        match input.below(22) {
            0..=5 => self.set(guard, input),
            6 => self.drop_guard(guard, false),
            7 => self.drop_guard(guard, true),
            8 => self.finish(guard),
            9 => self.discard(guard),
            10 => self.under_guard(guard, other),
            11 => self.under_shutdown(guard, input),
            12 => self.pair(guard, other),
            13 => self.connecting(guard),
            14 => {
                self.tell(format_args!("{guard} is established"));
                self.handles[guard].established();
                self.model.set_established(guard);
            }
            15 => self.on_drop(guard, input),
            16 => self.announce(input),
            17 => {
                let endpoint = input.pick(&ENDPOINTS);
                self.tell(format_args!("{guard} is {endpoint:?}"));
                self.handles[guard].set_endpoint(endpoint);
                self.model.set_endpoint(guard, endpoint);
            }
            18 => {
                let method = input.pick(ConnectionMethod::ALL);
                self.tell(format_args!("{guard} runs over {method}"));
                self.handles[guard].set_method(method);
                self.model.set_method(guard, method);
            }
            19 => {
                let (context, count) = &mut self.contexts[guard];
                *count += 1;
                context.update(|held| *held += 1);
            }
            20 => self.asked(guard),
            _ => self.run(guard, input),
        }
        let late = late_ends() - self.late_before;
        assert_eq!(late, self.model.late, "late ends after {:#?}", self.told);
    }

    fn tell(&mut self, what: impl std::fmt::Display) {
        if self.is_telling {
            self.told.push(what.to_string());
        }
    }

    fn set(&mut self, guard: usize, input: &mut Input<'_>) {
        let palette = palette();
        let said = palette[input.below(palette.len())];
        let said = Said { detail: input.pick(&[None, None, Some("one"), Some("two")]), ..said };
        // Mostly the connection's own endpoint.
        let own = self.model.endpoint(guard);
        let by = if input.below(8) == 0 { input.pick(&ENDPOINTS) } else { own };
        self.tell(format_args!("{guard} ends as {said:?} by {by:?}"));
        let end = by.resolve(said.verdict);
        let end = said.detail.map_or(end.clone(), |detail| end.with_detail(detail));
        let outcome = match &self.guards[guard] {
            Some(guard) if input.flag() => guard.set(end),
            Some(_) | None => self.handles[guard].set(end),
        };
        let expected = self.model.set(guard, said, by);
        assert_eq!(outcome, expected, "{:#?}", self.told);
    }

    /// What its handle says.
    fn asked(&mut self, guard: usize) {
        self.tell(format_args!("{guard} is asked"));
        let end = self.handles[guard].get();
        let expected = self.model.get(guard);
        assert_eq!(end, expected, "{:#?}", self.told);
        if let Some(guard) = &self.guards[guard] {
            assert_eq!(guard.get(), end, "{:#?}", self.told);
        }
    }

    fn drop_guard(&mut self, guard: usize, panicking: bool) {
        let Some(dropped) = self.guards[guard].take() else { return };
        self.tell(format_args!("{guard} is dropped{}", if panicking { " in a panic" } else { "" }));
        if panicking {
            let unwinds = catch_unwind(AssertUnwindSafe(|| {
                let _dropped = dropped;
                resume_unwind(Box::new("a panic of the task"));
            }));
            assert!(unwinds.is_err());
        } else {
            drop(dropped);
        }
        self.compare_line(guard, panicking);
    }

    fn compare_line(&mut self, guard: usize, panicking: bool) {
        let lines = std::mem::take(&mut *self.lines.lock().expect("nobody panics here"));
        let expected = self.model.finish(guard, panicking);
        let (_, count) = self.contexts[guard];
        let expected: Vec<Line> = expected.into_iter().map(|end| (guard, end, count)).collect();
        assert_eq!(lines, expected, "{:#?}", self.told);
        let said = self.model.shutdown_of(guard);
        for (_, end, _) in lines {
            for (id, shutdown) in self.shutdowns.iter().enumerate() {
                let context = (said == Some(id)).then_some(&id);
                assert_eq!(shutdown.context(&end), context, "{:#?}", self.told);
            }
        }
    }

    fn finish(&mut self, guard: usize) {
        let Some(finished) = self.guards[guard].take() else { return };
        self.tell(format_args!("{guard} is finished"));
        let end = finished.finish();
        self.compare_line(guard, false);
        assert_eq!(end, self.handles[guard].so_far(), "{:#?}", self.told);
    }

    fn discard(&mut self, guard: usize) {
        let Some(discarded) = self.guards[guard].take() else { return };
        self.tell(format_args!("{guard} is discarded"));
        discarded.discard();
        self.model.set_connecting(guard);
        self.compare_line(guard, false);
    }

    /// The body returns an end or an error, panics, or is dropped before it returns.
    fn run(&mut self, guard: usize, input: &mut Input<'_>) {
        let Some(running) = self.guards[guard].take() else { return };
        let own = self.model.endpoint(guard);
        let said = input.pick(&palette());
        let outcome = input.pick(&[Body::Ends, Body::Fails, Body::Panics, Body::IsDropped]);
        self.tell(format_args!("{guard} runs: {outcome:?}, {said:?}"));
        let reset = io::ErrorKind::ConnectionReset;
        let result = match outcome {
            Body::Fails => Err(io::Error::from(reset)),
            Body::Ends | Body::Panics | Body::IsDropped => Ok(own.resolve(said.verdict)),
        };
        let ran = if input.flag() {
            let run = running.run(async move |_| match outcome {
                Body::Panics => resume_unwind(Box::new("a panic of the body")),
                Body::IsDropped => std::future::pending().await,
                Body::Ends | Body::Fails => result,
            });
            let poll = || pin!(run).poll(&mut task::Context::from_waker(task::Waker::noop()));
            catch_unwind(AssertUnwindSafe(poll)).map_or(Poll::Pending, |polled| polled)
        } else {
            let run = || match outcome {
                Body::Panics => running.run_blocking(|_| resume_unwind(Box::new("a panic of the body"))),
                // Nothing can drop a body that blocks.
                Body::IsDropped => Ok(running.finish()),
                Body::Ends | Body::Fails => running.run_blocking(|_| result),
            };
            catch_unwind(AssertUnwindSafe(run)).map_or(Poll::Pending, Poll::Ready)
        };
        match outcome {
            Body::Ends => _ = self.model.set(guard, said, own),
            Body::Fails => _ = self.model.set(guard, Said::RESET, own),
            Body::Panics | Body::IsDropped => {}
        }
        self.compare_line(guard, matches!(outcome, Body::Panics));
        match ran {
            Poll::Ready(Ok(end)) => assert_eq!(end, self.handles[guard].so_far(), "{:#?}", self.told),
            Poll::Ready(Err(error)) => assert_eq!(error.kind(), reset, "{:#?}", self.told),
            Poll::Pending => assert!(matches!(outcome, Body::Panics | Body::IsDropped), "{:#?}", self.told),
        }
    }

    fn under_guard(&mut self, guard: usize, other: usize) {
        let Some(inner) = self.guards[guard].take() else { return };
        self.tell(format_args!("{guard} is under {other}"));
        let inner = match &self.guards[other] {
            Some(other) => inner.under(other),
            None => inner.under(&self.handles[other]),
        };
        self.guards[guard] = Some(inner);
        self.model.put_under_guard(guard, other, self.guards[other].is_none());
    }

    fn under_shutdown(&mut self, guard: usize, input: &mut Input<'_>) {
        let shutdown = self.shutdown(input);
        let Some(inner) = self.guards[guard].take() else { return };
        self.tell(format_args!("{guard} is under the shutdown {shutdown}"));
        self.guards[guard] = Some(inner.under(&self.shutdowns[shutdown]));
        self.model.put_under_shutdown(guard, shutdown);
    }

    fn shutdown(&mut self, input: &mut Input<'_>) -> usize {
        const MOST: usize = 3;
        let shutdown = input.below(MOST).min(self.shutdowns.len());
        if shutdown == self.shutdowns.len() {
            self.shutdowns.push(Shutdown::default());
            self.model.new_shutdown();
        }
        shutdown
    }

    fn announce(&mut self, input: &mut Input<'_>) {
        let shutdown = self.shutdown(input);
        if input.flag() {
            let outer = self.shutdown(input);
            self.tell(format_args!("the shutdown {shutdown} is under {outer}"));
            let _same = self.shutdowns[shutdown].clone().under(&self.shutdowns[outer]);
            return self.model.put_shutdown_under(shutdown, outer);
        }
        let verdict = input.pick(&[
            Verdict::going_away(Side::Local),
            Verdict::new(DisconnectReason::WorkspaceStopped, Side::Local),
            Verdict::closed(Side::Local),
        ]);
        self.tell(format_args!("the shutdown {shutdown} begins: {verdict:?}"));
        let outcome = self.shutdowns[shutdown].set_with(verdict, shutdown);
        assert_eq!(outcome, self.model.announce(shutdown, verdict), "{:#?}", self.told);
        assert!(matches!(outcome, SetOutcome::Kept | SetOutcome::Ignored));
    }

    fn pair(&mut self, first: usize, second: usize) {
        if first == second || self.guards[first].is_none() || self.guards[second].is_none() {
            return;
        }
        self.tell(format_args!("{first} and {second} are a pair"));
        if let (Some(one), Some(two)) = (self.guards[first].take(), self.guards[second].take()) {
            let (one, two) = DisconnectGuard::pair(one, two);
            (self.guards[first], self.guards[second]) = (Some(one), Some(two));
        }
        self.model.pair(first, second);
    }

    fn connecting(&mut self, guard: usize) {
        let Some(up) = self.guards[guard].take() else { return };
        self.tell(format_args!("{guard} is connecting"));
        self.guards[guard] = Some(up.connecting());
        self.model.set_connecting(guard);
    }

    fn on_drop(&mut self, guard: usize, input: &mut Input<'_>) {
        let meant: Vec<Said> = palette().into_iter().filter(|said| said.verdict.side() == Side::Local).collect();
        let said = meant[input.below(meant.len())];
        let Some(dropped) = &self.guards[guard] else { return };
        dropped.on_drop(self.model.endpoint(guard).resolve(said.verdict));
        self.tell(format_args!("a drop of {guard} means {said:?}"));
        self.model.set_on_drop(guard, said);
    }
}
