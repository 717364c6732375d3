//! `sendMessage`, conversations, and who reads them.

use serde_json::{Value, json};
use tenure_core::id::UserId;

use crate::support::company::Traits;
use crate::support::office::Office;
use crate::support::person::Person;
use crate::support::race::{CALLERS, Call, Nodes};
use crate::support::{on_both, rounds};

const CONVERSATIONS: &str = "{ viewer { conversations { totalCount pageInfo { hasNextPage hasPreviousPage } nodes { id viewerCanReply \
    with { displayName user { id } } lastMessage { id text author { displayName } } messages { totalCount nodes { id text sentAt author { displayName } } } } } } }";
const MESSAGES: &str = "query($id: ID!) { user(id: $id) { messages { totalCount nodes { text } } } }";

async fn send(by: &Person, to: UserId, text: &str) -> String {
    by.run("sendMessage", json!({"toUserId": to, "text": text}), "message { id }").await.ok().text("message.id")
}

on_both! {
    /// V2, S6: two people share a conversation; nobody else reads it, administrators included.
    async fn v2_nobody_reads_the_conversations_of_others(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, emma, ann) = (office.sign_in(&company.ben).await, office.sign_in(&company.emma).await, office.sign_in(&company.ann).await);
        let first = ben.run("sendMessage", json!({"toUserId": company.emma.id, "text": "  Hello,\nEmma  "}), "message { id text sentAt author { displayName user { id } } }").await.ok();
        assert_eq!(first.at("message.text"), "Hello,\nEmma");
        assert_eq!(first.at("message.author.user.id"), &json!(company.ben.id));
        let answer = send(&emma, company.ben.id, "Hello, Ben").await;
        let seen = ben.query(CONVERSATIONS, json!({})).await.ok();
        assert_eq!(seen.at("viewer.conversations.totalCount"), 1);
        assert_eq!(seen.at("viewer.conversations.nodes.0.with.displayName"), "Emma Novak");
        assert_eq!(seen.at("viewer.conversations.nodes.0.lastMessage.id"), &json!(answer));
        assert_eq!(seen.at("viewer.conversations.nodes.0.viewerCanReply"), true);
        let other = emma.query(CONVERSATIONS, json!({})).await.ok();
        assert_eq!(other.at("viewer.conversations.nodes.0.id"), seen.at("viewer.conversations.nodes.0.id"), "the same one");
        assert_eq!(other.at("viewer.conversations.nodes.0.messages"), seen.at("viewer.conversations.nodes.0.messages"));
        assert_eq!(other.at("viewer.conversations.nodes.0.with.displayName"), "Ben Okoro");
        let with = |id: UserId| json!({"id": id});
        assert_eq!(ben.query(MESSAGES, with(company.emma.id)).await.ok().at("user.messages.totalCount"), 2);
        assert_eq!(ben.query(MESSAGES, with(company.ben.id)).await.ok().at("user.messages.totalCount"), 0, "with oneself there is none");
        // Nobody else, on no path.
        let nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id ... on Message { text } ... on Conversation { messages { totalCount } } } }";
        let ids = json!({"ids": [seen.at("viewer.conversations.nodes.0.id"), answer, first.text("message.id")]});
        assert!(ben.query(nodes, ids.clone()).await.ok().list("nodes").iter().all(Value::is_object));
        for stranger in [&ann, &office.sign_in(&company.hr).await, &office.sign_in(&company.eva).await] {
            assert_eq!(stranger.query(nodes, ids.clone()).await.ok().at("nodes"), &json!([null, null, null]));
            assert_eq!(stranger.query(CONVERSATIONS, json!({})).await.ok().at("viewer.conversations.nodes"), &json!([]));
        }
        for member in [company.ben.id, company.emma.id] {
            assert_eq!(ann.query(MESSAGES, with(member)).await.ok().at("user.messages"), &json!({"totalCount": 0, "nodes": []}));
        }
    }

    /// S6, V2: to a leaver nothing is sent; what was said stays as it was.
    async fn s6_nothing_is_sent_to_who_left(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben, emma) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        send(&ben, company.emma.id, "One").await;
        send(&emma, company.ben.id, "Two").await;
        send(&emma, company.hr.id, "Three").await;
        let before = ben.query(CONVERSATIONS, json!({})).await.ok();
        hr.run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.ok();
        let mut after = ben.query(CONVERSATIONS, json!({})).await.ok();
        assert_eq!(after.at("viewer.conversations.nodes.0.viewerCanReply"), false);
        assert_eq!(after.at("viewer.conversations.nodes.0.with.user"), &Value::Null, "DOMAIN §5");
        let node = &mut after.body["data"]["viewer"]["conversations"]["nodes"][0];
        node["viewerCanReply"] = true.into();
        node["with"]["user"] = json!({"id": company.emma.id});
        assert_eq!(after.body, before.body, "R3: all else is as it was");
        // Who sees the leaver is told why, who does not is told nothing.
        let to = |id: Value| json!({"toUserId": id, "text": "Still there?"});
        hr.run("sendMessage", to(json!(company.emma.id)), "message { id }").await.refused_at(&[("RECIPIENT_NOT_ACTIVE", "input.toUserId")]);
        assert_eq!(hr.query(MESSAGES, json!({"id": company.emma.id})).await.ok().at("user.messages.nodes"), &json!([{"text": "Three"}]));
        let missing = UserId(tenure_core::clock::Clock::new_uuid(&tenure_core::clock::SystemClock));
        let mut answers = Vec::new();
        for id in [company.emma.id, company.leo.id, missing, UserId::SYSTEM] {
            answers.push(ben.run("sendMessage", to(json!(id)), "message { id }").await.refused_at(&[("USER_NOT_FOUND", "input.toUserId")]).answer.body);
        }
        assert!(answers.iter().all(|a| *a == answers[0]), "hidden and missing are the same");
        let invited = hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "Ida", "lastName": "Invited"}), "user { id }").await.ok();
        hr.run("sendMessage", to(invited.at("user.id").clone()), "message { id }").await.refused("RECIPIENT_NOT_ACTIVE");
        ben.run("sendMessage", to(invited.at("user.id").clone()), "message { id }").await.refused("USER_NOT_FOUND");
        assert_eq!(office.database.number("SELECT count(*) FROM message").await, 3, "nothing was written");
        assert_eq!(office.database.number("SELECT count(*) FROM conversation").await, 2);
        hr.run("hire", json!({"userId": company.emma.id}), "user { id }").await.ok();
        assert_eq!(ben.query(CONVERSATIONS, json!({})).await.ok().body, before.body, "hired back: as if nothing had been");
        send(&ben, company.emma.id, "Welcome back").await;
    }

    /// R11, I8: shapes, repeats.
    async fn i8_a_repeated_message_is_sent_once(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ben = office.sign_in(&company.ben).await;
        let input = |text: &str, key: &str| json!({"toUserId": company.emma.id, "text": text, "idempotencyKey": key});
        for bad in ["", " \n ", "a\u{202e}b", "a\u{7}", "a\u{0}b", &"x".repeat(10_001)] {
            ben.run("sendMessage", input(bad, ""), "message { id }").await.refused_at(&[("INPUT_INVALID", "input.text"), ("INPUT_INVALID", "input.idempotencyKey")]);
        }
        ben.run("sendMessage", json!({"toUserId": company.ben.id, "text": "Note"}), "message { id }").await.refused_at(&[("INPUT_INVALID", "input.toUserId")]);
        ben.run("sendMessage", json!({"toUserId": company.sales, "text": "Note"}), "message { id }").await.fails("BAD_USER_INPUT");
        let long = "ä".repeat(10_000);
        let first = ben.run("sendMessage", input(&long, "k"), "message { id text }").await.ok();
        let again = ben.run("sendMessage", input(&long, "k"), "message { id text }").await.ok();
        assert_eq!(first.payload(), again.payload());
        ben.run("sendMessage", input("other", "k"), "message { id }").await.refused("IDEMPOTENCY_KEY_REUSED");
        // The first outcome, although it could not be sent by now.
        office.sign_in(&company.hr).await.run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.ok();
        assert_eq!(ben.run("sendMessage", input(&long, "k"), "message { id text }").await.ok().payload(), first.payload());
        assert_eq!(office.database.number("SELECT count(*) FROM message").await, 1);
    }

    /// S4: what is personal is not for access tokens, whatever they hold.
    async fn s4_tokens_neither_write_nor_read_messages(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let message = send(&ann, company.ben.id, "Secret").await;
        let conversation = ann.query(CONVERSATIONS, json!({})).await.ok().text("viewer.conversations.nodes.0.id");
        let made = ann.run("createAccessToken", json!({"name": "sync", "permissions": ["ADMINISTRATE"]}), "secret").await.ok();
        let token = office.server.with_token(&made.text("secret"));
        token.run("sendMessage", json!({"toUserId": company.ben.id, "text": "Hi"}), "message { id }").await.fails("FORBIDDEN");
        // Before all faults of shape.
        token.run("sendMessage", json!({"toUserId": company.ben.id, "text": ""}), "message { id }").await.fails("FORBIDDEN");
        token.run("createFeedPost", json!({"text": "Hi"}), "feedPost { id }").await.fails("FORBIDDEN");
        let meeting = json!({"title": "T", "startsAt": "2026-12-01T09:00:00Z", "endsAt": "2026-12-01T10:00:00Z", "attendeeIds": [company.ben.id]});
        token.run("scheduleMeeting", meeting, "meeting { id }").await.fails("FORBIDDEN");
        let answer = token.query(CONVERSATIONS, json!({})).await.fails("FORBIDDEN");
        assert_eq!(answer.at("viewer"), &json!({"conversations": null}), "its own field alone");
        assert_eq!(token.query(MESSAGES, json!({"id": company.ben.id})).await.fails("FORBIDDEN").at("user"), &json!({"messages": null}));
        for id in [message, conversation, "msg_00000000000000000000000000".to_owned(), "cnv_00000000000000000000000000".to_owned()] {
            let answer = token.query("query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }", json!({"id": id})).await;
            assert_eq!(answer.error_codes(), ["FORBIDDEN", "FORBIDDEN"], "{id}");
        }
        assert_eq!(office.database.number("SELECT (SELECT count(*) FROM message) + (SELECT count(*) FROM feed_post) + (SELECT count(*) FROM meeting)").await, 1);
        office.server.anonymous().run("sendMessage", json!({"toUserId": company.ben.id, "text": "Hi"}), "message { id }").await.fails("UNAUTHENTICATED");
    }

    /// V3: external people write to members of their extranet workgroups, and to nobody else.
    async fn v3_external_people_write_to_companions(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let eva = office.sign_in(&company.eva).await;
        send(&eva, company.emma.id, "Hello").await;
        send(&office.sign_in(&company.emma).await, company.eva.id, "Hello yourself").await;
        let seen = eva.query(CONVERSATIONS, json!({})).await.ok();
        assert_eq!(seen.at("viewer.conversations.nodes.0.lastMessage.text"), "Hello yourself");
        let node = "query($id: ID!) { node(id: $id) { ... on User { messages { totalCount } meetings { totalCount } feedPosts { totalCount } } } }";
        let member = eva.query(node, json!({"id": company.emma.id})).await.ok();
        assert_eq!(member.at("node"), &json!({"messages": {"totalCount": 2}, "meetings": {"totalCount": 0}, "feedPosts": {"totalCount": 0}}));
        let missing = UserId(tenure_core::clock::Clock::new_uuid(&tenure_core::clock::SystemClock));
        let mut answers = Vec::new();
        for id in [company.ann.id, company.leo.id, missing] {
            answers.push(eva.run("sendMessage", json!({"toUserId": id, "text": "Hi"}), "message { id }").await.refused("USER_NOT_FOUND").answer.body);
        }
        assert!(answers.iter().all(|a| *a == answers[0]));
        // No companion any more: the conversation stays readable, and that is all.
        let hr = office.sign_in(&company.hr).await;
        hr.run("removeWorkgroupMember", json!({"workgroupId": company.project, "userId": company.emma.id}), "workgroup { id }").await.ok();
        let after = eva.query(CONVERSATIONS, json!({})).await.ok();
        assert_eq!(after.at("viewer.conversations.nodes.0.messages"), seen.at("viewer.conversations.nodes.0.messages"));
        assert_eq!(after.at("viewer.conversations.nodes.0.viewerCanReply"), false);
        eva.run("sendMessage", json!({"toUserId": company.emma.id, "text": "Hi"}), "message { id }").await.refused("USER_NOT_FOUND");
    }

    /// L1: the other one keeps the conversation when somebody is gone.
    async fn l1_what_was_said_outlives_the_account(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let gone = company.add("Gus", "Gone", Traits::default()).await;
        let ben = office.sign_in(&company.ben).await;
        send(&office.sign_in(&gone).await, company.ben.id, "Farewell").await;
        let mut tx = tenure_core::storage::Storage::begin(&office.storage).await.expect("begin");
        tx.user_delete(gone.id).await.expect("a deletion");
        tx.commit().await.expect("commit");
        let seen = ben.query(CONVERSATIONS, json!({})).await.ok();
        assert_eq!(seen.at("viewer.conversations.nodes.0.lastMessage.text"), "Farewell");
        assert_eq!(seen.at("viewer.conversations.nodes.0.with.user"), &Value::Null);
        assert_eq!(seen.at("viewer.conversations.nodes.0.viewerCanReply"), false);
    }

    /// V5, V8, I11: pages of conversations and messages, from both ends.
    async fn v8_conversations_and_messages_are_paged(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let ben = office.sign_in(&company.ben).await;
        let others = company.add_many(5, "Talker", Traits::default()).await;
        for other in &others {
            send(&ben, other.id, &format!("To {}", other.name)).await;
        }
        for n in 0..4 {
            send(&ben, others[2].id, &format!("More {n}")).await;
        }
        let page = |args: &str| format!("query($c: String) {{ viewer {{ conversations({args}) {{ totalCount edges {{ cursor node {{ with {{ displayName }} }} }} pageInfo {{ hasNextPage hasPreviousPage }} }} }} }}");
        let names = |a: &crate::support::answer::Answer| -> Vec<String> { a.list("viewer.conversations.edges").iter().map(|e| e["node"]["with"]["displayName"].as_str().expect("a name")[..6].to_owned()).collect() };
        let all = ben.query(&page("first: 50, after: $c"), json!({})).await.ok();
        assert_eq!(names(&all), ["P00002", "P00004", "P00003", "P00001", "P00000"], "by the latest message");
        let first = ben.query(&page("first: 2, after: $c"), json!({})).await.ok();
        assert_eq!((names(&first), first.at("viewer.conversations.pageInfo")), (vec!["P00002".to_owned(), "P00004".to_owned()], &json!({"hasNextPage": true, "hasPreviousPage": false})));
        let cursor = first.text("viewer.conversations.edges.1.cursor");
        let next = ben.query(&page("first: 3, after: $c"), json!({"c": cursor})).await.ok();
        assert_eq!((names(&next).len(), next.at("viewer.conversations.pageInfo")), (3, &json!({"hasNextPage": false, "hasPreviousPage": true})));
        let back = ben.query(&page("last: 1, before: $c"), json!({"c": cursor})).await.ok();
        assert_eq!((names(&back), back.at("viewer.conversations.pageInfo")), (vec!["P00002".to_owned()], &json!({"hasNextPage": true, "hasPreviousPage": false})));
        let list = "query($id: ID!, $c: String, $n: Int) { user(id: $id) { messages(last: $n, before: $c) { totalCount nodes { text } edges { cursor } pageInfo { hasNextPage hasPreviousPage } } } }";
        let tail = ben.query(list, json!({"id": others[2].id, "n": 2})).await.ok();
        assert_eq!(tail.at("user.messages.nodes"), &json!([{"text": "More 0"}, {"text": "To P00002 Talker"}]));
        assert_eq!(tail.at("user.messages.pageInfo"), &json!({"hasNextPage": false, "hasPreviousPage": true}));
        assert_eq!(tail.at("user.messages.totalCount"), 5);
        let before = ben.query(list, json!({"id": others[2].id, "n": 2, "c": tail.at("user.messages.edges.0.cursor")})).await.ok();
        assert_eq!(before.at("user.messages.nodes"), &json!([{"text": "More 2"}, {"text": "More 1"}]));
        ben.query(list, json!({"id": others[2].id, "n": 2, "c": cursor})).await.fails("BAD_USER_INPUT");
    }

    /// Two who write to each other for the first time at once share one conversation; a dismissal in between lets nothing through after it.
    async fn s6_first_messages_race_into_one_conversation(db: Backend) {
        let office = Office::open(db).await;
        let nodes = Nodes::of(&office, db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        for round in 0..rounds(5) {
            let (one, other) = (company.employee(&format!("One{round}"), "Racer").await, company.employee(&format!("Two{round}"), "Racer").await);
            let (a, b) = (office.sign_in(&one).await, office.sign_in(&other).await);
            let call = |n: usize| match n % 2 {
                0 => Call::new(&a, "sendMessage", json!({"toUserId": other.id, "text": format!("{n}")}), "message { id }"),
                _ => Call::new(&b, "sendMessage", json!({"toUserId": one.id, "text": format!("{n}")}), "message { id }"),
            };
            nodes.at_once(round, (0..CALLERS).map(call).collect()).await.winners_are(CALLERS);
            let seen = a.query(CONVERSATIONS, json!({})).await.ok();
            assert_eq!(seen.at("viewer.conversations.totalCount"), 1);
            assert_eq!(seen.at("viewer.conversations.nodes.0.messages.totalCount"), CALLERS);
            assert_eq!(seen.at("viewer.conversations.nodes.0.lastMessage.id"), seen.at("viewer.conversations.nodes.0.messages.nodes.0.id"));
            // Now one of them is dismissed while the other one writes.
            let before = CALLERS;
            let call = |n: usize| match n {
                7 => Call::new(&hr, "dismiss", json!({"userId": other.id}), "user { id }"),
                _ => Call::new(&a, "sendMessage", json!({"toUserId": other.id, "text": "late"}), "message { id }"),
            };
            let tally = nodes.at_once(round, (0..CALLERS).map(call).collect()).await;
            tally.losers("sendMessage", &["USER_NOT_FOUND"]);
            assert_eq!(tally.won("dismiss"), 1);
            let after = a.query(CONVERSATIONS, json!({})).await.ok();
            assert_eq!(after.at("viewer.conversations.nodes.0.messages.totalCount"), before + tally.won("sendMessage"));
            let late = office.database.number("SELECT count(*) FROM message m JOIN conversation c ON c.id = m.conversation_id JOIN app_user u ON u.id IN (c.low_id, c.high_id) WHERE u.status = 3 AND m.sent_at > u.dismissed_at").await;
            assert_eq!(late, 0, "nothing was written to who was dismissed");
        }
    }
}
