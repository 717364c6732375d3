//! Signing in, sessions, access tokens, rights and settings (S3–S5, S7, I4, V1).

use serde_json::{Value, json};
use tenure_core::permission::Permission;

use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

const ME: &str = "{ viewer { user { id } permissions } }";

on_both! {
    /// S3: unknown, wrong, dismissed and invited give the same answer.
    async fn every_failed_sign_in_looks_the_same(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        let stranger = office.server.anonymous();
        let mut answers = Vec::new();
        for (email, password) in [("nobody@example.com", PASSWORD), (company.ben.email.as_str(), "wrong password 12"), (company.leo.email.as_str(), PASSWORD), ("ida@example.com", PASSWORD), ("no address", PASSWORD)] {
            let outcome = stranger.run("signIn", json!({"email": email, "password": password}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
            answers.push(outcome.payload().to_string());
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:?}");
        for _ in 0..9 {
            stranger.run("signIn", json!({"email": company.ben.email, "password": "wrong password 12"}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        }
        stranger.run("signIn", json!({"email": company.ben.email.to_uppercase(), "password": PASSWORD}), "session { expiresAt }").await.refused("RATE_LIMITED");
        office.sign_in(&company.emma).await;
    }

    /// A refresh token works once; the second use ends the session.
    async fn refresh_tokens_rotate(db: Backend) {
        let office = Office::open(db).await;
        let ben = office.sign_in(&office.company.ben).await;
        let stranger = office.server.anonymous();
        let fields = "session { accessToken refreshToken expiresAt user { id } }";
        let first = stranger.run("refreshSession", json!({"refreshToken": ben.refresh_token()}), fields).await.ok();
        assert_eq!(first.at("session.user.id"), &json!(office.company.ben.id));
        let renewed = office.server.with_token(&first.text("session.accessToken"));
        renewed.query(ME, json!({})).await.ok();
        stranger.run("refreshSession", json!({"refreshToken": ben.refresh_token()}), fields).await.refused("SESSION_ENDED");
        stranger.run("refreshSession", json!({"refreshToken": first.text("session.refreshToken")}), fields).await.refused("SESSION_ENDED");
        assert_eq!(renewed.query(ME, json!({})).await.status, 401, "using it twice ended the session");
        stranger.run("refreshSession", json!({"refreshToken": "nonsense"}), fields).await.refused("SESSION_ENDED");
    }

    /// I4: `signOut` ends a JWT at once; everywhere ends all.
    async fn signing_out_ends_sessions(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (one, two, three) = (office.sign_in(&company.ben).await, office.sign_in(&company.ben).await, office.sign_in(&company.ben).await);
        assert_eq!(one.run("signOut", json!({}), "endedCount").await.ok().at("endedCount"), 1);
        assert_eq!(one.query(ME, json!({})).await.status, 401);
        two.query(ME, json!({})).await.ok();
        assert_eq!(two.run("signOut", json!({"everywhere": true}), "endedCount").await.ok().at("endedCount"), 2);
        assert_eq!(three.query(ME, json!({})).await.status, 401);
        office.server.anonymous().run("signOut", json!({}), "endedCount").await.fails("UNAUTHENTICATED");
        let hr = office.sign_in(&company.hr).await;
        let token = hr.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "secret").await.ok();
        office.server.with_token(&token.text("secret")).run("signOut", json!({}), "endedCount").await.refused("NOT_A_SESSION");
    }

    /// S4, S5: a token holds what it was given and its owner still holds, dies with a dismissal and does not come back.
    async fn access_tokens_act_for_their_owner(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let owner = company.holder("Tom", "Token", &[Permission::UsersInvite, Permission::TokensManage]).await;
        let (ann, tom) = (office.sign_in(&company.ann).await, office.sign_in(&owner).await);
        tom.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_DISMISS"]}), "secret").await.refused("NOT_GRANTABLE");
        let made = tom.run("createAccessToken", json!({"name": "CI import", "permissions": ["USERS_READ", "USERS_INVITE"]}), "secret accessToken { id name prefix permissions owner { displayName } revokedAt lastUsedAt }").await.ok();
        let secret = made.text("secret");
        assert!(secret.starts_with(&made.text("accessToken.prefix")));
        assert_eq!(made.at("accessToken.permissions"), &json!(["USERS_READ", "USERS_INVITE"]));
        let token = office.server.with_token(&secret);
        let me = token.query("{ viewer { permissions attribution { kind displayName user { displayName } } user { displayName } } }", json!({})).await.ok();
        assert_eq!(me.at("viewer.permissions"), &json!(["USERS_READ", "USERS_INVITE"]));
        assert_eq!(me.at("viewer.attribution"), &json!({"kind": "ACCESS_TOKEN", "displayName": "CI import (Tom Token)", "user": {"displayName": "Tom Token"}}));
        token.query("{ ownedEntities { totalCount } }", json!({})).await.fails("FORBIDDEN");
        token.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "secret").await.refused("NOT_A_SESSION");
        token.run("updateUser", json!({"userId": owner.id, "jobTitle": "X"}), "user { id }").await.fails("FORBIDDEN");
        token.run("invite", json!({"email": "by.token@example.com", "kind": "INTRANET", "firstName": "B", "lastName": "T"}), "user { id }").await.ok();
        // Rights that the owner loses are lost to the token with the next request.
        ann.run("setAccess", json!({"userId": owner.id, "permissions": []}), "user { personalPermissions }").await.ok();
        assert_eq!(token.query(ME, json!({})).await.ok().at("viewer.permissions"), &json!(["USERS_READ"]));
        token.run("invite", json!({"email": "again@example.com", "kind": "INTRANET", "firstName": "B", "lastName": "T"}), "user { id }").await.fails("FORBIDDEN");
        // One bad character, and it is not even looked up.
        let mut wrong = secret.clone();
        wrong.replace_range(20..21, if &secret[20..21] == "a" { "b" } else { "a" });
        assert_eq!(office.server.with_token(&wrong).query(ME, json!({})).await.status, 401);
        let list = tom.query("{ accessTokens { totalCount nodes { name lastUsedAt revokedAt } } }", json!({})).await.ok();
        assert_eq!(list.at("accessTokens.totalCount"), 1);
        assert!(list.at("accessTokens.nodes.0.lastUsedAt").is_string());
        office.sign_in(&company.ben).await.run("revokeAccessToken", json!({"accessTokenId": made.at("accessToken.id")}), "accessToken { id }").await.refused("ACCESS_TOKEN_NOT_FOUND");
        let second = tom.run("createAccessToken", json!({"name": "second", "permissions": ["USERS_READ"]}), "secret accessToken { id }").await.ok();
        let dismissed = ann.run("dismiss", json!({"userId": owner.id}), "revokedCredentialCount").await.ok();
        assert_eq!(dismissed.at("revokedCredentialCount"), 3, "one session, two tokens");
        ann.run("hire", json!({"userId": owner.id}), "user { id }").await.ok();
        assert_eq!(token.query(ME, json!({})).await.status, 401, "S4: they do not come back");
        assert_eq!(office.server.with_token(&second.text("secret")).query(ME, json!({})).await.status, 401);
        let mine = ann.run("createAccessToken", json!({"name": "mine", "permissions": ["ADMINISTRATE"]}), "secret accessToken { id }").await.ok();
        let revoke = json!({"accessTokenId": mine.at("accessToken.id")});
        ann.run("revokeAccessToken", revoke.clone(), "accessToken { revokedAt }").await.ok();
        let twice = ann.run("revokeAccessToken", revoke, "accessToken { revokedAt }").await.ok();
        assert!(twice.at("accessToken.revokedAt").is_string());
        assert_eq!(office.server.with_token(&mine.text("secret")).query(ME, json!({})).await.status, 401);
    }

    /// S5, S7, V1: rights and settings take effect with the next request; nobody gives what they do not hold.
    async fn rights_take_effect_with_the_next_request(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.ben).await);
        assert_eq!(ben.query(ME, json!({})).await.ok().at("viewer.permissions"), &json!(["USERS_READ", "ENTITIES_READ", "ENTITIES_WRITE"]));
        ben.run("updateSettings", json!({"showDismissedUsers": true}), "settings { id }").await.fails("FORBIDDEN");
        ben.run("setAccess", json!({"userId": company.ben.id, "isAdministrator": true}), "user { id }").await.fails("FORBIDDEN");
        let set = ann.run("setAccess", json!({"userId": company.ben.id, "permissions": ["SETTINGS_WRITE", "EMAILS_MANAGE"], "expectedVersion": 1}), "user { version personalPermissions permissions }").await.ok();
        assert_eq!(set.at("user"), &json!({"version": 2, "personalPermissions": ["EMAILS_MANAGE", "SETTINGS_WRITE"], "permissions": ["USERS_READ", "USERS_READ_DISMISSED", "ENTITIES_READ", "ENTITIES_WRITE", "EMAILS_MANAGE", "SETTINGS_WRITE"]}));
        ben.query("query($id: ID!) { user(id: $id) { loginEmail } }", json!({"id": company.emma.id})).await.ok();
        ben.run("updateSettings", json!({"employeePermissions": ["USERS_READ", "USERS_DISMISS"]}), "settings { id }").await.refused("NOT_GRANTABLE");
        ben.run("updateSettings", json!({"employeePermissions": ["ADMINISTRATE"]}), "settings { id }").await.refused("NOT_GRANTABLE");
        let conflict = ben.run("updateSettings", json!({"showDismissedUsers": true, "expectedVersion": 9}), "settings { version showDismissedUsers }").await.refused("VERSION_CONFLICT");
        assert_eq!(conflict.at("settings"), &json!({"version": 1, "showDismissedUsers": false}));
        let changed = ben.run("updateSettings", json!({"employeePermissions": ["USERS_READ"], "expectedVersion": 1}), "settings { version employeePermissions updatedBy { displayName } viewerCanUpdate }").await.ok();
        assert_eq!(changed.at("settings"), &json!({"version": 2, "employeePermissions": ["USERS_READ"], "updatedBy": {"displayName": "Ben Okoro"}, "viewerCanUpdate": true}));
        let emma = office.sign_in(&company.emma).await;
        emma.query("{ ownedEntities { totalCount } }", json!({})).await.fails("FORBIDDEN");
        ann.run("setAccess", json!({"userId": company.ben.id, "permissions": ["ADMINISTRATE"]}), "user { id }").await.refused("NOT_ELIGIBLE");
        ann.run("setAccess", json!({"userId": company.eva.id, "isAdministrator": true}), "user { id }").await.refused("NOT_ELIGIBLE");
        ann.run("setAccess", json!({"userId": company.leo.id, "permissions": []}), "user { id }").await.refused("NOT_ELIGIBLE");
        ann.run("setAccess", json!({"userId": tenure_core::id::UserId::SYSTEM, "permissions": []}), "user { id }").await.refused("USER_NOT_FOUND");
        let stale = ann.run("setAccess", json!({"userId": company.ben.id, "permissions": [], "expectedVersion": 1}), "user { version }").await.refused("VERSION_CONFLICT");
        assert_eq!(stale.at("user.version"), 2);
    }

    /// OPERATING: what an anonymous caller may use, and what is null with UNAUTHENTICATED.
    async fn anonymous_callers_get_null(db: Backend) {
        let office = Office::open(db).await;
        let stranger = office.server.anonymous();
        let viewer = stranger.query("{ viewer { user { id } } }", json!({})).await.ok();
        assert_eq!(viewer.at("viewer"), &Value::Null);
        for field in ["users { totalCount }", "departments { totalCount }", "workgroups { totalCount }", "ownedEntities { totalCount }", "settings { id }", "license { plan }", "accessTokens { totalCount }", "reassignments { totalCount }", "systemUserId"] {
            let answer = stranger.query(&format!("{{ {field} }}"), json!({})).await.fails("UNAUTHENTICATED");
            assert_eq!(answer.status, 200);
            assert!(answer.body["data"].is_object(), "{field}: only this field is null");
        }
        stranger.run("createDepartment", json!({"name": "X"}), "department { id }").await.fails("UNAUTHENTICATED");
    }
}
