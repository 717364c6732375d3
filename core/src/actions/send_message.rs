//! `sendMessage`: to one person, in the conversation that the two share (rules S6, V2).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::{ConversationId, MessageId, UserId};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::audience::{Unreachable, check_audience};
use crate::storage::Read;
use crate::text;
use crate::work::{Message, Pair};

/// Writes to a person.
#[derive(Debug, Clone)]
pub struct SendMessage {
    to: UserId,
    text: String,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MessageSent {
    /// Which message.
    pub id: MessageId,
    /// The message; None in a repeat, which reads it afresh (rule I8).
    #[serde(skip)]
    pub message: Option<Message>,
}

impl Outcome for MessageSent {}

impl SendMessage {
    /// Checks the shape: 1 to 10,000 characters, in lines as given.
    pub fn parse(to: UserId, text: &str) -> Result<SendMessage, Refusal> {
        let mut faults = Faults::new();
        let text = faults.take("text", text::paragraph(text, text::TEXT_MAX)).unwrap_or_default();
        faults.finish().map(|()| SendMessage { to, text })
    }
}

#[async_trait]
impl Action for SendMessage {
    type Output = MessageSent;
    const NAME: &'static str = "sendMessage";
    const PERSONAL: bool = true;
    const CODES: &'static [Code] =
        &[Code::UserNotFound, Code::RecipientNotActive, Code::InputInvalid, Code::IdempotencyKeyReused, Code::IdempotencyInProgress];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        // A dismissal of the recipient waits for the message, or the message sees it.
        Ok(Locks::new().shared(self.to))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<MessageSent, Failure> {
        let mut reasons = Reasons::new();
        let author = change.access()?.person();
        let unreachable = Unreachable { code: Code::RecipientNotActive, message: "This person is not active and gets no messages." };
        check_audience(change, &[(self.to, "toUserId".to_owned())], unreachable, &mut reasons).await?;
        let pair = Pair::new(author, self.to);
        reasons.add_if(pair.is_none(), || Rejection::at(Code::InputInvalid, "toUserId", "A message goes to somebody else."));
        reasons.check(Self::CODES, None)?;
        let Some(pair) = pair else { return Err(Failure::Internal("a pair without reasons".into())) };

        let wanted = ConversationId(change.new_uuid());
        let held = change.tx().conversations_hold(&[(pair, wanted)]).await?;
        let conversation = held.first().copied().ok_or_else(|| Failure::Internal("no conversation is held".into()))?;
        change.conversation_is_held();
        let message = Message { id: MessageId(change.new_uuid()), conversation, author, text: self.text.clone(), sent_at: change.now() };
        change.tx().messages_insert(std::slice::from_ref(&message)).await?;
        Ok(MessageSent { id: message.id, message: Some(message) })
    }
}
