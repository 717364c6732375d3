//! Documents against the schema of the API.

use async_graphql::parser::parse_query;

use super::*;

fn rules() -> Rules {
    Rules::of(&Arc::new(Catalogue::of(&crate::graphql::sdl()).expect("a schema")))
}

fn texts(document: &str) -> Vec<String> {
    let rules = rules();
    let document = parse_query(document).unwrap_or_else(|error| panic!("{document}: {error}"));
    let violations = rules.check(&document);
    assert!(violations.iter().all(|v| !v.positions.is_empty() && !v.text.contains("SECRET") && v.text.ends_with('.')), "{violations:?}");
    violations.into_iter().map(|violation| violation.text).collect()
}

#[test]
fn what_is_valid_passes() {
    for document in [
        "{ users(first: 2, filter: {statuses: ACTIVE, departmentIds: [\"a\", 7]}) { totalCount } }",
        "query($n: Int = 3, $id: ID!, $ids: [ID!]) { users(first: $n, filter: {departmentIds: $ids}) { totalCount } user(id: $id) { __typename id } }",
        "query($id: ID = \"x\") { user(id: $id) { id } }",
        "query($id: ID!) { nodes(ids: [$id, \"b\"]) { id } }",
        "query($s: [UserStatus!]! = [ACTIVE]) { users(filter: {statuses: $s}) { totalCount } }",
        "query($yes: Boolean!) { viewer { __typename @include(if: $yes) ...F @skip(if: $yes) } } fragment F on Viewer { user { id } }",
        "query($all: Boolean! = true) { __type(name: \"User\") { fields(includeDeprecated: $all) { name } } __schema { types { enumValues { name } } } }",
        "mutation($input: DismissInput!) { dismiss(input: $input) { userErrors { code } } }",
        "mutation($id: ID!, $key: String) { dismiss(input: {userId: $id, idempotencyKey: $key, handover: null, dryRun: true}) { userErrors { code } } }",
        "query { ...F } fragment F on Query { ... { __schema { types { name } } } }",
        "query($at: DateTime) { users(filter: {dismissedAt: {from: $at, until: \"2026-01-01T00:00:00Z\"}}) { totalCount } }",
    ] {
        assert_eq!(texts(document), Vec::<String>::new(), "{document}");
    }
}

#[test]
fn literals_are_of_the_type_of_their_place() {
    for document in [
        "{ users(filter: 1) { totalCount } }",
        "{ users(filter: \"SECRET\") { totalCount } }",
        "{ users(filter: []) { totalCount } }",
        "{ users(filter: {statuses: \"ACTIVE\"}) { totalCount } }",
        "{ users(filter: {statuses: [ACTIVE, GONE]}) { totalCount } }",
        "{ users(filter: {nothing: 1}) { totalCount } }",
        "{ users(filter: {dismissedAt: {from: \"SECRET\"}}) { totalCount } }",
        "{ users(first: 2147483648) { totalCount } }",
        "{ users(first: 1.5) { totalCount } }",
        "{ users(first: \"1\") { totalCount } }",
        "{ user(id: null) { id } }",
        "{ user(id: true) { id } }",
        "{ nodes(ids: [\"a\", null]) { id } }",
        "{ viewer @include(if: \"SECRET\") { user { id } } }",
        "mutation { signIn(input: \"SECRET\") { userErrors { code } } }",
        "mutation { signIn(input: [{email: \"a\", password: \"SECRET\", more: 1}]) { userErrors { code } } }",
        // With a variable beside it that has no value.
        "mutation($key: String, $id: ID!) { dismiss(input: {userId: $id, dryrun: true, idempotencyKey: $key}) { userErrors { code } } }",
        "mutation($key: String) { dismiss(input: {idempotencyKey: $key}) { userErrors { code } } }",
        "{ __type(name: 1) { name } }",
        "query($n: Int = \"SECRET\") { users(first: $n) { totalCount } }",
        "query($f: UserFilter = {statuses: [NO]}) { users(filter: $f) { totalCount } }",
        "query($f: UserFilter = 7) { users(filter: $f) { totalCount } }",
    ] {
        assert_eq!(texts(document).len(), 1, "{document}: {:?}", texts(document));
    }
    let text =
        texts("mutation { reassign(input: {selection: {matching: {kinds: [DEAL, NO]}}, toUserIds: [\"a\"]}) { userErrors { code } } }");
    assert_eq!(text, ["`input` of `reassign`, at `selection.matching.kinds.1`: expected a value of type `OwnedEntityKind!`."]);
}

#[test]
fn one_field_of_one_is_given() {
    let select = |selection: &str| {
        texts(&format!(
            "mutation($ids: [ID!], $sure: [ID!]!) {{ reassign(input: {{selection: {selection}, toUserIds: $sure}}) {{ userErrors {{ code }} }} }}"
        ))
    };
    assert_eq!(select("{ids: $sure}"), Vec::<String>::new());
    assert_eq!(select("{ids: $ids}"), Vec::<String>::new(), "if it has a value");
    for selection in ["{}", "{ids: [\"a\"], matching: {}}", "{ids: null}", "{ids: $sure, matching: null}"] {
        assert_eq!(select(selection).len(), 1, "{selection}");
    }
}

#[test]
fn variables_may_stand_where_they_stand() {
    for document in [
        "query($x: Int!) { user(id: $x) { id } }",
        "query($x: ID) { user(id: $x) { id } }",
        "query($x: ID = null) { user(id: $x) { id } }",
        "query($x: [[ID!]!]!) { users(filter: {departmentIds: $x}) { totalCount } }",
        "query($x: [ID]) { users(filter: {departmentIds: $x}) { totalCount } }",
        "query($x: ID) { nodes(ids: [$x]) { id } }",
        "query($x: ID!) { nodes(ids: $x) { id } }",
        "query($x: String) { viewer { user { id @include(if: $x) } } }",
        "query($x: Boolean) { viewer { __typename @include(if: $x) } }",
        "query($x: Int) { ...F } fragment F on Query { ...G } fragment G on Query { user(id: $x) { id } }",
        "query { viewer { __typename @include(if: $x) } }",
        "query { user(id: $x) { id } }",
        "query A($x: ID!) { ...F } query B { ...F } fragment F on Query { user(id: $x) { id } }",
    ] {
        assert_eq!(texts(document).len(), 1, "{document}: {:?}", texts(document));
    }
}

#[test]
fn variables_have_types_of_input() {
    for document in [
        "query($x: Nope) { users(first: $x) { totalCount } }",
        "query($x: [Nope] = [1]) { nodes(ids: $x) { id } }",
        "query($x: User) { viewer { user { id } } }",
    ] {
        assert!(!texts(document).is_empty(), "{document}");
    }
    assert_eq!(texts("query($x: Int @include(if: true)) { users(first: $x) { totalCount } }").len(), 1);
}

#[test]
fn fields_of_every_type_stand_where_they_may() {
    for document in [
        "{ __typename { x } }",
        "{ viewer { __typename(x: 1) } }",
        "mutation { signOut { query { ... { __schema { types { name } } } } } }",
        "mutation { signOut { query { ...F } } } fragment F on Query { ...G } fragment G on Query { __schema { types { name } } }",
    ] {
        assert_eq!(texts(document).len(), 1, "{document}");
    }
}

#[test]
fn more_than_ten_violations_help_nobody() {
    let fields: String = (0..20).map(|n| format!("a{n}: users(filter: 1) {{ totalCount }} ")).collect();
    assert_eq!(texts(&format!("{{ {fields} }}")).len(), VIOLATIONS_MAX);
}

#[test]
fn null_is_no_default() {
    let rules = rules();
    let text = "query Q($a: ID = \"x\", $n: Int = 2, $all: Boolean = true) { ...F users(first: $n) { totalCount } __type(name: \"User\") { fields(includeDeprecated: $all) { name } } }
        fragment F on Query { user(id: $a) { id } }";
    let document = parse_query(text).expect("parses");
    assert_eq!(texts(text), Vec::<String>::new());
    let (_, operation) = document.operations.iter().next().expect("an operation");
    let demands = rules.demands(&document, &operation.node);
    assert_eq!((demands.not_null, demands.given), (["a", "all"].into(), [].into()));
    let document = parse_query(
        "mutation($ids: [ID!], $to: [ID!]!) { reassign(input: {selection: {ids: $ids}, toUserIds: $to}) { userErrors { code } } }",
    );
    let document = document.expect("parses");
    let (_, operation) = document.operations.iter().next().expect("an operation");
    let demands = rules.demands(&document, &operation.node);
    assert_eq!((demands.not_null, demands.given), (["to"].into(), ["ids"].into()));
}
