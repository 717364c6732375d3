//! `createFeedPost`, and who reads which feed.

use serde_json::{Value, json};
use tenure_core::structure::WorkgroupRole;

use crate::support::company::Traits;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;

const POST: &str = "feedPost { id text createdAt author { displayName user { id } } workgroup { id name } }";
const FEEDS: &str = "query($w: ID!, $u: ID!) { feedPosts { totalCount nodes { id text author { displayName } workgroup { id } } } \
    w: node(id: $w) { ... on Workgroup { feedPosts { totalCount nodes { id text author { displayName } } } } } \
    u: node(id: $u) { ... on User { feedPosts { totalCount nodes { id text workgroup { id } } } } } }";

async fn post(by: &Person, text: &str, workgroup: Value) -> String {
    by.run("createFeedPost", json!({"text": text, "workgroupId": workgroup}), "feedPost { id }").await.ok().text("feedPost.id")
}

fn texts(list: &Value) -> Vec<String> {
    list["nodes"].as_array().expect("nodes").iter().map(|n| n["text"].as_str().expect("a text").to_owned()).collect()
}

on_both! {
    /// V6: company posts for employees, posts of a workgroup for its members and administrators.
    async fn v6_feeds_are_read_by_whom_they_are_for(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben, emma, eva) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await, office.sign_in(&company.eva).await);
        let made = ben.run("createFeedPost", json!({"text": " To all \n of you ", "workgroupId": null}), POST).await.ok();
        assert_eq!((made.at("feedPost.text"), made.at("feedPost.workgroup")), (&json!("To all \n of you"), &Value::Null));
        let made = ben.run("createFeedPost", json!({"text": "To the inside", "workgroupId": company.inside}), POST).await.ok();
        assert_eq!(made.at("feedPost.workgroup"), &json!({"id": company.inside, "name": "Inside"}));
        assert_eq!(made.at("feedPost.author.user.id"), &json!(company.ben.id));
        let shared = post(&eva, "To the project", json!(company.project)).await;
        let ids = vec![ben.query("{ feedPosts { nodes { id } } }", json!({})).await.ok().text("feedPosts.nodes.0.id"), made.text("feedPost.id"), shared];
        // Who, the feed of `inside` as they see it, Ben's posts as they see them, and which of the three by `node`.
        let wim = office.sign_in(&company.add("Wim", "Worker", Traits::default()).await).await;
        #[allow(clippy::type_complexity, reason = "a table is read as it stands")]
        let cases: [(&str, &Person, &[&str], &[&str], [bool; 3]); 5] = [
            ("administrator", &ann, &["To the inside"], &["To the inside", "To all \n of you"], [true, true, true]),
            ("member", &emma, &["To the inside"], &["To the inside", "To all \n of you"], [true, true, true]),
            // STRUCTURE_MANAGE sees the workgroup, not what is said in it.
            ("HR", &hr, &[], &["To all \n of you"], [true, false, false]),
            ("employee", &wim, &[], &["To all \n of you"], [true, false, false]),
            ("external", &eva, &[], &[], [false, false, true]),
        ];
        for (who, person, inside, by_ben, shown) in cases {
            let seen = person.query(FEEDS, json!({"w": company.inside, "u": company.ben.id})).await.ok();
            if who == "external" {
                assert_eq!(seen.at("feedPosts"), &Value::Null, "without an error");
                assert_eq!(seen.at("w"), &Value::Null);
            } else {
                assert_eq!(texts(seen.at("feedPosts")), ["To all \n of you"], "{who}");
                assert_eq!(seen.at("feedPosts.totalCount"), 1);
            }
            if !seen.at("w").is_null() {
                assert_eq!((texts(seen.at("w.feedPosts")), seen.at("w.feedPosts.totalCount")), (inside.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>(), &json!(inside.len())), "{who}");
            }
            assert_eq!((texts(seen.at("u.feedPosts")), seen.at("u.feedPosts.totalCount")), (by_ben.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>(), &json!(by_ben.len())), "{who}");
            let nodes = person.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", json!({"ids": ids})).await.ok();
            assert_eq!(nodes.list("nodes").iter().map(Value::is_object).collect::<Vec<_>>(), shown, "{who}");
        }
        let outside = eva.query(FEEDS, json!({"w": company.project, "u": company.eva.id})).await.ok();
        assert_eq!((texts(outside.at("w.feedPosts")), texts(outside.at("u.feedPosts"))), (vec!["To the project".to_owned()], vec!["To the project".to_owned()]));
        // A token reads what its owner reads.
        let made = emma.run("createAccessToken", json!({"name": "feed", "permissions": ["USERS_READ"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        let seen = token.query(FEEDS, json!({"w": company.inside, "u": company.ben.id})).await.ok();
        assert_eq!((texts(seen.at("feedPosts")).len(), texts(seen.at("w.feedPosts")).len(), texts(seen.at("u.feedPosts")).len()), (1, 1, 2));
    }

    /// V3, R11: who may post where; refusals change nothing.
    async fn v3_who_may_post_where(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, ben, eva) = (office.sign_in(&company.ann).await, office.sign_in(&company.ben).await, office.sign_in(&company.eva).await);
        let to = |workgroup: Value| json!({"text": "Hi", "workgroupId": workgroup});
        eva.run("createFeedPost", to(Value::Null), POST).await.refused_at(&[("NOT_PERMITTED", "input.workgroupId")]);
        let mut answers = Vec::new();
        for workgroup in [json!(company.inside), json!(company.portal), json!("wgr_00000000000000000000000000")] {
            answers.push(eva.run("createFeedPost", to(workgroup), POST).await.refused_at(&[("WORKGROUP_NOT_FOUND", "input.workgroupId")]).answer.body);
        }
        assert!(answers.iter().all(|a| *a == answers[0]), "hidden and missing are the same");
        ann.run("createFeedPost", to(json!(company.inside)), POST).await.refused("WORKGROUP_NOT_FOUND");
        for bad in ["", "\t", "a\u{202e}b", &"x".repeat(10_001)] {
            ben.run("createFeedPost", json!({"text": bad}), POST).await.refused_at(&[("INPUT_INVALID", "input.text")]);
        }
        ben.run("createFeedPost", to(json!(company.sales)), POST).await.fails("BAD_USER_INPUT");
        assert_eq!(office.database.number("SELECT count(*) FROM feed_post").await, 0);
        // I8
        let keyed = json!({"text": "Once", "workgroupId": company.inside, "idempotencyKey": "k"});
        let first = ben.run("createFeedPost", keyed.clone(), POST).await.ok();
        assert_eq!(ben.run("createFeedPost", keyed.clone(), POST).await.ok().payload(), first.payload());
        ben.run("createFeedPost", json!({"text": "Twice", "workgroupId": company.inside, "idempotencyKey": "k"}), POST).await.refused("IDEMPOTENCY_KEY_REUSED");
        assert_eq!(office.database.number("SELECT count(*) FROM feed_post").await, 1);
        // Who left the workgroup does not post to it, and reads nothing of it: nor does the repeat.
        let hr = office.sign_in(&company.hr).await;
        hr.run("addWorkgroupMembers", json!({"workgroupId": company.inside, "userIds": [company.hr.id], "role": "OWNER"}), "workgroup { id }").await.ok();
        hr.run("removeWorkgroupMember", json!({"workgroupId": company.inside, "userId": company.ben.id}), "workgroup { id }").await.ok();
        ben.run("createFeedPost", to(json!(company.inside)), POST).await.refused("WORKGROUP_NOT_FOUND");
        assert_eq!(ben.run("createFeedPost", keyed, POST).await.ok().at("feedPost"), &Value::Null, "hidden since");
    }

    /// R3, I6: a dismissal changes no feed for the others, but that the author is only a name.
    async fn r3_posts_of_leavers_stay(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben, emma) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        for n in 0..3 {
            post(&emma, &format!("Emma {n}"), Value::Null).await;
            post(&ben, &format!("Ben {n}"), json!(company.inside)).await;
            post(&emma, &format!("Inside {n}"), json!(company.inside)).await;
        }
        let feeds = "query($w: ID!) { feedPosts { totalCount nodes { id text createdAt author { displayName initials } } } node(id: $w) { ... on Workgroup { feedPosts { totalCount nodes { id text createdAt author { displayName initials } } } } } }";
        let before = ben.query(feeds, json!({"w": company.inside})).await.ok();
        assert_eq!((before.at("feedPosts.totalCount"), before.at("node.feedPosts.totalCount")), (&json!(3), &json!(6)));
        let of_emma = hr.query("query($id: ID!) { user(id: $id) { feedPosts { totalCount nodes { id } } } }", json!({"id": company.emma.id})).await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.ok();
        assert_eq!(ben.query(feeds, json!({"w": company.inside})).await.ok().body, before.body);
        let author = ben.query("{ feedPosts(first: 1) { nodes { author { displayName user { id } } } } }", json!({})).await.ok();
        assert_eq!(author.at("feedPosts.nodes.0.author"), &json!({"displayName": "Emma Novak", "user": null}));
        let after = hr.query("query($id: ID!) { user(id: $id) { feedPosts { totalCount nodes { id } } } }", json!({"id": company.emma.id})).await.ok();
        assert_eq!(after.body, of_emma.body);
    }

    /// V5, V8, I11: pages from both ends, with posts that the viewer does not see in between.
    async fn v5_hidden_posts_take_no_place(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let wim = company.add("Wim", "Worker", Traits { workgroups: vec![(company.project, WorkgroupRole::Member)], ..Traits::default() }).await;
        let (emma, wim) = (office.sign_in(&company.emma).await, office.sign_in(&wim).await);
        for n in 0..4 {
            post(&emma, &format!("P{n}"), json!(company.project)).await;
            post(&emma, &format!("I{n}"), json!(company.inside)).await;
        }
        let list = "query($id: ID!, $f: Int, $a: String, $l: Int, $b: String) { user(id: $id) { feedPosts(first: $f, after: $a, last: $l, before: $b) { totalCount edges { cursor node { text } } pageInfo { hasNextPage hasPreviousPage } } } }";
        let page = async |args: Value| {
            let mut variables = args;
            variables["id"] = json!(company.emma.id);
            let answer = wim.query(list, variables).await.ok();
            let texts: Vec<String> = answer.list("user.feedPosts.edges").iter().map(|e| e["node"]["text"].as_str().expect("a text").to_owned()).collect();
            let info = answer.at("user.feedPosts.pageInfo");
            assert_eq!(answer.at("user.feedPosts.totalCount"), 4);
            let cursors: Vec<Value> = answer.list("user.feedPosts.edges").iter().map(|e| e["cursor"].clone()).collect();
            (texts.join(" "), info["hasPreviousPage"] == true, info["hasNextPage"] == true, cursors)
        };
        let (texts, previous, next, cursors) = page(json!({"f": 2})).await;
        assert_eq!((texts.as_str(), previous, next), ("P3 P2", false, true));
        let (texts, previous, next, _) = page(json!({"f": 2, "a": cursors[1]})).await;
        assert_eq!((texts.as_str(), previous, next), ("P1 P0", true, false));
        let (texts, previous, next, _) = page(json!({"l": 1, "b": cursors[1]})).await;
        assert_eq!((texts.as_str(), previous, next), ("P3", false, true));
        let (texts, previous, next, _) = page(json!({"l": 3})).await;
        assert_eq!((texts.as_str(), previous, next), ("P2 P1 P0", true, false));
        wim.query("query($c: String) { feedPosts(after: $c) { totalCount } }", json!({"c": cursors[0]})).await.fails("BAD_USER_INPUT");
    }
}
