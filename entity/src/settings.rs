//! The settings: one row, with the id 1.

use sea_orm::entity::prelude::*;

/// A row of `settings`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    pub version: i32,
    pub show_dismissed_users: bool,
    pub employee_permissions: i32,
    pub updated_at: i64,
    pub updated_by_kind: i16,
    pub updated_by_person: Uuid,
    pub updated_by_token: Option<Uuid>,
    pub updated_by_name: Option<String>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
