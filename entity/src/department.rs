//! Departments; `parent_key` is the parent or, at the top, the nil UUID, so that names are unique there too.

use sea_orm::entity::prelude::*;

/// A row of `department`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "department")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub sort_key: String,
    pub parent_id: Option<Uuid>,
    pub parent_key: Uuid,
    pub head_id: Option<Uuid>,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
