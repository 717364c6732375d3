//! Servers in this process; several may share one database.

use std::net::SocketAddr;
use std::sync::Arc;

use secrecy::ExposeSecret;
use tenure::config::{Config, MailRoute, Profile, Smtp, SmtpTls};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::storage::Storage;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::adapter;
use super::backend::Database;
use super::person::Person;
use super::smtp::MailServer;

/// What a server is to be like.
#[derive(Clone)]
pub struct Wish {
    pub config: Config,
    pub clock: Arc<dyn Clock>,
}

impl Wish {
    /// The usual server on a database: in the development profile, on a free port, with mails as files. Servers on one database share its
    /// key file, as nodes do.
    pub fn on(database: &Database) -> Wish {
        let folder = database.folder.path();
        let mails = folder.join("mail");
        std::fs::create_dir_all(&mails).expect("a folder for mails");
        let config = Config {
            database_url: database.url.clone().into(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            key_file: folder.join("keys.json"),
            mail: MailRoute::Directory(mails),
            // Races ask more of one person than a minute allows.
            rate_limit: None,
            ..Config::default()
        };
        Wish { config, clock: Arc::new(SystemClock) }
    }

    /// With so many seats.
    pub fn with_seats(mut self, limit: u32) -> Wish {
        self.config.seat_limit = Some(limit);
        self
    }

    /// With so many points a minute for each caller; the usual server counts none.
    pub fn with_budget(mut self, points: u32) -> Wish {
        self.config.rate_limit = Some(points);
        self
    }

    /// With a clock of the test's own.
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Wish {
        self.clock = clock;
        self
    }

    /// That hands its mails in to a mail server on this machine.
    pub fn mailing_to(mut self, server: &MailServer) -> Wish {
        let (host, port) = ("127.0.0.1".to_owned(), server.port());
        self.config.mail = MailRoute::Smtp(Smtp { host, port, tls: SmtpTls::None, login: None });
        self
    }

    /// That looks for mails of others once only, so that statements can be counted.
    pub fn without_polling(mut self) -> Wish {
        self.config.mail_poll = std::time::Duration::from_secs(3600);
        self
    }

    /// In the production profile.
    pub fn in_production(mut self) -> Wish {
        self.config.profile = Profile::Production;
        self
    }
}

/// What the adapter hands back.
pub struct Running {
    pub address: SocketAddr,
    /// Sent to when it shall stop.
    pub stop: oneshot::Sender<()>,
    pub task: JoinHandle<()>,
}

/// A server; it stops when this is dropped.
pub struct Server {
    address: SocketAddr,
    running: Option<Running>,
}

impl Server {
    /// Starts one on a free port.
    pub async fn start(wish: Wish) -> Server {
        let storage = adapter::connect(wish.config.database_url.expose_secret()).await;
        Server::over(wish, Arc::new(storage)).await
    }

    /// Starts one on a free port, over a storage that the test has in hand.
    pub async fn over(wish: Wish, storage: Arc<dyn Storage>) -> Server {
        let running = adapter::serve(wish, storage).await;
        Server { address: running.address, running: Some(running) }
    }

    /// Where a path is, e.g. `/graphql`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Somebody who is not signed in.
    pub fn anonymous(&self) -> Person {
        Person::anonymous(self.url("/graphql"))
    }

    /// Somebody with a token from elsewhere.
    pub fn with_token(&self, token: &str) -> Person {
        Person::with_token(self.url("/graphql"), token)
    }

    /// Signs in; fails the test when that is refused.
    pub async fn sign_in(&self, email: &str, password: &str) -> Person {
        Person::sign_in(self.url("/graphql"), email, password).await
    }

    /// Stops it and waits for it.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.stop.send(());
            let _ = running.task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            let _ = running.stop.send(());
            running.task.abort();
        }
    }
}
