//! Guards used by several threads at once: one line each, frozen once it is written, and alike on both legs of a pair.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use disconnect_core::evidence::{Side, Verdict};
use disconnect_core::{BoxedGuard, Category, Disconnect, DisconnectGuard, DisconnectHandle, SetOutcome, Shutdown};

use super::guard::palette::{DOWN, Said, UP, palette};
use crate::input::Input;

type Lines = Arc<Mutex<Vec<(usize, Disconnect)>>>;

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let lines = Lines::default();
    let shutdown = Shutdown::new();
    let write = |id: usize| {
        let lines = lines.clone();
        move |end: &Disconnect| lines.lock().expect("nobody panics here").push((id, end.clone()))
    };
    let (down, up) = DisconnectGuard::pair(BoxedGuard::boxed(DOWN, write(0)), BoxedGuard::boxed(UP, write(1)));
    let channel = BoxedGuard::boxed(DOWN, write(2)).under(&down);
    let down = if input.flag() { down.under(&shutdown) } else { down };
    let guards = [down, up, channel];
    let handles = [0, 1, 2].map(|id| guards[id].handle());

    let mut tasks = guards.map(|guard| Task { guard: Some(guard), ..Task::default() });
    let mut said = Vec::new();
    while !input.is_empty() && said.len() < 24 {
        let task = input.below(tasks.len());
        let palette = palette();
        let end = palette[input.below(palette.len())];
        said.push(end);
        tasks[task].work.push(match input.below(8) {
            0 => Work::Drop,
            1 => Work::Begin,
            2 => Work::Ask(input.below(3)),
            _ => Work::Set(input.below(3), end),
        });
    }
    let barrier = Barrier::new(tasks.len());
    thread::scope(|scope| {
        for mut task in tasks {
            let (handles, shutdown, barrier) = (&handles, &shutdown, &barrier);
            scope.spawn(move || {
                barrier.wait();
                task.run(handles, shutdown);
            });
        }
    });
    let lines = std::mem::take(&mut *lines.lock().expect("nobody panics here"));
    holds(&lines, &handles, &said, &shutdown);
}

fn holds(lines: &[(usize, Disconnect)], handles: &[DisconnectHandle; 3], said: &[Said], shutdown: &Shutdown) {
    let line = |id| {
        let mut of_guard = lines.iter().filter(|(of, _)| *of == id).map(|(_, end)| end);
        let line = of_guard.next().expect("every guard has a line");
        assert!(of_guard.next().is_none(), "two lines: {lines:?}");
        line
    };
    for (id, handle) in handles.iter().enumerate() {
        assert_eq!(handle.get().as_ref(), Some(line(id)), "the line stays");
        assert!(matches!(handle.set(DOWN.eof()), SetOutcome::TooLate(_)));
    }
    let [down, up] = [line(0), line(1)];
    let told = |end: &Disconnect| {
        (end.expected(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str), end.code())
    };
    assert_eq!(told(down), told(up), "{lines:?}");
    // A normal end needs a goodbye or a shutdown.
    for (_, end) in lines {
        let may_be = |verdict: Verdict| DOWN.resolve(verdict).expected();
        let was_begun = shutdown.get().is_some();
        assert!(!end.expected() || was_begun || said.iter().any(|said| may_be(said.verdict)), "{end:?}");
    }
}

#[derive(Default)]
struct Task {
    guard: Option<BoxedGuard>,
    work: Vec<Work>,
}

enum Work {
    Drop,
    Begin,
    Ask(usize),
    Set(usize, Said),
}

impl Task {
    fn run(&mut self, handles: &[DisconnectHandle; 3], shutdown: &Shutdown) {
        for work in self.work.drain(..) {
            match work {
                Work::Drop => drop(self.guard.take()),
                Work::Begin => drop(shutdown.set(Verdict::going_away(Side::Local))),
                Work::Ask(guard) => drop(handles[guard].get()),
                Work::Set(guard, said) => {
                    let endpoint = if guard == 1 { UP } else { DOWN };
                    handles[guard].set(endpoint.resolve(said.verdict));
                }
            }
        }
    }
}
