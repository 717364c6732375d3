//! What is written of what happens (I7): each mutation, and each kind of event with all of its fields.

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{EventId, UserId};
use tenure_core::record::{RecordCount, RecordKind};
use tenure_core::storage::Storage;
use tenure_core::user::Actor;

use crate::support::company::{State, Traits};
use crate::support::history::{EVENT, events_behind, in_short, latest};
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

const PASSWORD: &str = "tangerine moss 41 ladder";

/// What a mutation wrote, seen by whoever reads all.
struct Chronicle {
    reader: Person,
    seen: i64,
}

impl Chronicle {
    async fn of(reader: &Person) -> Chronicle {
        Chronicle { reader: reader.clone(), seen: latest(reader).await }
    }

    /// Fails the test unless exactly this happened since it was last asked.
    #[track_caller]
    fn compare(found: &[Value], expected: &[Value], what: &str) {
        let found: Vec<Value> = found.iter().map(in_short).collect();
        assert_eq!(json!(found), json!(expected), "{what}");
    }

    async fn told(&mut self, what: &str, expected: &[Value]) {
        let events = events_behind(&self.reader, self.seen).await;
        Chronicle::compare(&events, expected, what);
        self.seen += events.len() as i64;
        assert_eq!(latest(&self.reader).await, self.seen, "numbers without gaps");
    }

    /// Runs a mutation: dry runs where there are any tell nothing, in earnest it tells this.
    #[allow(clippy::too_many_arguments, reason = "who does what, and what is to be read of it")]
    async fn does(&mut self, by: &Person, mutation: &str, input: Value, selection: &str, expected: &[Value]) -> Value {
        if DRY.contains(&mutation) {
            let mut dry = input.clone();
            dry["dryRun"] = json!(true);
            by.run(mutation, dry, "userErrors { code }").await.ok();
            self.told(&format!("dry run of {mutation}"), &[]).await;
        }
        let done = by.run(mutation, input, selection).await.ok();
        self.told(mutation, expected).await;
        done.payload().clone()
    }

    /// A mutation that is refused, of which nothing is told.
    async fn refuses(&mut self, by: &Person, mutation: &str, input: Value, code: &str) {
        by.run(mutation, input, "query { viewer { user { id } } }").await.refused(code);
        self.told(&format!("{mutation}, refused"), &[]).await;
    }
}

const DRY: [&str; 8] = ["invite", "dismiss", "hire", "moveToExtranet", "moveToIntranet", "reassign", "transferEmail", "releaseEmail"];

on_both! {
    /// I7: invitations, from the first to the last.
    async fn i7_invitations_are_told(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let mut told = Chronicle::of(&ann).await;
        let ida = json!({"email": "Ida@Example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "Nguyen", "workgroupIds": [company.inside]});
        let invited = told.does(&hr, "invite", ida, "user { id }", &[
            json!({"is": "UserInvited", "of": "Ida Nguyen", "by": "Hana Reed", "email": "Ida@Example.com"}),
            json!({"is": "WorkgroupMembershipChanged", "of": "Ida Nguyen", "by": "Hana Reed", "workgroup": {"name": "Inside"}, "placedAs": "MEMBER"}),
        ]).await;
        let id = &invited["user"]["id"];
        told.refuses(&hr, "invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "N"}), "EMAIL_TAKEN").await;
        told.does(&ann, "resendInvitation", json!({"userId": id}), "user { id }", &[
            json!({"is": "UserInvited", "of": "Ida Nguyen", "by": "Ann Archer", "email": "Ida@Example.com"}),
        ]).await;
        let token = office.mail.latest_to("Ida@Example.com").await.token();
        told.refuses(&office.server.anonymous(), "acceptInvitation", json!({"token": token, "password": "weak"}), "PASSWORD_TOO_WEAK").await;
        told.does(&office.server.anonymous(), "acceptInvitation", json!({"token": token, "password": PASSWORD}), "session { expiresAt }", &[
            json!({"is": "InvitationAccepted", "of": "Ida Nguyen", "by": "Ida Nguyen"}),
        ]).await;
        told.refuses(&hr, "revokeInvitation", json!({"userId": id}), "NOT_INVITED").await;
        let max = json!({"email": "max@example.com", "kind": "INTRANET", "firstName": "Max", "lastName": "Moe"});
        let max = told.does(&hr, "invite", max, "user { id }", &[json!({"is": "UserInvited", "of": "Max Moe", "by": "Hana Reed", "email": "max@example.com"})]).await;
        let seen = told.seen;
        hr.run("revokeInvitation", json!({"userId": max["user"]["id"]}), "revokedUserId").await.ok();
        let revoked = events_behind(&ann, seen).await;
        assert_eq!(revoked.len(), 1);
        assert_eq!((&revoked[0]["__typename"], &revoked[0]["subject"]["user"], &revoked[0]["actor"]["displayName"]), (&json!("InvitationRevokedEvent"), &Value::Null, &json!("Hana Reed")));
    }

    /// I7: profiles, rights, settings, tokens, places in workgroups; what changes nothing tells nothing.
    async fn i7_profiles_rights_settings_tokens_and_memberships_are_told(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, emma) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.emma).await);
        let mut told = Chronicle::of(&ann).await;
        let all = json!({"userId": company.emma.id, "firstName": "Em", "lastName": "N", "jobTitle": null, "avatarUrl": "https://example.com/e.png", "departmentId": null, "managerId": company.ann.id});
        told.does(&hr, "updateUser", all, "user { id }", &[
            json!({"is": "UserUpdated", "of": "Em N", "by": "Hana Reed", "changedFields": ["firstName", "lastName", "jobTitle", "avatarUrl", "department", "manager"]}),
        ]).await;
        told.does(&emma, "updateUser", json!({"userId": company.emma.id, "firstName": "Em", "jobTitle": "Lead"}), "user { id }", &[
            json!({"is": "UserUpdated", "of": "Em N", "by": "Em N", "changedFields": ["jobTitle"]}),
        ]).await;
        told.does(&emma, "updateUser", json!({"userId": company.emma.id, "jobTitle": "Lead"}), "user { id }", &[]).await;
        told.refuses(&emma, "updateUser", json!({"userId": company.ben.id, "jobTitle": "X"}), "NOT_PERMITTED").await;
        told.refuses(&hr, "updateUser", json!({"userId": company.emma.id, "jobTitle": "X", "expectedVersion": 1}), "VERSION_CONFLICT").await;

        told.does(&ann, "setAccess", json!({"userId": company.emma.id, "permissions": ["USERS_INVITE", "AUDIT_READ"]}), "user { id }", &[
            json!({"is": "AccessChanged", "of": "Em N", "by": "Ann Archer", "personalPermissions": ["USERS_INVITE", "AUDIT_READ"], "isAdministrator": false}),
        ]).await;
        told.does(&ann, "setAccess", json!({"userId": company.emma.id, "isAdministrator": true}), "user { id }", &[
            json!({"is": "AccessChanged", "of": "Em N", "by": "Ann Archer", "personalPermissions": ["USERS_INVITE", "AUDIT_READ"], "isAdministrator": true}),
        ]).await;
        told.does(&ann, "setAccess", json!({"userId": company.emma.id, "isAdministrator": true}), "user { id }", &[]).await;
        told.refuses(&ann, "setAccess", json!({"userId": company.eva.id, "isAdministrator": true}), "NOT_ELIGIBLE").await;

        told.does(&ann, "updateSettings", json!({"showDismissedUsers": true, "employeePermissions": ["USERS_READ"]}), "settings { version }", &[
            json!({"is": "SettingsChanged", "of": "Ann Archer", "by": "Ann Archer", "changedFields": ["showDismissedUsers", "employeePermissions"]}),
        ]).await;
        told.does(&ann, "updateSettings", json!({"showDismissedUsers": true}), "settings { version }", &[]).await;
        told.refuses(&ann, "updateSettings", json!({"employeePermissions": ["ADMINISTRATE"]}), "NOT_GRANTABLE").await;

        let token = told.does(&hr, "createAccessToken", json!({"name": "Sync", "permissions": ["USERS_UPDATE"]}), "secret accessToken { id }", &[
            json!({"is": "AccessTokenCreated", "of": "Hana Reed", "by": "Hana Reed", "tokenName": "Sync"}),
        ]).await;
        let sync = office.server.with_token(token["secret"].as_str().expect("a secret"));
        let done = sync.run("updateUser", json!({"userId": company.ben.id, "jobTitle": "Head"}), "user { id }").await.ok();
        let event = events_behind(&ann, told.seen).await.remove(0);
        assert_eq!(event["actor"], json!({"kind": "ACCESS_TOKEN", "displayName": "Sync (Hana Reed)", "user": {"id": company.hr.id}}));
        assert_eq!(event["subject"], json!({"kind": "USER", "displayName": "Ben Okoro", "user": {"id": company.ben.id}}));
        assert_eq!(event["requestId"], done.answer.headers["x-request-id"].to_str().expect("text"));
        told.seen += 1;
        told.does(&ann, "revokeAccessToken", json!({"accessTokenId": token["accessToken"]["id"]}), "accessToken { id }", &[
            json!({"is": "AccessTokenRevoked", "of": "Hana Reed", "by": "Ann Archer", "tokenName": "Sync"}),
        ]).await;

        let group = told.does(&hr, "createWorkgroup", json!({"name": "Choir", "isExtranet": false, "ownerId": company.ben.id}), "workgroup { id }", &[
            json!({"is": "WorkgroupMembershipChanged", "of": "Ben Okoro", "by": "Hana Reed", "workgroup": {"name": "Choir"}, "placedAs": "OWNER"}),
        ]).await;
        told.does(&hr, "createDepartment", json!({"name": "Music"}), "department { id }", &[]).await;
        let group = &group["workgroup"]["id"];
        told.does(&hr, "addWorkgroupMembers", json!({"workgroupId": group, "userIds": [company.hr.id], "role": "MODERATOR"}), "workgroup { id }", &[
            json!({"is": "WorkgroupMembershipChanged", "of": "Hana Reed", "by": "Hana Reed", "workgroup": {"name": "Choir"}, "placedAs": "MODERATOR"}),
        ]).await;
        told.does(&hr, "addWorkgroupMembers", json!({"workgroupId": group, "userIds": [company.hr.id], "role": "MODERATOR"}), "workgroup { id }", &[]).await;
        told.refuses(&hr, "addWorkgroupMembers", json!({"workgroupId": group, "userIds": [company.leo.id]}), "MEMBER_NOT_ELIGIBLE").await;
        // The last owner is followed, and then gone.
        told.does(&hr, "removeWorkgroupMember", json!({"workgroupId": group, "userId": company.ben.id}), "workgroup { id }", &[
            json!({"is": "WorkgroupMembershipChanged", "of": "Hana Reed", "by": "Hana Reed", "workgroup": {"name": "Choir"}, "placedAs": "OWNER"}),
            json!({"is": "WorkgroupMembershipChanged", "of": "Ben Okoro", "by": "Hana Reed", "workgroup": {"name": "Choir"}, "placedAs": null}),
        ]).await;
        // What is no change to a person: sessions and records.
        let ben = office.sign_in(&company.ben).await;
        told.does(&ben, "refreshSession", json!({"refreshToken": ben.refresh_token()}), "session { expiresAt }", &[]).await;
        told.does(&ann, "upsertOwnedEntities", json!({"entities": [{"kind": "DEAL", "externalId": "d", "title": "t", "responsibleId": company.ben.id}]}), "entities { id }", &[]).await;
    }

    /// I7, R2, R4, R10: a dismissal first, then what comes of it, each for whom it happens to; and the way back.
    async fn i7_a_dismissal_is_told_before_what_comes_of_it(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        ann.run("setAccess", json!({"userId": company.ben.id, "permissions": ["USERS_INVITE"]}), "user { id }").await.ok();
        company.records(&company.ben, &[(RecordKind::Deal, State::Open, None), (RecordKind::Deal, State::Closed, None), (RecordKind::Task, State::Open, None)]).await;
        ben.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "N"}), "user { id }").await.ok();
        let mut told = Chronicle::of(&ann).await;
        told.refuses(&hr, "dismiss", json!({"userId": company.leo.id}), "ALREADY_DISMISSED").await;
        let input = json!({"userId": company.ben.id, "reason": "Retired", "note": "secret note", "newManagerId": company.hr.id, "handover": {"toUserIds": [company.hr.id, company.ann.id]}});
        told.does(&hr, "dismiss", input, "user { id }", &[
            json!({"is": "UserDismissed", "of": "Ben Okoro", "by": "Hana Reed", "reason": "Retired"}),
            json!({"is": "WorkgroupMembershipChanged", "of": "Emma Novak", "by": "Hana Reed", "workgroup": {"name": "Project"}, "placedAs": "OWNER"}),
            json!({"is": "InvitationRevoked", "of": "Ida N", "by": "Hana Reed"}),
            json!({"is": "UserUpdated", "of": "Emma Novak", "by": "Hana Reed", "changedFields": ["manager"]}),
            json!({"is": "EntitiesReassigned", "of": "Ben Okoro", "by": "Hana Reed", "reassignment": {"movedCount": 3}, "successors": [{"displayName": "Hana Reed"}, {"displayName": "Ann Archer"}], "counts": [{"kind": "DEAL", "openCount": 1, "closedCount": 1}, {"kind": "TASK", "openCount": 1, "closedCount": 0}]}),
        ]).await;
        let all = events_behind(&ann, told.seen - 5).await;
        assert!(all.iter().all(|e| e["requestId"] == all[0]["requestId"] && e["occurredAt"] == all[0]["occurredAt"]), "one change");
        assert!(!json!(all).to_string().contains("secret note"), "R6");
        told.does(&hr, "hire", json!({"userId": company.ben.id, "loginEmail": "back@example.com"}), "user { id }", &[
            json!({"is": "EmailChanged", "of": "Ben Okoro", "by": "Hana Reed", "role": "LOGIN"}),
            json!({"is": "UserHired", "of": "Ben Okoro", "by": "Hana Reed"}),
        ]).await;
        told.refuses(&hr, "hire", json!({"userId": company.ben.id}), "NOT_DISMISSED").await;
    }

    /// I7, X4: to the extranet and back; a leaver who comes as an external person joins a workgroup.
    async fn i7_moves_between_intranet_and_extranet_are_told(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let mut told = Chronicle::of(&ann).await;
        told.does(&hr, "moveToExtranet", json!({"userId": company.emma.id, "workgroupIds": [company.portal]}), "user { id }", &[
            json!({"is": "MovedToExtranet", "of": "Emma Novak", "by": "Hana Reed", "workgroups": [{"name": "Project"}, {"name": "Portal"}]}),
        ]).await;
        told.refuses(&hr, "moveToExtranet", json!({"userId": company.emma.id, "workgroupIds": [company.portal]}), "ALREADY_EXTRANET").await;
        told.does(&hr, "moveToIntranet", json!({"userId": company.emma.id}), "user { id }", &[json!({"is": "MovedToIntranet", "of": "Emma Novak", "by": "Hana Reed"})]).await;
        let traits = Traits { kind: tenure_core::user::UserKind::Extranet, status: tenure_core::user::UserStatus::Dismissed, ..Traits::default() };
        let gone = company.add("Gus", "Gone", traits).await;
        told.does(&hr, "hire", json!({"userId": gone.id, "workgroupIds": [company.portal]}), "user { id }", &[
            json!({"is": "UserHired", "of": "Gus Gone", "by": "Hana Reed"}),
            json!({"is": "WorkgroupMembershipChanged", "of": "Gus Gone", "by": "Hana Reed", "workgroup": {"name": "Portal"}, "placedAs": "MEMBER"}),
        ]).await;
    }

    /// I7, E3, E5, E7: addresses that change hands, are freed, are changed.
    async fn i7_addresses_are_told(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let mut told = Chronicle::of(&ann).await;
        told.does(&hr, "changeContactEmail", json!({"userId": company.ben.id, "address": "ben@home.example"}), "user { id }", &[
            json!({"is": "EmailChanged", "of": "Ben Okoro", "by": "Hana Reed", "role": "CONTACT"}),
        ]).await;
        told.does(&hr, "changeContactEmail", json!({"userId": company.ben.id, "address": "BEN@home.example"}), "user { id }", &[]).await;
        told.does(&hr, "changeContactEmail", json!({"userId": company.ben.id, "address": null}), "user { id }", &[
            json!({"is": "EmailReleased", "of": "Ben Okoro", "by": "Hana Reed", "roles": ["CONTACT"]}),
        ]).await;
        told.refuses(&hr, "changeContactEmail", json!({"userId": company.ben.id, "address": company.leo.email}), "EMAIL_TAKEN").await;
        told.does(&hr, "transferEmail", json!({"address": company.leo.email, "toUserId": company.ben.id, "roles": ["CONTACT"]}), "movedRoles", &[
            json!({"is": "EmailTransferred", "of": "Leo Leaver", "by": "Hana Reed", "recipient": {"displayName": "Ben Okoro"}, "roles": ["CONTACT"]}),
            json!({"is": "EmailReleased", "of": "Leo Leaver", "by": "Hana Reed", "roles": ["LOGIN"]}),
            json!({"is": "EmailChanged", "of": "Ben Okoro", "by": "Hana Reed", "role": "CONTACT"}),
        ]).await;
        told.refuses(&hr, "releaseEmail", json!({"address": company.emma.email}), "REPLACEMENT_REQUIRED").await;
        told.does(&hr, "releaseEmail", json!({"address": company.emma.email, "replacementLoginEmail": "emma@new.example"}), "freedRoles", &[
            json!({"is": "EmailReleased", "of": "Emma Novak", "by": "Hana Reed", "roles": ["LOGIN", "CONTACT"]}),
            json!({"is": "EmailChanged", "of": "Emma Novak", "by": "Hana Reed", "role": "LOGIN"}),
        ]).await;
    }

    /// I7: a handover is told of each former responsible, with what was theirs.
    async fn i7_a_handover_is_told_of_each_former_responsible(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let first = company.records(&company.ben, &[(RecordKind::Lead, State::Open, None), (RecordKind::Lead, State::Open, None)]).await;
        let second = company.records(&company.leo, &[(RecordKind::Invoice, State::Closed, None)]).await;
        let mut told = Chronicle::of(&ann).await;
        let ids: Vec<String> = first.iter().chain(&second).map(ToString::to_string).collect();
        let mut expected = vec![
            (company.ben.id, json!({"is": "EntitiesReassigned", "of": "Ben Okoro", "by": "Hana Reed", "reassignment": {"movedCount": 3}, "successors": [{"displayName": "Emma Novak"}], "counts": [{"kind": "LEAD", "openCount": 2, "closedCount": 0}]})),
            (company.leo.id, json!({"is": "EntitiesReassigned", "of": "Leo Leaver", "by": "Hana Reed", "reassignment": {"movedCount": 3}, "successors": [{"displayName": "Emma Novak"}], "counts": [{"kind": "INVOICE", "openCount": 0, "closedCount": 1}]})),
        ];
        expected.sort_by_key(|(id, _)| *id);
        let expected: Vec<Value> = expected.into_iter().map(|(_, event)| event).collect();
        told.does(&hr, "reassign", json!({"selection": {"ids": ids}, "toUserIds": [company.emma.id]}), "reassignment { id }", &expected).await;
        told.refuses(&hr, "reassign", json!({"selection": {"matching": {"responsibleIds": [company.ben.id]}}, "toUserIds": [company.emma.id]}), "SELECTION_EMPTY").await;
        told.refuses(&hr, "reassign", json!({"selection": {"ids": ids}, "toUserIds": [company.leo.id]}), "SUCCESSOR_NOT_ELIGIBLE").await;
        let records = office.sign_in(&company.emma).await;
        told.does(&records, "deleteOwnedEntities", json!({"ids": [ids[0]]}), "deletedIds", &[]).await;
    }

    /// I7, L1: kinds whose fields are read back from the history itself.
    async fn i7_deletions_passwords_and_undone_handovers_are_read_back(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        company.records(&company.leo, &[(RecordKind::Lead, State::Open, None)]).await;
        let moved = hr.run("reassign", json!({"selection": {"matching": {"responsibleIds": [company.leo.id]}}, "toUserIds": [company.emma.id]}), "reassignment { id }").await.ok();
        let reassignment = moved.text("reassignment.id").parse().expect("an ID");
        let mut told = Chronicle::of(&ann).await;
        let gone = UserId(SystemClock.new_uuid());
        let happened = |actor: Actor, subject: UserId, body: EventBody| NewEvent {
            id: EventId(SystemClock.new_uuid()), occurred_at: SystemClock.now(), actor, subject, request_id: None, body,
        };
        let by_ann = || Actor::User(company.ann.id);
        let events = [
            happened(by_ann(), gone, EventBody::UserDeleted { recipient: company.emma.id }),
            happened(Actor::System, gone, EventBody::UserDeleted { recipient: UserId::SYSTEM }),
            happened(Actor::User(company.ben.id), company.ben.id, EventBody::PasswordChanged),
            happened(by_ann(), company.leo.id, EventBody::ReassignmentUndone { reassignment, counts: vec![RecordCount { kind: RecordKind::Lead, open: 2, closed: 1 }] }),
        ];
        let mut tx = office.storage.begin().await.expect("a transaction");
        tx.events_append(&events).await.expect("events");
        tx.commit().await.expect("a commit");
        told.told("appended", &[
            json!({"is": "UserDeleted", "of": "Former user", "by": "Ann Archer", "recipient": {"displayName": "Emma Novak"}}),
            json!({"is": "UserDeleted", "of": "Former user", "by": "System", "recipient": {"displayName": "System"}}),
            json!({"is": "PasswordChanged", "of": "Ben Okoro", "by": "Ben Okoro"}),
            json!({"is": "ReassignmentUndone", "of": "Leo Leaver", "by": "Ann Archer", "reassignment": {"movedCount": 1}, "counts": [{"kind": "LEAD", "openCount": 2, "closedCount": 1}]}),
        ]).await;
        // By node, with the same fields.
        let listed = events_behind(&ann, told.seen - 4).await;
        for event in &listed {
            let node = ann.query(&format!("query($id: ID!) {{ node(id: $id) {{ ... on UserEvent {{ {EVENT} }} }} }}"), json!({"id": event["id"]})).await.ok();
            assert_eq!(node.at("node"), event);
        }
        // Deletions are for administrators: no row, no number, no condition, no node.
        let deletion = &listed[0];
        let seen = hr.query("query($of: [ID!]) { userEvents(first: 100) { totalCount nodes { __typename id } } none: userEvents(filter: {kinds: [USER_DELETED]}) { totalCount nodes { id } pageInfo { hasNextPage } } of: userEvents(filter: {subjectIds: $of}) { totalCount } }", json!({"of": [gone]})).await.ok();
        let all = ann.query("query($of: [ID!]) { userEvents { totalCount } of: userEvents(filter: {subjectIds: $of}) { totalCount } }", json!({"of": [gone]})).await.ok();
        assert_eq!(seen.at("userEvents.totalCount").as_i64().map(|n| n + 2), all.at("userEvents.totalCount").as_i64());
        assert_eq!((seen.at("of.totalCount"), all.at("of.totalCount")), (&json!(0), &json!(2)));
        assert!(seen.list("userEvents.nodes").iter().all(|e| e["__typename"] != "UserDeletedEvent"));
        assert_eq!(seen.at("none"), &json!({"totalCount": 0, "nodes": [], "pageInfo": {"hasNextPage": false}}));
        assert!(hr.query("query($id: ID!) { node(id: $id) { id } }", json!({"id": deletion["id"]})).await.ok().at("node").is_null());
        // A token of an administrator counts as one with ADMINISTRATE alone.
        for (permission, count) in [("AUDIT_READ", 0), ("ADMINISTRATE", 2)] {
            let token = ann.run("createAccessToken", json!({"name": permission, "permissions": [permission]}), "secret").await.ok();
            let reader = office.server.with_token(&token.text("secret"));
            let seen = reader.query("{ userEvents(filter: {kinds: [USER_DELETED]}) { totalCount } }", json!({})).await.ok();
            assert_eq!(seen.at("userEvents.totalCount"), count, "{permission}");
        }
    }
}
