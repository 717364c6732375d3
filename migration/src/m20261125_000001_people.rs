//! The settings, people and their addresses; the settings row and the System User are there from now on.

use sea_orm_migration::prelude::*;

use crate::dialect::{run, uuid_literal};

/// The System User, the same in every installation.
const SYSTEM_USER: &str = "00000000-0000-7000-8000-000000000001";
/// USERS_READ, ENTITIES_READ, ENTITIES_WRITE: what employees start with. Bit n is the n-th permission of the contract.
const EMPLOYEE_PERMISSIONS: i32 = 1 | 1 << 6 | 1 << 7;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, TABLES).await?;
        let system = uuid_literal(manager.get_database_backend(), SYSTEM_USER);
        let settings = format!(
            "INSERT INTO settings (id, version, show_dismissed_users, employee_permissions, updated_at, updated_by_kind, updated_by_person)
             VALUES (1, 1, FALSE, {EMPLOYEE_PERMISSIONS}, 0, 0, {system})"
        );
        let user = format!(
            "INSERT INTO app_user (id, version, epoch, status, kind, is_administrator, personal_permissions, first_name, last_name, sort_key,
                 was_active, created_at, updated_at)
             VALUES ({system}, 1, 0, 0, 1, FALSE, 0, 'System', '', 'system', FALSE, 0, 0)"
        );
        run(manager, &[&settings, &user]).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, &["DROP TABLE address", "DROP TABLE user_word", "DROP TABLE app_user", "DROP TABLE settings"]).await
    }
}

const TABLES: &[&str] = &[
    "CREATE TABLE settings (
        id smallint NOT NULL,
        version integer NOT NULL,
        show_dismissed_users boolean NOT NULL,
        employee_permissions integer NOT NULL,
        updated_at bigint NOT NULL,
        updated_by_kind smallint NOT NULL,
        updated_by_person {uuid} NOT NULL,
        updated_by_token {uuid},
        updated_by_name text,
        CONSTRAINT settings_pk PRIMARY KEY (id),
        CONSTRAINT settings_one CHECK (id = 1)
    )",
    "CREATE TABLE app_user (
        id {uuid} NOT NULL,
        version integer NOT NULL,
        epoch integer NOT NULL,
        status smallint NOT NULL,
        kind smallint NOT NULL,
        is_administrator boolean NOT NULL,
        personal_permissions integer NOT NULL,
        first_name text NOT NULL,
        last_name text NOT NULL,
        sort_key {key} NOT NULL,
        job_title text,
        avatar_url text,
        department_id {uuid},
        manager_id {uuid},
        was_active boolean NOT NULL,
        dismissed_at bigint,
        dismissed_by_kind smallint,
        dismissed_by_person {uuid},
        dismissed_by_token {uuid},
        dismissed_by_name text,
        dismissal_reason text,
        dismissal_note text,
        created_at bigint NOT NULL,
        updated_at bigint NOT NULL,
        CONSTRAINT app_user_pk PRIMARY KEY (id)
    )",
    "CREATE INDEX app_user_by_name ON app_user (sort_key, id)",
    "CREATE INDEX app_user_by_status ON app_user (status, sort_key, id)",
    "CREATE INDEX app_user_by_creation ON app_user (created_at, id)",
    "CREATE INDEX app_user_by_dismissal ON app_user (dismissed_at, id)",
    "CREATE INDEX app_user_by_department ON app_user (department_id, sort_key, id)",
    "CREATE INDEX app_user_by_manager ON app_user (manager_id, sort_key, id)",
    // Seats and administrators are counted while everybody else who changes the lifecycle waits.
    "CREATE INDEX app_user_counts ON app_user (status, kind, is_administrator)",
    "CREATE TABLE user_word (
        user_id {uuid} NOT NULL,
        source {key} NOT NULL,
        word {key} NOT NULL,
        CONSTRAINT user_word_pk PRIMARY KEY (user_id, source, word),
        CONSTRAINT user_word_user FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
    ) {narrow}",
    "CREATE INDEX user_word_by_word ON user_word (word, source, user_id)",
    "CREATE TABLE address (
        key {key} NOT NULL,
        address text NOT NULL,
        user_id {uuid} NOT NULL,
        roles integer NOT NULL,
        CONSTRAINT address_key PRIMARY KEY (key),
        CONSTRAINT address_user FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
    )",
    "CREATE INDEX address_by_user ON address (user_id, key, roles)",
];
