//! Pending invitations.

use sea_orm::entity::prelude::*;

/// A row of `invitation`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    pub address: String,
    pub address_key: String,
    pub invited_by_kind: i16,
    pub invited_by_person: Uuid,
    pub invited_by_token: Option<Uuid>,
    pub invited_by_name: Option<String>,
    pub token_hash: Vec<u8>,
    pub sent_at: i64,
    pub expires_at: i64,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
