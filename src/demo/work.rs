//! What people do together: meetings, posts and messages, of leavers too.

use std::collections::{BTreeMap, BTreeSet};

use tenure_core::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId, WorkgroupId};
use tenure_core::storage::{StorageError, Transaction};
use tenure_core::time::Timestamp;
use tenure_core::work::{FeedPost, Meeting, Message, NewMeeting, Pair};

use super::BATCH;
use super::calendar::Calendar;
use super::dice::Dice;
use super::people::{People, Person};
use super::structure::Structure;
use super::words;

/// Meetings of the past year, and those that lie ahead.
const MEETINGS: usize = 90;
const MEETINGS_AHEAD: usize = 12;
const COMPANY_POSTS: usize = 40;
const WORKGROUP_POSTS: usize = 60;
const CONVERSATIONS: usize = 45;

/// Meetings, posts and messages.
#[derive(Default)]
pub(super) struct Work {
    pub(super) meetings: Vec<NewMeeting>,
    pub(super) posts: Vec<FeedPost>,
    pub(super) conversations: Vec<(Pair, ConversationId)>,
    pub(super) messages: Vec<Message>,
}

/// What is drawn up, and from what.
struct Draft<'a> {
    people: &'a People,
    structure: &'a Structure,
    calendar: &'a Calendar,
    work: Work,
}

impl Work {
    /// Draws up what was said and planned. Everybody takes part only while they belong.
    pub(super) fn draw(people: &People, structure: &Structure, calendar: &Calendar, dice: &mut Dice) -> Work {
        let mut draft = Draft { people, structure, calendar, work: Work::default() };
        for _ in 0..MEETINGS {
            let planned_at = calendar.moment(dice.between(2, 360), dice);
            let starts_at = Calendar::hour_after(planned_at, dice);
            draft.meet(planned_at, starts_at, dice);
        }
        for _ in 0..MEETINGS_AHEAD {
            let planned_at = calendar.moment(1, dice);
            let starts_at = Calendar::hour_after(calendar.now().plus_seconds(dice.between(1, 10) * 86_400), dice);
            draft.meet(planned_at, starts_at, dice);
        }
        for _ in 0..COMPANY_POSTS {
            let at = calendar.moment(dice.between(1, 360), dice);
            if let Some(author) = pick(&employees_at(people, at), dice) {
                let text = *dice.pick(words::COMPANY_NEWS);
                draft.post(author.user.id, text, at, None);
            }
        }
        for _ in 0..WORKGROUP_POSTS {
            let workgroup = dice.pick(&structure.workgroups);
            let at = calendar.moment_between(workgroup.created_at, calendar.now(), dice);
            let members: Vec<UserId> = structure.members_at(workgroup.id, at).map(|m| m.user).collect();
            if let Some(author) = pick(&members, dice) {
                let text = *dice.pick(words::GROUP_NEWS);
                draft.post(*author, text, at, Some(workgroup.id));
            }
        }
        draft.talk(dice);
        draft.work
    }

    /// Writes everything.
    pub(super) async fn write(&self, tx: &mut dyn Transaction) -> Result<(), StorageError> {
        for batch in self.meetings.chunks(BATCH) {
            tx.meetings_insert(batch).await?;
        }
        for batch in self.posts.chunks(BATCH) {
            tx.feed_posts_insert(batch).await?;
        }
        tx.conversations_hold(&self.conversations).await?;
        for batch in self.messages.chunks(BATCH) {
            tx.messages_insert(batch).await?;
        }
        Ok(())
    }
}

impl Draft<'_> {
    fn meet(&mut self, planned_at: Timestamp, starts_at: Timestamp, dice: &mut Dice) {
        let there = employees_at(self.people, planned_at);
        let Some(organizer) = pick(&there, dice) else { return };
        let mut attendees: Vec<UserId> = Vec::new();
        for _ in 0..dice.between(1, 6) {
            let Some(person) = pick(&there, dice) else { continue };
            if person.user.id != organizer.user.id && !attendees.contains(&person.user.id) {
                attendees.push(person.user.id);
            }
        }
        if attendees.is_empty() {
            return;
        }
        let meeting = Meeting {
            id: MeetingId(self.calendar.id_at(planned_at)),
            title: (*dice.pick(words::MEETING_TITLES)).to_owned(),
            starts_at,
            ends_at: starts_at.plus_seconds(dice.between(1, 4) * 1800),
            organizer: organizer.user.id,
            created_at: planned_at,
        };
        self.work.meetings.push(NewMeeting { meeting, attendees });
    }

    fn post(&mut self, author: UserId, text: &str, at: Timestamp, workgroup: Option<WorkgroupId>) {
        let id = FeedPostId(self.calendar.id_at(at));
        self.work.posts.push(FeedPost { id, text: text.to_owned(), author, created_at: at, workgroup });
    }

    /// Pairs of employees, each leaver among them, and of external people with members of their workgroups.
    fn talk(&mut self, dice: &mut Dice) {
        let (people, structure, calendar) = (self.people, self.structure, self.calendar);
        let mut pairs: BTreeMap<Pair, Timestamp> = BTreeMap::new();
        let leavers = people.0.iter().filter_map(|p| Some((p, p.dismissed_at?)));
        let mut beginnings: Vec<(UserId, Timestamp)> =
            leavers.map(|(p, left)| (p.user.id, left.plus_seconds(-dice.between(5, 90) * 86_400))).collect();
        for _ in 0..CONVERSATIONS {
            let at = calendar.moment(dice.between(2, 350), dice);
            beginnings.extend(pick(&employees_at(people, at), dice).map(|p| (p.user.id, at)));
        }
        for (one, at) in beginnings {
            let other = pick(&employees_at(people, at), dice).map(|p| p.user.id);
            pairs.extend(other.and_then(|other| Pair::new(one, other)).map(|pair| (pair, at)));
        }
        for workgroup in structure.workgroups.iter().filter(|w| w.is_extranet) {
            let at = calendar.day(2);
            let members: BTreeSet<UserId> = structure.members_at(workgroup.id, at).map(|m| m.user).collect();
            let outside = |id: &&UserId| people.0.iter().any(|p| p.user.id == **id && !p.is_employee_at(at) && p.works_at(at));
            let guest = members.iter().find(outside).copied();
            let host = structure.owner_of(workgroup.id).map(|m| m.user);
            pairs.extend(guest.zip(host).and_then(|(guest, host)| Pair::new(guest, host)).map(|pair| (pair, at)));
        }
        for (pair, begun_at) in pairs {
            let id = ConversationId(calendar.id_at(begun_at));
            self.work.conversations.push((pair, id));
            let mut at = begun_at;
            for n in 0..dice.between(1, 9) {
                let works = |id: UserId| people.0.iter().any(|p| p.user.id == id && p.works_at(at));
                if !(works(pair.low()) && works(pair.high())) && n > 0 {
                    break;
                }
                let author = if dice.chance(50) { pair.low() } else { pair.high() };
                let text = (*dice.pick(words::CHAT_LINES)).to_owned();
                self.work.messages.push(Message { id: MessageId(calendar.id_at(at)), conversation: id, author, text, sent_at: at });
                let next = at.plus_seconds(dice.between(60, 7200));
                if next > calendar.now() {
                    break;
                }
                at = next;
            }
        }
    }
}

fn employees_at(people: &People, at: Timestamp) -> Vec<&Person> {
    people.0.iter().filter(|p| p.is_employee_at(at)).collect()
}

fn pick<'a, T>(all: &'a [T], dice: &mut Dice) -> Option<&'a T> {
    (!all.is_empty()).then(|| dice.pick(all))
}
