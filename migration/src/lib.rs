//! The schema of tenure's database, step by step: one schema for SQLite and PostgreSQL.
//!
//! Constraints have names, because a storage says by name what is taken. In each table the primary key is declared behind the unique
//! constraints: SQLite looks at the last one first, and a row that is there already is to be reported as such.

mod dialect;
mod m20261125_000001_people;
mod m20261125_000002_structure;
mod m20261125_000003_records;
mod m20261125_000004_credentials;
mod m20261125_000005_history;
mod m20261126_000006_outbox;
mod m20261126_000007_links;
mod m20261126_000008_work;
mod m20261126_000009_event_lists;
mod m20261126_000010_former_people;
mod m20261126_000011_undo;
mod m20261126_000012_bulk;
mod m20261126_000013_keeping;
mod m20261127_000014_case_folding;

use sea_orm_migration::prelude::*;

pub use sea_orm_migration::{MigrationStatus, MigratorTrait};

/// All steps, in order.
#[derive(Debug, Clone, Copy)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261125_000001_people::Migration),
            Box::new(m20261125_000002_structure::Migration),
            Box::new(m20261125_000003_records::Migration),
            Box::new(m20261125_000004_credentials::Migration),
            Box::new(m20261125_000005_history::Migration),
            Box::new(m20261126_000006_outbox::Migration),
            Box::new(m20261126_000007_links::Migration),
            Box::new(m20261126_000008_work::Migration),
            Box::new(m20261126_000009_event_lists::Migration),
            Box::new(m20261126_000010_former_people::Migration),
            Box::new(m20261126_000011_undo::Migration),
            Box::new(m20261126_000012_bulk::Migration),
            Box::new(m20261126_000013_keeping::Migration),
            Box::new(m20261127_000014_case_folding::Migration),
        ]
    }
}
