//! Requests over the storage in memory. What needs HTTP or a database is in `tests/it`.

use std::sync::Arc;

use async_graphql::{Request, Variables};
use serde_json::{Value, json};
use tenure_core::actions::create_user::{CreateUser, CreateUserInput};
use tenure_core::actions::create_workgroup::CreateWorkgroup;
use tenure_core::actions::dismiss::{Dismiss, DismissInput};
use tenure_core::actions::move_to_extranet::{MoveToExtranet, MoveToExtranetInput};
use tenure_core::actions::sign_in::SignIn;
use tenure_core::actions::upsert_owned_entities::UpsertOwnedEntities;
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::credential::{PasswordHash, SecretHash};
use tenure_core::engine::{Attempt, Engine, Licence};
use tenure_core::id::{UserId, WorkgroupId};
use tenure_core::mail::NoMail;
use tenure_core::memory::MemoryStorage;
use tenure_core::policy::Access;
use tenure_core::record::RecordKind;
use tenure_core::secret::LinkKey;
use tenure_core::steps::input::Patch;
use tenure_core::steps::record_input::RecordInput;

use super::{Api, Bill, Call};
use crate::config::Config;
use crate::identity::{Caller, Identity};
use crate::live::Live;

struct World {
    engine: Arc<Engine>,
    api: Api,
    _keys: tempfile::TempDir,
}

impl World {
    fn new() -> World {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let licence = Licence { seat_limit: Some(50), plan: "test".into() };
        let engine = Arc::new(Engine::new(Arc::new(MemoryStorage::new()), clock.clone(), Arc::new(NoMail), LinkKey::new([7; 32]), licence));
        let keys = tempfile::tempdir().expect("a directory");
        let identity = Identity::open(&keys.path().join("keys"), clock.clone()).expect("keys");
        let live = Live::new(engine.storage().clone(), clock, std::time::Duration::from_secs(1));
        let api = Api::new(engine.clone(), Arc::new(identity), Arc::new(Config::default()), Arc::new(live));
        World { engine, api, _keys: keys }
    }

    async fn person(&self, name: &str, is_administrator: bool) -> UserId {
        let input = CreateUserInput {
            email: format!("{name}@example.com"),
            first_name: name.into(),
            last_name: "Example".into(),
            is_administrator,
            department: None,
            password: PasswordHash(format!("hash of {name}")),
        };
        let action = CreateUser::parse(input).expect("good shape");
        self.engine.perform(Some(&Access::system()), &Attempt::default(), &action).await.expect("created").user.id
    }

    async fn access(&self, user: UserId) -> Access {
        let storage = self.engine.storage();
        let row = storage.users_by_id(&[user]).await.expect("read").pop().expect("exists");
        let login_key = row.login_email.expect("has a login").key().to_owned();
        let password = storage.login_by_key(&login_key).await.expect("read").expect("held").password.expect("chosen");
        let refresh = SecretHash::of(&self.engine.clock().new_uuid().to_string());
        let action = SignIn { user, login_key, password, refresh, lifetime_seconds: 3600 };
        let session = self.engine.perform(None, &Attempt::default(), &action).await.expect("signs in").session.id;
        let principal = storage.session_principal(session).await.expect("read").expect("lasts");
        Access::of_session(&principal, self.engine.clock().now()).expect("signed in")
    }

    async fn workgroup(&self, by: &Access, name: &str, is_extranet: bool) -> WorkgroupId {
        let action = CreateWorkgroup::parse(name, is_extranet, None).expect("good shape");
        self.engine.perform(Some(by), &Attempt::default(), &action).await.expect("created").workgroup.expect("earnest").id
    }

    async fn deals(&self, owner: UserId, label: &str, count: usize) {
        let inputs = (0..count).map(|n| deal(owner, format!("{label}-{n:03}")));
        let action = UpsertOwnedEntities::parse(inputs.collect()).expect("good shape");
        self.engine.perform(Some(&Access::system()), &Attempt::default(), &action).await.expect("upserted");
    }

    async fn dismiss(&self, by: &Access, user: UserId) {
        let input = DismissInput {
            user_id: user,
            reason: None,
            note: Some("secret".into()),
            handover: None,
            new_manager_id: None,
            expected_version: None,
        };
        let action = Dismiss::parse(input).expect("good shape");
        self.engine.perform(Some(by), &Attempt::default(), &action).await.expect("dismissed");
    }

    async fn ask(&self, caller: Caller, query: &str, variables: Value) -> Value {
        let request = Request::new(query).variables(Variables::from_json(variables));
        let response = self.api.execute(request, Call { caller, request_id: "req-test".into(), peer: None, bill: Bill::default() }).await;
        serde_json::to_value(response).expect("a response is JSON")
    }

    async fn run(&self, by: &Access, query: &str, variables: Value) -> Value {
        self.ask(Caller::Signed(by.clone()), query, variables).await
    }
}

fn deal(owner: UserId, external_id: String) -> RecordInput {
    RecordInput {
        kind: RecordKind::Deal,
        title: Patch::Set(format!("Deal {external_id}")),
        external_id,
        responsible_id: Some(owner),
        responsible_email: None,
        is_closed: None,
        stage: Patch::Keep,
        source: Patch::Keep,
        amount: Patch::Keep,
        currency: Patch::Keep,
        company_external_id: Patch::Keep,
        contact_external_id: Patch::Keep,
        deal_external_id: Patch::Keep,
        subject_kind: Patch::Keep,
        subject_external_id: Patch::Keep,
        activity_type: Patch::Keep,
        due_at: Patch::Keep,
        due_on: Patch::Keep,
        email: Patch::Keep,
        phone: Patch::Keep,
        website: Patch::Keep,
        industry: Patch::Keep,
        workgroup_id: Patch::Keep,
        participants: Patch::Keep,
        size_in_bytes: Patch::Keep,
        media_type: Patch::Keep,
    }
}

fn codes(response: &Value) -> Vec<&str> {
    response["errors"].as_array().into_iter().flatten().filter_map(|e| e["extensions"]["code"].as_str()).collect()
}

#[tokio::test]
async fn an_anonymous_caller_gets_nulls_and_is_told_so() {
    let world = World::new();
    let answer = world.ask(Caller::Anonymous, "{ viewer { permissions } settings { version } users { totalCount } }", json!({})).await;
    assert_eq!(answer["data"], json!({"viewer": null, "settings": null, "users": null}));
    assert_eq!(codes(&answer), ["UNAUTHENTICATED", "UNAUTHENTICATED"]);
}

#[tokio::test]
async fn a_missing_permission_nulls_its_own_field_alone() {
    let world = World::new();
    let _ann = world.person("Ann", true).await;
    let bob = world.person("Bob", false).await;
    world.deals(bob, "b", 1).await;
    let access = world.access(bob).await;
    let answer = world
        .run(
            &access,
            "{ viewer { user { displayName } } license { seatsUsed } ownedEntities { nodes { title provenance { displayName } } } }",
            json!({}),
        )
        .await;
    assert_eq!(answer["data"]["viewer"]["user"]["displayName"], "Bob Example");
    assert_eq!(answer["data"]["license"], Value::Null);
    assert_eq!(answer["data"]["ownedEntities"]["nodes"][0], json!({"title": "Deal b-000", "provenance": null}));
    assert_eq!(codes(&answer), ["FORBIDDEN", "FORBIDDEN"]);
    let required: Vec<&Value> =
        answer["errors"].as_array().expect("errors").iter().map(|e| &e["extensions"]["requiredPermissions"]).collect();
    assert!(required.contains(&&json!(["USERS_INVITE", "USERS_DISMISS"])) && required.contains(&&json!(["ADMINISTRATE"])), "{required:?}");
}

const PAGE: &str = "query($first: Int, $after: String, $last: Int, $before: String) {
  ownedEntities(first: $first, after: $after, last: $last, before: $before, orderBy: {field: TITLE, direction: ASC}) {
    nodes { title } totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

#[tokio::test]
async fn v8_pages_know_their_neighbours_in_both_directions() {
    let world = World::new();
    let ann = world.person("Ann", true).await;
    world.deals(ann, "x", 7).await;
    let access = world.access(ann).await;
    let page = |variables: Value| {
        let (world, access) = (&world, &access);
        async move { world.run(access, PAGE, variables).await["data"]["ownedEntities"].clone() }
    };
    let flags = |p: &Value| {
        (p["nodes"].as_array().map_or(0, Vec::len), p["pageInfo"]["hasNextPage"].clone(), p["pageInfo"]["hasPreviousPage"].clone())
    };
    let first = page(json!({"first": 3})).await;
    assert_eq!((flags(&first), &first["totalCount"]), ((3, json!(true), json!(false)), &json!(7)));
    let end = &first["pageInfo"]["endCursor"];
    let second = page(json!({"first": 3, "after": end})).await;
    assert_eq!(flags(&second), (3, json!(true), json!(true)));
    let third = page(json!({"first": 3, "after": second["pageInfo"]["endCursor"]})).await;
    assert_eq!(flags(&third), (1, json!(false), json!(true)));
    let beyond = page(json!({"first": 3, "after": third["pageInfo"]["endCursor"]})).await;
    assert_eq!((flags(&beyond), &beyond["pageInfo"]["endCursor"]), ((0, json!(false), json!(true)), &Value::Null));
    let back = page(json!({"last": 3, "before": second["pageInfo"]["startCursor"]})).await;
    assert_eq!((flags(&back), &back["nodes"]), ((3, json!(true), json!(false)), &first["nodes"]));
    let last = page(json!({"last": 2})).await;
    assert_eq!(flags(&last), (2, json!(false), json!(true)));
    let between = page(json!({"first": 9, "after": end, "before": third["pageInfo"]["startCursor"]})).await;
    assert_eq!(flags(&between), (3, json!(true), json!(true)));

    let wrong = world
        .run(&access, "query($c: String) { users(after: $c) { totalCount } ownedEntities(after: $c) { totalCount } }", json!({"c": end}))
        .await;
    assert_eq!((&wrong["data"], codes(&wrong)), (&json!({"users": null, "ownedEntities": null}), vec!["BAD_USER_INPUT", "BAD_USER_INPUT"]));
    let size = world.run(&access, "{ users(first: 101) { totalCount } }", json!({})).await;
    assert_eq!((&size["errors"][0]["extensions"]["argument"], codes(&size)), (&json!("first"), vec!["BAD_USER_INPUT"]));
}

#[tokio::test]
async fn a_leaver_is_a_name_to_colleagues_and_a_person_to_administrators() {
    let world = World::new();
    let (ann, bob, cid) = (world.person("Ann", true).await, world.person("Bob", false).await, world.person("Cid", false).await);
    world.deals(cid, "c", 2).await;
    let admin = world.access(ann).await;
    world.dismiss(&admin, cid).await;
    let colleague = world.access(bob).await;
    let query = "query($id: ID!) { user(id: $id) { status dismissal { note } } node(id: $id) { id }
      all: users { totalCount nodes { displayName } } leavers: users(filter: {statuses: [DISMISSED]}) { totalCount nodes { displayName } }
      theirs: ownedEntities(filter: {responsibleIds: [$id]}) { totalCount }
      orphaned: ownedEntities(filter: {isOrphaned: true}) { nodes { viewerCanReassign responsible { kind displayName user { id } } } } }";
    let seen = world.run(&colleague, query, json!({"id": cid.to_string()})).await;
    let data = &seen["data"];
    assert_eq!((seen.get("errors"), &data["user"], &data["node"]), (None, &Value::Null, &Value::Null), "{seen}");
    assert_eq!(
        (&data["all"]["totalCount"], &data["leavers"]["totalCount"], &data["theirs"]["totalCount"]),
        (&json!(2), &json!(0), &json!(0))
    );
    let byline = json!({"viewerCanReassign": true, "responsible": {"kind": "USER", "displayName": "Cid Example", "user": null}});
    assert_eq!(data["orphaned"]["nodes"], json!([byline, byline]), "H6, V6: the name stays");

    let seen = world.run(&admin, query, json!({"id": cid.to_string()})).await;
    let data = &seen["data"];
    assert_eq!(data["user"], json!({"status": "DISMISSED", "dismissal": {"note": "secret"}}));
    assert_eq!(
        (&data["all"]["totalCount"], &data["leavers"]["totalCount"], &data["theirs"]["totalCount"]),
        (&json!(2), &json!(1), &json!(2))
    );
    assert_eq!(data["orphaned"]["nodes"][0]["responsible"]["user"]["id"], json!(cid.to_string()));

    let order = "{ users(orderBy: {field: DISMISSED_AT, direction: DESC}, filter: {statuses: [DISMISSED]}) { nodes { displayName } } }";
    assert_eq!(codes(&world.run(&colleague, order, json!({})).await), ["FORBIDDEN"]);
    assert_eq!(world.run(&admin, order, json!({})).await["data"]["users"]["nodes"][0]["displayName"], "Cid Example");
}

#[tokio::test]
async fn v3_an_external_person_sees_members_of_their_workgroups_and_little_of_them() {
    let world = World::new();
    let (ann, bob, eve) = (world.person("Ann", true).await, world.person("Bob", false).await, world.person("Eve", false).await);
    let admin = world.access(ann).await;
    let group = world.workgroup(&admin, "Partners", true).await;
    let input = MoveToExtranetInput {
        user_id: eve,
        workgroup_ids: vec![group],
        login_email: None,
        new_manager_id: None,
        handover: None,
        activate_now: true,
        expected_version: None,
    };
    let action = MoveToExtranet::parse(input).expect("good shape");
    world.engine.perform(Some(&admin), &Attempt::default(), &action).await.expect("moved");
    let external = world.access(eve).await;
    let query = "query($id: ID!, $bob: ID!) { settings { version } users { totalCount } bob: node(id: $bob) { id } workgroups { nodes { name memberCount } }
      node(id: $id) { ... on Workgroup { members { nodes { member { user { displayName jobTitle contactEmail manager { kind } tasks { totalCount } isAdministrator
      viewerCannotDismissReasons offboarding { ownedEntityTotal } } } } } } } viewer { user { kind department { id } directReports { totalCount } workgroups { nodes { workgroup { name } member { displayName } } }
      viewerCanDismiss viewerCannotHireReasons permissions } } }";
    let seen = world.run(&external, query, json!({"id": group.to_string(), "bob": bob.to_string()})).await;
    let data = &seen["data"];
    assert_eq!(
        (&data["settings"], &data["users"], &data["bob"], codes(&seen)),
        (&Value::Null, &Value::Null, &Value::Null, vec!["FORBIDDEN"])
    );
    assert_eq!(data["workgroups"]["nodes"], json!([{"name": "Partners", "memberCount": 2}]));
    let member = json!({"displayName": "Ann Example", "jobTitle": null, "contactEmail": null, "manager": null, "tasks": {"totalCount": 0},
      "isAdministrator": true, "viewerCannotDismissReasons": ["NOT_PERMITTED"], "offboarding": null});
    assert_eq!(data["node"]["members"]["nodes"][0]["member"]["user"], member);
    let user = &data["viewer"]["user"];
    assert_eq!((&user["kind"], &user["directReports"], &user["permissions"]), (&json!("EXTRANET"), &Value::Null, &json!([])));
    assert_eq!(user["workgroups"]["nodes"], json!([{"workgroup": {"name": "Partners"}, "member": {"displayName": "Eve Example"}}]));
}

#[tokio::test]
async fn r9_reasons_are_what_the_mutation_answers() {
    let world = World::new();
    let (ann, bob) = (world.person("Ann", true).await, world.person("Bob", false).await);
    let admin = world.access(ann).await;
    let query = "query($id: ID!) { user(id: $id) { version viewerCanDismiss viewerCannotDismissReasons viewerCanHire viewerCannotHireReasons viewerCanReassign
      offboarding { ownedEntityTotal liveCredentialCount directReportCount emailUsages { address roles remedies holder { displayName } } } } }";
    let own = world.run(&admin, query, json!({"id": ann.to_string()})).await["data"]["user"].clone();
    assert_eq!(own["viewerCannotDismissReasons"], json!(["CANNOT_DISMISS_SELF", "LAST_ADMINISTRATOR"]));
    let other = world.run(&admin, query, json!({"id": bob.to_string()})).await["data"]["user"].clone();
    assert_eq!((&other["viewerCanDismiss"], &other["viewerCannotHireReasons"]), (&json!(true), &json!(["NOT_DISMISSED"])));
    assert_eq!(other["offboarding"]["emailUsages"][0]["remedies"], json!(["TRANSFER_EMAIL", "RELEASE_EMAIL", "DELETE_USER"]));

    let dismiss = "mutation($id: ID!) { dismiss(input: {userId: $id, dryRun: false, idempotencyKey: \"k1\"}) {
      user { status } revokedCredentialCount plannedCounts { kind } userErrors { code message field } query { viewer { user { id } } } } }";
    let done = world.run(&admin, dismiss, json!({"id": bob.to_string()})).await["data"]["dismiss"].clone();
    let expected = json!({"user": {"status": "DISMISSED"}, "revokedCredentialCount": 0, "plannedCounts": null, "userErrors": [],
      "query": {"viewer": {"user": {"id": ann.to_string()}}}});
    assert_eq!(done, expected);
    let again = world.run(&admin, dismiss, json!({"id": bob.to_string()})).await["data"]["dismiss"].clone();
    assert_eq!(again, expected, "I8");
    let refused = world.run(&admin, dismiss, json!({"id": ann.to_string()})).await["data"]["dismiss"]["userErrors"][0].clone();
    assert_eq!((&refused["code"], &refused["field"]), (&json!("IDEMPOTENCY_KEY_REUSED"), &json!(["input", "idempotencyKey"])));
    let bad = world.run(&admin, dismiss, json!({"id": "usr_nonsense"})).await;
    assert_eq!((&bad["data"]["dismiss"], &bad["errors"][0]["extensions"]["argument"]), (&Value::Null, &json!("input.userId")));
}

#[tokio::test]
async fn nested_lists_and_nodes_answer_in_order() {
    let world = World::new();
    let ann = world.person("Ann", true).await;
    for n in 1..5 {
        let user = world.person(&format!("P{n}"), false).await;
        world.deals(user, &format!("p{n}"), n).await;
    }
    let admin = world.access(ann).await;
    let query = "{ users { nodes { displayName ownedEntities(first: 2) { totalCount pageInfo { hasNextPage } edges { cursor node { __typename kind responsible { displayName }
      ... on Deal { stage activities { totalCount } } ownershipChanges { totalCount } } } } tasks { totalCount } } } }";
    let users = world.run(&admin, query, json!({})).await;
    assert_eq!(users.get("errors"), None, "{users}");
    let totals: Vec<&Value> =
        users["data"]["users"]["nodes"].as_array().expect("a list").iter().map(|u| &u["ownedEntities"]["totalCount"]).collect();
    assert_eq!(json!(totals), json!([0, 1, 2, 3, 4]));
    let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }";
    let unknown = ann.to_string().replace("usr", "dea");
    let answer = world.run(&admin, nodes, json!({"ids": [unknown, ann.to_string(), tenure_core::id::SettingsId::ONLY.to_string()]})).await;
    assert_eq!(answer["data"]["nodes"][0], Value::Null);
    assert_eq!(
        (&answer["data"]["nodes"][1]["__typename"], &answer["data"]["nodes"][2]["__typename"]),
        (&json!("User"), &json!("Settings"))
    );
}

#[tokio::test]
async fn the_queries_whose_cost_is_bounded_are_valid() {
    let world = World::new();
    let ann = world.person("Ann", true).await;
    let admin = world.access(ann).await;
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queries");
    for entry in std::fs::read_dir(folder).expect("the queries") {
        let path = entry.expect("an entry").path();
        let query = std::fs::read_to_string(&path).expect("a query");
        let mut answer = Value::Null;
        // An ID fits some of them only.
        for id in [ann.to_string(), ann.to_string().replace("usr", "rsg")] {
            answer = world.run(&admin, &query, json!({"first": 5, "id": id, "ids": [id], "before": ""})).await;
            if answer.get("errors").is_none() {
                break;
            }
        }
        assert!(codes(&answer).iter().all(|code| *code == "BAD_USER_INPUT"), "{}: {answer}", path.display());
        assert_eq!(codes(&answer).len(), answer["errors"].as_array().map_or(0, Vec::len), "{}: {answer}", path.display());
    }
}
