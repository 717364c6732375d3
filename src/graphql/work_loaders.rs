//! Loaders of what people do together; see `loaders`.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::dataloader::Loader;
use tenure_core::id::UserId;
use tenure_core::work::{Conversation, FeedPost, Meeting, Message};

use super::error::{Fault, Result};
use super::loaders::{AttendeesKey, ConversationKey, ConversationWithKey, FeedPostKey, MeetingKey, MessageKey, Reader, ascending, by_key};

impl Loader<MeetingKey> for Reader {
    type Value = Arc<Meeting>;
    type Error = Fault;

    async fn load(&self, keys: &[MeetingKey]) -> Result<HashMap<MeetingKey, Arc<Meeting>>> {
        let rows = self.storage().meetings_by_id(&ascending(keys, |k| k.0), &self.access().meeting_scope()).await?;
        Ok(by_key(rows, |row| MeetingKey(row.id)))
    }
}

impl Loader<AttendeesKey> for Reader {
    type Value = Arc<Vec<UserId>>;
    type Error = Fault;

    async fn load(&self, keys: &[AttendeesKey]) -> Result<HashMap<AttendeesKey, Self::Value>> {
        let mut lists: HashMap<AttendeesKey, Vec<UserId>> = HashMap::new();
        for row in self.storage().attendees_by_meeting(&ascending(keys, |k| k.0)).await? {
            lists.entry(AttendeesKey(row.meeting)).or_default().push(row.user);
        }
        Ok(lists.into_iter().map(|(key, list)| (key, Arc::new(list))).collect())
    }
}

impl Loader<FeedPostKey> for Reader {
    type Value = Arc<FeedPost>;
    type Error = Fault;

    async fn load(&self, keys: &[FeedPostKey]) -> Result<HashMap<FeedPostKey, Arc<FeedPost>>> {
        let rows = self.storage().feed_posts_by_id(&ascending(keys, |k| k.0), &self.access().feed_scope()).await?;
        Ok(by_key(rows, |row| FeedPostKey(row.id)))
    }
}

impl Loader<MessageKey> for Reader {
    type Value = Arc<Message>;
    type Error = Fault;

    async fn load(&self, keys: &[MessageKey]) -> Result<HashMap<MessageKey, Arc<Message>>> {
        let rows = self.storage().messages_by_id(&ascending(keys, |k| k.0), &self.access().conversation_scope()).await?;
        Ok(by_key(rows, |row| MessageKey(row.id)))
    }
}

impl Loader<ConversationKey> for Reader {
    type Value = Arc<Conversation>;
    type Error = Fault;

    async fn load(&self, keys: &[ConversationKey]) -> Result<HashMap<ConversationKey, Arc<Conversation>>> {
        let rows = self.storage().conversations_by_id(&ascending(keys, |k| k.0), &self.access().conversation_scope()).await?;
        Ok(by_key(rows, |row| ConversationKey(row.id)))
    }
}

impl Loader<ConversationWithKey> for Reader {
    type Value = Arc<Conversation>;
    type Error = Fault;

    async fn load(&self, keys: &[ConversationWithKey]) -> Result<HashMap<ConversationWithKey, Arc<Conversation>>> {
        let rows = self.storage().conversations_with(&ascending(keys, |k| k.0), &self.access().conversation_scope()).await?;
        let viewer = self.access().person();
        let keyed = rows.into_iter().filter_map(|row| Some((ConversationWithKey(row.people.other(viewer)?), Arc::new(row))));
        Ok(keyed.collect())
    }
}
