//! Conversations and their messages: for the two people alone, in a session (rules V2, S4).

use std::sync::Arc;

use async_graphql::{ID, Object};
use tenure_core::id::UserId;
use tenure_core::user::UserStatus;
use tenure_core::work;

use crate::graphql::connection::{PageArguments, connection};
use crate::graphql::error::{Fault, Result};
use crate::graphql::lists::{ConversationList, MessageList};
use crate::graphql::loaders::{Person, PersonKey};
use crate::graphql::scalars::DateTime;
use crate::graphql::view::View;

use super::Attribution;

/// A message between two people.
#[derive(Clone)]
pub struct Message {
    by: View,
    row: Arc<work::Message>,
}

impl Message {
    /// A message to or from this viewer.
    pub fn new(by: &View, row: Arc<work::Message>) -> Message {
        Message { by: by.clone(), row }
    }
}

/// A message between two people.
#[Object]
impl Message {
    /// Global ID, `msg_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Text.
    async fn text(&self) -> &str {
        &self.row.text
    }

    /// Who wrote it.
    async fn author(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.author).await
    }

    /// When.
    async fn sent_at(&self) -> DateTime {
        self.row.sent_at.into()
    }
}

connection! {
    /// A page of messages.
    MessageConnection,
    /// One entry of a `MessageConnection`.
    MessageEdge: MessageList => Message, |pages, row| Message::new(pages.by(), row)
}

/// The viewer's conversation with one person.
#[derive(Clone)]
pub struct Conversation {
    by: View,
    row: Arc<work::Conversation>,
}

impl Conversation {
    /// A conversation of this viewer.
    pub fn new(by: &View, row: Arc<work::Conversation>) -> Conversation {
        Conversation { by: by.clone(), row }
    }

    fn other(&self) -> Result<UserId> {
        self.row.people.other(self.by.access().person()).ok_or_else(|| Fault::internal("a conversation of other people"))
    }
}

/// The viewer's conversation with one person.
#[Object]
impl Conversation {
    /// Global ID, `cnv_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// The other person.
    async fn with(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.other()?).await
    }

    /// The latest message.
    async fn last_message(&self) -> Message {
        Message::new(&self.by, Arc::new(self.row.last.clone()))
    }

    /// Whether the viewer may write now: the other person is active.
    async fn viewer_can_reply(&self) -> Result<bool> {
        // Asked for as bylines are, in the same statement: those of messages name the same people.
        let other = self.by.ask(PersonKey(self.other()?)).await?;
        Ok(other.as_ref().and_then(Person::visible).is_some_and(|person| person.user().status == UserStatus::Active))
    }

    /// All messages, latest first.
    async fn messages(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<MessageConnection> {
        let page = PageArguments::new(first, after, last, before);
        MessageConnection::new(&self.by, MessageList::Of(self.row.id), &page)
    }
}

connection! {
    /// A page of conversations.
    ConversationConnection,
    /// One entry of a `ConversationConnection`.
    ConversationEdge: ConversationList => Conversation, |pages, row| Conversation::new(pages.by(), row)
}
