//! Nobody can tell somebody hidden from somebody who never existed: not by an answer, its headers or its length, not by the number of
//! statements or of passwords worked on, not by the time that it takes (§5, V4, V7, S3, E8, I11, L5).
//!
//! Every path is tried for everybody who can be hidden, by two of those who must not know, in turn; `TENURE_TEST_CALLERS` says by how many
//! (scripts/nightly: by all).

mod credentials;
mod paths;
mod timing;

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tenure::identity::password;
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::id::RecordId;
use tenure_core::permission::Permission;
use tenure_core::record::RecordKind;
use tenure_core::storage::Storage;
use tenure_core::user::UserStatus;
use tenure_core::work::{FeedPost, Message, Pair};

use self::paths::{EXEMPT, MAY_KNOW, Named, Path, to_people, to_taken_addresses, to_things};
use crate::support::backend::Backend;
use crate::support::company::{State, Traits};
use crate::support::office::Office;
use crate::support::person::Person;
use crate::support::{number, on_both};

/// What differs from answer to answer and tells nothing.
const RESTLESS_HEADERS: [&str; 2] = ["date", "x-request-id"];

/// An answer, byte by byte but for the one who was named and the request's own ID, and what it cost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
    statements: u64,
    passwords: u64,
}

/// A company with somebody of every kind who can be hidden, and those who ask.
pub struct Scene {
    pub office: Office,
    /// A deal of Ben's, by identifier and by key.
    pub deal: RecordId,
    pub external_id: &'static str,
    callers: Vec<(&'static str, Person)>,
    /// Who is hidden from whom: the name, who it is, and the callers who must not tell them from nobody.
    hidden: Vec<(&'static str, Named, Vec<&'static str>)>,
}

impl Scene {
    async fn set(db: Backend) -> Scene {
        let office = Office::open_with(db, |wish| wish.without_polling()).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        // A leaver who has left much behind: records, reports, headships, talks, memberships.
        company.records_of_all_kinds(&company.leo).await;
        let deal = company.record(&company.leo, RecordKind::Deal, State::Open).await;
        company.activity(&company.leo, deal).await;
        let own = json!({"entities": [{"kind": "DEAL", "externalId": "D-1", "title": "Deal", "responsibleId": company.ben.id}]});
        let deal: RecordId =
            ann.run("upsertOwnedEntities", own, "entities { id }").await.ok().text("entities.0.id").parse().expect("an ID");
        let invite = json!({"email": "ida.invited@example.com", "kind": "EXTRANET", "firstName": "Ida", "lastName": "Invited", "workgroupIds": [company.project]});
        let invited = ann.run("invite", invite, "user { id }").await.ok().text("user.id");
        let again = company.leaver("Fay", "Former").await;
        company.records(&again, &[(RecordKind::Task, State::Open, None), (RecordKind::File, State::Closed, None)]).await;
        ann.run("moveToExtranet", json!({"userId": again.id, "workgroupIds": [company.project]}), "user { status }").await.ok();
        let gone = company.employee("Gus", "Gone").await;
        company.records_of_all_kinds(&gone).await;
        ann.run("deleteUser", json!({"userId": gone.id, "confirmation": gone.name}), "deletedUserId").await.ok();
        talks(&office).await;
        // Mails on their way would count as statements of somebody's request.
        office.mail.settled().await;

        let mut callers = vec![
            ("employee", office.sign_in(&company.ben).await),
            ("external", office.sign_in(&company.eva).await),
            ("administrator", ann),
        ];
        use Permission::*;
        for (name, rights) in [
            ("structure", &[UsersUpdate, StructureManage, SettingsWrite, TokensManage][..]),
            ("inviter", &[UsersInvite]),
            ("dismisser", &[UsersDismiss]),
            ("mails", &[EmailsManage]),
            ("reassigner", &[EntitiesReassign]),
        ] {
            let member = company.holder(name, "Caller", rights).await;
            callers.push((name, office.sign_in(&member).await));
        }
        for (name, rights) in
            [("token", &["USERS_READ", "ENTITIES_READ", "ENTITIES_WRITE"][..]), ("blind token", &["ENTITIES_READ", "ENTITIES_WRITE"])]
        {
            let token = callers[0].1.run("createAccessToken", json!({"name": name, "permissions": rights}), "secret").await.ok();
            callers.push((name, office.server.with_token(&token.text("secret"))));
        }
        let plain = ["employee", "external", "structure", "token", "blind token"];
        let with = |more: &[&'static str]| plain.iter().chain(more).copied().collect::<Vec<_>>();
        let named = |id: String, address: &str| Named { id, address: address.to_owned() };
        let hidden = vec![
            ("a leaver", named(company.leo.id.to_string(), &company.leo.email), with(&["inviter"])),
            // Somebody who manages addresses may ask for any of them, and so learns whose it is.
            ("somebody invited", named(invited, "ida.invited@example.com"), with(&["dismisser", "reassigner"])),
            ("somebody invited again", named(again.id.to_string(), &again.email), plain[..3].to_vec()),
            ("a stranger", named(company.hr.id.to_string(), &company.hr.email), vec!["external", "blind token"]),
            ("somebody deleted", named(gone.id.to_string(), &gone.email), callers.iter().map(|(name, _)| *name).collect()),
        ];
        Scene { deal, external_id: "D-1", callers, hidden, office }
    }

    fn caller(&self, name: &str) -> &Person {
        &self.callers.iter().find(|(caller, _)| *caller == name).unwrap_or_else(|| panic!("nobody is {name}")).1
    }

    /// Sends it, and tells all that somebody at the other end, or beside the database, could compare.
    async fn tell(&self, by: &Person, path: &Path, named: &[&str]) -> Told {
        let is_subscription = path.argument.starts_with("Subscription.");
        let storage = &self.office.storage;
        // Beside an open connection the server watches over sign-ins and events: for all, in its own time.
        let statements = || if is_subscription { storage.statements_for_callers() } else { storage.statements() };
        let (before, passwords) = (statements(), password::worked());
        let accept = if is_subscription { "text/event-stream" } else { "application/graphql-response+json" };
        let request = by.request(Method::POST).header("accept", accept).timeout(Duration::from_secs(20));
        let response = request.json(&json!({"query": path.document, "variables": path.variables})).send().await.expect("an answer");
        let status = response.status().as_u16();
        let id = response.headers().get("x-request-id").and_then(|v| v.to_str().ok()).expect("a request ID").to_owned();
        let mut headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .filter(|(name, _)| !RESTLESS_HEADERS.contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        headers.sort();
        let mut body = response.text().await.expect("a body").replace(&id, "<request>");
        for named in named {
            body = body.replace(named, &"?".repeat(named.len()));
        }
        Told { status, headers, body, statements: statements() - before, passwords: password::worked() - passwords }
    }
}

impl Scene {
    /// Sends both, and says so when they can be told apart. Once more then, when all mails are on their way and the watch that a subscription
    /// began is over: their statements count, too.
    async fn compare(&self, by: &Person, one: (&Path, &[&str]), other: (&Path, &[&str]), what: &str) -> Option<String> {
        let mut fault = None;
        for _ in 0..2 {
            let (hidden, none) = (self.tell(by, one.0, one.1).await, self.tell(by, other.0, other.1).await);
            if hidden == none {
                return None;
            }
            fault = Some(format!("{what} by {}: {}\n  {hidden:?}\n  {none:?}", one.0.argument, one.0.variables));
            self.office.mail.settled().await;
            self.office.quiet().await;
        }
        fault
    }
}

/// Ben and the leaver have written to each other and met, and she has posted where others read it.
async fn talks(office: &Office) {
    let company = &office.company;
    let (clock, at) = (SystemClock, company.past());
    let mut tx = office.storage.begin().await.expect("a transaction");
    for other in [company.ben.id, company.eva.id] {
        let pair = Pair::new(company.leo.id, other).expect("two people");
        let id = tx.conversations_hold(&[(pair, tenure_core::id::ConversationId(clock.new_uuid()))]).await.expect("a conversation")[0];
        let message = tenure_core::id::MessageId(clock.new_uuid());
        let text = "Hello".to_owned();
        tx.messages_insert(&[Message { id: message, conversation: id, author: company.leo.id, text, sent_at: at }])
            .await
            .expect("a message");
    }
    for workgroup in [None, Some(company.project)] {
        let id = tenure_core::id::FeedPostId(clock.new_uuid());
        tx.feed_posts_insert(&[FeedPost { id, text: "Hello".to_owned(), author: company.leo.id, created_at: at, workgroup }])
            .await
            .expect("a post");
    }
    tx.commit().await.expect("a commit");
}

/// Whether a path is tried by a caller, of so many: others each time.
fn is_tried(path: usize, caller: usize, callers: usize) -> bool {
    (path + caller) % callers < number("TENURE_TEST_CALLERS").unwrap_or(2)
}

/// The ID next to it, which nobody and nothing has: where it stands among others decides in which order rows are held.
fn missing(id: &str) -> String {
    let (rest, last) = id.split_at(id.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

/// An address of the same length that nobody has.
fn free(address: &str) -> String {
    let (local, domain) = address.split_once('@').expect("an address");
    format!("{}@{domain}", "z".repeat(local.len()))
}

on_both! {
    /// §5, V4, V7, I11, L5: by every argument that can name a person, for everybody from whom somebody is hidden.
    async fn v4_somebody_hidden_is_answered_as_somebody_who_never_existed(db: Backend) {
        let scene = Scene::set(db).await;
        let mut faults = Vec::new();
        for (kind, named, callers) in &scene.hidden {
            let nobody = Named { id: missing(&named.id), address: free(&named.address) };
            for (place, name) in callers.iter().enumerate() {
                let by = scene.caller(name);
                by.query("{ viewer { user { id } } }", json!({})).await.ok();
                let paths = to_people(&scene, named).into_iter().zip(to_people(&scene, &nobody)).enumerate();
                for (_, (of_hidden, of_nobody)) in paths.filter(|(path, _)| is_tried(*path, place, callers.len())) {
                    if MAY_KNOW.contains(&(*kind, *name, of_hidden.argument)) {
                        continue;
                    }
                    let (one, other) = ([named.id.as_str(), &named.address], [nobody.id.as_str(), &nobody.address]);
                    faults.extend(scene.compare(by, (&of_hidden, &one), (&of_nobody, &other), &format!("{kind} to {name}")).await);
                }
            }
        }
        assert!(faults.is_empty(), "{} can be told apart:\n{}", faults.len(), faults.join("\n"));
    }

    /// V6, V7: things that are hidden, and things that never were.
    async fn v7_something_hidden_is_answered_as_something_that_never_was(db: Backend) {
        let scene = Scene::set(db).await;
        let company = &scene.office.company;
        let (ann, hr) = (scene.caller("administrator"), scene.office.sign_in(&company.hr).await);
        // What only Ann and Hana have to do with.
        let task = json!({"entities": [{"kind": "TASK", "externalId": "T", "title": "T", "responsibleId": company.hr.id, "workgroupId": null}]});
        let task = hr.run("upsertOwnedEntities", task, "entities { id }").await.ok().text("entities.0.id");
        let job = json!({"selection": {"ids": [task]}, "toUserIds": [company.ann.id]});
        let job = hr.run("reassign", job, "reassignment { id }").await.ok().text("reassignment.id");
        let token = hr.run("createAccessToken", json!({"name": "t", "permissions": ["USERS_READ"]}), "accessToken { id }").await.ok().text("accessToken.id");
        let closed = ann.run("createWorkgroup", json!({"name": "Closed", "isExtranet": false, "ownerId": company.hr.id}), "workgroup { id }").await.ok().text("workgroup.id");
        let post = hr.run("createFeedPost", json!({"text": "t", "workgroupId": closed}), "feedPost { id }").await.ok().text("feedPost.id");
        let meeting = json!({"title": "t", "startsAt": "2030-01-01T10:00:00Z", "endsAt": "2030-01-01T11:00:00Z", "attendeeIds": [company.ann.id]});
        let meeting = hr.run("scheduleMeeting", meeting, "meeting { id }").await.ok().text("meeting.id");
        let message = hr.run("sendMessage", json!({"toUserId": company.ann.id, "text": "t"}), "message { id }").await.ok().text("message.id");
        let talk = ann.query("{ viewer { conversations { nodes { id } } } }", json!({})).await.ok().text("viewer.conversations.nodes.0.id");
        let event = ann.query("{ userEvents(first: 100, filter: {kinds: [USER_DELETED]}) { nodes { id } } }", json!({})).await.ok().text("userEvents.nodes.0.id");
        let deal = company.record(&company.hr, RecordKind::Deal, State::Open).await.to_string();
        let file = company.record(&company.hr, RecordKind::File, State::Open).await.to_string();

        let plain = ["employee", "external", "token", "blind token"];
        let everybody: Vec<&str> = plain.into_iter().chain(["inviter", "dismisser", "mails"]).collect();
        let mut faults = Vec::new();
        for (id, callers) in [
            (&job, everybody.clone()),
            (&token, everybody.clone()),
            (&closed, everybody.clone()),
            (&post, everybody.clone()),
            (&meeting, everybody.clone()),
            (&message, everybody.clone()),
            (&talk, everybody.clone()),
            (&event, everybody),
            (&deal, vec!["external"]),
            (&task, vec!["external"]),
            (&file, vec!["external"]),
        ] {
            let nothing = missing(id);
            for (place, name) in callers.iter().enumerate() {
                let by = scene.caller(name);
                by.query("{ viewer { user { id } } }", json!({})).await.ok();
                let paths = to_things(&scene, id).into_iter().zip(to_things(&scene, &nothing)).enumerate();
                for (_, (of_hidden, of_nothing)) in paths.filter(|(path, _)| is_tried(*path, place, callers.len())) {
                    faults.extend(scene.compare(by, (&of_hidden, &[id]), (&of_nothing, &[&nothing]), &format!("{id} to {name}")).await);
                }
            }
        }
        assert!(faults.is_empty(), "{} can be told apart:\n{}", faults.len(), faults.join("\n"));
    }

    /// §5: EMAIL_TAKEN is the code alone, whoever holds the address.
    async fn e1_a_taken_address_tells_nothing_of_its_holder(db: Backend) {
        let scene = Scene::set(db).await;
        let company = &scene.office.company;
        let seen = company.employee("Pat", "Plain").await;
        let mut faults = Vec::new();
        for (kind, named, callers) in scene.hidden.iter().filter(|(kind, ..)| *kind != "somebody deleted") {
            for (place, name) in callers.iter().enumerate() {
                let by = scene.caller(name);
                by.query("{ viewer { user { id } } }", json!({})).await.ok();
                let paths = to_taken_addresses(&scene, &named.address).into_iter().zip(to_taken_addresses(&scene, &seen.email)).enumerate();
                for (_, (hidden, open)) in paths.filter(|(path, _)| is_tried(*path, place, callers.len())) {
                    let (one, other) = ([named.address.as_str()], [seen.email.as_str()]);
                    faults.extend(scene.compare(by, (&hidden, &one), (&open, &other), &format!("{kind} to {name}")).await);
                }
            }
        }
        assert!(faults.is_empty(), "{} can be told apart:\n{}", faults.len(), faults.join("\n"));
    }

    /// H11, §5: who may write hands their own records to any active employee, even by a token that reads nobody, and learns of everybody else
    /// no more than that they cannot be given anything.
    async fn h11_a_token_that_reads_nobody_hands_over_to_colleagues_and_learns_of_nobody_else(db: Backend) {
        let scene = Scene::set(db).await;
        let (by, company) = (scene.caller("blind token"), &scene.office.company);
        let document = "mutation($input: ReassignInput!) { reassign(input: $input) { __typename userErrors { code message field } } }";
        let path = |to: &str| Path {
            argument: "ReassignInput.toUserIds",
            document: document.to_owned(),
            variables: json!({"input": {"selection": {"ids": [scene.deal]}, "toUserIds": [to], "dryRun": true}}),
        };
        by.query("{ viewer { user { id } } }", json!({})).await.ok();
        let nobody = missing(&company.leo.id.to_string());
        let mut faults = Vec::new();
        for (kind, named, _) in scene.hidden.iter().filter(|(kind, ..)| *kind != "a stranger") {
            let (one, other) = ([named.id.as_str()], [nobody.as_str()]);
            faults.extend(scene.compare(by, (&path(&named.id), &one), (&path(&nobody), &other), kind).await);
        }
        assert!(faults.is_empty(), "{} can be told apart:\n{}", faults.len(), faults.join("\n"));
        let refused = scene.tell(by, &path(&nobody), &[]).await;
        assert!(refused.body.contains("SUCCESSOR_NOT_ELIGIBLE"), "{refused:?}");
        let colleague = scene.tell(by, &path(&company.hr.id.to_string()), &[]).await;
        assert!(colleague.status == 200 && colleague.body.contains("\"userErrors\":[]"), "{colleague:?}");
        let seen = by.query("query($id: ID!) { node(id: $id) { id } }", json!({"id": company.hr.id})).await.ok();
        assert!(seen.body["data"]["node"].is_null(), "{:#}", seen.body);
    }

    /// No argument that takes an ID or an address is forgotten: each is in a path, or exempt with a reason.
    async fn every_argument_that_can_name_somebody_is_in_a_path(db: Backend) {
        let scene = Scene::set(db).await;
        let nobody = Named { id: missing(&scene.hidden[0].1.id), address: "nobody@example.com".to_owned() };
        let mut known: BTreeSet<String> = to_people(&scene, &nobody).iter().map(|p| p.argument.to_owned()).collect();
        for prefix in ["rsg", "tok", "wgr", "dea"] {
            known.extend(to_things(&scene, &format!("{prefix}_{}", "0".repeat(26))).iter().map(|p| p.argument.to_owned()));
        }
        known.extend(to_taken_addresses(&scene, "x@example.com").iter().map(|p| p.argument.to_owned()));
        let exempt: BTreeSet<String> = EXEMPT.iter().map(|(argument, _)| (*argument).to_owned()).collect();
        let there = arguments(scene.caller("administrator")).await;
        assert!(there.len() > 60, "{}", there.len());
        let forgotten: Vec<&String> = there.iter().filter(|a| !known.contains(*a) && !exempt.contains(*a)).collect();
        assert!(forgotten.is_empty(), "in no path of tests/it/oracles/paths.rs, and not exempt: {forgotten:#?}");
        let doubled: Vec<&String> = exempt.intersection(&known).collect();
        assert!(doubled.is_empty(), "exempt, and in a path: {doubled:?}");
        let stale: Vec<&String> = known.union(&exempt).filter(|a| !there.contains(*a) && !a.starts_with("Subscription.")).collect();
        assert!(stale.is_empty(), "there is no such argument: {stale:?}");
    }
}

/// Every argument of a field, and every field of an input, that takes an ID or an address.
async fn arguments(by: &Person) -> BTreeSet<String> {
    let document = "{ __schema { types { kind name fields { name args { name type { ...T } } } inputFields { name type { ...T } } } } }
        fragment T on __Type { name ofType { name ofType { name ofType { name } } } }";
    let answer = by.query(document, json!({})).await.ok();
    let names = |argument: &Value| {
        let mut of = &argument["type"];
        while !of["ofType"].is_null() {
            of = &of["ofType"];
        }
        ["ID", "EmailAddress"].contains(&of["name"].as_str().unwrap_or_default())
    };
    let mut found = BTreeSet::new();
    for of in answer.list("__schema.types") {
        let name = of["name"].as_str().expect("a name");
        for field in of["fields"].as_array().into_iter().flatten() {
            for argument in field["args"].as_array().into_iter().flatten().filter(|a| names(a)) {
                found.insert(format!("{name}.{}({})", field["name"].as_str().expect("a name"), argument["name"].as_str().expect("a name")));
            }
        }
        for field in of["inputFields"].as_array().into_iter().flatten().filter(|f| names(f)) {
            found.insert(format!("{name}.{}", field["name"].as_str().expect("a name")));
        }
    }
    found
}
