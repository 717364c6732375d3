//! A company before a server that is a process of its own and may die, on a database that may be stopped.

use std::sync::Arc;
use std::time::Duration;

use tenure_core::clock::{Clock, SystemClock};
use tokio::process::Command;
use tokio::time::Instant;

use super::adapter;
use super::backend::{Backend, Database};
use super::cluster::Cluster;
use super::company::Company;
use super::mail::Mailbox;
use super::office::PASSWORD;
use super::process::{Served, free_port, tenure};

/// How long a server may take to be ready again, or unready.
const PATIENCE: Duration = Duration::from_secs(30);

/// The site.
pub struct Site {
    pub company: Company,
    pub database: Database,
    pub mail: Mailbox,
    /// Where the server listens, each time it is started.
    pub port: u16,
    /// The URL that servers reach the database by, when it is not the database's own.
    pub detour: Option<String>,
    /// A PostgreSQL of its own; None on SQLite, or where all tests share one.
    pub cluster: Option<Cluster>,
}

impl Site {
    /// One whose PostgreSQL may be stopped.
    pub async fn open(backend: Backend) -> Site {
        match backend {
            Backend::Sqlite => Site::on(Database::new(backend).await, None).await,
            Backend::Postgres => {
                let cluster = Cluster::start().await;
                Site::on(Database::of(&cluster).await, Some(cluster)).await
            }
        }
    }

    /// One on a database like that of all other tests.
    pub async fn shared(backend: Backend) -> Site {
        Site::on(Database::new(backend).await, None).await
    }

    async fn on(database: Database, cluster: Option<Cluster>) -> Site {
        let storage = Arc::new(adapter::connect(&database.url).await);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let company = Company::found(storage, clock, adapter::password_hash(PASSWORD).await).await;
        let mails = database.folder.path().join("mail");
        std::fs::create_dir_all(&mails).expect("a folder for mails");
        Site { company, database, mail: Mailbox::at(&mails), port: free_port(), detour: None, cluster }
    }

    /// How the server is started.
    pub fn command(&self) -> Command {
        let folder = self.database.folder.path();
        let mut command = tenure(folder, &["serve"]);
        command
            .env("TENURE_DATABASE_URL", self.detour.as_ref().unwrap_or(&self.database.url))
            .env("TENURE_KEY_FILE", folder.join("keys.json"))
            .env("TENURE_MAIL", format!("file:{}", folder.join("mail").display()))
            .env("TENURE_PROFILE", "development");
        command
    }

    /// Starts the server, and waits until it is ready. Over a bad line it may end at once, as it should, and is started again, as it would be.
    pub async fn serve(&self) -> Served {
        for _ in 0..if self.detour.is_some() { 9 } else { 0 } {
            if let Ok(served) = Served::try_start_on(self.port, self.command()).await {
                return served;
            }
        }
        Served::start_on(self.port, self.command()).await
    }

    /// Where requests go.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql", self.port)
    }

    /// Waits until the server says that it is ready, or that it is not; fails the test when it does not.
    pub async fn await_readiness(&self, is_ready: bool) {
        let url = format!("http://127.0.0.1:{}/health/ready", self.port);
        let started = Instant::now();
        loop {
            let status = reqwest::get(&url).await.map(|answer| answer.status().as_u16());
            match (&status, is_ready) {
                (Ok(200), true) | (Ok(503), false) => return,
                _ => assert!(started.elapsed() < PATIENCE, "the server says {status:?}, and was to be ready: {is_ready}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}
