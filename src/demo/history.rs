//! A year of changing hands: reassignments, and single records that colleagues gave to one another.

use tenure_core::id::{ReassignmentId, RecordId, UserId};
use tenure_core::reassignment::{Reassignment, ReassignmentLists, ReassignmentStatus, Share, SkipReason, Skipped};
use tenure_core::record::{OwnershipChange, RecordCount, RecordKind};
use tenure_core::time::Timestamp;
use tenure_core::user::Actor;

use super::calendar::Calendar;
use super::dice::Dice;
use super::people::{People, Place};
use super::records::{Draft, Records, colleague};

/// A handing over, as it was decided.
struct Plan {
    days_ago: i64,
    from: &'static str,
    to: &'static [&'static str],
    by: &'static str,
    note: &'static str,
    /// So many records, and the activities linked to them.
    limit: usize,
}

const PLANS: &[Plan] = &[
    Plan { days_ago: 352, from: "Rossi", to: &["Bianchi", "Almeida"], by: "Lindgren", note: "Regions redrawn.", limit: 24 },
    Plan { days_ago: 330, from: "Petrov", to: &["Virtanen"], by: "Lindgren", note: "Parental leave until autumn.", limit: 16 },
    Plan { days_ago: 299, from: "Sommer", to: &["Ivanova"], by: "Okafor", note: "Open invoices after Julia left.", limit: 10 },
    Plan { days_ago: 222, from: "Dvořák", to: &["Mbeki"], by: "Okafor", note: "", limit: 4 },
    Plan { days_ago: 205, from: "Solberg", to: &["Weber", "Diallo"], by: "Solberg", note: "Field visits split in two.", limit: 12 },
    Plan {
        days_ago: 169,
        from: "Keller",
        to: &["Benali", "Rossi", "Herrera"],
        by: "Okafor",
        note: "Region East after Bruno's retirement.",
        limit: 21,
    },
    Plan { days_ago: 140, from: "Virtanen", to: &["Petrov"], by: "Lindgren", note: "Dimitri is back from leave.", limit: 12 },
    Plan { days_ago: 110, from: "Kaya", to: &["Jansen"], by: "Lindgren", note: "Two territories swapped.", limit: 14 },
    Plan {
        days_ago: 95,
        from: "Karimi",
        to: &["Kaya", "O'Connor"],
        by: "Okafor",
        note: "First part; the rest is being sorted.",
        limit: 14,
    },
    Plan { days_ago: 60, from: "Mensah", to: &["Novak"], by: "Lindgren", note: "Larger accounts to Emma.", limit: 9 },
    Plan { days_ago: 33, from: "Holm", to: &["Novak", "Herrera"], by: "Okafor", note: "Deals that cannot wait.", limit: 10 },
    Plan { days_ago: 20, from: "Weber", to: &["Horváth"], by: "Solberg", note: "Holiday cover.", limit: 6 },
    Plan { days_ago: 5, from: "Bello", to: &["Sharma"], by: "Okafor", note: "Urgent visits.", limit: 4 },
];

/// Records that single people gave or took in the year.
const SINGLE_CHANGES: usize = 230;

/// What the year has left behind.
#[derive(Default)]
pub(super) struct History {
    pub(super) reassignments: Vec<Reassignment>,
    pub(super) changes: Vec<OwnershipChange>,
}

/// The year as it passes.
struct Year<'a> {
    people: &'a People,
    calendar: &'a Calendar,
    drafts: &'a mut [Draft],
    history: History,
}

enum Step<'a> {
    Plan(&'a Plan),
    Single,
}

impl History {
    /// Lets the year pass over the records.
    pub(super) fn pass(people: &People, records: &mut Records, calendar: &Calendar, dice: &mut Dice) -> History {
        let mut steps: Vec<(Timestamp, Step<'_>)> =
            PLANS.iter().map(|plan| (calendar.moment(plan.days_ago, dice), Step::Plan(plan))).collect();
        steps.extend((0..SINGLE_CHANGES).map(|_| (calendar.moment(dice.between(1, 364), dice), Step::Single)));
        steps.sort_by_key(|(at, _)| *at);

        let mut year = Year { people, calendar, drafts: &mut records.drafts, history: History::default() };
        for (at, step) in steps {
            match step {
                Step::Plan(plan) => year.reassign(plan, at),
                Step::Single => year.change_one(at, dice),
            }
        }
        let history = year.history;
        for draft in &mut records.drafts {
            if let Some(closed_at) = draft.closed_at {
                draft.record.version += 1;
                draft.record.updated_at = draft.record.updated_at.max(closed_at);
            }
        }
        history
    }
}

impl Year<'_> {
    fn reassign(&mut self, plan: &Plan, at: Timestamp) {
        let (people, drafts) = (self.people, &*self.drafts);
        let from = people.place_of(plan.from);
        let successors: Vec<usize> = plan.to.iter().map(|name| people.place_of(name)).collect();
        let is_movable = |d: &Draft| d.owner == from && !d.is_kept && d.record.created_at < at;

        // Rule H8: those that follow no other selected one, ascending, one to each in turn; activities follow their record (H4).
        let mut leading: Vec<usize> =
            (0..drafts.len()).filter(|i| is_movable(&drafts[*i]) && drafts[*i].record.subject.is_none()).collect();
        leading.sort_by_key(|i| drafts[*i].record.id);
        leading.truncate(plan.limit);
        let mut moves: Vec<(usize, usize)> = Vec::new();
        for (number, index) in leading.iter().enumerate() {
            let to = successors[number % successors.len()];
            moves.push((*index, to));
            let id = drafts[*index].record.id;
            moves.extend((0..drafts.len()).filter(|i| drafts[*i].record.subject == Some(id) && is_movable(&drafts[*i])).map(|i| (i, to)));
        }
        if moves.is_empty() {
            return;
        }
        let id = ReassignmentId(self.calendar.id_at(at));
        let actor = people.named(plan.by).actor();
        let moved: Vec<&Draft> = moves.iter().map(|(i, _)| &drafts[*i]).collect();
        let shares = successors.iter().map(|successor| Share {
            successor: people.0[*successor].user.id,
            counts: count(moves.iter().filter(|(_, to)| to == successor).map(|(i, _)| &drafts[*i]), at),
        });
        // One selection named a record that somebody else had by then.
        let skipped: Vec<Skipped> = match plan.from {
            "Kaya" => drafts
                .iter()
                .find(|d| d.record.id.kind == RecordKind::Deal && d.owner != from && d.record.created_at < at)
                .map(|d| Skipped { record: d.record.id, reason: SkipReason::NotOwned })
                .into_iter()
                .collect(),
            _ => Vec::new(),
        };
        let moved_count = u32::try_from(moves.len()).unwrap_or(u32::MAX);
        let skipped_count = u32::try_from(skipped.len()).unwrap_or(u32::MAX);
        self.history.reassignments.push(Reassignment {
            id,
            status: if skipped.is_empty() { ReassignmentStatus::Succeeded } else { ReassignmentStatus::PartiallySucceeded },
            planned_count: moved_count + skipped_count,
            moved_count,
            skipped_count,
            remaining_count: Some(0),
            failure: None,
            lists: ReassignmentLists {
                moved_counts: count(moved.into_iter(), at),
                shares: shares.collect(),
                sources: vec![people.0[from].user.id],
                skipped,
                successors: successors.iter().map(|i| people.0[*i].user.id).collect(),
            },
            requested_by: actor.clone(),
            note: (!plan.note.is_empty()).then(|| plan.note.to_owned()),
            undoes: None,
            created_at: at,
            finished_at: Some(at.plus_seconds(1)),
        });
        for (index, to) in moves {
            self.hand_over(index, to, Decision { at, actor: actor.clone(), reassignment: Some(id) });
        }
    }

    fn change_one(&mut self, at: Timestamp, dice: &mut Dice) {
        let (people, drafts) = (self.people, &*self.drafts);
        let candidates: Vec<usize> = (0..drafts.len()).filter(|i| !drafts[*i].is_kept && drafts[*i].record.created_at < at).collect();
        if candidates.is_empty() {
            return;
        }
        let index = *dice.pick(&candidates);
        let draft = &drafts[index];
        let to = colleague(people, draft.record.id.kind, at, dice);
        if to == draft.owner || !people.0[to].is_employee_at(at) {
            return;
        }
        let owner = &people.0[draft.owner];
        // One gives away what one has oneself, takes what a leaver left, and has the HR manager move what an external person had.
        let actor = match (owner.place, owner.works_at(at)) {
            (Place::Outside, _) => people.inviter_at(at).actor(),
            (_, true) => owner.actor(),
            (_, false) => people.0[to].actor(),
        };
        self.hand_over(index, to, Decision { at, actor, reassignment: None });
    }

    fn hand_over(&mut self, index: usize, to: usize, decision: Decision) {
        let Decision { at, actor, reassignment } = decision;
        let draft = &mut self.drafts[index];
        let from: UserId = draft.record.responsible;
        draft.owner = to;
        draft.record.responsible = self.people.0[to].user.id;
        draft.record.version += 1;
        draft.record.updated_at = at;
        let record: RecordId = draft.record.id;
        let record_version = draft.record.version + i32::from(draft.closed_at.is_some_and(|closed| closed <= at));
        let to = draft.record.responsible;
        self.history.changes.push(OwnershipChange {
            id: self.calendar.id_at(at),
            record,
            from,
            to,
            actor,
            changed_at: at,
            reassignment,
            record_version,
        });
    }
}

/// What was decided about a record.
struct Decision {
    at: Timestamp,
    actor: Actor,
    reassignment: Option<ReassignmentId>,
}

/// By kind ascending, as of an instant; kinds without any are left out.
fn count<'a>(drafts: impl Iterator<Item = &'a Draft>, at: Timestamp) -> Vec<RecordCount> {
    let mut counts = RecordKind::ALL.map(|kind| RecordCount { kind, open: 0, closed: 0 });
    for draft in drafts {
        let count = &mut counts[usize::from(draft.record.id.kind.code().unsigned_abs()) - 1];
        match draft.closed_at.is_some_and(|closed| closed <= at) {
            true => count.closed += 1,
            false => count.open += 1,
        }
    }
    counts.into_iter().filter(|c| c.open + c.closed > 0).collect()
}
