//! `deleteUser`: refusals, dry run, repeats, what ends and who follows (L1, R4, R8, R11, I1, I4, I8).

use serde_json::{Value, json};
use tenure_core::event::EventBody;
use tenure_core::id::{RecordId, UserId};
use tenure_core::permission::Permission;
use tenure_core::record::RecordKind;
use tenure_core::storage::{IdempotencyKey, RecordRead, Storage};
use tenure_core::time::Timestamp;
use tenure_core::user::{Actor, UserKind, UserStatus};

use crate::support::company::{Member, Traits};
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::race::{CALLERS, Call, Nodes};
use crate::support::rounds;

const FIELDS: &str = "deletedUserId movedCounts { kind openCount closedCount }";

fn deletion(of: &Member) -> Value {
    json!({"userId": of.id, "confirmation": of.name})
}

fn with(mut input: Value, field: &str, value: Value) -> Value {
    input[field] = value;
    input
}

on_both! {
    /// L1, R11, S5: each reason, the first one of several, and nothing has changed afterwards.
    async fn l1_some_deletions_are_refused(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        let (emma, eva, leo) = (&company.emma, &company.eva, &company.leo);
        let ida = ann.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "New"}), "user { id }").await.ok();
        company.records_of_all_kinds(emma).await;
        let before = Books::checked(&office.storage, None).await;

        hr.run("deleteUser", deletion(emma), FIELDS).await.fails("FORBIDDEN");
        office.server.anonymous().run("deleteUser", deletion(emma), FIELDS).await.fails("UNAUTHENTICATED");
        let lesser = hr.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_DISMISS"]}), "secret").await.ok();
        office.server.with_token(&lesser.text("secret")).run("deleteUser", deletion(emma), FIELDS).await.fails("FORBIDDEN");
        let before = Books { events: Books::checked(&office.storage, None).await.events, ..before };
        ann.run("deleteUser", with(deletion(emma), "userId", json!(company.sales)), FIELDS).await.fails("BAD_USER_INPUT");

        let missing = "usr_00000000000000000000000000";
        ann.run("deleteUser", json!({"userId": missing, "confirmation": "Nobody", "recordsToUserId": leo.id}), FIELDS).await.refused_at(&[("USER_NOT_FOUND", "input.userId")]);
        ann.run("deleteUser", json!({"userId": UserId::SYSTEM, "confirmation": "Systen"}), FIELDS).await.refused_at(&[("SYSTEM_USER_PROTECTED", "input.userId")]);
        ann.run("deleteUser", json!({"userId": UserId::SYSTEM, "confirmation": "System"}), FIELDS).await.refused("SYSTEM_USER_PROTECTED");
        ann.run("deleteUser", with(deletion(&company.ann), "confirmation", json!("Anne Archer")), FIELDS).await.refused_at(&[("LAST_ADMINISTRATOR", "input.userId")]);
        for wrong in ["emma novak", "Emma", "Emma  Novak", "Emma Novak.", emma.email.as_str()] {
            let input = with(with(deletion(emma), "confirmation", json!(wrong)), "recordsToUserId", json!(leo.id));
            ann.run("deleteUser", input, FIELDS).await.refused_at(&[("CONFIRMATION_MISMATCH", "input.confirmation")]);
        }
        for heir in [json!(missing), json!(leo.id), json!(eva.id), json!(emma.id), json!(UserId::SYSTEM), ida.at("user.id").clone()] {
            let input = with(with(deletion(emma), "recordsToUserId", heir), "newManagerId", json!(leo.id));
            ann.run("deleteUser", input, FIELDS).await.refused_at(&[("SUCCESSOR_NOT_ELIGIBLE", "input.recordsToUserId")]);
        }
        for manager in [json!(missing), json!(leo.id), json!(eva.id), json!(emma.id), json!(UserId::SYSTEM), ida.at("user.id").clone()] {
            ann.run("deleteUser", with(deletion(emma), "newManagerId", manager), FIELDS).await.refused_at(&[("MANAGER_NOT_ELIGIBLE", "input.newManagerId")]);
        }
        for bad in ["", "  ", "Emma\u{202e} Novak", "Emma\u{7}Novak", &"x".repeat(202)] {
            let input = with(with(deletion(emma), "confirmation", json!(bad)), "idempotencyKey", json!(""));
            ann.run("deleteUser", input, FIELDS).await.refused_at(&[("INPUT_INVALID", "input.confirmation"), ("INPUT_INVALID", "input.idempotencyKey")]);
        }
        Books::checked(&office.storage, None).await.assert_unchanged_since(&before);

        // With another administrator beside her, it is herself whom she cannot delete, with a token of hers neither.
        ann.run("setAccess", json!({"userId": company.ben.id, "isAdministrator": true}), "user { id }").await.ok();
        let token = ann.run("createAccessToken", json!({"name": "root", "permissions": ["ADMINISTRATE"]}), "secret").await.ok();
        let before = Books::checked(&office.storage, None).await;
        for herself in [&ann, &office.server.with_token(&token.text("secret"))] {
            herself.run("deleteUser", deletion(&company.ann), FIELDS).await.refused_at(&[("CANNOT_DELETE_SELF", "input.userId")]);
        }
        Books::checked(&office.storage, None).await.assert_unchanged_since(&before);
    }

    /// L1: five thousand records, and one more.
    async fn l1_too_many_records_are_handed_over_first(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let deals = company.deals(&company.emma, 5_001).await;
        let before = Books::checked(&office.storage, None).await;
        for dry_run in [true, false] {
            ann.run("deleteUser", with(deletion(&company.emma), "dryRun", json!(dry_run)), FIELDS).await.refused("TOO_MANY_RECORDS");
        }
        Books::checked(&office.storage, None).await.assert_unchanged_since(&before);
        ann.run("reassign", json!({"selection": {"ids": [deals[0]]}, "toUserIds": [company.ben.id]}), "reassignment { movedCount }").await.ok();
        let done = ann.run("deleteUser", deletion(&company.emma), FIELDS).await.ok();
        assert_eq!(done.at("movedCounts"), &json!([{"kind": "DEAL", "openCount": 5_000, "closedCount": 0}]));
        let books = Books::checked(&office.storage, None).await;
        assert_eq!((books.records_of(UserId::SYSTEM).len(), books.records_of(company.ben.id)), (5_000, vec![deals[0]]));
    }

    /// L1: whatever the status and kind; the confirmation is trimmed.
    async fn l1_people_of_every_status_and_kind_can_be_deleted(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let traits = |status, kind| Traits { status, kind, workgroups: vec![(company.project, tenure_core::structure::WorkgroupRole::Member)], ..Traits::default() };
        let mut people = vec![company.emma.clone(), company.eva.clone(), company.leo.clone()];
        people.push(company.add("Ivo", "Invited", traits(UserStatus::Invited, UserKind::Intranet)).await);
        people.push(company.add("Ida", "Invited", traits(UserStatus::Invited, UserKind::Extranet)).await);
        people.push(company.add("Leon", "Left", traits(UserStatus::Dismissed, UserKind::Extranet)).await);
        people.push(company.add("Ada", "Admin", Traits { is_administrator: true, ..Traits::default() }).await);
        for person in &people {
            let input = json!({"userId": person.id, "confirmation": format!("  {} ", person.name)});
            let done = ann.run("deleteUser", input, FIELDS).await.ok();
            assert_eq!(done.payload()["deletedUserId"], json!(person.id));
            assert_eq!(done.at("movedCounts"), &json!([]));
            let books = Books::checked(&office.storage, None).await;
            assert!(!books.users.contains_key(&person.id));
            let told: Vec<&EventBody> = books.events_of(person.id).collect();
            assert_eq!(told, [&EventBody::UserDeleted { recipient: UserId::SYSTEM }], "I7: one event");
            let actor = books.events.last().map(|e| e.event.actor.clone());
            assert_eq!(actor, Some(Actor::User(company.ann.id)));
            ann.run("deleteUser", deletion(person), FIELDS).await.refused("USER_NOT_FOUND");
        }
    }

    /// R8: a dry run answers what the execution answers, and changes nothing; I8: a repeat changes nothing either.
    async fn r8_a_dry_run_tells_what_happens_and_a_repeat_what_happened(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        company.records_of_all_kinds(&company.emma).await;
        let before = Books::checked(&office.storage, None).await;
        let input = with(with(deletion(&company.emma), "recordsToUserId", json!(company.ben.id)), "idempotencyKey", json!("once"));
        let dry = ann.run("deleteUser", with(input.clone(), "dryRun", json!(true)), FIELDS).await.ok();
        assert_eq!(dry.at("deletedUserId"), &Value::Null);
        Books::checked(&office.storage, None).await.assert_unchanged_since(&before);

        let done = ann.run("deleteUser", input.clone(), FIELDS).await.ok();
        assert_eq!(done.at("deletedUserId"), &json!(company.emma.id));
        assert_eq!(done.at("movedCounts"), dry.at("movedCounts"), "the dry run said so");
        assert_eq!(done.at("movedCounts").as_array().map(Vec::len), Some(9));
        let after = Books::checked(&office.storage, None).await;
        assert_eq!(ann.run("deleteUser", input.clone(), FIELDS).await.ok().payload(), done.payload(), "I8");
        ann.run("deleteUser", with(input, "confirmation", json!("Emma")), FIELDS).await.refused("IDEMPOTENCY_KEY_REUSED");
        Books::checked(&office.storage, None).await.assert_unchanged_since(&after);

        // Somebody else's attempt with a key of hers is under way.
        let mut tx = office.storage.begin().await.expect("a transaction");
        let key = IdempotencyKey { person: company.ann.id, mutation: "deleteUser", key: "busy".to_owned() };
        tx.idempotency_begin(&key, [0; 32], Timestamp(1), Timestamp(0)).await.expect("the key");
        // On SQLite it is another process that writes: of its keys nothing is known.
        let expected = if db == Backend::Sqlite { "SERVICE_UNAVAILABLE" } else { "IDEMPOTENCY_IN_PROGRESS" };
        let busy = ann.run("deleteUser", with(deletion(&company.leo), "idempotencyKey", json!("busy")), FIELDS).await;
        assert_eq!(busy.verdict(), expected, "I8");
        drop(tx);
        ann.run("deleteUser", with(deletion(&company.leo), "idempotencyKey", json!("busy")), FIELDS).await.ok();
    }

    /// R4, R2: reports, invited ones too, headship, workgroups and invitations find a place; places and parts end.
    async fn r4_what_hung_on_a_deleted_person_finds_a_place(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await);
        ann.run("setAccess", json!({"userId": company.ben.id, "permissions": ["USERS_INVITE", "USERS_DISMISS"]}), "user { id }").await.ok();
        let ben = office.sign_in(&company.ben).await;
        let head = hr.run("createDepartment", json!({"name": "Field", "headId": company.ben.id}), "department { id }").await.ok();
        let deep = company.add("Dee", "Deep", Traits { manager: Some(company.emma.id), ..Traits::default() }).await;
        let guest = |address: &str| json!({"email": address, "kind": "INTRANET", "firstName": "G", "lastName": "Uest"});
        let invited = hr.run("invite", guest("one@example.com"), "user { id }").await.ok();
        let his = ben.run("invite", guest("two@example.com"), "user { id }").await.ok();
        for guest in [&invited, &his] {
            hr.run("updateUser", json!({"userId": guest.at("user.id"), "managerId": company.ben.id}), "user { manager { displayName } }").await.ok();
        }
        ben.run("moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [company.portal]}), "user { status }").await.ok();
        let token = office.mail.latest_to("two@example.com").await.token();
        hr.run("upsertOwnedEntities", json!({"entities": [{"kind": "TASK", "externalId": "t", "title": "T", "responsibleId": company.emma.id, "participants": [
            {"userId": company.ben.id, "role": "OBSERVER"}, {"userId": company.ben.id, "role": "PARTICIPANT"}, {"userId": deep.id, "role": "OBSERVER"}]}]}), "entities { id }").await.ok();

        ann.run("deleteUser", with(deletion(&company.ben), "newManagerId", json!(deep.id)), FIELDS).await.ok();
        let state = hr.query(
            "query($ids: [ID!]!, $dep: ID!, $group: ID!) { nodes(ids: $ids) { ... on User { displayName status version manager { displayName user { id } } } }
                department: node(id: $dep) { ... on Department { head { displayName } } }
                group: node(id: $group) { ... on Workgroup { memberCount members { totalCount nodes { role member { displayName } } } } }
                ownedEntities(filter: {kinds: [TASK]}) { nodes { ... on Task { participants { role person { displayName } } } } } license { pendingInvitations } }",
            json!({"ids": [company.emma.id, deep.id, invited.at("user.id"), his.at("user.id"), company.leo.id], "dep": head.at("department.id"), "group": company.project}),
        ).await.ok();
        assert_eq!(state.at("nodes.0.manager.displayName"), "Dee Deep");
        assert_eq!(state.at("nodes.1.manager.displayName"), "Ann Archer", "who comes from below reports to the manager of the deleted");
        assert_eq!(state.at("nodes.2.manager.displayName"), "Dee Deep", "invited reports follow too");
        assert_eq!(state.at("nodes.3"), &Value::Null, "whom he invited is gone");
        assert_eq!((state.at("nodes.4.status"), state.at("nodes.4.manager")), (&json!("DISMISSED"), &Value::Null), "who was dismissed before is so again");
        assert_eq!(state.at("department.head.displayName"), "Dee Deep");
        assert_eq!(state.at("group.memberCount"), 2);
        assert_eq!(state.at("group.members"), &json!({"totalCount": 2, "nodes": [
            {"role": "OWNER", "member": {"displayName": "Emma Novak"}}, {"role": "MEMBER", "member": {"displayName": "Eva Extern"}}]}));
        assert_eq!(state.at("license.pendingInvitations"), 1);
        let parts = state.list("ownedEntities.nodes.0.participants");
        assert!(parts.iter().all(|part| part["person"]["displayName"] != "Ben Okoro"), "{parts:?}");
        assert!(parts.contains(&json!({"role": "OBSERVER", "person": {"displayName": "Dee Deep"}})), "{parts:?}");
        office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "tangerine moss 41 ladder"}), "session { expiresAt }").await.refused("INVITATION_INVALID");
        Books::checked(&office.storage, None).await;
    }

    /// I4: nothing that they sign in with works any more, not even under way.
    async fn i4_a_deleted_person_is_served_no_more(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let emma = office.sign_in(&company.emma).await;
        let token = emma.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ"]}), "accessToken { id } secret").await.ok();
        let sync = office.server.with_token(&token.text("secret"));
        let me = "{ viewer { user { id } } }";
        sync.query(me, json!({})).await.ok();
        ann.run("deleteUser", deletion(&company.emma), FIELDS).await.ok();
        for person in [&emma, &sync] {
            person.query(me, json!({})).await.fails("UNAUTHENTICATED");
        }
        let stranger = office.server.anonymous();
        stranger.run("refreshSession", json!({"refreshToken": emma.refresh_token()}), "session { expiresAt }").await.refused("SESSION_ENDED");
        stranger.run("signIn", json!({"email": company.emma.email, "password": crate::support::office::PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        let tokens = ann.query("query($id: ID!) { accessTokens { totalCount } node(id: $id) { id } }", json!({"id": token.at("accessToken.id")})).await.ok();
        assert_eq!(tokens.body["data"], json!({"accessTokens": {"totalCount": 0}, "node": null}));
    }

    /// I1, I5: administrators turn on each other in every way there is; one of them stays, and each record has somebody.
    async fn i1_one_administrator_stays_whatever_happens_at_once(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let mut ann = company_admin(&office, "Ann").await;
        let first = office.sign_in(&ann).await;
        first.run("setAccess", json!({"userId": office.company.ann.id, "isAdministrator": false}), "user { id }").await.ok();
        for round in 0..rounds(3) {
            let other = company_admin(&office, &format!("Abe{round}")).await;
            office.company.deals(&ann, 3).await;
            office.company.deals(&other, 3).await;
            let total = 6 * (round + 1);
            let pair = [(&ann, office.sign_in(&ann).await), (&other, office.sign_in(&other).await)];
            let calls = (0..CALLERS).map(|n| {
                let ((_, by), (target, _)) = (&pair[n % 2], &pair[1 - n % 2]);
                match n / 2 % 3 {
                    0 => Call::new(by, "deleteUser", with(deletion(target), "idempotencyKey", json!(format!("{round}-{n}"))), FIELDS),
                    1 => Call::new(by, "dismiss", json!({"userId": target.id, "idempotencyKey": format!("{round}-{n}")}), "user { id }"),
                    _ => Call::new(by, "setAccess", json!({"userId": target.id, "isAdministrator": false}), "user { id }"),
                }
            });
            let tally = nodes.at_once(round, calls.collect()).await;
            tally
                .losers("deleteUser", &["USER_NOT_FOUND", "UNAUTHENTICATED", "FORBIDDEN"])
                .losers("dismiss", &["USER_NOT_FOUND", "ALREADY_DISMISSED", "UNAUTHENTICATED", "FORBIDDEN"])
                .losers("setAccess", &["USER_NOT_FOUND", "NOT_ELIGIBLE", "UNAUTHENTICATED", "FORBIDDEN"]);
            let books = Books::checked(&office.storage, None).await;
            let left: Vec<UserId> = books.users.values().filter(|u| u.is_active_administrator()).map(|u| u.id).collect();
            assert_eq!((left.len(), tally.won("deleteUser")), (1, 1), "{}", tally.summary());
            assert_eq!(books.records_of(left[0]).len() + books.records_of(UserId::SYSTEM).len(), total);
            ann = if left[0] == other.id { other } else { ann };
        }
    }

    /// L2, I5: who is made responsible, or leads somebody, while they are deleted: either before it, or not at all.
    async fn i5_nobody_is_made_responsible_while_they_are_deleted(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let (ann, hr) = (office.sign_in(&office.company.ann).await, office.sign_in(&office.company.hr).await);
        let giver = office.company.holder("Gil", "Giver", &[Permission::EntitiesReassign]).await;
        for round in 0..rounds(3) {
            let target = office.company.employee("Tom", &format!("Target{round}")).await;
            office.company.deals(&target, 5).await;
            let given = office.company.deals(&giver, 20).await;
            let calls = (0..CALLERS).map(|n| match n {
                0 => Call::new(&ann, "deleteUser", deletion(&target), FIELDS),
                1..=9 => Call::new(&hr, "reassign", json!({"selection": {"ids": [given[n], given[n + 10]]}, "toUserIds": [target.id]}), "reassignment { movedCount }"),
                10..=13 => Call::new(&hr, "upsertOwnedEntities", json!({"entities": [{"kind": "LEAD", "externalId": format!("{round}-{n}"), "title": "L", "responsibleId": target.id}]}), "entities { kind }"),
                14..=16 => Call::new(&hr, "upsertOwnedEntities", json!({"entities": [{"kind": "TASK", "externalId": format!("{round}-{n}"), "title": "T", "responsibleId": office.company.ben.id,
                    "participants": [{"userId": target.id, "role": "OBSERVER"}]}]}), "entities { kind }"),
                _ => Call::new(&hr, "createDepartment", json!({"name": format!("D{round}-{n}"), "headId": target.id}), "department { id }"),
            });
            let tally = nodes.at_once(round, calls.collect()).await;
            tally
                .losers("deleteUser", &[])
                .losers("reassign", &["SUCCESSOR_NOT_ELIGIBLE"])
                .losers("upsertOwnedEntities", &["RESPONSIBLE_NOT_ELIGIBLE", "REFERENCE_NOT_FOUND"])
                .losers("createDepartment", &["HEAD_NOT_ELIGIBLE"]);
            let books = Books::checked(&office.storage, None).await;
            assert!(books.records_of(target.id).is_empty(), "everything went along");
            let kept = books.records.iter().filter(|r| r.provenance == Some(target.id)).count();
            let leads = tally.winners("upsertOwnedEntities").iter().filter(|o| o.at("entities.0.kind") == "LEAD").count();
            assert_eq!(kept, 5 + 2 * tally.won("reassign") + leads, "{}", tally.summary());
            let tasks: Vec<RecordId> = books.records.iter().map(|r| r.id).filter(|id| id.kind == RecordKind::Task).collect();
            let parts = office.storage.participants_by_task(&tasks).await.expect("parts");
            assert!(parts.iter().all(|part| part.user != target.id), "no part is left behind");
        }
    }
}

/// One more administrator.
async fn company_admin(office: &Office, last_name: &str) -> Member {
    office.company.add("Ada", last_name, Traits { is_administrator: true, ..Traits::default() }).await
}
