//! Reads requests in one task and writes the answers in another. Each sets what it saw on its own handle.

use std::time::Duration;

use disconnect_core::{Classifier, DisconnectGuard, DisconnectHandle, Endpoint, classifier, disconnected};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::mpsc,
    time::timeout,
};

static CLASSIFIER: Classifier = classifier![tokio = tokio, anyhow = anyhow];
const END: Endpoint = Endpoint::AGENT_FACING_CLIENT.with_classifier(&CLASSIFIER);

fn answer(line: &str) -> String {
    let (_verb, text) = line.split_at(4);
    format!("{text}\n")
}

async fn read_requests(read: OwnedReadHalf, answers: mpsc::Sender<String>, idle: Duration, ended: DisconnectHandle) {
    let mut lines = BufReader::new(read).lines();
    let end = loop {
        match timeout(idle, lines.next_line()).await {
            Ok(Ok(Some(line))) if line == "bye" => break END.closed_by_peer(),
            Ok(Ok(Some(line))) => {
                if answers.send(answer(&line)).await.is_err() {
                    return; // The writer has failed and recorded its end.
                }
            }
            Ok(Ok(None)) => break END.eof(),
            Ok(Err(error)) => break END.failed(&error),
            Err(_elapsed) => break END.idle_timeout(),
        }
    };
    ended.set(end);
}

async fn write_answers(mut write: OwnedWriteHalf, mut answers: mpsc::Receiver<String>, ended: DisconnectHandle) {
    while let Some(answer) = answers.recv().await {
        if let Err(error) = write.write_all(answer.as_bytes()).await {
            ended.set(END.failed(&error));
            return;
        }
    }
}

/// Serves one client, which may be silent as long as `idle`.
pub async fn serve(stream: TcpStream, peer_id: u64, idle: Duration) -> anyhow::Result<()> {
    let guard = DisconnectGuard::new(END, move |end| disconnected!(end, peer_id, "session closed"));
    guard
        .run(async |ended| -> anyhow::Result<_> {
            let (read, write) = stream.into_split();
            let (requests, answers) = mpsc::channel(16);
            let reader = tokio::spawn(read_requests(read, requests, idle, ended.clone()));
            let writer = tokio::spawn(write_answers(write, answers, ended.clone()));
            reader.await?;
            writer.await?;
            // One of the tasks has recorded its end. The first end wins.
            Ok(END.closed_locally())
        })
        .await?;
    Ok(())
}
