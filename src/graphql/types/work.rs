//! Activities, tasks, files.

use async_graphql::Object;
use tenure_core::id::UserId;
use tenure_core::record::{ActivityType as Kind, RecordDetail};

use crate::graphql::connection::connection;
use crate::graphql::error::Result;
use crate::graphql::lists::RecordList;
use crate::graphql::loaders::{ParticipantsKey, WorkgroupKey};
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::view::View;

use super::enums::{ActivityType, TaskRole};
use super::record::{Shared, record_type};
use super::{Attribution, OwnedEntity, Workgroup};

/// Most people on a task that are shown.
const PARTICIPANTS_SHOWN: usize = 100;

record_type! {
    /// A CRM activity.
    Activity,
    /// Global ID, `act_…`.
    id,
    /// Always ACTIVITY.
    kind,
    {
        /// What it is.
        #[graphql(name = "type")]
        async fn activity_type(&self) -> ActivityType {
            match &self.0.row.detail {
                RecordDetail::Activity { activity_type, .. } => (*activity_type).into(),
                _ => Kind::Other.into(),
            }
        }

        /// When it is due.
        async fn due_at(&self) -> Option<DateTime> {
            match &self.0.row.detail {
                RecordDetail::Activity { due_at, .. } => due_at.map(DateTime),
                _ => None,
            }
        }

        /// The record it is linked to, never another activity; null when linked to none.
        async fn subject(&self) -> Option<Result<OwnedEntity>> {
            let row = self.0.other(self.0.row.subject).await.transpose()?;
            Some(row.map(|row| OwnedEntity::new(&self.0.by, row)))
        }
    }
}

connection! {
    /// A page of activities.
    ActivityConnection,
    /// One entry of a `ActivityConnection`.
    ActivityEdge: RecordList => Activity, |pages, row| Activity::new(pages.by(), row)
}

record_type! {
    /// A task.
    Task,
    /// Global ID, `tsk_…`.
    id,
    /// Always TASK.
    kind,
    {
        /// When it is due.
        async fn due_at(&self) -> Option<DateTime> {
            match &self.0.row.detail {
                RecordDetail::Task { due_at, .. } => due_at.map(DateTime),
                _ => None,
            }
        }

        /// Everybody on it and in which role, at most 100.
        async fn participants(&self) -> Result<Vec<TaskParticipant>> {
            participants(&self.0).await
        }

        /// The workgroup it belongs to.
        async fn workgroup(&self) -> Option<Result<Workgroup>> {
            workgroup(&self.0).await.transpose()
        }
    }
}

connection! {
    /// A page of tasks.
    TaskConnection,
    /// One entry of a `TaskConnection`.
    TaskEdge: RecordList => Task, |pages, row| Task::new(pages.by(), row)
}

record_type! {
    /// A file.
    File,
    /// Global ID, `fil_…`.
    id,
    /// Always FILE.
    kind,
    {
        /// Size in bytes; may exceed 32 bits, hence a decimal.
        async fn size_in_bytes(&self) -> Decimal {
            match &self.0.row.detail {
                RecordDetail::File { size_in_bytes, .. } => Decimal((*size_in_bytes).into()),
                _ => Decimal(0.into()),
            }
        }

        /// Media type, e.g. `application/pdf`.
        async fn media_type(&self) -> String {
            match &self.0.row.detail {
                RecordDetail::File { media_type, .. } => media_type.clone(),
                _ => String::new(),
            }
        }

        /// The workgroup it belongs to.
        async fn workgroup(&self) -> Option<Result<Workgroup>> {
            workgroup(&self.0).await.transpose()
        }
    }
}

connection! {
    /// A page of files.
    FileConnection,
    /// One entry of a `FileConnection`.
    FileEdge: RecordList => File, |pages, row| File::new(pages.by(), row)
}

/// The workgroup of a task or file, if the viewer may see it.
async fn workgroup(shared: &Shared) -> Result<Option<Workgroup>> {
    let Some(id) = shared.row.workgroup else { return Ok(None) };
    Ok(shared.by.ask(WorkgroupKey(id)).await?.map(|row| Workgroup::new(&shared.by, row)))
}

/// Everybody on a task: who is responsible and who created it follow from the record.
async fn participants(shared: &Shared) -> Result<Vec<TaskParticipant>> {
    let stored = shared.by.ask(ParticipantsKey(shared.row.id)).await?;
    let row = &shared.row;
    let mut parts: Vec<(UserId, TaskRole)> = vec![(row.responsible, TaskRole::Responsible), (row.created_by.person(), TaskRole::Creator)];
    parts.extend(stored.iter().flat_map(|list| list.iter()).map(|part| (part.user, part.role.into())));
    parts.truncate(PARTICIPANTS_SHOWN);
    Ok(parts.into_iter().map(|(user, role)| TaskParticipant { by: shared.by.clone(), user, role }).collect())
}

/// A person on a task.
pub struct TaskParticipant {
    by: View,
    user: UserId,
    role: TaskRole,
}

/// A person on a task.
#[Object]
impl TaskParticipant {
    /// Who.
    async fn person(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.user).await
    }

    /// In which role.
    async fn role(&self) -> TaskRole {
        self.role
    }
}
