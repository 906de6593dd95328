//! The output of a process for its user.

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::watch;

use super::Failure;

/// The output so far.
#[derive(Clone)]
pub(crate) struct Output {
    text: watch::Receiver<String>,
}

impl Output {
    /// Reads to the end in any case, because a full pipe would block the process.
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

    /// Waits until the output contains this text. Cancel safe.
    ///
    /// # Errors
    ///
    /// The output ended without the text.
    pub(crate) async fn until(&mut self, wanted: &str) -> Result<(), Failure> {
        self.until_times(1, wanted).await
    }

    /// Waits until the output contains this text so many times.
    ///
    /// # Errors
    ///
    /// The output ended without the text.
    pub(crate) async fn until_times(&mut self, times: usize, wanted: &str) -> Result<(), Failure> {
        let was_written = self.text.wait_for(|text| text.matches(wanted).count() >= times).await.is_ok();
        let without = || format!("the output ended without {wanted:?}: {:?}", self.so_far());
        if was_written { Ok(()) } else { Err(without().into()) }
    }

    /// Waits for the end, and returns everything.
    pub(crate) async fn all(&mut self) -> String {
        // An error is the end.
        let _ = self.text.wait_for(|_| false).await;
        self.so_far()
    }

    /// Everything so far.
    pub(crate) fn so_far(&self) -> String {
        self.text.borrow().clone()
    }
}
