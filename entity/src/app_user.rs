//! People.

use sea_orm::entity::prelude::*;

/// A row of `app_user`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "app_user")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub version: i32,
    pub epoch: i32,
    pub status: i16,
    pub kind: i16,
    pub is_administrator: bool,
    pub personal_permissions: i32,
    pub first_name: String,
    pub last_name: String,
    pub sort_key: String,
    pub job_title: Option<String>,
    pub avatar_url: Option<String>,
    pub department_id: Option<Uuid>,
    pub manager_id: Option<Uuid>,
    pub was_active: bool,
    pub dismissed_at: Option<i64>,
    pub dismissed_by_kind: Option<i16>,
    pub dismissed_by_person: Option<Uuid>,
    pub dismissed_by_token: Option<Uuid>,
    pub dismissed_by_name: Option<String>,
    pub dismissal_reason: Option<String>,
    pub dismissal_note: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// No relations: joins are written where they are needed.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
