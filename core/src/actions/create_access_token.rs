//! `createAccessToken`: for an integration that acts for its owner (rule S4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::{AccessToken, SecretHash};
use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{AccessTokenId, UserId};
use crate::permission::PermissionSet;
use crate::policy::effective_permissions;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::storage::Read;
use crate::text;
use crate::time::Timestamp;
use crate::user::Actor;

/// How long a token works when nothing is said, in days.
pub const DEFAULT_DAYS: i64 = 90;
/// How long a token works at most, in days.
pub const MAX_DAYS: i64 = 366;

/// Input of `createAccessToken`, with the secret's hash made by the server.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct CreateAccessTokenInput {
    pub name: String,
    pub permissions: PermissionSet,
    pub expires_at: Option<Timestamp>,
    /// For whom it acts: the caller, but for the command line.
    pub owner: UserId,
    pub prefix: String,
    pub hash: SecretHash,
}

/// Creates an access token.
#[derive(Debug, Clone)]
pub struct CreateAccessToken {
    name: String,
    permissions: PermissionSet,
    expires_at: Option<Timestamp>,
    owner: UserId,
    prefix: String,
    hash: SecretHash,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessTokenCreated {
    /// The token, but for its secret.
    #[serde(skip)]
    pub token: Option<AccessToken>,
}

impl Outcome for AccessTokenCreated {}

impl CreateAccessToken {
    /// Checks the shape.
    pub fn parse(input: CreateAccessTokenInput, now: Timestamp) -> Result<CreateAccessToken, Refusal> {
        let mut faults = Faults::new();
        let name = faults.take("name", text::line(&input.name, text::LABEL_MAX)).unwrap_or_default();
        if input.permissions.is_empty() {
            faults.input("permissions", "Give at least one permission.");
        }
        let latest = Timestamp(now.0 + MAX_DAYS * Timestamp::DAY);
        if input.expires_at.is_some_and(|e| e <= now || e > latest) {
            faults.input("expiresAt", "`expiresAt` must lie ahead, by at most one year.");
        }
        faults.finish().map(|()| CreateAccessToken {
            name,
            permissions: input.permissions,
            expires_at: input.expires_at,
            owner: input.owner,
            prefix: input.prefix,
            hash: input.hash,
        })
    }
}

#[async_trait]
impl Action for CreateAccessToken {
    type Output = AccessTokenCreated;
    const NAME: &'static str = "createAccessToken";
    const CODES: &'static [Code] = &[Code::InputInvalid, Code::NotGrantable, Code::NotASession];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().shared(self.owner))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<AccessTokenCreated, Failure> {
        let access = change.access()?.clone();
        let mut reasons = Reasons::new();
        let allowed = match access.actor() {
            Actor::System => change.held(self.owner).map_or(PermissionSet::NONE, |u| effective_permissions(u, change.settings())),
            Actor::User(_) | Actor::Token { .. } => access.permissions(),
        };
        reasons.add_if(!allowed.contains(self.permissions), || {
            Rejection::at(Code::NotGrantable, "permissions", "A permission that the owner does not hold cannot be given.")
        });
        reasons.add_if(access.token().is_some(), || Rejection::new(Code::NotASession, "A token cannot create tokens."));
        reasons.check(Self::CODES, None)?;

        let now = change.now();
        let token = AccessToken {
            id: AccessTokenId(change.new_uuid()),
            owner: self.owner,
            name: self.name.clone(),
            prefix: self.prefix.clone(),
            hash: self.hash,
            permissions: self.permissions,
            created_at: now,
            expires_at: self.expires_at.unwrap_or(Timestamp(now.0 + DEFAULT_DAYS * Timestamp::DAY)),
            last_used_at: None,
            revoked_at: None,
        };
        change.tx().access_token_insert(&token).await?;
        change.event(self.owner, EventBody::AccessTokenCreated { token_name: token.name.clone() });
        Ok(AccessTokenCreated { token: Some(token) })
    }
}
