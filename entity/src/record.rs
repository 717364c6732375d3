//! Records: what all kinds have in common.

use sea_orm::entity::prelude::*;

/// A row of `record`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "record")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub title: String,
    pub sort_key: String,
    pub responsible_id: Uuid,
    pub created_by_kind: i16,
    pub created_by_person: Uuid,
    pub created_by_token: Option<Uuid>,
    pub created_by_name: Option<String>,
    pub is_closed: bool,
    pub external_id: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub provenance_id: Option<Uuid>,
    pub workgroup_id: Option<Uuid>,
    pub subject_kind: Option<i16>,
    pub subject_id: Option<Uuid>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
