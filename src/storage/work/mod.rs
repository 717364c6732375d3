//! Reading meetings, posts, conversations and messages.

mod row;
mod write;

use async_trait::async_trait;
use tenure_core::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId};
use tenure_core::page::{PageRequest, Slice};
use tenure_core::policy::{ConversationScope, FeedScope, MeetingScope};
use tenure_core::storage::{Result, WorkRead};
use tenure_core::work::{Attendance, Conversation, FeedGroups, FeedPost, Meeting, Message};
use uuid::Uuid;

use super::page::{Order, slices, uuids};
use super::scope::{conversation_scope, feed_scope, meeting_scope};
use super::sql::Sql;
use super::{Sea, Source};
use row::{CONVERSATION_COLUMNS, FEED_POST_COLUMNS, MEETING_COLUMNS, MESSAGE_COLUMNS};

/// The meetings of somebody, by their parts.
const LATEST_STARTING: Order = Order { sort: "p.starts_at", is_text: false, kind: None, id: "p.meeting_id", descending: true };
const LATEST_POSTED: Order = Order { sort: "p.created_at", is_text: false, kind: None, id: "p.id", descending: true };
const LATEST_WRITTEN: Order = Order { sort: "c.last_sent_at", is_text: false, kind: None, id: "c.id", descending: true };
const LATEST_SENT: Order = Order { sort: "m.sent_at", is_text: false, kind: None, id: "m.id", descending: true };

const CONVERSATIONS: &str = "FROM conversation c JOIN message l ON l.id = c.last_message_id";

/// The identifiers that lists of posts are asked for, and the condition of one list; None for the one list of the company.
fn post_groups(groups: &FeedGroups) -> Option<(Vec<Uuid>, &'static str)> {
    match groups {
        FeedGroups::Company => None,
        FeedGroups::By(people) => Some((uuids(people, |id| id.0), "p.author_id = g.id")),
        FeedGroups::In(workgroups) => Some((uuids(workgroups, |id| id.0), "p.workgroup_id = g.id")),
    }
}

#[async_trait]
impl<S: Source> WorkRead for Sea<S> {
    async fn meetings_by_id(&self, ids: &[MeetingId], scope: &MeetingScope) -> Result<Vec<Meeting>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {MEETING_COLUMNS} FROM meeting m WHERE "));
        sql.among("m.id", ids.iter().map(|id| id.0)).push(" AND ");
        meeting_scope(&mut sql, scope, "m.id");
        self.rows(sql, row::meeting).await
    }

    async fn attendees_by_meeting(&self, meetings: &[MeetingId]) -> Result<Vec<Attendance>> {
        if meetings.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT p.meeting_id, p.user_id FROM meeting_part p WHERE p.position > 0 AND ");
        sql.among("p.meeting_id", meetings.iter().map(|id| id.0)).push(" ORDER BY p.meeting_id, p.position");
        self.rows(sql, row::attendance).await
    }

    async fn meetings_page_in_groups(&self, people: &[UserId], scope: &MeetingScope, page: &PageRequest) -> Result<Vec<Slice<Meeting>>> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT g.n, {MEETING_COLUMNS} FROM "));
        sql.groups(&uuids(people, |id| id.0)).first_of_each("meeting_part", "p", |sql| {
            sql.push(" WHERE p.user_id = g.id AND ");
            meeting_scope(sql, scope, "p.meeting_id");
            LATEST_STARTING.cut(sql, page);
        });
        sql.push(&format!(" JOIN meeting m ON m.id = p.meeting_id ORDER BY g.n, {}", LATEST_STARTING.columns(page)));
        Ok(slices(people.len(), self.rows(sql, |row| Ok((row.take()?, row::meeting(row)?))).await?, page))
    }

    async fn meetings_count_in_groups(&self, people: &[UserId], scope: &MeetingScope) -> Result<Vec<u64>> {
        if people.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT (SELECT count(*) FROM meeting_part p WHERE p.user_id = g.id AND ");
        meeting_scope(&mut sql, scope, "p.meeting_id");
        sql.push(") FROM ").groups(&uuids(people, |id| id.0)).push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }

    async fn feed_posts_by_id(&self, ids: &[FeedPostId], scope: &FeedScope) -> Result<Vec<FeedPost>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {FEED_POST_COLUMNS} FROM feed_post p WHERE "));
        sql.among("p.id", ids.iter().map(|id| id.0)).push(" AND ");
        feed_scope(&mut sql, scope);
        self.rows(sql, row::feed_post).await
    }

    async fn feed_posts_page_in_groups(&self, of: &FeedGroups, scope: &FeedScope, page: &PageRequest) -> Result<Vec<Slice<FeedPost>>> {
        let Some((ids, condition)) = post_groups(of) else {
            let mut sql = self.sql(format!("SELECT {FEED_POST_COLUMNS} FROM feed_post p WHERE p.workgroup_id IS NULL AND "));
            feed_scope(&mut sql, scope);
            LATEST_POSTED.cut(&mut sql, page);
            return Ok(vec![Slice::from_surplus(self.rows(sql, row::feed_post).await?, page)]);
        };
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT g.n, {FEED_POST_COLUMNS} FROM "));
        sql.groups(&ids).first_of_each("feed_post", "p", |sql| {
            sql.push(&format!(" WHERE {condition} AND "));
            feed_scope(sql, scope);
            LATEST_POSTED.cut(sql, page);
        });
        sql.push(&format!(" ORDER BY g.n, {}", LATEST_POSTED.columns(page)));
        Ok(slices(ids.len(), self.rows(sql, |row| Ok((row.take()?, row::feed_post(row)?))).await?, page))
    }

    async fn feed_posts_count_in_groups(&self, of: &FeedGroups, scope: &FeedScope) -> Result<Vec<u64>> {
        let Some((ids, condition)) = post_groups(of) else {
            let mut sql = self.sql("SELECT count(*) FROM feed_post p WHERE p.workgroup_id IS NULL AND ");
            feed_scope(&mut sql, scope);
            return Ok(vec![self.count(sql).await?]);
        };
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT (SELECT count(*) FROM feed_post p WHERE {condition} AND "));
        feed_scope(&mut sql, scope);
        sql.push(") FROM ").groups(&ids).push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }

    async fn conversations_by_id(&self, ids: &[ConversationId], scope: &ConversationScope) -> Result<Vec<Conversation>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {CONVERSATION_COLUMNS} {CONVERSATIONS} WHERE "));
        sql.among("c.id", ids.iter().map(|id| id.0)).push(" AND ");
        conversation_scope(&mut sql, scope);
        self.rows(sql, row::conversation).await
    }

    async fn conversations_with(&self, people: &[UserId], scope: &ConversationScope) -> Result<Vec<Conversation>> {
        let Some(viewer) = scope.viewer().filter(|_| !people.is_empty()) else { return Ok(Vec::new()) };
        // From each side in turn: whose identifier is the smaller one differs from pair to pair, and each side has its index.
        let mut sql = self.sql(format!("SELECT {CONVERSATION_COLUMNS} {CONVERSATIONS} WHERE c.low_id = "));
        sql.bind(viewer.0).push(" AND ").among("c.high_id", people.iter().map(|id| id.0));
        sql.push(&format!(" UNION ALL SELECT {CONVERSATION_COLUMNS} {CONVERSATIONS} WHERE c.high_id = "));
        sql.bind(viewer.0).push(" AND ").among("c.low_id", people.iter().map(|id| id.0));
        self.rows(sql, row::conversation).await
    }

    async fn conversations_page(&self, scope: &ConversationScope, page: &PageRequest) -> Result<Slice<Conversation>> {
        let Some(viewer) = scope.viewer() else { return Ok(Slice::default()) };
        // The page is among the first rows of each side, which its index reads in order.
        let side = |sql: &mut Sql, column: &str| {
            sql.push(&format!("SELECT * FROM (SELECT c.* FROM conversation c WHERE c.{column} = ")).bind(viewer.0);
            sql.push(" AND c.last_message_id IS NOT NULL");
            LATEST_WRITTEN.cut(sql, page);
            sql.push(&format!(") AS {column}s"));
        };
        let mut sql = self.sql(format!("SELECT {CONVERSATION_COLUMNS} FROM ("));
        side(&mut sql, "low_id");
        sql.push(" UNION ALL ");
        side(&mut sql, "high_id");
        sql.push(&format!(") AS c JOIN message l ON l.id = c.last_message_id ORDER BY {} LIMIT ", LATEST_WRITTEN.columns(page)));
        sql.bind(i64::from(page.limit) + 1);
        Ok(Slice::from_surplus(self.rows(sql, row::conversation).await?, page))
    }

    async fn conversations_count(&self, scope: &ConversationScope) -> Result<u64> {
        let mut sql = self.sql("SELECT count(*) FROM conversation c WHERE c.last_message_id IS NOT NULL AND ");
        conversation_scope(&mut sql, scope);
        self.count(sql).await
    }

    async fn messages_by_id(&self, ids: &[MessageId], scope: &ConversationScope) -> Result<Vec<Message>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {MESSAGE_COLUMNS} FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE "));
        sql.among("m.id", ids.iter().map(|id| id.0)).push(" AND ");
        conversation_scope(&mut sql, scope);
        self.rows(sql, row::message).await
    }

    async fn messages_page_in_groups(
        &self,
        conversations: &[ConversationId],
        scope: &ConversationScope,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Message>>> {
        if conversations.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT g.n, {MESSAGE_COLUMNS} FROM "));
        sql.groups(&uuids(conversations, |id| id.0)).first_of_each("message", "m", |sql| {
            sql.push(" WHERE m.conversation_id = g.id AND EXISTS (SELECT 1 FROM conversation c WHERE c.id = g.id AND ");
            conversation_scope(sql, scope);
            sql.push(")");
            LATEST_SENT.cut(sql, page);
        });
        sql.push(&format!(" ORDER BY g.n, {}", LATEST_SENT.columns(page)));
        Ok(slices(conversations.len(), self.rows(sql, |row| Ok((row.take()?, row::message(row)?))).await?, page))
    }

    async fn messages_count_in_groups(&self, conversations: &[ConversationId], scope: &ConversationScope) -> Result<Vec<u64>> {
        if conversations.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(
            "SELECT (SELECT count(*) FROM message m WHERE m.conversation_id = g.id
             AND EXISTS (SELECT 1 FROM conversation c WHERE c.id = g.id AND ",
        );
        conversation_scope(&mut sql, scope);
        sql.push(")) FROM ").groups(&uuids(conversations, |id| id.0)).push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }
}
