//! Answers lines, sends a heartbeat that the client has to answer, and says goodbye when the server stops.

use std::{
    io::{self, ErrorKind},
    mem,
    time::Duration,
};

use disconnect_core::{DisconnectGuard, Endpoint, Shutdown, disconnected};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    select,
    sync::watch,
    time::{interval, timeout},
};

const END: Endpoint = Endpoint::SERVER_FACING_CLIENT;

/// The state that all connections of the server share.
pub struct Server {
    /// The shutdown of the server.
    pub shutdown: Shutdown,
    /// Becomes `true` when the server stops, because `shutdown` cannot be awaited.
    pub stopping: watch::Sender<bool>,
    /// The time between two heartbeats.
    pub heartbeat: Duration,
    /// The time for a client to answer the goodbye.
    pub patience: Duration,
}

/// Serves one client.
pub async fn serve(stream: TcpStream, peer_id: u64, server: &Server) -> io::Result<()> {
    let guard =
        DisconnectGuard::new(END, move |end| disconnected!(end, peer_id, "tunnel closed")).under(&server.shutdown);
    let mut stopping = server.stopping.subscribe();
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    guard
        .run(async |_ended| -> io::Result<_> {
            let mut heartbeat = interval(server.heartbeat);
            let mut answered = true;
            loop {
                select! {
                    line = lines.next_line() => match line?.as_deref() {
                        Some("bye") => return Ok(END.closed_by_peer()),
                        Some("pong") => answered = true,
                        Some(line) => match line.strip_prefix("echo ") {
                            Some(text) => write.write_all(format!("{text}\n").as_bytes()).await?,
                            None => return Err(io::Error::new(ErrorKind::InvalidData, format!("no command {line:?}"))),
                        },
                        None => return Ok(END.eof()),
                    },
                    _ = heartbeat.tick() => {
                        if !mem::replace(&mut answered, false) {
                            return Ok(END.keepalive_timeout());
                        }
                        write.write_all(b"ping\n").await?;
                    }
                    _ = stopping.changed() => {
                        write.write_all(b"closing\n").await?;
                        // The answer is a last line of the client, or its FIN.
                        timeout(server.patience, lines.next_line()).await??;
                        return Ok(END.shutting_down());
                    }
                }
            }
        })
        .await?;
    Ok(())
}
