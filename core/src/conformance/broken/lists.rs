//! A storage in memory with one fault: reading.

use super::Fault;
use super::faulty::{Faulty, Inside};
use super::forward::forward;
use crate::credential::{
    AccessToken, EndedCredentials, Invitation, Login, PasswordHash, PendingLink, RefreshToken, SecretHash, SessionPrincipal, TokenPrincipal,
};
use crate::email::HeldAddress;
use crate::id::{AccessTokenId, DepartmentId, ReassignmentId, RecordId, SessionId, UserId, WorkgroupId};
use crate::page::{Bound, Key, PageRequest, Side, Slice, SortValue};
use crate::policy::{ReassignmentScope, RecordScope, TokenScope, UserScope, WorkgroupScope};
use crate::reassignment::Reassignment;
use crate::record::{OwnershipChange, Record, RecordCount, RecordFilter, RecordGroups, RecordKind, RecordOrder, TaskParticipant};
use crate::settings::{SeatCounts, Settings};
use crate::storage::{CredentialRead, PeopleRead, RecordRead, Result, StructureRead};
use crate::structure::{Department, Membership, MembershipGroups, Workgroup};
use crate::user::{FormerPerson, User, UserFilter, UserGroups, UserOrder, UserOrderField};

/// Faults that concern which part of a list is asked for.
pub(super) fn bend_request(fault: Fault, page: &PageRequest, descending: bool) -> PageRequest {
    let mut page = page.clone();
    let (lowest, highest) = (uuid::Uuid::nil(), uuid::Uuid::max());
    let move_to = |bound: &mut Option<Bound>, id| {
        if let Some(bound) = bound.as_mut() {
            bound.key.id = id;
            bound.key.kind = if id == lowest { 0 } else { i16::MAX };
        }
    };
    match fault {
        // Behind a row means behind all that are ordered alike, or not even behind the row itself.
        Fault::LosesTies | Fault::RepeatsTies => {
            let behind = if (fault == Fault::LosesTies) == descending { lowest } else { highest };
            move_to(&mut page.after, behind);
            move_to(&mut page.before, if behind == lowest { highest } else { lowest });
        }
        Fault::ExcludesInclusive => page.after.iter_mut().chain(&mut page.before).for_each(|b| b.inclusive = false),
        Fault::ForgetsBefore if page.after.is_some() => page.before = None,
        Fault::ForgetsAfter if page.before.is_some() => page.after = None,
        Fault::TakesFromTheStart => page.side = Side::Start,
        _ => {}
    }
    page
}

/// Faults that concern what comes back.
pub(super) fn bend_slice<R>(fault: Fault, page: &PageRequest, mut slice: Slice<R>) -> Slice<R> {
    match fault {
        Fault::ReversesLastPages if page.side == Side::End => slice.rows.reverse(),
        Fault::SaysMoreWhenFull => slice.has_more = slice.rows.len() == page.limit as usize,
        Fault::NeverSaysMore => slice.has_more = false,
        _ => {}
    }
    slice
}

/// Faults that concern the answers to several groups.
pub(super) fn bend_groups<R>(fault: Fault, page: &PageRequest, mut slices: Vec<Slice<R>>) -> Vec<Slice<R>> {
    match fault {
        Fault::DropsEmptyGroups => slices.retain(|s| !s.rows.is_empty()),
        Fault::SortsGroups => slices.sort_by_key(|s| s.rows.len()),
        Fault::CutsGroupsTogether => {
            let mut left = page.limit as usize;
            for slice in &mut slices {
                slice.has_more |= slice.rows.len() > left;
                slice.rows.truncate(left);
                left -= slice.rows.len();
            }
        }
        _ => {}
    }
    slices
}

/// Free text as it should not be: with words taken out of the filter, and looked for in another way.
fn matches_wrongly(fault: Fault, wanted: &[String], words: &[String]) -> bool {
    wanted.iter().all(|wanted| match fault {
        Fault::MatchesMiddles => words.iter().any(|w| w.contains(wanted.as_str())),
        _ => words.contains(wanted),
    })
}

forward! { read PeopleRead {
    fn settings() -> Settings;
    fn seat_counts() -> SeatCounts;
    fn administrators_count() -> u32;
    fn former_people_by_id(ids: &[UserId]) -> Vec<FormerPerson>;
    fn user_companions(viewer: UserId, ids: &[UserId]) -> Vec<UserId>;
    fn users_count_in_groups(groups: &UserGroups, scope: &UserScope) -> Vec<u64>;
    fn users_above(id: UserId) -> Vec<UserId>;
    fn addresses_by_key(keys: &[String]) -> Vec<HeldAddress>;
    fn addresses_by_user(ids: &[UserId]) -> Vec<HeldAddress>;
} {
    async fn users_by_id(&self, ids: &[UserId]) -> Result<Vec<User>> {
        let mut users = self.read().users_by_id(ids).await?;
        if self.has(Fault::ShowsBeforeCommit) && self.is_storage() {
            let uncommitted = self.notes.uncommitted.lock().expect("notes");
            users.extend(uncommitted.iter().filter(|u| ids.contains(&u.id)).cloned());
        }
        Ok(users)
    }

    async fn users_seen_by_id(&self, ids: &[UserId], scope: &UserScope) -> Result<Vec<User>> {
        let everybody = UserScope::everybody();
        self.read().users_seen_by_id(ids, if self.has(Fault::FindsHidden) { &everybody } else { scope }).await
    }

    async fn users_page(&self, scope: &UserScope, filter: &UserFilter, order: UserOrder, page: &PageRequest) -> Result<Slice<User>> {
        let request = bend_request(self.fault, page, order.descending);
        match self.fault {
            Fault::HidesAfterCutting => {
                let mut slice = self.read().users_page(&UserScope::everybody(), filter, order, &request).await?;
                let ids: Vec<UserId> = slice.rows.iter().map(|u| u.id).collect();
                let companions = self.read().user_companions(scope.viewer(), &ids).await?;
                slice.rows.retain(|u| scope.includes(u, companions.contains(&u.id)));
                Ok(slice)
            }
            Fault::SearchesHiddenAddresses => self.read().users_page(&UserScope::everybody(), filter, order, &request).await,
            Fault::MatchesMiddles | Fault::MatchesWholeWords => {
                let all = UserFilter { words: Vec::new(), ..filter.clone() };
                let mut slice = self.read().users_page(scope, &all, order, &request).await?;
                slice.rows.retain(|u| matches_wrongly(self.fault, &filter.words, &u.name_words()));
                Ok(slice)
            }
            Fault::Collates if order.field == UserOrderField::DisplayName => {
                let mut slice = self.read().users_page(scope, filter, order, &request).await?;
                let letters = |u: &User| u.sort_key().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
                slice.rows.sort_by_key(letters);
                if order.descending {
                    slice.rows.reverse();
                }
                Ok(slice)
            }
            Fault::SkipsByNumber if page.before.is_none() && page.side == Side::Start => self.skip_by_number(scope, filter, order, page).await,
            _ => Ok(bend_slice(self.fault, page, self.read().users_page(scope, filter, order, &request).await?)),
        }
    }

    async fn users_count(&self, scope: &UserScope, filter: &UserFilter) -> Result<u64> {
        let everybody = UserScope::everybody();
        self.read().users_count(if self.has(Fault::CountsHidden) { &everybody } else { scope }, filter).await
    }

    async fn users_page_in_groups(&self, groups: &UserGroups, scope: &UserScope, page: &PageRequest) -> Result<Vec<Slice<User>>> {
        let request = bend_request(self.fault, page, false);
        Ok(bend_groups(self.fault, page, self.read().users_page_in_groups(groups, scope, &request).await?))
    }
}}

impl<T: Inside> Faulty<T> {
    /// OFFSET: the place of a row in the list as it was when it was shown.
    async fn skip_by_number(&self, scope: &UserScope, filter: &UserFilter, order: UserOrder, page: &PageRequest) -> Result<Slice<User>> {
        let key = |u: &User| Key::new(SortValue::Text(u.sort_key()), u.id.0);
        let mut rows = self.read().users_page(scope, filter, order, &PageRequest::first(10_000)).await?.rows;
        let mut offsets = self.notes.offsets.lock().expect("notes");
        let offset = page.after.as_ref().and_then(|b| offsets.get(&b.key).copied()).unwrap_or(0);
        rows.drain(..offset.min(rows.len()));
        let slice = Slice::from_surplus(rows, page);
        offsets.extend((offset + 1..).zip(&slice.rows).map(|(n, u)| (key(u), n)));
        Ok(slice)
    }
}

forward! { read StructureRead {
    fn departments_by_id(ids: &[DepartmentId]) -> Vec<Department>;
    fn departments_page(page: &PageRequest) -> Slice<Department>;
    fn departments_count() -> u64;
    fn departments_headed_by(head: UserId) -> Vec<Department>;
    fn workgroups_by_id(ids: &[WorkgroupId], scope: &WorkgroupScope) -> Vec<Workgroup>;
    fn memberships_by_user(users: &[UserId]) -> Vec<Membership>;
    fn memberships_leading(workgroups: &[WorkgroupId]) -> Vec<Membership>;
    fn memberships_count_in_groups(groups: &MembershipGroups, scope: &WorkgroupScope) -> Vec<u64>;
} {
    async fn workgroups_page(&self, scope: &WorkgroupScope, is_extranet: Option<bool>, page: &PageRequest) -> Result<Slice<Workgroup>> {
        if self.has(Fault::HidesAfterCutting) {
            let mut slice = self.read().workgroups_page(&WorkgroupScope::everything(), is_extranet, page).await?;
            let ids: Vec<WorkgroupId> = slice.rows.iter().map(|w| w.id).collect();
            let seen = self.read().workgroups_by_id(&ids, scope).await?;
            slice.rows.retain(|w| seen.contains(w));
            return Ok(slice);
        }
        self.read().workgroups_page(scope, is_extranet, page).await
    }

    async fn workgroups_count(&self, scope: &WorkgroupScope, is_extranet: Option<bool>) -> Result<u64> {
        let everything = WorkgroupScope::everything();
        self.read().workgroups_count(if self.has(Fault::CountsHidden) { &everything } else { scope }, is_extranet).await
    }

    async fn memberships_page_in_groups(&self, groups: &MembershipGroups, scope: &WorkgroupScope, page: &PageRequest) -> Result<Vec<Slice<Membership>>> {
        if self.has(Fault::HidesAfterCutting) {
            let mut slices = self.read().memberships_page_in_groups(groups, &WorkgroupScope::everything(), page).await?;
            for slice in &mut slices {
                let ids: Vec<WorkgroupId> = slice.rows.iter().map(|m| m.workgroup).collect();
                let seen = self.read().workgroups_by_id(&ids, scope).await?;
                slice.rows.retain(|m| seen.iter().any(|w| w.id == m.workgroup));
            }
            return Ok(slices);
        }
        Ok(bend_groups(self.fault, page, self.read().memberships_page_in_groups(groups, scope, page).await?))
    }
}}

forward! { read RecordRead {
    fn records_by_id(ids: &[RecordId], scope: &RecordScope) -> Vec<Record>;
    fn records_by_external_id(keys: &[(RecordKind, String)], scope: &RecordScope) -> Vec<Record>;
    fn records_count_in_groups(groups: &RecordGroups, scope: &RecordScope, filter: &RecordFilter) -> Vec<u64>;
    fn record_counts_by_responsible(users: &[UserId]) -> Vec<Vec<RecordCount>>;
    fn participants_by_task(tasks: &[RecordId]) -> Vec<TaskParticipant>;
    fn ownership_changes_page(records: &[RecordId], page: &PageRequest) -> Vec<Slice<OwnershipChange>>;
    fn ownership_changes_count(records: &[RecordId]) -> Vec<u64>;
    fn reassignments_by_id(ids: &[ReassignmentId], scope: &ReassignmentScope) -> Vec<Reassignment>;
} {
    async fn records_page(&self, scope: &RecordScope, filter: &RecordFilter, order: RecordOrder, page: &PageRequest) -> Result<Slice<Record>> {
        let request = bend_request(self.fault, page, order.descending);
        match self.fault {
            Fault::HidesAfterCutting => {
                let mut slice = self.read().records_page(&RecordScope::everything(), filter, order, &request).await?;
                let ids: Vec<RecordId> = slice.rows.iter().map(|r| r.id).collect();
                let seen = self.read().records_by_id(&ids, scope).await?;
                slice.rows.retain(|r| seen.contains(r));
                Ok(slice)
            }
            Fault::MatchesMiddles | Fault::MatchesWholeWords => {
                let all = RecordFilter { words: Vec::new(), ..filter.clone() };
                let mut slice = self.read().records_page(scope, &all, order, &request).await?;
                slice.rows.retain(|r| matches_wrongly(self.fault, &filter.words, &r.words()));
                Ok(slice)
            }
            Fault::BreaksTiesByUuid => {
                let mut slice = self.read().records_page(scope, filter, order, &request).await?;
                slice.rows.sort_by_key(|r| (r.sort_key(), r.id.uuid));
                if order.descending {
                    slice.rows.reverse();
                }
                Ok(slice)
            }
            _ => Ok(bend_slice(self.fault, page, self.read().records_page(scope, filter, order, &request).await?)),
        }
    }

    async fn records_count(&self, scope: &RecordScope, filter: &RecordFilter) -> Result<u64> {
        let everything = RecordScope::everything();
        self.read().records_count(if self.has(Fault::CountsHidden) { &everything } else { scope }, filter).await
    }

    async fn records_page_in_groups(&self, groups: &RecordGroups, scope: &RecordScope, filter: &RecordFilter, order: RecordOrder, page: &PageRequest) -> Result<Vec<Slice<Record>>> {
        let request = bend_request(self.fault, page, order.descending);
        Ok(bend_groups(self.fault, page, self.read().records_page_in_groups(groups, scope, filter, order, &request).await?))
    }

    async fn ownership_changes_by_reassignment(&self, id: ReassignmentId, limit: u32) -> Result<Vec<OwnershipChange>> {
        let mut changes = self.read().ownership_changes_by_reassignment(id, limit).await?;
        if self.has(Fault::ForgetsHandoversOfDeleted) {
            let forgotten = self.notes.forgotten.lock().expect("notes");
            changes.retain(|c| !forgotten.contains(&c.record));
        }
        if self.has(Fault::ListsHandoversInAnyOrder) {
            changes.reverse();
        }
        Ok(changes)
    }

    async fn records_referenced(&self, ids: &[RecordId]) -> Result<Vec<RecordId>> {
        if !self.has(Fault::CountsReferencesInside) {
            return self.read().records_referenced(ids).await;
        }
        let mut referenced = Vec::new();
        for id in ids {
            referenced.extend(self.read().records_referenced(&[*id]).await?);
        }
        Ok(referenced)
    }

    async fn reassignments_page(&self, scope: &ReassignmentScope, page: &PageRequest) -> Result<Slice<Reassignment>> {
        if self.has(Fault::HidesAfterCutting) {
            let mut slice = self.read().reassignments_page(&ReassignmentScope::everything(), page).await?;
            let ids: Vec<ReassignmentId> = slice.rows.iter().map(|r| r.id).collect();
            let seen = self.read().reassignments_by_id(&ids, scope).await?;
            slice.rows.retain(|r| seen.contains(r));
            return Ok(slice);
        }
        self.read().reassignments_page(scope, page).await
    }

    async fn reassignments_count(&self, scope: &ReassignmentScope) -> Result<u64> {
        let everything = ReassignmentScope::everything();
        self.read().reassignments_count(if self.has(Fault::CountsHidden) { &everything } else { scope }).await
    }
}}

forward! { read CredentialRead {
    fn session_principal(session: SessionId) -> Option<SessionPrincipal>;
    fn token_principal(hash: SecretHash) -> Option<TokenPrincipal>;
    fn token_principals(tokens: &[AccessTokenId]) -> Vec<TokenPrincipal>;
    fn login_by_key(key: &str) -> Option<Login>;
    fn password_by_user(user: UserId) -> Option<PasswordHash>;
    fn refresh_token_by_hash(hash: SecretHash) -> Option<RefreshToken>;
    fn live_credentials(users: &[UserId], now: crate::time::Timestamp) -> Vec<EndedCredentials>;
    fn access_tokens_by_id(ids: &[AccessTokenId], scope: &TokenScope) -> Vec<AccessToken>;
    fn invitations_by_user(users: &[UserId]) -> Vec<Invitation>;
    fn invitation_by_hash(hash: SecretHash) -> Option<Invitation>;
    fn invitations_by_inviter(inviter: UserId) -> Vec<Invitation>;
    fn link_by_hash(hash: SecretHash) -> Option<PendingLink>;
    fn hashes_of_links(hashes: &[SecretHash]) -> Vec<SecretHash>;
} {
    async fn links_by_user(&self, users: &[UserId]) -> Result<Vec<PendingLink>> {
        let mut found = self.read().links_by_user(users).await?;
        if self.has(Fault::FindsOneLinkOnly) {
            found.dedup_by_key(|link| link.user);
        }
        Ok(found)
    }

    async fn session_principals(&self, sessions: &[SessionId]) -> Result<Vec<SessionPrincipal>> {
        let mut found = self.read().session_principals(sessions).await?;
        found.retain(|p| !self.has(Fault::LeavesOutEnded) || p.session.ended_at.is_none());
        Ok(found)
    }

    async fn access_tokens_page(&self, scope: &TokenScope, page: &PageRequest) -> Result<Slice<AccessToken>> {
        if self.has(Fault::HidesAfterCutting) {
            let mut slice = self.read().access_tokens_page(&TokenScope::everything(), page).await?;
            let ids: Vec<AccessTokenId> = slice.rows.iter().map(|t| t.id).collect();
            let seen = self.read().access_tokens_by_id(&ids, scope).await?;
            slice.rows.retain(|t| seen.contains(t));
            return Ok(slice);
        }
        self.read().access_tokens_page(scope, page).await
    }

    async fn access_tokens_count(&self, scope: &TokenScope) -> Result<u64> {
        let everything = TokenScope::everything();
        self.read().access_tokens_count(if self.has(Fault::CountsHidden) { &everything } else { scope }).await
    }
}}
