//! The suite is tested, too: for each promise there is a storage that breaks it and nothing else, and the case that must notice.

mod faulty;
mod forward;
mod history;
mod imports;
mod lists;
mod outbox;
mod work;

use std::sync::Arc;

use super::{CASES, Case};
use crate::storage::{Storage, Unique};
use faulty::Faulty;

/// One way to break a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Nothing,
    // Promise 1.
    LeaksOnRollback,
    ShowsBeforeCommit,
    LosesCommits,
    ReadsPastItsOwnWrites,
    // Promise 2.
    Ignores(Unique),
    Misnames,
    FoldsExternalIds,
    // Promise 3.
    HoldsNothing,
    LocksInAnyOrder,
    WaitsForEver,
    WaitsForNobody,
    // Promise 4.
    HidesAfterCutting,
    CountsHidden,
    FindsHidden,
    // Promise 5.
    LosesTies,
    RepeatsTies,
    ExcludesInclusive,
    ForgetsBefore,
    ForgetsAfter,
    TakesFromTheStart,
    ReversesLastPages,
    SaysMoreWhenFull,
    NeverSaysMore,
    SkipsByNumber,
    BreaksTiesByUuid,
    DropsEmptyGroups,
    SortsGroups,
    CutsGroupsTogether,
    // Promise 6.
    RefusesMany,
    ReassignsOthers,
    ReassignsSilently,
    CountsWhatWasLeftAlone,
    ForgetsHandoversOfDeleted,
    ListsHandoversInAnyOrder,
    // Promise 7.
    Collates,
    MatchesMiddles,
    MatchesWholeWords,
    SearchesHiddenAddresses,
    // Promise 8.
    NumbersInTwos,
    NumbersRolledBack,
    RepeatsTheLastEvent,
    LagsBehind,
    TellsWhoDismissed,
    ListsDeletions,
    // Promise 9.
    ClaimsTwice,
    ClaimsForEver,
    HeedsOldClaims,
    SendsWhatWasGivenUp,
    ForgetsMails,
    LosesWaitingMails,
    // Single methods.
    ForgetsOutcomes,
    RemembersForEver,
    RemembersRolledBack,
    RemovesAllOutcomes,
    RemovesNoOutcome,
    SharesKeysBetweenPeople,
    LeavesMemberships,
    ForgetsNames,
    LeavesInvitedReports,
    KeepsTheFirstProvenance,
    TouchesBequests,
    InsertsOnUpdate,
    RewritesCreation,
    CountsReferencesInside,
    TokensWorkAgain,
    LeavesSessionsBehind,
    LeavesOutEnded,
    KeepsOneLinkOnly,
    FindsOneLinkOnly,
    RemovesAllLinks,
    KeepsLinks,
    KeepsDoubledMemberships,
    ReadsAnyWork,
    SortsAttendees,
    BeginsConversationsAnew,
    LastIsTheLastWritten,
    FoldsImportKeys,
    KeepsFormerImportKeys,
}

/// Which cases notice. Each of them must.
fn noticed_by(fault: Fault) -> &'static [&'static str] {
    match fault {
        Fault::Nothing => &[],
        Fault::LeaksOnRollback => {
            &["a_dropped_transaction_leaves_nothing", "a_refused_write_leaves_nothing_after_rollback", "rolled_back_mails_are_not_there"]
        }
        Fault::ShowsBeforeCommit => &["a_commit_shows_everything_at_once"],
        Fault::LosesCommits => &["a_commit_shows_everything_at_once"],
        Fault::ReadsPastItsOwnWrites => &["a_transaction_reads_what_it_wrote"],
        Fault::Ignores(Unique::Address) => &["an_address_has_one_holder", "two_rivals_for_an_address_get_one_winner"],
        Fault::Ignores(Unique::Id) => &["identifiers_are_taken_once"],
        Fault::Ignores(Unique::DepartmentName) => &["a_department_name_is_unique_under_its_parent"],
        Fault::Ignores(Unique::WorkgroupName) => &["a_workgroup_name_is_unique"],
        Fault::Ignores(Unique::ExternalId) => &["an_external_id_is_unique_within_its_kind"],
        Fault::Ignores(Unique::Secret) => &["a_secret_is_unique"],
        Fault::Misnames => &["an_address_has_one_holder", "a_secret_is_unique", "a_workgroup_name_is_unique"],
        Fault::FoldsExternalIds => &["an_external_id_is_unique_within_its_kind"],
        Fault::HoldsNothing => &[
            "twenty_increments_of_a_person_are_twenty",
            "twenty_increments_of_the_settings_are_twenty",
            "twenty_increments_of_a_record_are_twenty",
            "a_workgroup_is_held_by_one_at_a_time",
            "activities_are_held_by_one_at_a_time",
            "a_reassignment_is_held_by_one_at_a_time",
            "records_locked_by_a_filter_are_as_they_stand_now",
            "shared_locks_coexist_and_keep_changes_out",
            "two_who_lock_crosswise_both_finish",
            "events_of_rivals_follow_the_order_of_commits",
            "a_repeat_waits_for_the_first_to_end",
            "a_mail_is_claimed_by_one_of_many",
        ],
        Fault::LocksInAnyOrder => &["locks_return_rows_in_ascending_order"],
        Fault::WaitsForEver => &["who_waits_too_long_loses_the_race"],
        Fault::WaitsForNobody => &["shared_locks_coexist_and_keep_changes_out"],
        Fault::HidesAfterCutting => &[
            "hidden_people_take_no_place_on_a_page",
            "companions_alone_are_listed",
            "hidden_records_take_no_place_on_a_page",
            "hidden_workgroups_take_no_place_on_a_page",
            "memberships_of_people_are_paged_latest_first",
            "hidden_reassignments_take_no_place_on_a_page",
            "hidden_access_tokens_take_no_place_on_a_page",
            "hidden_events_take_no_place_on_a_page",
            "meetings_are_paged_in_groups_latest_first",
            "feed_posts_are_paged_latest_first",
        ],
        Fault::CountsHidden => &[
            "hidden_people_take_no_place_on_a_page",
            "hidden_records_take_no_place_on_a_page",
            "hidden_workgroups_take_no_place_on_a_page",
            "hidden_reassignments_take_no_place_on_a_page",
            "hidden_access_tokens_take_no_place_on_a_page",
            "hidden_events_take_no_place_on_a_page",
            "meetings_are_paged_in_groups_latest_first",
            "feed_posts_are_paged_latest_first",
        ],
        Fault::FindsHidden => &["people_are_found_by_id_within_the_scope"],
        Fault::LosesTies | Fault::RepeatsTies => &[
            "people_are_paged_in_every_order",
            "people_who_come_and_go_between_pages_do_no_harm",
            "records_are_paged_in_every_order",
            "records_that_come_and_go_between_pages_do_no_harm",
            "meetings_are_paged_in_groups_latest_first",
            "feed_posts_are_paged_latest_first",
            "conversations_are_paged_by_their_latest_message",
            "messages_are_for_the_two_alone",
        ],
        Fault::ExcludesInclusive
        | Fault::ForgetsBefore
        | Fault::ForgetsAfter
        | Fault::TakesFromTheStart
        | Fault::ReversesLastPages
        | Fault::SaysMoreWhenFull
        | Fault::NeverSaysMore => &[
            "people_are_paged_in_every_order",
            "records_are_paged_in_every_order",
            "events_are_filtered_and_paged_latest_first",
            "meetings_are_paged_in_groups_latest_first",
            "feed_posts_are_paged_latest_first",
            "conversations_are_paged_by_their_latest_message",
            "messages_are_for_the_two_alone",
        ],
        Fault::SkipsByNumber => &["people_who_come_and_go_between_pages_do_no_harm"],
        Fault::BreaksTiesByUuid => &["ties_between_records_are_broken_by_the_text_of_the_id", "records_are_paged_in_every_order"],
        Fault::DropsEmptyGroups | Fault::SortsGroups | Fault::CutsGroupsTogether => {
            &["reports_and_members_are_paged_in_groups", "records_are_paged_in_groups", "events_are_paged_by_subject"]
        }
        Fault::RefusesMany | Fault::ReassignsSilently => &["five_thousand_records_change_hands_at_once"],
        Fault::ReassignsOthers | Fault::CountsWhatWasLeftAlone => {
            &["a_record_that_changed_hands_before_is_left_alone", "five_thousand_records_change_hands_at_once"]
        }
        Fault::ForgetsHandoversOfDeleted | Fault::ListsHandoversInAnyOrder => &["what_a_reassignment_moved_is_found"],
        Fault::Collates => &["names_are_ordered_as_bytes"],
        Fault::MatchesMiddles | Fault::MatchesWholeWords => {
            &["people_are_found_by_the_beginnings_of_words", "records_are_found_by_the_beginnings_of_words"]
        }
        Fault::SearchesHiddenAddresses => &["addresses_are_searched_as_far_as_the_scope_allows"],
        Fault::NumbersInTwos => &["events_are_numbered_without_gaps"],
        Fault::NumbersRolledBack => &["rolled_back_events_take_no_number"],
        Fault::RepeatsTheLastEvent => &["events_are_numbered_without_gaps"],
        Fault::LagsBehind => &["the_last_number_is_told"],
        Fault::TellsWhoDismissed => &["who_dismissed_somebody_is_not_told_by_a_condition"],
        Fault::ListsDeletions => &["hidden_events_take_no_place_on_a_page", "events_are_paged_by_subject"],
        Fault::ClaimsTwice => &["a_mail_is_claimed_by_one_of_many", "a_claim_ends_by_itself"],
        Fault::ClaimsForEver | Fault::HeedsOldClaims => &["a_claim_ends_by_itself"],
        Fault::SendsWhatWasGivenUp | Fault::ForgetsMails => &["a_mail_that_was_given_up_is_kept_for_a_while"],
        Fault::LosesWaitingMails => &["a_postponed_mail_waits"],
        Fault::ForgetsOutcomes => &["an_outcome_is_remembered", "a_repeat_waits_for_the_first_to_end"],
        Fault::RemembersForEver => &["an_outcome_is_forgotten_after_its_time"],
        Fault::RemembersRolledBack => &["a_rolled_back_operation_is_forgotten"],
        Fault::RemovesAllOutcomes | Fault::RemovesNoOutcome => &["old_outcomes_are_removed"],
        Fault::SharesKeysBetweenPeople => &["an_outcome_is_remembered"],
        Fault::LeavesMemberships => &["a_deleted_person_leaves_nothing_behind"],
        Fault::ForgetsNames => &["a_deleted_person_leaves_a_name"],
        Fault::LeavesInvitedReports => &["reports_move_to_the_new_manager"],
        Fault::KeepsTheFirstProvenance | Fault::TouchesBequests => &["bequeathed_records_keep_their_place_and_tell_whose_they_were"],
        Fault::InsertsOnUpdate => &["a_person_who_is_not_there_cannot_be_updated"],
        Fault::RewritesCreation => &["an_update_leaves_creation_alone"],
        Fault::CountsReferencesInside => &["references_from_others_are_found"],
        Fault::TokensWorkAgain => &["a_refresh_token_works_once"],
        Fault::LeavesSessionsBehind => &["a_session_survives_where_it_is_lifted"],
        Fault::LeavesOutEnded => &["principals_of_many_come_at_once"],
        Fault::KeepsOneLinkOnly | Fault::FindsOneLinkOnly | Fault::RemovesAllLinks | Fault::KeepsLinks => {
            &["links_are_replaced_found_and_removed"]
        }
        Fault::KeepsDoubledMemberships => &["memberships_are_replaced_never_doubled"],
        Fault::ReadsAnyWork => {
            &["meetings_come_back_within_the_scope", "feed_posts_come_back_within_the_scope", "messages_are_for_the_two_alone"]
        }
        Fault::SortsAttendees => &["meetings_come_back_within_the_scope"],
        Fault::BeginsConversationsAnew => &["two_people_share_one_conversation", "rivals_begin_one_conversation"],
        Fault::LastIsTheLastWritten => &["two_people_share_one_conversation"],
        Fault::FoldsImportKeys => &["keys_of_imports_come_back_as_they_were_written"],
        Fault::KeepsFormerImportKeys => &["a_key_of_an_import_is_replaced"],
    }
}

const FAULTS: &[Fault] = &[
    Fault::LeaksOnRollback,
    Fault::ShowsBeforeCommit,
    Fault::LosesCommits,
    Fault::ReadsPastItsOwnWrites,
    Fault::Ignores(Unique::Address),
    Fault::Ignores(Unique::Id),
    Fault::Ignores(Unique::DepartmentName),
    Fault::Ignores(Unique::WorkgroupName),
    Fault::Ignores(Unique::ExternalId),
    Fault::Ignores(Unique::Secret),
    Fault::Misnames,
    Fault::FoldsExternalIds,
    Fault::HoldsNothing,
    Fault::LocksInAnyOrder,
    Fault::WaitsForEver,
    Fault::WaitsForNobody,
    Fault::HidesAfterCutting,
    Fault::CountsHidden,
    Fault::FindsHidden,
    Fault::LosesTies,
    Fault::RepeatsTies,
    Fault::ExcludesInclusive,
    Fault::ForgetsBefore,
    Fault::ForgetsAfter,
    Fault::TakesFromTheStart,
    Fault::ReversesLastPages,
    Fault::SaysMoreWhenFull,
    Fault::NeverSaysMore,
    Fault::SkipsByNumber,
    Fault::BreaksTiesByUuid,
    Fault::DropsEmptyGroups,
    Fault::SortsGroups,
    Fault::CutsGroupsTogether,
    Fault::RefusesMany,
    Fault::ReassignsOthers,
    Fault::ReassignsSilently,
    Fault::CountsWhatWasLeftAlone,
    Fault::ForgetsHandoversOfDeleted,
    Fault::ListsHandoversInAnyOrder,
    Fault::Collates,
    Fault::MatchesMiddles,
    Fault::MatchesWholeWords,
    Fault::SearchesHiddenAddresses,
    Fault::NumbersInTwos,
    Fault::NumbersRolledBack,
    Fault::RepeatsTheLastEvent,
    Fault::LagsBehind,
    Fault::TellsWhoDismissed,
    Fault::ListsDeletions,
    Fault::ClaimsTwice,
    Fault::ClaimsForEver,
    Fault::HeedsOldClaims,
    Fault::SendsWhatWasGivenUp,
    Fault::ForgetsMails,
    Fault::LosesWaitingMails,
    Fault::ForgetsOutcomes,
    Fault::RemembersForEver,
    Fault::RemembersRolledBack,
    Fault::RemovesAllOutcomes,
    Fault::RemovesNoOutcome,
    Fault::SharesKeysBetweenPeople,
    Fault::LeavesMemberships,
    Fault::ForgetsNames,
    Fault::LeavesInvitedReports,
    Fault::KeepsTheFirstProvenance,
    Fault::TouchesBequests,
    Fault::InsertsOnUpdate,
    Fault::RewritesCreation,
    Fault::CountsReferencesInside,
    Fault::TokensWorkAgain,
    Fault::LeavesSessionsBehind,
    Fault::LeavesOutEnded,
    Fault::KeepsOneLinkOnly,
    Fault::FindsOneLinkOnly,
    Fault::RemovesAllLinks,
    Fault::KeepsLinks,
    Fault::KeepsDoubledMemberships,
    Fault::ReadsAnyWork,
    Fault::SortsAttendees,
    Fault::BeginsConversationsAnew,
    Fault::LastIsTheLastWritten,
    Fault::FoldsImportKeys,
    Fault::KeepsFormerImportKeys,
];

/// How often a case may miss a fault that shows in a race only.
const TRIES_ALONE: usize = 5;

/// Runs a case against a storage with that fault. Whether it noticed.
async fn notices(case: &Case, fault: Fault) -> bool {
    let storage: Arc<dyn Storage> = Arc::new(Faulty::storage(fault));
    match tokio::spawn((case.run)(storage)).await {
        Ok(()) => false,
        Err(error) => error.is_panic(),
    }
}

fn case(name: &str) -> &'static Case {
    CASES.iter().find(|c| c.name == name).unwrap_or_else(|| panic!("no case is named {name}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_fault_is_noticed() {
    let mut running = Vec::new();
    for fault in FAULTS {
        assert!(!noticed_by(*fault).is_empty(), "{fault:?} is noticed by nothing");
        for name in noticed_by(*fault) {
            running.push((fault, name, tokio::spawn(notices(case(name), *fault))));
        }
    }
    let mut missed = Vec::new();
    for (fault, name, running) in running {
        if !running.await.expect("a case that runs in a task of its own") && !is_noticed_alone(name, *fault).await {
            missed.push(format!("{fault:?} by {name}"));
        }
    }
    assert!(missed.is_empty(), "not noticed: {missed:#?}");
}

/// Whether a case notices a fault when little else is going on: rivals that run one after the other, on a busy machine, harm nobody.
async fn is_noticed_alone(name: &str, fault: Fault) -> bool {
    for _ in 0..TRIES_ALONE {
        if notices(case(name), fault).await {
            return true;
        }
    }
    false
}

/// Else what was noticed might be the wrapper.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_fault_nothing_is_noticed() {
    for case in CASES {
        assert!(!notices(case, Fault::Nothing).await, "{case:?}");
    }
}
