//! What a viewer can see, as conditions of a query: a hidden row never takes a place on a page. They say what
//! `UserScope::includes` and the reference storage say.

use tenure_core::id::UserId;
use tenure_core::policy::{
    ActiveReach, ConversationScope, FeedScope, MeetingScope, ReassignmentScope, RecordScope, TokenScope, UserScope, WorkgroupScope,
};
use tenure_core::user::UserStatus;

use super::sql::Sql;

/// Kinds that do not belong to the CRM, as they are written in partial indexes.
pub(super) const NOT_CRM: &str = "r.kind IN (6, 9)";
/// The code of tasks.
pub(super) const TASK: i16 = 9;
/// The code of files.
pub(super) const FILE: i16 = 6;

/// Writes that the person `u` is in the scope and has one of these statuses. The System User never is, whatever is asked for.
pub(super) fn user_scope(sql: &mut Sql, scope: &UserScope, statuses: Option<&[UserStatus]>, found: Found) {
    let wanted = |status: UserStatus| status != UserStatus::System && statuses.is_none_or(|statuses| statuses.contains(&status));
    let wanted: Vec<UserStatus> = UserStatus::ALL.into_iter().filter(|status| wanted(*status)).collect();
    let mut whole = Vec::new();
    let mut parts = Vec::new();
    for status in &wanted {
        let code = status.code();
        match status {
            UserStatus::System => {}
            UserStatus::Invited => match (scope.invited(), scope.former()) {
                (true, true) => whole.push(code),
                (true, false) => parts.push(format!("u.status = {code} AND NOT u.was_active")),
                (false, true) => parts.push(format!("u.status = {code} AND u.was_active")),
                (false, false) => {}
            },
            UserStatus::Active => match scope.active() {
                ActiveReach::Everybody => whole.push(code),
                ActiveReach::Companions => {
                    let companions = companions(sql, scope.viewer());
                    parts.push(format!("u.status = {code} AND u.id IN ({companions})"));
                }
                ActiveReach::Nobody => {}
            },
            UserStatus::Dismissed if scope.dismissed() => whole.push(code),
            UserStatus::Dismissed => {}
        }
    }
    // One status has an index in the order of names; several are nearly everybody.
    let column = if wanted.len() > 1 || found == Found::Few { sql.apart("u.status") } else { "u.status".to_owned() };
    sql.among_codes(&column, wanted.iter().map(|status| status.code()));
    if whole.len() < wanted.len() {
        sql.push(" AND (u.id = ").bind(scope.viewer().0).push(" OR ").among_codes("u.status", whole);
        for part in parts {
            sql.push(&format!(" OR ({part})"));
        }
        sql.push(")");
    }
}

/// A query for the lasting members of the extranet workgroups of which the viewer is a lasting member.
pub(super) fn companions(sql: &mut Sql, viewer: UserId) -> String {
    let viewer = sql.parameter(viewer.0);
    format!(
        "SELECT other.user_id FROM membership own JOIN workgroup w ON w.id = own.workgroup_id AND w.is_extranet
         JOIN membership other ON other.workgroup_id = own.workgroup_id AND other.left_at IS NULL
         WHERE own.user_id = {viewer} AND own.left_at IS NULL"
    )
}

/// A query for the workgroups of which somebody is a lasting member; `viewer` is a parameter or column.
fn own_workgroups(viewer: &str) -> String {
    format!("SELECT own.workgroup_id FROM membership own WHERE own.user_id = {viewer} AND own.left_at IS NULL")
}

/// How the rows that a scope is applied to were found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// By something that leaves few: each is looked at.
    Few,
    /// Not at all: the scope has to find them, since looking at all records for the few of an external person takes seconds.
    Everywhere,
}

/// Writes that the record `r` is in the scope.
pub(super) fn record_scope(sql: &mut Sql, scope: &RecordScope, found: Found) {
    let (viewer, crm) = match scope {
        RecordScope::Everything(_) => {
            sql.push("TRUE");
            return;
        }
        RecordScope::TakingPart { viewer, crm, .. } => (sql.parameter(viewer.0), *crm),
    };
    if !crm {
        let kind = sql.apart("r.kind");
        sql.among_codes(&kind, [FILE, TASK]).push(" AND ");
    }
    let workgroups = own_workgroups(&viewer);
    let responsible = sql.apart("r.responsible_id");
    let condition = match found {
        Found::Few => format!(
            "({responsible} = {viewer} OR ({NOT_CRM} AND r.created_by_person = {viewer}) OR r.workgroup_id IN ({workgroups})
              OR (r.kind = {TASK} AND r.id IN (SELECT p.task_id FROM task_participant p WHERE p.user_id = {viewer})))"
        ),
        Found::Everywhere => {
            let row = sql.row_of("r");
            format!(
                "({row}) IN (SELECT {row} FROM record r WHERE r.responsible_id = {viewer}
                  UNION ALL SELECT {row} FROM record r WHERE {NOT_CRM} AND r.created_by_person = {viewer}
                  UNION ALL SELECT {row} FROM record r WHERE r.workgroup_id IN ({workgroups})
                  UNION ALL SELECT {row} FROM task_participant p JOIN record r ON r.kind = {TASK} AND r.id = p.task_id
                    WHERE p.user_id = {viewer})"
            )
        }
    };
    sql.push(&condition);
}

/// Writes that the workgroup `w` is in the scope.
pub(super) fn workgroup_scope(sql: &mut Sql, scope: &WorkgroupScope) {
    let condition = match scope {
        WorkgroupScope::Everything(_) => "TRUE".to_owned(),
        WorkgroupScope::ExtranetAndOwn(viewer, _) => {
            format!("(w.is_extranet OR w.id IN ({}))", own_workgroups(&sql.parameter(viewer.0)))
        }
        WorkgroupScope::Own(viewer, _) => format!("w.id IN ({})", own_workgroups(&sql.parameter(viewer.0))),
    };
    sql.push(&condition);
}

/// Writes that the reassignment `m` is in the scope.
pub(super) fn reassignment_scope(sql: &mut Sql, scope: &ReassignmentScope) {
    let condition = match scope {
        ReassignmentScope::Everything(_) => "TRUE".to_owned(),
        ReassignmentScope::Nothing => "FALSE".to_owned(),
        ReassignmentScope::Of(viewer, _) => {
            let viewer = sql.parameter(viewer.0);
            format!(
                "(m.requested_by_person = {viewer}
                  OR m.id IN (SELECT s.reassignment_id FROM reassignment_successor s WHERE s.user_id = {viewer}))"
            )
        }
    };
    sql.push(&condition);
}

/// Writes that the meeting with that identifier is in the scope.
pub(super) fn meeting_scope(sql: &mut Sql, scope: &MeetingScope, id: &str) {
    match scope {
        MeetingScope::Everything(_) => sql.push("TRUE"),
        MeetingScope::TakingPart(viewer, _) => {
            sql.push(&format!("EXISTS (SELECT 1 FROM meeting_part own WHERE own.meeting_id = {id} AND own.user_id = "));
            sql.bind(viewer.0).push(")")
        }
    };
}

/// Writes that the post `p` is in the scope.
pub(super) fn feed_scope(sql: &mut Sql, scope: &FeedScope) {
    let condition = match scope {
        FeedScope::Everything(_) => "TRUE".to_owned(),
        FeedScope::CompanyAndOwn(viewer, _) => {
            format!("(p.workgroup_id IS NULL OR p.workgroup_id IN ({}))", own_workgroups(&sql.parameter(viewer.0)))
        }
        FeedScope::Own(viewer, _) => format!("p.workgroup_id IN ({})", own_workgroups(&sql.parameter(viewer.0))),
    };
    sql.push(&condition);
}

/// Writes that the conversation `c` is in the scope.
pub(super) fn conversation_scope(sql: &mut Sql, scope: &ConversationScope) {
    match scope.viewer() {
        Some(viewer) => {
            let viewer = sql.parameter(viewer.0);
            sql.push(&format!("(c.low_id = {viewer} OR c.high_id = {viewer})"))
        }
        None => sql.push("FALSE"),
    };
}

/// Writes that the access token `m` is in the scope.
pub(super) fn token_scope(sql: &mut Sql, scope: &TokenScope) {
    match scope {
        TokenScope::Everything(_) => sql.push("TRUE"),
        TokenScope::Of(viewer, _) => sql.push("m.owner_id = ").bind(viewer.0),
    };
}

#[cfg(test)]
mod tests {
    use tenure_core::record::RecordKind;

    use super::*;

    #[test]
    fn codes_written_out_are_those_of_core() {
        assert_eq!((TASK, FILE), (RecordKind::Task.code(), RecordKind::File.code()));
        let not_crm: Vec<i16> = RecordKind::ALL.into_iter().filter(|kind| !kind.is_crm()).map(RecordKind::code).collect();
        assert_eq!(not_crm, [FILE, TASK]);
    }
}
