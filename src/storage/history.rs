//! Events, and outcomes of operations that may be repeated.

use async_trait::async_trait;
use sea_orm::DbBackend;
use tenure_core::event::{Event, EventBody, EventFilter, NewEvent};
use tenure_core::id::{EventId, UserId};
use tenure_core::page::{PageRequest, Slice};
use tenure_core::policy::EventScope;
use tenure_core::storage::{HistoryRead, HistoryWrite, IdempotencyKey, IdempotencyState, Result};
use tenure_core::time::Timestamp;
use tenure_entity::{event, idempotency};

use super::error::{corrupt, other};
use super::listen::CHANNEL;
use super::row::{ActorColumns, Row, secret_hash};
use super::sql::Sql;
use super::{Sea, Source, Working};

pub(super) const COLUMNS: &str = "e.sequence, e.id, e.occurred_at, e.actor_kind, e.actor_person, e.actor_token, e.actor_name, e.subject_id, \
    e.request_id, e.body";

pub(super) fn event(row: &mut Row<'_>) -> Result<Event> {
    Ok(Event {
        sequence: row.take()?,
        event: NewEvent {
            id: EventId(row.uuid()?),
            occurred_at: row.time()?,
            actor: row.actor()?,
            subject: UserId(row.uuid()?),
            request_id: row.take()?,
            body: serde_json::from_str::<EventBody>(&row.take::<String>()?).map_err(|_| corrupt("body of an event"))?,
        },
    })
}

fn event_model(sequence: i64, event: &NewEvent) -> Result<event::Model> {
    let actor = ActorColumns::from(&event.actor);
    Ok(event::Model {
        sequence,
        id: event.id.0,
        occurred_at: event.occurred_at.0,
        actor_kind: actor.kind,
        actor_person: actor.person,
        actor_token: actor.token,
        actor_name: actor.name,
        subject_id: event.subject.0,
        request_id: event.request_id.clone(),
        kind: event.body.kind().code(),
        body: serde_json::to_string(&event.body).map_err(other)?,
    })
}

/// Writes which row of `idempotency` belongs to a key.
fn of_key(sql: &mut Sql, key: &IdempotencyKey) {
    sql.push(" WHERE person_id = ")
        .bind(key.person.0)
        .push(" AND mutation = ")
        .bind(key.mutation)
        .push(" AND key = ")
        .bind(key.key.as_str());
}

#[async_trait]
impl<S: Source> HistoryRead for Sea<S> {
    async fn events_after(&self, sequence: i64, limit: u32) -> Result<Vec<Event>> {
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM event e WHERE e.sequence > "));
        sql.bind(sequence).push(" ORDER BY e.sequence LIMIT ").bind(i64::from(limit));
        self.rows(sql, event).await
    }

    async fn events_last(&self) -> Result<i64> {
        let sql = self.sql("SELECT last FROM event_counter WHERE id = 1");
        self.row(sql, |row| row.take()).await?.ok_or_else(|| corrupt("the counter of events is missing"))
    }

    async fn events_by_id(&self, ids: &[EventId], scope: &EventScope) -> Result<Vec<Event>> {
        self.events_found(ids, scope).await
    }

    async fn events_page(&self, scope: &EventScope, filter: &EventFilter, page: &PageRequest) -> Result<Slice<Event>> {
        self.events_slice(scope, filter, page).await
    }

    async fn events_count(&self, scope: &EventScope, filter: &EventFilter) -> Result<u64> {
        self.events_number(scope, filter).await
    }

    async fn events_page_by_subject(
        &self,
        subjects: &[UserId],
        scope: &EventScope,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Event>>> {
        self.events_slices(subjects, scope, filter, page).await
    }

    async fn events_count_by_subject(&self, subjects: &[UserId], scope: &EventScope, filter: &EventFilter) -> Result<Vec<u64>> {
        self.events_numbers(subjects, scope, filter).await
    }
}

#[async_trait]
impl HistoryWrite for Sea<Working> {
    async fn events_append(&mut self, events: &[NewEvent]) -> Result<()> {
        if events.is_empty() {
            return Ok(());
        }
        let count = i64::try_from(events.len()).map_err(other)?;
        // Holds the counter until the end of the transaction: who comes later gets higher numbers and commits later, and whoever reads
        // the history from a number on misses nothing.
        let mut sql = self.sql("UPDATE event_counter SET last = last + ");
        sql.bind(count).push(" WHERE id = 1 RETURNING last");
        if self.backend() == DbBackend::Postgres {
            // Heard when this is committed, by all servers; here, so that it costs no statement of its own.
            sql.push(&format!(", pg_notify('{CHANNEL}', '')"));
        }
        let last: i64 = self.row(sql, |row| row.take()).await?.ok_or_else(|| corrupt("the counter of events is missing"))?;
        let models: Vec<event::Model> = (last - count + 1..).zip(events).map(|(n, event)| event_model(n, event)).collect::<Result<_>>()?;
        self.source.has_events = true;
        self.insert::<event::Entity>(&models, "").await.map(drop)
    }

    async fn idempotency_begin(
        &mut self,
        key: &IdempotencyKey,
        fingerprint: [u8; 32],
        now: Timestamp,
        since: Timestamp,
    ) -> Result<IdempotencyState> {
        let model = idempotency::Model {
            person_id: key.person.0,
            mutation: key.mutation.to_owned(),
            key: key.key.clone(),
            fingerprint: fingerprint.to_vec(),
            outcome: None,
            taken_at: now.0,
        };
        // While another transaction has the key, PostgreSQL waits here. A row that is too old, or was never finished, is taken over.
        let tail = format!(
            "ON CONFLICT (person_id, mutation, key) DO UPDATE SET fingerprint = excluded.fingerprint, outcome = NULL, \
             taken_at = excluded.taken_at WHERE idempotency.taken_at <= {} OR idempotency.outcome IS NULL",
            since.0
        );
        if self.insert::<idempotency::Entity>(&[model], &tail).await? > 0 {
            return Ok(IdempotencyState::Fresh);
        }
        let mut sql = self.sql("SELECT fingerprint, outcome FROM idempotency");
        of_key(&mut sql, key);
        let done = self.row(sql, |row| Ok((row.take::<Vec<u8>>()?, row.take::<Option<String>>()?))).await?;
        let (fingerprint, outcome) = done.ok_or_else(|| corrupt("an operation is neither known nor unknown"))?;
        let outcome = outcome.ok_or_else(|| corrupt("an operation has no outcome"))?;
        Ok(IdempotencyState::Done { fingerprint: secret_hash(fingerprint)?.0, outcome })
    }

    async fn idempotency_finish(&mut self, key: &IdempotencyKey, outcome: &str) -> Result<()> {
        let mut sql = self.sql("UPDATE idempotency SET outcome = ");
        sql.bind(outcome);
        of_key(&mut sql, key);
        match self.execute(sql).await? {
            0 => Err(corrupt("finished a key that was not taken")),
            _ => Ok(()),
        }
    }

    async fn idempotency_forget(&mut self, until: Timestamp, limit: u32) -> Result<u64> {
        let mut sql =
            self.sql("DELETE FROM idempotency WHERE (person_id, mutation, key) IN (SELECT person_id, mutation, key FROM idempotency");
        sql.push(" WHERE taken_at <= ").bind(until.0).push(" ORDER BY taken_at LIMIT ").bind(i64::from(limit));
        // Whoever takes a key anew holds it.
        sql.lock("UPDATE SKIP LOCKED").push(")");
        self.execute(sql).await
    }
}
