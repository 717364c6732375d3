//! Rows of meetings, posts, conversations and messages.

use tenure_core::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId, WorkgroupId};
use tenure_core::storage::Result;
use tenure_core::work::{Attendance, Conversation, FeedPost, Meeting, Message, NewMeeting, Pair};
use tenure_entity::{feed_post, meeting, meeting_part, message};
use uuid::Uuid;

use crate::storage::error::corrupt;
use crate::storage::row::Row;

pub(super) const MEETING_COLUMNS: &str = "m.id, m.title, m.starts_at, m.ends_at, m.organizer_id, m.created_at";
pub(super) const FEED_POST_COLUMNS: &str = "p.id, p.text, p.author_id, p.created_at, p.workgroup_id";
pub(super) const MESSAGE_COLUMNS: &str = "m.id, m.conversation_id, m.author_id, m.text, m.sent_at";
/// With the latest message, `l`.
pub(super) const CONVERSATION_COLUMNS: &str = "c.id, c.low_id, c.high_id, l.id, l.conversation_id, l.author_id, l.text, l.sent_at";

pub(super) fn meeting(row: &mut Row<'_>) -> Result<Meeting> {
    Ok(Meeting {
        id: MeetingId(row.uuid()?),
        title: row.take()?,
        starts_at: row.time()?,
        ends_at: row.time()?,
        organizer: UserId(row.uuid()?),
        created_at: row.time()?,
    })
}

pub(super) fn attendance(row: &mut Row<'_>) -> Result<Attendance> {
    Ok(Attendance { meeting: MeetingId(row.uuid()?), user: UserId(row.uuid()?) })
}

pub(super) fn feed_post(row: &mut Row<'_>) -> Result<FeedPost> {
    Ok(FeedPost {
        id: FeedPostId(row.uuid()?),
        text: row.take()?,
        author: UserId(row.uuid()?),
        created_at: row.time()?,
        workgroup: row.take::<Option<Uuid>>()?.map(WorkgroupId),
    })
}

pub(super) fn message(row: &mut Row<'_>) -> Result<Message> {
    Ok(Message {
        id: MessageId(row.uuid()?),
        conversation: ConversationId(row.uuid()?),
        author: UserId(row.uuid()?),
        text: row.take()?,
        sent_at: row.time()?,
    })
}

pub(super) fn conversation(row: &mut Row<'_>) -> Result<Conversation> {
    let id = ConversationId(row.uuid()?);
    let people = Pair::new(UserId(row.uuid()?), UserId(row.uuid()?)).ok_or_else(|| corrupt("a conversation of one person"))?;
    Ok(Conversation { id, people, last: message(row)? })
}

pub(super) fn meeting_model(new: &NewMeeting) -> meeting::Model {
    let meeting = &new.meeting;
    meeting::Model {
        id: meeting.id.0,
        title: meeting.title.clone(),
        starts_at: meeting.starts_at.0,
        ends_at: meeting.ends_at.0,
        organizer_id: meeting.organizer.0,
        created_at: meeting.created_at.0,
    }
}

/// Everybody who takes part: invited people from 1 on, and the organiser as 0 unless they are among them.
pub(super) fn meeting_parts(new: &NewMeeting) -> impl Iterator<Item = meeting_part::Model> {
    let part = |user: UserId, position: i16| meeting_part::Model {
        meeting_id: new.meeting.id.0,
        user_id: user.0,
        position,
        starts_at: new.meeting.starts_at.0,
    };
    let organizer = (!new.attendees.contains(&new.meeting.organizer)).then(|| part(new.meeting.organizer, 0));
    organizer.into_iter().chain((1..).zip(&new.attendees).map(move |(position, user)| part(*user, position)))
}

pub(super) fn feed_post_model(post: &FeedPost) -> feed_post::Model {
    feed_post::Model {
        id: post.id.0,
        text: post.text.clone(),
        author_id: post.author.0,
        created_at: post.created_at.0,
        workgroup_id: post.workgroup.map(|id| id.0),
    }
}

pub(super) fn message_model(message: &Message) -> message::Model {
    message::Model {
        id: message.id.0,
        conversation_id: message.conversation.0,
        author_id: message.author.0,
        text: message.text.clone(),
        sent_at: message.sent_at.0,
    }
}
