//! Lists of meetings, posts, messages and conversations: latest first.

use std::sync::Arc;

use tenure_core::id::{ConversationId, UserId, WorkgroupId};
use tenure_core::page::{Key, PageRequest, Slice, SortValue};
use tenure_core::work::{Conversation, FeedGroups, FeedPost, Meeting, Message};

use crate::graphql::cursor::{ListName, Ordering, SortKind};
use crate::graphql::error::Result;
use crate::graphql::loaders::Reader;

use super::{List, map_rows};

/// Meetings that somebody takes part in, as far as the viewer can see them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MeetingList {
    /// Of somebody.
    Of(UserId),
    /// None: somebody's, which the viewer cannot see.
    Hidden,
}

impl List for MeetingList {
    type Row = Arc<Meeting>;
    type Question = std::mem::Discriminant<MeetingList>;

    fn ordering(&self) -> Ordering {
        Ordering::only(ListName::MeetingsOfUser, SortKind::Time)
    }

    fn key(&self, row: &Arc<Meeting>) -> Key {
        Key::new(SortValue::Time(row.starts_at), row.id.0)
    }

    fn question(&self) -> Self::Question {
        std::mem::discriminant(self)
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Meeting>>>> {
        let Some(people) = people(lists) else { return Ok(lists.iter().map(|_| Slice::default()).collect()) };
        let slices = reader.storage().meetings_page_in_groups(&people, &reader.access().meeting_scope(), page).await?;
        Ok(slices.into_iter().map(|slice| map_rows(slice, Arc::new)).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let Some(people) = people(lists) else { return Ok(lists.iter().map(|_| 0).collect()) };
        Ok(reader.storage().meetings_count_in_groups(&people, &reader.access().meeting_scope()).await?)
    }
}

/// Whose meetings are asked for by lists that share a question; None for hidden ones.
fn people(lists: &[&MeetingList]) -> Option<Vec<UserId>> {
    lists.iter().map(|list| if let MeetingList::Of(id) = list { Some(*id) } else { None }).collect()
}

/// Posts, as far as the viewer can see them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FeedList {
    /// To the company.
    Company,
    /// What somebody wrote.
    By(UserId),
    /// To a workgroup.
    In(WorkgroupId),
    /// None: somebody's, which the viewer cannot see.
    Hidden,
}

/// The groups of lists that share a question; None for hidden ones.
fn feed_groups(lists: &[&FeedList]) -> Option<FeedGroups> {
    match lists[0] {
        FeedList::Hidden => None,
        // Equal lists are one key.
        FeedList::Company => Some(FeedGroups::Company),
        FeedList::By(_) => {
            Some(FeedGroups::By(lists.iter().filter_map(|list| if let FeedList::By(id) = list { Some(*id) } else { None }).collect()))
        }
        FeedList::In(_) => {
            Some(FeedGroups::In(lists.iter().filter_map(|list| if let FeedList::In(id) = list { Some(*id) } else { None }).collect()))
        }
    }
}

impl List for FeedList {
    type Row = Arc<FeedPost>;
    type Question = std::mem::Discriminant<FeedList>;

    fn ordering(&self) -> Ordering {
        let name = match self {
            FeedList::Company => ListName::CompanyFeed,
            FeedList::By(_) | FeedList::Hidden => ListName::FeedPostsOfUser,
            FeedList::In(_) => ListName::FeedPostsOfWorkgroup,
        };
        Ordering::only(name, SortKind::Time)
    }

    fn key(&self, row: &Arc<FeedPost>) -> Key {
        Key::new(SortValue::Time(row.created_at), row.id.0)
    }

    fn question(&self) -> Self::Question {
        std::mem::discriminant(self)
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<FeedPost>>>> {
        let Some(groups) = feed_groups(lists) else { return Ok(lists.iter().map(|_| Slice::default()).collect()) };
        let slices = reader.storage().feed_posts_page_in_groups(&groups, &reader.access().feed_scope(), page).await?;
        Ok(slices.into_iter().map(|slice| map_rows(slice, Arc::new)).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let Some(groups) = feed_groups(lists) else { return Ok(lists.iter().map(|_| 0).collect()) };
        Ok(reader.storage().feed_posts_count_in_groups(&groups, &reader.access().feed_scope()).await?)
    }
}

/// Messages of one of the viewer's conversations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MessageList {
    /// Of a conversation.
    Of(ConversationId),
    /// Of the conversation with somebody.
    With(ConversationId),
    /// None: with somebody to whom there is no conversation.
    Nothing,
}

/// The conversations of lists that share a question; None where there is none.
fn conversations(lists: &[&MessageList]) -> Option<Vec<ConversationId>> {
    let id = |list: &&MessageList| match list {
        MessageList::Of(id) | MessageList::With(id) => Some(*id),
        MessageList::Nothing => None,
    };
    lists.iter().map(id).collect()
}

impl List for MessageList {
    type Row = Arc<Message>;
    type Question = std::mem::Discriminant<MessageList>;

    fn ordering(&self) -> Ordering {
        let name = match self {
            MessageList::Of(_) => ListName::MessagesOfConversation,
            MessageList::With(_) | MessageList::Nothing => ListName::MessagesWithUser,
        };
        Ordering::only(name, SortKind::Time)
    }

    fn key(&self, row: &Arc<Message>) -> Key {
        Key::new(SortValue::Time(row.sent_at), row.id.0)
    }

    fn question(&self) -> Self::Question {
        std::mem::discriminant(self)
    }

    async fn pages(reader: &Reader, lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Message>>>> {
        let Some(ids) = conversations(lists) else { return Ok(lists.iter().map(|_| Slice::default()).collect()) };
        let slices = reader.storage().messages_page_in_groups(&ids, &reader.access().conversation_scope(), page).await?;
        Ok(slices.into_iter().map(|slice| map_rows(slice, Arc::new)).collect())
    }

    async fn counts(reader: &Reader, lists: &[&Self]) -> Result<Vec<u64>> {
        let Some(ids) = conversations(lists) else { return Ok(lists.iter().map(|_| 0).collect()) };
        Ok(reader.storage().messages_count_in_groups(&ids, &reader.access().conversation_scope()).await?)
    }
}

/// The viewer's conversations.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConversationList;

impl List for ConversationList {
    type Row = Arc<Conversation>;
    type Question = ();

    fn ordering(&self) -> Ordering {
        Ordering::only(ListName::Conversations, SortKind::Time)
    }

    fn key(&self, row: &Arc<Conversation>) -> Key {
        Key::new(SortValue::Time(row.last.sent_at), row.id.0)
    }

    fn question(&self) {}

    async fn pages(reader: &Reader, _lists: &[&Self], page: &PageRequest) -> Result<Vec<Slice<Arc<Conversation>>>> {
        Ok(vec![map_rows(reader.storage().conversations_page(&reader.access().conversation_scope(), page).await?, Arc::new)])
    }

    async fn counts(reader: &Reader, _lists: &[&Self]) -> Result<Vec<u64>> {
        Ok(vec![reader.storage().conversations_count(&reader.access().conversation_scope()).await?])
    }
}
