//! `changeContactEmail`: one's own, or anybody's, dismissed people included, with EMAILS_MANAGE (rules E5, X5, S4).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::email::{Email, EmailRole, EmailRoles};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::UserId;
use crate::permission::Permission;
use crate::policy::Ability;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal};
use crate::steps::addresses::{self, AddressBook};
use crate::steps::checks;
use crate::storage::Read;

/// Changes a contact address.
#[derive(Debug, Clone)]
pub struct ChangeContactEmail {
    user: UserId,
    address: Option<Email>,
    expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContactEmailChanged {
    /// The person after the change.
    pub user: Option<FreshUser>,
    /// Roles in which they still hold the former address.
    pub remaining: EmailRoles,
}

impl Outcome for ContactEmailChanged {}

impl ChangeContactEmail {
    /// Checks the shape. Without an address there is none any more.
    pub fn parse(user: UserId, address: Option<&str>, expected_version: Option<i32>) -> Result<ChangeContactEmail, Refusal> {
        let mut faults = Faults::new();
        let address = address.and_then(|a| faults.email("address", a));
        faults.finish().map(|()| ChangeContactEmail { user, address, expected_version })
    }
}

#[async_trait]
impl Action for ChangeContactEmail {
    type Output = ContactEmailChanged;
    const NAME: &'static str = "changeContactEmail";
    const CODES: &'static [Code] = &[Code::UserNotFound, Code::NotPermitted, Code::EmailInvalid, Code::EmailTaken, Code::VersionConflict];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().exclusive(self.user))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<ContactEmailChanged, Failure> {
        let access = change.access()?.clone();
        // What is personal is for sessions only (rule S4).
        if access.token().is_some() && access.person() == self.user && !access.has(Permission::EmailsManage) {
            return Err(Failure::Forbidden(&[Permission::EmailsManage]));
        }
        let mut reasons = Reasons::new();
        let target = change.target(self.user, Ability::ChangeContactAddress, "userId", &mut reasons).await?;
        if let Some(target) = &target {
            checks::check_version(self.expected_version, target.version, &mut reasons);
        }
        if let Some(address) = &self.address {
            addresses::check_free(change, address, Some(self.user), "address", &mut reasons).await?;
        }
        reasons.check(Self::CODES, Some(self.user))?;
        let Some(mut user) = target else { return Err(Failure::Internal("a target without reasons".into())) };

        let former = user.contact_email.clone();
        let mut book = AddressBook::of(change, &[user.id]).await?;
        match (&self.address, &former) {
            (Some(address), _) => book.give(address, user.id, EmailRole::Contact),
            (None, Some(former)) => book.take(former, EmailRole::Contact),
            (None, None) => {}
        }
        let is_same = former.as_ref().map(Email::key) == self.address.as_ref().map(Email::key);
        let remaining = match &former {
            Some(former) if !is_same => book.roles(user.id, former),
            Some(_) | None => EmailRoles::NONE,
        };
        if !is_same {
            book.save(change).await?;
            let body = match &self.address {
                Some(_) => EventBody::EmailChanged { role: EmailRole::Contact },
                None => EventBody::EmailReleased { roles: vec![EmailRole::Contact] },
            };
            change.event(user.id, body);
            change.save_user(&mut user).await?;
        }
        Ok(ContactEmailChanged { user: Some(change.fresh_user(user.id).await?), remaining })
    }
}
