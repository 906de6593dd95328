//! Watched streams over scripted IO, by std's traits and by tokio's, against a model of their documentation.

mod model;
mod script;

use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use disconnect_core::{BoxedGuard, Disconnect, SetOutcome, Watched};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::model::Model;
use self::script::{Script, Step};
use super::guard::palette::palette;
use crate::input::Input;

pub(crate) fn check(bytes: &[u8]) {
    let mut input = Input::new(bytes);
    let mut model = Model::default();
    model.fin_is_goodbye = input.flag();
    model.is_tls = input.below(4) == 0;
    model.is_impatient = input.below(8) == 0;
    model.holds = input.flag();
    let lines = Arc::new(Mutex::new(Vec::new()));
    let written = lines.clone();
    let write = move |end: &Disconnect| written.lock().expect("nobody panics here").push(end.clone());
    let guard = BoxedGuard::boxed(model.endpoint(), write);
    // The model waits for a millisecond before it closes.
    let patience = if model.is_impatient { Duration::from_millis(1) } else { Duration::MAX };
    let stream = guard.watch(Script::default()).silent_after(patience);
    let stream = if model.is_tls { stream.above_tls() } else { stream };
    let stream = if model.holds { stream.hold_write_errors() } else { stream };
    let mut play = Play { stream, is_async: input.flag(), received: 0, model };
    while !input.is_empty() {
        play.step(&guard, &mut input);
    }
    let Play { stream, mut model, .. } = play;
    model.closes();
    drop(stream);
    drop(guard);
    let lines = std::mem::take(&mut *lines.lock().expect("nobody panics here"));
    let [line] = &lines[..] else { panic!("one line, and not {}", lines.len()) };
    assert_eq!((line.bytes_in(), line.bytes_out()), (Some(model.bytes_in), Some(model.bytes_out)));
    model.explains(line);
}

/// The calls of a site.
struct Play {
    stream: Watched<Script>,
    is_async: bool,
    /// The last byte that was read.
    received: u8,
    model: Model,
}

impl Play {
    fn step(&mut self, guard: &BoxedGuard, input: &mut Input<'_>) {
        const KINDS: [ErrorKind; 11] = [
            ErrorKind::ConnectionReset,
            ErrorKind::UnexpectedEof,
            ErrorKind::BrokenPipe,
            ErrorKind::InvalidData,
            ErrorKind::PermissionDenied,
            ErrorKind::Other,
            ErrorKind::TimedOut,
            ErrorKind::NotConnected,
            ErrorKind::ConnectionAborted,
            ErrorKind::Interrupted,
            ErrorKind::WouldBlock,
        ];
        let step = match input.below(6) {
            0 => Step::Fin,
            1 => Step::Fails(input.pick(&KINDS)),
            2 => Step::Waits,
            _ => Step::Bytes(1 + input.below(8)),
        };
        match input.below(8) {
            0..=2 => self.read(step, input.below(6)),
            3 | 4 => self.write(step, input.below(6), input.flag()),
            5 => self.flush(step),
            6 => self.close(),
            _ => self.say(guard, input),
        }
        assert_eq!((self.stream.bytes_in(), self.stream.bytes_out()), (self.model.bytes_in, self.model.bytes_out));
        assert_eq!(self.stream.get_ref().taken, self.model.bytes_out);
    }

    fn read(&mut self, step: Step, room: usize) {
        if room > 0 {
            self.stream.get_mut().reads.push_back(step);
        }
        let mut bytes = [0; 8];
        let result = if self.is_async {
            let mut buf = ReadBuf::new(&mut bytes[..room]);
            let polled = Pin::new(&mut self.stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buf);
            ready(polled.map_ok(|()| buf.filled().len()))
        } else {
            self.stream.read(&mut bytes[..room])
        };
        for byte in &bytes[..*result.as_ref().unwrap_or(&0)] {
            self.received = self.received.wrapping_add(1);
            assert_eq!(*byte, self.received);
        }
        self.model.read(step, room, result);
    }

    fn write(&mut self, step: Step, length: usize, vectored: bool) {
        let is_held = self.model.held.is_some();
        if !is_held {
            self.stream.get_mut().writes.push_back(step);
        }
        let bytes = [7; 8];
        let slices = [IoSlice::new(&bytes[..length / 2]), IoSlice::new(&bytes[length / 2..length])];
        let mut context = Context::from_waker(Waker::noop());
        let result = match (self.is_async, vectored) {
            // The script has no vectored writes: std hands over the first slice that is not empty.
            (true, _) => ready(Pin::new(&mut self.stream).poll_write(&mut context, &bytes[..length])),
            (false, true) => self.stream.write_vectored(&slices),
            (false, false) => self.stream.write(&bytes[..length]),
        };
        let offered = if self.is_async || !vectored {
            length
        } else {
            slices.iter().find(|slice| !slice.is_empty()).map_or(0, |slice| slice.len())
        };
        self.model.write(step, offered, length, result);
    }

    fn flush(&mut self, step: Step) {
        self.stream.get_mut().writes.push_back(step);
        let result = if self.is_async {
            ready(Pin::new(&mut self.stream).poll_flush(&mut Context::from_waker(Waker::noop())))
        } else {
            self.stream.flush()
        };
        self.model.flush(step, result);
    }

    fn close(&mut self) {
        self.model.closes();
        if self.is_async {
            let closed = Pin::new(&mut self.stream).poll_shutdown(&mut Context::from_waker(Waker::noop()));
            assert!(ready(closed).is_ok());
        } else {
            self.stream.mark_closing();
        }
    }

    fn say(&mut self, guard: &BoxedGuard, input: &mut Input<'_>) {
        let palette = palette();
        let said = palette[input.below(palette.len())];
        let outcome = guard.set(self.model.endpoint().resolve(said.verdict));
        assert!(!matches!(outcome, SetOutcome::TooLate(_)));
        self.model.said.push((said, self.model.seen.is_empty()));
    }
}

fn ready<T>(polled: Poll<io::Result<T>>) -> io::Result<T> {
    match polled {
        Poll::Ready(result) => result,
        Poll::Pending => Err(ErrorKind::WouldBlock.into()),
    }
}
