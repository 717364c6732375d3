//! `createFeedPost`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::create_feed_post as action;
use tenure_core::id::WorkgroupId;

use crate::graphql::error::Result;
use crate::graphql::id::Given;
use crate::graphql::loaders::FeedPostKey;
use crate::graphql::operation::view;
use crate::graphql::types::FeedPost;

use super::inputs::optional;
use super::outcome::{Manner, perform};
use super::payload::{Payload, payload};

/// Input of `createFeedPost`.
#[derive(InputObject, Debug, Clone)]
pub struct CreateFeedPostInput {
    /// Text, 1 to 10,000 characters.
    pub text: String,
    /// The workgroup; the company feed when left out, for employees only.
    pub workgroup_id: Option<Given<WorkgroupId>>,
    /// Any string unique to this attempt, 1 to 255 characters: a repeat by the same person within 24 hours returns the first outcome instead of acting again. Refusals and dry runs are not remembered.
    pub idempotency_key: Option<String>,
}

payload! {
    create_feed_post, tenure_core::actions::create_feed_post::CreateFeedPost;
    /// Outcome of `createFeedPost`. When `userErrors` is not empty, nothing was changed.
    CreateFeedPostPayload {
        /// The post.
        feed_post: FeedPost,
    }
    /// An expected failure of `createFeedPost`.
    CreateFeedPostError,
    /// Codes of `CreateFeedPostError`. Codes may be added: treat an unknown one as a generic failure.
    CreateFeedPostErrorCode {
        /// No such workgroup, or the viewer does not belong to it.
        WorkgroupNotFound,
        /// The viewer may not do this to this user or record. In `viewerCannot…Reasons` also: the permission is missing (a mutation answers that with the request error FORBIDDEN).
        NotPermitted,
        /// A value is empty, too long or otherwise malformed; `field` names it.
        InputInvalid,
        /// The key was used with other input.
        IdempotencyKeyReused,
        /// The first attempt with this key is still running; retry later.
        IdempotencyInProgress,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: CreateFeedPostInput) -> Result<CreateFeedPostPayload> {
    let by = view(ctx)?;
    let workgroup = optional(input.workgroup_id, "input.workgroupId")?;
    let manner = Manner { idempotency_key: input.idempotency_key, ..Manner::default() };
    match perform(ctx, action::CreateFeedPost::parse(&input.text, workgroup), manner).await? {
        Ok(done) => {
            let row = match done.post {
                Some(row) => Some(Arc::new(row)),
                None => by.ask(FeedPostKey(done.id)).await?,
            };
            Ok(CreateFeedPostPayload { feed_post: row.map(|row| FeedPost::new(by, row)), ..CreateFeedPostPayload::done() })
        }
        Err(refusal) => CreateFeedPostPayload::refused(&refusal),
    }
}
