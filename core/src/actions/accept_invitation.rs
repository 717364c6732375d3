//! `acceptInvitation`: everything is checked again under lock, and the first session begins (rule S2).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::{Invitation, PasswordHash, RefreshToken, SecretHash, Session};
use crate::email::EmailRole;
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{SessionId, UserId};
use crate::policy::effective_permissions;
use crate::rejection::{Code, Failure, Faults, Refusal, Rejection};
use crate::settings::Settings;
use crate::steps::addresses::AddressBook;
use crate::steps::invitations::right_to_invite;
use crate::storage::Read;
use crate::text;
use crate::time::Timestamp;
use crate::user::{Actor, User, UserStatus};

/// Input of `acceptInvitation` but for the password, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct AcceptInvitationInput {
    pub token: String,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
}

/// Accepts an invitation.
#[derive(Debug, Clone)]
pub struct AcceptInvitation {
    token: SecretHash,
    first_name: Option<String>,
    last_name: Option<String>,
    password: Option<PasswordHash>,
    refresh: Option<SecretHash>,
    expires_in_seconds: i64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Accepted {
    /// The person, active now.
    pub user: Option<FreshUser>,
    /// The first session.
    pub session: Session,
}

impl Outcome for Accepted {}

impl AcceptInvitation {
    /// Checks the shape. Before it runs, [`AcceptInvitation::ready`] adds what takes hashing.
    pub fn parse(input: AcceptInvitationInput) -> Result<AcceptInvitation, Refusal> {
        let mut faults = Faults::new();
        let name =
            |path: &str, value: Option<String>, faults: &mut Faults| value.and_then(|v| faults.take(path, text::line(&v, text::NAME_MAX)));
        let action = AcceptInvitation {
            token: SecretHash::of(&input.token),
            first_name: name("firstName", input.first_name, &mut faults),
            last_name: name("lastName", input.last_name, &mut faults),
            password: None,
            refresh: None,
            expires_in_seconds: 0,
        };
        faults.finish().map(|()| action)
    }

    /// Who would accept, if the link works now: their name and address are hints for the strength of the password. Err: INVITATION_INVALID.
    pub async fn invited(&self, read: &dyn Read, now: Timestamp) -> Result<User, Failure> {
        let Some(invitation) = read.invitation_by_hash(self.token).await? else { return Err(invalid().into()) };
        let people = read.users_by_id(&[invitation.user, invitation.invited_by.person()]).await?;
        let person = |id: UserId| people.iter().find(|u| u.id == id);
        let invited = person(invitation.user).filter(|u| invitation.expires_at > now && u.status == UserStatus::Invited);
        let Some(invited) = invited else { return Err(invalid().into()) };
        // A password is not worth judging when the link is not (rule R11).
        if !inviter_may(&invitation, invited, person(invitation.invited_by.person()), &read.settings().await?) {
            return Err(invalid().into());
        }
        Ok(User { login_email: Some(invitation.email), ..invited.clone() })
    }

    /// Adds the password, hashed, and the first refresh token. Hashing takes long: never inside the transaction.
    pub fn ready(mut self, password: PasswordHash, refresh: SecretHash, expires_in_seconds: i64) -> AcceptInvitation {
        self.password = Some(password);
        self.refresh = Some(refresh);
        self.expires_in_seconds = expires_in_seconds;
        self
    }
}

fn invalid() -> Rejection {
    Rejection::at(Code::InvitationInvalid, "token", "This link is unknown, used, expired or taken back.")
}

/// Whether whoever invited still holds the right. The command line's invitations stand.
fn inviter_may(invitation: &Invitation, invited: &User, inviter: Option<&User>, settings: &Settings) -> bool {
    match invitation.invited_by {
        Actor::System => true,
        Actor::User(_) | Actor::Token { .. } => inviter.is_some_and(|u| effective_permissions(u, settings).has(right_to_invite(invited))),
    }
}

#[async_trait]
impl Action for AcceptInvitation {
    type Output = Accepted;
    const NAME: &'static str = "acceptInvitation";
    const CODES: &'static [Code] = &[Code::InvitationInvalid, Code::PasswordTooWeak, Code::InputInvalid];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        match read.invitation_by_hash(self.token).await? {
            None => Err(invalid().into()),
            Some(invitation) => {
                let manager = read.users_by_id(&[invitation.user]).await?.pop().and_then(|u| u.manager);
                Ok(Locks::new().settings().exclusive(invitation.user).shared(invitation.invited_by.person()).shared_all(manager))
            }
        }
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Accepted, Failure> {
        let Some(invitation) = change.read().invitation_by_hash(self.token).await? else { return Err(invalid().into()) };
        let invited = change.held(invitation.user).filter(|u| u.status == UserStatus::Invited).cloned();
        let Some(mut user) = invited else { return Err(invalid().into()) };
        let inviter = change.held(invitation.invited_by.person()).cloned();
        if invitation.expires_at <= change.now() || !inviter_may(&invitation, &user, inviter.as_ref(), change.settings()) {
            return Err(invalid().into());
        }
        let (Some(password), Some(refresh)) = (&self.password, self.refresh) else {
            return Err(Failure::Internal("an acceptance without a password".into()));
        };

        let mut book = AddressBook::of(change, &[user.id]).await?;
        book.give(&invitation.email, user.id, EmailRole::Login);
        if book.with_role(user.id, EmailRole::Contact).is_none() {
            book.give(&invitation.email, user.id, EmailRole::Contact);
        }
        book.take(&invitation.email, EmailRole::Invitation);
        book.save(change).await?;
        change.tx().invitation_remove(user.id).await?;
        change.tx().password_set(user.id, Some(password)).await?;
        user.status = UserStatus::Active;
        user.was_active = true;
        user.dismissal = None;
        // Nobody active reports to somebody who is not (rule I10); the manager's row is held.
        user.manager = user.manager.filter(|m| change.held(*m).is_some_and(User::is_active_employee));
        if let Some(name) = &self.first_name {
            user.first_name = name.clone();
        }
        if let Some(name) = &self.last_name {
            user.last_name = name.clone();
        }
        change.save_user(&mut user).await?;
        change.event(user.id, EventBody::InvitationAccepted);

        let session = Session {
            id: SessionId(change.new_uuid()),
            user: user.id,
            epoch: user.epoch,
            created_at: change.now(),
            expires_at: change.now().plus_seconds(self.expires_in_seconds),
            ended_at: None,
        };
        change.tx().session_insert(&session).await?;
        change.tx().refresh_token_insert(&RefreshToken { hash: refresh, session: session.id, used_at: None }).await?;
        Ok(Accepted { user: Some(change.fresh_user(user.id).await?), session })
    }
}
