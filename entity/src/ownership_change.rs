//! Who handed which record to whom.

use sea_orm::entity::prelude::*;

/// A row of `ownership_change`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ownership_change")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub record_kind: i16,
    pub record_id: Uuid,
    pub from_id: Uuid,
    pub to_id: Uuid,
    pub actor_kind: i16,
    pub actor_person: Uuid,
    pub actor_token: Option<Uuid>,
    pub actor_name: Option<String>,
    pub changed_at: i64,
    pub reassignment_id: Option<Uuid>,
    pub record_version: i32,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
