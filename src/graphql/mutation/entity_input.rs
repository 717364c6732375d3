//! A record in an input, as `upsertOwnedEntities` takes it.

use async_graphql::{InputObject, MaybeUndefined};
use tenure_core::id::{UserId, WorkgroupId};
use tenure_core::record::ParticipantRole;
use tenure_core::steps::input::Patch;
use tenure_core::steps::record_input::RecordInput;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::scalars::{Date, DateTime, Decimal, EmailAddress, Url};
use crate::graphql::types::{ActivityType, OwnedEntityKind, TaskRole};

use super::inputs::{patch, patch_id};

/// A person on a task, in an `OwnedEntityInput`.
#[derive(InputObject, Debug, Clone)]
pub struct TaskParticipantInput {
    /// Who.
    pub user_id: Given<UserId>,
    /// PARTICIPANT or OBSERVER; the responsible person and the creator are on it anyway.
    pub role: TaskRole,
}

/// A record to create or change, found by `kind` and `externalId`. A field left out is left alone when the record exists.
#[derive(InputObject, Debug, Clone)]
pub struct OwnedEntityInput {
    /// Kind; decides which of the fields below may be given.
    pub kind: OwnedEntityKind,
    /// Key in the system it comes from.
    pub external_id: String,
    /// Title; needed for a new record.
    pub title: MaybeUndefined<String>,
    /// Responsible person, by ID; needed for a new record unless `responsibleEmail` is given.
    pub responsible_id: Option<Given<UserId>>,
    /// Responsible person, by contact address; by login address too with EMAILS_MANAGE.
    pub responsible_email: Option<EmailAddress>,
    /// Closed or open.
    pub is_closed: Option<bool>,
    /// Pipeline stage (DEAL).
    pub stage: MaybeUndefined<String>,
    /// Where it came from (LEAD).
    pub source: MaybeUndefined<String>,
    /// Value (LEAD, DEAL, ESTIMATE, INVOICE).
    pub amount: MaybeUndefined<Decimal>,
    /// ISO 4217 code of `amount`.
    pub currency: MaybeUndefined<String>,
    /// External ID of the company (DEAL, CONTACT).
    pub company_external_id: MaybeUndefined<String>,
    /// External ID of the contact (DEAL).
    pub contact_external_id: MaybeUndefined<String>,
    /// External ID of the deal (ESTIMATE, INVOICE).
    pub deal_external_id: MaybeUndefined<String>,
    /// Kind of the record it is linked to (ACTIVITY).
    pub subject_kind: MaybeUndefined<OwnedEntityKind>,
    /// External ID of the record it is linked to (ACTIVITY).
    pub subject_external_id: MaybeUndefined<String>,
    /// What it is (ACTIVITY).
    pub activity_type: MaybeUndefined<ActivityType>,
    /// When it is due (ACTIVITY, TASK).
    pub due_at: MaybeUndefined<DateTime>,
    /// Last day or due day (ESTIMATE, INVOICE).
    pub due_on: MaybeUndefined<Date>,
    /// Address (CONTACT).
    pub email: MaybeUndefined<EmailAddress>,
    /// Telephone number (CONTACT).
    pub phone: MaybeUndefined<String>,
    /// Web site (COMPANY).
    pub website: MaybeUndefined<Url>,
    /// Industry (COMPANY).
    pub industry: MaybeUndefined<String>,
    /// Workgroup (TASK, FILE).
    pub workgroup_id: MaybeUndefined<Given<WorkgroupId>>,
    /// Further people (TASK), replacing the former ones.
    pub participants: MaybeUndefined<Vec<TaskParticipantInput>>,
    /// Size in bytes (FILE).
    pub size_in_bytes: MaybeUndefined<Decimal>,
    /// Media type (FILE).
    pub media_type: MaybeUndefined<String>,
}

impl OwnedEntityInput {
    /// As `core` takes it; only identifiers are read here.
    pub fn read(self, n: usize) -> Result<RecordInput> {
        let at = |field: &str| format!("input.entities.{n}.{field}");
        let participants = match self.participants {
            MaybeUndefined::Undefined => Patch::Keep,
            MaybeUndefined::Null => Patch::Clear,
            MaybeUndefined::Value(list) => Patch::Set(
                list.into_iter()
                    .enumerate()
                    .map(|(i, part)| Ok((part.user_id.read(&at(&format!("participants.{i}.userId")))?, stored_role(part.role))))
                    .collect::<Result<Vec<_>>>()?,
            ),
        };
        Ok(RecordInput {
            kind: self.kind.into(),
            external_id: self.external_id,
            title: patch(self.title),
            responsible_id: self.responsible_id.map(|id| id.read(&at("responsibleId"))).transpose()?,
            responsible_email: self.responsible_email.map(|email| email.0),
            is_closed: self.is_closed,
            stage: patch(self.stage),
            source: patch(self.source),
            amount: patch(self.amount.map_value(|v| v.0)),
            currency: patch(self.currency),
            company_external_id: patch(self.company_external_id),
            contact_external_id: patch(self.contact_external_id),
            deal_external_id: patch(self.deal_external_id),
            subject_kind: patch(self.subject_kind.map_value(Into::into)),
            subject_external_id: patch(self.subject_external_id),
            activity_type: patch(self.activity_type.map_value(Into::into)),
            due_at: patch(self.due_at.map_value(|v| v.0)),
            due_on: patch(self.due_on.map_value(|v| v.0)),
            email: patch(self.email.map_value(|v| v.0)),
            phone: patch(self.phone),
            website: patch(self.website.map_value(|v| v.0)),
            industry: patch(self.industry),
            workgroup_id: patch_id(self.workgroup_id, &at("workgroupId"))?,
            participants,
            size_in_bytes: patch(self.size_in_bytes.map_value(|v| v.0)),
            media_type: patch(self.media_type),
        })
    }
}

/// The roles that are stored; the others follow from the task.
fn stored_role(role: TaskRole) -> Option<ParticipantRole> {
    match role {
        TaskRole::Participant => Some(ParticipantRole::Participant),
        TaskRole::Observer => Some(ParticipantRole::Observer),
        TaskRole::Responsible | TaskRole::Creator => None,
    }
}
