//! What the chapter `security` promises and no other test holds: memory under hostile input, and processes, tasks and guards
//! that end in a way in which nobody can write a line.

use std::error::Error;
use std::io::{self, Write};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::{env, fmt, mem, panic, process};

use allocation_counter::measure;
use disconnect_core::testing::{capture, capture_async};
use disconnect_core::{
    Classifier, Code, Detail, Disconnect, DisconnectCause, DisconnectGuard, DisconnectReason, Endpoint, Recorded,
    disconnected,
};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

/// How much of a hostile text there is.
const HUGE: usize = 1 << 20;

/// A text that is written piece by piece, and never as a whole.
struct Endless;

impl fmt::Display for Endless {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (0..HUGE).try_for_each(|_| f.write_str("\u{1b}[2J disconnect_expected=true\n"))
    }
}

/// An error with such a text, and no end of errors inside.
struct Hostile;

impl fmt::Debug for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Endless, f)
    }
}

impl fmt::Display for Hostile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Endless, f)
    }
}

impl Error for Hostile {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&Hostile)
    }
}

#[test]
fn hostile_texts_cost_no_more_memory_than_a_line() {
    let text = "é".repeat(HUGE / 2);
    let peak = |mut run: Box<dyn FnMut() + '_>| {
        run();
        measure(run).bytes_max
    };
    let line = u64::try_from(Detail::MAX_LEN).unwrap();
    assert!(peak(Box::new(|| drop(Detail::from(format_args!("{text}"))))) <= line);
    assert!(peak(Box::new(|| drop(END.failed(&Hostile)))) <= line);
    assert_eq!(peak(Box::new(|| _ = Classifier::new().verdict(&Hostile))), 0);
    assert_eq!(peak(Box::new(|| _ = text.parse::<DisconnectReason>())), 0);
    assert_eq!(peak(Box::new(|| _ = text.parse::<Code>())), 0);
    let explained = Classifier::new().explain(&Hostile).to_string();
    assert!(explained.len() < 64 * 1024, "64 errors, each with one line: {}", explained.len());
    let observed = capture(|| tracing::info!(disconnect_reason = %Endless, disconnect_expected = false, id = %Endless));
    assert!(observed.unchecked()[0].reason().as_str().len() <= 1024);
    assert!(observed.unchecked()[0].field("id").unwrap().len() <= 1024);
}

/// A value that is read back is kept unchanged. The code that reads it decides how much of it to use.
#[test]
fn a_recorded_value_is_as_large_as_what_was_read() {
    let text = "x".repeat(HUGE);
    let recorded = Recorded::<DisconnectReason>::from(text.as_str());
    assert_eq!(recorded.as_str().len(), HUGE);
    assert_eq!(recorded.to_string().len(), Detail::MAX_LEN);
}

/// Some errors are known by their text alone, so the classifier asks an unread error for it, even if no detail is logged.
#[test]
fn a_panicking_text_is_asked_for_without_a_detail_too() {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    #[derive(Debug)]
    struct Rude;
    impl fmt::Display for Rude {
        fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
            ASKED.fetch_add(1, Ordering::Relaxed);
            panic!("on purpose")
        }
    }
    impl Error for Rude {}
    let end = END.without_error_detail().failed(&Rude);
    assert_eq!((end.reason_as(), end.detail()), (Some(DisconnectReason::Unknown), None));
    assert_eq!(ASKED.load(Ordering::Relaxed), 1);
}

/// The text of an error may panic. What it names as its source is read without a net: the panic is one of the connection.
#[test]
fn a_source_that_panics_is_a_panic_of_the_connection() {
    #[derive(Debug)]
    struct Rude;
    impl fmt::Display for Rude {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("rude")
        }
    }
    impl Error for Rude {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            panic!("on purpose")
        }
    }
    let line = capture(|| {
        panic::catch_unwind(|| guard("session closed").run_blocking(|_| -> Result<Disconnect, Rude> { Err(Rude) }))
            .unwrap_err();
    })
    .one();
    assert_eq!(line.cause_as(), Some(DisconnectCause::Panicked));
}

fn guard(message: &'static str) -> DisconnectGuard<impl FnOnce(&Disconnect)> {
    DisconnectGuard::new(END, move |end: &Disconnect| disconnected!(end, "{message}"))
}

/// A guard that was made outside goes with the future. One that the future was to make was never made.
#[tokio::test]
async fn a_task_aborted_before_its_first_poll_has_the_line_of_a_guard_from_outside() {
    let made_outside = guard("from outside");
    let captured = capture_async(async {
        let task = made_outside.run(async |_| -> io::Result<_> { Ok(END.closed_by_peer()) });
        drop(task); // what an abort does with a task that was never polled
        drop(async { guard("from inside").run(async |_| -> io::Result<_> { Ok(END.closed_by_peer()) }).await });
    })
    .await;
    let line = captured.one();
    assert_eq!((line.message(), line.cause_as()), (Some("from outside"), Some(DisconnectCause::Dropped)));
}

/// The same through a runtime, which owns the task and drops it.
#[tokio::test]
async fn an_aborted_task_of_a_runtime_has_its_line_before_its_first_poll() {
    let (ended, ends) = mpsc::channel();
    let guard = DisconnectGuard::new(END, move |end: &Disconnect| ended.send(end.clone()).unwrap());
    let task = tokio::spawn(guard.run(async |_| -> io::Result<_> { Ok(END.closed_by_peer()) }));
    task.abort(); // this thread is the only one, and has not let the task run
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(ends.recv().unwrap().cause_as(), Some(DisconnectCause::Dropped));
}

#[test]
fn a_leaked_guard_has_no_line_and_its_late_end_is_none() {
    capture(|| {
        let guard = guard("session closed");
        let ended = guard.handle();
        mem::forget(guard);
        ended.set(END.closed_by_peer());
    })
    .none();
}

/// What a process does that ends or is copied while a guard lives, in the child that `child_lines` starts.
const CHILD: &str = "DISCONNECT_TEST_CHILD";

#[test]
fn child() {
    let Ok(way) = env::var(CHILD) else { return };
    let _guard = DisconnectGuard::new(END, |end: &Disconnect| {
        let line = format!("line: {} {}\n", end.reason().as_str(), end.cause().map_or("-", |cause| cause.as_str()));
        io::stderr().write_all(line.as_bytes()).unwrap();
    });
    match way.as_str() {
        "exit" => process::exit(0),
        "abort" => process::abort(),
        // Exactly what a program does that was compiled with `panic = "abort"`: the hook, and no unwinding.
        "panic" => {
            panic::set_hook(Box::new(|_| process::abort()));
            panic!("on purpose");
        }
        #[cfg(unix)]
        "fork" => _ = fork::fork().unwrap(),
        "return" => (),
        _ => unreachable!("no such way"),
    }
}

/// The lines of a process that ends in this way.
fn child_lines(way: &str) -> Vec<String> {
    let arguments = ["limits::child", "--exact", "--nocapture", "--test-threads=1"];
    let output = Command::new(env::current_exe().unwrap()).args(arguments).env(CHILD, way).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    stderr.lines().filter_map(|line| Some(line.split_once("line: ")?.1.to_owned())).collect()
}

#[test]
fn a_process_that_exits_at_once_writes_no_line() {
    assert_eq!(child_lines("return"), ["unknown dropped"], "the child can write one");
    assert_eq!(child_lines("exit"), [""; 0]);
    assert_eq!(child_lines("abort"), [""; 0]);
}

#[test]
fn a_panic_that_aborts_writes_no_line() {
    assert_eq!(child_lines("panic"), [""; 0]);
}

/// Both processes have the guard.
#[cfg(unix)]
#[test]
fn a_fork_writes_the_line_twice() {
    assert_eq!(child_lines("fork"), ["unknown dropped", "unknown dropped"]);
}
