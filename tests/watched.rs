//! Watched streams: what the transport saw against what the protocol said.

use std::fmt::Debug;
use std::future::Future;
use std::io::{self, BufRead, BufReader, IoSlice, IoSliceMut, Read, Write};
use std::net::{Shutdown as Direction, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use disconnect_core::testing::{Captured, capture};
use disconnect_core::{
    BoxedGuard, Category, Code, Disconnect, DisconnectGuard, DisconnectReason, Endpoint, Rank, Recorded, SetOutcome,
    Shutdown, Side, Verdict, Watched, disconnected, late_ends,
};
use socket2::SockRef;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;
const RAW: Endpoint = END.fin_is_goodbye();

/// Reason, initiator, cause.
type Answer<'a> = (&'a str, &'a str, &'a str);

const EOF: Answer<'static> = ("network_error", "network", "unclean_eof");
const FIN: Answer<'static> = ("client_closed", "client", "fin");
const RESET: Answer<'static> = ("network_error", "network", "reset");
const SILENT: Answer<'static> = ("network_error", "network", "keepalive_timeout");
const DROPPED: Answer<'static> = ("unknown", "server", "dropped");
const CLOSED_BY_PEER: Answer<'static> = ("client_closed", "client", "");
const CLOSED_LOCALLY: Answer<'static> = ("graceful", "server", "");
const UNKNOWN_BY_PEER: Answer<'static> = ("unknown", "client", "");

fn guard_of(endpoint: Endpoint) -> DisconnectGuard<impl FnOnce(&Disconnect) + Send + 'static> {
    let write = |end: &Disconnect| {
        disconnected!(
            end,
            duration = end.duration_secs(),
            bytes_in = end.bytes_in(),
            bytes_out = end.bytes_out(),
            "connection closed"
        );
    };
    DisconnectGuard::new(endpoint, write)
}

fn guard() -> DisconnectGuard<impl FnOnce(&Disconnect) + Send + 'static> {
    guard_of(END)
}

fn answer(end: &Disconnect) -> Answer<'_> {
    let value = |category: Option<&'static Category>| category.map_or("", Category::as_str);
    (end.reason().as_str(), value(end.initiator()), value(end.cause()))
}

#[track_caller]
fn assert_line(captured: &Captured, expected: Answer<'_>) {
    let end = captured.one();
    let value = |recorded: Option<&Recorded<_>>| recorded.map_or("", Recorded::as_str).to_owned();
    let cause = end.cause().map_or("", Recorded::as_str);
    assert_eq!((end.reason().as_str(), value(end.initiator()).as_str(), cause), expected, "{end}");
}

/// The peer's socket and this side's socket.
fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (peer, listener.accept().unwrap().0)
}

fn reset(peer: TcpStream) {
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
}

/// Reads to the end and ignores the result.
fn drain(mut stream: impl Read) {
    let _ = io::copy(&mut stream, &mut io::sink());
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The same sockets for tokio.
fn tokio_sockets() -> (tokio::net::TcpStream, tokio::net::TcpStream) {
    let tokio = |socket: TcpStream| {
        socket.set_nonblocking(true).unwrap();
        tokio::net::TcpStream::from_std(socket).unwrap()
    };
    let (peer, ours) = sockets();
    (tokio(peer), tokio(ours))
}

#[test]
fn a_fin_is_an_end_of_file() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        drop(peer);
        drain(guard.watch(ours));
        assert_eq!(answer(&guard.get().unwrap()), EOF);
        assert_eq!(answer(&guard.handle().so_far()), EOF);
    });
    assert_line(&captured, EOF);
}

#[test]
fn a_fin_is_a_goodbye_where_the_endpoint_declares_it() {
    let captured = capture(|| {
        let guard = guard_of(RAW);
        let (peer, ours) = sockets();
        drop(peer);
        drain(guard.watch(ours));
    });
    assert_line(&captured, FIN);
}

/// An error that no reader understands may be a truncated message.
#[test]
fn a_report_that_repeats_the_observation_is_kept() {
    let captured = capture(|| {
        let guard = guard_of(RAW);
        let (peer, ours) = sockets();
        drop(peer);
        drain(guard.watch(ours));
        assert_eq!(guard.set(RAW.eof()), SetOutcome::Kept);
    });
    assert_line(&captured, FIN);
}

#[test]
fn a_declared_fin_with_an_error_is_no_goodbye() {
    for is_error_first in [true, false] {
        let captured = capture(|| {
            let guard = guard_of(RAW);
            let (peer, ours) = sockets();
            drop(peer);
            let stream = guard.watch(ours);
            if is_error_first {
                guard.failed(&io::Error::other("half a message"));
                drain(stream);
            } else {
                drain(stream);
                guard.failed(&io::Error::other("half a message"));
            }
        });
        let end = captured.one();
        assert_eq!(end.detail(), Some("half a message"));
        assert_eq!((end.cause().unwrap().as_str(), end.expected()), ("unclean_eof", false));
    }
}

#[test]
fn a_reset_is_attributed_despite_the_librarys_error() {
    let ends: [fn(&BoxedGuard); 4] = [
        |_| (),
        |guard| drop(guard.failed(&io::Error::other("connection lost"))),
        |guard| drop(guard.failed(&io::Error::from(io::ErrorKind::BrokenPipe))),
        // After the error. The peer had already left.
        |guard| drop(guard.set(END.closed_locally())),
    ];
    for said in ends {
        let captured = capture(|| {
            let guard = BoxedGuard::boxed(END, |end| disconnected!(end, "connection closed"));
            let (peer, ours) = sockets();
            let stream = guard.watch(ours);
            reset(peer);
            drain(stream);
            said(&guard);
        });
        assert_line(&captured, RESET);
    }
}

#[test]
fn the_error_of_run_keeps_its_text() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        let mut stream = guard.watch(ours);
        reset(peer);
        guard.run_blocking(|_| -> io::Result<_> {
            io::copy(&mut stream, &mut io::sink())?;
            Ok(END.closed_by_peer())
        })
    });
    let end = captured.one();
    assert_eq!((end.cause().unwrap().as_str(), end.detail().unwrap().contains("reset")), ("reset", true));
}

/// A buffered reader reads the FIN before it parses the goodbye in front of it.
#[test]
fn a_goodbye_outranks_the_fin_after_it() {
    let captured = capture(|| {
        let guard = guard();
        let (mut peer, ours) = sockets();
        peer.write_all(b"goodbye").unwrap();
        drop(peer);
        let mut everything = Vec::new();
        let mut stream = BufReader::new(guard.watch(ours));
        stream.read_to_end(&mut everything).unwrap();
        assert_eq!(answer(&guard.get().unwrap()), EOF, "so far");
        assert_eq!(everything, b"goodbye");
        assert_eq!(guard.set(END.closed_by_peer()), SetOutcome::Kept);
    });
    assert_line(&captured, CLOSED_BY_PEER);
}

#[test]
fn a_code_outranks_the_reset_after_it() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        let stream = guard.watch(ours);
        reset(peer);
        drain(stream);
        guard.set(END.received(Code::websocket(1008)));
    });
    assert_eq!(captured.one().code(), Some("websocket.1008"));
}

#[test]
fn a_read_into_an_empty_buffer_is_no_fin() {
    let captured = capture(|| {
        let guard = guard();
        let (mut peer, ours) = sockets();
        peer.write_all(b"more").unwrap();
        let mut stream = guard.watch(ours);
        assert_eq!(stream.read(&mut []).unwrap(), 0);
        assert_eq!(stream.read_vectored(&mut [IoSliceMut::new(&mut [])]).unwrap(), 0);
        assert_eq!(guard.get(), None);
    });
    assert_line(&captured, DROPPED);
    let captured = capture(|| {
        block_on(async {
            let guard = guard();
            let (mut peer, ours) = tokio_sockets();
            peer.write_all(b"more").await.unwrap();
            let mut stream = guard.watch(ours);
            assert_eq!(stream.read(&mut []).await.unwrap(), 0);
            assert_eq!(guard.get(), None);
        });
    });
    assert_line(&captured, DROPPED);
}

#[test]
fn would_block_is_no_end_of_the_stream() {
    let captured = capture(|| {
        let guard = guard();
        let (_peer, ours) = sockets();
        ours.set_nonblocking(true).unwrap();
        let mut stream = guard.watch(ours);
        assert_eq!(stream.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert_eq!(guard.get(), None);
    });
    assert_line(&captured, DROPPED);
}

/// The peer's answer to a shutdown of this side did not end the connection.
#[test]
fn our_shutdown_precedes_the_peers_fin() {
    let captured = capture(|| {
        block_on(async {
            let guard = guard_of(RAW);
            let (mut peer, ours) = tokio_sockets();
            let mut stream = guard.watch(ours);
            stream.shutdown().await.unwrap();
            assert_eq!(peer.read(&mut [0]).await.unwrap(), 0);
            drop(peer);
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
        });
    });
    assert_line(&captured, DROPPED);
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        let mut stream = guard.watch(ours);
        stream.mark_closing();
        stream.get_ref().shutdown(Direction::Write).unwrap();
        drop(peer);
        drain(stream);
    });
    assert_line(&captured, DROPPED);
}

#[test]
fn our_half_close_is_no_end() {
    let captured = capture(|| {
        block_on(async {
            let guard = guard();
            let (mut peer, ours) = tokio_sockets();
            let mut stream = guard.watch(ours);
            stream.shutdown().await.unwrap();
            peer.write_all(b"the answer").await.unwrap();
            drop(peer);
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer, "the answer");
        });
    });
    assert_line(&captured, EOF);
}

#[test]
fn the_peers_half_close_does_not_undo_our_close() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        peer.shutdown(Direction::Write).unwrap();
        let mut stream = guard.watch(ours);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        stream.write_all(b"answer").unwrap();
        guard.set(END.closed_locally());
        drop(stream);
    });
    assert_line(&captured, CLOSED_LOCALLY);
}

/// The peer is gone, it has not only closed its write direction.
#[test]
fn our_close_does_not_replace_a_failed_write_after_a_fin() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        drop(peer);
        let mut stream = guard.watch(ours);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
        while stream.write_all(b"answer").is_ok() {}
        guard.set(END.closed_locally());
    });
    assert_line(&captured, EOF);
}

#[test]
fn a_shutdown_that_came_before_the_fin_stays() {
    let captured = capture(|| {
        let shutdown = Shutdown::new();
        let guard = guard().under(&shutdown);
        let (peer, ours) = sockets();
        let stream = guard.watch(ours);
        shutdown.begin();
        drop(peer);
        drain(stream);
    });
    assert_line(&captured, ("server_shutdown", "server", ""));
    let captured = capture(|| {
        let shutdown = Shutdown::new();
        let guard = guard().under(&shutdown);
        let (peer, ours) = sockets();
        drop(peer);
        drain(guard.watch(ours));
        shutdown.begin();
    });
    assert_line(&captured, EOF);
}

/// A stream whose peer answers nothing. This side gives up after the first part of `waits`; the second part is the
/// silence timeout of the call site.
fn silent(waits: (u64, u64), said: fn(&BoxedGuard), is_dropped_first: bool) -> Captured {
    capture(|| {
        block_on(async {
            let guard = BoxedGuard::boxed(END, |end| disconnected!(end, "connection closed"));
            let (_peer, ours) = tokio_sockets();
            let mut stream = guard.watch(ours).silent_after(Duration::from_millis(waits.1));
            stream.write_all(b"ping").await.unwrap();
            let pong = tokio::time::timeout(Duration::from_millis(waits.0), stream.read(&mut [0])).await;
            assert!(pong.is_err());
            if is_dropped_first {
                drop(stream);
                said(&guard);
            } else {
                said(&guard);
                drop(guard);
            }
        });
    })
}

#[test]
fn silence_replaces_what_libraries_report_after_it() {
    let hidden: [fn(&BoxedGuard); 5] = [
        |_| (),
        |guard| drop(guard.set(END.closed_by_peer())),
        |guard| drop(guard.failed(&io::Error::other("h2 gave up"))),
        |guard| drop(guard.failed(&io::Error::from(io::ErrorKind::BrokenPipe))),
        |guard| drop(guard.failed(&io::Error::from(io::ErrorKind::ConnectionReset))),
    ];
    for said in hidden {
        for is_dropped_first in [true, false] {
            assert_line(&silent((20, 20), said, is_dropped_first), SILENT);
        }
    }
}

#[test]
fn connections_inside_a_silent_one_end_with_it() {
    let captured = capture(|| {
        block_on(async {
            let connection = guard();
            let (_peer, ours) = tokio_sockets();
            let mut stream = connection.watch(ours).silent_after(Duration::from_millis(1));
            stream.write_all(b"ping").await.unwrap();
            let pong = tokio::time::timeout(Duration::from_millis(20), stream.read(&mut [0])).await;
            assert!(pong.is_err());
            let channel = guard().under(&connection);
            let request = guard().under(&channel);
            drop(request);
            drop(channel);
        });
    });
    let causes: Vec<_> = captured.all().iter().map(|end| end.cause().unwrap().as_str().to_owned()).collect();
    assert_eq!(causes, [SILENT.2; 3]);
}

/// The kernel gave up on the peer of a channel, whose connection this side had closed.
#[test]
#[cfg(target_os = "linux")]
fn silence_behind_an_inherited_goodbye_is_kept() {
    const ETIMEDOUT: i32 = 110;
    let captured = capture(|| {
        let connection = guard();
        connection.set(END.closed_locally());
        let channel = guard().under(&connection);
        let mut stream = channel.watch(Stub(|_| Err(io::Error::from_raw_os_error(ETIMEDOUT))));
        assert_eq!(channel.get(), Some(END.closed_locally()));
        stream.read(&mut [0]).unwrap_err();
        channel.finish();
    });
    let ends = captured.all();
    let [channel, connection] = &ends[..] else { panic!("{ends:?}") };
    assert_eq!((channel.reason().as_str(), channel.cause().map(Recorded::as_str)), ("graceful", Some("deadline")));
    assert_eq!((connection.reason().as_str(), connection.cause().map(Recorded::as_str)), ("graceful", None));
}

#[test]
fn the_protocol_outranks_silence() {
    let code = |guard: &BoxedGuard| drop(guard.set(END.received(Code::websocket(1000))));
    assert_line(&silent((20, 20), code, true), CLOSED_BY_PEER);
    let ours = |guard: &BoxedGuard| drop(guard.set(END.closed_locally()));
    assert_line(&silent((20, 20), ours, true), ("graceful", "server", "deadline"));
}

#[test]
fn a_shorter_silence_does_not_count() {
    assert_line(&silent((5, 60_000), |_| (), true), DROPPED);
    // The peer answered.
    let captured = capture(|| {
        block_on(async {
            let guard = guard();
            let (mut peer, ours) = tokio_sockets();
            let mut stream = guard.watch(ours).silent_after(Duration::from_millis(1));
            stream.write_all(b"ping").await.unwrap();
            peer.write_all(b"p").await.unwrap();
            stream.read_exact(&mut [0]).await.unwrap();
            let more = tokio::time::timeout(Duration::from_millis(20), stream.read(&mut [0])).await;
            assert!(more.is_err());
        });
    });
    assert_line(&captured, DROPPED);
}

/// Neither an empty write nor one before the limit was set waits for an answer.
#[test]
fn only_a_write_that_waits_for_an_answer_starts_the_silence() {
    let limit = Duration::from_millis(1);
    for write_first in [true, false] {
        let captured = capture(|| {
            block_on(async {
                let guard = guard();
                let (_peer, ours) = tokio_sockets();
                let mut stream = guard.watch(ours);
                if write_first {
                    stream.write_all(b"hello").await.unwrap();
                    stream = stream.silent_after(limit);
                } else {
                    stream = stream.silent_after(limit);
                    assert_eq!(stream.write(b"").await.unwrap(), 0);
                }
                let more = tokio::time::timeout(Duration::from_millis(20), stream.read(&mut [0])).await;
                assert!(more.is_err());
            });
        });
        assert_line(&captured, DROPPED);
    }
}

/// One of two streams waited for the peer, so this side may have left it.
#[test]
fn a_read_that_waits_on_either_stream_counts() {
    for waits in [[true, false], [false, true], [true, true], [false, false]] {
        let captured = capture(|| {
            let guard = guard();
            block_on(async {
                for waits in waits {
                    let (_peer, ours) = tokio_sockets();
                    let mut stream = guard.watch(ours);
                    if waits {
                        let more = tokio::time::timeout(Duration::from_millis(1), stream.read(&mut [0])).await;
                        assert!(more.is_err());
                    }
                }
            });
            guard.set(END.resolve(Verdict::closed(Side::Remote).with_rank(Rank::Transport)));
        });
        let by = if waits == [false, false] { "" } else { "server" };
        assert_line(&captured, ("unknown", by, ""));
    }
}

#[test]
fn the_transport_replaces_a_guess() {
    let guess = || END.resolve(Verdict::closed(Side::Remote).with_rank(Rank::FollowOn));
    assert!(guess().expected());
    let captured = capture(|| {
        let guard = guard();
        let (_peer, ours) = sockets();
        drop(guard.watch(ours));
        guard.set(guess());
    });
    assert_line(&captured, ("unknown", "", ""));
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        drop(peer);
        drain(guard.watch(ours));
        guard.set(guess());
    });
    assert_line(&captured, EOF);
}

/// Split above the watched stream and moved into tasks.
#[test]
fn halves_in_tasks_count_as_one_stream() {
    let captured = capture(|| {
        block_on(async {
            let guard = guard();
            let (mut peer, ours) = tokio_sockets();
            let (mut read, mut write) = tokio::io::split(guard.watch(ours));
            let writer = tokio::spawn(async move { write.write_all(b"four").await });
            let mut four = [0; 4];
            peer.read_exact(&mut four).await.unwrap();
            writer.await.unwrap().unwrap();
            assert_eq!(guard.get(), None, "one half is still open");
            peer.write_all(b"seven..").await.unwrap();
            drop(peer);
            let reader = tokio::spawn(async move { tokio::io::copy(&mut read, &mut tokio::io::sink()).await });
            assert_eq!(reader.await.unwrap().unwrap(), 7);
        });
    });
    let end = captured.one();
    assert_eq!(
        (end.cause().unwrap().as_str(), end.field("bytes_in"), end.field("bytes_out")),
        ("unclean_eof", Some("7"), Some("4"))
    );
}

#[test]
fn two_handles_of_one_socket_add_up() {
    let captured = capture(|| {
        let guard = guard();
        let (mut peer, ours) = sockets();
        let mut writer = guard.watch(ours.try_clone().unwrap());
        let reader = guard.watch(ours);
        let writer = thread::spawn(move || writer.write_all(b"four"));
        peer.read_exact(&mut [0; 4]).unwrap();
        writer.join().unwrap().unwrap();
        peer.write_all(b"seven..").unwrap();
        drop(peer);
        drain(reader);
    });
    let end = captured.one();
    assert_eq!((end.field("bytes_in"), end.field("bytes_out")), (Some("7"), Some("4")));
    assert_eq!(end.cause().unwrap().as_str(), "unclean_eof");
}

#[test]
fn durations_and_counts_are_absent_by_default() {
    let end = capture(|| drop(guard())).one();
    assert_eq!([end.field("duration"), end.field("bytes_in"), end.field("bytes_out")], [None; 3]);
    let end = capture(|| drop(guard().timed())).one();
    assert!(end.field("duration").unwrap().parse::<f64>().unwrap() > 0.0);
    assert_eq!([end.field("bytes_in"), end.field("bytes_out")], [None; 2]);
    let end = capture(|| drop(guard().watch(io::empty()))).one();
    assert_eq!([end.field("duration"), end.field("bytes_in"), end.field("bytes_out")], [None, Some("0"), Some("0")]);
}

#[test]
fn the_returned_record_has_the_lines_measurements() {
    let guard = DisconnectGuard::new(END, |_| ()).timed();
    let mut stream = guard.watch(&b"hello"[..]);
    Read::read_exact(&mut stream, &mut [0; 3]).unwrap();
    let ended = guard.handle();
    let end = guard.finish();
    assert_eq!((end.bytes_in(), end.bytes_out()), (Some(3), Some(0)));
    Read::read_exact(&mut stream, &mut [0; 2]).unwrap();
    let later = ended.get().unwrap();
    assert_eq!((later.bytes_in(), later.duration()), (end.bytes_in(), end.duration()), "it is over");
    // The counts of another connection are separate.
    let other = DisconnectGuard::new(END, |end| assert_eq!(end.bytes_in(), None));
    other.set(end);
}

#[test]
fn a_stream_with_its_guard_logs_the_line_when_closed() {
    let captured = capture(|| {
        let (mut peer, ours) = sockets();
        let guard = guard();
        let stream = guard.watch(ours).with_guard(guard);
        let ended = stream.handle().unwrap().clone();
        ended.set(END.closed_locally());
        drop(stream);
        // The stream closed before the line, and the line is logged.
        assert_eq!(peer.read(&mut [0]).unwrap(), 0);
        assert!(matches!(ended.set(END.eof()), SetOutcome::TooLate(_)));
    });
    assert_line(&captured, CLOSED_LOCALLY);
}

#[test]
fn into_inner_stops_watching() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        let ours = guard.watch(ours).into_inner();
        drop(peer);
        drain(ours);
    });
    assert_line(&captured, DROPPED);
    // It is no close by this side, which would discard a goodbye that was derived from a missing error.
    let captured = capture(|| {
        let guard = guard();
        let (_peer, ours) = sockets();
        let _ours = guard.watch(ours).into_inner();
        guard.set(END.resolve(Verdict::closed(Side::Remote).with_rank(Rank::Transport)));
    });
    assert_line(&captured, CLOSED_BY_PEER);
}

#[test]
fn what_is_added_to_a_guard_keeps_what_was_there() {
    let guard = guard();
    let mut stream = guard.watch(&b"hello"[..]);
    Read::read_exact(&mut stream, &mut [0; 3]).unwrap();
    let timed = guard.timed().within(Some(Duration::from_hours(1)));
    let end = capture(|| drop(timed)).one();
    assert_eq!((end.field("bytes_in"), end.field("duration").is_some()), (Some("3"), true));
}

/// The guard is dropped first: its line is logged, and what the stream sees later is not lost.
#[test]
fn late_observations_of_a_stream_are_counted() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        let stream = guard.watch(ours);
        drop(guard);
        drop(peer);
        let before = late_ends();
        drain(stream);
        assert!(late_ends() > before);
    });
    assert_line(&captured, DROPPED);
}

#[test]
fn a_panic_after_a_reset_follows_from_it() {
    let panicked = |end_of_peer: fn(TcpStream)| {
        capture(|| {
            let work = AssertUnwindSafe(|| {
                let guard = guard();
                let (peer, ours) = sockets();
                let stream = guard.watch(ours);
                end_of_peer(peer);
                drain(stream);
                panic!("on purpose");
            });
            catch_unwind(work).unwrap_err();
        })
    };
    assert_line(&panicked(reset), RESET);
    assert_line(&panicked(drop), ("unknown", "server", "panicked"));
}

/// A stream that reads with the given function.
struct Stub(fn(&mut [u8]) -> io::Result<usize>);

impl Read for Stub {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0(buf)
    }
}

impl Write for Stub {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn write_vectored(&mut self, _: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(1000)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_panic_inside_poisons_nothing() {
    let captured = capture(|| {
        let guard = guard();
        let mut stream = guard.watch(Stub(|_| panic!("on purpose")));
        catch_unwind(AssertUnwindSafe(|| stream.read(&mut [0]))).unwrap_err();
        stream.get_mut().0 = |_| Ok(0);
        stream.write_all(b"still there").unwrap();
        drain(stream);
    });
    assert_line(&captured, EOF);
}

#[test]
fn vectored_writes_are_forwarded() {
    let mut stream = Watched::new(Stub(|_| Ok(0)));
    assert_eq!(stream.write_vectored(&[IoSlice::new(b"a"), IoSlice::new(b"b")]).unwrap(), 1000);
    assert_eq!(stream.bytes_out(), 1000);
    block_on(async {
        let (_peer, ours) = tokio_sockets();
        let mut stream = Watched::new(ours);
        assert!(tokio::io::AsyncWrite::is_write_vectored(&stream));
        assert_eq!(stream.write_vectored(&[IoSlice::new(b"ab"), IoSlice::new(b"c")]).await.unwrap(), 3);
        assert_eq!(stream.bytes_out(), 3);
    });
}

#[test]
fn vectored_reads_are_forwarded() {
    use futures_util::io::{AllowStdIo, AsyncReadExt};

    let pair = || {
        let (mut peer, ours) = sockets();
        peer.write_all(b"abc").unwrap();
        (peer, ours)
    };
    let [mut first, mut second] = [[0; 2]; 2];
    let (_peer, ours) = pair();
    let mut stream = Watched::new(ours);
    let read = stream.read_vectored(&mut [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)]).unwrap();
    assert_eq!((read, stream.bytes_in(), &first, second[0]), (3, 3, b"ab", b'c'));

    let [mut first, mut second] = [[0; 2]; 2];
    let (_peer, ours) = pair();
    let mut stream = Watched::new(AllowStdIo::new(ours));
    let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
    let read = block_on(AsyncReadExt::read_vectored(&mut stream, &mut parts)).unwrap();
    assert_eq!((read, stream.bytes_in(), &first, second[0]), (3, 3, b"ab", b'c'));
}

/// Only a read that had room for a byte can find the end of the stream.
#[test]
fn a_vectored_read_finds_the_end_of_the_stream() {
    use futures_util::io::{AllowStdIo, AsyncReadExt};

    for (room, expected) in [(0, DROPPED), (1, EOF)] {
        let buffer = || (vec![0; 0], vec![0; room]);
        let captured = capture(|| {
            let guard = guard();
            let (mut first, mut second) = buffer();
            let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            assert_eq!(guard.watch(io::empty()).read_vectored(&mut parts).unwrap(), 0);
        });
        assert_line(&captured, expected);
        let captured = capture(|| {
            let guard = guard();
            let (mut first, mut second) = buffer();
            let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
            let mut stream = guard.watch(AllowStdIo::new(io::empty()));
            assert_eq!(block_on(AsyncReadExt::read_vectored(&mut stream, &mut parts)).unwrap(), 0);
        });
        assert_line(&captured, expected);
    }
}

/// A stream without vectored writes, and whose shutdown fails.
struct Plain(tokio::net::TcpStream);

impl tokio::io::AsyncRead for Plain {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl tokio::io::AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

impl futures_util::io::AsyncWrite for Plain {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        tokio::io::AsyncWrite::poll_write(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }
}

#[test]
fn a_failed_shutdown_is_forwarded() {
    block_on(async {
        let (_peer, ours) = tokio_sockets();
        let mut stream = Watched::new(Plain(ours));
        assert!(!tokio::io::AsyncWrite::is_write_vectored(&stream));
        assert_eq!(stream.shutdown().await.unwrap_err().kind(), io::ErrorKind::Unsupported);
        let flushed = futures_util::io::AsyncWriteExt::flush(&mut stream).await;
        assert_eq!(flushed.unwrap_err().kind(), io::ErrorKind::Unsupported);
        let closed = futures_util::io::AsyncWriteExt::close(&mut stream).await;
        assert_eq!(closed.unwrap_err().kind(), io::ErrorKind::Unsupported);
    });
}

#[test]
fn futures_io_streams_are_watched() {
    use futures_util::io::{AllowStdIo, AsyncReadExt, AsyncWriteExt};

    let captured = capture(|| {
        let guard = guard();
        let (mut peer, ours) = sockets();
        peer.write_all(b"hello").unwrap();
        drop(peer);
        block_on(async {
            let mut stream = guard.watch(AllowStdIo::new(ours));
            let mut said = String::new();
            AsyncReadExt::read_to_string(&mut stream, &mut said).await.unwrap();
            assert_eq!(said, "hello");
            let parts = [IoSlice::new(b"ab"), IoSlice::new(b"c")];
            AsyncWriteExt::write_vectored(&mut stream, &parts).await.unwrap();
            stream.close().await.unwrap();
        });
    });
    let end = captured.one();
    assert_eq!(
        (end.cause().unwrap().as_str(), end.field("bytes_in"), end.field("bytes_out")),
        ("unclean_eof", Some("5"), Some("3"))
    );
}

#[test]
fn futures_io_streams_pass_bytes_on_and_count_them() {
    use futures_util::io::{AllowStdIo, AsyncReadExt, AsyncWriteExt};

    let (mut peer, ours) = sockets();
    peer.write_all(b"hello").unwrap();
    let mut stream = Watched::new(AllowStdIo::new(ours));
    let [mut first, mut second] = [[0; 2]; 2];
    block_on(async {
        let mut parts = [IoSliceMut::new(&mut first), IoSliceMut::new(&mut second)];
        assert_eq!(AsyncReadExt::read_vectored(&mut stream, &mut parts).await.unwrap(), 4);
        AsyncWriteExt::write_all(&mut stream, b"world").await.unwrap();
        AsyncWriteExt::flush(&mut stream).await.unwrap();
    });
    assert_eq!((&first, &second), (b"he", b"ll"));
    assert_eq!((stream.bytes_in(), stream.bytes_out()), (4, 5));
    assert!(format!("{stream:?}").ends_with("bytes_in: 4, bytes_out: 5, .. }"), "{stream:?}");
    let mut said = [0; 5];
    peer.read_exact(&mut said).unwrap();
    assert_eq!(&said, b"world");
}

/// Both lines of a proxy report what one of its streams saw.
#[test]
fn both_lines_of_a_pair_report_what_one_stream_saw() {
    for (endpoint, end_of_peer, expected) in [
        (RAW, drop as fn(TcpStream), ("client_closed", "fin")),
        (END, drop, ("network_error", "unclean_eof")),
        (RAW, reset, ("network_error", "reset")),
    ] {
        let captured = capture(|| {
            let upstream = Endpoint::CLIENT_FACING_SERVER.fin_is_goodbye();
            let (down, up) = DisconnectGuard::pair(guard_of(endpoint), guard_of(upstream));
            let ((client, ours), (server, to_server)) = (sockets(), sockets());
            let (from_client, mut to_server) = (down.watch(ours), up.watch(to_server));
            end_of_peer(client);
            drain(from_client);
            to_server.mark_closing();
            to_server.get_ref().shutdown(Direction::Write).unwrap();
            drop(server);
            drain(to_server);
        });
        let ends = captured.all();
        assert_eq!(ends.len(), 2);
        for end in ends {
            assert_eq!((end.reason().as_str(), end.cause().unwrap().as_str()), expected);
        }
    }
}

/// A reset behind this side's close is the answer to it, unless this side only forwarded what it had read of a FIN.
#[test]
fn a_reset_behind_our_close_does_not_replace_a_reported_goodbye() {
    let lines = |says: fn(&BoxedGuard, TcpStream, TcpStream)| {
        let captured = capture(|| {
            let guard = |endpoint| BoxedGuard::boxed(endpoint, |end| disconnected!(end, "connection closed"));
            let (down, up) = DisconnectGuard::pair(guard(RAW), guard(Endpoint::CLIENT_FACING_SERVER));
            let ((client, ours), (server, to_server)) = (sockets(), sockets());
            says(&down, client, ours);
            let mut to_server = up.watch(to_server);
            to_server.mark_closing();
            to_server.get_ref().shutdown(Direction::Write).unwrap();
            reset(server);
            to_server.read(&mut [0]).unwrap_err();
        });
        captured.all().iter().map(|end| end.reason().as_str().to_owned()).collect::<Vec<_>>()
    };
    let reported = lines(|down, _client, _ours| drop(down.set(RAW.closed_by_peer())));
    assert_eq!(reported, ["client_closed"; 2]);
    let forwarded = lines(|down, client, ours| {
        drop(client);
        drain(down.watch(ours));
    });
    assert_eq!(forwarded, ["network_error"; 2]);
}

/// Ends one connection of a pair: by a record, or by an observation of its stream.
type EndOfLeg<'a> = &'a dyn Fn(&BoxedGuard);

/// The client's goodbye does not explain a failure of the server's connection, in either order. It explains a FIN.
#[test]
fn goodbye_does_not_explain_a_failure_of_the_other_connection_of_a_pair() {
    const UP: Endpoint = Endpoint::AGENT_FACING_SERVER;
    const DOWN: Endpoint = Endpoint::AGENT_FACING_CLIENT;
    fn sees(error: Option<io::ErrorKind>) -> impl Fn(&BoxedGuard) {
        move |guard| drop(guard.watch(Failing(error)).read(&mut [0]))
    }
    let (reset, broken_pipe) = (io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe);
    let close_notify = |guard: &BoxedGuard| drop(guard.watch(Failing(None)).above_tls().read(&mut [0]));
    let goodbye = |guard: &BoxedGuard| drop(guard.set(DOWN.closed_by_peer()));
    let code = |guard: &BoxedGuard| drop(guard.set(DOWN.received(Code::websocket(1000))));
    let reported_reset = |guard: &BoxedGuard| drop(guard.failed(&io::Error::from(reset)));
    let lost = |cause| ("network_error", "network", cause);
    let left = ("client_closed", "client", "");

    let goodbyes: [(_, EndOfLeg<'_>); 3] = [("close_notify", &close_notify), ("goodbye", &goodbye), ("code", &code)];
    // The expected line if the goodbye is first, and if it is second.
    let failures: [(_, EndOfLeg<'_>, [Answer<'_>; 2]); 5] = [
        ("a reset", &sees(Some(reset)), [lost("reset"); 2]),
        ("a broken pipe", &sees(Some(broken_pipe)), [lost("broken_pipe"); 2]),
        ("a truncation", &sees(Some(io::ErrorKind::UnexpectedEof)), [lost("unclean_eof"); 2]),
        ("an error without a reader", &sees(Some(io::ErrorKind::Other)), [("unknown", "", ""); 2]),
        ("a FIN", &sees(None), [left; 2]),
    ];
    for (of_client, goodbye) in goodbyes {
        let ends = |is_goodbye_first: bool, failure: EndOfLeg<'_>| {
            let guard = |endpoint| BoxedGuard::boxed(endpoint, |_| ());
            let (down, up) = DisconnectGuard::pair(guard(DOWN), guard(UP));
            if is_goodbye_first {
                goodbye(&down);
                failure(&up);
            } else {
                failure(&up);
                goodbye(&down);
            }
            [down.finish(), up.finish()]
        };
        for (of_server, failure, expected) in &failures {
            for (is_goodbye_first, expected) in [true, false].into_iter().zip(expected) {
                for line in ends(is_goodbye_first, *failure) {
                    let text = format!("{of_client}, {of_server}, goodbye first: {is_goodbye_first}: {line:?}");
                    assert_eq!(answer(&line), *expected, "{text}");
                    assert_eq!(line.expected(), *expected == left, "{text}");
                }
            }
        }
        // It is unknown whether this side closed the connection before the call site got the error.
        let [first, _] = ends(false, &reported_reset);
        assert_eq!(answer(&first), lost("reset"), "{of_client}");
        let [second, _] = ends(true, &reported_reset);
        assert_eq!(answer(&second), if of_client == "close_notify" { lost("reset") } else { left }, "{of_client}");
    }
}

/// What the peer sent before it was gone is read after a failed write.
#[test]
fn a_held_write_error_lets_the_goodbye_be_read() {
    fn talk(mut stream: impl Read + Write) -> io::Result<Vec<u8>> {
        // The first write may still succeed: the peer's reset is the answer to it.
        for _ in 0..1000 {
            stream.write_all(b"ping")?;
        }
        let mut said = Vec::new();
        assert_eq!(stream.read_to_end(&mut said).unwrap_err().kind(), io::ErrorKind::ConnectionReset);
        assert_eq!(stream.read(&mut [0]).unwrap(), 0, "a reset is reported once");
        assert!(stream.write_all(b"ping").is_err(), "later writes fail");
        Ok(said)
    }
    let gone = || {
        let (mut peer, ours) = sockets();
        peer.write_all(b"goodbye").unwrap();
        reset(peer);
        ours
    };
    talk(gone()).unwrap_err();
    assert_eq!(talk(Watched::new(gone()).hold_write_errors()).unwrap(), b"goodbye");
    let captured = capture(|| {
        let guard = guard();
        let said = talk(guard.watch(gone()).hold_write_errors()).unwrap();
        assert_eq!(answer(&guard.get().unwrap()).0, "network_error", "so far");
        assert_eq!(said, b"goodbye");
        guard.set(END.closed_by_peer());
    });
    assert_line(&captured, CLOSED_BY_PEER);
}

#[test]
fn a_held_write_error_lets_a_task_read_the_goodbye() {
    block_on(async {
        let (mut peer, ours) = tokio_sockets();
        peer.write_all(b"goodbye").await.unwrap();
        SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
        drop(peer);
        let mut stream = Watched::new(ours).hold_write_errors();
        while stream.bytes_out() < 4 {
            // After a failed write nothing is counted.
            let before = stream.bytes_out();
            stream.write_all(b"ping").await.unwrap();
            if stream.bytes_out() == before {
                break;
            }
        }
        stream.write_all(b"ping").await.unwrap();
        stream.flush().await.unwrap();
        let mut said = Vec::new();
        let error = stream.read_to_end(&mut said).await.unwrap_err();
        assert_eq!((&said[..], error.kind()), (&b"goodbye"[..], io::ErrorKind::ConnectionReset));
    });
}

/// A library that reads after a failed write returns the reset as its own error, and no FIN.
#[test]
fn read_after_a_failed_write_returns_the_reset() {
    let captured = capture(|| {
        let guard = guard();
        let (peer, ours) = sockets();
        reset(peer);
        let mut stream = guard.watch(ours).hold_write_errors();
        let result = guard.run_blocking(|_| -> io::Result<_> {
            stream.write_all(b"ping")?;
            stream.read_exact(&mut [0])?;
            Ok(END.closed_by_peer())
        });
        result.unwrap_err();
    });
    assert_line(&captured, RESET);
}

/// The peer's FIN came before the reset with which its kernel answers a write.
#[test]
fn held_broken_pipe_keeps_the_end_of_file() {
    let (peer, ours) = sockets();
    drop(peer);
    let mut stream = Watched::new(ours).hold_write_errors();
    // The first write may succeed.
    let mut before = None;
    while before != Some(stream.bytes_out()) {
        before = Some(stream.bytes_out());
        stream.write_all(b"ping").unwrap();
    }
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert_eq!(stream.write_all(b"ping").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
}

#[test]
fn only_errors_of_a_lost_peer_are_held() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::OutOfMemory.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let mut stream = Watched::new(Full).hold_write_errors();
    assert_eq!(stream.write(b"ping").unwrap_err().kind(), io::ErrorKind::OutOfMemory);
    stream.flush().unwrap();
    assert_eq!(stream.write(b"ping").unwrap(), 4);
    assert_eq!(stream.bytes_out(), 0);
}

/// Both sides of TLS on real sockets, with the client in its own task.
struct Tls {
    acceptor: TlsAcceptor,
    connector: TlsConnector,
}

type TlsClient = tokio_rustls::client::TlsStream<tokio::net::TcpStream>;
type TlsServer = tokio_rustls::server::TlsStream<Watched<tokio::net::TcpStream>>;

impl Tls {
    fn new() -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let server = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key);
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        Self { acceptor: Arc::new(server.unwrap()).into(), connector: Arc::new(client).into() }
    }

    async fn connect(&self, guard: &BoxedGuard) -> (TlsClient, TlsServer) {
        let (peer, ours) = tokio_sockets();
        let name = ServerName::try_from("localhost").unwrap();
        let accepted = self.acceptor.accept(guard.watch(ours).below_tls());
        let (client, server) = tokio::join!(self.connector.connect(name, peer), accepted);
        (client.unwrap(), server.unwrap())
    }
}

/// The line of a TLS connection that the peer ends, with an end that the call site records.
fn over_tls<Fut: Future<Output = TlsClient>>(
    end_of_peer: fn(TlsClient) -> Fut,
    said: fn(&BoxedGuard, io::Result<u64>),
) -> Captured {
    capture(|| {
        block_on(async {
            let guard = BoxedGuard::boxed(END, |end| {
                disconnected!(end, bytes_in = end.bytes_in(), "connection closed");
            });
            let (client, server) = Tls::new().connect(&guard).await;
            let mut stream = guard.watch(server).above_tls();
            let reader = async { tokio::io::copy(&mut stream, &mut tokio::io::sink()).await };
            let (_client, read) = tokio::join!(end_of_peer(client), reader);
            said(&guard, read);
        });
    })
}

async fn close_notify(mut client: TlsClient) -> TlsClient {
    client.write_all(b"hello").await.unwrap();
    client.shutdown().await.unwrap();
    client
}

async fn fin(mut client: TlsClient) -> TlsClient {
    client.flush().await.unwrap();
    client.get_mut().0.shutdown().await.unwrap();
    client
}

async fn garbage(mut client: TlsClient) -> TlsClient {
    client.get_mut().0.write_all(&[0xff; 100]).await.unwrap();
    client.get_mut().0.shutdown().await.unwrap();
    client
}

#[test]
fn close_notify_above_tls_is_a_goodbye() {
    let end = over_tls(close_notify, |_, read| assert_eq!(read.unwrap(), 5)).one();
    assert_eq!((end.reason().as_str(), end.field("bytes_in")), ("client_closed", Some("5")));
    // Not with an error: a message may be incomplete.
    let unread = over_tls(close_notify, |guard, _| drop(guard.failed(&io::Error::other("half a message"))));
    assert_line(&unread, UNKNOWN_BY_PEER);
    let lost = over_tls(close_notify, |guard, _| drop(guard.failed(&io::Error::from(io::ErrorKind::UnexpectedEof))));
    assert_line(&lost, UNKNOWN_BY_PEER);
}

#[test]
fn a_fin_without_close_notify_is_an_end_of_file() {
    assert_line(&over_tls(fin, |_, read| drop(read.unwrap_err())), EOF);
}

#[test]
fn a_tls_error_above_explains_a_lost_connection() {
    let broken = ("protocol_error", "client", "malformed");
    assert_line(&over_tls(garbage, |_, read| drop(read.unwrap_err())), broken);
    let lost = over_tls(garbage, |guard, _| drop(guard.failed(&io::Error::from(io::ErrorKind::ConnectionReset))));
    assert_line(&lost, broken);
}

#[test]
fn a_stream_below_tls_sees_a_handshake_end() {
    let captured = capture(|| {
        block_on(async {
            let guard = guard();
            let (peer, ours) = tokio_sockets();
            drop(peer);
            let shaken = Tls::new().acceptor.accept(guard.watch(ours).below_tls()).await;
            assert!(shaken.is_err());
        });
    });
    assert_line(&captured, EOF);
}

/// Every transport observation against every recorded end, in both orders.
#[test]
fn transport_and_protocol_follow_the_table() {
    let kind = |kind: io::ErrorKind| END.failed(&io::Error::from(kind));
    let said: [(&str, Disconnect); 13] = [
        ("deadline", kind(io::ErrorKind::TimedOut)),
        ("not understood", END.failed(&io::Error::other("what is this"))),
        ("follow-on", kind(io::ErrorKind::NotConnected)),
        ("a guess", END.resolve(Verdict::closed(Side::Remote).with_rank(Rank::Transport))),
        ("broken pipe", kind(io::ErrorKind::BrokenPipe)),
        ("unreachable", kind(io::ErrorKind::NetworkUnreachable)),
        ("idle timeout", END.idle_timeout()),
        ("closed locally", END.closed_locally()),
        ("a failure of ours", END.ended(DisconnectReason::Unknown, Side::Local)),
        ("violation", kind(io::ErrorKind::InvalidData)),
        ("goodbye", END.closed_by_peer()),
        ("code", END.received(Code::websocket(1000))),
        ("complaint", END.received(Code::websocket(1008))),
    ];
    let error = |kind: io::ErrorKind| Some(kind);
    // Rows: what the transport saw. Columns: what was recorded. `t` the transport's end, `.` the recorded end, `e` an
    // end of file, `p` unknown by the peer, `1` the first one.
    let table = [
        ("fin", RAW, false, None, FIN, "eeete........"),
        ("eof", END, false, None, EOF, "ttttt........"),
        ("reset", END, false, error(io::ErrorKind::ConnectionReset), RESET, "ttttt..1....."),
        (
            "broken pipe",
            END,
            false,
            error(io::ErrorKind::BrokenPipe),
            ("network_error", "network", "broken_pipe"),
            "tttt...1.....",
        ),
        (
            "violation",
            END,
            true,
            error(io::ErrorKind::InvalidData),
            ("protocol_error", "client", "malformed"),
            "tttttt.1.....",
        ),
        (
            "own failure",
            END,
            false,
            error(io::ErrorKind::PermissionDenied),
            ("unknown", "server", "policy"),
            "ttttt..1.....",
        ),
        ("unread", END, false, error(io::ErrorKind::Other), ("unknown", "", ""), "...t...1....."),
        ("close_notify", END, true, None, CLOSED_BY_PEER, "ppptpp......."),
    ];
    for (seen, endpoint, is_above_tls, error, end, row) in table {
        for (sign, (name, said)) in row.chars().zip(&said) {
            for is_said_first in [true, false] {
                let guard = DisconnectGuard::new(endpoint, |_| ());
                let stream = guard.watch(Failing(error));
                let mut stream = if is_above_tls { stream.above_tls() } else { stream };
                if is_said_first {
                    guard.set(said.clone());
                    let _ = stream.read(&mut [0]);
                } else {
                    let _ = stream.read(&mut [0]);
                    guard.set(said.clone());
                }
                let line = guard.finish();
                let expected = match sign {
                    't' => end,
                    'e' => EOF,
                    'p' => UNKNOWN_BY_PEER,
                    '1' if !is_said_first => end,
                    _ => answer(said),
                };
                assert_eq!(answer(&line), expected, "said {name}, saw {seen}, said first: {is_said_first}");
                assert!(!line.expected() || said.expected() || sign == 't', "{name}, {seen}");
            }
        }
    }
}

/// Ends at once, with a FIN or with this error.
struct Failing(Option<io::ErrorKind>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.map_or(Ok(0), |kind| Err(kind.into()))
    }
}

#[test]
fn a_watched_stream_is_small() {
    assert!(size_of::<Watched<()>>() <= 80, "{}", size_of::<Watched<()>>());
    let guard = DisconnectGuard::new(END, |_| ());
    let _first = guard.handle();
    let shared = measure(|| drop(guard.watch(())));
    assert_eq!((shared.count_total, shared.bytes_total), (1, 64));
}

#[test]
fn a_watched_stream_may_be_shared_and_sent() {
    fn assert_shareable<T: Send + Sync + Debug + Unpin>() {}
    assert_shareable::<Watched<TcpStream>>();
}

#[test]
fn buffered_reads_count_what_was_read_from_the_socket() {
    let (mut peer, ours) = sockets();
    peer.write_all(b"one\ntwo\n").unwrap();
    drop(peer);
    let mut stream = BufReader::new(Watched::new(ours));
    let mut line = String::new();
    stream.read_line(&mut line).unwrap();
    assert_eq!(line, "one\n");
    drain(&mut stream);
    assert_eq!(stream.get_ref().bytes_in(), 8);
}
