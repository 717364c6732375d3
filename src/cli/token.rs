//! `tenure token create`: an access token for an integration.

use std::io::Write;

use clap::{Args, Subcommand};
use tenure_core::actions::create_access_token::{CreateAccessToken, CreateAccessTokenInput, MAX_DAYS};
use tenure_core::email::Email;
use tenure_core::engine::Attempt;
use tenure_core::permission::{Permission, PermissionSet};
use tenure_core::policy::Access;
use tenure_core::rejection::Failure;
use tenure_core::time::Timestamp;

use super::database::Database;
use super::problem::Problem;
use crate::config::Config;
use crate::identity::{IdentityError, NewAccessToken};

/// What to do about access tokens.
#[derive(Subcommand, Debug)]
pub enum TokenCommand {
    /// Create an access token for a person. Stdout carries the secret and nothing else.
    Create(Create),
}

/// The token.
#[derive(Args, Debug)]
pub struct Create {
    /// Login address of whom it acts for.
    #[arg(long)]
    email: String,
    /// Name of the token.
    #[arg(long)]
    name: String,
    /// Permissions, separated by commas, e.g. USERS_READ,ENTITIES_READ.
    #[arg(long, required = true, value_delimiter = ',', value_parser = permission)]
    permissions: Vec<Permission>,
    /// Days until it stops working, 1 to 366 [default: 90].
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=MAX_DAYS))]
    expires_in_days: Option<i64>,
}

/// Creates the token.
pub async fn run(command: TokenCommand, config: &Config) -> Result<(), Problem> {
    let TokenCommand::Create(token) = command;
    let unknown = || Problem::failed("USER_NOT_FOUND: nobody signs in with this address");
    let email = Email::parse(&token.email).ok_or_else(|| Problem::failed("EMAIL_INVALID: this is not a well-formed email address"))?;
    let database = Database::connect(config).await?;
    database.migrate().await?;
    let login = database.storage().login_by_key(email.key()).await?.ok_or_else(unknown)?;
    let engine = database.engine(config);
    let now = engine.clock().now();
    let secret = NewAccessToken::random().map_err(IdentityError::from)?;
    let input = CreateAccessTokenInput {
        name: token.name,
        permissions: token.permissions.into_iter().collect::<PermissionSet>(),
        expires_at: token.expires_in_days.map(|days| Timestamp(now.0 + days * Timestamp::DAY)),
        owner: login.user.id,
        prefix: secret.prefix,
        hash: secret.hash,
    };
    let action = CreateAccessToken::parse(input, now).map_err(Failure::from)?;
    engine.perform(Some(&Access::system()), &Attempt::default(), &action).await?;
    database.close().await;
    writeln!(std::io::stdout(), "{}", secret.secret).map_err(|e| Problem::failed(e.to_string()))
}

fn permission(text: &str) -> Result<Permission, String> {
    Permission::from_name(text.trim()).ok_or_else(|| {
        let names: Vec<&str> = Permission::ALL.iter().map(|p| p.name()).collect();
        format!("expected one of {}", names.join(", "))
    })
}
