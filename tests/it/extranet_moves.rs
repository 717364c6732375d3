//! From the inside to the outside and back: X1–X6, I9, R4, E4.

use serde_json::{Value, json};
use tenure_core::id::UserId;
use tenure_core::record::RecordKind;
use tenure_core::structure::WorkgroupRole;
use tenure_core::user::UserStatus;

use crate::support::answer::Outcome;
use crate::support::company::{Member, State, Traits};
use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

const STATE: &str = "user { status kind department { id } manager { displayName } isAdministrator personalPermissions permissions loginEmail contactEmail dismissal { reason }
    invitation { email } workgroups { nodes { leftAt role workgroup { name } } } }";

/// Without the two addresses' owner and the instants, which differ.
fn stripped(outcome: &Outcome, of: &Member) -> Value {
    let text = outcome.at("user").to_string().replace(&of.email, "…");
    let mut user: Value = serde_json::from_str(&text).expect("JSON");
    for place in user["workgroups"]["nodes"].as_array_mut().into_iter().flatten() {
        place["leftAt"] = json!(!place["leftAt"].is_null());
    }
    if let Some(places) = user["workgroups"]["nodes"].as_array_mut() {
        places.sort_by_key(|place| place["workgroup"]["name"].to_string());
    }
    user
}

fn to_extranet(id: UserId, office: &Office) -> Value {
    json!({"userId": id, "workgroupIds": [office.company.portal], "activateNow": true})
}

/// An employee with places inside and outside, active or dismissed.
async fn somebody(office: &Office, last_name: &str, status: UserStatus) -> Member {
    let company = &office.company;
    let workgroups = vec![(company.inside, WorkgroupRole::Member), (company.project, WorkgroupRole::Moderator)];
    let permissions = vec![tenure_core::permission::Permission::UsersDismiss];
    let traits =
        Traits { status, permissions, manager: Some(company.ann.id), department: Some(company.sales), workgroups, ..Traits::default() };
    company.add("Pat", last_name, traits).await
}

on_both! {
    /// X2, I9: the last extranet workgroup cannot be taken away, an inside one beside it is none.
    async fn x2_the_last_extranet_workgroup_stays(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let from = |group| json!({"workgroupId": group, "userId": company.eva.id});
        hr.run("removeWorkgroupMember", from(company.project), "workgroup { id }").await.refused("LAST_EXTRANET_WORKGROUP");
        hr.run("removeWorkgroupMember", from(company.portal), "workgroup { id }").await.refused("NOT_A_MEMBER");
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.portal, "userIds": [company.eva.id]}), "workgroup { id }").await.ok();
        hr.run("removeWorkgroupMember", from(company.project), "workgroup { memberCount }").await.ok();
        hr.run("removeWorkgroupMember", from(company.portal), "workgroup { id }").await.refused("LAST_EXTRANET_WORKGROUP");
        Books::checked(&office.storage, None).await;
        // Employees can be without any.
        for group in [company.inside, company.project] {
            hr.run("removeWorkgroupMember", json!({"workgroupId": group, "userId": company.emma.id}), "workgroup { id }").await.ok();
        }
        // R4, I9: who is dismissed and hired comes back to theirs.
        hr.run("dismiss", json!({"userId": company.eva.id}), "user { id }").await.ok();
        let back = hr.run("hire", json!({"userId": company.eva.id}), STATE).await.ok();
        assert_eq!(back.at("user.kind"), "EXTRANET");
        assert_eq!(stripped(&back, &company.eva)["workgroups"]["nodes"], json!([{"leftAt": false, "role": "MEMBER", "workgroup": {"name": "Portal"}}, {"leftAt": true, "role": "MEMBER", "workgroup": {"name": "Project"}}]));
    }

    /// X1, X5, X4: from ACTIVE, and from DISMISSED with `activateNow`, people end in the same state; X6: and come back as the same ones.
    async fn x5_both_ways_lead_to_the_same_end(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let active = somebody(&office, "Active", UserStatus::Active).await;
        let left = somebody(&office, "Left", UserStatus::Dismissed).await;
        let session = office.sign_in(&active).await;
        let mut ends = Vec::new();
        for person in [&active, &left] {
            let dry = hr.run("moveToExtranet", { let mut input = to_extranet(person.id, &office); input["dryRun"] = json!(true); input }, STATE).await.ok();
            assert_eq!(dry.at("user"), &Value::Null);
            ends.push(stripped(&hr.run("moveToExtranet", to_extranet(person.id, &office), STATE).await.ok(), person));
        }
        assert_eq!(ends[0], ends[1]);
        assert_eq!(ends[0], json!({"status": "ACTIVE", "kind": "EXTRANET", "department": null, "manager": null, "isAdministrator": false, "personalPermissions": null, "permissions": null,
            "loginEmail": "…", "contactEmail": "…", "dismissal": null, "invitation": null, "workgroups": {"nodes": [
                {"leftAt": true, "role": "MEMBER", "workgroup": {"name": "Inside"}}, {"leftAt": false, "role": "MEMBER", "workgroup": {"name": "Portal"}}, {"leftAt": false, "role": "MODERATOR", "workgroup": {"name": "Project"}}]}}));
        session.query("{ viewer { user { id } } }", json!({})).await.fails("UNAUTHENTICATED");
        let books = Books::checked(&office.storage, None).await;
        let rights = |id: UserId| (books.users[&id].personal_permissions, books.users[&id].is_administrator, books.users[&id].epoch);
        assert_eq!(rights(active.id), rights(left.id), "rights are gone, and the epoch has risen");

        let mut backs = Vec::new();
        for person in [&active, &left] {
            // The password was kept.
            let outside = office.sign_in(person).await;
            assert_eq!(outside.query("{ viewer { permissions user { id } } }", json!({})).await.ok().at("viewer"), &json!({"permissions": [], "user": {"id": person.id}}));
            let back = hr.run("moveToIntranet", json!({"userId": person.id, "departmentId": company.sales}), "user { id status kind department { id } manager { displayName } workgroups { nodes { leftAt workgroup { name } } } }").await.ok();
            assert_eq!(back.at("user.id"), &json!(person.id), "X6");
            assert_eq!((back.at("user.kind"), back.at("user.department.id")), (&json!("INTRANET"), &json!(company.sales)));
            backs.push(stripped(&back, person)["workgroups"]["nodes"].clone());
            // The session lasts; employees' rights are there with the next request, those given in person are not.
            let rights = outside.query("{ viewer { permissions } }", json!({})).await.ok();
            assert_eq!(rights.at("viewer.permissions"), &json!(["USERS_READ", "ENTITIES_READ", "ENTITIES_WRITE"]));
            hr.run("moveToIntranet", json!({"userId": person.id}), "user { id }").await.refused("ALREADY_INTRANET");
        }
        let outside_only = json!([{"leftAt": true, "workgroup": {"name": "Inside"}}, {"leftAt": false, "workgroup": {"name": "Portal"}}, {"leftAt": false, "workgroup": {"name": "Project"}}]);
        assert_eq!(backs, [outside_only.clone(), outside_only], "X4: inside places are not revived");
        // Nor by a dismissal and a hiring after that.
        hr.run("dismiss", json!({"userId": active.id}), "user { id }").await.ok();
        let hired = hr.run("hire", json!({"userId": active.id}), STATE).await.ok();
        assert_eq!(stripped(&hired, &active)["workgroups"]["nodes"][0], json!({"leftAt": true, "role": "MEMBER", "workgroup": {"name": "Inside"}}));
    }

    /// X5, X3: without `activateNow` a leaver is invited, holds a seat, and chooses a new password; taken back, they are dismissed again.
    async fn x5_a_leaver_is_invited_and_accepts(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let seats = || async { hr.query("{ license { seatsUsed } }", json!({})).await.ok().at("license.seatsUsed").as_i64().expect("a number") };
        let before = seats().await;
        let input = json!({"userId": company.leo.id, "workgroupIds": [company.portal]});
        let invited = hr.run("moveToExtranet", input.clone(), STATE).await.ok();
        assert_eq!((invited.at("user.status"), invited.at("user.kind"), invited.at("user.invitation.email")), (&json!("INVITED"), &json!("EXTRANET"), &json!(company.leo.email)));
        assert_eq!(seats().await, before + 1, "X3");
        office.server.anonymous().run("signIn", json!({"email": company.leo.email, "password": PASSWORD}), "session { expiresAt }").await.refused("INVALID_CREDENTIALS");
        // Taken back: as before the move, but external.
        let revoked = hr.run("revokeInvitation", json!({"userId": company.leo.id}), "revokedUserId user { status kind loginEmail dismissal { reason } workgroups { nodes { leftAt workgroup { name } } } }").await.ok();
        assert_eq!((revoked.at("revokedUserId"), revoked.at("user.status"), revoked.at("user.dismissal.reason")), (&Value::Null, &json!("DISMISSED"), &json!("Left")));
        assert!(revoked.at("user.workgroups.nodes").as_array().is_some_and(|nodes| nodes.iter().all(|n| !n["leftAt"].is_null())));
        assert_eq!(seats().await, before);
        hr.run("moveToExtranet", input, "user { id }").await.refused("ALREADY_EXTRANET");

        let other = company.leaver("Lou", "Left").await;
        hr.run("moveToExtranet", json!({"userId": other.id, "workgroupIds": [company.portal]}), "user { id }").await.ok();
        let token = office.mail.latest_to(&other.email).await.token();
        let accepted = office.server.anonymous().run("acceptInvitation", json!({"token": token, "password": "tangerine moss 41 ladder"}), "session { user { id status kind } }").await.ok();
        assert_eq!(accepted.at("session.user"), &json!({"id": other.id, "status": "ACTIVE", "kind": "EXTRANET"}));
        Books::checked(&office.storage, None).await;
    }

    /// X3: an active person who moves takes no seat.
    async fn x3_moving_an_active_person_needs_no_seat(db: Backend) {
        let office = Office::open_with(db, |wish| wish.with_seats(5)).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        hr.run("moveToExtranet", to_extranet(company.leo.id, &office), "user { id }").await.refused("SEAT_LIMIT_REACHED");
        let moved = hr.run("moveToExtranet", to_extranet(company.emma.id, &office), "user { status } query { license { seatsUsed seatLimit activeExtranet } }").await.ok();
        assert_eq!(moved.at("query.license"), &json!({"seatsUsed": 5, "seatLimit": 5, "activeExtranet": 2}));
        Books::checked(&office.storage, Some(5)).await;
    }

    /// X4, I9: every CRM record is handed over in the same call, whatever the way; tasks and files may stay.
    async fn x4_all_crm_records_are_handed_over(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        for (name, status) in [("Active", UserStatus::Active), ("Left", UserStatus::Dismissed)] {
            let person = somebody(&office, name, status).await;
            company.records_of_all_kinds(&person).await;
            let before = Books::checked(&office.storage, None).await;
            let with = |filter: Value| {
                let mut input = to_extranet(person.id, &office);
                input["handover"] = json!({"toUserIds": [company.ben.id], "filter": filter});
                input
            };
            hr.run("moveToExtranet", to_extranet(person.id, &office), "user { id }").await.refused("HANDOVER_REQUIRED");
            for leaves_one_out in [json!({"isClosed": false}), json!({"kinds": ["ACTIVITY", "COMPANY", "CONTACT", "DEAL", "ESTIMATE", "INVOICE", "TASK", "FILE"]}), json!({"query": "nothing"})] {
                hr.run("moveToExtranet", with(leaves_one_out), "user { id }").await.refused_at(&[("HANDOVER_REQUIRED", "input.handover")]);
            }
            Books::checked(&office.storage, None).await.assert_unchanged_since(&before);
            let done = hr.run("moveToExtranet", with(json!({"kinds": ["ACTIVITY", "COMPANY", "CONTACT", "DEAL", "ESTIMATE", "INVOICE", "LEAD"]})), "user { status } reassignment { movedCount }").await.ok();
            assert_eq!(done.at("reassignment.movedCount"), 14);
            let books = Books::checked(&office.storage, None).await;
            let kept: Vec<RecordKind> = books.records_of(person.id).into_iter().map(|id| id.kind).collect();
            assert_eq!(kept.len(), 4, "tasks and files stay: {kept:?}");
        }
        company.record(&company.emma, RecordKind::Task, State::Open).await;
        hr.run("moveToExtranet", to_extranet(company.emma.id, &office), "user { status }").await.ok();
    }

    /// X5, E4: addresses are handled alike before and after a dismissal, but for the replacement that an active person needs.
    async fn x5_addresses_move_alike_before_and_after_a_dismissal(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let mut told: Vec<Vec<String>> = Vec::new();
        for status in [UserStatus::Active, UserStatus::Dismissed] {
            let dismissed = status == UserStatus::Dismissed;
            let name = if dismissed { "Left" } else { "Active" };
            let people = company.add_many(4, name, Traits { status, ..Traits::default() }).await;
            let receiver = company.employee("Rex", name).await;
            let replacement = |n: usize| if dismissed { Value::Null } else { json!(format!("new{n}@example.com")) };
            let mut answers = Vec::new();
            let calls = [
                ("changeContactEmail", json!({"userId": people[0].id, "address": format!("contact-{name}@example.com")}), "remainingRoles user { contactEmail }"),
                ("changeContactEmail", json!({"userId": people[0].id, "address": company.ben.email}), "remainingRoles emailUsage { roles }"),
                ("changeContactEmail", json!({"userId": people[0].id, "address": null}), "remainingRoles user { contactEmail }"),
                ("releaseEmail", json!({"address": people[1].email, "replacementLoginEmail": replacement(1)}), "freedRoles fromUser { displayName }"),
                ("transferEmail", json!({"address": people[2].email, "toUserId": receiver.id, "roles": ["CONTACT"], "replacementLoginEmail": replacement(2)}), "movedRoles freedRoles fromUser { displayName } toUser { displayName contactEmail }"),
                ("transferEmail", json!({"address": people[3].email, "toUserId": receiver.id, "roles": ["LOGIN"], "replacementLoginEmail": replacement(3)}), "movedRoles freedRoles toUser { displayName loginEmail contactEmail }"),
                ("transferEmail", json!({"address": "nobody@example.com", "toUserId": receiver.id}), "movedRoles"),
            ];
            for (mutation, input, selection) in calls {
                let outcome = hr.run(mutation, input, selection).await;
                assert!(outcome.answer.error_codes().is_empty(), "{:#}", outcome.answer.body);
                answers.push(outcome.payload().to_string().replace(name, "…").replace(&name.to_lowercase(), "…"));
            }
            if !dismissed {
                // E4: without one, nothing happens.
                let lone = company.employee("Lone", "Login").await;
                hr.run("releaseEmail", json!({"address": lone.email}), "freedRoles").await.refused("REPLACEMENT_REQUIRED");
                hr.run("transferEmail", json!({"address": lone.email, "toUserId": receiver.id}), "movedRoles").await.refused("REPLACEMENT_REQUIRED");
            }
            told.push(answers);
        }
        assert_eq!(told[0], told[1]);
        assert!(told[0].iter().take(1).chain(&told[0][2..6]).all(|answer| answer.contains("\"userErrors\":[]")), "{:#?}", told[0]);
        Books::checked(&office.storage, None).await;
    }

    /// X4, R7, I7: who was taken out of a workgroup and is given it again begins there anew, as a member; only what a dismissal ended revives.
    async fn x4_places_that_had_ended_before_begin_anew(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let place = |group, user: UserId| json!({"workgroupId": group, "userId": user});
        let fields = "user { workgroups { nodes { leftAt role joinedAt workgroup { name } } } }";
        let find = |outcome: &Outcome, name: &str| outcome.at("user.workgroups.nodes").as_array().into_iter().flatten().find(|n| n["workgroup"]["name"] == name).expect("a place").clone();
        let began = |place: &Value| place["joinedAt"].as_str().expect("a time").to_owned();
        // Emma moderated the project a year ago, and was taken out of it.
        let before = hr.query("query($id: ID!) { user(id: $id) { workgroups { nodes { joinedAt role workgroup { name } } } } }", json!({"id": company.emma.id})).await.ok();
        let moderated = before.list("user.workgroups.nodes").iter().find(|n| n["workgroup"]["name"] == "Project").expect("a place").clone();
        assert_eq!(moderated["role"], "MODERATOR");
        hr.run("removeWorkgroupMember", place(company.project, company.emma.id), "workgroup { id }").await.ok();
        let moved = hr.run("moveToExtranet", json!({"userId": company.emma.id, "workgroupIds": [company.project]}), fields).await.ok();
        let again = find(&moved, "Project");
        assert_eq!((&again["role"], &again["leftAt"]), (&json!("MEMBER"), &Value::Null));
        assert!(began(&again) > began(&moderated), "{again} after {moderated}");
        // Eva moderated the portal, was taken out of it, and is given it when she is hired back.
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.portal, "userIds": [company.eva.id], "role": "MODERATOR"}), "workgroup { id }").await.ok();
        hr.run("removeWorkgroupMember", place(company.portal, company.eva.id), "workgroup { id }").await.ok();
        hr.run("dismiss", json!({"userId": company.eva.id}), "user { id }").await.ok();
        let hired = hr.run("hire", json!({"userId": company.eva.id, "workgroupIds": [company.portal]}), fields).await.ok();
        assert_eq!((&find(&hired, "Portal")["role"], &find(&hired, "Portal")["leftAt"]), (&json!("MEMBER"), &Value::Null));
        assert_eq!(find(&hired, "Project")["leftAt"], Value::Null, "what the dismissal ended revives");
        let told = hr.query("query($id: ID!) { user(id: $id) { events(first: 2) { nodes { __typename ... on WorkgroupMembershipChangedEvent { role workgroup { name } } } } } }", json!({"id": company.eva.id})).await.ok();
        assert_eq!(told.at("user.events.nodes"), &json!([{"__typename": "WorkgroupMembershipChangedEvent", "role": "MEMBER", "workgroup": {"name": "Portal"}}, {"__typename": "UserHiredEvent"}]));
        Books::checked(&office.storage, None).await;
    }
}
