//! `sendMessage`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::send_message as action;
use tenure_core::id::UserId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::loaders::MessageKey;
use crate::graphql::operation::view;
use crate::graphql::types::Message;

use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `sendMessage`.
#[derive(InputObject, Debug, Clone)]
pub struct SendMessageInput {
    /// To whom.
    pub to_user_id: Given<UserId>,
    /// Text, 1 to 10,000 characters.
    pub text: String,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    send_message, tenure_core::actions::send_message::SendMessage;
    /// Outcome of `sendMessage`. When `userErrors` is not empty, nothing was changed.
    SendMessagePayload {
        /// The message.
        message: Message,
    }
    /// An expected failure of `sendMessage`.
    SendMessageError,
    /// Codes of `SendMessageError`. Codes may be added: treat an unknown one as a generic failure.
    SendMessageErrorCode {
        /// No such user, or not visible to the viewer.
        UserNotFound,
        /// The person is not active; the conversation stays readable.
        RecipientNotActive,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: SendMessageInput) -> Result<SendMessagePayload> {
    let by = view(ctx)?;
    let to = input.to_user_id.read("input.toUserId")?;
    let manner = Manner { idempotency_key: input.idempotency_key, ..Manner::default() };
    match perform(ctx, action::SendMessage::parse(to, &input.text), manner).await? {
        Ok(done) => {
            let row = match done.message {
                Some(row) => Some(Arc::new(row)),
                None => by.ask(MessageKey(done.id)).await?,
            };
            Ok(SendMessagePayload { message: row.map(|row| Message::new(by, row)), ..SendMessagePayload::done() })
        }
        Err(refusal) => SendMessagePayload::refused(&refusal),
    }
}
