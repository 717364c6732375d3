//! The history; `body` is JSON. The database refuses to change or remove a row.

use sea_orm::entity::prelude::*;

/// A row of `event`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "event")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub sequence: i64,
    pub id: Uuid,
    pub occurred_at: i64,
    pub actor_kind: i16,
    pub actor_person: Uuid,
    pub actor_token: Option<Uuid>,
    pub actor_name: Option<String>,
    pub subject_id: Uuid,
    pub request_id: Option<String>,
    pub kind: i16,
    pub body: String,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
