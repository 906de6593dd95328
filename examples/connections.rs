//! Real loopback connections that end in different ways, for the examples about metrics and logs.

use std::io;

use disconnect_core::{Disconnect, DisconnectGuard, Endpoint};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

/// Ends four connections: two with a goodbye, one with an end of file, one with a cancelled task.
pub(crate) async fn end_some(ended: impl Fn(&Disconnect) + Copy) -> io::Result<()> {
    for way in [Way::Goodbye, Way::Goodbye, Way::EndOfFile, Way::Cancelled] {
        connection(way, ended).await?;
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Way {
    Goodbye,
    EndOfFile,
    Cancelled,
}

/// Runs one connection from start to end.
async fn connection(way: Way, ended: impl Fn(&Disconnect)) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let mut client = TcpStream::connect(listener.local_addr()?).await?;
    let (stream, _) = listener.accept().await?;
    let guard = DisconnectGuard::new(END, ended).timed();
    let mut stream = guard.watch(stream);
    match way {
        Way::Goodbye => client.write_all(b"bye").await?,
        Way::EndOfFile => {}
        // The task that serves the connection is dropped.
        Way::Cancelled => return Ok(()),
    }
    drop(client);
    guard
        .run(async |_| -> io::Result<_> {
            let mut said = String::new();
            stream.read_to_string(&mut said).await?;
            Ok(if said == "bye" { END.closed_by_peer() } else { END.eof() })
        })
        .await?;
    Ok(())
}
