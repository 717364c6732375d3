//! Conditions and orders, as given, and what they come to for `core`. Faults of shape are BAD_USER_INPUT at their argument (rule V8).

use async_graphql::InputObject;
use tenure_core::event;
use tenure_core::id::{DepartmentId, UserId};
use tenure_core::permission::Permission;
use tenure_core::record::{RecordFilter, RecordKind, RecordOrder};
use tenure_core::rejection::{Faults, Refusal};
use tenure_core::steps::input::{FILTER_LIST_MAX, RecordFilterInput, each_once};
use tenure_core::text;
use tenure_core::time::TimeRange;
use tenure_core::user;

use super::error::{Fault, Result};
use super::id::{Given, not_empty, read_all, read_each};
use super::lists::LAST_CHANGED_FIRST;
use super::needs;
use super::scalars::DateTime;
use super::types::{OrderDirection, OwnedEntityKind, OwnedEntityOrderField, UserEventKind, UserKind, UserOrderField, UserStatus};
use super::view::View;

/// A half-open period: `from` inclusive, `until` exclusive. Either bound may be left out.
#[derive(InputObject, Debug, Clone)]
pub struct DateTimeRange {
    /// First instant included.
    from: Option<DateTime>,
    /// First instant excluded.
    until: Option<DateTime>,
}

impl From<DateTimeRange> for TimeRange {
    fn from(range: DateTimeRange) -> TimeRange {
        TimeRange { from: range.from.map(|at| at.0), until: range.until.map(|at| at.0) }
    }
}

/// Conditions on users; all given must hold. An empty list is an error, but for `ownsEntitiesOfKinds`.
#[derive(InputObject, Debug, Clone, Default)]
pub struct UserFilter {
    /// Free text over name, job title and visible contact address: each word given, case-folded, begins a word there.
    query: Option<String>,
    /// Any of these statuses. When left out: INVITED and ACTIVE, and DISMISSED too when `Settings.showDismissedUsers` is on.
    /// People whom the viewer may not see are absent, not an error.
    statuses: Option<Vec<UserStatus>>,
    /// Any of these kinds.
    kinds: Option<Vec<UserKind>>,
    /// Of any of these departments; a leaver counts for the one they had.
    department_ids: Option<Vec<Given<DepartmentId>>>,
    /// Responsible for at least one record of any of these kinds; an empty list means any kind at all.
    owns_entities_of_kinds: Option<Vec<OwnedEntityKind>>,
    /// Dismissed in this period; USERS_READ_DISMISSED only.
    dismissed_at: Option<DateTimeRange>,
}

impl UserFilter {
    /// The conditions, and the statuses that the viewer is shown unasked.
    pub fn read(self, by: &View) -> Result<user::UserFilter> {
        if self.dismissed_at.is_some() {
            by.require(needs::TIME_OF_DISMISSAL)?;
        }
        let statuses = match self.statuses {
            None => by.access().statuses_shown(),
            Some(statuses) => {
                not_empty(&statuses, "filter.statuses")?;
                each_once(statuses.into_iter().map(Into::into))
            }
        };
        let kinds = match self.kinds {
            None => None,
            Some(kinds) => {
                not_empty(&kinds, "filter.kinds")?;
                Some(each_once(kinds.into_iter().map(Into::into)))
            }
        };
        let departments = match self.department_ids {
            None => None,
            Some(ids) if ids.len() > FILTER_LIST_MAX => {
                return Err(Fault::input("filter.departmentIds", format!("At most {FILTER_LIST_MAX} IDs may be given.")));
            }
            Some(ids) => Some(read_all(&ids, "filter.departmentIds")?),
        };
        Ok(user::UserFilter {
            words: self.query.map(|query| words(&query, "filter.query")).transpose()?.unwrap_or_default(),
            statuses: Some(statuses),
            kinds,
            departments,
            owns_kinds: self.owns_entities_of_kinds.map(|kinds| each_once(kinds.into_iter().map(RecordKind::from))),
            dismissed_at: self.dismissed_at.map(TimeRange::from),
        })
    }
}

/// The words of a free text, of which there must be one.
fn words(query: &str, argument: &str) -> Result<Vec<String>> {
    let line = text::line(query, text::QUERY_MAX).map_err(|expected| Fault::input(argument, format!("The text {expected}.")))?;
    let words = text::words(&line);
    if words.is_empty() {
        return Err(Fault::input(argument, "The text must hold a letter or a digit: leave it out for no condition."));
    }
    Ok(words)
}

/// How to order users.
#[derive(InputObject, Debug, Clone)]
pub struct UserOrder {
    /// What to order by.
    field: UserOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl UserOrder {
    /// The order, by display name when none is given. Asking for the time of dismissals needs a right, and people who have one.
    pub fn read(given: Option<UserOrder>, by: &View, filter: &user::UserFilter) -> Result<user::UserOrder> {
        let Some(order) = given else { return Ok(user::UserOrder { field: user::UserOrderField::DisplayName, descending: false }) };
        if order.field == UserOrderField::DismissedAt {
            by.require(needs::TIME_OF_DISMISSAL)?;
            if filter.statuses.as_deref() != Some(&[user::UserStatus::Dismissed]) {
                return Err(Fault::input("orderBy.field", "DISMISSED_AT needs `statuses: [DISMISSED]`."));
            }
        }
        Ok(user::UserOrder { field: order.field.into(), descending: order.direction == OrderDirection::Desc })
    }
}

/// Conditions on records; all given must hold, a list means any of. An empty list is an error.
#[derive(InputObject, Debug, Clone, Default)]
pub struct OwnedEntityFilter {
    /// Any of these kinds.
    kinds: Option<Vec<OwnedEntityKind>>,
    /// Only closed (true) or only open (false) records. Both when left out.
    is_closed: Option<bool>,
    /// Free text over the title: each word given, case-folded, begins a word there.
    query: Option<String>,
    /// Responsible is any of these users, of any status the viewer may see; the System User's ID serves too.
    responsible_ids: Option<Vec<Given<UserId>>>,
    /// Whether the record waits for a new owner: its responsible person was dismissed, is invited again, or is external while it is a CRM record. Records of the System User do not count.
    is_orphaned: Option<bool>,
    /// Responsible before the account was deleted is any of these: values of `DeleteUserPayload.deletedUserId`. Administrators only.
    former_responsible_ids: Option<Vec<Given<UserId>>>,
    /// Key in the system it came from is any of these.
    external_ids: Option<Vec<String>>,
    /// Last changed in this period.
    updated_at: Option<DateTimeRange>,
}

impl OwnedEntityFilter {
    /// As `core` takes it from a mutation; only identifiers are read here. `path` is where the filter is, e.g. `input.selection.matching`.
    pub fn input(self, path: &str) -> Result<RecordFilterInput> {
        let ids = |given: Option<Vec<Given<UserId>>>, name: &str| given.map(|ids| read_each(&ids, &format!("{path}.{name}"))).transpose();
        Ok(RecordFilterInput {
            kinds: self.kinds.map(|kinds| kinds.into_iter().map(RecordKind::from).collect()),
            is_closed: self.is_closed,
            query: self.query,
            responsible_ids: ids(self.responsible_ids, "responsibleIds")?,
            is_orphaned: self.is_orphaned,
            former_responsible_ids: ids(self.former_responsible_ids, "formerResponsibleIds")?,
            external_ids: self.external_ids,
            updated_at: self.updated_at.map(TimeRange::from),
        })
    }

    /// As a query takes it: somebody whom the viewer cannot see is as good as nobody (DOMAIN §5), but for the System User.
    pub async fn read(self, by: &View) -> Result<RecordFilter> {
        if self.former_responsible_ids.is_some() {
            by.require(needs::PROVENANCE)?;
        }
        let mut faults = Faults::new();
        let mut filter = self.input("filter")?.parse("filter", &mut faults);
        faults.finish().map_err(|refusal| bad_input(&refusal))?;
        if let Some(responsible) = filter.responsible.take() {
            let people = futures_util::future::try_join_all(responsible.into_iter().map(|id| async move {
                let seen = id == UserId::SYSTEM || by.person(id).await?.is_some();
                Ok::<_, Fault>(seen.then_some(id))
            }));
            filter.responsible = Some(people.await?.into_iter().flatten().collect());
        }
        Ok(filter)
    }

    /// As a list of one person's records takes it.
    pub async fn read_below_user(self, by: &View) -> Result<RecordFilter> {
        if self.responsible_ids.is_some() {
            return Err(Fault::input("filter.responsibleIds", "This must not be given for the records of one person."));
        }
        self.read(by).await
    }
}

/// The first fault of shape as a request error.
fn bad_input(refusal: &Refusal) -> Fault {
    let Some(first) = refusal.rejections.first() else { return Fault::internal("a refusal without a reason") };
    let path: Vec<&str> = first.field.iter().flatten().map(String::as_str).filter(|part| *part != "input").collect();
    Fault::input(path.join("."), first.message.clone())
}

/// How to order records.
#[derive(InputObject, Debug, Clone)]
pub struct OwnedEntityOrder {
    /// What to order by.
    field: OwnedEntityOrderField,
    /// Which way.
    direction: OrderDirection,
}

impl OwnedEntityOrder {
    /// The order; last changed first when none is given.
    pub fn read(given: Option<OwnedEntityOrder>) -> RecordOrder {
        let order =
            |order: OwnedEntityOrder| RecordOrder { field: order.field.into(), descending: order.direction == OrderDirection::Desc };
        given.map_or(LAST_CHANGED_FIRST, order)
    }
}

/// Conditions on events; all given must hold, a list means any of.
#[derive(InputObject, Debug, Clone, Default)]
pub struct UserEventFilter {
    /// Any of these kinds.
    kinds: Option<Vec<UserEventKind>>,
    /// Any of these subjects.
    subject_ids: Option<Vec<Given<UserId>>>,
    /// Any of these actors.
    actor_ids: Option<Vec<Given<UserId>>>,
    /// Happened in this period.
    occurred_at: Option<DateTimeRange>,
}

impl UserEventFilter {
    /// The conditions. Who reads all events may name anybody; to others somebody whom they cannot see is as good as nobody (DOMAIN §5).
    pub async fn read(self, by: &View) -> Result<event::EventFilter> {
        let kinds = match self.kinds {
            None => None,
            Some(kinds) => {
                not_empty(&kinds, "filter.kinds")?;
                Some(each_once(kinds.into_iter().map(Into::into)))
            }
        };
        Ok(event::EventFilter {
            kinds,
            subjects: people(by, self.subject_ids, "filter.subjectIds").await?,
            actors: people(by, self.actor_ids, "filter.actorIds").await?,
            occurred_at: self.occurred_at.map(TimeRange::from).unwrap_or_default(),
        })
    }
}

/// The people whom a condition on events names.
async fn people(by: &View, given: Option<Vec<Given<UserId>>>, argument: &str) -> Result<Option<Vec<UserId>>> {
    let Some(given) = given else { return Ok(None) };
    if given.len() > FILTER_LIST_MAX {
        return Err(Fault::input(argument, format!("At most {FILTER_LIST_MAX} IDs may be given.")));
    }
    let ids = read_all(&given, argument)?;
    if by.access().has(Permission::AuditRead) {
        return Ok(Some(ids));
    }
    let seen = futures_util::future::try_join_all(ids.into_iter().map(|id| async move {
        let seen = id == UserId::SYSTEM || by.person(id).await?.is_some();
        Ok::<_, Fault>(seen.then_some(id))
    }));
    Ok(Some(seen.await?.into_iter().flatten().collect()))
}
