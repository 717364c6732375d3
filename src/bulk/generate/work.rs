//! What people do together: meetings, posts and messages, of leavers too. Each is drawn from its number alone, some at a time.

use std::ops::Range;

use tenure_core::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId};
use tenure_core::storage::{StorageError, Transaction};
use tenure_core::time::Timestamp;
use tenure_core::work::{FeedPost, Meeting, Message, NewMeeting, Pair};

use super::records::Drawing;
use super::{BATCH, Generated, NOW, uuid_at};
use crate::bulk::Progress;
use crate::demo::calendar::Calendar;
use crate::demo::dice::Dice;
use crate::demo::words;

/// Name their dice.
const MEETING: u64 = 9;
const POST: u64 = 10;
const CONVERSATION: u64 = 11;
const MESSAGES: u64 = 12;

/// So many people share one meeting, one post and one conversation.
const PEOPLE_PER_ONE: usize = 2;
/// How far back they go, in days.
const OLDEST: i64 = 360;
/// Of a hundred: meetings that lie ahead, posts in a workgroup, conversations in one that is open to the extranet.
const AHEAD_PERCENT: usize = 12;
const GROUP_PERCENT: usize = 60;
const OPEN_PERCENT: usize = 15;

/// Draws and writes everything.
pub(super) async fn write(
    tx: &mut dyn Transaction,
    drawing: &Drawing<'_>,
    progress: &mut dyn Progress,
    written: &mut Generated,
) -> Result<(), StorageError> {
    let count = drawing.people.len() / PEOPLE_PER_ONE;
    progress.begin("meetings, posts and conversations", count as u64);
    let mut next = 0;
    while next < count {
        let batch = next..(next + BATCH).min(count);
        next = batch.end;
        let meetings: Vec<NewMeeting> = batch.clone().filter_map(|n| drawing.meeting(n)).collect();
        tx.meetings_insert(&meetings).await?;
        let posts: Vec<FeedPost> = batch.clone().filter_map(|n| drawing.post(n)).collect();
        tx.feed_posts_insert(&posts).await?;
        let messages = write_conversations(tx, drawing, batch.clone()).await?;
        written.meetings += meetings.len() as u64;
        written.posts += posts.len() as u64;
        written.messages += messages;
        progress.advance(batch.len() as u64);
    }
    Ok(())
}

async fn write_conversations(tx: &mut dyn Transaction, drawing: &Drawing<'_>, batch: Range<usize>) -> Result<u64, StorageError> {
    let begun: Vec<(usize, Beginning)> = batch.filter_map(|n| Some((n, drawing.beginning(n)?))).collect();
    let wanted: Vec<(Pair, ConversationId)> = begun.iter().map(|(_, beginning)| (beginning.pair, beginning.id)).collect();
    // Two who talked before go on in the conversation that they have.
    let held = tx.conversations_hold(&wanted).await?;
    let messages: Vec<Message> =
        begun.iter().zip(held).flat_map(|((n, beginning), conversation)| drawing.messages(*n, beginning, conversation)).collect();
    for batch in messages.chunks(BATCH) {
        tx.messages_insert(batch).await?;
    }
    Ok(messages.len() as u64)
}

/// Two who begin to talk.
struct Beginning {
    id: ConversationId,
    pair: Pair,
    /// By number.
    people: [usize; 2],
    at: Timestamp,
}

impl Drawing<'_> {
    fn user(&self, person: usize) -> UserId {
        self.people.person(person).id
    }

    /// Who begins something, and when: each leaver once before they left, then anybody.
    fn starter(&self, number: usize, dice: &mut Dice) -> (usize, Timestamp) {
        let leavers = self.people.leavers();
        if let Some(leaver) = leavers.clone().nth(number) {
            let there = self.people.person(leaver);
            let left = there.dismissed_at.unwrap_or(NOW);
            let at = self.calendar.moment_between(there.accepted_at.max(left.plus_seconds(-90 * 86_400)), left.plus_seconds(-3_600), dice);
            return (leaver, at);
        }
        let at = self.calendar.moment(dice.between(2, OLDEST), dice);
        (self.people.colleague(at, dice), at)
    }

    fn meeting(&self, number: usize) -> Option<NewMeeting> {
        let dice = &mut self.chance.of(MEETING, number);
        let (organizer, planned_at) = self.starter(number, dice);
        let mut attendees: Vec<UserId> = Vec::new();
        for _ in 0..dice.between(1, 6) {
            let person = self.people.colleague(planned_at, dice);
            let is_there = self.people.person(person).works_at(planned_at);
            if is_there && person != organizer && !attendees.contains(&self.user(person)) {
                attendees.push(self.user(person));
            }
        }
        let from = if dice.chance(AHEAD_PERCENT) { planned_at.max(NOW) } else { planned_at };
        let starts_at = Calendar::hour_after(from, dice);
        let ends_at = starts_at.plus_seconds(dice.between(1, 4) * 1_800);
        let id = MeetingId(uuid_at(planned_at, dice));
        let title = (*dice.pick(words::MEETING_TITLES)).to_owned();
        let is_there = self.people.person(organizer).works_at(planned_at);
        let meeting = Meeting { id, title, starts_at, ends_at, organizer: self.user(organizer), created_at: planned_at };
        (is_there && !attendees.is_empty()).then_some(NewMeeting { meeting, attendees })
    }

    fn post(&self, number: usize) -> Option<FeedPost> {
        let dice = &mut self.chance.of(POST, number);
        let (starter, at) = self.starter(number, dice);
        let drawn = dice.below(self.structure.workgroups.len());
        let in_group = dice.chance(GROUP_PERCENT).then(|| self.member(drawn, at, dice)).flatten();
        let (author, workgroup) = match in_group {
            // What leavers say, all may read.
            Some(place) if number >= self.people.leavers().len() => (place.person, Some(self.structure.workgroups[drawn].id)),
            Some(_) | None => (starter, None),
        };
        let text = *dice.pick(if workgroup.is_some() { words::GROUP_NEWS } else { words::COMPANY_NEWS });
        let id = FeedPostId(uuid_at(at, dice));
        let post = FeedPost { id, text: text.to_owned(), author: self.user(author), created_at: at, workgroup };
        self.people.person(author).works_at(at).then_some(post)
    }

    /// Two employees, or an external person and an employee of one workgroup (rule V2).
    fn beginning(&self, number: usize) -> Option<Beginning> {
        let dice = &mut self.chance.of(CONVERSATION, number);
        let (mut one, at) = self.starter(number, dice);
        let mut other = self.people.colleague(at, dice);
        if number >= self.people.leavers().len() && dice.chance(OPEN_PERCENT) {
            let workgroup = dice.below(self.structure.workgroups.len());
            let guests = self.structure.places(workgroup).iter().filter(|place| self.people.is_outside(place.person));
            let guests: Vec<usize> = guests.filter(|place| place.joined_at <= at).map(|place| place.person).collect();
            let host = self.member(workgroup, at, dice).map(|place| place.person).filter(|person| !self.people.is_outside(*person));
            if let (Some(host), false) = (host, guests.is_empty()) {
                (one, other) = (*dice.pick(&guests), host);
            }
        }
        let are_there = [one, other].iter().all(|person| self.people.person(*person).works_at(at));
        let pair = Pair::new(self.user(one), self.user(other)).filter(|_| are_there)?;
        Some(Beginning { id: ConversationId(uuid_at(at, dice)), pair, people: [one, other], at })
    }

    /// What they write, as long as both are there.
    fn messages(&self, number: usize, beginning: &Beginning, conversation: ConversationId) -> Vec<Message> {
        let dice = &mut self.chance.of(MESSAGES, number);
        let mut at = beginning.at;
        let mut said = Vec::new();
        for _ in 0..dice.between(1, 9) {
            let are_there = beginning.people.iter().all(|person| self.people.person(*person).works_at(at));
            if !are_there || at >= NOW {
                break;
            }
            let author = self.user(*dice.pick(&beginning.people));
            let text = (*dice.pick(words::CHAT_LINES)).to_owned();
            said.push(Message { id: MessageId(uuid_at(at, dice)), conversation, author, text, sent_at: at });
            at = at.plus_seconds(dice.between(60, 7_200));
        }
        said
    }
}
