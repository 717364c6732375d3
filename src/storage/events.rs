//! Lists of events: latest first, cut by their place in the order of commits.
//!
//! An index leads to the events of one subject, of one actor and of one kind, each in the order of the list. Where a condition names
//! several, the first events of each are looked up and merged, so that a page costs the same however much there is.

use sea_orm::Value;
use tenure_core::event::{Event, EventFilter, EventKind};
use tenure_core::id::{EventId, UserId};
use tenure_core::page::{Bound, PageRequest, Side, Slice, SortValue};
use tenure_core::policy::{EventReach, EventScope};
use tenure_core::storage::Result;

use super::history::{COLUMNS, event};
use super::page::{slices, uuids};
use super::scope::{Found, user_scope};
use super::sql::Sql;
use super::{Sea, Source};

/// By which column the events of a list are found. The others are written so that SQLite leaves their indexes alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Subject,
    Actor,
    Kind,
    Time,
    Nothing,
}

impl By {
    fn best(scope: &EventScope, filter: &EventFilter) -> By {
        let EventFilter { kinds, subjects, actors, occurred_at } = filter;
        match scope.reach() {
            EventReach::Oneself(_) => By::Subject,
            _ if subjects.is_some() => By::Subject,
            // Where dismissals count as done by the system, they are not found by their actor.
            _ if actors.is_some() && scope.dismissers() => By::Actor,
            _ if kinds.is_some() => By::Kind,
            _ if occurred_at.from.is_some() && occurred_at.until.is_some() => By::Time,
            EventReach::Nobody | EventReach::People(_) | EventReach::Everybody => By::Nothing,
        }
    }

    fn column(self) -> &'static str {
        match self {
            By::Subject => "e.subject_id",
            By::Actor => "e.actor_person",
            By::Kind => "e.kind",
            By::Time => "e.occurred_at",
            By::Nothing => "e.sequence",
        }
    }

    /// How to write a column in a condition on a list that is found by this one.
    fn write(self, sql: &Sql, column: By) -> String {
        if self == column { column.column().to_owned() } else { sql.apart(column.column()) }
    }
}

/// Writes that the event `e` is in the scope.
fn event_scope(sql: &mut Sql, scope: &EventScope, by: By) {
    match scope.reach() {
        EventReach::Nobody => {
            sql.push("FALSE");
        }
        EventReach::Oneself(viewer) => {
            let column = by.write(sql, By::Subject);
            sql.push(&column).push(" = ").bind(viewer.0);
        }
        EventReach::People(people) => {
            sql.push("EXISTS (SELECT 1 FROM app_user u WHERE u.id = e.subject_id AND ");
            user_scope(sql, &people, None, Found::Few);
            sql.push(")");
        }
        EventReach::Everybody => {
            sql.push("TRUE");
        }
    }
    if !scope.deletions() {
        let kind = sql.apart("e.kind");
        sql.push(&format!(" AND {kind} <> {}", EventKind::UserDeleted.code()));
    }
}

/// Writes that the event `e` is in the scope and matches.
fn matches(sql: &mut Sql, scope: &EventScope, filter: &EventFilter, by: By) {
    event_scope(sql, scope, by);
    if let Some(kinds) = &filter.kinds {
        let column = by.write(sql, By::Kind);
        sql.push(" AND ").among_codes(&column, kinds.iter().map(|kind| kind.code()));
    }
    if let Some(subjects) = &filter.subjects {
        let column = by.write(sql, By::Subject);
        sql.push(" AND ").among(&column, uuids(subjects, |id| id.0));
    }
    if let Some(actors) = &filter.actors {
        let column = by.write(sql, By::Actor);
        sql.push(" AND ");
        if scope.dismissers() {
            sql.among(&column, uuids(actors, |id| id.0));
        } else {
            let dismissed = format!("{} = {}", sql.apart("e.kind"), EventKind::UserDismissed.code());
            let whether = if actors.contains(&UserId::SYSTEM) { format!("({dismissed} OR ") } else { format!("(NOT {dismissed} AND ") };
            sql.push(&whether).among(&column, uuids(actors, |id| id.0)).push(")");
        }
    }
    let column = by.write(sql, By::Time);
    if let Some(from) = filter.occurred_at.from {
        sql.push(&format!(" AND {column} >= ")).bind(from.0);
    }
    if let Some(until) = filter.occurred_at.until {
        sql.push(&format!(" AND {column} < ")).bind(until.0);
    }
}

/// What is written behind ORDER BY, in the direction in which the page is read.
fn order(page: &PageRequest) -> &'static str {
    match page.side {
        Side::Start => "e.sequence DESC",
        Side::End => "e.sequence",
    }
}

/// Writes which events lie between the bounds of a page, in which order, and how many are read: one more than asked for.
fn cut(sql: &mut Sql, page: &PageRequest) {
    let mut bound = |bound: &Option<Bound>, comparison: &str| {
        let Some(Bound { key, inclusive }) = bound else { return };
        let equal = if *inclusive { "=" } else { "" };
        match &key.sort {
            SortValue::Number(number) => sql.push(&format!(" AND e.sequence {comparison}{equal} ")).bind(*number),
            // A key of another list: all numbers come behind.
            SortValue::Time(_) | SortValue::Text(_) => sql.push(if comparison == "<" { " AND FALSE" } else { " AND TRUE" }),
        };
    };
    bound(&page.after, "<");
    bound(&page.before, ">");
    sql.push(" ORDER BY ").push(order(page)).push(" LIMIT ").bind(i64::from(page.limit) + 1);
}

/// Writes a table `g (id, n)` of what a condition on that column names, each once; nothing when it names one thing or none.
fn alternatives(sql: &mut Sql, filter: &EventFilter, by: By) -> bool {
    let several = |ids: &Option<Vec<UserId>>| {
        let mut ids = uuids(ids.as_deref().unwrap_or_default(), |id| id.0);
        ids.sort_unstable();
        ids.dedup();
        (ids.len() > 1).then_some(ids)
    };
    let ids = match by {
        By::Subject => several(&filter.subjects),
        By::Actor => several(&filter.actors),
        By::Kind | By::Time | By::Nothing => None,
    };
    if let Some(ids) = ids {
        sql.groups(&ids);
        return true;
    }
    let mut codes: Vec<i16> = filter.kinds.iter().flatten().filter(|_| by == By::Kind).map(|kind| kind.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    if codes.len() < 2 {
        return false;
    }
    let rows: Vec<String> = codes.iter().map(|code| format!("SELECT {code} AS id")).collect();
    sql.push(&format!("({}) AS g", rows.join(" UNION ALL ")));
    true
}

impl<S: Source> Sea<S> {
    pub(super) async fn events_found(&self, ids: &[EventId], scope: &EventScope) -> Result<Vec<Event>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM event e WHERE "));
        sql.among("e.id", ids.iter().map(|id| id.0)).push(" AND ");
        event_scope(&mut sql, scope, By::Nothing);
        self.rows(sql, event).await
    }

    pub(super) async fn events_slice(&self, scope: &EventScope, filter: &EventFilter, page: &PageRequest) -> Result<Slice<Event>> {
        let by = By::best(scope, filter);
        let mut sql = self.sql(format!("SELECT {COLUMNS} FROM "));
        let one_by_one = !matches!(scope.reach(), EventReach::Oneself(_)) && alternatives(&mut sql, filter, by);
        if one_by_one {
            sql.first_of_each("event", "e", |sql| {
                sql.push(&format!(" WHERE {} = g.id AND ", by.column()));
                // The condition itself holds for each of them; written again it would only mislead the planner.
                let rest = match by {
                    By::Subject => EventFilter { subjects: None, ..filter.clone() },
                    By::Actor => EventFilter { actors: None, ..filter.clone() },
                    By::Kind => EventFilter { kinds: None, ..filter.clone() },
                    By::Time | By::Nothing => filter.clone(),
                };
                matches(sql, scope, &rest, by);
                cut(sql, page);
            });
            sql.push(" ORDER BY ").push(order(page)).push(" LIMIT ").bind(Value::from(i64::from(page.limit) + 1));
        } else {
            sql.push("event e WHERE ");
            matches(&mut sql, scope, filter, by);
            cut(&mut sql, page);
        }
        Ok(Slice::from_surplus(self.rows(sql, event).await?, page))
    }

    pub(super) async fn events_number(&self, scope: &EventScope, filter: &EventFilter) -> Result<u64> {
        let mut sql = self.sql("SELECT count(*) FROM event e WHERE ");
        matches(&mut sql, scope, filter, By::best(scope, filter));
        self.count(sql).await
    }

    pub(super) async fn events_slices(
        &self,
        subjects: &[UserId],
        scope: &EventScope,
        filter: &EventFilter,
        page: &PageRequest,
    ) -> Result<Vec<Slice<Event>>> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql(format!("SELECT g.n, {COLUMNS} FROM "));
        sql.groups(&uuids(subjects, |id| id.0)).first_of_each("event", "e", |sql| {
            sql.push(" WHERE e.subject_id = g.id AND ");
            matches(sql, scope, filter, By::Nothing);
            cut(sql, page);
        });
        sql.push(" ORDER BY g.n, ").push(order(page));
        Ok(slices(subjects.len(), self.rows(sql, |row| Ok((row.take()?, event(row)?))).await?, page))
    }

    pub(super) async fn events_numbers(&self, subjects: &[UserId], scope: &EventScope, filter: &EventFilter) -> Result<Vec<u64>> {
        if subjects.is_empty() {
            return Ok(Vec::new());
        }
        let mut sql = self.sql("SELECT (SELECT count(*) FROM event e WHERE e.subject_id = g.id AND ");
        matches(&mut sql, scope, filter, By::Nothing);
        sql.push(") FROM ").groups(&uuids(subjects, |id| id.0)).push(" ORDER BY g.n");
        self.rows(sql, |row| row.count()).await
    }
}
