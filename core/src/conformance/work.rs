use std::sync::Arc;

use uuid::Uuid;

use super::fixtures::*;
use super::pages::{Direction, Listed, assert_cut, hidden_patterns};
use super::{begin, commit};
use crate::id::{ConversationId, FeedPostId, MeetingId, MessageId, UserId};
use crate::page::{Key, PageRequest, SortValue};
use crate::policy::{FeedScope, MeetingScope, for_suite};
use crate::storage::{Storage, StorageError, Unique};
use crate::structure::Membership;
use crate::work::{Attendance, Conversation, FeedGroups, FeedPost, Meeting, Message, NewMeeting, Pair};

fn new_meeting(n: u64, starts: i64, organizer: u64, attendees: &[u64]) -> NewMeeting {
    let meeting = Meeting {
        id: MeetingId(uuid(n)),
        title: format!("Meeting {n}"),
        starts_at: at(starts),
        ends_at: at(starts + 1800),
        organizer: user_id(organizer),
        created_at: at(1),
    };
    NewMeeting { meeting, attendees: attendees.iter().map(|n| user_id(*n)).collect() }
}

fn post(n: u64, author: u64, created: i64, workgroup: Option<u64>) -> FeedPost {
    FeedPost {
        id: FeedPostId(uuid(n)),
        text: format!("Post {n}\nin two lines"),
        author: user_id(author),
        created_at: at(created),
        workgroup: workgroup.map(workgroup_id),
    }
}

fn pair(one: u64, other: u64) -> Pair {
    Pair::new(user_id(one), user_id(other)).expect("two people")
}

fn message(n: u64, conversation: ConversationId, author: u64, sent: i64) -> Message {
    Message { id: MessageId(uuid(n)), conversation, author: user_id(author), text: format!("Message {n}"), sent_at: at(sent) }
}

async fn talk(storage: &Arc<dyn Storage>, n: u64, people: Pair, messages: &[(u64, u64, i64)]) -> ConversationId {
    let mut tx = begin(storage).await;
    let held = tx.conversations_hold(&[(people, ConversationId(uuid(n)))]).await.expect("hold");
    let rows: Vec<Message> = messages.iter().map(|(n, author, sent)| message(*n, held[0], *author, *sent)).collect();
    tx.messages_insert(&rows).await.expect("messages");
    commit(tx).await;
    held[0]
}

fn numbers(ids: impl IntoIterator<Item = Uuid>) -> Vec<u64> {
    let mut numbers: Vec<u64> = ids.into_iter().map(number).collect();
    numbers.sort();
    numbers
}

/// Rules V6, R3: everything as it was written, to organiser, invited people, and who sees all; people need not exist.
pub async fn meetings_come_back_within_the_scope(storage: Arc<dyn Storage>) {
    let meetings = [new_meeting(1, 100, 1, &[3, 2]), new_meeting(2, 100, 2, &[2]), new_meeting(3, 50, 3, &[1, 3, 2])];
    let mut tx = begin(&storage).await;
    tx.meetings_insert(&meetings).await.expect("meetings");
    let ids = [3, 1, 9, 1].map(|n| MeetingId(uuid(n)));
    assert_eq!(tx.meetings_by_id(&ids, &MeetingScope::everything()).await.expect("read").len(), 2, "within the transaction, each once");
    commit(tx).await;
    let all = [1, 2, 3].map(|n| MeetingId(uuid(n)));
    let scopes: [(MeetingScope, &[u64]); 5] = [
        (MeetingScope::everything(), &[1, 2, 3]),
        (for_suite::own_meetings(user_id(1)), &[1, 3]),
        (for_suite::own_meetings(user_id(2)), &[1, 2, 3]),
        (for_suite::own_meetings(user_id(3)), &[1, 3]),
        (for_suite::own_meetings(user_id(4)), &[]),
    ];
    for (scope, expected) in scopes {
        let mut read = storage.meetings_by_id(&all, &scope).await.expect("read");
        read.sort_by_key(|m| m.id);
        let wanted: Vec<Meeting> = expected.iter().map(|n| meetings[*n as usize - 1].meeting.clone()).collect();
        assert_eq!(read, wanted, "{scope:?}");
    }
    let attendees = storage.attendees_by_meeting(&[3, 1].map(|n| MeetingId(uuid(n)))).await.expect("attendees");
    for wanted in [&meetings[0], &meetings[2]] {
        let of: Vec<UserId> = attendees.iter().filter(|a| a.meeting == wanted.meeting.id).map(|a| a.user).collect();
        assert_eq!(of, wanted.attendees, "in the order given, the organiser only when named");
    }
    assert_eq!(attendees.len(), 5);
    assert_eq!(storage.attendees_by_meeting(&[MeetingId(uuid(2))]).await.expect("attendees"), [Attendance { meeting: all[1], user: user_id(2) }]);
}

/// Promises 4 and 5: of several people, by start; with ties, and meetings that the viewer does not take part in.
pub async fn meetings_are_paged_in_groups_latest_first(storage: Arc<dyn Storage>) {
    let starts = [70, 70, 60, 50, 50, 50, -10];
    for (next, (what, pattern)) in (0u64..).zip(hidden_patterns(starts.len())) {
        // People of their own for each pattern: the viewer, whose list it is, and the other one.
        let (viewer, owner, other) = (next * 10 + 1, next * 10 + 2, next * 10 + 3);
        let meeting = |(n, (starts, hidden)): (usize, (&i64, &bool))| {
            let invited: &[u64] = if *hidden { &[owner] } else { &[owner, viewer] };
            // Taking part is organising, too.
            let (organizer, attendees) = if n % 2 == 0 { (owner, &invited[1..]) } else { (other, invited) };
            let attendees: &[u64] = if attendees.is_empty() { &[other] } else { attendees };
            new_meeting(next * 100 + n as u64 + 1, *starts, organizer, attendees)
        };
        let meetings: Vec<NewMeeting> = starts.iter().zip(&pattern).enumerate().map(meeting).collect();
        let mut tx = begin(&storage).await;
        tx.meetings_insert(&meetings).await.expect("meetings");
        commit(tx).await;
        let listed = |(m, hidden): (&NewMeeting, &bool)| Listed {
            key: Key::new(SortValue::Time(m.meeting.starts_at), m.meeting.id.0),
            id: m.meeting.id.0,
            shown: !hidden,
        };
        let rows = meetings.iter().zip(&pattern).map(listed).collect();
        let scope = for_suite::own_meetings(user_id(viewer));
        let people = [user_id(9_999), user_id(owner), user_id(viewer)];
        assert_cut(what, rows, Direction::Descending, |request| {
            let storage = &storage;
            async move {
                let slices = storage.meetings_page_in_groups(&people, &scope, &request).await.expect("page");
                assert_eq!(slices.len(), 3, "one entry for each person");
                assert!(slices[0].rows.is_empty() && !slices[0].has_more, "nobody has none");
                (slices[1].rows.iter().map(|m| m.id.0).collect(), slices[1].has_more)
            }
        })
        .await;
        let count = pattern.iter().filter(|hidden| !**hidden).count() as u64;
        assert_eq!(storage.meetings_count_in_groups(&people, &scope).await.expect("count"), [0, count, count], "{what}: the counts");
        let all = storage.meetings_count_in_groups(&people, &MeetingScope::everything()).await.expect("count");
        assert_eq!(all, [0, starts.len() as u64, count], "{what}: of whoever sees all");
    }
}

/// Rule V6: the company's for employees, those of workgroups for lasting members.
pub async fn feed_posts_come_back_within_the_scope(storage: Arc<dyn Storage>) {
    let memberships = vec![
        member(workgroup_id(1), user_id(1)),
        Membership { left_at: Some(at(5)), ..member(workgroup_id(2), user_id(1)) },
        member(workgroup_id(2), user_id(2)),
    ];
    let users = vec![user(1, "Ann Lee"), user(2, "Bob Ray")];
    Seed { users, workgroups: vec![workgroup(1, "Own"), extranet(2, "Left")], memberships, ..Seed::default() }.sow(&storage).await;
    let posts = [post(1, 2, 10, None), post(2, 2, 20, Some(1)), post(3, 1, 30, Some(2))];
    let mut tx = begin(&storage).await;
    tx.feed_posts_insert(&posts).await.expect("posts");
    commit(tx).await;
    let ids = [3, 1, 2, 9, 3].map(|n| FeedPostId(uuid(n)));
    let scopes: [(FeedScope, &[u64]); 4] = [
        (FeedScope::everything(), &[1, 2, 3]),
        (for_suite::company_and_own_posts(user_id(1)), &[1, 2]),
        (for_suite::own_posts(user_id(1)), &[2]),
        (for_suite::own_posts(user_id(2)), &[3]),
    ];
    for (scope, expected) in scopes {
        let mut read = storage.feed_posts_by_id(&ids, &scope).await.expect("read");
        read.sort_by_key(|p| p.id);
        let wanted: Vec<FeedPost> = expected.iter().map(|n| posts[*n as usize - 1].clone()).collect();
        assert_eq!(read, wanted, "{scope:?}");
        let company = storage.feed_posts_count_in_groups(&FeedGroups::Company, &scope).await.expect("count");
        assert_eq!(company, [u64::from(expected.contains(&1))], "{scope:?}");
        let groups = FeedGroups::In([2, 9, 1].map(workgroup_id).to_vec());
        let counts = storage.feed_posts_count_in_groups(&groups, &scope).await.expect("count");
        assert_eq!(counts, [u64::from(expected.contains(&3)), 0, u64::from(expected.contains(&2))], "{scope:?}");
        let pages = storage.feed_posts_page_in_groups(&groups, &scope, &PageRequest::first(5)).await.expect("page");
        assert_eq!(pages.iter().map(|p| p.rows.len() as u64).collect::<Vec<_>>(), counts, "{scope:?}");
    }
}

/// Promises 4 and 5: the company feed, of an author, of a workgroup.
pub async fn feed_posts_are_paged_latest_first(storage: Arc<dyn Storage>) {
    let memberships = vec![member(workgroup_id(1), user_id(1))];
    let workgroups = vec![workgroup(1, "Shown"), workgroup(2, "Hidden")];
    Seed { users: vec![user(1, "Ann Lee")], workgroups, memberships, ..Seed::default() }.sow(&storage).await;
    let created = [70, 70, 60, 50, 50, 50, -10];
    let patterns = hidden_patterns(created.len());
    for ((what, pattern), author) in patterns.iter().zip(10..) {
        let hides = |hidden: bool| if hidden { Some(2) } else { [None, Some(1)][author as usize % 2] };
        let posts: Vec<FeedPost> =
            (1..).zip(created.iter().zip(pattern)).map(|(n, (at, hidden))| post(author * 100 + n, author, *at, hides(*hidden))).collect();
        let mut tx = begin(&storage).await;
        tx.feed_posts_insert(&posts).await.expect("posts");
        commit(tx).await;
        let listed = |(p, hidden): (&FeedPost, &bool)| Listed {
            key: Key::new(SortValue::Time(p.created_at), p.id.0),
            id: p.id.0,
            shown: !hidden,
        };
        let rows = posts.iter().zip(pattern).map(listed).collect();
        let scope = for_suite::company_and_own_posts(user_id(1));
        let groups = FeedGroups::By(vec![user_id(9_999), user_id(author)]);
        assert_cut(what, rows, Direction::Descending, |request| {
            let (storage, groups) = (&storage, &groups);
            async move {
                let slices = storage.feed_posts_page_in_groups(groups, &scope, &request).await.expect("page");
                assert!(slices[0].rows.is_empty());
                (slices[1].rows.iter().map(|p| p.id.0).collect(), slices[1].has_more)
            }
        })
        .await;
        let count = pattern.iter().filter(|hidden| !**hidden).count() as u64;
        assert_eq!(storage.feed_posts_count_in_groups(&groups, &scope).await.expect("count"), [0, count], "{what}: the count");
    }
    // All that was shown above, as the two feeds have it.
    let everything = FeedScope::everything();
    for (groups, workgroup) in [(FeedGroups::Company, None), (FeedGroups::In(vec![workgroup_id(1)]), Some(workgroup_id(1)))] {
        let page = storage.feed_posts_page_in_groups(&groups, &everything, &PageRequest::first(500)).await.expect("page").remove(0);
        assert!(page.rows.len() > 5 && page.rows.iter().all(|p| p.workgroup == workgroup));
        let key = |p: &FeedPost| Key::new(SortValue::Time(p.created_at), p.id.0);
        let listed = |p: &FeedPost| Listed { key: key(p), id: p.id.0, shown: true };
        assert_cut("a feed", page.rows.iter().map(listed).collect(), Direction::Descending, |request| {
            let (storage, groups) = (&storage, &groups);
            async move {
                let slice = storage.feed_posts_page_in_groups(groups, &for_suite::company_and_own_posts(user_id(1)), &request).await.expect("page").remove(0);
                (slice.rows.iter().map(|p| p.id.0).collect(), slice.has_more)
            }
        })
        .await;
    }
}

/// One conversation for each pair, from whichever side; its last message is the latest, however messages were written.
pub async fn two_people_share_one_conversation(storage: Arc<dyn Storage>) {
    let first = talk(&storage, 1, pair(1, 2), &[(1, 1, 20), (3, 2, 30), (2, 1, 30)]).await;
    assert_eq!(first, ConversationId(uuid(1)), "a new one gets the identifier given");
    let again = talk(&storage, 2, pair(2, 1), &[(4, 2, 10)]).await;
    assert_eq!(again, first, "the one there is");
    let mut tx = begin(&storage).await;
    let wanted = [(pair(3, 1), ConversationId(uuid(3))), (pair(1, 2), ConversationId(uuid(4))), (pair(1, 3), ConversationId(uuid(5)))];
    let held = tx.conversations_hold(&wanted).await.expect("hold");
    assert_eq!(held, [ConversationId(uuid(3)), first, ConversationId(uuid(3))], "in the order given");
    commit(tx).await;
    let scope = for_suite::own_conversations(user_id(1));
    let expected = Conversation { id: first, people: pair(1, 2), last: message(3, first, 2, 30) };
    let ids = [5, 3, 1, 1].map(|n| ConversationId(uuid(n)));
    assert_eq!(storage.conversations_by_id(&ids, &scope).await.expect("read"), std::slice::from_ref(&expected), "one without a message is nowhere");
    assert_eq!(storage.conversations_count(&scope).await.expect("count"), 1);
    let with = [3, 2, 1, 9].map(user_id);
    assert_eq!(storage.conversations_with(&with, &scope).await.expect("read"), std::slice::from_ref(&expected));
    let scope = for_suite::own_conversations(user_id(2));
    assert_eq!(storage.conversations_with(&with, &scope).await.expect("read"), [expected]);
    assert_eq!(storage.messages_count_in_groups(&[first], &scope).await.expect("count"), [4]);
}

/// Both write for the first time at once: one conversation comes of it.
pub async fn rivals_begin_one_conversation(storage: Arc<dyn Storage>) {
    for round in 0..10u64 {
        let mut running = Vec::new();
        for n in 0..6u64 {
            let storage = Arc::clone(&storage);
            running.push(tokio::spawn(async move {
                let people = pair(round * 2 + 1 + n % 2, round * 2 + 2 - n % 2);
                loop {
                    let mut tx = begin(&storage).await;
                    let held = match tx.conversations_hold(&[(people, ConversationId(uuid(round * 10 + n + 1)))]).await {
                        Ok(held) => held[0],
                        Err(StorageError::Conflict) => continue,
                        Err(other) => panic!("{other:?}"),
                    };
                    tokio::task::yield_now().await;
                    tx.messages_insert(&[message(round * 10 + n + 1, held, round * 2 + 1, 10)]).await.expect("a message");
                    commit(tx).await;
                    return held;
                }
            }));
        }
        let mut held = Vec::new();
        for rival in running {
            held.push(rival.await.expect("a rival"));
        }
        assert!(held.iter().all(|id| *id == held[0]), "they share one: {held:?}");
        let scope = for_suite::own_conversations(user_id(round * 2 + 1));
        assert_eq!(storage.conversations_count(&scope).await.expect("count"), 1);
        let last = storage.conversations_by_id(&held[..1], &scope).await.expect("read").remove(0).last;
        assert_eq!(last.id, MessageId(uuid(round * 10 + 6)), "the last one by time and identifier");
        assert_eq!(storage.messages_count_in_groups(&held[..1], &scope).await.expect("count"), [6]);
    }
}

/// Promises 4 and 5: from both sides of the pair, with ties; other people's conversations take no place.
pub async fn conversations_are_paged_by_their_latest_message(storage: Arc<dyn Storage>) {
    // Somebody in the middle, so that some have smaller identifiers and some greater ones.
    let (viewer, sent) = (50, [90, 80, 80, 80, 70, 60, 60]);
    let mut rows = Vec::new();
    for (n, sent) in (1..).zip(sent) {
        let other = if n % 2 == 0 { 50 + n } else { 50 - n };
        let id = talk(&storage, n, pair(viewer, other), &[(n * 10, other, sent - 50), (n * 10 + 1, viewer, sent)]).await;
        rows.push(Listed { key: Key::new(SortValue::Time(at(sent)), id.0), id: id.0, shown: true });
        // Of somebody else, in between.
        let hidden = talk(&storage, 100 + n, pair(other, 99), &[(n * 10 + 2, 99, sent)]).await;
        rows.push(Listed { key: Key::new(SortValue::Time(at(sent)), hidden.0), id: hidden.0, shown: false });
    }
    let scope = for_suite::own_conversations(user_id(viewer));
    assert_cut("conversations", rows, Direction::Descending, |request| {
        let storage = &storage;
        async move {
            let slice = storage.conversations_page(&scope, &request).await.expect("page");
            assert!(slice.rows.iter().all(|c| c.people.other(user_id(viewer)).is_some()));
            (slice.rows.iter().map(|c| c.id.0).collect(), slice.has_more)
        }
    })
    .await;
    assert_eq!(storage.conversations_count(&scope).await.expect("count"), 7);
}

/// Rule V2: nobody else reads them; paged in groups, with ties.
pub async fn messages_are_for_the_two_alone(storage: Arc<dyn Storage>) {
    let sent = [70, 70, 60, 50, 50, 50, -10];
    let lines: Vec<(u64, u64, i64)> = (1..).zip(sent).map(|(n, sent)| (n, 1 + n % 2, sent)).collect();
    let ours = talk(&storage, 1, pair(1, 2), &lines).await;
    let theirs = talk(&storage, 2, pair(2, 3), &[(20, 2, 100), (21, 3, 40)]).await;
    let (own, stranger) = (for_suite::own_conversations(user_id(1)), for_suite::own_conversations(user_id(4)));
    let ids = [1, 2, 20, 99].map(|n| MessageId(uuid(n)));
    assert_eq!(numbers(storage.messages_by_id(&ids, &own).await.expect("read").into_iter().map(|m| m.id.0)), [1, 2]);
    assert_eq!(storage.messages_by_id(&ids[..1], &own).await.expect("read"), [message(1, ours, 2, 70)]);
    assert_eq!(storage.messages_by_id(&ids, &stranger).await.expect("read"), []);
    assert_eq!(storage.conversations_by_id(&[ours, theirs], &stranger).await.expect("read"), []);
    assert_eq!(storage.conversations_with(&[1, 2, 3].map(user_id), &stranger).await.expect("read"), []);
    let groups = [theirs, ours, ConversationId(uuid(9))];
    let rows = lines
        .iter()
        .map(|(n, _, sent)| Listed { key: Key::new(SortValue::Time(at(*sent)), uuid(*n)), id: uuid(*n), shown: true })
        .collect();
    assert_cut("messages", rows, Direction::Descending, |request| {
        let storage = &storage;
        async move {
            let slices = storage.messages_page_in_groups(&groups, &own, &request).await.expect("page");
            assert_eq!(slices.len(), 3, "one entry for each conversation");
            assert!(slices[0].rows.is_empty() && slices[2].rows.is_empty(), "of other people, of nobody");
            (slices[1].rows.iter().map(|m| m.id.0).collect(), slices[1].has_more)
        }
    })
    .await;
    assert_eq!(storage.messages_count_in_groups(&groups, &own).await.expect("count"), [0, 7, 0]);
    let both = for_suite::own_conversations(user_id(2));
    assert_eq!(storage.messages_count_in_groups(&groups, &both).await.expect("count"), [2, 7, 0]);
}

/// Nothing is written over.
pub async fn what_was_said_is_taken_once(storage: Arc<dyn Storage>) {
    let conversation = talk(&storage, 1, pair(1, 2), &[(1, 1, 10)]).await;
    let mut tx = begin(&storage).await;
    tx.meetings_insert(&[new_meeting(1, 10, 1, &[2])]).await.expect("a meeting");
    tx.feed_posts_insert(&[post(1, 1, 10, None)]).await.expect("a post");
    commit(tx).await;
    let taken = |result: crate::storage::Result<()>, what: &str| {
        assert!(matches!(result, Err(StorageError::Taken(Unique::Id))), "{what}: {result:?}");
    };
    taken(begin(&storage).await.meetings_insert(&[new_meeting(1, 20, 2, &[3])]).await, "a meeting");
    taken(begin(&storage).await.feed_posts_insert(&[post(1, 2, 20, None)]).await, "a post");
    taken(begin(&storage).await.messages_insert(&[message(1, conversation, 2, 20)]).await, "a message");
    let other = begin(&storage).await.conversations_hold(&[(pair(1, 3), conversation)]).await.map(drop);
    taken(other, "a conversation");
}
