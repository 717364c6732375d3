//! Handing records over: which ones, to whom, and doing it (rules H1–H10). Decided here over rows that are held; written in sets.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::engine::Change;
use crate::event::EventBody;
use crate::id::{ReassignmentId, RecordId, UserId};
use crate::mail::Mail;
use crate::policy::RecordScope;
use crate::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus, SKIPPED_KEPT, SOURCES_KEPT, Share, SkipReason, Skipped};
use crate::record::{Handover, HandoverContext, RecordCount, RecordFilter, RecordKind};
use crate::rejection::Failure;
use crate::storage::RecordLine;
use crate::user::{Actor, User, UserStatus};

/// Most records that are moved in the transaction of a mutation (rule H7).
pub const RECORDS_MAX: usize = 5_000;

/// Which records.
#[derive(Debug, Clone)]
pub enum Selection<'s> {
    /// These; what cannot be moved is skipped.
    Ids(&'s [RecordId], RecordScope),
    /// All that match.
    Matching(RecordFilter, RecordScope),
}

/// Whether linked activities follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkedActivities {
    /// They follow.
    Follow,
    /// They stay.
    Stay,
}

/// What is to be moved, and what is left alone.
#[derive(Debug, Default)]
pub struct Plan {
    moves: Vec<(RecordLine, UserId)>,
    skipped: Vec<Skipped>,
    successors: Vec<UserId>,
}

/// What a plan comes to, for a dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// By kind.
    pub counts: Vec<RecordCount>,
    /// By successor, in the order given.
    pub shares: Vec<Share>,
}

/// A reassignment in an outcome: the row as the transaction left it, or, in a repeat, only which it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FreshReassignment {
    /// Which.
    pub id: ReassignmentId,
    /// The row; None in a repeat, which reads it afresh.
    #[serde(skip)]
    pub row: Option<Reassignment>,
}

/// More records are selected than a mutation moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

/// The records selected, held, with linked activities told apart.
#[derive(Debug)]
pub struct Picked {
    chosen: Vec<RecordLine>,
    followers: Vec<RecordLine>,
    skipped: Vec<Skipped>,
}

impl Picked {
    /// The records selected themselves, without what follows them.
    pub fn chosen(&self) -> &[RecordLine] {
        &self.chosen
    }

    /// Whether nothing is selected, not even something to skip.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty() && self.skipped.is_empty()
    }

    /// Leaves alone what `reason` says so of.
    pub fn skip(&mut self, reason: impl Fn(&RecordLine) -> Option<SkipReason>) {
        let skipped = &mut self.skipped;
        self.chosen.retain(|line| match reason(line) {
            Some(reason) => {
                skipped.push(Skipped { record: line.id, reason });
                false
            }
            None => true,
        });
        let chosen: HashSet<RecordId> = self.chosen.iter().map(|l| l.id).collect();
        self.followers.retain(|line| line.subject.is_some_and(|s| chosen.contains(&s)));
    }
}

/// Finds and holds the records selected and the activities that follow them: those linked to one of them and with the same responsible
/// person (rule H4).
pub async fn pick(change: &mut Change<'_>, selection: Selection<'_>, linked: LinkedActivities) -> Result<Result<Picked, TooMany>, Failure> {
    let mut skipped = Vec::new();
    let limit = RECORDS_MAX as u32 + 1;
    let chosen = match selection {
        Selection::Ids(ids, scope) => {
            let lines = change.tx().records_lock_by_id(ids, &scope).await?;
            let found: HashSet<RecordId> = lines.iter().map(|l| l.id).collect();
            let mut missing: Vec<RecordId> = ids.iter().copied().filter(|id| !found.contains(id)).collect();
            missing.sort();
            missing.dedup();
            skipped.extend(missing.into_iter().map(|record| Skipped { record, reason: SkipReason::NotFound }));
            lines
        }
        Selection::Matching(filter, scope) => change.tx().records_lock_matching(&scope, &filter, limit).await?,
    };
    if chosen.len() > RECORDS_MAX {
        return Ok(Err(TooMany));
    }
    let mut followers = Vec::new();
    let subjects: Vec<RecordId> = chosen.iter().map(|l| l.id).filter(|id| id.kind != RecordKind::Activity).collect();
    if linked == LinkedActivities::Follow && !subjects.is_empty() {
        let responsible: HashMap<RecordId, UserId> = chosen.iter().map(|l| (l.id, l.responsible)).collect();
        followers = change.tx().records_lock_activities_of(&subjects, limit).await?;
        followers.retain(|a| a.subject.and_then(|s| responsible.get(&s)) == Some(&a.responsible));
        if chosen.len() + followers.len() > RECORDS_MAX {
            let own: HashSet<RecordId> = chosen.iter().map(|l| l.id).collect();
            if chosen.len() + followers.iter().filter(|f| !own.contains(&f.id)).count() > RECORDS_MAX {
                return Ok(Err(TooMany));
            }
        }
    }
    change.records_are_held();
    Ok(Ok(Picked { chosen, followers, skipped }))
}

/// Deals the records out: ascending by ID, number i goes to successor i mod n; followers go where their record goes (rule H8).
pub fn deal_out(picked: Picked, successors: &[UserId]) -> Plan {
    let Picked { mut chosen, followers, mut skipped } = picked;
    chosen.sort_by_key(|l| l.id);
    skipped.sort_by_key(|s| s.record);
    let following: HashSet<RecordId> = followers.iter().map(|l| l.id).collect();
    let leaders: Vec<RecordLine> = chosen.into_iter().filter(|l| !following.contains(&l.id)).collect();
    let mut moves: Vec<(RecordLine, UserId)> = leaders.into_iter().zip(successors.iter().copied().cycle()).collect();
    let destination: HashMap<RecordId, UserId> = moves.iter().map(|(line, to)| (line.id, *to)).collect();
    moves.extend(followers.into_iter().filter_map(|line| line.subject.and_then(|s| destination.get(&s)).map(|to| (line, *to))));
    moves.sort_by_key(|(line, _)| line.id);
    Plan { moves, skipped, successors: successors.to_vec() }
}

/// Gives records back to those named; nobody else is a successor (rule H9).
pub fn hand_back(moves: Vec<(RecordLine, UserId)>, skipped: Vec<Skipped>) -> Plan {
    let successors: BTreeSet<UserId> = moves.iter().map(|(_, to)| *to).collect();
    Plan { moves, skipped, successors: successors.into_iter().collect() }
}

/// Counts by kind, ascending; kinds without any are left out.
pub fn count<'l>(lines: impl Iterator<Item = &'l RecordLine>) -> Vec<RecordCount> {
    let mut counts: BTreeMap<RecordKind, RecordCount> = BTreeMap::new();
    for line in lines {
        let entry = counts.entry(line.id.kind).or_insert(RecordCount { kind: line.id.kind, open: 0, closed: 0 });
        if line.is_closed {
            entry.closed += 1;
        } else {
            entry.open += 1;
        }
    }
    counts.into_values().collect()
}

impl Plan {
    /// How many of the records to be moved belong to the CRM.
    pub fn crm_count(&self) -> usize {
        self.moves.iter().filter(|(line, _)| line.id.kind.is_crm()).count()
    }

    /// What it comes to.
    pub fn planned(&self) -> Planned {
        Planned { counts: count(self.moves.iter().map(|(line, _)| line)), shares: self.shares() }
    }

    fn shares(&self) -> Vec<Share> {
        let of = |successor: UserId| count(self.moves.iter().filter(|(_, to)| *to == successor).map(|(line, _)| line));
        self.successors.iter().map(|s| Share { successor: *s, counts: of(*s) }).collect()
    }

    /// Moves the records, writes their ownership changes, stores the reassignment and one event for each former responsible (rule I7), and
    /// has the successors told (rule H13).
    pub async fn execute(self, change: &mut Change<'_>, note: Option<String>) -> Result<FreshReassignment, Failure> {
        let (reassignment, by_source) = self.carry_out(change, note, None).await?;
        for (source, counts) in by_source {
            let (reassignment, successors) = (reassignment.id, reassignment.lists.successors.clone());
            change.event(source, EventBody::EntitiesReassigned { reassignment, successors, counts });
        }
        tell_successors(change, &reassignment).await?;
        Ok(FreshReassignment { id: reassignment.id, row: Some(reassignment) })
    }

    /// The same for records that are given back: one event for each receiver (rules H9, I7).
    pub async fn give_back(self, change: &mut Change<'_>, undone: ReassignmentId) -> Result<FreshReassignment, Failure> {
        let (reassignment, _) = self.carry_out(change, None, Some(undone)).await?;
        for share in &reassignment.lists.shares {
            change.event(share.successor, EventBody::ReassignmentUndone { reassignment: undone, counts: share.counts.clone() });
        }
        tell_successors(change, &reassignment).await?;
        Ok(FreshReassignment { id: reassignment.id, row: Some(reassignment) })
    }

    /// What both have in common; with what each source gave.
    async fn carry_out(
        self,
        change: &mut Change<'_>,
        note: Option<String>,
        undoes: Option<ReassignmentId>,
    ) -> Result<(Reassignment, Vec<(UserId, Vec<RecordCount>)>), Failure> {
        let id = ReassignmentId(change.new_uuid());
        let actor: Actor = change.access()?.actor().clone();
        let now = change.now();
        let handovers: Vec<Handover> = self
            .moves
            .iter()
            .map(|(line, to)| Handover { record: line.id, from: line.responsible, to: *to, change_id: change.new_uuid() })
            .collect();
        if !handovers.is_empty() {
            let context = HandoverContext { actor: actor.clone(), at: now, reassignment: Some(id) };
            let moved = change.tx().records_reassign(&handovers, &context).await?;
            if moved as usize != handovers.len() {
                return Err(Failure::Internal(format!("{moved} of {} held records were moved", handovers.len())));
            }
        }
        let mut by_source: BTreeMap<UserId, Vec<&RecordLine>> = BTreeMap::new();
        for (line, _) in &self.moves {
            by_source.entry(line.responsible).or_default().push(line);
        }
        let moved_count = self.moves.len() as u32;
        let skipped_count = self.skipped.len() as u32;
        let reassignment = Reassignment {
            id,
            status: if self.skipped.is_empty() { ReassignmentStatus::Succeeded } else { ReassignmentStatus::PartiallySucceeded },
            planned_count: moved_count + skipped_count,
            moved_count,
            skipped_count,
            remaining_count: Some(0),
            failure: None,
            lists: ReassignmentLists {
                moved_counts: count(self.moves.iter().map(|(line, _)| line)),
                shares: self.shares(),
                sources: by_source.keys().copied().take(SOURCES_KEPT).collect(),
                skipped: self.skipped.iter().take(SKIPPED_KEPT).cloned().collect(),
                successors: self.successors.clone(),
            },
            requested_by: actor,
            note,
            undoes,
            created_at: now,
            finished_at: Some(now),
        };
        change.tx().reassignment_insert(&reassignment).await?;
        let by_source = by_source.iter().map(|(source, lines)| (*source, count(lines.iter().copied()))).collect();
        Ok((reassignment, by_source))
    }
}

/// One mail for each successor who received something and works here: leavers, invited people and the System User get none (rule H13).
async fn tell_successors(change: &mut Change<'_>, reassignment: &Reassignment) -> Result<(), Failure> {
    let received: Vec<&Share> = reassignment.lists.shares.iter().filter(|share| !share.counts.is_empty()).collect();
    if received.is_empty() {
        return Ok(());
    }
    let author = change.access()?.person();
    let mut ids: Vec<UserId> = received.iter().map(|share| share.successor).chain([author]).collect();
    ids.sort();
    ids.dedup();
    let people: HashMap<UserId, User> = change.read().users_by_id(&ids).await?.into_iter().map(|user| (user.id, user)).collect();
    let by = people.get(&author).map(User::display_name).unwrap_or_default();
    for share in received {
        let Some(successor) = people.get(&share.successor).filter(|user| user.status == UserStatus::Active) else { continue };
        let Some(to) = successor.contact_email.as_ref().or(successor.login_email.as_ref()) else { continue };
        change.mail(Mail::HandoverReceived {
            to: to.clone(),
            successor: Some(successor.id),
            name: successor.display_name(),
            by: by.clone(),
            reassignment: reassignment.id,
            counts: share.counts.clone(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn line(kind: RecordKind, n: u128, subject: Option<RecordId>) -> RecordLine {
        RecordLine {
            id: RecordId { kind, uuid: Uuid::from_u128(n) },
            responsible: UserId(Uuid::from_u128(1)),
            is_closed: n.is_multiple_of(2),
            subject,
            version: 1,
        }
    }

    #[test]
    fn h8_shares_go_round_and_activities_follow_their_record() {
        let (ann, bob) = (UserId(Uuid::from_u128(10)), UserId(Uuid::from_u128(11)));
        // An even number: from the other end, each would go to the other one.
        let deals: Vec<RecordLine> = (1..=4).map(|n| line(RecordKind::Deal, n, None)).collect();
        let followers = vec![line(RecordKind::Activity, 1, Some(deals[1].id)), line(RecordKind::Activity, 2, Some(deals[2].id))];
        let mut chosen = deals.clone();
        chosen.push(followers[0]);
        let plan = deal_out(Picked { chosen, followers: followers.clone(), skipped: vec![] }, &[ann, bob]);
        let to = |l: &RecordLine| plan.moves.iter().find(|(m, _)| m.id == l.id).map(|(_, to)| *to);
        assert_eq!(deals.iter().map(to).collect::<Vec<_>>(), [Some(ann), Some(bob), Some(ann), Some(bob)]);
        assert_eq!([to(&followers[0]), to(&followers[1])], [Some(bob), Some(ann)]);
        assert_eq!(plan.moves.len(), 6, "an activity that is selected and follows is moved once");
    }
}
