//! `updateSettings`.

use std::sync::Arc;

use async_graphql::{Context, InputObject};
use tenure_core::actions::update_settings as action;
use tenure_core::permission::Permission as Right;

use crate::graphql::error::Result;
use crate::graphql::operation::view;
use crate::graphql::types::{Permission, Settings};

use super::outcome::{self, Manner, perform};
use super::payload::{Payload, payload};

/// Input of `updateSettings`.
#[derive(InputObject, Debug, Clone)]
pub struct UpdateSettingsInput {
    /// See `Settings.showDismissedUsers`.
    pub show_dismissed_users: Option<bool>,
    /// See `Settings.employeePermissions`. ADMINISTRATE cannot be given.
    pub employee_permissions: Option<Vec<Permission>>,
    /// Fail with VERSION_CONFLICT unless the settings still have this version.
    pub expected_version: Option<i32>,
}

payload! {
    update_settings, tenure_core::actions::update_settings::UpdateSettings;
    /// Outcome of `updateSettings`. When `userErrors` is not empty, nothing was changed.
    UpdateSettingsPayload {
        /// The settings.
        settings: Settings,
    }
    /// An expected failure of `updateSettings`.
    UpdateSettingsError,
    /// Codes of `UpdateSettingsError`. Codes may be added: treat an unknown one as a generic failure.
    UpdateSettingsErrorCode {
        /// ADMINISTRATE, or a permission the caller does not hold.
        NotGrantable,
        /// Somebody changed the object meanwhile; the payload carries it as it stands, on a dry run too.
        VersionConflict,
    }
}

/// Performs it.
pub async fn run(ctx: &Context<'_>, input: UpdateSettingsInput) -> Result<UpdateSettingsPayload> {
    let by = view(ctx)?;
    let action = action::UpdateSettings {
        show_dismissed_users: input.show_dismissed_users,
        employee_permissions: input.employee_permissions.map(|given| given.into_iter().map(Right::from).collect()),
        expected_version: input.expected_version,
    };
    match perform(ctx, Ok(action), Manner::default()).await? {
        Ok(done) => Ok(UpdateSettingsPayload {
            settings: done.settings.map(|row| Settings::new(by, Arc::new(row))),
            ..UpdateSettingsPayload::done()
        }),
        Err(refusal) => Ok(UpdateSettingsPayload {
            settings: outcome::conflicting_settings(by, &refusal).await?,
            ..UpdateSettingsPayload::refused(&refusal)?
        }),
    }
}
