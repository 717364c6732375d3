//! What happened, as an administrator reads it.

use serde_json::{Value, json};

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
