//! What people do together: meetings, posts in feeds, messages. None of it ever changes, whatever becomes of the people (rules I6, R3).

use serde::{Deserialize, Serialize};

use crate::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId, WorkgroupId};
use crate::time::Timestamp;

/// A meeting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Identifier.
    pub id: MeetingId,
    /// Title.
    pub title: String,
    /// Start. Lists are ordered by it.
    pub starts_at: Timestamp,
    /// End, after the start.
    pub ends_at: Timestamp,
    /// Who organised it.
    pub organizer: UserId,
    /// When it was scheduled.
    pub created_at: Timestamp,
}

/// A meeting that is to be written, with who is invited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMeeting {
    /// The meeting.
    pub meeting: Meeting,
    /// Who is invited, in the order given, each once; the organiser only when they named themself.
    pub attendees: Vec<UserId>,
}

/// Somebody who is invited to a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// The meeting.
    pub meeting: MeetingId,
    /// Who.
    pub user: UserId,
}

/// A post in a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPost {
    /// Identifier.
    pub id: FeedPostId,
    /// Text.
    pub text: String,
    /// Who wrote it.
    pub author: UserId,
    /// When.
    pub created_at: Timestamp,
    /// The workgroup it was posted to; None for the company.
    pub workgroup: Option<WorkgroupId>,
}

/// Lists of posts, latest first: key (created_at, id). The answer has one entry for each member, in the same order.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FeedGroups {
    /// The company feed: one list.
    Company,
    /// What each of these people wrote, wherever.
    By(Vec<UserId>),
    /// The feed of each of these workgroups.
    In(Vec<WorkgroupId>),
}

/// Two different people, whoever is named first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pair {
    low: UserId,
    high: UserId,
}

impl Pair {
    /// The pair; None for somebody and themself.
    pub fn new(one: UserId, other: UserId) -> Option<Pair> {
        (one != other).then(|| Pair { low: one.min(other), high: one.max(other) })
    }

    /// Whose identifier comes first.
    pub fn low(self) -> UserId {
        self.low
    }

    /// Whose identifier comes last.
    pub fn high(self) -> UserId {
        self.high
    }

    /// Who it is beside that one; None when that one is not among them.
    pub fn other(self, one: UserId) -> Option<UserId> {
        match one {
            id if id == self.low => Some(self.high),
            id if id == self.high => Some(self.low),
            _ => None,
        }
    }
}

/// The conversation of two people: they share one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Identifier.
    pub id: ConversationId,
    /// Who they are.
    pub people: Pair,
    /// The latest message: the last one by (sent_at, id). Lists are ordered by its time.
    pub last: Message,
}

/// A message between two people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Identifier.
    pub id: MessageId,
    /// Where it was sent.
    pub conversation: ConversationId,
    /// Who wrote it.
    pub author: UserId,
    /// Text.
    pub text: String,
    /// When.
    pub sent_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_pair_is_the_same_from_both_sides() {
        let (one, two, three) = (UserId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)), UserId(Uuid::from_u128(3)));
        assert_eq!(Pair::new(one, two), Pair::new(two, one));
        assert_eq!(Pair::new(one, one), None);
        let pair = Pair::new(two, one).expect("two people");
        assert_eq!((pair.low(), pair.high()), (one, two));
        assert_eq!((pair.other(one), pair.other(two), pair.other(three)), (Some(two), Some(one), None));
    }
}
