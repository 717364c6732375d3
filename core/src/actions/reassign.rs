//! `reassign`: records are handed over, whatever the status of who has them (rules H1–H11).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::{RecordId, UserId};
use crate::permission::Permission;
use crate::policy::{Access, Verdict};
use crate::reassignment::SkipReason;
use crate::record::RecordFilter;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::checks;
use crate::steps::handover::{self, FreshReassignment, LinkedActivities, Picked, Planned, Selection};
use crate::steps::input::{RecordFilterInput, check_successors, optional_paragraph, successors_shape};
use crate::storage::{Read, RecordLine};
use crate::text;
use crate::user::{User, UserStatus};

/// Most IDs of one selection.
pub const IDS_MAX: usize = 500;

/// Which records, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub enum SelectionInput {
    Ids(Vec<RecordId>),
    Matching(RecordFilterInput),
}

/// Input of `reassign`, as given.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct ReassignInput {
    pub selection: SelectionInput,
    pub to_user_ids: Vec<UserId>,
    pub include_linked_activities: bool,
    pub note: Option<String>,
}

#[derive(Debug, Clone)]
enum Selected {
    Ids(Vec<RecordId>),
    TooMany,
    Matching(RecordFilter),
}

/// Hands records over.
#[derive(Debug, Clone)]
pub struct Reassign {
    selection: Selected,
    successors: Vec<UserId>,
    linked: bool,
    note: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reassigned {
    /// The reassignment.
    pub reassignment: Option<FreshReassignment>,
    /// What would move, on a dry run.
    pub planned: Option<Planned>,
}

impl Outcome for Reassigned {
    fn keep_for_dry_run(&mut self) {
        self.reassignment = None;
    }

    fn keep_in_earnest(&mut self) {
        self.planned = None;
    }
}

impl Reassign {
    /// Checks the shape.
    pub fn parse(input: ReassignInput) -> Result<Reassign, Refusal> {
        let mut faults = Faults::new();
        let selection = match input.selection {
            SelectionInput::Ids(mut ids) => {
                if ids.is_empty() {
                    faults.input("selection.ids", "`ids` must name 1 to 500 records.");
                }
                // Counted as given; refused when it runs, after what comes before it in the contract.
                let too_many = ids.len() > IDS_MAX;
                ids.sort();
                ids.dedup();
                if too_many { Selected::TooMany } else { Selected::Ids(ids) }
            }
            SelectionInput::Matching(filter) => Selected::Matching(filter.parse("selection.matching", &mut faults)),
        };
        successors_shape(&input.to_user_ids, "toUserIds", &mut faults);
        let note = optional_paragraph(input.note, text::NOTE_MAX, "note", &mut faults);
        faults.finish().map(|()| Reassign { selection, successors: input.to_user_ids, linked: input.include_linked_activities, note })
    }

    fn named_sources(&self) -> &[UserId] {
        match &self.selection {
            Selected::Ids(_) | Selected::TooMany => &[],
            Selected::Matching(filter) => filter.responsible.as_deref().unwrap_or_default(),
        }
    }

    fn is_too_wide(&self) -> bool {
        match &self.selection {
            Selected::TooMany => true,
            Selected::Ids(_) => false,
            Selected::Matching(filter) => {
                filter.responsible.is_none() && filter.former_responsible.is_none() && filter.is_orphaned != Some(true)
            }
        }
    }
}

/// Whether a caller may hand one record over to these successors (rule H11). `holder`: who has it.
fn may_hand_over(access: &Access, holder: &User, record: RecordId, successors: &[UserId]) -> bool {
    if access.has(Permission::EntitiesReassign) {
        return true;
    }
    let own = holder.id == access.person();
    let picks_up = holder.leaves_orphaned(record.kind) && successors.iter().all(|s| *s == access.person());
    access.has(Permission::EntitiesWrite) && (own || picks_up)
}

#[async_trait]
impl Action for Reassign {
    type Output = Reassigned;
    const NAME: &'static str = "reassign";
    const REQUIRES: &'static [Permission] = &[Permission::EntitiesReassign, Permission::EntitiesWrite];
    const CODES: &'static [Code] = &[
        Code::NotPermitted,
        Code::UserNotFound,
        Code::SuccessorNotEligible,
        Code::SelectionEmpty,
        Code::SelectionTooWide,
        Code::InputInvalid,
        Code::IdempotencyKeyReused,
        Code::IdempotencyInProgress,
    ];

    async fn locks(&self, read: &dyn Read) -> Result<Locks, Failure> {
        // Sources are held too: whether a record is orphaned must not change under our hands.
        let mut sources = self.named_sources().to_vec();
        if let Selected::Ids(ids) = &self.selection {
            let scope = crate::policy::RecordScope::everything();
            sources.extend(read.records_by_id(ids, &scope).await?.into_iter().map(|r| r.responsible));
        }
        Ok(Locks::new().shared_all(self.successors.iter().copied().chain(sources)))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<Reassigned, Failure> {
        let mut reasons = Reasons::new();
        let access = change.access()?.clone();
        self.check_sources(change, &access, &mut reasons);
        if !reasons.codes(&[Code::UserNotFound]).is_empty() {
            // Before any record is looked for: how long that takes would tell somebody hidden from somebody missing (DOMAIN §5).
            reasons.check(Self::CODES, None)?;
        }
        check_successors(&self.successors, self.named_sources(), "toUserIds", |id| change.held(id), &mut reasons);
        let too_wide = self.is_too_wide();
        reasons.add_if(too_wide, || {
            Rejection::at(
                Code::SelectionTooWide,
                "selection",
                "Name at most 500 records, or give `responsibleIds`, `formerResponsibleIds` or `isOrphaned: true`.",
            )
        });
        if let Selected::Matching(filter) = &self.selection
            && filter.former_responsible.is_some()
            && !access.is_administrator()
        {
            return Err(Failure::Forbidden(&[Permission::Administrate]));
        }
        if too_wide {
            reasons.check(Self::CODES, None)?;
        }

        let scope = access.record_scope_for_writing();
        let selection = match &self.selection {
            // Refused before, as too wide.
            Selected::TooMany => Selection::Ids(&[], scope),
            Selected::Ids(ids) => Selection::Ids(ids, scope),
            Selected::Matching(filter) => Selection::Matching(filter.clone(), scope),
        };
        let linked = if self.linked { LinkedActivities::Follow } else { LinkedActivities::Stay };
        let picked = match handover::pick(change, selection, linked).await? {
            Ok(picked) => picked,
            Err(handover::TooMany) => {
                reasons.check(Self::CODES, None)?;
                return Err(checks::too_many_records("selection").into());
            }
        };
        let picked = self.sort_out(change, &access, picked, &mut reasons).await?;
        reasons.check(Self::CODES, None)?;
        let plan = handover::deal_out(picked, &self.successors);
        let planned = Some(plan.planned());
        let reassignment = plan.execute(change, self.note.clone()).await?;
        Ok(Reassigned { reassignment: Some(reassignment), planned })
    }
}

impl Reassign {
    /// USER_NOT_FOUND for named sources whom the caller cannot see; NOT_PERMITTED for those whose records they may not touch.
    fn check_sources(&self, change: &Change<'_>, access: &Access, reasons: &mut Reasons) {
        for (n, id) in self.named_sources().iter().enumerate() {
            let path = format!("selection.matching.responsibleIds.{n}");
            let Some(user) = change.held(*id) else {
                reasons.add(Rejection::at(Code::UserNotFound, &path, "No such user."));
                continue;
            };
            if user.status == UserStatus::System {
                reasons
                    .add_if(!access.has(Permission::EntitiesReassign), || Rejection::at(Code::NotPermitted, &path, "You may not do this."));
                continue;
            }
            if access.verdict(crate::policy::Ability::See, user, false) != Verdict::Allow {
                reasons.add(Rejection::at(Code::UserNotFound, &path, "No such user."));
            } else if !access.has(Permission::EntitiesReassign) && user.id != access.person() && user.is_active_employee() {
                reasons.add(Rejection::at(
                    Code::NotPermitted,
                    &path,
                    "You may hand over your own records, and take up those of people who left.",
                ));
            }
        }
    }

    /// Leaves alone what a successor has already and what the caller may not touch; with `matching`, the latter refuses the whole.
    async fn sort_out(
        &self,
        change: &mut Change<'_>,
        access: &Access,
        mut picked: Picked,
        reasons: &mut Reasons,
    ) -> Result<Picked, Failure> {
        reasons.add_if(picked.is_empty(), || Rejection::at(Code::SelectionEmpty, "selection", "Nothing matches."));
        let holders: std::collections::HashMap<UserId, User> = if access.has(Permission::EntitiesReassign) {
            Default::default()
        } else {
            let mut ids: Vec<UserId> = picked.chosen().iter().map(|l| l.responsible).collect();
            ids.sort();
            ids.dedup();
            change.read().users_by_id(&ids).await?.into_iter().map(|u| (u.id, u)).collect()
        };
        let forbidden = |line: &RecordLine| {
            !access.has(Permission::EntitiesReassign)
                && !holders.get(&line.responsible).is_some_and(|h| may_hand_over(access, h, line.id, &self.successors))
        };
        if matches!(self.selection, Selected::Matching(_)) {
            let any = picked.chosen().iter().any(&forbidden);
            reasons.add_if(any, || {
                Rejection::at(Code::NotPermitted, "selection", "You may hand over your own records, and take up those of people who left.")
            });
        }
        picked.skip(|line| {
            if forbidden(line) {
                Some(SkipReason::NotPermitted)
            } else if self.successors.contains(&line.responsible) {
                Some(SkipReason::AlreadyOwned)
            } else {
                None
            }
        });
        Ok(picked)
    }
}
