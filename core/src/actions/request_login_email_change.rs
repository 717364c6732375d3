//! `requestLoginEmailChange`: the new address is reserved until it is confirmed, and the present one is told (rules E6, S3).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::PasswordHash;
use crate::email::{Email, EmailRole};
use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::id::UserId;
use crate::mail::Mail;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::secret::LinkPurpose;
use crate::steps::addresses::{self, AddressBook};
use crate::steps::{checks, links};
use crate::storage::Read;
use crate::time::Timestamp;

/// Asks for another login address.
#[derive(Debug, Clone)]
pub struct RequestLoginEmailChange {
    user: UserId,
    address: Email,
    verified: Option<PasswordHash>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginEmailChangeRequested {
    /// When the link stops working.
    pub expires_at: Timestamp,
}

impl Outcome for LoginEmailChangeRequested {}

impl RequestLoginEmailChange {
    /// Checks the shape. Before it runs, [`RequestLoginEmailChange::verified`] says what the password was compared with.
    pub fn parse(user: UserId, address: &str) -> Result<RequestLoginEmailChange, Refusal> {
        let mut faults = Faults::new();
        let address = faults.email("address", address);
        faults.finish()?;
        let Some(address) = address else { return Err(Refusal::default()) };
        Ok(RequestLoginEmailChange { user, address, verified: None })
    }

    /// The hash that the password given fits; None when it fits none.
    pub fn verified(self, password: Option<PasswordHash>) -> RequestLoginEmailChange {
        RequestLoginEmailChange { verified: password, ..self }
    }
}

#[async_trait]
impl Action for RequestLoginEmailChange {
    type Output = LoginEmailChangeRequested;
    const NAME: &'static str = "requestLoginEmailChange";
    const CODES: &'static [Code] = &[Code::EmailInvalid, Code::EmailTaken, Code::InvalidCredentials, Code::NotASession, Code::RateLimited];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<LoginEmailChangeRequested, Failure> {
        let access = change.access()?.clone();
        if access.session().is_none() || access.person() != self.user {
            return Err(checks::not_a_session().into());
        }
        let Some(mut user) = change.held(self.user).cloned() else { return Err(Failure::Unauthenticated) };
        let mut reasons = Reasons::new();
        addresses::check_free(change, &self.address, Some(user.id), "address", &mut reasons).await?;
        reasons.add_if(user.login_email.as_ref().is_some_and(|login| login.is_same(&self.address)), || {
            Rejection::at(Code::EmailTaken, "address", "You sign in with this address already.")
        });
        // The password was compared before the transaction: it must still be the one.
        let stored = change.read().password_by_user(user.id).await?;
        reasons.add_if(self.verified.is_none() || stored != self.verified, || checks::wrong_password("password"));
        reasons.check(Self::CODES, None)?;

        let mut book = AddressBook::of(change, &[user.id]).await?;
        book.reserve(&self.address, user.id);
        book.save(change).await?;
        let (link, expires_at) = links::renew(change, user.id, LinkPurpose::LoginEmail, &self.address).await?;
        change.save_user(&mut user).await?;
        change.event(user.id, EventBody::EmailChanged { role: EmailRole::PendingLogin });
        let name = user.display_name();
        change.mail(Mail::LoginEmailConfirmation { to: self.address.clone(), name: name.clone(), link, expires_at });
        if let Some(to) = user.login_email.clone() {
            change.mail(Mail::LoginEmailRequested { to, name, login: self.address.clone() });
        }
        Ok(LoginEmailChangeRequested { expires_at })
    }
}
