//! Who counts as signed in: each condition by itself, since in the whole several of them fail together (a dismissal ends sessions, raises
//! the epoch and changes the status, and any one of these would do).

#![allow(clippy::unwrap_used, reason = "a test")]

use tenure_core::credential::{AccessToken, SecretHash, Session, SessionPrincipal, TokenPrincipal};
use tenure_core::id::{AccessTokenId, SessionId, UserId};
use tenure_core::permission::{Permission, PermissionSet};
use tenure_core::policy::{Access, effective_permissions};
use tenure_core::settings::Settings;
use tenure_core::time::Timestamp;
use tenure_core::user::{User, UserKind, UserStatus};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_795_000_000 * Timestamp::SECOND);
const LATER: Timestamp = Timestamp(NOW.0 + 1);
const ANN: UserId = UserId(Uuid::from_u128(1));
const BOB: UserId = UserId(Uuid::from_u128(2));

fn user() -> User {
    User {
        id: ANN,
        version: 1,
        epoch: 3,
        status: UserStatus::Active,
        kind: UserKind::Intranet,
        is_administrator: false,
        personal_permissions: PermissionSet::NONE,
        first_name: "Ann".into(),
        last_name: "Archer".into(),
        job_title: None,
        avatar_url: None,
        department: None,
        manager: None,
        login_email: None,
        contact_email: None,
        was_active: true,
        dismissal: None,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn session() -> SessionPrincipal {
    let id = SessionId(Uuid::from_u128(3));
    let session = Session { id, user: ANN, epoch: 3, created_at: NOW, expires_at: LATER, ended_at: None };
    SessionPrincipal { session, user: user(), settings: Settings::initial() }
}

fn token(permissions: &[Permission]) -> TokenPrincipal {
    let token = AccessToken {
        id: AccessTokenId(Uuid::from_u128(4)),
        owner: ANN,
        name: "sync".into(),
        prefix: "tn".into(),
        hash: SecretHash([0; 32]),
        permissions: permissions.iter().copied().collect(),
        created_at: NOW,
        expires_at: LATER,
        last_used_at: None,
        revoked_at: None,
    };
    TokenPrincipal { token, user: user(), settings: Settings::initial() }
}

#[test]
fn i4_each_condition_of_a_session_is_looked_at() {
    assert_eq!(Access::of_session(&session(), NOW).unwrap().person(), ANN);
    assert_eq!(Access::of_session(&session(), LATER), None, "at its end it is over");
    let is_over = |change: fn(&mut SessionPrincipal), why: &str| {
        let mut principal = session();
        change(&mut principal);
        assert_eq!(Access::of_session(&principal, NOW), None, "{why}");
    };
    is_over(|p| p.session.ended_at = Some(NOW), "ended");
    is_over(|p| p.user.epoch += 1, "the epoch has risen");
    is_over(|p| p.session.epoch += 1, "of no epoch that there was");
    is_over(|p| p.session.user = BOB, "somebody else's");
    is_over(|p| p.user.status = UserStatus::Dismissed, "dismissed");
    is_over(|p| p.user.status = UserStatus::Invited, "invited");
    is_over(|p| p.user.status = UserStatus::System, "the System User");
}

#[test]
fn i4_s4_each_condition_of_a_token_is_looked_at() {
    let good = token(&[Permission::EntitiesRead]);
    assert_eq!(Access::of_token(&good, NOW).unwrap().person(), ANN);
    assert_eq!(Access::of_token(&good, LATER), None, "at its end it is over");
    let mut raised = good.clone();
    raised.user.epoch += 1;
    assert!(Access::of_token(&raised, NOW).is_some(), "tokens are not bound to the epoch");
    let is_over = |change: fn(&mut TokenPrincipal), why: &str| {
        let mut principal = token(&[Permission::EntitiesRead]);
        change(&mut principal);
        assert_eq!(Access::of_token(&principal, NOW), None, "{why}");
    };
    is_over(|p| p.token.revoked_at = Some(NOW), "revoked");
    is_over(|p| p.token.owner = BOB, "somebody else's");
    is_over(|p| p.user.status = UserStatus::Dismissed, "its owner is dismissed");
    is_over(|p| p.user.status = UserStatus::Invited, "its owner is invited");
}

#[test]
fn s4_s5_a_token_may_what_it_and_its_owner_may() {
    let may = |principal: &TokenPrincipal| Access::of_token(principal, NOW).unwrap();
    let wide = token(&[Permission::EntitiesRead, Permission::Administrate]);
    assert!(may(&wide).has(Permission::EntitiesRead));
    assert!(!may(&wide).has(Permission::UsersDismiss), "its owner does not hold it");
    assert!(!may(&wide).is_administrator());
    let mut owned = token(&[Permission::EntitiesRead]);
    owned.user.is_administrator = true;
    assert!(!may(&owned).has(Permission::UsersDismiss), "it was not given it");
    assert!(!may(&owned).is_administrator());
    let mut both = wide;
    both.user.is_administrator = true;
    assert!(may(&both).is_administrator() && may(&both).has(Permission::UsersDismiss));
    assert!(!may(&both).is_in_person());
}

#[test]
fn i9_s5_rights_are_for_active_employees() {
    let settings = Settings::initial();
    let of = |status, kind| {
        let personal_permissions = [Permission::UsersDismiss].into_iter().collect();
        effective_permissions(&User { status, kind, is_administrator: true, personal_permissions, ..user() }, &settings)
    };
    assert_eq!(of(UserStatus::Active, UserKind::Intranet), PermissionSet::all());
    for status in [UserStatus::Invited, UserStatus::Dismissed, UserStatus::System] {
        assert_eq!(of(status, UserKind::Intranet), PermissionSet::NONE, "{status:?}");
    }
    assert_eq!(of(UserStatus::Active, UserKind::Extranet), PermissionSet::NONE);
    let personal_permissions = [Permission::UsersDismiss].into_iter().collect();
    let employee = effective_permissions(&User { personal_permissions, ..user() }, &settings);
    assert!(employee.has(Permission::UsersDismiss) && employee.has(Permission::UsersReadDismissed), "with what is contained in it");
    assert!(employee.has(Permission::EntitiesRead), "what all employees may");
    assert!(!employee.has(Permission::EmailsManage));
}
