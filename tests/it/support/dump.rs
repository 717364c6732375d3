//! Everything that a database holds, as text: for tests of what changes nothing.

use tenure::storage::SeaStorage;
use tenure_core::id::RecordId;
use tenure_core::page::PageRequest;
use tenure_core::policy::Access;
use tenure_core::record::{RecordFilter, RecordKind, RecordOrder, RecordOrderField};
use tenure_core::storage::{HistoryRead, PeopleRead, RecordRead, StructureRead};
use tenure_core::user::{UserFilter, UserOrder, UserOrderField};

/// One line for each row, in an order that the rows decide.
pub async fn dump(storage: &SeaStorage) -> Vec<String> {
    let page = PageRequest::first(100_000);
    let all = Access::system();
    let by_creation = UserOrder { field: UserOrderField::CreatedAt, descending: false };
    let users = storage.users_page(&all.user_scope(), &UserFilter::default(), by_creation, &page).await.expect("people").rows;
    let ids: Vec<_> = users.iter().map(|u| u.id).collect();
    let by_creation = RecordOrder { field: RecordOrderField::CreatedAt, descending: false };
    let records = storage.records_page(&all.record_scope(), &RecordFilter::default(), by_creation, &page).await.expect("records").rows;
    let named: Vec<RecordId> = records.iter().map(|r| r.id).collect();
    let tasks: Vec<RecordId> = named.iter().copied().filter(|id| id.kind == RecordKind::Task).collect();
    let mut lines = vec![format!("{:?}", storage.settings().await.expect("settings"))];
    lines.extend(users.iter().map(|row| format!("{row:?}")));
    lines.extend(storage.addresses_by_user(&ids).await.expect("addresses").iter().map(|row| format!("{row:?}")));
    lines.extend(storage.memberships_by_user(&ids).await.expect("memberships").iter().map(|row| format!("{row:?}")));
    lines.extend(storage.departments_page(&page).await.expect("departments").rows.iter().map(|row| format!("{row:?}")));
    let workgroups = storage.workgroups_page(&all.workgroup_scope(), None, &page).await.expect("workgroups");
    lines.extend(workgroups.rows.iter().map(|row| format!("{row:?}")));
    lines.extend(records.iter().map(|row| format!("{row:?}")));
    lines.extend(storage.participants_by_task(&tasks).await.expect("participants").iter().map(|row| format!("{row:?}")));
    for changes in storage.ownership_changes_page(&named, &page).await.expect("ownership changes") {
        lines.extend(changes.rows.iter().map(|row| format!("{row:?}")));
    }
    let reassignments = storage.reassignments_page(&all.reassignment_scope(), &page).await.expect("reassignments");
    lines.extend(reassignments.rows.iter().map(|row| format!("{row:?}")));
    lines.extend(storage.events_after(0, 100_000).await.expect("events").iter().map(|row| format!("{row:?}")));
    lines.sort();
    lines
}
