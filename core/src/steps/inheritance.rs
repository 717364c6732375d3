//! What becomes of the records of somebody whose account is deleted (rules L1–L3).

use crate::engine::Change;
use crate::id::UserId;
use crate::policy::RecordScope;
use crate::record::{Handover, HandoverContext, RecordCount, RecordFilter};
use crate::rejection::Failure;
use crate::steps::handover::{self, LinkedActivities, Picked, Selection, TooMany};

/// Finds and holds all records of a person.
pub async fn pick(change: &mut Change<'_>, person: UserId) -> Result<Result<Picked, TooMany>, Failure> {
    let filter = RecordFilter { responsible: Some(vec![person]), ..RecordFilter::default() };
    // Linked activities of the same person are among them.
    handover::pick(change, Selection::Matching(filter, RecordScope::everything()), LinkedActivities::Stay).await
}

/// Gives them to the heir, with their ownership changes and a note of who they were recorded for: no reassignment, since there is nobody
/// left to give them back to. Who was noted before gives way, so that what one deleted person had last is found all together; their
/// ownership changes tell the rest. Returns how many, by kind.
pub async fn take_over(change: &mut Change<'_>, person: UserId, heir: UserId, picked: &Picked) -> Result<Vec<RecordCount>, Failure> {
    let lines = picked.chosen();
    let counts = handover::count(lines.iter());
    if lines.is_empty() {
        return Ok(counts);
    }
    let handovers: Vec<Handover> =
        lines.iter().map(|line| Handover { record: line.id, from: person, to: heir, change_id: change.new_uuid() }).collect();
    let context = HandoverContext { actor: change.access()?.actor().clone(), at: change.now(), reassignment: None };
    let moved = change.tx().records_bequeath(&handovers, &context).await?;
    if moved as usize != handovers.len() {
        return Err(Failure::Internal(format!("{moved} of {} held records were moved", handovers.len())));
    }
    Ok(counts)
}
