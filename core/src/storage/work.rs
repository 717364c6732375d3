//! Reading and writing meetings, posts, conversations and messages. Whom they name may be gone since (rule L1): nothing here asks.

use async_trait::async_trait;

use super::Result;
use crate::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId};
use crate::page::{PageRequest, Slice};
use crate::policy::{ConversationScope, FeedScope, MeetingScope};
use crate::work::{Attendance, Conversation, FeedGroups, FeedPost, Meeting, Message, NewMeeting, Pair};

/// Reading what people do together.
#[async_trait]
pub trait WorkRead: Send + Sync {
    /// These meetings, as far as they are in the scope, in any order.
    async fn meetings_by_id(&self, ids: &[MeetingId], scope: &MeetingScope) -> Result<Vec<Meeting>>;

    /// Who is invited to these meetings: of each meeting in the order in which they were named.
    async fn attendees_by_meeting(&self, meetings: &[MeetingId]) -> Result<Vec<Attendance>>;

    /// A page of the meetings that each of these people organised or is invited to, latest first: key (starts_at, id). One entry for each
    /// person, in the order given.
    async fn meetings_page_in_groups(&self, people: &[UserId], scope: &MeetingScope, page: &PageRequest) -> Result<Vec<Slice<Meeting>>>;

    /// The length of each of these lists, in the order given.
    async fn meetings_count_in_groups(&self, people: &[UserId], scope: &MeetingScope) -> Result<Vec<u64>>;

    /// These posts, as far as they are in the scope, in any order.
    async fn feed_posts_by_id(&self, ids: &[FeedPostId], scope: &FeedScope) -> Result<Vec<FeedPost>>;

    /// A page of each of these lists: one entry for each group, in the order given.
    async fn feed_posts_page_in_groups(&self, groups: &FeedGroups, scope: &FeedScope, page: &PageRequest) -> Result<Vec<Slice<FeedPost>>>;

    /// The length of each of these lists, in the order given.
    async fn feed_posts_count_in_groups(&self, groups: &FeedGroups, scope: &FeedScope) -> Result<Vec<u64>>;

    /// These conversations, as far as they are in the scope, in any order. One without a message is nowhere found.
    async fn conversations_by_id(&self, ids: &[ConversationId], scope: &ConversationScope) -> Result<Vec<Conversation>>;

    /// The conversations of the scope's viewer with these people, in any order.
    async fn conversations_with(&self, people: &[UserId], scope: &ConversationScope) -> Result<Vec<Conversation>>;

    /// A page of the conversations in the scope, by their latest message, latest first: key (sent_at of that message, id of the
    /// conversation).
    async fn conversations_page(&self, scope: &ConversationScope, page: &PageRequest) -> Result<Slice<Conversation>>;

    /// How many conversations are in the scope.
    async fn conversations_count(&self, scope: &ConversationScope) -> Result<u64>;

    /// These messages, as far as their conversation is in the scope, in any order.
    async fn messages_by_id(&self, ids: &[MessageId], scope: &ConversationScope) -> Result<Vec<Message>>;

    /// A page of the messages of each of these conversations, as far as it is in the scope, latest first: key (sent_at, id). One entry for
    /// each conversation, in the order given.
    async fn messages_page_in_groups(
        &self,
        conversations: &[ConversationId],
        scope: &ConversationScope,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Message>>>;

    /// The length of each of these lists, in the order given.
    async fn messages_count_in_groups(&self, conversations: &[ConversationId], scope: &ConversationScope) -> Result<Vec<u64>>;
}

/// Writing what people do together. Nothing is ever changed or removed.
#[async_trait]
pub trait WorkWrite: Send + Sync {
    /// Adds meetings with who is invited. Taken(Id).
    async fn meetings_insert(&mut self, meetings: &[NewMeeting]) -> Result<()>;

    /// Adds posts. Taken(Id).
    async fn feed_posts_insert(&mut self, posts: &[FeedPost]) -> Result<()>;

    /// The conversation of each of these pairs, in the order given: the one there is, else a new one with the identifier given beside the
    /// pair. Each is held exclusively until the end of the transaction, in ascending order of pairs: of two who write to each other for the
    /// first time at once, the second waits and finds the conversation of the first. Taken(Id) when a new one's identifier is taken.
    async fn conversations_hold(&mut self, wanted: &[(Pair, ConversationId)]) -> Result<Vec<ConversationId>>;

    /// Adds messages to conversations that are held; the latest of each is its last message from then on. Taken(Id).
    async fn messages_insert(&mut self, messages: &[Message]) -> Result<()>;
}
