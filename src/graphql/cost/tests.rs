use std::sync::OnceLock;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::DocumentOperations;
use serde_json::json;

use super::*;

const INTROSPECTION: &str = "query IntrospectionQuery { __schema { queryType { name } mutationType { name } subscriptionType { name }
  types { ...FullType } directives { name description locations args { ...InputValue } } } }
fragment FullType on __Type { kind name description
  fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields { ...InputValue } interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason } possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
  ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }";

fn first(document: &ExecutableDocument) -> &OperationDefinition {
    match &document.operations {
        DocumentOperations::Single(operation) => &operation.node,
        DocumentOperations::Multiple(operations) => operations.values().next().map(|o| &o.node).expect("an operation"),
    }
}

fn schema() -> &'static Arc<Catalogue> {
    static SCHEMA: OnceLock<Arc<Catalogue>> = OnceLock::new();
    SCHEMA.get_or_init(|| Arc::new(Catalogue::of(&crate::graphql::sdl()).expect("a schema")))
}

fn price_with(document: &str, variables: Json) -> Price {
    let document = parse_query(document).expect("a document");
    let Json::Object(variables) = variables else { panic!("no object") };
    PriceList::of(schema()).price(&document, first(&document), &variables)
}

/// Cost and nodes.
fn price(document: &str) -> (u64, u64) {
    let price = price_with(document, json!({}));
    (price.cost, price.nodes)
}

#[test]
fn objects_connections_counts_and_mutations_have_their_price() {
    for (document, expected) in [
        ("{ __typename }", (1, 0)),
        ("{ systemUserId }", (1, 0)),
        ("{ viewer { user { id displayName } } }", (2, 2)),
        ("{ rateLimit { cost } }", (1, 1)),
        ("{ users(first: 50) { nodes { id } } }", (51, 50)),
        ("{ users { nodes { id } } }", (21, 20)),
        ("{ users(first: 50) { edges { cursor node { id } } } }", (51, 50)),
        ("{ users(first: 50) { pageInfo { hasNextPage } } }", (1, 0)),
        ("{ users(last: 3) { nodes { id } totalCount } }", (9, 3)),
        ("{ users(first: 2) { nodes { id } edges { node { id } } } }", (5, 4)),
        ("{ users(first: 10) { nodes { department { name } manager { id } } } }", (31, 30)),
        ("{ users(first: 10) { nodes { ownedEntities(first: 5) { nodes { id } totalCount } } } }", (1 + 10 * (1 + 1 + 5 + 5), 60)),
        ("{ users(first: 10) { nodes { offboarding { ownedEntityCounts { open } } } } }", (71, 70)),
        ("{ nodes(ids: [\"a\", \"b\", \"c\"]) { id } }", (3, 3)),
        ("{ nodes(ids: []) { id } }", (1, 1)),
        ("{ a: users(first: 1) { nodes { id } } b: users(first: 2) { nodes { id } } }", (5, 3)),
        ("mutation { signOut(input: {}) { userErrors { code } } }", (15, 5)),
        ("mutation { a: signOut(input: {}) { query { __typename } } b: signOut(input: {}) { query { __typename } } }", (22, 2)),
    ] {
        assert_eq!(price(document), expected, "{document}");
    }
}

#[test]
fn page_sizes_come_from_literals_variables_and_defaults_and_are_clamped() {
    let sized = "query($n: Int) { users(first: $n) { nodes { id } } }";
    for (variables, cost) in [
        (json!({}), 21),
        (json!({"n": null}), 21),
        (json!({"n": 7}), 8),
        (json!({"n": 0}), 2),
        (json!({"n": -1}), 2),
        (json!({"n": 101}), 101),
        (json!({"n": 9e99}), 101),
        (json!({"n": "many"}), 101),
    ] {
        assert_eq!(price_with(sized, variables.clone()).cost, cost, "{variables}");
    }
    assert_eq!(price("query($n: Int = 3) { users(first: $n) { nodes { id } } }").0, 4);
    assert_eq!(price("{ users(first: 2147483647) { nodes { id } } }").0, 101);
    assert_eq!(price("{ users(first: 2, last: 5) { nodes { id } } }").0, 6, "which is refused when it is resolved");
    let ids = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    assert_eq!(price_with(ids, json!({"ids": ["a", "b"]})).cost, 2);
    assert_eq!(price_with(ids, json!({"ids": "a"})).cost, 1);
    let many = json!({"input": {"entities": vec![json!({"kind": "DEAL"}); 40]}});
    let upsert = "mutation($input: UpsertOwnedEntitiesInput!) { upsertOwnedEntities(input: $input) { entities { id } } }";
    assert_eq!(price_with(upsert, many).cost, 50);
}

#[test]
fn of_alternatives_the_dearest_counts_and_what_all_have_counts_always() {
    let common = "{ node(id: \"a\") { id ... on Node { id } } }";
    assert_eq!(price(common), (1, 1));
    let alternatives =
        "{ node(id: \"a\") { ... on User { department { name } manager { id } } ... on Deal { responsible { displayName } } } }";
    assert_eq!(price(alternatives), (3, 3));
    let twice = "{ node(id: \"a\") { ...A ... on User { manager { id } } } } fragment A on User { department { name } }";
    assert_eq!(price(twice), (3, 3), "two fragments on one type add up");
    let interface = "{ ownedEntities(first: 10) { nodes { responsible { displayName } ... on Deal { company { id } contact { id } } ... on Task { workgroup { id } } } } }";
    assert_eq!(price(interface), (1 + 10 * (1 + 1 + 2), 40));
    let below =
        "{ node(id: \"a\") { ... on OwnedEntity { responsible { displayName } ... on Deal { company { id } } } ... on User { id } } }";
    assert_eq!(price(below), (3, 3));
    assert_eq!(price("{ viewer { ... on Deal { company { id } } } }"), (1, 1), "which can never be");
}

#[test]
fn what_is_left_out_is_free() {
    let document = "query($yes: Boolean!, $no: Boolean = false) {
        a: viewer @skip(if: true) { user { id } } b: viewer @include(if: false) { user { id } } c: viewer @skip(if: $yes) { user { id } }
        d: viewer @include(if: $no) { user { id } } ... @skip(if: true) { e: viewer { user { id } } } ...F @include(if: $no)
        g: viewer @include(if: $yes) { user { id } } h: viewer @skip(if: $no) { user { id } } }
        fragment F on Query { f: viewer { user { id } } }";
    assert_eq!(price_with(document, json!({"yes": true})).cost, 4);
    assert_eq!(price("query($unknown: Boolean) { viewer @skip(if: $unknown) { user { id } } }").0, 2);
    let introspection = price_with(INTROSPECTION, json!({}));
    assert_eq!((introspection.cost, introspection.nodes, introspection.depth), (1, 0, 0));
}

#[test]
fn depth_and_the_dearest_way_are_told() {
    let price = price_with(
        "{ viewer { user { id } } all: users(first: 30) { nodes { reports: directReports(first: 10) { nodes { id } } } } }",
        json!({}),
    );
    assert_eq!((price.cost, price.depth), (2 + 1 + 30 * (1 + 1 + 10), 5));
    assert_eq!(price.dearest, ["all", "nodes", "reports", "nodes"]);
}

#[test]
fn sums_and_products_saturate_and_bombs_are_looked_at_once() {
    let deep = |levels: usize| {
        format!("{{ users {{ nodes {{ {} id {} }} }} }}", "directReports(first: 100) { nodes { ".repeat(levels), "} } ".repeat(levels))
    };
    assert_eq!(price(&deep(12)), (u64::MAX, u64::MAX));
    let fragments: String =
        (0..60).map(|n| format!("fragment F{n} on User {{ manager {{ user {{ ...F{0} ...F{0} }} }} }} ", n + 1)).collect();
    let bomb = format!("{{ viewer {{ user {{ ...F0 }} }} }} {fragments} fragment F60 on User {{ department {{ id }} }}");
    assert!(price(&bomb).0 > 1 << 60);
}

#[test]
fn introspection_is_counted_as_it_would_be_answered() {
    let counted = Shown::of(schema());
    let count = |text: &str, limit: usize| {
        let document = parse_query(text).expect("a document");
        counted.objects(&document, first(&document), &Map::new(), limit)
    };
    assert_eq!(count("{ __type(name: \"UserStatus\") { name enumValues { name } } }", 100), Some(4));
    assert_eq!(count("{ __type(name: \"UserStatus\") { name enumValues { name } } }", 3), None);
    assert_eq!(count("query($of: String! = \"UserStatus\") { __type(name: $of) { name enumValues { name } } }", 100), Some(4));
    assert_eq!(count("{ __type(name: \"PageInfo\") { fields { name type { kind ofType { name } } } } }", 100), Some(1 + 4 + 4 + 2));
    assert_eq!(count("{ __type(name: \"Nothing\") { name } viewer { user { id } } }", 100), Some(0));
    let standard = count(INTROSPECTION, usize::MAX / 100).expect("countable");
    println!("the standard query: {standard} objects");
    assert!(standard * 3 / 2 < crate::config::Limits::default().introspection_nodes, "{standard}");
    let circle = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }";
    println!("a circle: {:?}", count(circle, usize::MAX / 100));
    let aliases: String = (0..30).map(|n| format!("a{n}: __schema {{ types {{ fields {{ name args {{ name }} }} }} }} ")).collect();
    assert_eq!(count(&format!("{{ {aliases} }}"), crate::config::Limits::default().introspection_nodes), None);
}

#[test]
fn fields_that_cannot_be_one_are_found_however_deep() {
    let list = PriceList::of(schema());
    let clash = |text: &str| list.clash(&parse_query(text).expect("a document")).map(|clash| clash.name.unwrap_or_default());
    for (document, expected) in [
        ("{ viewer { user { id } } viewer { user { displayName } } }", None),
        ("{ viewer { user { x: id } } viewer { user { x: displayName } } }", Some("x")),
        ("{ viewer { user { x: id } } ...F } fragment F on Query { viewer { user { x: displayName } } }", Some("x")),
        ("{ viewer { user { x: id ...F } } } fragment F on User { x: displayName }", Some("x")),
        ("{ users(first: 1) { nodes { id } } users(first: 2) { nodes { id } } }", Some("users")),
        ("{ users(first: 1, last: 2) { nodes { id } } users(last: 2, first: 1) { nodes { id } } }", None),
        ("{ node(id: \"a\") { ... on User { x: displayName } ... on Deal { x: title } } }", None),
        ("{ node(id: \"a\") { ... on User { x: displayName } ... on Deal { x: version } } }", Some("x")),
        ("{ node(id: \"a\") { ... on User { x: department { id } } ... on Deal { x: company { id } } } }", None),
        ("{ node(id: \"a\") { ... on User { x: department { y: id } } ... on Deal { x: company { y: version } } } }", Some("y")),
        ("{ node(id: \"a\") { x: id ... on Deal { x: version } } }", Some("x")),
        ("{ node(id: \"a\") { ... on User { x: __typename } ... on Deal { x: version } } }", Some("x")),
        ("{ __schema { types { x: name } } __schema { types { x: kind } } }", Some("x")),
        ("{ viewer { user { nope } } viewer { user { nope { id } } } }", None),
    ] {
        assert_eq!(clash(document).as_deref(), expected, "{document}");
    }
    let entangled = format!("{{ {} }}", "node(id: \"a\") { ... on User { a: id } ... on Deal { a: id } ...F } ".repeat(20));
    let fragments: String = (0..12)
        .map(|n| {
            format!(
                "fragment F{0} on Node {{ ...F{1} ... on User {{ ...F{1} }} ... on Deal {{ ...F{1} }} }} ",
                if n == 0 { String::new() } else { n.to_string() },
                n + 1
            )
        })
        .collect();
    assert!(clash(&format!("{entangled} {fragments} fragment F12 on Node {{ id }}")).is_none());
}
