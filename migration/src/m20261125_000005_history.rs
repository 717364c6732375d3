//! Events, which are never changed or removed, and outcomes of operations that may be repeated.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, TABLES).await?;
        match manager.get_database_backend() {
            DbBackend::Postgres => run(manager, POSTGRES_GUARD).await,
            _ => run(manager, SQLITE_GUARD).await,
        }
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["DROP TABLE idempotency", "DROP TABLE event_counter", "DROP TABLE event"]).await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            run(manager, &["DROP FUNCTION refuse_event_change"]).await?;
        }
        Ok(())
    }
}

const TABLES: &[&str] = &[
    "CREATE TABLE event (
        sequence bigint NOT NULL,
        id {uuid} NOT NULL,
        occurred_at bigint NOT NULL,
        actor_kind smallint NOT NULL,
        actor_person {uuid} NOT NULL,
        actor_token {uuid},
        actor_name text,
        subject_id {uuid} NOT NULL,
        request_id text,
        kind smallint NOT NULL,
        body text NOT NULL,
        CONSTRAINT event_sequence PRIMARY KEY (sequence),
        CONSTRAINT event_pk UNIQUE (id)
    )",
    // Numbers follow the order of commits, because whoever takes one holds this row until the end of the transaction. A sequence of
    // PostgreSQL would give numbers in the order in which they are asked for, with gaps.
    "CREATE TABLE event_counter (
        id smallint NOT NULL,
        last bigint NOT NULL,
        CONSTRAINT event_counter_pk PRIMARY KEY (id),
        CONSTRAINT event_counter_one CHECK (id = 1)
    )",
    "INSERT INTO event_counter (id, last) VALUES (1, 0)",
    "CREATE TABLE idempotency (
        person_id {uuid} NOT NULL,
        mutation {key} NOT NULL,
        key {key} NOT NULL,
        fingerprint {bytes} NOT NULL,
        outcome text,
        taken_at bigint NOT NULL,
        CONSTRAINT idempotency_pk PRIMARY KEY (person_id, mutation, key)
    )",
];

const POSTGRES_GUARD: &[&str] = &[
    "CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN RAISE EXCEPTION 'events are neither changed nor removed'; END $$",
    "CREATE TRIGGER event_is_final BEFORE UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION refuse_event_change()",
    "CREATE TRIGGER event_is_kept BEFORE TRUNCATE ON event FOR EACH STATEMENT EXECUTE FUNCTION refuse_event_change()",
];

const SQLITE_GUARD: &[&str] = &[
    "CREATE TRIGGER event_is_final BEFORE UPDATE ON event BEGIN SELECT RAISE(ABORT, 'events are neither changed nor removed'); END",
    "CREATE TRIGGER event_is_kept BEFORE DELETE ON event BEGIN SELECT RAISE(ABORT, 'events are neither changed nor removed'); END",
];
