//! Mails that wait to be sent: names and addresses, no secrets. A row is gone as soon as its mail was sent.

use sea_orm_migration::prelude::*;

use crate::dialect::run;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, TABLES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["DROP TABLE mail_outbox"]).await
    }
}

const TABLES: &[&str] = &[
    // A claim is a time until which the mail is not due, and the number of the attempt.
    "CREATE TABLE mail_outbox (
        id {uuid} NOT NULL,
        body text NOT NULL,
        written_at bigint NOT NULL,
        due_at bigint NOT NULL,
        tries integer NOT NULL,
        given_up_at bigint,
        CONSTRAINT mail_outbox_pk PRIMARY KEY (id)
    )",
    "CREATE INDEX mail_outbox_waiting ON mail_outbox (due_at, id) WHERE given_up_at IS NULL",
    "CREATE INDEX mail_outbox_given_up ON mail_outbox (given_up_at) WHERE given_up_at IS NOT NULL",
];
