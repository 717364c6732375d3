//! A database with a company in it and a server before it: what most stories begin with.

use std::sync::Arc;

use tenure::storage::SeaStorage;
use tenure_core::clock::{Clock, SystemClock};

use super::adapter;
use super::backend::{Backend, Database};
use super::company::{Company, Member};
use super::mail::Mailbox;
use super::person::Person;
use super::server::{Server, Wish};
use super::watch;

/// The password of everybody in the company.
pub const PASSWORD: &str = "correct horse 7 battery";

/// A company at work.
pub struct Office {
    pub company: Company,
    pub server: Server,
    /// Over the same database, with a counter of statements; the server has it too.
    pub storage: SeaStorage,
    pub mail: Mailbox,
    wish: Wish,
    /// Last, so that the server is gone before its database.
    pub database: Database,
}

impl Office {
    /// The usual one.
    pub async fn open(backend: Backend) -> Office {
        Office::open_with(backend, |wish| wish).await
    }

    /// One with a server of another kind.
    pub async fn open_with(backend: Backend, change: impl FnOnce(Wish) -> Wish) -> Office {
        let database = Database::new(backend).await;
        watch::over(&database);
        let wish = change(Wish::on(&database));
        let storage = adapter::connect(&database.url).await;
        let hash = adapter::password_hash(PASSWORD).await;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let company = Company::found(Arc::new(storage.clone()), clock, hash).await;
        let mail = Mailbox::at(&database.folder.path().join("mail")).behind(Arc::new(storage.clone()));
        let server = Server::over(wish.clone(), Arc::new(storage.clone())).await;
        Office { company, server, storage, mail, wish, database }
    }

    /// One more server on the same database.
    pub async fn another_server(&self) -> Server {
        Server::start(self.wish.clone()).await
    }

    /// Waits until nothing goes on in the background, for who counts statements: mails of what was done before are no part of any price, nor
    /// is the watch over a sign-in, which looks again once in less than half a second after its connection was closed.
    /// Needs [`Wish::without_polling`].
    pub async fn quiet(&self) {
        loop {
            let before = self.storage.statements();
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            if self.storage.statements() == before {
                return;
            }
        }
    }

    /// Signs a member of the company in.
    pub async fn sign_in(&self, member: &Member) -> Person {
        self.server.sign_in(&member.email, PASSWORD).await
    }
}
