//! Records, and what they were handed over by.
//!
//! No foreign keys on records, details, words and ownership changes: a handover touches thousands of rows, and each key would cost every
//! one of them. What they refer to is locked or looked at by the rules. Each index costs a handed-over row a fifth more, so there is one
//! for each list and no other.

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
        let tables =
            ["reassignment_successor", "reassignment", "ownership_change", "task_participant", "record_word", "record_detail", "record"];
        for table in tables {
            run(manager, &[&format!("DROP TABLE {table}")]).await?;
        }
        Ok(())
    }
}

const TABLES: &[&str] = &[
    "CREATE TABLE record (
        kind smallint NOT NULL,
        id {uuid} NOT NULL,
        version integer NOT NULL,
        title text NOT NULL,
        sort_key {key} NOT NULL,
        responsible_id {uuid} NOT NULL,
        created_by_kind smallint NOT NULL,
        created_by_person {uuid} NOT NULL,
        created_by_token {uuid},
        created_by_name text,
        is_closed boolean NOT NULL,
        external_id {key},
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        provenance_id {uuid},
        workgroup_id {uuid},
        subject_kind smallint,
        subject_id {uuid},
        CONSTRAINT record_external_id UNIQUE (kind, external_id),
        CONSTRAINT record_pk PRIMARY KEY (kind, id)
    )",
    "CREATE INDEX record_by_update ON record (updated_at, kind, id)",
    "CREATE INDEX record_by_creation ON record (created_at, kind, id)",
    "CREATE INDEX record_by_title ON record (sort_key, kind, id)",
    // With is_closed, so that what somebody has is counted without looking at the rows.
    "CREATE INDEX record_by_responsible ON record (responsible_id, updated_at, kind, id, is_closed)",
    // The partial ones cost nothing for the rows that they do not hold. 6 is FILE, 9 is TASK.
    "CREATE INDEX record_by_subject ON record (subject_id, updated_at, kind, id) WHERE subject_id IS NOT NULL",
    "CREATE INDEX record_by_workgroup ON record (workgroup_id, updated_at, kind, id) WHERE workgroup_id IS NOT NULL",
    "CREATE INDEX record_by_creator ON record (created_by_person, updated_at, kind, id) WHERE kind IN (6, 9)",
    "CREATE INDEX record_by_provenance ON record (provenance_id, updated_at, kind, id) WHERE provenance_id IS NOT NULL",
    "CREATE TABLE record_detail (
        kind smallint NOT NULL,
        id {uuid} NOT NULL,
        activity_type smallint,
        due_at bigint,
        website text,
        industry text,
        email_address text,
        email_key {key},
        phone text,
        company_id {uuid},
        contact_id {uuid},
        deal_id {uuid},
        stage text,
        source text,
        amount text,
        currency text,
        day text,
        size_in_bytes bigint,
        media_type text,
        CONSTRAINT record_detail_pk PRIMARY KEY (kind, id)
    ) {narrow}",
    "CREATE INDEX record_detail_by_company ON record_detail (company_id) WHERE company_id IS NOT NULL",
    "CREATE INDEX record_detail_by_contact ON record_detail (contact_id) WHERE contact_id IS NOT NULL",
    "CREATE INDEX record_detail_by_deal ON record_detail (deal_id) WHERE deal_id IS NOT NULL",
    "CREATE TABLE record_word (
        kind smallint NOT NULL,
        id {uuid} NOT NULL,
        word {key} NOT NULL,
        CONSTRAINT record_word_pk PRIMARY KEY (kind, id, word)
    ) {narrow}",
    "CREATE INDEX record_word_by_word ON record_word (word, kind, id)",
    "CREATE TABLE task_participant (
        task_id {uuid} NOT NULL,
        role smallint NOT NULL,
        user_id {uuid} NOT NULL,
        CONSTRAINT task_participant_pk PRIMARY KEY (task_id, role, user_id)
    ) {narrow}",
    "CREATE INDEX task_participant_by_user ON task_participant (user_id, role, task_id)",
    "CREATE TABLE ownership_change (
        id {uuid} NOT NULL,
        record_kind smallint NOT NULL,
        record_id {uuid} NOT NULL,
        from_id {uuid} NOT NULL,
        to_id {uuid} NOT NULL,
        actor_kind smallint NOT NULL,
        actor_person {uuid} NOT NULL,
        actor_token {uuid},
        actor_name text,
        changed_at bigint NOT NULL,
        reassignment_id {uuid},
        record_version integer NOT NULL,
        CONSTRAINT ownership_change_pk PRIMARY KEY (id)
    )",
    "CREATE INDEX ownership_change_by_record ON ownership_change (record_id, changed_at, id)",
    "CREATE TABLE reassignment (
        id {uuid} NOT NULL,
        status smallint NOT NULL,
        planned_count bigint NOT NULL,
        moved_count bigint NOT NULL,
        skipped_count bigint NOT NULL,
        remaining_count bigint,
        failure smallint,
        lists text NOT NULL,
        requested_by_kind smallint NOT NULL,
        requested_by_person {uuid} NOT NULL,
        requested_by_token {uuid},
        requested_by_name text,
        note text,
        undoes_id {uuid},
        created_at bigint NOT NULL,
        finished_at bigint,
        CONSTRAINT reassignment_pk PRIMARY KEY (id)
    )",
    "CREATE INDEX reassignment_by_creation ON reassignment (created_at, id)",
    "CREATE TABLE reassignment_successor (
        user_id {uuid} NOT NULL,
        reassignment_id {uuid} NOT NULL,
        CONSTRAINT reassignment_successor_pk PRIMARY KEY (user_id, reassignment_id),
        CONSTRAINT reassignment_successor_reassignment FOREIGN KEY (reassignment_id) REFERENCES reassignment (id) ON DELETE CASCADE
    ) {narrow}",
    "CREATE INDEX reassignment_successor_by_reassignment ON reassignment_successor (reassignment_id)",
];
