//! `tenure user create`: how the first administrator comes in. For the command line alone.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::credential::PasswordHash;
use crate::email::{Email, EmailRole, EmailRoles, HeldAddress};
use crate::engine::{Action, Change, FreshUser, Locks, Outcome};
use crate::event::EventBody;
use crate::id::{DepartmentId, UserId};
use crate::permission::{Permission, PermissionSet};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::addresses;
use crate::storage::Read;
use crate::text;
use crate::user::{User, UserKind, UserStatus};

/// What the command says.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct CreateUserInput {
    pub email: String,
    pub first_name: String,
    pub last_name: String,
    pub is_administrator: bool,
    pub department: Option<DepartmentId>,
    pub password: PasswordHash,
}

/// Creates an ACTIVE employee.
#[derive(Debug, Clone)]
pub struct CreateUser {
    email: Email,
    first_name: String,
    last_name: String,
    is_administrator: bool,
    department: Option<DepartmentId>,
    password: PasswordHash,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserCreated {
    /// The person.
    pub user: FreshUser,
}

impl Outcome for UserCreated {}

impl CreateUser {
    /// Checks the shape.
    pub fn parse(input: CreateUserInput) -> Result<CreateUser, Refusal> {
        let mut faults = Faults::new();
        let email = faults.email("email", &input.email);
        let first_name = faults.take("firstName", text::line(&input.first_name, text::NAME_MAX)).unwrap_or_default();
        let last_name = faults.take("lastName", text::line(&input.last_name, text::NAME_MAX)).unwrap_or_default();
        faults.finish()?;
        let Some(email) = email else { return Err(Refusal::default()) };
        let CreateUserInput { is_administrator, department, password, .. } = input;
        Ok(CreateUser { email, first_name, last_name, is_administrator, department, password })
    }
}

#[async_trait]
impl Action for CreateUser {
    type Output = UserCreated;
    const NAME: &'static str = "user create";
    const REQUIRES: &'static [Permission] = &[Permission::Administrate];
    const CODES: &'static [Code] =
        &[Code::EmailInvalid, Code::EmailTaken, Code::SeatLimitReached, Code::DepartmentNotFound, Code::InputInvalid];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().settings())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<UserCreated, Failure> {
        let mut reasons = Reasons::new();
        addresses::check_free(change, &self.email, None, "email", &mut reasons).await?;
        let seat = change.seats_free(1).await?;
        reasons.add_if(!seat, || Rejection::new(Code::SeatLimitReached, "No seat of the licence is free."));
        if let Some(department) = self.department {
            let unknown = change.read().departments_by_id(&[department]).await?.is_empty();
            reasons.add_if(unknown, || Rejection::at(Code::DepartmentNotFound, "department", "No such department."));
        }
        reasons.check(Self::CODES, None)?;

        let now = change.now();
        let user = User {
            id: UserId(change.new_uuid()),
            version: 1,
            epoch: 1,
            status: UserStatus::Active,
            kind: UserKind::Intranet,
            is_administrator: self.is_administrator,
            personal_permissions: PermissionSet::NONE,
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            job_title: None,
            avatar_url: None,
            department: self.department,
            manager: None,
            login_email: None,
            contact_email: None,
            was_active: true,
            dismissal: None,
            created_at: now,
            updated_at: now,
        };
        change.tx().users_insert(std::slice::from_ref(&user)).await?;
        let roles: EmailRoles = [EmailRole::Login, EmailRole::Contact].into_iter().collect();
        change.tx().addresses_put(&[HeldAddress { email: self.email.clone(), holder: user.id, roles }]).await?;
        change.tx().password_set(user.id, Some(&self.password)).await?;
        change.event(user.id, EventBody::UserInvited { email: self.email.address().to_owned() });
        change.event(user.id, EventBody::InvitationAccepted);
        if self.is_administrator {
            change.event(user.id, EventBody::AccessChanged { personal_permissions: PermissionSet::NONE, is_administrator: true });
        }
        Ok(UserCreated { user: change.fresh_user(user.id).await? })
    }
}
