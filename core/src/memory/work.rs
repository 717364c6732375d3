//! Meetings, posts, conversations and messages.

use async_trait::async_trait;

use super::tables::{Tables, insert};
use super::{Memory, Source, Working, page};
use crate::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId};
use crate::page::{Key, PageRequest, Slice, SortValue};
use crate::policy::{ConversationScope, FeedScope, MeetingScope};
use crate::storage::{Result, WorkRead, WorkWrite};
use crate::work::{Attendance, Conversation, FeedGroups, FeedPost, Meeting, Message, NewMeeting, Pair};

fn takes_part(row: &NewMeeting, user: UserId) -> bool {
    row.meeting.organizer == user || row.attendees.contains(&user)
}

fn meeting_in(row: &NewMeeting, scope: &MeetingScope) -> bool {
    match scope {
        MeetingScope::Everything(_) => true,
        MeetingScope::TakingPart(viewer, _) => takes_part(row, *viewer),
    }
}

fn conversation_in(people: Pair, scope: &ConversationScope) -> bool {
    scope.viewer().is_some_and(|viewer| people.other(viewer).is_some())
}

impl Tables {
    fn meetings_of(&self, user: UserId, scope: &MeetingScope) -> Vec<(Key, Meeting)> {
        let rows = self.meetings.values().filter(|row| takes_part(row, user) && meeting_in(row, scope));
        rows.map(|row| (Key::new(SortValue::Time(row.meeting.starts_at), row.meeting.id.0), row.meeting.clone())).collect()
    }

    fn post_in(&self, post: &FeedPost, scope: &FeedScope) -> bool {
        match (scope, post.workgroup) {
            (FeedScope::Everything(_), _) | (FeedScope::CompanyAndOwn(..), None) => true,
            (FeedScope::CompanyAndOwn(viewer, _) | FeedScope::Own(viewer, _), Some(workgroup)) => self.is_member(workgroup, *viewer),
            (FeedScope::Own(..), None) => false,
        }
    }

    /// The list of each group with its keys, in the order of the groups.
    fn posts_in_groups(&self, groups: &FeedGroups, scope: &FeedScope) -> Vec<Vec<(Key, FeedPost)>> {
        let list = |wanted: &dyn Fn(&FeedPost) -> bool| {
            let rows = self.feed_posts.values().filter(|post| wanted(post) && self.post_in(post, scope));
            rows.map(|post| (Key::new(SortValue::Time(post.created_at), post.id.0), post.clone())).collect()
        };
        match groups {
            FeedGroups::Company => vec![list(&|post| post.workgroup.is_none())],
            FeedGroups::By(people) => people.iter().map(|user| list(&|post| post.author == *user)).collect(),
            FeedGroups::In(workgroups) => workgroups.iter().map(|id| list(&|post| post.workgroup == Some(*id))).collect(),
        }
    }

    /// The conversations in the scope, as far as they have a message.
    fn conversations_in(&self, scope: &ConversationScope) -> Vec<Conversation> {
        let last = |id: ConversationId| self.messages.values().filter(|m| m.conversation == id).max_by_key(|m| (m.sent_at, m.id));
        let rows = self.conversations.iter().filter(|(_, people)| conversation_in(**people, scope));
        rows.filter_map(|(id, people)| Some(Conversation { id: *id, people: *people, last: last(*id)?.clone() })).collect()
    }

    fn messages_of(&self, conversation: ConversationId, scope: &ConversationScope) -> Vec<(Key, Message)> {
        let shown = self.conversations.get(&conversation).is_some_and(|people| conversation_in(*people, scope));
        let rows = self.messages.values().filter(|m| shown && m.conversation == conversation);
        rows.map(|m| (Key::new(SortValue::Time(m.sent_at), m.id.0), m.clone())).collect()
    }
}

#[async_trait]
impl<S: Source> WorkRead for Memory<S> {
    async fn meetings_by_id(&self, ids: &[MeetingId], scope: &MeetingScope) -> Result<Vec<Meeting>> {
        let tables = self.tables();
        let rows = tables.meetings.values().filter(|row| ids.contains(&row.meeting.id) && meeting_in(row, scope));
        Ok(rows.map(|row| row.meeting.clone()).collect())
    }

    async fn attendees_by_meeting(&self, meetings: &[MeetingId]) -> Result<Vec<Attendance>> {
        let tables = self.tables();
        let rows = tables.meetings.values().filter(|row| meetings.contains(&row.meeting.id));
        Ok(rows.flat_map(|row| row.attendees.iter().map(|user| Attendance { meeting: row.meeting.id, user: *user })).collect())
    }

    async fn meetings_page_in_groups(&self, people: &[UserId], scope: &MeetingScope, page: &PageRequest) -> Result<Vec<Slice<Meeting>>> {
        let tables = self.tables();
        Ok(people.iter().map(|user| page::cut(tables.meetings_of(*user, scope), true, page)).collect())
    }

    async fn meetings_count_in_groups(&self, people: &[UserId], scope: &MeetingScope) -> Result<Vec<u64>> {
        let tables = self.tables();
        Ok(people.iter().map(|user| tables.meetings_of(*user, scope).len() as u64).collect())
    }

    async fn feed_posts_by_id(&self, ids: &[FeedPostId], scope: &FeedScope) -> Result<Vec<FeedPost>> {
        let tables = self.tables();
        Ok(tables.feed_posts.values().filter(|post| ids.contains(&post.id) && tables.post_in(post, scope)).cloned().collect())
    }

    async fn feed_posts_page_in_groups(&self, groups: &FeedGroups, scope: &FeedScope, page: &PageRequest) -> Result<Vec<Slice<FeedPost>>> {
        Ok(self.tables().posts_in_groups(groups, scope).into_iter().map(|rows| page::cut(rows, true, page)).collect())
    }

    async fn feed_posts_count_in_groups(&self, groups: &FeedGroups, scope: &FeedScope) -> Result<Vec<u64>> {
        Ok(self.tables().posts_in_groups(groups, scope).iter().map(|rows| rows.len() as u64).collect())
    }

    async fn conversations_by_id(&self, ids: &[ConversationId], scope: &ConversationScope) -> Result<Vec<Conversation>> {
        let mut rows = self.tables().conversations_in(scope);
        rows.retain(|row| ids.contains(&row.id));
        Ok(rows)
    }

    async fn conversations_with(&self, people: &[UserId], scope: &ConversationScope) -> Result<Vec<Conversation>> {
        let mut rows = self.tables().conversations_in(scope);
        rows.retain(|row| scope.viewer().and_then(|viewer| row.people.other(viewer)).is_some_and(|other| people.contains(&other)));
        Ok(rows)
    }

    async fn conversations_page(&self, scope: &ConversationScope, page: &PageRequest) -> Result<Slice<Conversation>> {
        let rows = self.tables().conversations_in(scope);
        Ok(page::cut(rows.into_iter().map(|row| (Key::new(SortValue::Time(row.last.sent_at), row.id.0), row)), true, page))
    }

    async fn conversations_count(&self, scope: &ConversationScope) -> Result<u64> {
        Ok(self.tables().conversations_in(scope).len() as u64)
    }

    async fn messages_by_id(&self, ids: &[MessageId], scope: &ConversationScope) -> Result<Vec<Message>> {
        let tables = self.tables();
        let shown = |m: &&Message| tables.conversations.get(&m.conversation).is_some_and(|people| conversation_in(*people, scope));
        Ok(tables.messages.values().filter(|m| ids.contains(&m.id)).filter(shown).cloned().collect())
    }

    async fn messages_page_in_groups(
        &self,
        conversations: &[ConversationId],
        scope: &ConversationScope,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Message>>> {
        let tables = self.tables();
        Ok(conversations.iter().map(|id| page::cut(tables.messages_of(*id, scope), true, page)).collect())
    }

    async fn messages_count_in_groups(&self, conversations: &[ConversationId], scope: &ConversationScope) -> Result<Vec<u64>> {
        let tables = self.tables();
        Ok(conversations.iter().map(|id| tables.messages_of(*id, scope).len() as u64).collect())
    }
}

#[async_trait]
impl WorkWrite for Memory<Working> {
    async fn meetings_insert(&mut self, meetings: &[NewMeeting]) -> Result<()> {
        let tables = self.tables_mut();
        meetings.iter().try_for_each(|row| insert(&mut tables.meetings, row.meeting.id, row.clone()))
    }

    async fn feed_posts_insert(&mut self, posts: &[FeedPost]) -> Result<()> {
        let tables = self.tables_mut();
        posts.iter().try_for_each(|post| insert(&mut tables.feed_posts, post.id, post.clone()))
    }

    async fn conversations_hold(&mut self, wanted: &[(Pair, ConversationId)]) -> Result<Vec<ConversationId>> {
        let tables = self.tables_mut();
        let mut held = Vec::with_capacity(wanted.len());
        for (people, id) in wanted {
            let there = tables.conversations.iter().find(|(_, pair)| *pair == people).map(|(id, _)| *id);
            if there.is_none() {
                insert(&mut tables.conversations, *id, *people)?;
            }
            held.push(there.unwrap_or(*id));
        }
        Ok(held)
    }

    async fn messages_insert(&mut self, messages: &[Message]) -> Result<()> {
        let tables = self.tables_mut();
        messages.iter().try_for_each(|message| insert(&mut tables.messages, message.id, message.clone()))
    }
}
