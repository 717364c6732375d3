//! Valid operations that nobody thought of, generated from the schema, by several kinds of caller: whatever they ask, the server knows an
//! answer, and the company's books are in order afterwards.

mod generator;
mod schema;

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::company::Member;
use crate::support::dice::Dice;
use crate::support::invariants::Books;
use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;
use crate::support::operations;
use crate::support::person::Person;
use generator::{Generator, Ids};
use schema::Schema;

/// Operations of a run on both databases together.
const OPERATIONS: usize = 2_000;
/// Operations in one company: after so many, too few people are left who can still sign in.
const COMPANY_OPERATIONS: usize = 1_000;
/// How many run at once.
const CALLERS: usize = 3;
/// A session's token works ten minutes.
const SIGN_IN_EVERY: usize = 400;

/// Something of everything, made over the API; the identifiers of all of it.
async fn furnish(office: &Office) -> Ids {
    let company = &office.company;
    let mut ids: Vec<String> = Vec::new();
    let mut others = Vec::new();
    for name in ["Olga", "Otto", "Orla", "Omar", "Odin", "Oona"] {
        others.push(company.employee(name, "Other").await);
    }
    for owner in [&company.leo, &company.emma, &others[0], &others[1]] {
        ids.extend(company.records_of_all_kinds(owner).await.iter().map(ToString::to_string));
    }
    let hr = office.sign_in(&company.hr).await;
    let ann = office.sign_in(&company.ann).await;
    let reassign = json!({"selection": {"matching": {"responsibleIds": [company.leo.id]}}, "toUserIds": [others[1].id]});
    let found = hr.run("reassign", reassign, "reassignment { id }").await;
    ids.extend(found.payload()["reassignment"]["id"].as_str().map(str::to_owned));
    let made = [
        ann.run("createFeedPost", json!({"text": "Hello"}), "feedPost { id }").await,
        ann.run("sendMessage", json!({"toUserId": others[0].id, "text": "Hello"}), "message { id }").await,
        ann.run("createAccessToken", json!({"name": "a", "permissions": ["USERS_READ"]}), "accessToken { id }").await,
        hr.run("dismiss", json!({"userId": others[2].id}), "user { id }").await,
        hr.run(
            "invite",
            json!({"email": "ina.invited@example.com", "kind": "INTRANET", "firstName": "Ina", "lastName": "Invited"}),
            "user { id }",
        )
        .await,
    ];
    for outcome in made {
        collect(outcome.payload(), &mut ids);
    }
    let all =
        "{ userEvents(first: 30) { nodes { id } } feedPosts { nodes { id } } accessTokens { nodes { id } } workgroups { nodes { id } }
        departments { nodes { id } } viewer { conversations { nodes { id messages { nodes { id } } } } } }";
    collect(&ann.query(all, json!({})).await.body, &mut ids);
    ids.extend(others.iter().chain([&company.leo]).map(|member| member.id.to_string()));
    ids.extend([company.sales, company.service].map(|id| id.to_string()));
    ids.extend([company.inside, company.project, company.portal].map(|id| id.to_string()));
    // Those who ask are not there to be dismissed: they would ask nothing more.
    let callers = [&company.ann, &company.hr, &company.ben, &company.emma, &company.eva].map(|member| member.id.to_string());
    ids.retain(|id| !callers.contains(id));
    ids
}

/// All that is called `id`.
fn collect(value: &serde_json::Value, ids: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(fields) => {
            for (name, inner) in fields {
                match inner.as_str() {
                    Some(id) if name == "id" => ids.push(id.to_owned()),
                    _ => collect(inner, ids),
                }
            }
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, ids)),
        _ => {}
    }
}

/// Somebody who asks; signs in again when a session has ended.
struct Caller {
    person: Person,
    member: Option<Member>,
}

impl Caller {
    async fn again(&mut self, office: &Office) {
        if let Some(member) = &self.member {
            // Who may not sign in any more asks as nobody.
            let stranger = office.server.anonymous();
            let input = json!({"input": {"email": member.email, "password": PASSWORD}});
            let answer =
                stranger.query("mutation($input: SignInInput!) { signIn(input: $input) { session { accessToken } } }", input).await;
            let token = answer.body["data"]["signIn"]["session"]["accessToken"].as_str().map(str::to_owned);
            self.person = token.map_or(stranger, |token| office.server.with_token(&token));
        }
    }
}

async fn ask(office: &Office, schema: &Schema, ids: &Ids, first: usize, end: usize) -> BTreeMap<String, usize> {
    let company = &office.company;
    let mut callers = Vec::new();
    for member in [&company.ann, &company.hr, &company.emma, &company.eva] {
        callers.push(Caller { person: office.sign_in(member).await, member: Some(member.clone()) });
    }
    let token = json!({"name": "sync", "permissions": ["USERS_READ", "ENTITIES_WRITE", "AUDIT_READ"]});
    let secret = callers[0].person.run("createAccessToken", token, "secret").await.ok().text("secret");
    callers.push(Caller { person: office.server.with_token(&secret), member: None });
    callers.push(Caller { person: office.server.anonymous(), member: None });

    let mut codes: BTreeMap<String, usize> = BTreeMap::new();
    for (round, number) in (first..end).step_by(CALLERS).enumerate() {
        let mut dice = Dice::new(number as u64 + 1_000_000);
        let place = dice.below(callers.len());
        if round % SIGN_IN_EVERY == SIGN_IN_EVERY - 1 {
            for caller in &mut callers {
                caller.again(office).await;
            }
        }
        let drawn = Generator::draw(schema, ids, &mut dice);
        let mut answer = callers[place].person.query(&drawn.query, drawn.variables.clone()).await;
        if answer.status == 401 {
            callers[place].again(office).await;
            answer = callers[place].person.query(&drawn.query, drawn.variables.clone()).await;
        }
        let what = || format!("operation {number}: {}\n{}\n{:#}", drawn.query, drawn.variables, answer.body);
        assert!(answer.status.as_u16() < 500, "{}: {}", answer.status, what());
        let found = answer.error_codes();
        for code in &found {
            let is_ours =
                matches!(code.as_str(), "?" | "INTERNAL_SERVER_ERROR" | "GRAPHQL_PARSE_FAILED" | "GRAPHQL_VALIDATION_FAILED" | "TIMEOUT");
            assert!(!is_ours, "{code}: {}", what());
        }
        let kind = if drawn.is_mutation { "mutation" } else { "query" };
        let result = if found.is_empty() { "fine" } else { found[0].as_str() };
        *codes.entry(format!("{kind} {result}")).or_default() += 1;
    }
    codes
}

on_both! {
    async fn operations_that_nobody_thought_of_are_answered(db: Backend) {
        let schema = Schema::read();
        let total = operations(OPERATIONS).div_ceil(2);
        let mut codes: BTreeMap<String, usize> = BTreeMap::new();
        for begin in (0..total).step_by(COMPANY_OPERATIONS) {
            let office = Office::open(db).await;
            let ids = furnish(&office).await;
            let end = total.min(begin + COMPANY_OPERATIONS);
            let callers = (0..CALLERS).map(|caller| ask(&office, &schema, &ids, begin + caller, end));
            for found in futures_util::future::join_all(callers).await {
                for (code, count) in found {
                    *codes.entry(code).or_default() += count;
                }
            }
            Books::checked(&office.storage, None).await;
        }
        println!("{total} operations: {codes:?}");
        let fine: usize = codes.iter().filter(|(code, _)| code.ends_with(" fine")).map(|(_, count)| count).sum();
        assert!(fine > total / 5, "too few did anything: {codes:?}");
    }
}
