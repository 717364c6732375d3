//! Hearing of events as they are committed: a bell within this process, and LISTEN in PostgreSQL for those of other servers.

use std::time::Duration;

use async_trait::async_trait;
use sea_orm::{DbBackend, sqlx};
use sqlx::postgres::{PgListener, PgPoolOptions};
use tenure_core::storage::{EventListener, Result};
use tokio::sync::watch;

use super::connect::Pools;
use super::error::unavailable;

/// Where PostgreSQL tells of commits; one for each database.
pub(super) const CHANNEL: &str = "tenure_events";

/// How long PostgreSQL may take to let the listener in.
const PATIENCE: Duration = Duration::from_secs(5);

/// Rung by every commit of this process.
#[derive(Debug, Clone)]
pub(super) struct Bell(watch::Sender<()>);

impl Default for Bell {
    fn default() -> Bell {
        Bell(watch::Sender::new(()))
    }
}

impl Bell {
    pub(super) fn ring(&self) {
        self.0.send_replace(());
    }
}

struct Listener {
    here: watch::Receiver<()>,
    elsewhere: Option<PgListener>,
}

#[async_trait]
impl EventListener for Listener {
    async fn heard(&mut self) -> Result<()> {
        let Listener { here, elsewhere } = self;
        let elsewhere = async {
            match elsewhere {
                // None: the connection was lost and is there again, and what was told meanwhile was not heard.
                Some(listener) => listener.try_recv().await.map(drop).map_err(unavailable),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            rung = here.changed() => rung.map_err(unavailable),
            told = elsewhere => told,
        }
    }
}

/// A listener over these connections. For PostgreSQL it has one of its own, which is open as long as the listener.
pub(super) async fn listener(pools: &Pools) -> Result<Box<dyn EventListener>> {
    let here = pools.bell().0.subscribe();
    let elsewhere = match pools.backend() {
        DbBackend::Postgres => {
            let options = pools.reader().get_postgres_connection_pool().connect_options();
            let pool = PgPoolOptions::new()
                .max_connections(1)
                .max_lifetime(None)
                .idle_timeout(None)
                .acquire_timeout(PATIENCE)
                .connect_lazy_with((*options).clone());
            let mut listener = PgListener::connect_with(&pool).await.map_err(unavailable)?;
            listener.listen(CHANNEL).await.map_err(unavailable)?;
            Some(listener)
        }
        _ => None,
    };
    Ok(Box::new(Listener { here, elsewhere }))
}
