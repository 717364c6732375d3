//! `scheduleMeeting`: with people who are there (rule S6).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::{MeetingId, UserId};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal};
use crate::steps::audience::{Unreachable, check_audience};
use crate::storage::Read;
use crate::text;
use crate::time::Timestamp;
use crate::work::{Meeting, NewMeeting};

/// Most people who are invited to one meeting.
pub const ATTENDEES_MAX: usize = 200;

/// Input of `scheduleMeeting`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ScheduleMeetingInput {
    pub title: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub attendee_ids: Vec<UserId>,
}

/// Invites people to a meeting.
#[derive(Debug, Clone)]
pub struct ScheduleMeeting {
    title: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    attendees: Vec<UserId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeetingScheduled {
    /// Which meeting.
    pub id: MeetingId,
    /// The meeting; None in a repeat, which reads it afresh (rule I8).
    #[serde(skip)]
    pub meeting: Option<Meeting>,
}

impl Outcome for MeetingScheduled {}

impl ScheduleMeeting {
    /// Checks the shape: a title of 1 to 255 characters, an end after the start, 1 to 200 people. A meeting may lie in the past, within
    /// [`Timestamp::MIN`] and [`Timestamp::MAX`]. Who is named twice is invited once; the organiser may name themself.
    pub fn parse(input: ScheduleMeetingInput) -> Result<ScheduleMeeting, Refusal> {
        let mut faults = Faults::new();
        let title = faults.take("title", text::line(&input.title, text::MEETING_TITLE_MAX)).unwrap_or_default();
        if input.ends_at <= input.starts_at {
            faults.input("endsAt", "`endsAt` must lie after `startsAt`.");
        }
        if input.attendee_ids.is_empty() || input.attendee_ids.len() > ATTENDEES_MAX {
            faults.input("attendeeIds", format!("Give 1 to {ATTENDEES_MAX} people, not {}.", input.attendee_ids.len()));
        }
        faults.finish().map(|()| ScheduleMeeting {
            title,
            starts_at: input.starts_at,
            ends_at: input.ends_at,
            attendees: input.attendee_ids,
        })
    }
}

#[async_trait]
impl Action for ScheduleMeeting {
    type Output = MeetingScheduled;
    const NAME: &'static str = "scheduleMeeting";
    const PERSONAL: bool = true;
    const CODES: &'static [Code] =
        &[Code::UserNotFound, Code::AttendeeNotActive, Code::InputInvalid, Code::IdempotencyKeyReused, Code::IdempotencyInProgress];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        // A dismissal of somebody invited waits for the meeting, or the meeting sees it.
        Ok(Locks::new().shared_all(self.attendees.iter().copied()))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<MeetingScheduled, Failure> {
        let mut reasons = Reasons::new();
        let unreachable = Unreachable { code: Code::AttendeeNotActive, message: "This person is not active and cannot be invited." };
        let addressed: Vec<(UserId, String)> = self.attendees.iter().enumerate().map(|(n, id)| (*id, format!("attendeeIds.{n}"))).collect();
        check_audience(change, &addressed, unreachable, &mut reasons).await?;
        reasons.check(Self::CODES, None)?;

        let meeting = Meeting {
            id: MeetingId(change.new_uuid()),
            title: self.title.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            organizer: change.access()?.person(),
            created_at: change.now(),
        };
        let mut attendees: Vec<UserId> = Vec::with_capacity(self.attendees.len());
        for id in &self.attendees {
            if !attendees.contains(id) {
                attendees.push(*id);
            }
        }
        change.tx().meetings_insert(&[NewMeeting { meeting: meeting.clone(), attendees }]).await?;
        Ok(MeetingScheduled { id: meeting.id, meeting: Some(meeting) })
    }
}
