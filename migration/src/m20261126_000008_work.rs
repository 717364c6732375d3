//! Meetings, posts, conversations and messages.
//!
//! No foreign keys on people: what was said stays when an account is deleted (rule L1).

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
        let tables = ["message", "conversation", "feed_post", "meeting_part", "meeting"];
        for table in tables {
            run(manager, &[&format!("DROP TABLE {table}")]).await?;
        }
        Ok(())
    }
}

const TABLES: &[&str] = &[
    "CREATE TABLE meeting (
        id {uuid} NOT NULL,
        title text NOT NULL,
        starts_at bigint NOT NULL,
        ends_at bigint NOT NULL,
        organizer_id {uuid} NOT NULL,
        created_at bigint NOT NULL,
        CONSTRAINT meeting_pk PRIMARY KEY (id)
    )",
    // Who is invited, numbered from 1; an organiser who is not among them has the number 0. With the start, which never changes, so that
    // somebody's meetings are read in order.
    "CREATE TABLE meeting_part (
        meeting_id {uuid} NOT NULL,
        user_id {uuid} NOT NULL,
        position smallint NOT NULL,
        starts_at bigint NOT NULL,
        CONSTRAINT meeting_part_pk PRIMARY KEY (meeting_id, user_id),
        CONSTRAINT meeting_part_meeting FOREIGN KEY (meeting_id) REFERENCES meeting (id)
    )",
    "CREATE INDEX meeting_part_by_user ON meeting_part (user_id, starts_at, meeting_id)",
    "CREATE TABLE feed_post (
        id {uuid} NOT NULL,
        text text NOT NULL,
        author_id {uuid} NOT NULL,
        created_at bigint NOT NULL,
        workgroup_id {uuid},
        CONSTRAINT feed_post_pk PRIMARY KEY (id),
        CONSTRAINT feed_post_workgroup FOREIGN KEY (workgroup_id) REFERENCES workgroup (id)
    )",
    "CREATE INDEX feed_post_by_author ON feed_post (author_id, created_at, id)",
    "CREATE INDEX feed_post_by_workgroup ON feed_post (workgroup_id, created_at, id) WHERE workgroup_id IS NOT NULL",
    "CREATE INDEX feed_post_by_creation ON feed_post (created_at, id) WHERE workgroup_id IS NULL",
    // Two people share one row, the smaller identifier first, and nobody talks to themself. What the latest message is stands here, so that
    // conversations are read in order.
    "CREATE TABLE conversation (
        id {uuid} NOT NULL,
        low_id {uuid} NOT NULL,
        high_id {uuid} NOT NULL,
        last_message_id {uuid},
        last_sent_at bigint,
        CONSTRAINT conversation_pair UNIQUE (low_id, high_id),
        CONSTRAINT conversation_pk PRIMARY KEY (id),
        CONSTRAINT conversation_of_two CHECK (low_id < high_id)
    )",
    "CREATE INDEX conversation_by_low ON conversation (low_id, last_sent_at, id)",
    "CREATE INDEX conversation_by_high ON conversation (high_id, last_sent_at, id)",
    "CREATE TABLE message (
        id {uuid} NOT NULL,
        conversation_id {uuid} NOT NULL,
        author_id {uuid} NOT NULL,
        text text NOT NULL,
        sent_at bigint NOT NULL,
        CONSTRAINT message_pk PRIMARY KEY (id),
        CONSTRAINT message_conversation FOREIGN KEY (conversation_id) REFERENCES conversation (id)
    )",
    "CREATE INDEX message_by_conversation ON message (conversation_id, sent_at, id)",
];
