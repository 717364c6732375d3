//! Documents by the specification: what is not valid is not executed, what is valid is executed once, and says what it says.

use serde_json::{Value, json};

use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

async fn posts(by: &Person) -> Vec<Value> {
    let answer = by.query("{ feedPosts { nodes { text } } }", json!({})).await.ok();
    answer.list("feedPosts.nodes").iter().map(|node| node["text"].clone()).collect()
}

on_both! {
    /// GraphQL §6.3.2: fields of one name in the answer are one field, wherever they are written.
    async fn a_mutation_of_one_name_is_run_once(db: Backend) {
        let office = Office::open(db).await;
        let ben = office.sign_in(&office.company.ben).await;
        let document = "mutation($yes: Boolean!) { ...F ... on Mutation { createFeedPost(input: {text: \"m\"}) { feedPost { id } } }
            ...F @include(if: $yes) other: createFeedPost(input: {text: \"o\"}) @skip(if: $yes) { feedPost { id } } }
            fragment F on Mutation { createFeedPost(input: {text: \"m\"}) { feedPost { text } userErrors { code } } }";
        let answer = ben.query(document, json!({"yes": true})).await.ok();
        assert_eq!(answer.at("createFeedPost.feedPost.text"), "m");
        assert!(answer.at("createFeedPost.feedPost.id").is_string() && answer.body["data"].get("other").is_none(), "{:#}", answer.body);
        assert_eq!(posts(&ben).await, ["m"]);
        let twice = ben.query("{ feedPosts(first: 0) { totalCount } ... { feedPosts(first: 0) { totalCount } } }", json!({})).await;
        assert_eq!(twice.error_codes(), ["BAD_USER_INPUT"], "told once");
    }

    /// GraphQL §5.6: a fault in a literal is found before anything is done, whatever stands beside it; and the literal is not repeated.
    async fn what_is_not_valid_does_nothing(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, leaver) = (office.sign_in(&company.ann).await, company.employee("Lea", "Leaver").await);
        let id = leaver.id;
        let made = "a: createFeedPost(input: {text: \"first of two\"}) { userErrors { code } }";
        for (document, variables) in [
            // A typo beside a variable without a value: in earnest it would be dismissal, not a dry run.
            ("mutation($key: String, $id: ID!) { dismiss(input: {userId: $id, dryrun: true, idempotencyKey: $key}) { user { status } } }".to_owned(), json!({"id": id})),
            (format!("mutation {{ {made} b: createFeedPost(input: \"SECRET\") {{ userErrors {{ code }} }} }}"), json!({})),
            (format!("mutation($x: ID) {{ {made} b: dismiss(input: {{userId: $x}}) {{ userErrors {{ code }} }} }}"), json!({})),
            (format!("mutation($x: [Nope] = [1]) {{ {made} b: dismiss(input: {{userId: $x}}) {{ userErrors {{ code }} }} }}"), json!({})),
            (format!("mutation {{ {made} b: dismiss(input: {{userId: \"x\", reason: 7}}) {{ userErrors {{ code }} }} }}"), json!({})),
            ("mutation { signIn(input: \"SECRET\") { userErrors { code } } }".to_owned(), json!({})),
            ("query($n: Int = \"SECRET\") { users(first: $n) { totalCount } }".to_owned(), json!({})),
            ("{ users(filter: {statuses: \"SECRET\"}) { totalCount } }".to_owned(), json!({})),
            ("{ users(first: 2147483648) { totalCount } }".to_owned(), json!({})),
            ("{ viewer { __typename(x: 1) { y } } }".to_owned(), json!({})),
            ("{ __typename @nothing }".to_owned(), json!({})),
            ("query Q { viewer { user { id } } } query Q { viewer { user { id } } }".to_owned(), json!({})),
            ("{ users(filter: {statuses: [ACTIVE], statuses: [DISMISSED]}) { totalCount } }".to_owned(), json!({})),
        ] {
            let answer = ann.post(&json!({"query": document, "variables": variables})).await;
            let codes = answer.error_codes();
            assert!(!codes.is_empty() && codes.iter().all(|code| code == "GRAPHQL_VALIDATION_FAILED"), "{document}: {:#}", answer.body);
            assert!(answer.body.get("data").is_none(), "{document}: {:#}", answer.body);
            assert!(!answer.body.to_string().contains("SECRET"), "{document}: {:#}", answer.body);
        }
        // By its type it might be null, by its place it may not.
        let document = format!("mutation($x: ID = \"y\") {{ {made} b: dismiss(input: {{userId: $x}}) {{ userErrors {{ code }} }} }}");
        ann.post(&json!({"query": document, "variables": {"x": null}})).await.fails("BAD_USER_INPUT");
        let document = "mutation($ids: [ID!], $to: [ID!]!) { reassign(input: {selection: {ids: $ids}, toUserIds: $to}) { userErrors { code } } }";
        ann.post(&json!({"query": document, "variables": {"to": [id]}})).await.fails("BAD_USER_INPUT");
        assert_eq!(posts(&ann).await, Vec::<Value>::new());
        let status = ann.query("query($id: ID!) { user(id: $id) { status } }", json!({"id": id})).await.ok();
        assert_eq!(status.at("user.status"), "ACTIVE");
    }

    /// GraphQL §2, §5: what is valid is not refused.
    async fn what_is_valid_is_executed(db: Backend) {
        let office = Office::open(db).await;
        let ann = office.sign_in(&office.company.ann).await;
        let id = office.company.ben.id;
        for (document, name, variables) in [
            ("query($v: Boolean!) { viewer { __typename @include(if: $v) user { id } } }", None, json!({"v": true})),
            ("query A($x: Int) { ...F } query B($x: ID!) { user(id: $x) { id } } fragment F on Query { users(first: $x) { totalCount } }", Some("B"), json!({"x": id})),
            ("query($ids: [ ID! ] !) { nodes(ids: $ids) { ... on # whoever\n User { id } } }", None, json!({"ids": [id]})),
            ("\"Who am I?\" query Q { viewer { user { id } } }", None, json!({})),
            ("query($x: ID = \"usr_00000000000000000000000000\") { user(id: $x) { id } }", None, json!({})),
            ("query($s: [UserStatus!]) { users(filter: {statuses: $s}) { totalCount } }", None, json!({"s": null})),
        ] {
            let body = json!({"query": document, "operationName": name, "variables": variables});
            ann.post(&body).await.ok();
        }
    }

    /// GraphQL §2.9.4: strings, in blocks and by number.
    async fn strings_say_what_they_say(db: Backend) {
        let office = Office::open(db).await;
        let ben = office.sign_in(&office.company.ben).await;
        for (literal, text) in [
            ("\"\"\"\n    Dear \\\"\"\"all\\\"\"\",\n  \n      yours\n  \"\"\"", "Dear \"\"\"all\"\"\",\n\n  yours"),
            (r#""\u{1F600} \uD83D\uDE00 \u00e9 \"""#, "😀 😀 é \""),
        ] {
            let made = ben.query(&format!("mutation {{ createFeedPost(input: {{text: {literal}}}) {{ feedPost {{ text }} }} }}"), json!({})).await.ok();
            assert_eq!(made.at("createFeedPost.feedPost.text"), text);
        }
        for broken in [r#""\uD83D""#, r#""\u{110000}""#, r#""\u{}""#, r#""\u{D800}""#] {
            let document = format!("mutation {{ createFeedPost(input: {{text: {broken}}}) {{ feedPost {{ text }} }} }}");
            ben.post(&json!({"query": document})).await.fails("GRAPHQL_PARSE_FAILED");
        }
    }
}
