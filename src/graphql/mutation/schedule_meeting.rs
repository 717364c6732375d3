//! `scheduleMeeting`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::schedule_meeting as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::{Given, read_each};
use crate::graphql::loaders::MeetingKey;
use crate::graphql::operation::view;
use crate::graphql::scalars::DateTime;
use crate::graphql::types::Meeting;

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `scheduleMeeting`.
#[derive(InputObject, Debug, Clone)]
pub struct ScheduleMeetingInput {
    /// Title.
    pub title: String,
    /// Start.
    pub starts_at: DateTime,
    /// End, after the start.
    pub ends_at: DateTime,
    /// Whom, 1 to 200.
    pub attendee_ids: Vec<Given<UserId>>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    schedule_meeting, tenure_core::actions::schedule_meeting::ScheduleMeeting;
    /// Outcome of `scheduleMeeting`. When `userErrors` is not empty, nothing was changed.
    ScheduleMeetingPayload {
        /// The meeting.
        meeting: Meeting,
    }
    /// An expected failure of `scheduleMeeting`.
    ScheduleMeetingError,
    /// Codes of `ScheduleMeetingError`. Codes may be added: treat an unknown one as a generic failure.
    ScheduleMeetingErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// Somebody invited is not active.
        AttendeeNotActive,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: ScheduleMeetingInput) -> Result<ScheduleMeetingPayload> {
    let by = view(ctx)?;
    let shape = action::ScheduleMeetingInput {
        title: input.title,
        starts_at: input.starts_at.0,
        ends_at: input.ends_at.0,
        attendee_ids: read_each(&input.attendee_ids, "input.attendeeIds")?,
    };
    let manner = Manner { idempotency_key: input.idempotency_key, ..Manner::default() };
    match perform(ctx, action::ScheduleMeeting::parse(shape), manner).await? {
        Ok(done) => {
            let row = match done.meeting {
                Some(row) => Some(Arc::new(row)),
                None => by.ask(MeetingKey(done.id)).await?,
            };
            Ok(ScheduleMeetingPayload { meeting: row.map(|row| Meeting::new(by, row)), ..ScheduleMeetingPayload::done() })
        }
        Err(refusal) => ScheduleMeetingPayload::refused(&refusal),
    }
}
