//! Who listens: looked at again whenever something is about to be sent.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tenure_core::permission::Permission;
use tenure_core::policy::Access;
use tenure_core::storage::{Storage, StorageError};

use crate::graphql::error::{Fault, Result};
use crate::graphql::operation::Operation;
use crate::graphql::view::View;
use crate::live::Follower;

/// How long to wait before a storage that is away is asked again: at first, and at most.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Who listens.
pub(super) struct Listener {
    operation: Arc<Operation>,
    access: Access,
    needs: &'static [Permission],
}

impl Listener {
    pub(super) fn new(operation: Arc<Operation>, access: Access, needs: &'static [Permission]) -> Listener {
        Listener { operation, access, needs }
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        &**self.operation.engine().storage()
    }

    pub(super) fn follow(&self) -> Follower {
        self.operation.live().follow()
    }

    /// Whether what was sent last did not get through for want of the storage.
    pub(super) fn is_asked_to_repeat(&self) -> bool {
        self.operation.is_asked_to_repeat()
    }

    /// The standpoint of who listens, as they stand now: UNAUTHENTICATED when they lost sign-in, FORBIDDEN when they lost the right. Waits
    /// for a storage that is away.
    pub(super) async fn again(&self) -> Result<View> {
        let access = steadily(|| async { self.operation.live().again(&self.access).await.map_err(fault) }).await?;
        let view = View::new(access.ok_or(Fault::Unauthenticated)?, self.operation.engine().clone(), self.operation.cohort());
        view.require(self.needs)?;
        Ok(view)
    }
}

/// The fault of a failure that several share.
fn fault(error: Arc<StorageError>) -> Fault {
    match &*error {
        StorageError::Unavailable(_) | StorageError::Conflict | StorageError::Outdated(_) => Fault::Unavailable,
        StorageError::TimedOut => Fault::TimedOut,
        StorageError::Taken(_) | StorageError::Corrupt(_) | StorageError::Other(_) => Fault::internal(&error.to_string()),
    }
}

/// Asks until the storage is there.
pub(super) async fn steadily<T, F: Future<Output = Result<T>>>(ask: impl Fn() -> F) -> Result<T> {
    let mut pause = PAUSE;
    loop {
        match ask().await {
            Err(Fault::Unavailable) => tokio::time::sleep(pause).await,
            answer => return answer,
        }
        pause = (pause * 2).min(PAUSE_MAX);
    }
}
