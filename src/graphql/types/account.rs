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

use crate::graphql::connection::connection;
use crate::graphql::error::{Fault, Result};
use crate::graphql::lists::TokenList;
use crate::graphql::loaders::{Person, PersonKey};
use crate::graphql::scalars::{DateTime, EmailAddress};
use crate::graphql::view::View;

use super::enums::{EmailRemedy, EmailRole, Permission, UserStatus};
use super::offboarding::int;
use super::{Attribution, User};

/// How one address is used by one account.
pub struct EmailUsage {
    by: View,
    held: Arc<HeldAddress>,
    holder: Person,
}

impl EmailUsage {
    /// Who holds an address, for a viewer who may see it.
    pub async fn of(by: &View, held: Arc<HeldAddress>) -> Result<EmailUsage> {
        let holder = by.get(PersonKey(held.holder)).await?;
        Ok(EmailUsage { by: by.clone(), held, holder })
    }
}

//D EmailUsage
#[Object]
impl EmailUsage {
    //D EmailUsage.address
    async fn address(&self) -> EmailAddress {
        (&self.held.email).into()
    }

    //D EmailUsage.holder
    async fn holder(&self) -> Attribution {
        Attribution::of_known(&self.by, self.held.holder, Some(&self.holder))
    }

    //D EmailUsage.holderStatus
    async fn holder_status(&self) -> UserStatus {
        self.holder.stored().status.into()
    }

    //D EmailUsage.roles
    async fn roles(&self) -> Vec<EmailRole> {
        self.held.roles.iter().map(EmailRole::from).collect()
    }

    //D EmailUsage.remedies
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

//D License
#[Object]
impl License {
    //D License.plan
    async fn plan(&self) -> &str {
        &self.licence.plan
    }

    //D License.seatLimit
    async fn seat_limit(&self) -> Option<i32> {
        self.licence.seat_limit.map(|limit| int(limit.into()))
    }

    //D License.seatsUsed
    async fn seats_used(&self) -> i32 {
        int(self.seats.used().into())
    }

    //D License.seatsFree
    async fn seats_free(&self) -> Option<i32> {
        self.licence.seat_limit.map(|limit| int(limit.saturating_sub(self.seats.used()).into()))
    }

    //D License.activeIntranet
    async fn active_intranet(&self) -> i32 {
        int(self.seats.active_intranet.into())
    }

    //D License.activeExtranet
    async fn active_extranet(&self) -> i32 {
        int(self.seats.active_extranet.into())
    }

    //D License.pendingInvitations
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

//D Settings
#[Object]
impl Settings {
    //D Settings.id
    async fn id(&self) -> ID {
        SettingsId::ONLY.into()
    }

    //D Settings.version
    async fn version(&self) -> i32 {
        self.row.version
    }

    //D Settings.showDismissedUsers
    async fn show_dismissed_users(&self) -> bool {
        self.row.show_dismissed_users
    }

    //D Settings.employeePermissions
    async fn employee_permissions(&self) -> Vec<Permission> {
        self.row.employee_permissions.iter().map(Permission::from).collect()
    }

    //D Settings.updatedAt
    async fn updated_at(&self) -> DateTime {
        self.row.updated_at.into()
    }

    //D Settings.updatedBy
    async fn updated_by(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.updated_by).await
    }

    //D Settings.viewerCanUpdate
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

//D AccessToken
#[Object]
impl AccessToken {
    //D AccessToken.id
    async fn id(&self) -> ID {
        self.row.id.into()
    }

    //D AccessToken.name
    async fn name(&self) -> &str {
        &self.row.name
    }

    //D AccessToken.prefix
    async fn prefix(&self) -> &str {
        &self.row.prefix
    }

    //D AccessToken.permissions
    async fn permissions(&self) -> Vec<Permission> {
        self.row.permissions.iter().map(Permission::from).collect()
    }

    //D AccessToken.owner
    async fn owner(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.owner).await
    }

    //D AccessToken.createdAt
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    //D AccessToken.expiresAt
    async fn expires_at(&self) -> DateTime {
        self.row.expires_at.into()
    }

    //D AccessToken.lastUsedAt
    async fn last_used_at(&self) -> Option<DateTime> {
        self.row.last_used_at.map(DateTime)
    }

    //D AccessToken.revokedAt
    async fn revoked_at(&self) -> Option<DateTime> {
        self.row.revoked_at.map(DateTime)
    }
}

connection! {
    //D AccessTokenConnection
    AccessTokenConnection,
    //D AccessTokenEdge
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

//D Viewer
#[Object]
impl Viewer {
    //D Viewer.user
    async fn user(&self) -> Result<User> {
        let id = self.by.access().person();
        let person = self.by.person(id).await?.ok_or_else(|| Fault::internal("a caller does not see themself"))?;
        Ok(User::new(&self.by, person))
    }

    //D Viewer.attribution
    async fn attribution(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, self.by.access().actor()).await
    }

    //D Viewer.permissions
    async fn permissions(&self) -> Vec<Permission> {
        self.by.access().permissions().iter().map(Permission::from).collect()
    }
}
