//! The walk through an error: it finds evidence anywhere, the strongest verdict wins, and it terminates.

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use disconnect_core::evidence::vocabulary::{begins_with, number_after, says};
use disconnect_core::evidence::{Rank, Reading, Side, Verdict};
use disconnect_core::{Category, Classifier, Code, DisconnectField, DisconnectReason, Endpoint};
use tokio_util::bytes::{Bytes, BytesMut};
use tokio_util::codec::{AnyDelimiterCodec, Decoder, Encoder, LengthDelimitedCodec, LinesCodec, LinesCodecError};

const CLASSIFIER: Classifier = Classifier::new();

/// An error with an inner error as its source.
#[derive(Debug)]
struct Around(Box<dyn Error + Send + Sync>);

impl fmt::Display for Around {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("around")
    }
}

impl Error for Around {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.0)
    }
}

/// An error that is its own source.
#[derive(Debug)]
struct Cycle;

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cycle")
    }
}

impl Error for Cycle {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn rank(error: &(dyn Error + 'static)) -> Rank {
    CLASSIFIER.verdict(error).rank()
}

fn reset() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

#[test]
fn an_io_error_is_found_at_every_place() {
    let shared: Arc<dyn Error + Send + Sync> = Arc::new(reset());
    let unshared: Arc<dyn Error> = Arc::new(reset());
    let hidden: [Box<dyn Error>; 6] = [
        Box::new(reset()),
        // `source()` of an `io::Error` skips its payload.
        Box::new(io::Error::other(Around(Box::new(io::Error::other(reset()))))),
        Box::new(Around(Box::new(Arc::new(reset())))),
        Box::new(Around(Box::new(Box::new(reset())))),
        Box::new(shared),
        Box::new(unshared),
    ];
    for error in hidden {
        assert_eq!(rank(&*error), Rank::Transport, "{error:?}");
    }
    assert_eq!(rank(anyhow::Error::new(reset()).context("while reading").as_ref()), Rank::Transport);
}

#[test]
fn the_strongest_evidence_wins_and_among_equals_the_deepest() {
    let cause = |error: io::Error| CLASSIFIER.verdict(&error);
    let timed_out = || io::Error::from(ErrorKind::TimedOut);
    assert_eq!(cause(io::Error::new(ErrorKind::BrokenPipe, timed_out())), cause(timed_out()));
    assert_eq!(cause(io::Error::new(ErrorKind::TimedOut, reset())).rank(), Rank::Timeout);
    assert_eq!(cause(io::Error::new(ErrorKind::UnexpectedEof, reset())), cause(reset()));
}

#[test]
fn cycles_and_endless_chains_terminate() {
    assert_eq!(rank(&Cycle), Rank::NotUnderstood);
    let chain = |length: usize| {
        (0..length).fold(Box::new(reset()) as Box<dyn Error + Send + Sync>, |error, _| Box::new(Around(error)))
    };
    assert_eq!(rank(&*chain(Classifier::MAX_DEPTH - 1)), Rank::Transport);
    assert_eq!(rank(&*chain(10_000)), Rank::NotUnderstood);
}

/// A failure of this side ends this connection. A normal end inside it belongs to another connection.
#[test]
fn a_normal_end_inside_a_failure_is_not_the_end() {
    fn reader<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        if error.is::<Around>() {
            return Reading::failure(Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::BrokenPipe));
        }
        Reading::from(error.downcast_ref::<Said>().map(|said| said.0))
    }
    let classifier = Classifier::with(&[reader]);
    let expected =
        |error: &(dyn Error + 'static)| Endpoint::AGENT_FACING_SERVER.resolve(classifier.verdict(error)).expected();
    let around = |verdict| Around(Box::new(Around(Box::new(Said(verdict)))));
    for verdict in [
        Verdict::closed(Side::Remote),
        Verdict::going_away(Side::Local),
        Verdict::new(DisconnectReason::Graceful, Side::Local),
        Verdict::new(DisconnectReason::ClientClosed, Side::Remote),
        Verdict::new(DisconnectReason::ServerShutdown, Side::Remote),
        Verdict::new(DisconnectReason::WorkspaceStopped, Side::Remote),
        Verdict::own(Leave::Quit, Side::Remote),
    ] {
        assert!(expected(&Said(verdict)), "{verdict:?}");
        assert!(!expected(&around(verdict)), "{verdict:?}");
    }
    for stronger in [
        CLASSIFIER.classify(&reset()),
        Verdict::new(DisconnectReason::ControlPlaneLost, Side::Remote),
        Verdict::own(Leave::Kicked, Side::Remote),
    ] {
        assert_eq!(classifier.classify(&around(stronger)), stronger, "stronger evidence still counts");
    }
    // A cancelled request may also be a normal end.
    let failure = classifier.classify(&around(Verdict::cancelled(Side::Remote)));
    assert_eq!((failure.rank(), failure), (Rank::BrokenPipe, classifier.classify(&Around(Box::new(fmt::Error)))));
}

/// An error with a given verdict.
#[derive(Debug)]
struct Said(Verdict);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("said")
    }
}

impl Error for Said {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, DisconnectField)]
#[field("disconnect_reason")]
enum Leave {
    #[expected]
    Quit,
    Kicked,
}

/// A code inside an error may come from a connection to a back end, which a handler of this connection opened.
#[test]
fn a_goodbye_as_an_error_counts_only_where_it_is_from_the_peer() {
    #[derive(Debug)]
    struct Coded(Code);
    impl fmt::Display for Coded {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }
    impl Error for Coded {}
    fn coded<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        error.downcast_ref::<Coded>().map_or(Reading::NOTHING, |error| Reading::verdict(error.0.received()))
    }
    static CODED: Classifier = Classifier::with(&[coded]);
    let client = Endpoint::CLIENT_FACING_SERVER.with_classifier(&CODED);
    let server = Endpoint::SERVER_FACING_CLIENT.with_classifier(&CODED);

    for code in [Code::http2(0), Code::http3(0x100), Code::quic(0), Code::tls(0)] {
        let error = Coded(code);
        assert_eq!(client.failed(&error), client.received(code), "{code}");
        let unclear = server.resolve(Verdict::new(DisconnectReason::Unknown, Side::Unknown).with_code(code));
        assert_eq!(server.failed(&error), unclear, "{code}");
        assert_eq!(server.error_may_be_goodbye().failed(&error), server.received(code), "{code}");
    }
    // No client library returns these as the error of a back end.
    for code in [Code::websocket(1000), Code::ssh(11)] {
        assert_eq!(
            [client, server].map(|end| end.failed(&Coded(code))),
            [client, server].map(|end| end.received(code))
        );
    }
    // An error whose status says that there is none; a server's call ends with a status of its own.
    for end in [client, server, server.error_may_be_goodbye()] {
        assert!(!end.failed(&Coded(Code::grpc(0))).expected());
    }
    assert_eq!(server.failed(&Coded(Code::grpc(13))), server.sent(Code::grpc(13)));
    assert_eq!(client.failed(&Coded(Code::grpc(13))), client.received(Code::grpc(13)));
}

#[test]
fn a_reader_may_open_a_container() {
    #[derive(Debug)]
    struct Holder(anyhow::Error, Box<dyn Error + Send + Sync>);
    impl fmt::Display for Holder {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("holder")
        }
    }
    impl Error for Holder {}

    fn first<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        error.downcast_ref::<Holder>().map_or(Reading::NOTHING, |holder| Reading::inside(&holder.0))
    }
    fn second<'a>(error: &'a (dyn Error + 'static)) -> Reading<'a> {
        let weak = Verdict::new(DisconnectReason::Unknown, Side::Local).with_rank(Rank::FollowOn);
        error.downcast_ref::<Holder>().map_or(Reading::NOTHING, |holder| Reading::verdict(weak).and_inside(&holder.1))
    }
    let timed_out = io::Error::from(ErrorKind::TimedOut);
    let holder = Holder(anyhow::Error::new(reset()).context("while reading"), timed_out.into());
    assert_eq!(CLASSIFIER.classify(&holder).rank(), Rank::NotUnderstood);
    assert_eq!(Classifier::with(&[first]).classify(&holder).rank(), Rank::Transport);
    assert_eq!(Classifier::with(&[second]).classify(&holder).rank(), Rank::Timeout);
}

#[test]
fn an_error_is_classified_in_every_container() {
    let verdict = CLASSIFIER.verdict(&reset());
    assert_eq!(verdict.rank(), Rank::Transport);
    let boxed: Box<dyn Error> = Box::new(reset());
    let sent: Box<dyn Error + Send> = Box::new(reset());
    let shared: Box<dyn Error + Send + Sync> = Box::new(reset());
    assert_eq!(CLASSIFIER.classify(&reset()), verdict);
    assert_eq!(CLASSIFIER.classify(&*boxed), verdict);
    assert_eq!(CLASSIFIER.classify(&boxed), verdict);
    assert_eq!(CLASSIFIER.classify(&sent), verdict);
    assert_eq!(CLASSIFIER.classify(&shared), verdict);
    assert_eq!(CLASSIFIER.classify(&anyhow::Error::new(reset())), verdict);
    assert_eq!(CLASSIFIER.classify(&eyre::Report::new(reset())), verdict);
}

/// Reason, initiator and cause, at an agent that faces a client.
fn read(error: &(dyn Error + 'static)) -> (&'static str, Option<&'static str>, Option<&'static str>) {
    let end = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER).failed(error);
    (end.reason().as_str(), end.initiator().map(Category::as_str), end.cause().map(Category::as_str))
}

/// The types of channel errors are generic or numerous. The task at the other end of the channel knows why it ended.
#[test]
fn a_closed_channel_is_by_this_side_until_its_cause_is_known() {
    let std = std::sync::mpsc::channel::<()>();
    drop(std.1);
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    drop(sender);
    let tokio = tokio::sync::mpsc::channel::<()>(1);
    drop(tokio.1);
    let mut oneshot = tokio::sync::oneshot::channel::<()>();
    drop(oneshot.0);
    let mut broadcast = tokio::sync::broadcast::channel::<()>(1);
    drop(broadcast.0);
    let watch = tokio::sync::watch::channel(());
    drop(watch.0);
    let errors: [Box<dyn Error>; 7] = [
        Box::new(std.0.send(()).unwrap_err()),
        Box::new(receiver.recv_timeout(std::time::Duration::ZERO).unwrap_err()),
        Box::new(tokio.0.try_send(()).unwrap_err()),
        Box::new(oneshot.1.try_recv().unwrap_err()),
        Box::new(broadcast.1.try_recv().unwrap_err()),
        Box::new(watch.1.has_changed().unwrap_err()),
        Box::new(io::Error::other(std.0.send(()).unwrap_err())),
    ];
    for error in errors {
        assert_eq!(read(&*error), ("unknown", Some("agent"), None), "{error:?}");
        assert_eq!(rank(&*error), Rank::NotUnderstood, "{error:?}");
    }
}

#[test]
fn codec_errors_are_read_by_their_text() {
    let mut bytes = BytesMut::from(&b"\x00\x00\x00\x05abc"[..]);
    let cut = LengthDelimitedCodec::new().decode_eof(&mut bytes).unwrap_err();
    assert_eq!(read(&cut), ("network_error", Some("network"), Some("unclean_eof")));

    let too_large = ("protocol_error", Some("client"), Some("too_large"));
    let line = LinesCodec::new_with_max_length(3).decode(&mut BytesMut::from("a line\n")).unwrap_err();
    assert_eq!(read(&line), too_large);
    let mut chunks = AnyDelimiterCodec::new_with_max_length(b"\n".to_vec(), b"\n".to_vec(), 3);
    let chunk = chunks.decode(&mut BytesMut::from("a chunk\n")).unwrap_err();
    assert_eq!(read(&chunk), too_large);

    let mut limited = LengthDelimitedCodec::builder().max_frame_length(4).new_codec();
    let received = limited.decode(&mut BytesMut::from(&b"\x00\x00\x00\x05abcde"[..])).unwrap_err();
    assert_eq!(read(&received), too_large);
    let own = limited.encode(Bytes::from_static(b"abcde"), &mut BytesMut::new()).unwrap_err();
    assert_eq!(read(&own), ("unknown", Some("agent"), Some("too_large")));
}

/// What an adapter reads from the text of an error, if its library has nothing else.
#[test]
fn texts_are_read_however_they_are_written() {
    /// Displays its parts with one call each.
    #[derive(Debug)]
    struct Parts(&'static [&'static str]);
    impl fmt::Display for Parts {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.iter().try_for_each(|part| f.write_str(part))
        }
    }
    impl Error for Parts {}

    #[derive(Debug)]
    struct Panics;
    impl fmt::Display for Panics {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("status: 503")?;
            panic!("on purpose")
        }
    }
    impl Error for Panics {}

    for parts in [&["status: 503"][..], &["sta", "tus: ", "5", "03"], &["status: 5", "0", "", "3"]] {
        let error = Parts(parts);
        assert!(says(&error, "status: 503") && begins_with(&error, "status: 50"), "{parts:?}");
        assert!(begins_with(&error, "status: 503") && begins_with(&error, ""), "{parts:?}");
        assert!(!says(&error, "status: 50") && !says(&error, "status: 5031"), "{parts:?}");
        assert!(!begins_with(&error, "tatus") && !begins_with(&error, "status: 5031"), "{parts:?}");
        assert_eq!(number_after(&error, "status: "), Some(503), "{parts:?}");
        assert_eq!(number_after(&error, "status: 5"), Some(3), "{parts:?}");
        assert_eq!(number_after(&error, "status"), None, "{parts:?}");
        assert_eq!(number_after(&error, "tatus: "), None, "{parts:?}");
    }
    assert_eq!(number_after(&Parts(&["status: 503 Service Unavailable"]), "status: "), Some(503));
    assert_eq!(number_after(&Parts(&["status: 65535"]), "status: "), Some(u16::MAX));
    assert_eq!(number_after(&Parts(&["status: 65536"]), "status: "), None);
    assert_eq!(number_after(&Parts(&["status: 6553", "60"]), "status: "), None);
    // The words end within a character of the text.
    assert_eq!(number_after(&Parts(&["statué 503"]), "status"), None);
    assert!(!says(&Panics, "status: 503") && !begins_with(&Panics, "status: 503"));
    assert_eq!(number_after(&Panics, "status: "), None);
}

/// tokio's timer is read without its adapter, so the same silence has one reason in `io::Result` and in `anyhow::Result`.
#[test]
fn an_elapsed_timer_is_read_without_an_adapter() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let elapsed = || {
        let silence = async { tokio::time::timeout(std::time::Duration::ZERO, std::future::pending::<()>()).await };
        runtime.block_on(silence).unwrap_err()
    };
    let deadline = ("network_error", Some("network"), Some("deadline"));
    assert_eq!(read(&elapsed()), deadline);
    assert_eq!(read(&io::Error::from(elapsed())), deadline);
}

/// A slow peer or a slow program fills the queue. If the connection broke, the task that wrote to it knows more.
#[test]
fn a_full_queue_is_an_overload_of_this_side_until_its_cause_is_known() {
    let overload = ("unknown", Some("agent"), Some("overload"));
    let (tokio, _receiver) = tokio::sync::mpsc::channel(1);
    tokio.try_send(()).unwrap();
    let (std, _receiver) = std::sync::mpsc::sync_channel(0);
    let (broadcast, mut slow) = tokio::sync::broadcast::channel(1);
    for _ in 0..3 {
        broadcast.send(()).unwrap();
    }
    let errors: [Box<dyn Error>; 3] = [
        Box::new(tokio.try_send(()).unwrap_err()),
        Box::new(std.try_send(()).unwrap_err()),
        Box::new(slow.try_recv().unwrap_err()),
    ];
    for error in errors {
        assert_eq!(read(&*error), overload, "{error:?}");
        assert_eq!(rank(&*error), Rank::NotUnderstood, "{error:?}");
    }
}

#[test]
fn a_semaphore_without_a_permit_is_a_limit_of_this_side() {
    let error = tokio::sync::Semaphore::new(0).try_acquire().unwrap_err();
    assert_eq!(read(&error), ("unknown", Some("agent"), Some("limit")));
}

/// An error of another library that displays the `io::Error` inside, and hides it from `source()`.
#[derive(Debug, thiserror::Error)]
enum Hidden {
    #[error(transparent)]
    Transparent(io::Error),
    #[error("{0}")]
    Text(String),
}

#[test]
fn a_hidden_io_error_is_read_by_its_complete_text() {
    let reset = || io::Error::from_raw_os_error(104);
    let lost = ("network_error", Some("network"), Some("reset"));
    if cfg!(target_os = "linux") {
        assert_eq!(read(&Hidden::Transparent(reset())), lost);
        assert_eq!(read(&LinesCodecError::Io(reset())), lost);
        assert_eq!(read(&Hidden::Text(reset().to_string())), lost);
    }
    // The connection that somebody else's words are about may be another one.
    for text in [format!("upload: {}", reset()), format!("{} in 3 uploads", reset()), "reset (os error x)".into()] {
        assert_eq!(rank(&Hidden::Text(text.clone())), Rank::NotUnderstood, "{text}");
    }
    let malformed = ("protocol_error", Some("client"), Some("malformed"));
    let not_utf8 = LinesCodec::new().decode(&mut BytesMut::from(&b"\xff\n"[..])).unwrap_err();
    assert_eq!(read(&not_utf8), malformed);
    let not_utf8 = io::BufRead::read_line(&mut &b"\xff\n"[..], &mut String::new()).unwrap_err();
    assert_eq!(read(&Hidden::Transparent(not_utf8)), malformed);
    let cut = io::Read::read_exact(&mut &b"ab"[..], &mut [0; 4]).unwrap_err();
    assert_eq!(read(&Hidden::Transparent(cut)), ("network_error", Some("network"), Some("unclean_eof")));
}

/// A decoder that calls every failure `InvalidData` also wraps the failures of its stream.
#[test]
fn an_errno_is_stronger_than_the_kind_around_it() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = TcpStream::connect(closed).unwrap_err();
    let decode = io::Error::new(ErrorKind::InvalidData, refused);
    assert_eq!(read(&decode), ("network_error", Some("network"), Some("unreachable")));
    // `EAGAIN` does not end a connection, so the kind around it stays.
    #[cfg(target_os = "linux")]
    assert_eq!(
        read(&io::Error::new(ErrorKind::TimedOut, io::Error::from_raw_os_error(11))),
        ("network_error", Some("network"), Some("deadline"))
    );
    // Without an errno, the end of file may be that of the message in memory.
    let short = io::Error::new(ErrorKind::InvalidData, io::Error::from(ErrorKind::UnexpectedEof));
    assert_eq!(read(&short), ("protocol_error", Some("client"), Some("malformed")));
}

/// std resolves names without an errno or a kind of its own.
#[test]
fn a_name_without_an_address_is_unreachable() {
    // No resolver sends such a name to a server: a label has at most 63 bytes.
    let error = TcpStream::connect((&*"x".repeat(64), 80)).unwrap_err();
    assert_eq!(read(&error), ("network_error", Some("network"), Some("unreachable")), "{error:?}");
}

/// `ENONET`: an ICMP message says that the host of the peer is isolated.
#[test]
#[cfg(target_os = "linux")]
fn an_isolated_host_is_unreachable() {
    assert_eq!(read(&io::Error::from_raw_os_error(64)), ("network_error", Some("network"), Some("unreachable")));
    assert_eq!(rank(&io::Error::from_raw_os_error(63)), Rank::NotUnderstood);
}

#[test]
fn a_task_that_fails_is_read_as_an_io_error_too() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let panicked = runtime.block_on(async { tokio::spawn(async { panic!("a bug") }).await.map(drop).unwrap_err() });
    assert_eq!(read(&io::Error::from(panicked)), ("unknown", Some("agent"), Some("panicked")));
    let aborted = runtime.block_on(async {
        let task = tokio::spawn(std::future::pending::<()>());
        task.abort();
        task.await.unwrap_err()
    });
    assert_eq!(read(&io::Error::from(aborted)), ("unknown", Some("agent"), Some("dropped")));
}

#[test]
#[cfg(unix)]
fn a_datagram_above_the_limit_is_too_large_by_this_side() {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let error = socket.send_to(&vec![0; 70_000], socket.local_addr().unwrap()).unwrap_err();
    assert_eq!(read(&error), ("unknown", Some("agent"), Some("too_large")), "{error:?}");
}

/// A peer that controls the text of an error cannot make it a normal end, and only the complete text matches.
#[test]
fn an_error_text_never_makes_an_end_normal() {
    let texts = [
        "channel closed",
        "no available capacity",
        "no permits available",
        "bytes remaining on stream",
        "early eof",
        "deadline has elapsed",
        "request timed out",
        "frame size too big",
        "max line length exceeded",
        "length limit exceeded",
        "stream did not contain valid UTF-8",
        "task panicked",
        "Broken pipe (os error 32)",
    ];
    for text in texts {
        assert!(!Endpoint::AGENT_FACING_CLIENT.failed(&io::Error::other(text)).expected(), "{text}");
        let longer = io::Error::other(format!("{text} by 1"));
        assert_eq!(rank(&longer), Rank::NotUnderstood, "{text}");
    }
}

/// The kind means a lost connection. Around an error of their own, quinn and s2n-quic also use it for a clean close.
#[test]
fn connection_aborted_around_an_unread_error_is_ignored() {
    let lost = ("network_error", Some("network"), Some("unclean_eof"));
    assert_eq!(read(&io::Error::from(ErrorKind::ConnectionAborted)), lost);
    assert_eq!(read(&io::Error::new(ErrorKind::ConnectionAborted, "connection closed by peer")), lost);
    let closed = io::Error::new(ErrorKind::ConnectionAborted, Said(Verdict::closed(Side::Remote)));
    assert_eq!(rank(&closed), Rank::NotUnderstood);
    assert_eq!(rank(&io::Error::new(ErrorKind::ConnectionAborted, reset())), Rank::Transport);
}
