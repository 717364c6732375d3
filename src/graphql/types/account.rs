//! Addresses, seats, settings, access tokens, the caller.

use std::sync::Arc;

use async_graphql::{ID, Object};
use tenure_core::credential;
use tenure_core::email::HeldAddress;
use tenure_core::engine::Licence;
use tenure_core::id::SettingsId;
use tenure_core::permission::Permission as Right;
use tenure_core::policy::email_remedies;
use tenure_core::settings::{self, SeatCounts};

use crate::graphql::connection::{PageArguments, connection};
use crate::graphql::error::{Fault, Result};
use crate::graphql::lists::{ConversationList, TokenList};
use crate::graphql::loaders::{Person, PersonKey};
use crate::graphql::scalars::{DateTime, EmailAddress};
use crate::graphql::view::View;

use super::enums::{EmailRemedy, EmailRole, Permission, UserStatus};
use super::offboarding::int;
use super::{Attribution, ConversationConnection, User};

/// How one address is used by one account.
pub struct EmailUsage {
    by: View,
    held: Arc<HeldAddress>,
    holder: Person,
}

impl EmailUsage {
    /// Who holds an address, for a viewer who may see it; None when the holder was deleted meanwhile.
    pub async fn of(by: &View, held: Arc<HeldAddress>) -> Result<Option<EmailUsage>> {
        let holder = by.ask(PersonKey(held.holder)).await?;
        Ok(holder.map(|holder| EmailUsage { by: by.clone(), held, holder }))
    }
}

/// How one address is used by one account.
#[Object]
impl EmailUsage {
    /// The address, as entered.
    async fn address(&self) -> EmailAddress {
        (&self.held.email).into()
    }

    /// The account that holds it.
    async fn holder(&self) -> Attribution {
        Attribution::of_known(&self.by, self.held.holder, Some(&self.holder))
    }

    /// Status of the holder.
    async fn holder_status(&self) -> UserStatus {
        self.holder.stored().status.into()
    }

    /// What it is used for; at least one.
    async fn roles(&self) -> Vec<EmailRole> {
        self.held.roles.iter().map(EmailRole::from).collect()
    }

    /// What would free it.
    async fn remedies(&self) -> Vec<EmailRemedy> {
        let holder = self.holder.stored();
        email_remedies(holder.status, holder.kind, self.held.roles).iter().copied().map(EmailRemedy::from).collect()
    }
}

/// The licence and its use.
pub struct License {
    licence: Licence,
    seats: SeatCounts,
}

impl License {
    /// Seats, and what uses them.
    pub fn new(licence: Licence, seats: SeatCounts) -> License {
        License { licence, seats }
    }
}

/// The licence and its use.
#[Object]
impl License {
    /// Name of the plan, as configured.
    async fn plan(&self) -> &str {
        &self.licence.plan
    }

    /// Number of seats; null for unlimited.
    async fn seat_limit(&self) -> Option<i32> {
        self.licence.seat_limit.map(|limit| int(limit.into()))
    }

    /// Seats in use: active people, external ones included, and pending invitations. Dismissed people never count.
    async fn seats_used(&self) -> i32 {
        int(self.seats.used().into())
    }

    /// Seats left; null for unlimited.
    async fn seats_free(&self) -> Option<i32> {
        self.licence.seat_limit.map(|limit| int(limit.saturating_sub(self.seats.used()).into()))
    }

    /// Of those in use: active employees.
    async fn active_intranet(&self) -> i32 {
        int(self.seats.active_intranet.into())
    }

    /// Of those in use: active external people.
    async fn active_extranet(&self) -> i32 {
        int(self.seats.active_extranet.into())
    }

    /// Of those in use: pending invitations.
    async fn pending_invitations(&self) -> i32 {
        int(self.seats.invited.into())
    }
}

/// Settings of the account.
#[derive(Clone)]
pub struct Settings {
    by: View,
    row: Arc<settings::Settings>,
}

impl Settings {
    /// The settings, for an employee.
    pub fn new(by: &View, row: Arc<settings::Settings>) -> Settings {
        Settings { by: by.clone(), row }
    }
}

/// Settings of the account.
#[Object]
impl Settings {
    /// Global ID, `set_…`; there is one object.
    pub async fn id(&self) -> ID {
        SettingsId::ONLY.into()
    }

    /// Increases by one at each change.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// Whether every employee sees dismissed people in lists and profiles. Off by default: then only administrators and holders of USERS_READ_DISMISSED do.
    async fn show_dismissed_users(&self) -> bool {
        self.row.show_dismissed_users
    }

    /// What every active employee may do without a personal grant. At first USERS_READ, ENTITIES_READ and ENTITIES_WRITE.
    async fn employee_permissions(&self) -> Vec<Permission> {
        self.row.employee_permissions.iter().map(Permission::from).collect()
    }

    /// When they were last changed.
    async fn updated_at(&self) -> DateTime {
        self.row.updated_at.into()
    }

    /// Who changed them last.
    async fn updated_by(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.updated_by).await
    }

    /// Whether the viewer may change them.
    async fn viewer_can_update(&self) -> bool {
        self.by.access().has(Right::SettingsWrite)
    }
}

/// An access token of an integration.
#[derive(Clone)]
pub struct AccessToken {
    by: View,
    row: Arc<credential::AccessToken>,
}

impl AccessToken {
    /// A token that this viewer may see.
    pub fn new(by: &View, row: Arc<credential::AccessToken>) -> AccessToken {
        AccessToken { by: by.clone(), row }
    }
}

/// An access token of an integration. It acts for its owner and dies with the owner's dismissal. The secret is never readable again.
#[Object]
impl AccessToken {
    /// Global ID, `tok_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Name.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// First characters of the secret, to find it in a leak report.
    async fn prefix(&self) -> &str {
        &self.row.prefix
    }

    /// What it was given, as given.
    async fn permissions(&self) -> Vec<Permission> {
        self.row.permissions.iter().map(Permission::from).collect()
    }

    /// For whom it acts.
    async fn owner(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.owner).await
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// When it stops working.
    async fn expires_at(&self) -> DateTime {
        self.row.expires_at.into()
    }

    /// When it was last used, to the hour.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.row.last_used_at.map(DateTime)
    }

    /// When it was revoked; null while it was not.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.row.revoked_at.map(DateTime)
    }
}

connection! {
    /// A page of access tokens.
    AccessTokenConnection,
    /// One entry of a `AccessTokenConnection`.
    AccessTokenEdge: TokenList => AccessToken, |pages, row| AccessToken::new(pages.by(), row)
}

/// The caller.
pub struct Viewer {
    by: View,
}

impl Viewer {
    /// Who looks.
    pub fn new(by: &View) -> Viewer {
        Viewer { by: by.clone() }
    }
}

/// The caller.
#[Object]
impl Viewer {
    /// The person; for an access token, its owner.
    async fn user(&self) -> Result<User> {
        let id = self.by.access().person();
        // Nobody is hidden from themself: who is not there was deleted meanwhile.
        let person = self.by.person(id).await?.ok_or(Fault::Unauthenticated)?;
        Ok(User::new(&self.by, person))
    }

    /// How the caller appears in what happened.
    async fn attribution(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, self.by.access().actor()).await
    }

    /// What the caller may do now, with what is contained in it.
    async fn permissions(&self) -> Vec<Permission> {
        self.by.access().permissions().iter().map(Permission::from).collect()
    }

    /// The caller's conversations, latest first, with people of any status.
    async fn conversations(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Option<Result<ConversationConnection>> {
        let page = PageArguments::new(first, after, last, before);
        Some(self.by.require_person().and_then(|()| ConversationConnection::new(&self.by, ConversationList, &page)))
    }
}
