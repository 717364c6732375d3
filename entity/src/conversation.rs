//! The conversation of two people, the smaller identifier first, and its latest message.

use sea_orm::entity::prelude::*;

/// A row of `conversation`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "conversation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub low_id: Uuid,
    pub high_id: Uuid,
    pub last_message_id: Option<Uuid>,
    pub last_sent_at: Option<i64>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
