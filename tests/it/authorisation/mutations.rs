//! Every mutation, as everybody. What the twenty-five acts on people answer for people of every status is in `matrix.golden.txt`; here is who
//! gets past the door of each, and what those answer that are about something else.

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::id::UserId;
use tenure_core::record::RecordKind;

use super::objects::Types;
use super::picture::Section;
use super::scene::{PERSONAS, Persona, Scene, add_job, fresh_session, nothing};
use crate::support::answer::Outcome;
use crate::support::company::State;
use crate::support::person::Person;

const WRONG: &str = "not the right one at all";
const STRONG: &str = "plum-otter-vivid-93";

/// What is done with a mutation. A new mutation fails the test until it is decided here.
fn acts(mutation: &str) -> &'static [&'static str] {
    match mutation {
        "signIn" | "refreshSession" | "acceptInvitation" | "confirmLoginEmailChange" | "requestPasswordReset" | "resetPassword" => {
            &["nobody's"]
        }
        "dismiss" | "hire" | "moveToExtranet" | "moveToIntranet" | "deleteUser" | "setAccess" | "resendInvitation" | "revokeInvitation" => {
            &["nobody"]
        }
        "updateUser" | "changeContactEmail" => &["oneself", "a colleague", "a leaver", "nobody"],
        "transferEmail" | "releaseEmail" => &["nobody's"],
        "addWorkgroupMembers" | "removeWorkgroupMember" => &["nobody, a project", "nobody, a closed workgroup", "nobody, no workgroup"],
        "sendMessage" | "scheduleMeeting" => &["a colleague", "a leaver", "somebody invited", "nobody"],
        "reassign" => &["one's own", "a colleague's", "a leaver's to oneself", "a leaver's to a colleague"],
        "cancelReassignment" | "undoReassignment" => &["asked for by Ben", "to Ben", "of others", "none"],
        "upsertOwnedEntities" => &["new, for oneself", "new, for a colleague", "a colleague's", "a leaver's, taken", "a leaver's, closed"],
        "deleteOwnedEntities" => &["one's own", "a colleague's", "a leaver's", "none"],
        "updateSettings" => &["nothing", "show leavers"],
        "createAccessToken" => &["USERS_READ", "ADMINISTRATE"],
        "revokeAccessToken" => &["one's own", "a colleague's", "none"],
        "createDepartment" | "createWorkgroup" => &["new"],
        "createFeedPost" => &["to the company", "to a project", "to an inside workgroup of Ben's", "to a closed workgroup"],
        "requestLoginEmailChange" | "changePassword" => &["wrong password"],
        "signOut" => &["this session"],
        "invite" => &["inside", "to a project", "to a closed workgroup"],
        other => panic!("{other} is new: decide in tests/it/authorisation/mutations.rs what is done with it"),
    }
}

fn nobody() -> UserId {
    UserId(SystemClock.new_uuid())
}

/// An ID of another kind that nothing has.
fn nothing_of(prefix: &str) -> String {
    format!("{prefix}_{}", nobody().to_string().split_once('_').expect("an ID").1)
}

/// What is given; whatever is used up is made anew for each cell. `number` is a different one each time.
async fn input(scene: &Scene, mutation: &str, act: &str, persona: &Persona, number: usize) -> Value {
    let company = &scene.office.company;
    let oneself = persona.member.as_ref().map_or_else(|| nobody().to_string(), |member| member.id.to_string());
    let owner = persona.member.as_ref().unwrap_or(&company.ben);
    let whom = |act: &str| match act.split(',').next().unwrap_or_default() {
        "oneself" => json!(oneself),
        "a colleague" => json!(company.emma.id),
        "a leaver" => json!(company.leo.id),
        "somebody invited" => json!(scene.invited),
        _ => json!(nobody()),
    };
    let workgroup = |act: &str| match act {
        _ if act.contains("closed") => json!(scene.closed),
        _ if act.contains("inside workgroup") => json!(company.inside),
        _ if act.contains("no workgroup") => json!(nothing_of("wgr")),
        _ => json!(company.project),
    };
    match mutation {
        "signIn" => json!({"email": format!("nobody{number}@nowhere.example"), "password": STRONG}),
        "requestPasswordReset" => json!({"email": format!("nobody{number}@nowhere.example")}),
        "refreshSession" => json!({"refreshToken": "tnr_none"}),
        "acceptInvitation" => json!({"token": "none", "password": STRONG}),
        "confirmLoginEmailChange" => json!({"token": "none"}),
        "resetPassword" => json!({"token": "none", "newPassword": STRONG}),
        "dismiss" | "hire" | "moveToIntranet" | "resendInvitation" | "revokeInvitation" => json!({"userId": whom(act)}),
        "moveToExtranet" => json!({"userId": whom(act), "workgroupIds": [company.project]}),
        "deleteUser" => json!({"userId": whom(act), "confirmation": "x"}),
        "setAccess" => json!({"userId": whom(act), "permissions": []}),
        "updateUser" => json!({"userId": whom(act), "jobTitle": "Colleague"}),
        // Their own address: nothing changes, and who may is told apart from who may not.
        "changeContactEmail" => {
            let address = match act {
                "oneself" => persona.member.as_ref().map_or("nobody@nowhere.example", |m| m.email.as_str()),
                "a leaver" => company.leo.email.as_str(),
                _ => company.emma.email.as_str(),
            };
            json!({"userId": whom(act), "address": address})
        }
        "transferEmail" => json!({"address": "nobody@nowhere.example", "toUserId": company.emma.id}),
        "releaseEmail" => json!({"address": "nobody@nowhere.example"}),
        "addWorkgroupMembers" => json!({"workgroupId": workgroup(act), "userIds": [nobody()]}),
        "removeWorkgroupMember" => json!({"workgroupId": workgroup(act), "userId": nobody()}),
        "sendMessage" => json!({"toUserId": whom(act), "text": "Hello"}),
        "scheduleMeeting" => {
            json!({"title": "Talk", "startsAt": "2030-01-08T09:00:00Z", "endsAt": "2030-01-08T10:00:00Z", "attendeeIds": [whom(act)]})
        }
        "reassign" => {
            let of = match act {
                "one's own" => owner,
                "a leaver's to oneself" | "a leaver's to a colleague" => &company.leo,
                _ => &company.emma,
            };
            let record = company.record(of, RecordKind::Deal, State::Open).await;
            let to = if act.ends_with("oneself") { json!(oneself) } else { json!(company.hr.id) };
            json!({"selection": {"ids": [record]}, "toUserIds": [to], "dryRun": true})
        }
        "cancelReassignment" | "undoReassignment" => {
            let (ben, emma) = (company.ben.id, company.emma.id);
            let job = match act {
                "asked for by Ben" => add_job(&scene.office, ben, emma, None).await.to_string(),
                "to Ben" => add_job(&scene.office, emma, ben, None).await.to_string(),
                "of others" => add_job(&scene.office, emma, emma, None).await.to_string(),
                _ => nothing_of("rsg"),
            };
            json!({"reassignmentId": job})
        }
        "upsertOwnedEntities" => {
            let key = format!("K-{number}");
            let entity = json!({"kind": "DEAL", "externalId": key, "title": "Deal"});
            let with = |mut entity: Value, name: &str, value: Value| {
                entity[name] = value;
                json!({"entities": [entity]})
            };
            let by = |who| with(entity.clone(), "responsibleId", who);
            match act {
                "new, for oneself" => by(json!(oneself)),
                "new, for a colleague" => by(json!(company.emma.id)),
                "a colleague's" => {
                    scene.ann.run("upsertOwnedEntities", by(json!(company.emma.id)), "createdCount").await.ok();
                    with(json!({"kind": "DEAL", "externalId": key}), "isClosed", json!(true))
                }
                _ => {
                    // Somebody's who then leaves.
                    let leaver = company.employee(&format!("L{number}"), "Leaving").await;
                    scene.ann.run("upsertOwnedEntities", by(json!(leaver.id)), "createdCount").await.ok();
                    scene.ann.run("dismiss", json!({"userId": leaver.id}), "user { id }").await.ok();
                    let entity = json!({"kind": "DEAL", "externalId": key});
                    if act == "a leaver's, taken" {
                        with(entity, "responsibleId", json!(oneself))
                    } else {
                        with(entity, "isClosed", json!(true))
                    }
                }
            }
        }
        "deleteOwnedEntities" => {
            let of = match act {
                "one's own" => Some(owner),
                "a colleague's" => Some(&company.emma),
                "a leaver's" => Some(&company.leo),
                _ => None,
            };
            let kind = if persona.name == "external" { RecordKind::Task } else { RecordKind::Deal };
            let id = match of {
                Some(owner) => company.record(owner, kind, State::Open).await.to_string(),
                None => nothing_of("dea"),
            };
            json!({"ids": [id]})
        }
        "updateSettings" if act == "nothing" => nothing(),
        "updateSettings" => json!({"showDismissedUsers": false}),
        "createAccessToken" => json!({"name": "New", "permissions": [act]}),
        "revokeAccessToken" => {
            let made = |who: crate::support::person::Person| async move {
                let input = json!({"name": "Old", "permissions": ["USERS_READ"]});
                who.run("createAccessToken", input, "accessToken { id }").await
            };
            let id = match act {
                "one's own" => match &persona.member {
                    Some(member) if !["external", "leaver"].contains(&persona.name) => {
                        made(scene.office.sign_in(member).await).await.ok().text("accessToken.id")
                    }
                    _ => nothing_of("tok"),
                },
                "a colleague's" => made(scene.office.sign_in(&company.emma).await).await.ok().text("accessToken.id"),
                _ => nothing_of("tok"),
            };
            json!({"accessTokenId": id})
        }
        "createDepartment" => json!({"name": format!("D{number}")}),
        "createWorkgroup" => json!({"name": format!("W{number}"), "isExtranet": false}),
        "createFeedPost" if act == "to the company" => json!({"text": "Hello"}),
        "createFeedPost" => json!({"text": "Hello", "workgroupId": workgroup(act)}),
        "requestLoginEmailChange" => json!({"address": format!("new{number}@nowhere.example"), "password": WRONG}),
        "changePassword" => json!({"currentPassword": WRONG, "newPassword": STRONG}),
        "signOut" => nothing(),
        "invite" => {
            let email = format!("new{number}@nowhere.example");
            let (kind, places) = match act {
                "inside" => ("INTRANET", Vec::new()),
                "to a project" => ("EXTRANET", vec![workgroup(act)]),
                _ => ("INTRANET", vec![workgroup(act)]),
            };
            json!({"email": email, "kind": kind, "firstName": "New", "lastName": "Face", "workgroupIds": places, "dryRun": true})
        }
        other => panic!("{other} has no input"),
    }
}

/// Runs it unwatched: what those who are refused change is looked at where the acts are (`matrix.rs`), and here there are many.
async fn run(by: &Person, mutation: &str, input: Value, selection: &str) -> Outcome {
    let mut kind = mutation.to_owned();
    kind[..1].make_ascii_uppercase();
    let document =
        format!("mutation Run($input: {kind}Input!) {{ {mutation}(input: $input) {{ {selection} userErrors {{ code message field }} }} }}");
    let answer = by.query(&document, json!({"input": input})).await;
    Outcome { mutation: mutation.to_owned(), answer }
}

/// Every mutation × what is done with it × persona.
pub async fn sections(scene: &Scene, types: &Types) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut number = 0;
    let mut shown = false;
    for field in types.fields("Mutation") {
        let mutation = field["name"].as_str().expect("a name");
        let mut rows = Vec::new();
        for act in acts(mutation) {
            let mut cells = Vec::new();
            for (n, persona) in scene.personas.iter().enumerate() {
                // What the setting changes is who is seen; and it is put back, so that it changes nothing else.
                let shows = PERSONAS[n] == "employee*";
                if shows != shown {
                    scene.show_leavers(shows).await;
                    shown = shows;
                }
                number += 1;
                let input = input(scene, mutation, act, persona, number).await;
                let by = if mutation == "signOut" { fresh_session(scene, persona).await } else { persona.person.clone() };
                let selection = if mutation == "reassign" { "plannedCounts { openCount }" } else { "__typename" };
                let outcome = run(&by, mutation, input, selection).await;
                let verdict = match outcome.verdict().as_str() {
                    // How many would go: the others are reported as skipped.
                    "OK" if mutation == "reassign" => {
                        let counts = outcome.at("plannedCounts").as_array().into_iter().flatten();
                        let moved: i64 = counts.filter_map(|count| count["openCount"].as_i64()).sum();
                        if moved > 0 { "OK".to_owned() } else { "skipped".to_owned() }
                    }
                    _ if outcome.answer.status == 401 => "401".to_owned(),
                    other => other.to_owned(),
                };
                cells.push(verdict);
            }
            rows.push(((*act).to_owned(), cells));
        }
        sections.push(Section { title: mutation.to_owned(), rows });
    }
    scene.show_leavers(false).await;
    sections
}
