//! Every limit of an operation, over HTTP: at the limit it is answered, one above it says which limit, what it allows, and what to do.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tenure::config::Limits;
use tenure_core::clock::{Clock, FixedClock};
use tenure_core::storage::{LockMode, PeopleRead, Storage, Transaction};
use tenure_core::time::Timestamp;

use crate::support::answer::Answer;
use crate::support::company::{Member, State};
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::server::Wish;

/// What the only error of an answer says of itself.
fn excess(answer: &Answer) -> (String, String, u64) {
    let errors = answer.body["errors"].as_array().unwrap_or_else(|| panic!("no error: {:#}", answer.body));
    assert!(errors.len() == 1 && answer.body.get("data").is_none(), "{:#}", answer.body);
    let (message, extensions) = (errors[0]["message"].as_str().expect("a text"), &errors[0]["extensions"]);
    assert!(message.len() <= 200 && message.contains(": ") && message.ends_with('.'), "says what to do: {message}");
    let text = |name: &str| extensions[name].as_str().unwrap_or_default().to_owned();
    (text("code"), text("limit"), extensions["maximum"].as_u64().unwrap_or_default())
}

/// A document of so many parts; beside it the limit and its maximum.
type Case = (&'static str, usize, fn(usize) -> String);

const CASES: &[Case] = &[
    ("documentBytes", 32 * 1024, |n| format!("{{__typename}}{}", " ".repeat(n - 12))),
    ("tokens", 4_000, |n| format!("{{ viewer {{ user {{ {} }} }} }}", "id ".repeat(n - 8))),
    ("nameBytes", 255, |n| format!("{{ {}: __typename }}", "a".repeat(n))),
    ("bracketDepth", 64, |n| format!("{{ {} __typename {} }}", "... { ".repeat(n - 1), "} ".repeat(n - 1))),
    ("definitions", 20, |n| (0..n).map(|i| format!("query Q{i} {{ __typename }} ")).collect()),
    ("aliases", 30, |n| format!("{{ viewer {{ user {{ {} }} }} }}", (0..n).map(|i| format!("a{i}: id ")).collect::<String>())),
    ("rootFields", 20, |n| format!("{{ {} ...F }} fragment F on Query {{ viewer {{ user {{ id }} }} }}", "__typename ".repeat(n - 1))),
    ("mutations", 5, |n| {
        format!(
            "mutation {{ {} }}",
            (0..n)
                .map(|i| format!("m{i}: cancelReassignment(input: {{reassignmentId: \"x\"}}) {{ userErrors {{ code }} }} "))
                .collect::<String>()
        )
    }),
    ("signIn", 1, |n| {
        let one = |i| format!("s{i}: signIn(input: {{email: \"a\", password: \"b\"}}) {{ userErrors {{ code }} }} ");
        format!("mutation {{ {} }}", (0..n).map(one).collect::<String>())
    }),
    ("acceptInvitation", 1, |n| {
        let one = |i| format!("a{i}: acceptInvitation(input: {{token: \"a\", password: \"b\"}}) {{ userErrors {{ code }} }} ");
        format!("mutation {{ {} }}", (0..n).map(one).collect::<String>())
    }),
    ("directives", 50, |n| format!("{{ viewer {{ user {{ {} }} }} }}", "id @skip(if: false) ".repeat(n))),
    // One kind of directive may stand in one place once, which the validation says.
    ("fieldDirectives", 4, |n| format!("{{ viewer {{ user {{ id {} }} }} }}", "@skip(if: false) ".repeat(n))),
    ("selections", 10_000, |n| {
        let (spreads, rest) = ((n - 2) / 11, (n - 2) % 11);
        let (spread, ids) = ("...F ".repeat(spreads), "id ".repeat(rest));
        format!("{{ viewer {{ user {{ {spread}{ids} }} }} }} fragment F on User {{ id id id id id id id id id id }}")
    }),
    ("introspectionLists", 3, |n| format!("{{ __type(name: \"User\") {{ {} name {} }} }}", "fields { type { ".repeat(n), "} } ".repeat(n))),
    ("depth", 15, |n| {
        let (open, close) = ("department { head { user { ".repeat((n - 3) / 3), "} } } ".repeat((n - 3) / 3));
        let rest = ["id", "department { name }", "department { head { displayName } }"][(n - 3) % 3];
        format!("{{ viewer {{ user {{ {open} {rest} {close} }} }} }}")
    }),
];

/// Page sizes, cost and nodes of one list.
fn page(size: usize) -> String {
    format!("{{ users(first: {size}) {{ nodes {{ id }} }} rateLimit {{ limit cost nodeCount remaining resetAt }} }}")
}

async fn raw(person: &Person, query: &str) -> Answer {
    let request = person.request(Method::POST).header("accept", "application/graphql-response+json").json(&json!({ "query": query }));
    Answer::read(request.send().await.expect("an answer")).await
}

/// A server of which a minute's budget and all times are known: 18 s of the minute are gone.
fn counting(wish: Wish, clock: &Arc<FixedClock>) -> Wish {
    let mut wish = wish.with_clock(clock.clone()).without_polling();
    wish.config.rate_limit = Some(100);
    wish
}

fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(Timestamp(1_795_000_020 * Timestamp::SECOND).plus_seconds(18)))
}

/// Holds the row that every change of this person needs, or all writing where there is one writer.
async fn hold(office: &Office, member: &Member) -> Box<dyn Transaction> {
    let mut held = office.storage.begin().await.expect("a transaction");
    held.users_lock(&[(member.id, LockMode::Exclusive)]).await.expect("the lock");
    held
}

on_both! {
    async fn every_limit_of_a_document_holds_at_its_edge(db: Backend) {
        let office = Office::open(db).await;
        let ann = office.sign_in(&office.company.ann).await;
        for (limit, maximum, make) in CASES {
            let answer = raw(&ann, &make(*maximum)).await;
            let limited = answer.body["errors"][0]["extensions"].get("limit");
            assert!(answer.status.as_u16() < 500 && limited.is_none(), "{limit} at {maximum}: {:#}", answer.body);
            let answer = raw(&ann, &make(maximum + 1)).await;
            assert_eq!(answer.status, 400);
            assert_eq!(excess(&answer), ("GRAPHQL_VALIDATION_FAILED".into(), (*limit).into(), *maximum as u64));
        }
        let circle = raw(&ann, "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }").await;
        assert_eq!(excess(&circle), ("GRAPHQL_VALIDATION_FAILED".into(), "fragmentCycles".into(), 0));
        let clash = raw(&ann, "{ viewer { user { x: id } } viewer { user { x: displayName } } }").await;
        assert_eq!(excess(&clash).0, "GRAPHQL_VALIDATION_FAILED");
        let syntax = raw(&ann, "{ viewer(secret: \"tok_1234567890\" ").await.fails("GRAPHQL_PARSE_FAILED");
        assert!(!syntax.body.to_string().contains("tok_"), "{:#}", syntax.body);
        let bodies = raw(&ann, &" ".repeat(262_144)).await;
        assert_eq!((bodies.status.as_u16(), bodies.error_codes().remove(0).as_str()), (413, "BAD_USER_INPUT"));
    }

    async fn cost_and_nodes_say_what_is_dear(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            wish.config.limits = Limits { cost: 52, nodes: 51, introspection_nodes: 20, ..Limits::default() };
            wish
        }).await;
        let ann = office.sign_in(&office.company.ann).await;
        raw(&ann, &page(50)).await.ok();
        let dear = raw(&ann, &page(51)).await.fails("COST_LIMIT_EXCEEDED");
        let error = &dear.body["errors"][0];
        let told = ["cost", "limit", "nodes"].map(|name| error["extensions"][name].as_u64());
        assert_eq!((told, &error["extensions"]["path"]), ([Some(53), Some(52), Some(52)], &json!(["users", "nodes"])), "{error:#}");
        assert!(error["message"].as_str().is_some_and(|text| text.contains("53") && text.contains("52")), "{error:#}");
        // All nodes, and no connection: as many points as objects.
        let many = |n: usize| format!("{{ nodes(ids: [{}]) {{ id }} }}", "\"usr_x\" ".repeat(n));
        raw(&ann, &many(52)).await.fails("COST_LIMIT_EXCEEDED");
        let answer = raw(&ann, &many(52)).await;
        assert_eq!(answer.body["errors"][0]["extensions"]["limit"], 51, "{:#}", answer.body);
        let shown = raw(&ann, "{ __type(name: \"UserStatus\") { enumValues { name } } __schema { types { name } } }").await;
        assert_eq!(excess(&shown), ("GRAPHQL_VALIDATION_FAILED".into(), "introspectionNodes".into(), 20));
    }

    async fn a_budget_is_the_caller_s_and_comes_back_with_the_minute(db: Backend) {
        let clock = clock();
        let office = Office::open_with(db, |wish| counting(wish, &clock)).await;
        let ann = office.sign_in(&office.company.ann).await;
        let hr = office.sign_in(&office.company.hr).await;
        let answer = ann.query(&page(49), json!({})).await.ok();
        let header = answer.headers.get("ratelimit").and_then(|v| v.to_str().ok()).expect("a header").to_owned();
        assert_eq!(header, "limit=100, remaining=49, reset=42, cost=51, nodes=50");
        let resets_at = clock.now().plus_seconds(42).to_rfc3339();
        let told = json!({"limit": 100, "cost": 51, "nodeCount": 50, "remaining": 49, "resetAt": resets_at});
        assert_eq!(answer.at("rateLimit"), &told);
        // Another session of hers has no other budget; others have their own.
        let again = office.sign_in(&office.company.ann).await;
        let over = again.query(&page(49), json!({})).await.fails("RATE_LIMITED");
        assert_eq!((over.status.as_u16(), over.headers["retry-after"].to_str().expect("seconds")), (429, "42"));
        assert_eq!(over.headers["ratelimit"], "limit=100, remaining=49, reset=42, cost=51, nodes=50");
        let extensions = &over.body["errors"][0]["extensions"];
        assert_eq!((&extensions["limit"], &extensions["resetAt"]), (&json!(100), &json!(resets_at)));
        assert!(over.body.get("data").is_none(), "{:#}", over.body);
        hr.query(&page(49), json!({})).await.ok();
        // What is not paid for is not done.
        let before = office.storage.users_by_id(&[office.company.emma.id]).await.expect("Emma").remove(0).version;
        let users = "query { users(first: 33) { nodes { id } } }";
        ann.query(users, json!({})).await.ok();
        let rename = json!({"userId": office.company.emma.id, "jobTitle": "Poorer"});
        let outcome = ann.run("updateUser", rename, "user { version }").await;
        outcome.fails("RATE_LIMITED");
        assert_eq!(office.storage.users_by_id(&[office.company.emma.id]).await.expect("Emma").remove(0).version, before);
        // What cannot be executed costs nothing.
        for _ in 0..3 {
            let broken = ann.query("{ users { nodes { id ", json!({})).await.fails("GRAPHQL_PARSE_FAILED");
            assert!(!broken.headers.contains_key("ratelimit"));
        }
        let cheap = ann.query("{ __typename }", json!({})).await.ok();
        assert_eq!(cheap.headers["ratelimit"].to_str().ok(), Some("limit=100, remaining=14, reset=42, cost=1, nodes=0"));
        clock.set(clock.now().plus_seconds(42));
        let fresh = ann.query(&page(49), json!({})).await.ok();
        assert_eq!(fresh.headers["ratelimit"].to_str().ok(), Some("limit=100, remaining=49, reset=60, cost=51, nodes=50"));
    }

    async fn tokens_and_strangers_have_budgets_of_their_own(db: Backend) {
        let clock = clock();
        let office = Office::open_with(db, |wish| counting(wish, &clock)).await;
        let ann = office.sign_in(&office.company.ann).await;
        let token = ann.run("createAccessToken", json!({"name": "sync", "permissions": ["USERS_READ"]}), "secret").await.ok().text("secret");
        ann.query(&page(49), json!({})).await.ok();
        ann.query(&page(49), json!({})).await.fails("RATE_LIMITED");
        let token = office.server.with_token(&token);
        token.query(&page(49), json!({})).await.ok();
        token.query(&page(49), json!({})).await.fails("RATE_LIMITED");
        let stranger = office.server.anonymous();
        let own = stranger.query("{ rateLimit { limit cost } }", json!({})).await.ok();
        assert_eq!(own.at("rateLimit"), &json!({"limit": 100, "cost": 1}), "open to everybody");
        let asked = ann.request(Method::POST).header("origin", office.server.url("").trim_end_matches('/').to_owned());
        let answer = asked.json(&json!({"query": "{ __typename }"})).send().await.expect("an answer");
        let exposed = answer.headers()["access-control-expose-headers"].to_str().expect("names").to_owned();
        assert!(exposed.contains("ratelimit") && exposed.contains("retry-after"), "{exposed}");
    }

    async fn without_a_limit_there_is_no_budget_to_show(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            wish.config.rate_limit = None;
            wish
        }).await;
        let ann = office.sign_in(&office.company.ann).await;
        let answer = ann.query("{ rateLimit { limit } }", json!({})).await.ok();
        assert_eq!((answer.at("rateLimit"), answer.headers.get("ratelimit")), (&Value::Null, None));
    }

    /// A value of two bytes takes hundreds in memory: they have a limit of their own, on every way in.
    async fn values_of_variables_are_counted(db: Backend) {
        let office = Office::open(db).await;
        let ann = office.sign_in(&office.company.ann).await;
        let maximum = Limits::default().values;
        // Beside the list and what is in it: its name, the body and what it has.
        let variables = |values: usize| json!({"x": vec![1; values - 5]});
        let query = "query($y: Int) { departments(first: $y) { totalCount } }";
        let body = |values: usize| json!({"query": query, "variables": variables(values), "operationName": null});
        let ask = async |values: usize| Answer::read(ann.request(Method::POST).json(&body(values)).send().await.expect("an answer")).await;
        ask(maximum).await.ok();
        let refused = ask(maximum + 1).await;
        assert_eq!(refused.status.as_u16(), 400);
        assert_eq!(excess(&refused), ("BAD_USER_INPUT".to_owned(), "values".to_owned(), maximum as u64));
        let get = async |values: usize| {
            let mut request = ann.request(Method::GET).build().expect("a request");
            // As short as it may be written: a target has 64 KiB at most.
            request.url_mut().set_query(Some(&format!("query={query}&variables={}", json!({"x": vec![1; values - 2]}))));
            Answer::read(reqwest::Client::new().execute(request).await.expect("an answer")).await
        };
        get(maximum).await.ok();
        assert_eq!(excess(&get(maximum + 1).await), ("BAD_USER_INPUT".to_owned(), "values".to_owned(), maximum as u64));
        // A listener keeps them: fewer are enough.
        let listen = json!({"kinds": vec!["USER_HIRED"; 1_000]});
        let tail = "subscription($x: UserEventFilter) { userEvents(filter: $x) { sequence } }";
        let request = ann.request(Method::POST).header("accept", "text/event-stream").json(&json!({"query": tail, "variables": {"x": listen}}));
        let refused = Answer::read(request.send().await.expect("an answer")).await;
        assert_eq!(excess(&refused), ("BAD_USER_INPUT".to_owned(), "values".to_owned(), 1_000));
        let mut socket = ann.socket().await;
        socket.subscribe("0", tail, json!({"x": listen})).await;
        assert_eq!(socket.error_codes("0").await, ["BAD_USER_INPUT"]);
        socket.say(json!({"type": "subscribe", "id": "1", "payload": body(maximum)})).await;
        socket.closes(1009, "A message may have 20000 values: TENURE_LIMIT_VALUES").await;
    }

    /// Who has the place holds it until the end, and who waits does not wait long.
    async fn so_many_operations_run_at_once_and_no_more(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            wish.config.limits = Limits { concurrency: 1, queue_milliseconds: 1_000, ..Limits::default() };
            wish
        }).await;
        let ann = office.sign_in(&office.company.ann).await;
        let held = hold(&office, &office.company.emma).await;
        let rename = json!({"userId": office.company.emma.id, "jobTitle": "Waited"});
        let (slow, refused) = tokio::join!(ann.run("updateUser", rename, "user { jobTitle }"), async {
            // Once the change is under way, which takes as long as it takes.
            let mut answer = ann.query("{ __typename }", json!({})).await;
            for _ in 0..100 {
                if answer.status == 503 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                answer = ann.query("{ __typename }", json!({})).await;
            }
            drop(held);
            answer
        });
        let refused = refused.fails("SERVICE_UNAVAILABLE");
        assert_eq!((refused.status.as_u16(), refused.headers["retry-after"].to_str().ok()), (503, Some("1")));
        assert_eq!(refused.body["errors"][0]["extensions"]["limit"], 1);
        slow.ok();
        // Free again; and who comes while another one runs has their turn.
        let (one, other) = tokio::join!(ann.query("{ __typename }", json!({})), ann.query("{ __typename }", json!({})));
        one.ok();
        other.ok();
    }

    /// The storage is as slow as it gets: what the change needs is held by somebody else for longer than the operation may take.
    async fn after_the_deadline_nothing_is_changed_and_nothing_is_held(db: Backend) {
        let office = Office::open_with(db, |mut wish| {
            wish.config.limits = Limits { seconds: 1, ..Limits::default() };
            wish
        }).await;
        let ann = office.sign_in(&office.company.ann).await;
        let emma = office.company.emma.clone();
        let before = office.storage.users_by_id(&[emma.id]).await.expect("Emma");
        let update = "mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { jobTitle } userErrors { code } } }";
        for _ in 0..2 {
            let held = hold(&office, &emma).await;
            let events = "SELECT count(*) FROM event";
            let written = office.database.number(events).await;
            let (late, ()) = tokio::join!(ann.query(update, json!({"input": {"userId": emma.id, "jobTitle": "Late"}})), async {
                tokio::time::sleep(Duration::from_millis(1_900)).await;
                drop(held);
            });
            let late = late.fails("TIMEOUT");
            assert_eq!((late.status.as_u16(), &late.body["data"]), (200, &json!({"updateUser": null})));
            assert_eq!(late.body["errors"][0]["path"], json!(["updateUser"]));
            assert_eq!(office.storage.users_by_id(&[emma.id]).await.expect("Emma"), before);
            assert_eq!(office.database.number(events).await, written);
        }
        // More changes than there are connections: each is back in the pool, and in no transaction.
        for number in 0..8 {
            ann.run("updateUser", json!({"userId": emma.id, "jobTitle": format!("In time {number}")}), "user { jobTitle }").await.ok();
        }
        if db == Backend::Postgres {
            let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
            assert_eq!(office.database.number(idle).await, 0);
        }
    }

    /// V8
    async fn page_sizes_are_from_1_to_100_on_every_list(db: Backend) {
        let office = Office::open(db).await;
        let ann = office.sign_in(&office.company.ann).await;
        let (user, sales, project) = (office.company.ann.id, office.company.sales, office.company.project);
        let deal = office.company.record(&office.company.ann, tenure_core::record::RecordKind::Deal, State::Open).await;
        let company = office.company.record(&office.company.ann, tenure_core::record::RecordKind::Company, State::Open).await;
        let task = office.company.record(&office.company.ann, tenure_core::record::RecordKind::Task, State::Open).await;
        let within = |id: String, of: &str| (format!("{{ node(id: \"{id}\") {{ ... on {of} {{ "), " } } }".to_owned(), of.to_owned());
        let places = [
            ("{ ".to_owned(), " }".to_owned(), "Query".to_owned()),
            ("{ viewer { ".to_owned(), " } }".to_owned(), "Viewer".to_owned()),
            within(user.to_string(), "User"),
            within(sales.to_string(), "Department"),
            within(project.to_string(), "Workgroup"),
            within(deal.to_string(), "Deal"),
            within(company.to_string(), "Company"),
            within(task.to_string(), "Task"),
        ];
        let sdl = include_str!("../../schema.graphql");
        let mut lists = 0;
        for (open, close, of) in places {
            let body = sdl.split(&format!("\ntype {of} ")).nth(1).and_then(|rest| rest.split("\n}\n").next()).expect("the type");
            // A list is what takes a page size, and stands before it.
            let fields: Vec<&str> = body.split("(\n    \"Page size from the start").map(|before| before.rsplit_once("\n  ").map_or("", |(_, name)| name)).collect();
            for field in &fields[..fields.len() - 1] {
                lists += 1;
                for (arguments, argument) in [("first: 0", "first"), ("first: 101", "first"), ("last: -1", "last"), ("last: 101", "last"), ("first: 1, last: 1", "last")] {
                    let answer = raw(&ann, &format!("{open} {field}({arguments}) {{ pageInfo {{ endCursor }} }} {close}")).await;
                    assert_eq!(answer.error_codes(), ["BAD_USER_INPUT"], "{of}.{field}({arguments}): {:#}", answer.body);
                    assert_eq!(answer.body["errors"][0]["extensions"]["argument"], argument, "{of}.{field}({arguments})");
                }
                for arguments in ["first: 1", "first: 100", "last: 1", "last: 100"] {
                    raw(&ann, &format!("{open} {field}({arguments}) {{ pageInfo {{ endCursor }} }} {close}")).await.ok();
                }
            }
        }
        assert!(lists >= 25, "{lists} lists");
    }
}
