//! Departments, workgroups and memberships.

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
        run(manager, &["DROP TABLE membership", "DROP TABLE workgroup", "DROP TABLE department"]).await
    }
}

const TABLES: &[&str] = &[
    // `parent_key` is `parent_id` or the nil UUID: unique constraints take no two NULLs for the same.
    "CREATE TABLE department (
        id {uuid} NOT NULL,
        name text NOT NULL,
        sort_key {key} NOT NULL,
        parent_id {uuid},
        parent_key {uuid} NOT NULL,
        head_id {uuid},
        CONSTRAINT department_name UNIQUE (parent_key, sort_key),
        CONSTRAINT department_pk PRIMARY KEY (id)
    )",
    "CREATE INDEX department_by_name ON department (sort_key, id)",
    "CREATE INDEX department_by_head ON department (head_id)",
    "CREATE TABLE workgroup (
        id {uuid} NOT NULL,
        name text NOT NULL,
        sort_key {key} NOT NULL,
        is_extranet boolean NOT NULL,
        created_at bigint NOT NULL,
        CONSTRAINT workgroup_name UNIQUE (sort_key),
        CONSTRAINT workgroup_pk PRIMARY KEY (id)
    )",
    "CREATE TABLE membership (
        workgroup_id {uuid} NOT NULL,
        user_id {uuid} NOT NULL,
        role smallint NOT NULL,
        joined_at bigint NOT NULL,
        left_at bigint,
        ended_by_dismissal boolean NOT NULL,
        CONSTRAINT membership_pk PRIMARY KEY (workgroup_id, user_id),
        CONSTRAINT membership_workgroup FOREIGN KEY (workgroup_id) REFERENCES workgroup (id) ON DELETE CASCADE,
        CONSTRAINT membership_user FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE CASCADE
    )",
    "CREATE INDEX membership_by_user ON membership (user_id, joined_at, workgroup_id)",
    "CREATE INDEX membership_by_workgroup ON membership (workgroup_id, joined_at, user_id)",
];
