//! Connections, and whoever listens over them for long: told when the server ends, and waited for.

use tokio::sync::watch;

/// All of them.
pub struct Listeners {
    ending: watch::Sender<bool>,
}

/// One of them.
pub struct Presence {
    ending: watch::Receiver<bool>,
}

impl Default for Listeners {
    fn default() -> Listeners {
        Listeners { ending: watch::Sender::new(false) }
    }
}

impl Listeners {
    /// One more.
    pub fn enter(&self) -> Presence {
        Presence { ending: self.ending.subscribe() }
    }

    /// The server ends.
    pub fn end(&self) {
        self.ending.send_replace(true);
    }

    /// Waits until nobody is there any more.
    pub async fn gone(&self) {
        self.ending.closed().await;
    }
}

impl Presence {
    /// Waits until the server ends.
    pub async fn ending(&mut self) {
        if self.ending.wait_for(|ending| *ending).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
