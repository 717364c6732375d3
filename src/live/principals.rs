//! Callers as they stand now. Whoever asks while a statement is under way is answered by the next one, together with all others who did:
//! every answer was read after it was asked for, and a thousand connections that wake at once cost a statement or two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tenure_core::account::Account;
use tenure_core::clock::Clock;
use tenure_core::id::{AccessTokenId, SessionId};
use tenure_core::policy::Access;
use tenure_core::storage::{Storage, StorageError};
use tokio::sync::oneshot;

/// By what somebody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Credential {
    Session(SessionId),
    Token(AccessTokenId),
}

impl Credential {
    /// None for the system itself.
    pub(super) fn of(access: &Access) -> Option<Credential> {
        access.session().map(Credential::Session).or_else(|| access.token().map(Credential::Token))
    }
}

type Answer = Result<Option<Access>, Arc<StorageError>>;

pub(super) struct Principals {
    storage: Arc<dyn Storage>,
    clock: Arc<dyn Clock>,
    waiting: Mutex<Vec<(Credential, oneshot::Sender<Answer>)>>,
    turn: tokio::sync::Mutex<()>,
}

impl Principals {
    pub(super) fn new(storage: Arc<dyn Storage>, clock: Arc<dyn Clock>) -> Principals {
        Principals { storage, clock, waiting: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// Those who are signed in, of these.
    pub(super) async fn many(&self, credentials: &[Credential]) -> Result<HashMap<Credential, Access>, StorageError> {
        let mut sorted = credentials.to_vec();
        sorted.sort_unstable();
        sorted.dedup();
        let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
        for credential in sorted {
            match credential {
                Credential::Session(id) => sessions.push(id),
                Credential::Token(id) => tokens.push(id),
            }
        }
        let mut found = HashMap::new();
        if !sessions.is_empty() {
            let principals = self.storage.session_principals(&sessions).await?;
            let now = self.clock.now();
            found.extend(principals.iter().filter_map(|p| Some((Credential::Session(p.session.id), Access::of_session(p, now)?))));
        }
        if !tokens.is_empty() {
            let principals = self.storage.token_principals(&tokens).await?;
            let now = self.clock.now();
            found.extend(principals.iter().filter_map(|p| Some((Credential::Token(p.token.id), Access::of_token(p, now)?))));
        }
        Ok(found)
    }

    /// Somebody, if they are signed in.
    pub(super) async fn one(&self, credential: Credential) -> Answer {
        loop {
            let (answer, mut answered) = oneshot::channel();
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).push((credential, answer));
            loop {
                tokio::select! {
                    biased;
                    answer = &mut answered => match answer {
                        Ok(answer) => return answer,
                        // Whoever was reading for all was dropped in the middle of it.
                        Err(_) => break,
                    },
                    _turn = self.turn.lock() => self.read_for_all().await,
                }
            }
        }
    }

    async fn read_for_all(&self) {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let credentials: Vec<Credential> = waiting.iter().map(|(credential, _)| *credential).collect();
        if credentials.is_empty() {
            return;
        }
        let found = Account::doing_for_all(self.many(&credentials)).await.map_err(Arc::new);
        for (credential, answer) in waiting {
            // Who does not wait any more needs no answer.
            let _ = answer.send(found.as_ref().map(|found| found.get(&credential).cloned()).map_err(Arc::clone));
        }
    }
}
