//! Conditions on records, and the lists below something.

use tenure_core::record::{ParticipantRole, RecordFilter, RecordGroups, RecordKind, TaskRole};
use tenure_core::steps::input::each_once;
use tenure_core::text::prefix_end;

use crate::storage::page::uuids;
use crate::storage::scope::{FILE, NOT_CRM, TASK};
use crate::storage::sql::Sql;

/// Writes, behind another condition, that the record `r` matches. For the words in `checked` each record is looked at; the others lead
/// to their records.
pub(super) fn matching(sql: &mut Sql, filter: &RecordFilter, checked: &[String]) {
    if let Some(kinds) = &filter.kinds {
        // The index by external ID begins with the kind.
        let column = if filter.external_ids.is_some() { "r.kind".to_owned() } else { sql.apart("r.kind") };
        sql.push(" AND ").among_codes(&column, kinds.iter().map(|kind| kind.code()));
    }
    match filter.is_closed {
        None => {}
        Some(true) => {
            sql.push(" AND r.is_closed");
        }
        Some(false) => {
            sql.push(" AND NOT r.is_closed");
        }
    }
    if let Some(people) = &filter.responsible {
        sql.push(" AND ").among("r.responsible_id", people.iter().map(|id| id.0));
    }
    match filter.is_orphaned {
        None => {}
        // From the people to their records: few people leave something behind.
        Some(true) => {
            sql.push(&format!(
                " AND r.responsible_id IN (SELECT o.id FROM app_user o WHERE {LEFT} OR {OUTSIDE}) AND (NOT {NOT_CRM} OR {})",
                owner(LEFT)
            ));
        }
        Some(false) => {
            sql.push(&format!(" AND NOT {} AND ({NOT_CRM} OR NOT {})", owner(LEFT), owner(OUTSIDE)));
        }
    }
    if let Some(people) = &filter.former_responsible {
        sql.push(" AND ").among("r.provenance_id", people.iter().map(|id| id.0));
    }
    if let Some(external_ids) = &filter.external_ids {
        if filter.kinds.is_none() {
            // All of them, for that index.
            sql.push(" AND ").among_codes("r.kind", RecordKind::ALL.map(RecordKind::code));
        }
        sql.push(" AND ").among_texts("r.external_id", external_ids);
    }
    if let Some(from) = filter.updated_at.from {
        sql.push(" AND r.updated_at >= ").bind(from.0);
    }
    if let Some(until) = filter.updated_at.until {
        sql.push(" AND r.updated_at < ").bind(until.0);
    }
    for word in &filter.words {
        if checked.contains(word) {
            sql.push(" AND EXISTS (SELECT 1 FROM record_word w WHERE w.kind = r.kind AND w.id = r.id AND ");
        } else {
            sql.push(" AND (r.kind, r.id) IN (SELECT w.kind, w.id FROM record_word w WHERE ");
        }
        begins(sql, word);
        sql.push(")");
    }
}

/// Writes that the word `w` begins like this.
pub(super) fn begins(sql: &mut Sql, word: &str) {
    sql.push("w.word >= ").bind(word).push(" AND w.word < ").bind(prefix_end(word));
}

/// The owner `o` works here no longer or not yet: leaves all kinds orphaned. INVITED and DISMISSED.
const LEFT: &str = "o.status IN (1, 3)";
/// The owner `o` is external and active: leaves CRM kinds orphaned.
const OUTSIDE: &str = "(o.status = 2 AND o.kind = 2)";

fn owner(condition: &str) -> String {
    format!("EXISTS (SELECT 1 FROM app_user o WHERE o.id = r.responsible_id AND {condition})")
}

/// Writes the table `g` of what lists are asked for.
pub(super) fn groups(sql: &mut Sql, groups: &RecordGroups) {
    match groups {
        RecordGroups::Responsible(ids) | RecordGroups::TasksOf(ids, _) | RecordGroups::FilesCreatedBy(ids) => {
            sql.groups(&uuids(ids, |id| id.0))
        }
        RecordGroups::InWorkgroup(ids, _) => sql.groups(&uuids(ids, |id| id.0)),
        RecordGroups::ActivitiesOf(ids) => sql.record_groups(ids),
    };
}

/// The condition that the record `r` belongs to the list of `g`.
pub(super) fn of_group(sql: &Sql, groups: &RecordGroups) -> String {
    let kind = sql.apart("r.kind");
    match groups {
        RecordGroups::Responsible(_) => "r.responsible_id = g.id".into(),
        // NOT_CRM says nothing new, but is what the partial index says.
        RecordGroups::FilesCreatedBy(_) => format!("{NOT_CRM} AND {kind} = {FILE} AND r.created_by_person = g.id"),
        RecordGroups::InWorkgroup(_, of) => format!("r.workgroup_id = g.id AND {kind} = {}", of.code()),
        RecordGroups::ActivitiesOf(_) => "r.subject_id = g.id AND r.subject_kind = g.kind".into(),
        // Each role once, however often it is named: databases take so many terms and no more.
        RecordGroups::TasksOf(_, roles) => match each_once(roles.iter().copied()).as_slice() {
            [] => "FALSE".into(),
            [TaskRole::Responsible] => format!("{kind} = {TASK} AND r.responsible_id = g.id"),
            [TaskRole::Creator] => format!("{NOT_CRM} AND {kind} = {TASK} AND r.created_by_person = g.id"),
            roles => {
                let tasks: Vec<String> = roles.iter().map(|role| tasks_in_role(*role, &kind)).collect();
                format!("r.kind = {TASK} AND r.id IN ({})", tasks.join(" UNION ALL "))
            }
        },
    }
}

fn tasks_in_role(role: TaskRole, kind: &str) -> String {
    let stored =
        |role: ParticipantRole| format!("SELECT p.task_id FROM task_participant p WHERE p.user_id = g.id AND p.role = {}", role.code());
    match role {
        TaskRole::Responsible => format!("SELECT r.id FROM record r WHERE {kind} = {TASK} AND r.responsible_id = g.id"),
        TaskRole::Creator => format!("SELECT r.id FROM record r WHERE {NOT_CRM} AND {kind} = {TASK} AND r.created_by_person = g.id"),
        TaskRole::Participant => stored(ParticipantRole::Participant),
        TaskRole::Observer => stored(ParticipantRole::Observer),
    }
}

#[cfg(test)]
mod tests {
    use tenure_core::user::{UserKind, UserStatus};

    #[test]
    fn codes_written_out_are_those_of_core() {
        assert_eq!((UserStatus::Invited.code(), UserStatus::Active.code(), UserStatus::Dismissed.code()), (1, 2, 3));
        assert_eq!(UserKind::Extranet.code(), 2);
    }
}
