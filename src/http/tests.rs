//! Requests over the wire, against the storage in memory.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tenure_core::actions::create_access_token::{CreateAccessToken, CreateAccessTokenInput};
use tenure_core::actions::create_user::{CreateUser, CreateUserInput};
use tenure_core::clock::{Clock, FixedClock, SystemClock};
use tenure_core::credential::PasswordHash;
use tenure_core::engine::{Attempt, Engine, Licence};
use tenure_core::id::UserId;
use tenure_core::mail::NoMail;
use tenure_core::memory::MemoryStorage;
use tenure_core::permission::Permission;
use tenure_core::policy::Access;
use tenure_core::secret::LinkKey;
use tenure_core::storage::Storage;

use super::Server;
use crate::config::{Config, Limits, Profile};
use crate::identity::NewAccessToken;

const NEWER: &str = "application/graphql-response+json";

/// A server of its own, and its storage.
struct Running {
    address: SocketAddr,
    engine: Engine,
    _end: tokio::sync::oneshot::Sender<()>,
    _folder: tempfile::TempDir,
}

async fn running(change: impl FnOnce(&mut Config)) -> Running {
    running_by(Arc::new(SystemClock), change).await
}

async fn running_by(clock: Arc<dyn Clock>, change: impl FnOnce(&mut Config)) -> Running {
    let folder = tempfile::tempdir().expect("folder");
    let mut config =
        Config { listen: "127.0.0.1:0".parse().expect("address"), key_file: folder.path().join("keys.json"), ..Config::default() };
    change(&mut config);
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let server = Server::bind(config, storage.clone(), clock.clone()).await.expect("binds");
    let address = server.address();
    let (end, ended) = tokio::sync::oneshot::channel();
    tokio::spawn(server.run(async move { drop(ended.await) }));
    let licence = Licence { seat_limit: None, plan: "test".into() };
    let engine = Engine::new(storage, clock, Arc::new(NoMail), LinkKey::new([0; 32]), licence);
    Running { address, engine, _end: end, _folder: folder }
}

impl Running {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        Client::new().request(method, format!("http://{}{path}", self.address))
    }

    fn post(&self, body: &Value) -> RequestBuilder {
        self.request(Method::POST, "/graphql").header("content-type", "application/json").body(body.to_string())
    }

    /// An administrator.
    async fn ann(&self, password: PasswordHash) -> UserId {
        let input = CreateUserInput {
            email: "ann@x.example".into(),
            first_name: "Ann".into(),
            last_name: "Lee".into(),
            is_administrator: true,
            department: None,
            password,
        };
        let action = CreateUser::parse(input).expect("fine");
        self.engine.perform(Some(&Access::system()), &Attempt::default(), &action).await.expect("created").user.id
    }

    /// Somebody with an access token.
    async fn integration(&self) -> (UserId, String) {
        let owner = self.ann(PasswordHash("none".into())).await;
        let secret = NewAccessToken::random().expect("random");
        let input = CreateAccessTokenInput {
            name: "sync".into(),
            permissions: Permission::UsersRead.into(),
            expires_at: None,
            owner,
            prefix: secret.prefix,
            hash: secret.hash,
        };
        let action = CreateAccessToken::parse(input, self.engine.clock().now()).expect("fine");
        self.engine.perform(Some(&Access::system()), &Attempt::default(), &action).await.expect("created");
        (owner, secret.secret)
    }
}

async fn sent(request: RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.expect("answered");
    check_headers(&response);
    let status = response.status();
    (status, serde_json::from_str(&response.text().await.expect("text")).unwrap_or_default())
}

fn check_headers(response: &Response) {
    let header = |name: &str| response.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff", "no-store"));
    assert!(!header("x-request-id").is_empty() && header("server").is_empty());
    assert!(response.headers().get_all("vary").iter().any(|v| v == "Accept"));
}

fn code(body: &Value) -> &str {
    body["errors"][0]["extensions"]["code"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn what_cannot_be_executed_has_no_data_and_a_code() {
    let server = running(|_| {}).await;
    let deep = format!("{{ viewer {{ user {}{{ id }}{} }} }}", "{ directReports { nodes ".repeat(8), " } }".repeat(8));
    let cases = [
        (json!({"query": "{"}), "GRAPHQL_PARSE_FAILED"),
        (json!({"query": "{ nope }"}), "GRAPHQL_VALIDATION_FAILED"),
        (json!({"query": "query A { __typename } query B { __typename }"}), "OPERATION_RESOLUTION_FAILURE"),
        (json!({"query": "query A { __typename }", "operationName": "B"}), "OPERATION_RESOLUTION_FAILURE"),
        (json!({"query": "query($id: ID!) { user(id: $id) { id } }"}), "BAD_USER_INPUT"),
        (
            json!({"query": "query($f: UserFilter) { users(filter: $f) { nodes { id } } }", "variables": {"f": {"statuses": ["GONE"]}}}),
            "BAD_USER_INPUT",
        ),
        (
            json!({"query": "query($f: UserFilter) { users(filter: $f) { nodes { nope } } }", "variables": {"f": 1}}),
            "GRAPHQL_VALIDATION_FAILED",
        ),
        (json!({"query": deep}), "GRAPHQL_VALIDATION_FAILED"),
        (json!({"query": format!("{{ __typename {} }}", " ".repeat(33_000))}), "GRAPHQL_VALIDATION_FAILED"),
    ];
    for (body, expected) in cases {
        let (status, json) = sent(server.post(&body)).await;
        assert_eq!((status, code(&json)), (StatusCode::OK, expected), "{body}: {json}");
        let (status, json) = sent(server.post(&body).header("accept", NEWER)).await;
        assert_eq!((status, code(&json)), (StatusCode::BAD_REQUEST, expected), "{body}: {json}");
        assert!(json.get("data").is_none(), "{json}");
        assert!(json["errors"][0]["extensions"]["requestId"].is_string(), "{json}");
    }
}

#[tokio::test]
async fn limits_say_which_and_how_much() {
    let server = running(|c| c.limits = Limits { depth: 3, cost: 4, ..Limits::default() }).await;
    let (_, json) = sent(server.post(&json!({"query": "{ users { nodes { department { name } } } }"}))).await;
    assert_eq!(
        (&json["errors"][0]["extensions"]["limit"], &json["errors"][0]["extensions"]["maximum"]),
        (&json!("depth"), &json!(3)),
        "{json}"
    );
    let (_, json) = sent(server.post(&json!({"query": "{ users(first: 4) { nodes { id version } } }"}))).await;
    let extensions = &json["errors"][0]["extensions"];
    assert_eq!(code(&json), "COST_LIMIT_EXCEEDED");
    assert_eq!((&extensions["cost"], &extensions["limit"], &extensions["nodes"]), (&json!(5), &json!(4), &json!(4)), "{json}");
    assert_eq!(extensions["path"], json!(["users", "nodes"]));
    let (_, json) = sent(server.post(&json!({"query": "{ users(first: 3) { nodes { id version } } }"}))).await;
    assert_eq!(code(&json), "UNAUTHENTICATED", "{json}");
}

#[tokio::test]
async fn http_is_spoken_as_graphql_over_http_has_it() {
    let server = running(|_| {}).await;
    let good = json!({"query": "{ __typename }"});
    let (status, json) = sent(server.post(&good).header("x-request-id", "my-own-id")).await;
    assert_eq!((status, json), (StatusCode::OK, json!({"data": {"__typename": "Query"}})));
    let (status, json) = sent(server.post(&json!({"query": "{ viewer { user { id } } }"})).header("accept", NEWER)).await;
    assert_eq!((status, json), (StatusCode::OK, json!({"data": {"viewer": null}})));
    let post = |kind: &str, body: &str| server.request(Method::POST, "/graphql").header("content-type", kind).body(body.to_owned());
    for (request, expected) in [
        (server.request(Method::GET, "/graphql?query=%7B__typename%7D"), 200),
        (server.request(Method::GET, "/graphql"), 400),
        (server.request(Method::PUT, "/graphql"), 405),
        (server.post(&good).header("accept", "text/html"), 406),
        (post("text/plain", &good.to_string()), 415),
        (post("application/x-www-form-urlencoded", "query=%7B__typename%7D"), 415),
        (post("application/json; charset=utf-16", &good.to_string()), 415),
        (post("application/json", "{"), 400),
        (post("application/json", &json!([good]).to_string()), 400),
        (post("application/json", &" ".repeat(262_145)), 413),
        (server.request(Method::GET, "/nothing"), 404),
        (server.request(Method::GET, "/health/live"), 200),
        (server.request(Method::GET, "/health/ready"), 200),
        (server.request(Method::GET, "/.well-known/jwks.json"), 200),
    ] {
        let text = format!("{request:?}");
        assert_eq!(sent(request).await.0.as_u16(), expected, "{text}");
    }
    let mutation = "mutation%7BsignIn(input:%7Bemail:%22a%22,password:%22b%22%7D)%7Bsession%7BexpiresAt%7D%7D%7D";
    let response = server.request(Method::GET, &format!("/graphql?query={mutation}")).send().await.expect("answered");
    assert_eq!((response.status().as_u16(), response.headers().get("allow").map(|v| v.as_bytes())), (405, Some(&b"POST"[..])));
}

#[tokio::test]
async fn s4_a_token_is_looked_at_once_and_its_use_is_noted() {
    let server = running(|_| {}).await;
    let (owner, secret) = server.integration().await;
    let query = json!({"query": "{ viewer { user { id } } accessTokens(first: 1) { nodes { lastUsedAt } } }"});
    let (status, json) = sent(server.post(&query).bearer_auth(&secret)).await;
    assert_eq!((status, &json["data"]["viewer"]["user"]["id"]), (StatusCode::OK, &json!(owner.to_string())), "{json}");
    let login = server.engine.storage().login_by_key("ann@x.example").await.expect("read").expect("there");
    assert_eq!(login.user.id, owner);
    let hash = tenure_core::credential::SecretHash::of(&secret);
    let principal = server.engine.storage().token_principal(hash).await.expect("read").expect("there");
    assert!(principal.token.last_used_at.is_some());
}

#[tokio::test]
async fn an_expired_session_token_is_good_for_a_refresh_alone() {
    let clock = Arc::new(FixedClock::new(SystemClock.now()));
    let server = running_by(clock.clone(), |_| {}).await;
    let passwords = crate::identity::password::Passwords::new().expect("ready");
    server.ann(passwords.hash("plum-otter-vivid-93").await.expect("hash")).await;
    let text = "mutation { signIn(input: { email: \"ann@x.example\", password: \"plum-otter-vivid-93\" }) { session { accessToken refreshToken } } }";
    let (_, json) = sent(server.post(&json!({ "query": text }))).await;
    let session = &json["data"]["signIn"]["session"];
    let token = session["accessToken"].as_str().expect("signed in");
    let viewer = json!({"query": "{ viewer { user { id } } }"});
    assert!(sent(server.post(&viewer).bearer_auth(token)).await.1["data"]["viewer"]["user"]["id"].is_string());
    clock.set(clock.now().plus_seconds(700));
    assert_eq!(sent(server.post(&viewer).bearer_auth(token)).await.0, StatusCode::UNAUTHORIZED);
    let refresh = "refreshSession(input: { refreshToken: $t }) { session { accessToken } userErrors { code } }";
    let variables = json!({ "t": session["refreshToken"] });
    let both = json!({"query": format!("mutation($t: String!) {{ {refresh} other: signOut(input: {{}}) {{ userErrors {{ code }} }} }}"), "variables": variables});
    assert_eq!(sent(server.post(&both).bearer_auth(token)).await.0, StatusCode::UNAUTHORIZED);
    let alone = json!({"query": format!("mutation($t: String!) {{ {refresh} }}"), "variables": variables});
    let (status, json) = sent(server.post(&alone).bearer_auth(token)).await;
    let token = json["data"]["refreshSession"]["session"]["accessToken"].as_str().expect("refreshed");
    assert_eq!(status, StatusCode::OK);
    assert_eq!(sent(server.post(&viewer).bearer_auth(token)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_bad_credential_is_turned_away() {
    let server = running(|_| {}).await;
    let (_, secret) = server.integration().await;
    let other = NewAccessToken::random().expect("random").secret;
    for value in ["Bearer x", "Basic eDp5", "Bearer", &format!("Bearer {}", &secret[..59]), &format!("Bearer {other}")] {
        let response = server.post(&json!({"query": "{ __typename }"})).header("authorization", value).send().await.expect("answered");
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{value}");
        assert!(response.headers().contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn in_production_the_schema_is_for_who_is_signed_in() {
    let server = running(|c| c.profile = Profile::Production).await;
    let (_, secret) = server.integration().await;
    let hidden = json!({"query": "{ ...F } fragment F on Query { __schema { queryType { name } } }"});
    let (_, json) = sent(server.post(&hidden)).await;
    assert_eq!((code(&json), json.get("data")), ("GRAPHQL_VALIDATION_FAILED", None));
    assert_eq!(sent(server.post(&hidden).bearer_auth(&secret)).await.1["data"]["__schema"]["queryType"]["name"], "Query");
    // RFC 6750 §3.1: without a credential, nothing is said to be wrong with it.
    for (credential, challenge) in [(None, "Bearer realm=\"tenure\""), (Some("x"), "Bearer realm=\"tenure\", error=\"invalid_token\"")] {
        let request = server.request(Method::GET, "/schema.graphql");
        let request = credential.into_iter().fold(request, |request, credential| request.bearer_auth(credential));
        let answer = request.send().await.expect("answered");
        assert_eq!((answer.status(), answer.headers()["www-authenticate"].as_bytes()), (StatusCode::UNAUTHORIZED, challenge.as_bytes()));
    }
    assert_eq!(sent(server.request(Method::GET, "/schema.graphql").bearer_auth(&secret)).await.0, StatusCode::OK);
    assert_eq!(sent(server.request(Method::GET, "/graphiql")).await.0, StatusCode::NOT_FOUND);
    let (_, json) = sent(server.post(&json!({"query": "{ viewr { user { id } } }"}))).await;
    assert!(!json.to_string().contains("Did you mean"), "{json}");
}

#[tokio::test]
async fn in_development_everybody_reads_the_schema_and_finds_graphiql() {
    let server = running(|_| {}).await;
    let (status, json) = sent(server.post(&json!({"query": INTROSPECTION}))).await;
    assert_eq!((status, json.get("errors")), (StatusCode::OK, None), "{json}");
    assert_eq!(sent(server.request(Method::GET, "/schema.graphql")).await.0, StatusCode::OK);
    let response = server.request(Method::GET, "/graphiql").send().await.expect("answered");
    assert!(response.headers().get("content-security-policy").is_some_and(|v| v.as_bytes().starts_with(b"default-src 'none'")));
}

#[tokio::test]
async fn only_listed_origins_are_answered_as_such() {
    let server = running(|c| c.allowed_origins = vec!["https://app.example.com".into()]).await;
    for (origin, expected) in [("https://app.example.com", true), ("https://evil.example", false)] {
        let preflight =
            server.request(Method::OPTIONS, "/graphql").header("access-control-request-method", "POST").header("origin", origin);
        for request in [preflight, server.post(&json!({"query": "{ __typename }"})).header("origin", origin)] {
            let response = request.send().await.expect("answered");
            assert!(response.status().is_success());
            assert_eq!(response.headers().contains_key("access-control-allow-origin"), expected, "{origin}");
        }
    }
}

/// What graphql-js asks, as deep as its newest version does.
pub(super) const INTROSPECTION: &str =
    "query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name }
  types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
  fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";
