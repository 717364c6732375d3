//! Whether a database holds exactly what a crew was told, and nothing by halves.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::json;
use tenure_core::event::{EventBody, EventKind};
use tenure_core::id::{ReassignmentId, UserId};
use tenure_core::page::PageRequest;
use tenure_core::policy::Access;
use tenure_core::reassignment::ReassignmentStatus;
use tenure_core::storage::Read;
use tenure_core::user::UserStatus;

use super::adapter;
use super::backend::Database;
use super::invariants::Books;
use super::journal::Journal;
use super::mail::Mailbox;
use super::promise::promise;

/// Fails the test unless it is so. Nobody writes meanwhile.
pub async fn check(journals: &[Journal], database: &Database, mail: &Mailbox) {
    // Over connections of its own: one that is stuck in a transaction would see its own writes.
    let storage = adapter::connect(&database.url).await;
    let books = Books::checked(&storage, None).await;
    let happened = Happened::of(&books);
    let mut messages = database.texts("SELECT text FROM message").await;
    messages.sort();
    for journal in journals {
        let _kept = promise("what was acknowledged is there, once");
        acknowledged_is_there(journal, &books, &happened);
        let sent = messages.iter().filter(|text| text.starts_with(&format!("c{}-", journal.client)));
        assert_eq!(
            sent.cloned().collect::<Vec<_>>(),
            journal.texts.iter().cloned().collect::<Vec<_>>(),
            "client {}: messages",
            journal.client
        );
    }
    nothing_by_halves(&storage, &books, database).await;
    let found: BTreeSet<String> = mail.all().iter().map(|message| message.to.to_lowercase()).collect();
    for (email, _) in journals.iter().flat_map(|journal| &journal.guests) {
        if !found.iter().any(|to| to.contains(email.as_str())) {
            let waiting = database.number(&format!("SELECT count(*) FROM mail_outbox WHERE body LIKE '%\"{email}\"%'")).await;
            // Sent in this very moment, if not any more.
            let is_lost = waiting == 0 && !mail.all().iter().any(|message| message.is_to(email));
            let _kept = promise("no mail is lost");
            assert!(!is_lost, "the mail to {email} is lost");
        }
    }
    storage.close().await.expect("an end");
}

/// Fails the test when a change is there without what belongs to it. Nobody writes meanwhile.
pub async fn nothing_by_halves(storage: &dyn Read, books: &Books, database: &Database) {
    {
        let _kept = promise("the history says what the rows say");
        events_match_the_rows(books);
    }
    handovers_are_whole(storage, books).await;
    invitations_are_whole(storage, books).await;
    for (question, expected) in [
        ("SELECT count(*) FROM idempotency WHERE outcome IS NULL", "an outcome was committed without what it is"),
        (
            "SELECT count(*) FROM conversation c WHERE NOT EXISTS (SELECT 1 FROM message m WHERE m.conversation_id = c.id \
             AND m.id = c.last_message_id AND m.sent_at = c.last_sent_at)",
            "a conversation without its latest message",
        ),
        (
            "SELECT count(*) FROM conversation c JOIN message m ON m.conversation_id = c.id WHERE m.sent_at > c.last_sent_at",
            "a message that is later than the latest",
        ),
        ("SELECT count(*) FROM event_counter WHERE last <> (SELECT count(*) FROM event)", "the counter of events"),
    ] {
        let found = database.number(question).await;
        let _kept = promise("nothing is there by halves");
        assert_eq!(found, 0, "{expected}");
    }
}

/// How often what happened, by whom or to whom.
struct Happened {
    to: HashMap<(UserId, EventKind), u64>,
    by: HashMap<(UserId, EventKind), u64>,
}

impl Happened {
    fn of(books: &Books) -> Happened {
        let mut happened = Happened { to: HashMap::new(), by: HashMap::new() };
        for event in &books.events {
            let kind = event.event.body.kind();
            *happened.to.entry((event.event.subject, kind)).or_default() += 1;
            *happened.by.entry((event.event.actor.person(), kind)).or_default() += 1;
        }
        happened
    }

    fn to(&self, subject: UserId, kind: EventKind) -> u64 {
        self.to.get(&(subject, kind)).copied().unwrap_or_default()
    }

    fn by(&self, actor: UserId, kind: EventKind) -> u64 {
        self.by.get(&(actor, kind)).copied().unwrap_or_default()
    }
}

/// Each change once, and the latest of each.
fn acknowledged_is_there(journal: &Journal, books: &Books, happened: &Happened) {
    let client = journal.client;
    let (actor, subject, leaver) = (journal.actor.id, &books.users[&journal.subject.id], &books.users[&journal.leaver.id]);
    assert_eq!(happened.by(actor, EventKind::UserInvited), journal.guests.len() as u64, "client {client}: invitations");
    for (email, id) in &journal.guests {
        let guest = books.users.values().find(|user| json!(user.id) == *id);
        let guest = guest.unwrap_or_else(|| panic!("client {client}: {email} was invited, and is gone"));
        assert_eq!(guest.status, UserStatus::Invited, "{email}");
        let held = books.addresses.iter().any(|held| held.holder == guest.id && held.email.address() == email);
        assert!(held, "client {client}: {email} was invited, and the address is free");
    }
    if journal.titles > 0 {
        assert_eq!(subject.job_title, journal.title, "client {client}: title");
    }
    assert_eq!(happened.to(subject.id, EventKind::UserUpdated), journal.titles, "client {client}: titles");
    assert_eq!(!subject.personal_permissions.is_empty(), journal.has_rights, "client {client}: rights");
    assert_eq!(happened.to(subject.id, EventKind::AccessChanged), journal.grants, "client {client}: changes of rights");
    assert_eq!(
        i64::from(subject.version),
        1 + i64::try_from(journal.titles + journal.grants).expect("a number"),
        "client {client}: version"
    );
    assert_eq!(leaver.status == UserStatus::Dismissed, journal.is_away, "client {client}: {:?}", leaver.status);
    assert_eq!(happened.to(leaver.id, EventKind::UserDismissed), journal.departures, "client {client}: departures");
    assert_eq!(happened.to(leaver.id, EventKind::UserHired), journal.returns, "client {client}: returns");
    let held_by = |holder: UserId| -> BTreeSet<String> {
        books.records.iter().filter(|record| record.responsible == holder).filter_map(|record| record.external_id.clone()).collect()
    };
    assert_eq!(held_by(leaver.id), journal.with_leaver, "client {client}: records of the leaver");
    assert_eq!(held_by(journal.heir.id), journal.with_heir, "client {client}: records of the heir");
}

/// The latest event about somebody's coming and going says what their row says.
fn events_match_the_rows(books: &Books) {
    let mut expected: HashMap<UserId, UserStatus> = HashMap::new();
    for event in &books.events {
        let status = match &event.event.body {
            EventBody::UserInvited { .. } => UserStatus::Invited,
            EventBody::UserDismissed { .. } => UserStatus::Dismissed,
            EventBody::UserHired | EventBody::InvitationAccepted => UserStatus::Active,
            _ => continue,
        };
        expected.insert(event.event.subject, status);
    }
    for (id, status) in expected {
        assert_eq!(books.users[&id].status, status, "the history of {} says otherwise", books.users[&id].display_name());
    }
    let told: HashSet<UserId> =
        books.events.iter().filter(|e| matches!(e.event.body, EventBody::UserInvited { .. })).map(|e| e.event.subject).collect();
    let silent = books.users.values().find(|user| user.status == UserStatus::Invited && !told.contains(&user.id));
    assert!(silent.is_none(), "somebody was invited, and the history does not know: {silent:?}");
}

/// Jobs are at their end, and moved as many records as they, and the history, say.
async fn handovers_are_whole(storage: &dyn Read, books: &Books) {
    let page = PageRequest::first(100_000);
    let jobs = storage.reassignments_page(&Access::system().reassignment_scope(), &page).await.expect("reassignments").rows;
    let mut moved: HashMap<ReassignmentId, u64> = HashMap::new();
    for change in books.changes.values().flatten() {
        if let Some(job) = change.reassignment {
            *moved.entry(job).or_default() += 1;
        }
    }
    let mut told: HashMap<ReassignmentId, u64> = HashMap::new();
    for event in &books.events {
        if let EventBody::EntitiesReassigned { reassignment, counts, .. } = &event.event.body {
            *told.entry(*reassignment).or_default() += counts.iter().map(|count| u64::from(count.open + count.closed)).sum::<u64>();
        }
    }
    let _kept = promise("handovers are there as a whole");
    for job in &jobs {
        assert_eq!(job.status, ReassignmentStatus::Succeeded, "a handover of a departure ends with it");
        let (moved, told) = (moved.remove(&job.id).unwrap_or_default(), told.remove(&job.id).unwrap_or_default());
        assert_eq!((moved, told), (u64::from(job.moved_count), u64::from(job.moved_count)), "H10, I7: {job:?}");
    }
    assert!(moved.is_empty() && told.is_empty(), "records changed hands in a job that is not there: {moved:?} {told:?}");
}

/// Everybody who is invited has an invitation, and nobody else.
async fn invitations_are_whole(storage: &dyn Read, books: &Books) {
    let everybody: Vec<UserId> = books.users.keys().copied().collect();
    let invited: HashSet<UserId> = books.users.values().filter(|user| user.status == UserStatus::Invited).map(|user| user.id).collect();
    let invitations = storage.invitations_by_user(&everybody).await.expect("invitations");
    let _kept = promise("who is invited has an invitation, and nobody else");
    assert_eq!(invitations.into_iter().map(|invitation| invitation.user).collect::<HashSet<_>>(), invited);
}
