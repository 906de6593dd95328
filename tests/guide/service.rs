use std::io;
use std::time::Duration;

use disconnect_core::testing::capture_async;
use disconnect_core::{
    Disconnect, DisconnectCause, DisconnectGuard, DisconnectReason, Endpoint, Observed, disconnected,
};
use disconnect_faults::{FaultProxy, Toward};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

/// The service under test: it echoes bytes, and `q` is the client's goodbye.
async fn serve(mut stream: TcpStream, idle: Duration) -> io::Result<Disconnect> {
    let guard = DisconnectGuard::new(END, |end: &Disconnect| disconnected!(end, "session closed"));
    guard
        .run(async |_ended| -> io::Result<_> {
            let mut byte = [0];
            loop {
                let Ok(read) = timeout(idle, stream.read(&mut byte)).await else {
                    return Ok(END.idle_timeout());
                };
                match read? {
                    0 => return Ok(END.eof()),
                    _ if byte == *b"q" => return Ok(END.closed_by_peer()),
                    _ => stream.write_all(&byte).await?,
                }
            }
        })
        .await
}

/// Runs the service behind the proxy, and returns its one line. The fault comes after the first echo.
async fn line(idle: Duration, fault: impl AsyncFnOnce(&FaultProxy, &mut TcpStream)) -> Observed {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let proxy = FaultProxy::start(listener.local_addr().unwrap()).unwrap();
    let client = async {
        let mut client = TcpStream::connect(proxy.address()).await.unwrap();
        client.write_all(b"x").await.unwrap();
        client.read_u8().await.unwrap();
        fault(&proxy, &mut client).await;
        client // stays open until the service is done
    };
    let service = capture_async(async { serve(listener.accept().await.unwrap().0, idle).await });
    let (captured, _client) = tokio::join!(service, client);
    captured.one()
}

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_goodbye_is_normal() {
    let line = line(LONG, async |_, client| client.write_all(b"q").await.unwrap()).await;
    assert_eq!(line.reason().known(), Some(DisconnectReason::ClientClosed));
    assert!(line.expected());
}

#[tokio::test]
async fn a_reset_is_a_lost_connection() {
    let line = line(LONG, async |proxy, _| proxy.reset(Toward::Server).unwrap()).await;
    assert_eq!(line.cause_as(), Some(DisconnectCause::Reset));
    assert!(!line.expected());
}

#[tokio::test]
async fn a_fin_without_a_goodbye_is_a_lost_connection() {
    let line = line(LONG, async |proxy, _| proxy.fin(Toward::Server).unwrap()).await;
    assert_eq!(line.cause_as(), Some(DisconnectCause::UncleanEof));
    assert!(!line.expected());
}

#[tokio::test]
async fn a_silent_network_is_an_idle_timeout() {
    let line = line(SHORT, async |proxy, client| {
        let silence = proxy.silence(Toward::Server).unwrap();
        client.write_all(b"q").await.unwrap();
        silence.wait().unwrap(); // the goodbye was sent, and the proxy dropped it
    })
    .await;
    assert_eq!(line.cause_as(), Some(DisconnectCause::IdleTimeout));
    assert!(!line.expected());
}
