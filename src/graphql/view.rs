//! A viewer's standpoint: who looks, and the loaders that ask for them. Every object carries the one it was made for, so that nothing is
//! ever shown to somebody else than it was admitted for (the person who has just signed in is not the anonymous caller).

use std::hash::Hash;
use std::sync::Arc;

use async_graphql::dataloader::{DataLoader, Loader};
use tenure_core::engine::Engine;
use tenure_core::id::UserId;
use tenure_core::permission::Permission;
use tenure_core::policy::{Access, Visible};
use tenure_core::time::Timestamp;
use tenure_core::user::User;

use super::cohort::{AtOnce, Cohort};
use super::error::{Fault, Result};
use super::loaders::{Reader, SeenPersonKey};

/// Who looks; cheap to clone.
#[derive(Clone)]
pub struct View {
    loader: Arc<DataLoader<Reader>>,
}

impl View {
    /// The standpoint of a caller, within an operation.
    pub fn new(access: Access, engine: Arc<Engine>, cohort: &Cohort) -> View {
        let loader = DataLoader::new(Reader::new(access, engine), cohort.clone(), AtOnce).max_batch_size(usize::MAX);
        View { loader: Arc::new(loader) }
    }

    /// The caller as they stand now.
    pub fn access(&self) -> &Access {
        self.loader.loader().access()
    }

    /// Seats and plan, and the clock.
    pub fn engine(&self) -> &Engine {
        self.loader.loader().engine()
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.engine().clock().now()
    }

    /// FORBIDDEN unless the caller holds one of them.
    pub fn require(&self, any_of: &'static [Permission]) -> Result<()> {
        if self.access().permissions().has_any(any_of) { Ok(()) } else { Err(Fault::Forbidden(any_of.into())) }
    }

    /// FORBIDDEN to access tokens: what is personal is for sessions only (rule S4).
    pub fn require_person(&self) -> Result<()> {
        if self.access().is_in_person() { Ok(()) } else { Err(Fault::Forbidden([].into())) }
    }

    /// The answer to a question; None when there is none.
    pub async fn ask<K>(&self, key: K) -> Result<Option<<Reader as Loader<K>>::Value>>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        Reader: Loader<K, Error = Fault>,
    {
        self.loader.load_one(key).await
    }

    /// The answer to a question that always has one.
    pub async fn get<K>(&self, key: K) -> Result<<Reader as Loader<K>>::Value>
    where
        K: Hash + Eq + Clone + Send + Sync + 'static,
        Reader: Loader<K, Error = Fault>,
    {
        self.ask(key).await?.ok_or_else(|| Fault::internal(&format!("no answer to {}", std::any::type_name::<K>())))
    }

    /// Somebody, if the viewer can see them. Who is hidden is not even read.
    pub async fn person(&self, id: UserId) -> Result<Option<Arc<Visible<User>>>> {
        self.ask(SeenPersonKey(id)).await
    }

    /// Somebody as a transaction left them, if the viewer can see them.
    pub async fn admit(&self, row: User) -> Result<Option<Arc<Visible<User>>>> {
        let scope = self.access().user_scope();
        let companion = match scope.needs_companions() {
            true => self.person(row.id).await?.is_some(),
            false => false,
        };
        Ok(scope.admit(row, companion).map(Arc::new))
    }
}
