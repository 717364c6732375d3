//! `updateSettings`: takes effect for everybody with their next request (rules V1, S5).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::event::EventBody;
use crate::permission::{Permission, PermissionSet};
use crate::rejection::{Code, Failure, Reasons, Rejection};
use crate::settings::Settings;
use crate::steps::checks;
use crate::storage::Read;

/// Changes settings.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct UpdateSettings {
    pub show_dismissed_users: Option<bool>,
    pub employee_permissions: Option<PermissionSet>,
    pub expected_version: Option<i32>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SettingsUpdated {
    /// The settings after the change; None in a repeat.
    #[serde(skip)]
    pub settings: Option<Settings>,
}

impl Outcome for SettingsUpdated {}

#[async_trait]
impl Action for UpdateSettings {
    type Output = SettingsUpdated;
    const NAME: &'static str = "updateSettings";
    const REQUIRES: &'static [Permission] = &[Permission::SettingsWrite];
    const CODES: &'static [Code] = &[Code::NotGrantable, Code::VersionConflict];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().settings())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<SettingsUpdated, Failure> {
        let access = change.access()?.clone();
        let before = change.settings().clone();
        let mut reasons = Reasons::new();
        checks::check_version(self.expected_version, before.version, &mut reasons);
        if let Some(permissions) = self.employee_permissions {
            // Nobody gives a right that they do not hold; what employees have already is not given anew.
            let held = access.permissions().union(before.employee_permissions);
            let grantable = !permissions.has(Permission::Administrate) && held.contains(permissions);
            reasons.add_if(!grantable, || {
                Rejection::at(
                    Code::NotGrantable,
                    "employeePermissions",
                    "ADMINISTRATE, or a permission that you do not hold, cannot be given.",
                )
            });
        }
        reasons.check(Self::CODES, None)?;

        let mut settings = before.clone();
        settings.show_dismissed_users = self.show_dismissed_users.unwrap_or(before.show_dismissed_users);
        settings.employee_permissions = self.employee_permissions.unwrap_or(before.employee_permissions);
        let changed: Vec<String> = [
            ("showDismissedUsers", settings.show_dismissed_users != before.show_dismissed_users),
            ("employeePermissions", settings.employee_permissions != before.employee_permissions),
        ]
        .into_iter()
        .filter(|(_, differs)| *differs)
        .map(|(name, _)| name.to_owned())
        .collect();
        if !changed.is_empty() {
            settings.version += 1;
            settings.updated_at = change.now();
            settings.updated_by = access.actor().clone();
            change.tx().settings_update(&settings).await?;
            change.event(access.person(), EventBody::SettingsChanged { changed_fields: changed });
        }
        Ok(SettingsUpdated { settings: Some(settings) })
    }
}
