//! What happened, as an administrator reads it.

use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::clock::{Clock, SystemClock};
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{EventId, UserId};
use tenure_core::storage::{Storage, StorageError};
use tenure_core::user::Actor;

use super::person::Person;

/// The six fields of every event, and those of each kind.
pub const EVENT: &str =
    "__typename id sequence occurredAt requestId actor { kind displayName user { id } } subject { kind displayName user { id } }
    ... on UserInvitedEvent { email }
    ... on UserUpdatedEvent { changedFields }
    ... on AccessChangedEvent { personalPermissions isAdministrator }
    ... on UserDismissedEvent { reason }
    ... on EntitiesReassignedEvent { reassignment { movedCount } successors { displayName } counts { kind openCount closedCount } }
    ... on ReassignmentUndoneEvent { reassignment { movedCount } counts { kind openCount closedCount } }
    ... on EmailTransferredEvent { recipient { displayName } roles }
    ... on EmailReleasedEvent { roles }
    ... on EmailChangedEvent { role }
    ... on MovedToExtranetEvent { workgroups { name } }
    ... on WorkgroupMembershipChangedEvent { workgroup { name } placedAs: role }
    ... on UserDeletedEvent { recipient { displayName } }
    ... on SettingsChangedEvent { changedFields }
    ... on AccessTokenCreatedEvent { tokenName }
    ... on AccessTokenRevokedEvent { tokenName }";

/// The number of the latest event.
pub async fn latest(reader: &Person) -> i64 {
    let answer = reader.query("{ userEvents(first: 1) { nodes { sequence } } }", json!({})).await.ok();
    answer.list("userEvents.nodes").first().map_or(0, |event| event["sequence"].as_i64().expect("a number"))
}

/// All fields of the events behind a number, the earliest first.
pub async fn events_behind(reader: &Person, sequence: i64) -> Vec<Value> {
    let answer = reader.query(&format!("{{ userEvents(first: 100) {{ nodes {{ {EVENT} }} }} }}"), json!({})).await.ok();
    let is_behind = |event: &&Value| event["sequence"].as_i64().is_some_and(|n| n > sequence);
    let mut events: Vec<Value> = answer.list("userEvents.nodes").iter().filter(is_behind).cloned().collect();
    events.reverse();
    events
}

/// An event in few words: its type, whom it happened to, who did it, and what only it has.
pub fn in_short(event: &Value) -> Value {
    let mut short = event.as_object().expect("an event").clone();
    for field in ["id", "sequence", "occurredAt", "requestId"] {
        short.remove(field);
    }
    for (field, by) in [("actor", "by"), ("subject", "of")] {
        let name = short.remove(field).expect("a byline")["displayName"].clone();
        short.insert(by.to_owned(), name);
    }
    let name = short.remove("__typename").expect("a type");
    short.insert("is".to_owned(), json!(name.as_str().expect("a name").trim_end_matches("Event")));
    Value::Object(short)
}

/// Writes events past every server, as a command beside them does.
pub async fn append(storage: &dyn Storage, subject: UserId, bodies: Vec<EventBody>) {
    let event = |body| NewEvent {
        id: EventId(SystemClock.new_uuid()),
        occurred_at: SystemClock.now(),
        actor: Actor::System,
        subject,
        request_id: None,
        body,
    };
    let events: Vec<NewEvent> = bodies.into_iter().map(event).collect();
    // The server writes, too: a race that is lost is tried again.
    for _ in 0..50 {
        let done = async {
            let mut tx = storage.begin().await?;
            tx.events_append(&events).await?;
            tx.commit().await
        };
        match done.await {
            // Taken: the commit got through, and its answer did not.
            Ok(()) | Err(StorageError::Taken(_)) => return,
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    panic!("events cannot be written");
}
