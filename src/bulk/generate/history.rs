//! How records changed hands: what leavers left is handed over after they went, in part; colleagues give one another single records.

use tenure_core::id::ReassignmentId;
use tenure_core::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus, Share};
use tenure_core::record::{OwnershipChange, Record, RecordCount, RecordKind};
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;

use super::people::People;
use super::records::{Draft, Drawing};
use super::{Chance, NOW, uuid_at};
use crate::demo::calendar::Calendar;

/// Names their dice.
const JOB: u64 = 5;
const PATH: u64 = 6;

/// How often a record changes hands at most.
const STEPS_MAX: usize = 4;
/// Of a hundred records: those that somebody gives away or takes, and those that a handover of the owner takes along.
const SINGLE_PERCENT: usize = 8;
const HANDED_PERCENT: usize = 60;

/// A handover: when, of whom, to whom, and what came of it so far.
pub(super) struct Job {
    pub(super) id: ReassignmentId,
    pub(super) at: Timestamp,
    pub(super) source: usize,
    pub(super) successors: Vec<usize>,
    pub(super) by: usize,
    /// By successor and kind: open, closed.
    moved: Vec<[(u32, u32); RecordKind::ALL.len()]>,
}

impl Job {
    /// How many records it moved.
    pub(super) fn moved(&self) -> u32 {
        self.moved.iter().flatten().map(|(open, closed)| open + closed).sum()
    }

    fn counts(of: impl Iterator<Item = (u32, u32)>) -> Vec<RecordCount> {
        let all = RecordKind::ALL.into_iter().zip(of);
        all.map(|(kind, (open, closed))| RecordCount { kind, open, closed }).filter(|c| c.open + c.closed > 0).collect()
    }

    /// What it moved, by kind.
    pub(super) fn moved_counts(&self) -> Vec<RecordCount> {
        let sum = |kind: usize| self.moved.iter().map(|m| m[kind]).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        Job::counts((0..RecordKind::ALL.len()).map(sum))
    }

    /// Its row.
    pub(super) fn reassignment(&self, people: &People) -> Reassignment {
        let shares = self.successors.iter().zip(&self.moved);
        Reassignment {
            id: self.id,
            status: ReassignmentStatus::Succeeded,
            planned_count: self.moved(),
            moved_count: self.moved(),
            skipped_count: 0,
            remaining_count: Some(0),
            failure: None,
            lists: ReassignmentLists {
                moved_counts: self.moved_counts(),
                shares: shares.map(|(s, m)| Share { successor: people.person(*s).id, counts: Job::counts(m.iter().copied()) }).collect(),
                sources: vec![people.person(self.source).id],
                skipped: Vec::new(),
                successors: self.successors.iter().map(|s| people.person(*s).id).collect(),
            },
            requested_by: people.person(self.by).actor(),
            note: None,
            undoes: None,
            created_at: self.at,
            finished_at: Some(self.at),
        }
    }
}

/// All handovers.
pub(super) struct History {
    pub(super) jobs: Vec<Job>,
    /// The handover of each person, by number.
    of: Vec<Option<u32>>,
    chance: Chance,
}

impl History {
    /// Plans them: one for most leavers, some days after they went, and one for an employee now and then.
    pub(super) fn plan(people: &People, calendar: &Calendar, chance: &Chance) -> History {
        let mut history = History { jobs: Vec::new(), of: vec![None; people.len()], chance: Chance { seed: chance.seed } };
        for source in 0..people.outside().start {
            let dice = &mut chance.of(JOB, source);
            let at = match people.person(source).dismissed_at {
                Some(left) if dice.chance(80) => calendar.moment_between(left.plus_seconds(86_400), left.plus_seconds(9 * 86_400), dice),
                None if dice.chance(6) => calendar.moment(dice.between(20, 340), dice),
                Some(_) | None => continue,
            };
            let mut successors: Vec<usize> = (0..dice.between(1, 4)).map(|_| people.colleague(at, dice)).collect();
            successors.sort_unstable();
            successors.dedup();
            successors.retain(|s| *s != source);
            let is_there = people.person(source).accepted_at < at;
            if at >= NOW || successors.is_empty() || !is_there {
                continue;
            }
            history.of[source] = u32::try_from(history.jobs.len()).ok();
            let moved = vec![[(0, 0); RecordKind::ALL.len()]; successors.len()];
            history.jobs.push(Job { id: ReassignmentId(uuid_at(at, dice)), at, source, successors, by: people.hr(), moved });
        }
        history
    }

    /// Lets the time until now pass over a record: what became of it, and how it changed hands.
    pub(super) fn pass(&mut self, draft: &Draft, drawing: &Drawing<'_>) -> (Record, Vec<OwnershipChange>) {
        let people = drawing.people;
        let dice = &mut self.chance.of(PATH + 16 * draft.record.id.kind.code().unsigned_abs() as u64, draft.number);
        let mut record = draft.record.clone();
        let mut changes: Vec<OwnershipChange> = Vec::new();
        let (mut owner, mut at) = (draft.owner, draft.record.created_at);
        let mut closing = draft.closed_at;
        while !draft.is_kept && !people.is_outside(owner) && changes.len() < STEPS_MAX {
            let single = dice.chance(SINGLE_PERCENT).then(|| drawing.calendar.moment_between(at, NOW, dice));
            let job = self.of[owner].filter(|_| dice.chance(HANDED_PERCENT)).map(|job| (self.jobs[job as usize].at, Some(job as usize)));
            let next = single.map(|at| (at, None)).into_iter().chain(job).filter(|(then, _)| *then > at).min_by_key(|(then, _)| *then);
            let Some((then, job)) = next else { break };
            if closing.is_some_and(|closed| closed <= then) {
                closing = None;
                record.version += 1;
            }
            let is_closed = draft.closed_at.is_some_and(|closed| closed <= then);
            let (to, actor) = match job {
                Some(job) => {
                    let job = &mut self.jobs[job];
                    let share = dice.below(job.successors.len());
                    let counted = &mut job.moved[share][record.id.kind as usize];
                    if is_closed {
                        counted.1 += 1
                    } else {
                        counted.0 += 1
                    }
                    (job.successors[share], people.person(job.by).actor())
                }
                None => {
                    let to = people.colleague(then, dice);
                    // Who has it gives it; what a leaver left is taken.
                    let by = if people.person(owner).works_at(then) { owner } else { to };
                    (to, Actor::User(people.person(by).id))
                }
            };
            if to == owner {
                break;
            }
            record.version += 1;
            changes.push(OwnershipChange {
                id: uuid_at(then, dice),
                record: record.id,
                from: people.person(owner).id,
                to: people.person(to).id,
                actor,
                changed_at: then,
                reassignment: job.map(|job| self.jobs[job].id),
                record_version: record.version,
            });
            (owner, at) = (to, then);
        }
        record.version += i32::from(closing.is_some());
        record.responsible = people.person(owner).id;
        record.updated_at = at.max(draft.closed_at.unwrap_or(at));
        (record, changes)
    }
}
