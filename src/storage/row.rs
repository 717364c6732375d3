//! Reading rows, column by column in the order of the statement: looking columns up by name costs a tenth and more of a request.

use sea_orm::{QueryResult, TryGetable};
use tenure_core::credential::SecretHash;
use tenure_core::id::{AccessTokenId, RecordId, UserId};
use tenure_core::record::RecordKind;
use tenure_core::storage::Result;
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;
use uuid::Uuid;

use super::error::{corrupt, failure};

/// A row, and how far it was read.
pub(super) struct Row<'r> {
    result: &'r QueryResult,
    next: usize,
}

impl<'r> Row<'r> {
    pub(super) fn new(result: &'r QueryResult) -> Row<'r> {
        Row { result, next: 0 }
    }

    /// The next column.
    pub(super) fn take<T: TryGetable>(&mut self) -> Result<T> {
        let value = self.result.try_get_by_index(self.next).map_err(failure)?;
        self.next += 1;
        Ok(value)
    }

    /// The next column, a count.
    pub(super) fn count(&mut self) -> Result<u64> {
        u64::try_from(self.take::<i64>()?).map_err(|_| corrupt("a count is negative"))
    }

    pub(super) fn uuid(&mut self) -> Result<Uuid> {
        self.take()
    }

    pub(super) fn time(&mut self) -> Result<Timestamp> {
        self.take().map(Timestamp)
    }

    pub(super) fn optional_time(&mut self) -> Result<Option<Timestamp>> {
        Ok(self.take::<Option<i64>>()?.map(Timestamp))
    }

    /// The next two columns: kind and UUID of a record.
    pub(super) fn record_id(&mut self) -> Result<RecordId> {
        Ok(RecordId { kind: record_kind(self.take()?)?, uuid: self.take()? })
    }

    /// The next two columns: kind and UUID of a record, or nothing.
    pub(super) fn optional_record_id(&mut self) -> Result<Option<RecordId>> {
        match (self.take::<Option<i16>>()?, self.take::<Option<Uuid>>()?) {
            (Some(kind), Some(uuid)) => Ok(Some(RecordId { kind: record_kind(kind)?, uuid })),
            (None, None) => Ok(None),
            _ => Err(corrupt("half a reference to a record")),
        }
    }

    /// The next four columns: who did something.
    pub(super) fn actor(&mut self) -> Result<Actor> {
        ActorColumns { kind: self.take()?, person: self.take()?, token: self.take()?, name: self.take()? }.actor()
    }

    /// The next four columns: who did something, or nobody.
    pub(super) fn optional_actor(&mut self) -> Result<Option<Actor>> {
        let (kind, person, token, name) = (self.take::<Option<i16>>()?, self.take::<Option<Uuid>>()?, self.take()?, self.take()?);
        match (kind, person) {
            (Some(kind), Some(person)) => ActorColumns { kind, person, token, name }.actor().map(Some),
            _ => Ok(None),
        }
    }
}

/// An actor as it is stored. The person is always there, the System User for the system: people are looked for by it.
pub(super) struct ActorColumns {
    pub(super) kind: i16,
    pub(super) person: Uuid,
    pub(super) token: Option<Uuid>,
    pub(super) name: Option<String>,
}

impl From<&Actor> for ActorColumns {
    fn from(actor: &Actor) -> Self {
        let person = actor.person().0;
        match actor {
            Actor::System => ActorColumns { kind: 0, person, token: None, name: None },
            Actor::User(_) => ActorColumns { kind: 1, person, token: None, name: None },
            Actor::Token { token, name, .. } => ActorColumns { kind: 2, person, token: Some(token.0), name: Some(name.clone()) },
        }
    }
}

impl ActorColumns {
    pub(super) fn actor(self) -> Result<Actor> {
        match (self.kind, self.token, self.name) {
            (0, _, _) => Ok(Actor::System),
            (1, _, _) => Ok(Actor::User(UserId(self.person))),
            (2, Some(token), Some(name)) => Ok(Actor::Token { owner: UserId(self.person), token: AccessTokenId(token), name }),
            _ => Err(corrupt("an actor is neither a person nor a token nor the system")),
        }
    }
}

pub(super) fn record_kind(code: i16) -> Result<RecordKind> {
    RecordKind::from_code(code).ok_or_else(|| corrupt("kind of a record"))
}

pub(super) fn secret_hash(bytes: Vec<u8>) -> Result<SecretHash> {
    bytes.try_into().map(SecretHash).map_err(|_| corrupt("length of a hash"))
}
