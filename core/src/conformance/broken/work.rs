//! A storage in memory with one fault: what people do together.

use super::Fault;
use super::forward::forward;
use super::lists::{bend_groups, bend_request, bend_slice};
use crate::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId};
use crate::page::{PageRequest, Slice};
use crate::policy::{ConversationScope, FeedScope, MeetingScope};
use crate::storage::{Result, WorkRead, WorkWrite};
use crate::work::{Attendance, Conversation, FeedGroups, FeedPost, Meeting, Message, NewMeeting, Pair};

forward! { read WorkRead {
    fn conversations_with(people: &[UserId], scope: &ConversationScope) -> Vec<Conversation>;
    fn conversations_count(scope: &ConversationScope) -> u64;
    fn messages_count_in_groups(conversations: &[ConversationId], scope: &ConversationScope) -> Vec<u64>;
} {
    async fn meetings_by_id(&self, ids: &[MeetingId], scope: &MeetingScope) -> Result<Vec<Meeting>> {
        let everything = MeetingScope::everything();
        self.read().meetings_by_id(ids, if self.has(Fault::ReadsAnyWork) { &everything } else { scope }).await
    }

    async fn attendees_by_meeting(&self, meetings: &[MeetingId]) -> Result<Vec<Attendance>> {
        let mut attendees = self.read().attendees_by_meeting(meetings).await?;
        if self.has(Fault::SortsAttendees) {
            attendees.sort_by_key(|a| (a.meeting, a.user));
        }
        Ok(attendees)
    }

    async fn meetings_page_in_groups(&self, people: &[UserId], scope: &MeetingScope, page: &PageRequest) -> Result<Vec<Slice<Meeting>>> {
        let request = bend_request(self.fault, page, true);
        if self.has(Fault::HidesAfterCutting) {
            let mut slices = self.read().meetings_page_in_groups(people, &MeetingScope::everything(), &request).await?;
            for slice in &mut slices {
                let ids: Vec<MeetingId> = slice.rows.iter().map(|m| m.id).collect();
                let seen = self.read().meetings_by_id(&ids, scope).await?;
                slice.rows.retain(|m| seen.contains(m));
            }
            return Ok(slices);
        }
        let slices = self.read().meetings_page_in_groups(people, scope, &request).await?;
        Ok(bend_groups(self.fault, page, slices.into_iter().map(|slice| bend_slice(self.fault, page, slice)).collect()))
    }

    async fn meetings_count_in_groups(&self, people: &[UserId], scope: &MeetingScope) -> Result<Vec<u64>> {
        let everything = MeetingScope::everything();
        self.read().meetings_count_in_groups(people, if self.has(Fault::CountsHidden) { &everything } else { scope }).await
    }

    async fn feed_posts_by_id(&self, ids: &[FeedPostId], scope: &FeedScope) -> Result<Vec<FeedPost>> {
        let everything = FeedScope::everything();
        self.read().feed_posts_by_id(ids, if self.has(Fault::ReadsAnyWork) { &everything } else { scope }).await
    }

    async fn feed_posts_page_in_groups(&self, groups: &FeedGroups, scope: &FeedScope, page: &PageRequest) -> Result<Vec<Slice<FeedPost>>> {
        let request = bend_request(self.fault, page, true);
        if self.has(Fault::HidesAfterCutting) {
            let mut slices = self.read().feed_posts_page_in_groups(groups, &FeedScope::everything(), &request).await?;
            for slice in &mut slices {
                let ids: Vec<FeedPostId> = slice.rows.iter().map(|p| p.id).collect();
                let seen = self.read().feed_posts_by_id(&ids, scope).await?;
                slice.rows.retain(|p| seen.contains(p));
            }
            return Ok(slices);
        }
        let slices = self.read().feed_posts_page_in_groups(groups, scope, &request).await?;
        Ok(bend_groups(self.fault, page, slices.into_iter().map(|slice| bend_slice(self.fault, page, slice)).collect()))
    }

    async fn feed_posts_count_in_groups(&self, groups: &FeedGroups, scope: &FeedScope) -> Result<Vec<u64>> {
        let everything = FeedScope::everything();
        self.read().feed_posts_count_in_groups(groups, if self.has(Fault::CountsHidden) { &everything } else { scope }).await
    }

    async fn conversations_by_id(&self, ids: &[ConversationId], scope: &ConversationScope) -> Result<Vec<Conversation>> {
        let mut rows = self.read().conversations_by_id(ids, scope).await?;
        if self.has(Fault::LastIsTheLastWritten) {
            // The one with the greatest identifier, whenever it was sent.
            for row in &mut rows {
                let slices = self.read().messages_page_in_groups(&[row.id], scope, &PageRequest::first(1_000)).await?;
                let last = slices.into_iter().flat_map(|slice| slice.rows).max_by_key(|m| m.id);
                row.last = last.unwrap_or_else(|| row.last.clone());
            }
        }
        Ok(rows)
    }

    async fn conversations_page(&self, scope: &ConversationScope, page: &PageRequest) -> Result<Slice<Conversation>> {
        let request = bend_request(self.fault, page, true);
        Ok(bend_slice(self.fault, page, self.read().conversations_page(scope, &request).await?))
    }

    async fn messages_by_id(&self, ids: &[MessageId], scope: &ConversationScope) -> Result<Vec<Message>> {
        let rows = self.read().messages_by_id(ids, scope).await?;
        if self.has(Fault::ReadsAnyWork) && rows.is_empty() {
            // As one of the two, who are the same in the case.
            let scope = crate::policy::for_suite::own_conversations(crate::conformance::fixtures::user_id(2));
            return self.read().messages_by_id(ids, &scope).await;
        }
        Ok(rows)
    }

    async fn messages_page_in_groups(&self, conversations: &[ConversationId], scope: &ConversationScope, page: &PageRequest) -> Result<Vec<Slice<Message>>> {
        let request = bend_request(self.fault, page, true);
        let slices = self.read().messages_page_in_groups(conversations, scope, &request).await?;
        Ok(bend_groups(self.fault, page, slices.into_iter().map(|slice| bend_slice(self.fault, page, slice)).collect()))
    }
}}

forward! { write WorkWrite {
    fn meetings_insert(meetings: &[NewMeeting]) -> ();
    fn feed_posts_insert(posts: &[FeedPost]) -> ();
    fn messages_insert(messages: &[Message]) -> ();
} {
    async fn conversations_hold(&mut self, wanted: &[(Pair, ConversationId)]) -> Result<Vec<ConversationId>> {
        if self.has(Fault::BeginsConversationsAnew) {
            // Whatever there is: as if it were the only one.
            let fresh: Vec<(Pair, ConversationId)> = wanted
                .iter()
                .map(|(pair, id)| (Pair::new(UserId(id.0), pair.high()).unwrap_or(*pair), *id))
                .collect();
            return self.tx().conversations_hold(&fresh).await;
        }
        let result = self.tx().conversations_hold(wanted).await;
        self.bend(result)
    }
}}
