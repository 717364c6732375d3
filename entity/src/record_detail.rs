//! What only some kinds of record have; the kind says which columns count.

use sea_orm::entity::prelude::*;

/// A row of `record_detail`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "record_detail")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub activity_type: Option<i16>,
    pub due_at: Option<i64>,
    pub website: Option<String>,
    pub industry: Option<String>,
    pub email_address: Option<String>,
    pub email_key: Option<String>,
    pub phone: Option<String>,
    pub company_id: Option<Uuid>,
    pub contact_id: Option<Uuid>,
    pub deal_id: Option<Uuid>,
    pub stage: Option<String>,
    pub source: Option<String>,
    pub amount: Option<String>,
    pub currency: Option<String>,
    pub day: Option<String>,
    pub size_in_bytes: Option<i64>,
    pub media_type: Option<String>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
