//! `scheduleMeeting`, and who reads meetings.

use serde_json::{Value, json};
use tenure_core::id::UserId;
use tenure_core::storage::Storage;
use tenure_core::time::Timestamp;
use tenure_core::work::{Meeting, NewMeeting};

use crate::support::company::Traits;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::person::Person;
use crate::support::server::Wish;

const MEETING: &str = "meeting { id title startsAt endsAt organizer { displayName user { id } } attendees { displayName user { id } } }";
const OF: &str = "query($id: ID!) { node(id: $id) { ... on User { meetings { totalCount nodes { id title startsAt organizer { displayName } attendees { displayName } } } } } }";

fn meeting(title: &str, attendees: &[UserId]) -> Value {
    json!({"title": title, "startsAt": "2026-12-01T09:00:00Z", "endsAt": "2026-12-01T10:30:00+00:00", "attendeeIds": attendees})
}

async fn schedule(by: &Person, title: &str, attendees: &[UserId]) -> String {
    by.run("scheduleMeeting", meeting(title, attendees), "meeting { id }").await.ok().text("meeting.id")
}

on_both! {
    /// V6: organiser, attendees, administrators; `User.meetings` shows each viewer those that they may read, counts included.
    async fn v6_meetings_are_read_by_who_takes_part(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ann, hr, ben, emma) = (office.sign_in(&company.ann).await, office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        let made = ben.run("scheduleMeeting", meeting(" Plans ", &[company.emma.id, company.ann.id, company.emma.id]), MEETING).await.ok();
        assert_eq!((made.at("meeting.title"), made.at("meeting.startsAt"), made.at("meeting.endsAt")), (&json!("Plans"), &json!("2026-12-01T09:00:00.000Z"), &json!("2026-12-01T10:30:00.000Z")));
        assert_eq!(made.at("meeting.organizer.user.id"), &json!(company.ben.id));
        let invited: Vec<&Value> = made.at("meeting.attendees").as_array().expect("a list").iter().map(|a| &a["displayName"]).collect();
        assert_eq!(invited, ["Emma Novak", "Ann Archer"], "each once, in the order given, without the organiser");
        let private = schedule(&ben, "Private", &[company.ben.id]).await;
        schedule(&emma, "Other", &[company.hr.id]).await;
        let titles = async |person: &Person, of: UserId| {
            let seen = person.query(OF, json!({"id": of})).await.ok();
            let mut titles: Vec<String> = seen.list("node.meetings.nodes").iter().map(|m| m["title"].as_str().expect("a title").to_owned()).collect();
            assert_eq!(seen.at("node.meetings.totalCount"), titles.len());
            titles.sort();
            titles.join(" ")
        };
        assert_eq!(titles(&ben, company.ben.id).await, "Plans Private");
        assert_eq!(titles(&emma, company.ben.id).await, "Plans");
        assert_eq!(titles(&hr, company.ben.id).await, "");
        assert_eq!(titles(&hr, company.emma.id).await, "Other");
        assert_eq!(titles(&ann, company.ben.id).await, "Plans Private", "administrators");
        assert_eq!(titles(&ann, company.emma.id).await, "Other Plans");
        assert_eq!(titles(&ben, company.emma.id).await, "Plans");
        for (person, shown) in [(&ann, true), (&ben, true), (&emma, false), (&hr, false)] {
            let node = person.query("query($id: ID!) { node(id: $id) { ... on Meeting { title } } }", json!({"id": private})).await.ok();
            assert_eq!(node.at("node").is_object(), shown);
        }
        // A token: as its owner, and as an administrator only with ADMINISTRATE.
        for (permission, expected) in [("USERS_READ", "Plans"), ("ADMINISTRATE", "Plans Private")] {
            let made = ann.run("createAccessToken", json!({"name": permission, "permissions": [permission]}), "secret").await.ok();
            assert_eq!(titles(&office.server.with_token(&made.text("secret")), company.ben.id).await, expected);
        }
    }

    /// S6, R11: who can be invited, and all that is refused; nothing is left behind.
    async fn s6_who_can_be_invited(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben, eva) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.eva).await);
        let missing = UserId(tenure_core::clock::Clock::new_uuid(&tenure_core::clock::SystemClock));
        let mut answers = Vec::new();
        for id in [company.leo.id, missing, UserId::SYSTEM] {
            answers.push(ben.run("scheduleMeeting", meeting("M", &[company.emma.id, id]), MEETING).await.refused_at(&[("USER_NOT_FOUND", "input.attendeeIds.1")]).answer.body);
        }
        assert!(answers.iter().all(|a| *a == answers[0]), "hidden and missing are the same");
        hr.run("scheduleMeeting", meeting("M", &[company.emma.id, company.leo.id]), MEETING).await.refused_at(&[("ATTENDEE_NOT_ACTIVE", "input.attendeeIds.1")]);
        hr.run("scheduleMeeting", meeting("M", &[company.leo.id, missing]), MEETING).await.refused_at(&[("USER_NOT_FOUND", "input.attendeeIds.1")]);
        // V3: external people invite companions.
        let mut answers = Vec::new();
        for id in [company.ann.id, company.leo.id, missing] {
            answers.push(eva.run("scheduleMeeting", meeting("M", &[id]), MEETING).await.refused("USER_NOT_FOUND").answer.body);
        }
        assert!(answers.iter().all(|a| *a == answers[0]));
        let shape = |title: &str, starts: &str, ends: &str, attendees: Vec<UserId>| json!({"title": title, "startsAt": starts, "endsAt": ends, "attendeeIds": attendees});
        let (nine, ten) = ("2026-12-01T09:00:00Z", "2026-12-01T10:00:00Z");
        ben.run("scheduleMeeting", shape(" ", nine, nine, vec![]), MEETING).await.refused_at(&[("INPUT_INVALID", "input.title"), ("INPUT_INVALID", "input.endsAt"), ("INPUT_INVALID", "input.attendeeIds")]);
        for title in ["a\nb", "a\u{202e}", &"x".repeat(256)] {
            ben.run("scheduleMeeting", shape(title, nine, ten, vec![company.emma.id]), MEETING).await.refused_at(&[("INPUT_INVALID", "input.title")]);
        }
        ben.run("scheduleMeeting", shape("M", ten, nine, vec![company.emma.id; 201]), MEETING).await.refused_at(&[("INPUT_INVALID", "input.endsAt"), ("INPUT_INVALID", "input.attendeeIds")]);
        ben.run("scheduleMeeting", shape("M", "yesterday", ten, vec![company.emma.id]), MEETING).await.fails("BAD_USER_INPUT");
        assert_eq!(office.database.number("SELECT (SELECT count(*) FROM meeting) + (SELECT count(*) FROM meeting_part)").await, 0);
        ben.run("scheduleMeeting", shape(&"ä".repeat(255), nine, ten, vec![company.emma.id; 200]), MEETING).await.ok();
        let ours = eva.run("scheduleMeeting", meeting("Outside", &[company.emma.id, company.eva.id]), MEETING).await.ok();
        assert_eq!(ours.at("meeting.attendees").as_array().map(Vec::len), Some(2), "the organiser too, who named herself");
        assert_eq!(eva.query(OF, json!({"id": company.eva.id})).await.ok().at("node.meetings.totalCount"), 1);
        assert_eq!(eva.query(OF, json!({"id": company.emma.id})).await.ok().at("node.meetings.totalCount"), 0, "V3: nothing of a member");
        // I8
        let keyed = |title: &str| json!({"title": title, "startsAt": nine, "endsAt": ten, "attendeeIds": [company.emma.id], "idempotencyKey": "k"});
        let first = ben.run("scheduleMeeting", keyed("Once"), MEETING).await.ok();
        assert_eq!(ben.run("scheduleMeeting", keyed("Once"), MEETING).await.ok().payload(), first.payload());
        ben.run("scheduleMeeting", keyed("Twice"), MEETING).await.refused("IDEMPOTENCY_KEY_REUSED");
        assert_eq!(office.database.number("SELECT count(*) FROM meeting").await, 3);
    }

    /// R3: a dismissal changes no meeting, for nobody who may read it.
    async fn r3_meetings_of_leavers_stay(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben, emma) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await, office.sign_in(&company.emma).await);
        schedule(&emma, "Organised", &[company.ben.id, company.hr.id]).await;
        schedule(&ben, "Attended", &[company.hr.id, company.emma.id]).await;
        let (mine, of_emma) = (ben.query(OF, json!({"id": company.ben.id})).await.ok(), hr.query(OF, json!({"id": company.emma.id})).await.ok());
        assert_eq!(mine.at("node.meetings.totalCount"), 2);
        hr.run("dismiss", json!({"userId": company.emma.id}), "user { id }").await.ok();
        assert_eq!(ben.query(OF, json!({"id": company.ben.id})).await.ok().body, mine.body);
        assert_eq!(hr.query(OF, json!({"id": company.emma.id})).await.ok().body, of_emma.body);
        let people = ben.query("query($id: ID!) { user(id: $id) { meetings { nodes { organizer { user { id } } attendees { user { id } } } } } }", json!({"id": company.ben.id})).await.ok();
        assert!(!people.body.to_string().contains(&company.emma.id.to_string()), "DOMAIN §5: a name, and no user");
    }

    /// V5, V8, I11: latest start first, with ties, from both ends.
    async fn v8_meetings_are_paged_by_their_start(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (ben, ann) = (office.sign_in(&company.ben).await, office.sign_in(&company.ann).await);
        let mut tx = office.storage.begin().await.expect("begin");
        // Every third one is of Emma alone; two each start at the same time.
        let rows: Vec<NewMeeting> = (0..30i64)
            .map(|n| {
                let starts_at = Timestamp(company.past().0 / 1000 * 1000).plus_seconds(n / 2 * 3600);
                let id = tenure_core::id::MeetingId(tenure_core::clock::Clock::new_uuid(&tenure_core::clock::SystemClock));
                let meeting = Meeting { id, title: format!("M{n}"), starts_at, ends_at: starts_at.plus_seconds(60), organizer: company.emma.id, created_at: starts_at };
                NewMeeting { meeting, attendees: vec![if n % 3 == 0 { company.hr.id } else { company.ben.id }] }
            })
            .collect();
        tx.meetings_insert(&rows).await.expect("meetings");
        tx.commit().await.expect("commit");
        let mut expected: Vec<&Meeting> = rows.iter().map(|r| &r.meeting).collect();
        expected.sort_by_key(|m| std::cmp::Reverse((m.starts_at, m.id)));
        let all: Vec<String> = expected.iter().map(|m| m.title.clone()).collect();
        let seen_by_ben: Vec<String> = expected.iter().filter(|m| rows.iter().any(|r| r.meeting.id == m.id && r.attendees[0] == company.ben.id)).map(|m| m.title.clone()).collect();
        let list = "query($id: ID!, $f: Int, $a: String, $l: Int, $b: String) { user(id: $id) { meetings(first: $f, after: $a, last: $l, before: $b) { totalCount edges { cursor node { title } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }";
        for (person, wanted) in [(&ben, seen_by_ben), (&ann, all)] {
            for (size, forward) in [(7, true), (7, false), (1, true), (100, true)] {
                let mut walked: Vec<String> = Vec::new();
                let mut cursor = Value::Null;
                loop {
                    let variables = if forward { json!({"id": company.emma.id, "f": size, "a": cursor}) } else { json!({"id": company.emma.id, "l": size, "b": cursor}) };
                    let page = person.query(list, variables).await.ok();
                    assert_eq!(page.at("user.meetings.totalCount"), wanted.len());
                    let titles = page.list("user.meetings.edges").iter().map(|e| e["node"]["title"].as_str().expect("a title").to_owned());
                    let info = page.at("user.meetings.pageInfo");
                    let first = walked.is_empty();
                    if forward { walked.extend(titles) } else { walked.splice(0..0, titles).for_each(drop) }
                    let (more, behind) = if forward { ("hasNextPage", "hasPreviousPage") } else { ("hasPreviousPage", "hasNextPage") };
                    assert_eq!((&info[more], &info[behind]), (&json!(walked.len() < wanted.len()), &json!(!first)));
                    if info[more] == false {
                        break;
                    }
                    cursor = info[if forward { "endCursor" } else { "startCursor" }].clone();
                }
                assert_eq!(walked, wanted, "{size}, {forward}");
            }
        }
    }

    /// Lists of people with what they do together cost a bounded number of statements, however many people there are.
    async fn work_of_many_people_costs_a_bounded_number_of_statements(db: Backend) {
        let office = Office::open_with(db, Wish::without_polling).await;
        let company = &office.company;
        let ann = office.sign_in(&company.ann).await;
        let query = "query($n: Int!) { users(first: $n) { nodes { \
            meetings(first: 5) { totalCount nodes { title organizer { displayName } attendees { displayName } } pageInfo { hasNextPage } } \
            feedPosts(first: 5) { totalCount nodes { text author { displayName } workgroup { name } } } \
            messages(first: 5) { totalCount nodes { text author { displayName } } } } } \
            viewer { conversations(first: $n) { totalCount nodes { viewerCanReply with { displayName } lastMessage { text } messages(first: 2) { nodes { text } } } } } }";
        // Those who come first by name have some of everything.
        let ben = office.sign_in(&company.ben).await;
        ann.run("sendMessage", json!({"toUserId": company.ben.id, "text": "Hi"}), "message { id }").await.ok();
        schedule(&ben, "First", &[company.emma.id]).await;
        ben.run("createFeedPost", json!({"text": "Hi", "workgroupId": company.inside}), "feedPost { id }").await.ok();
        let mut costs = Vec::new();
        for (size, people) in [(3, 1), (16, 12)] {
            for member in company.add_many(people, &format!("Crowd{size}"), Traits::default()).await {
                ann.run("sendMessage", json!({"toUserId": member.id, "text": "Hi"}), "message { id }").await.ok();
                let by = office.sign_in(&member).await;
                schedule(&by, "Sync", &[company.ann.id, company.ben.id]).await;
                by.run("createFeedPost", json!({"text": "Hi all"}), "feedPost { id }").await.ok();
            }
            office.quiet().await;
            let before = office.storage.statements();
            let answer = ann.query(query, json!({"n": size})).await.ok();
            assert_eq!(answer.list("users.nodes").len(), size);
            costs.push(office.storage.statements() - before);
        }
        assert_eq!(costs[0], costs[1], "{costs:?}");
        assert!(costs[0] <= 24, "{costs:?}");
    }
}
