//! Writing meetings, posts, conversations and messages.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use tenure_core::id::{ConversationId, UserId};
use tenure_core::storage::{Result, WorkWrite};
use tenure_core::work::{FeedPost, Message, NewMeeting, Pair};
use tenure_entity::{conversation, feed_post, meeting, meeting_part, message};

use super::row;
use crate::storage::error::corrupt;
use crate::storage::sql::Holds;
use crate::storage::{Sea, Working};

#[async_trait]
impl WorkWrite for Sea<Working> {
    async fn meetings_insert(&mut self, meetings: &[NewMeeting]) -> Result<()> {
        self.insert::<meeting::Entity>(&meetings.iter().map(row::meeting_model).collect::<Vec<_>>(), "").await?;
        let parts: Vec<meeting_part::Model> = meetings.iter().flat_map(row::meeting_parts).collect();
        self.insert::<meeting_part::Entity>(&parts, "").await.map(drop)
    }

    async fn feed_posts_insert(&mut self, posts: &[FeedPost]) -> Result<()> {
        self.insert::<feed_post::Entity>(&posts.iter().map(row::feed_post_model).collect::<Vec<_>>(), "").await.map(drop)
    }

    async fn conversations_hold(&mut self, wanted: &[(Pair, ConversationId)]) -> Result<Vec<ConversationId>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        // Ascending, and each pair once: locks taken out of order could wait in a circle, and PostgreSQL refuses to touch a row twice.
        let mut pairs: BTreeMap<Pair, ConversationId> = BTreeMap::new();
        for (pair, id) in wanted {
            pairs.entry(*pair).or_insert(*id);
        }
        let model = |(pair, id): (&Pair, &ConversationId)| conversation::Model {
            id: id.0,
            low_id: pair.low().0,
            high_id: pair.high().0,
            last_message_id: None,
            last_sent_at: None,
        };
        let models: Vec<conversation::Model> = pairs.iter().map(model).collect();
        // The update changes nothing: it waits for who began it, and holds the row.
        self.insert::<conversation::Entity>(&models, "ON CONFLICT (low_id, high_id) DO UPDATE SET low_id = excluded.low_id").await?;
        let mut sql = self.sql("SELECT c.low_id, c.high_id, c.id FROM conversation c JOIN ");
        let values = pairs.keys().map(|pair| vec![pair.low().0.into(), pair.high().0.into()]);
        sql.set("v", &[("low_id", Holds::Uuid), ("high_id", Holds::Uuid)], values);
        sql.push(" ON c.low_id = v.low_id AND c.high_id = v.high_id");
        let rows = self.rows(sql, |row| Ok((UserId(row.uuid()?), UserId(row.uuid()?), ConversationId(row.uuid()?)))).await?;
        let held: HashMap<Pair, ConversationId> =
            rows.into_iter().filter_map(|(low, high, id)| Some((Pair::new(low, high)?, id))).collect();
        wanted.iter().map(|(pair, _)| held.get(pair).copied().ok_or_else(|| corrupt("a conversation that was begun is missing"))).collect()
    }

    async fn messages_insert(&mut self, messages: &[Message]) -> Result<()> {
        if messages.is_empty() {
            return Ok(());
        }
        self.insert::<message::Entity>(&messages.iter().map(row::message_model).collect::<Vec<_>>(), "").await?;
        let mut latest: BTreeMap<ConversationId, &Message> = BTreeMap::new();
        for message in messages {
            let last = latest.entry(message.conversation).or_insert(message);
            if (message.sent_at, message.id) > (last.sent_at, last.id) {
                *last = message;
            }
        }
        let mut sql = self.sql("UPDATE conversation SET last_message_id = v.message_id, last_sent_at = v.sent_at FROM ");
        let columns = [("id", Holds::Uuid), ("message_id", Holds::Uuid), ("sent_at", Holds::BigInt)];
        sql.set("v", &columns, latest.iter().map(|(id, last)| vec![id.0.into(), last.id.0.into(), last.sent_at.0.into()]));
        sql.push(
            " WHERE conversation.id = v.id AND (conversation.last_message_id IS NULL
              OR (conversation.last_sent_at, conversation.last_message_id) < (v.sent_at, v.message_id))",
        );
        self.execute(sql).await.map(drop)
    }
}
