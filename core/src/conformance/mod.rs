//! The suite that defines a correct storage: one case for each thing that the traits of [`crate::storage`] promise.
//!
//! ```text
//! async fn fresh() -> Arc<dyn Storage> { … }
//! tenure_core::storage_conformance!(fresh());
//! ```
//!
//! makes one test of each case. The expression is evaluated for every test and must give a storage as after its first start: the initial
//! settings, the System User, nothing else. A storage fails a case by a panic, whose message says what was expected.

#[cfg(test)]
mod broken;
pub mod fixtures;
mod pages;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::storage::{Storage, Transaction};

/// A case at work.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// One thing that is promised.
pub struct Case {
    /// The promise, as a sentence.
    pub name: &'static str,
    /// Holds it against a fresh storage.
    pub run: fn(Arc<dyn Storage>) -> Running,
}

impl std::fmt::Debug for Case {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// How long a case may take: a storage that waits for ever fails, too.
pub const CASE_TIMEOUT: Duration = Duration::from_secs(120);

/// Runs a case, but not for ever.
pub async fn in_time(case: impl Future<Output = ()>) {
    tokio::time::timeout(CASE_TIMEOUT, case).await.expect("the storage should have answered by now");
}

/// The modules with their cases, once for both: the list to iterate over, and the macro that makes tests of them.
macro_rules! cases {
    ($dollar:tt $($(#[$doc:meta])* $module:ident { $($case:ident)* })*) => {
        $($(#[$doc])* pub mod $module;)*

        /// All cases.
        pub const CASES: &[Case] = &[
            $($(Case { name: stringify!($case), run: |storage| Box::pin(in_time($module::$case(storage))) },)*)*
        ];

        /// Makes a test of each case. Takes an expression whose future gives a fresh `Arc<dyn Storage>`, which keeps alive whatever it
        /// stands on. The crate it is used in needs tokio with `macros` and `rt-multi-thread`.
        #[macro_export]
        macro_rules! storage_conformance {
            ($dollar make:expr) => {
                $($(
                    #[::tokio::test(flavor = "multi_thread", worker_threads = 4)]
                    async fn $case() {
                        let storage: ::std::sync::Arc<dyn $crate::storage::Storage> = $dollar make.await;
                        $crate::conformance::in_time($crate::conformance::$module::$case(storage)).await;
                    }
                )*)*
            };
        }
    };
}

cases! { $
    /// Promise 1: all or nothing, and nothing before.
    atomicity {
        a_dropped_transaction_leaves_nothing
        a_commit_shows_everything_at_once
        a_transaction_reads_what_it_wrote
        a_refused_write_leaves_nothing_after_rollback
    }
    /// Promise 2: what is taken is named.
    uniqueness {
        an_address_has_one_holder
        two_rivals_for_an_address_get_one_winner
        identifiers_are_taken_once
        a_department_name_is_unique_under_its_parent
        a_workgroup_name_is_unique
        an_external_id_is_unique_within_its_kind
        a_secret_is_unique
    }
    /// Promise 3: rows are held, as they stand now.
    locks {
        locks_return_rows_in_ascending_order
        twenty_increments_of_a_person_are_twenty
        twenty_increments_of_the_settings_are_twenty
        twenty_increments_of_a_record_are_twenty
        a_workgroup_is_held_by_one_at_a_time
        activities_are_held_by_one_at_a_time
        a_reassignment_is_held_by_one_at_a_time
        records_locked_by_a_filter_are_as_they_stand_now
        shared_locks_coexist_and_keep_changes_out
        who_waits_too_long_loses_the_race
        two_who_lock_crosswise_both_finish
    }
    /// People, their addresses, the settings.
    people {
        a_fresh_storage_holds_settings_and_system_user
        people_come_back_as_they_were_written
        settings_are_replaced
        a_person_who_is_not_there_cannot_be_updated
        seats_and_administrators_are_counted
        companions_share_an_extranet_workgroup
        reports_move_to_the_new_manager
        managers_above_end_before_a_circle
        addresses_are_put_replaced_and_removed
        a_deleted_person_leaves_nothing_behind
        a_deleted_person_leaves_a_name
    }
    /// Lists of people (promises 4, 5 and 7).
    directory {
        people_are_paged_in_every_order
        hidden_people_take_no_place_on_a_page
        companions_alone_are_listed
        people_are_found_by_id_within_the_scope
        people_who_come_and_go_between_pages_do_no_harm
        names_are_ordered_as_bytes
        reports_and_members_are_paged_in_groups
        people_are_filtered
        people_are_found_by_the_beginnings_of_words
        addresses_are_searched_as_far_as_the_scope_allows
    }
    /// Departments, workgroups, memberships.
    structure {
        departments_come_back_and_are_paged_by_name
        headship_moves
        workgroups_come_back_within_the_scope
        hidden_workgroups_take_no_place_on_a_page
        memberships_are_replaced_never_doubled
        active_leaders_of_workgroups_are_found
        memberships_of_people_are_paged_latest_first
        memberships_of_workgroups_are_paged_first_joined_first
    }
    /// Records and their lists.
    records {
        records_of_all_kinds_come_back_as_they_were_written
        records_are_found_by_external_id
        an_update_leaves_creation_alone
        deleted_records_take_what_is_theirs_along
        participants_are_replaced
        references_from_others_are_found
        records_of_people_are_counted_by_kind
        records_are_filtered
        orphaned_records_are_found
        records_are_found_by_the_beginnings_of_words
    }
    /// Pages of records (promises 4, 5 and 7).
    record_lists {
        records_are_paged_in_every_order
        ties_between_records_are_broken_by_the_text_of_the_id
        hidden_records_take_no_place_on_a_page
        taking_part_is_what_brings_a_record_into_the_scope
        records_that_come_and_go_between_pages_do_no_harm
        records_are_paged_in_groups
        roles_on_tasks_make_groups
    }
    /// Handing over (promise 6).
    handover {
        records_change_hands_with_their_history
        a_record_that_changed_hands_before_is_left_alone
        five_thousand_records_change_hands_at_once
        bequeathed_records_keep_their_place_and_tell_whose_they_were
        ownership_changes_are_paged_latest_first
        what_a_reassignment_moved_is_found
        reassignments_come_back_and_are_replaced
        hidden_reassignments_take_no_place_on_a_page
    }
    /// What people and integrations prove themselves with.
    credentials {
        a_session_comes_with_its_person_and_the_settings
        principals_of_many_come_at_once
        a_session_survives_where_it_is_lifted
        sessions_are_extended_and_end_once
        ending_all_sessions_counts_those_that_worked
        a_refresh_token_works_once
        an_access_token_comes_with_its_owner_and_the_settings
        access_tokens_are_revoked_once
        live_credentials_are_counted
        hidden_access_tokens_take_no_place_on_a_page
        a_login_is_found_by_the_key_of_its_address
        invitations_are_replaced_and_found
        links_are_replaced_found_and_removed
    }
    /// Meetings, posts, conversations, messages (promises 2 to 5).
    work {
        meetings_come_back_within_the_scope
        meetings_are_paged_in_groups_latest_first
        feed_posts_come_back_within_the_scope
        feed_posts_are_paged_latest_first
        two_people_share_one_conversation
        rivals_begin_one_conversation
        conversations_are_paged_by_their_latest_message
        messages_are_for_the_two_alone
        what_was_said_is_taken_once
    }
    /// Promise 8, and operations that may be repeated.
    history {
        events_are_numbered_without_gaps
        the_last_number_is_told
        rolled_back_events_take_no_number
        events_of_rivals_follow_the_order_of_commits
        an_outcome_is_remembered
        an_outcome_is_forgotten_after_its_time
        old_outcomes_are_removed
        a_rolled_back_operation_is_forgotten
        a_repeat_waits_for_the_first_to_end
    }
    /// Lists of events (promises 4 and 5).
    event_lists {
        events_are_filtered_and_paged_latest_first
        hidden_events_take_no_place_on_a_page
        events_of_people_in_a_scope_are_listed
        events_are_paged_by_subject
        who_dismissed_somebody_is_not_told_by_a_condition
    }
    /// Promise 9.
    outbox {
        mails_come_back_as_they_were_written
        rolled_back_mails_are_not_there
        a_mail_is_claimed_by_one_of_many
        a_claim_ends_by_itself
        a_postponed_mail_waits
        a_mail_that_was_given_up_is_kept_for_a_while
    }
    /// What imports remember.
    imports {
        keys_of_imports_come_back_as_they_were_written
        a_key_of_an_import_is_replaced
    }
}

async fn begin(storage: &Arc<dyn Storage>) -> Box<dyn Transaction> {
    storage.begin().await.expect("begin")
}

async fn commit(tx: Box<dyn Transaction>) {
    tx.commit().await.expect("commit");
}
