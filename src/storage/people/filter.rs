//! Conditions on people.

use tenure_core::policy::UserScope;
use tenure_core::text::prefix_end;
use tenure_core::user::{UserFilter, UserStatus};

use crate::storage::scope::{Found, user_scope};
use crate::storage::sql::Sql;

/// Writes that the person `u` is in the scope and matches.
pub(super) fn matching(sql: &mut Sql, scope: &UserScope, filter: &UserFilter) {
    user_scope(sql, scope, filter.statuses.as_deref(), Found::Everywhere);
    if let Some(kinds) = &filter.kinds {
        sql.push(" AND ").among_codes("u.kind", kinds.iter().map(|kind| kind.code()));
    }
    if let Some(departments) = &filter.departments {
        sql.push(" AND ").among("u.department_id", departments.iter().map(|id| id.0));
    }
    if let Some(kinds) = &filter.owns_kinds {
        sql.push(" AND EXISTS (SELECT 1 FROM record r WHERE r.responsible_id = u.id");
        if !kinds.is_empty() {
            sql.push(" AND ").among_codes("r.kind", kinds.iter().map(|kind| kind.code()));
        }
        sql.push(")");
    }
    if let Some(period) = &filter.dismissed_at {
        sql.push(" AND u.status = 3 AND u.dismissed_at IS NOT NULL");
        if let Some(from) = period.from {
            sql.push(" AND u.dismissed_at >= ").bind(from.0);
        }
        if let Some(until) = period.until {
            sql.push(" AND u.dismissed_at < ").bind(until.0);
        }
    }
    for word in &filter.words {
        begins(sql, scope, word);
    }
}

/// Writes that a word of the person begins like this. Words of addresses count only for who may see the address: else free text would
/// give away, letter by letter, what the field hides.
fn begins(sql: &mut Sql, scope: &UserScope, word: &str) {
    let (from, until) = (sql.parameter(word), sql.parameter(prefix_end(word)));
    let among = |sources: &str| format!("u.id IN (SELECT w.user_id FROM user_word w WHERE w.word >= {from} AND w.word < {until}{sources})");
    let dismissed = UserStatus::Dismissed.code();
    let condition = match (scope.active_addresses(), scope.leaver_addresses()) {
        (true, true) => among(""),
        (false, false) => among(" AND w.source = ''"),
        (true, false) => format!("({} OR (u.status <> {dismissed} AND {}))", among(" AND w.source = ''"), among("")),
        (false, true) => format!("({} OR (u.status = {dismissed} AND {}))", among(" AND w.source = ''"), among("")),
    };
    sql.push(" AND ").push(&condition);
}
