//! The connection that a request came over, for answers that outlive the request.

use std::sync::Arc;

use tokio::sync::Notify;

/// A connection.
#[derive(Debug, Clone, Default)]
pub struct Line {
    cut: Arc<Notify>,
}

impl Line {
    /// Breaks the connection off, in the middle of an answer that nobody takes in.
    pub fn hang_up(&self) {
        self.cut.notify_one();
    }

    /// Waits until it is to be broken off.
    pub async fn hung_up(&self) {
        self.cut.notified().await;
    }
}
