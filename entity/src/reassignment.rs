//! Handings over; `lists` is JSON.

use sea_orm::entity::prelude::*;

/// A row of `reassignment`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reassignment")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub status: i16,
    pub planned_count: i64,
    pub moved_count: i64,
    pub skipped_count: i64,
    pub remaining_count: Option<i64>,
    pub failure: Option<i16>,
    pub lists: String,
    pub requested_by_kind: i16,
    pub requested_by_person: Uuid,
    pub requested_by_token: Option<Uuid>,
    pub requested_by_name: Option<String>,
    pub note: Option<String>,
    pub undoes_id: Option<Uuid>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
