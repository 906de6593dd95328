//! What a process writes for its user.

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;

use super::Failure;

/// Everything that was written so far.
#[derive(Clone)]
pub(crate) struct Output {
    text: watch::Receiver<String>,
}

impl Output {
    /// Reads to the end, whether somebody asks for it or not: a full pipe would stop the process.
    pub(crate) fn collect(from: Option<impl AsyncRead + Unpin + Send + 'static>) -> Self {
        let (sender, text) = watch::channel(String::new());
        if let Some(mut from) = from {
            tokio::spawn(async move {
                let mut buffer = vec![0; 16 * 1024];
                while let Ok(length @ 1..) = from.read(&mut buffer).await {
                    sender.send_modify(|text| text.push_str(&String::from_utf8_lossy(&buffer[..length])));
                }
            });
        }
        Self { text }
    }

    /// Output that the caller collects itself. It ends when the sender is dropped.
    pub(crate) fn new(text: watch::Receiver<String>) -> Self {
        Self { text }
    }

    /// Waits until this was written. It may be dropped and called again.
    ///
    /// # Errors
    ///
    /// The output ended without it.
    pub(crate) async fn until(&mut self, wanted: &str) -> Result<(), Failure> {
        self.until_times(1, wanted).await
    }

    /// The same, so many times.
    ///
    /// # Errors
    ///
    /// The output ended without it.
    pub(crate) async fn until_times(&mut self, times: usize, wanted: &str) -> Result<(), Failure> {
        let was_written = self.text.wait_for(|text| text.matches(wanted).count() >= times).await.is_ok();
        let without = || format!("the output ended without {wanted:?}: {:?}", self.so_far());
        if was_written { Ok(()) } else { Err(without().into()) }
    }

    /// Waits for the end, and gives everything.
    pub(crate) async fn all(&mut self) -> String {
        // An error is the end.
        let _ = self.text.wait_for(|_| false).await;
        self.so_far()
    }

    /// Everything up to now.
    pub(crate) fn so_far(&self) -> String {
        self.text.borrow().clone()
    }
}
