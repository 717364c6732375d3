//! A session of a person, as its owner gets it: once.

use std::sync::Arc;

use async_graphql::SimpleObject;
use tenure_core::credential;
use tenure_core::policy::Access;

use crate::graphql::error::{Fault, Result};
use crate::graphql::operation::Operation;
use crate::graphql::scalars::DateTime;

use super::User;

/// A session of a person.
#[derive(SimpleObject)]
pub struct Session {
    /// Bearer token for the `Authorization` header: a JWT.
    access_token: String,
    /// When `accessToken` stops working.
    expires_at: DateTime,
    /// Secret to get the next `accessToken`; works once.
    refresh_token: String,
    /// Who signed in.
    user: User,
}

impl Session {
    /// What the person gets who opened it: they look at themself with the rights that they have from now on.
    pub async fn open(operation: &Operation, session: &credential::Session, refresh_token: String) -> Result<Session> {
        let (engine, identity) = (operation.engine(), operation.identity());
        let principal = engine.storage().session_principal(session.id).await?;
        let now = engine.clock().now();
        // Whoever was dismissed in the meantime has no session any more.
        let access = principal.as_ref().and_then(|p| Access::of_session(p, now)).ok_or(Fault::Unauthenticated)?;
        let (access_token, expires_at) = identity.session_jwt(session)?;
        let by = operation.view_of(access);
        let person = by.person(session.user).await?.ok_or(Fault::Unauthenticated)?;
        Ok(Session { access_token, expires_at: expires_at.into(), refresh_token, user: User::new(&by, Arc::clone(&person)) })
    }
}
