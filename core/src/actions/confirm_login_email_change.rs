//! `confirmLoginEmailChange`: the reserved address becomes the login; all sessions end but the caller's own (rules E6, I4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::SecretHash;
use crate::email::EmailRole;
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::SessionId;
use crate::mail::{ChangedBy, Mail};
use crate::policy::Access;
use crate::rejection::{Code, Failure};
use crate::secret::LinkPurpose;
use crate::steps::addresses::AddressBook;
use crate::steps::links;
use crate::storage::Read;
use crate::user::Actor;

/// Confirms a login address.
#[derive(Debug, Clone)]
pub struct ConfirmLoginEmailChange {
    token: SecretHash,
    session: Option<SessionId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginEmailChangeConfirmed {
    /// The person after the change.
    pub user: Option<FreshUser>,
}

impl Outcome for LoginEmailChangeConfirmed {}

impl ConfirmLoginEmailChange {
    /// With the token of the link, and the session that the caller came with: it survives if it is one of the person's.
    pub fn new(token: &str, session: Option<SessionId>) -> ConfirmLoginEmailChange {
        ConfirmLoginEmailChange { token: SecretHash::of(token), session }
    }
}

#[async_trait]
impl Action for ConfirmLoginEmailChange {
    type Output = LoginEmailChangeConfirmed;
    const NAME: &'static str = "confirmLoginEmailChange";
    const CODES: &'static [Code] = &[Code::TokenInvalid];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        match read.link_by_hash(self.token).await? {
            None => Err(links::invalid().into()),
            Some(link) => Ok(Locks::new().exclusive(link.user)),
        }
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<LoginEmailChangeConfirmed, Failure> {
        let now = change.now();
        let Some((link, _)) = links::find(change.read(), self.token, LinkPurpose::LoginEmail, now).await? else {
            return Err(links::invalid().into());
        };
        let Some(mut user) = change.held(link.user).cloned() else { return Err(links::invalid().into()) };
        let mut book = AddressBook::of(change, &[user.id]).await?;
        if !book.with_role(user.id, EmailRole::PendingLogin).is_some_and(|reserved| reserved.is_same(&link.email)) {
            return Err(links::invalid().into());
        }
        let kept = match self.session {
            None => None,
            Some(session) => {
                let principal = change.read().session_principal(session).await?;
                principal.and_then(|p| Access::of_session(&p, now)).filter(|a| a.person() == user.id).and(Some(session))
            }
        };

        let former = user.login_email.clone();
        book.take(&link.email, EmailRole::PendingLogin);
        book.give(&link.email, user.id, EmailRole::Login);
        // The link ends with the login that it was to replace.
        book.save(change).await?;
        change.tx().sessions_end_of(user.id, kept, now).await?;
        user.epoch += 1;
        change.save_user(&mut user).await?;
        if let Some(kept) = kept {
            change.tx().session_lift(kept, user.epoch).await?;
        }
        // Whoever is signed in at the time: it is the person who was sent the link.
        change.event_by(Actor::User(user.id), user.id, EventBody::EmailChanged { role: EmailRole::Login });
        for to in former.into_iter().chain([link.email.clone()]) {
            change.mail(Mail::LoginEmailChanged { to, name: user.display_name(), login: link.email.clone(), by: ChangedBy::Themself });
        }
        Ok(LoginEmailChangeConfirmed { user: Some(change.fresh_user(user.id).await?) })
    }
}
