//! What can happen, by numbers that each world reads as people, records and addresses of its own.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::world::World;
use crate::support::office::PASSWORD;

/// Somebody does something.
#[derive(Debug, Clone)]
pub struct Step {
    pub caller: usize,
    pub what: What,
}

/// What they do.
#[derive(Debug, Clone)]
pub enum What {
    Wait { hours: u16 },
    SignIn,
    Accept { address: usize },
    Look { view: usize },
    Dismiss { target: usize, manager: Option<usize>, successors: Vec<usize>, dry_run: bool },
    Hire { target: usize, address: Option<usize>, dry_run: bool },
    MoveOut { target: usize, workgroups: Vec<usize>, now: bool, successors: Vec<usize>, dry_run: bool },
    MoveIn { target: usize, department: Option<usize> },
    Invite { address: usize, external: bool, workgroups: Vec<usize>, dry_run: bool },
    Resend { target: usize },
    Revoke { target: usize },
    SetAccess { target: usize, administrator: Option<bool>, permissions: Option<Vec<usize>> },
    Update { target: usize, manager: Option<usize>, title: Option<bool> },
    Reassign { sources: Option<Vec<usize>>, records: Vec<usize>, successors: Vec<usize>, linked: bool, dry_run: bool },
    Upsert { external_id: usize, kind: usize, responsible: Option<usize>, closed: Option<bool> },
    DeleteRecords { records: Vec<usize> },
    Transfer { address: usize, to: usize, replacement: Option<usize>, swap: bool, dry_run: bool },
    Release { address: usize, replacement: Option<usize>, dry_run: bool },
    Contact { target: usize, address: Option<usize> },
    Join { workgroup: usize, target: usize, role: usize },
    Leave { workgroup: usize, target: usize },
    Settings { show: bool },
    Delete { target: usize, confirmed: bool, heir: Option<usize>, dry_run: bool },
    Undo { job: usize },
    Cancel { job: usize },
    ChangeLogin { address: usize },
    Write { target: usize },
    Post { workgroup: Option<usize> },
    Meet { attendees: Vec<usize> },
}

const ANY: std::ops::Range<usize> = 0..64;

fn some(most: usize) -> impl Strategy<Value = Vec<usize>> + Clone {
    vec(ANY, 0..=most)
}

/// Leo, who has left, as often as all others together.
fn leaver() -> impl Strategy<Value = usize> {
    prop_oneof![Just(6usize), ANY]
}

/// Eva, who is external, as often as all others together.
fn external() -> impl Strategy<Value = usize> {
    prop_oneof![Just(5usize), ANY]
}

/// Mostly one that is nobody's.
fn new_address() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 12usize..16, 1 => ANY]
}

/// Mostly open to the extranet.
fn open_workgroups() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![3 => vec(1usize..3, 1..=2), 1 => some(2)]
}

/// Mostly in earnest.
fn dry() -> impl Strategy<Value = bool> {
    prop::bool::weighted(0.2)
}

impl Step {
    /// Any step; those who may do much act more often than the others.
    pub fn any() -> impl Strategy<Value = Step> {
        let caller =
            prop_oneof![7 => Just(0usize), 6 => Just(1usize), 1 => Just(2usize), 2 => Just(3usize), 1 => Just(4usize), 1 => Just(5usize)];
        (caller, What::any()).prop_map(|(caller, what)| Step { caller, what })
    }
}

impl What {
    fn any() -> impl Strategy<Value = What> {
        let around = prop_oneof![
            1 => (1u16..60).prop_map(|hours| What::Wait { hours }),
            3 => Just(What::SignIn),
            2 => (12usize..16).prop_map(|address| What::Accept { address }),
            9 => (0usize..512).prop_map(|view| What::Look { view }),
            1 => any::<bool>().prop_map(|show| What::Settings { show }),
        ];
        let lifecycle = prop_oneof![
            4 => (ANY, option::of(ANY), some(2), dry())
                .prop_map(|(target, manager, successors, dry_run)| What::Dismiss { target, manager, successors, dry_run }),
            4 => (leaver(), option::weighted(0.3, new_address()), dry()).prop_map(|(target, address, dry_run)| What::Hire { target, address, dry_run }),
            4 => (ANY, open_workgroups(), any::<bool>(), some(2), dry())
                .prop_map(|(target, workgroups, now, successors, dry_run)| What::MoveOut { target, workgroups, now, successors, dry_run }),
            2 => (external(), option::of(ANY)).prop_map(|(target, department)| What::MoveIn { target, department }),
            3 => (new_address(), any::<bool>(), open_workgroups(), dry())
                .prop_map(|(address, external, workgroups, dry_run)| What::Invite { address, external, workgroups, dry_run }),
            1 => ANY.prop_map(|target| What::Resend { target }),
            1 => ANY.prop_map(|target| What::Revoke { target }),
            2 => (ANY, option::of(any::<bool>()), option::of(some(3)))
                .prop_map(|(target, administrator, permissions)| What::SetAccess { target, administrator, permissions }),
            2 => (ANY, option::of(ANY), option::of(any::<bool>()))
                .prop_map(|(target, manager, title)| What::Update { target, manager, title }),
        ];
        let records = prop_oneof![
            4 => (option::of(vec(ANY, 1..3)), some(4), some(3), any::<bool>(), dry()).prop_map(
                |(sources, records, successors, linked, dry_run)| What::Reassign { sources, records, successors, linked, dry_run }
            ),
            3 => (0usize..6, 0usize..9, option::of(ANY), option::of(any::<bool>()))
                .prop_map(|(external_id, kind, responsible, closed)| What::Upsert { external_id, kind, responsible, closed }),
            1 => some(2).prop_map(|records| What::DeleteRecords { records }),
        ];
        let addresses = prop_oneof![
            4 => (ANY, ANY, option::of(new_address()), any::<bool>(), dry())
                .prop_map(|(address, to, replacement, swap, dry_run)| What::Transfer { address, to, replacement, swap, dry_run }),
            2 => (ANY, option::of(new_address()), dry()).prop_map(|(address, replacement, dry_run)| What::Release { address, replacement, dry_run }),
            2 => (ANY, option::of(ANY)).prop_map(|(target, address)| What::Contact { target, address }),
        ];
        let workgroups = prop_oneof![
            (ANY, ANY, 0usize..3).prop_map(|(workgroup, target, role)| What::Join { workgroup, target, role }),
            (ANY, ANY).prop_map(|(workgroup, target)| What::Leave { workgroup, target }),
        ];
        let work = prop_oneof![
            ANY.prop_map(|target| What::Write { target }),
            option::of(ANY).prop_map(|workgroup| What::Post { workgroup }),
            vec(ANY, 1..3).prop_map(|attendees| What::Meet { attendees }),
        ];
        let back = prop_oneof![
            3 => ANY.prop_map(|job| What::Undo { job }),
            1 => ANY.prop_map(|job| What::Cancel { job }),
            1 => new_address().prop_map(|address| What::ChangeLogin { address }),
            2 => (ANY, prop::bool::weighted(0.8), option::of(ANY), dry())
                .prop_map(|(target, confirmed, heir, dry_run)| What::Delete { target, confirmed, heir, dry_run }),
        ];
        prop_oneof![2 => work, 2 => back, 4 => around, 6 => lifecycle, 4 => records, 3 => addresses, 1 => workgroups]
    }

    /// The mutation that it is.
    pub fn name(&self) -> Option<&'static str> {
        Some(match self {
            What::Wait { .. } | What::SignIn | What::Look { .. } => return None,
            What::Accept { .. } => "acceptInvitation",
            What::Dismiss { .. } => "dismiss",
            What::Hire { .. } => "hire",
            What::MoveOut { .. } => "moveToExtranet",
            What::MoveIn { .. } => "moveToIntranet",
            What::Invite { .. } => "invite",
            What::Resend { .. } => "resendInvitation",
            What::Revoke { .. } => "revokeInvitation",
            What::SetAccess { .. } => "setAccess",
            What::Update { .. } => "updateUser",
            What::Reassign { .. } => "reassign",
            What::Upsert { .. } => "upsertOwnedEntities",
            What::DeleteRecords { .. } => "deleteOwnedEntities",
            What::Transfer { .. } => "transferEmail",
            What::Release { .. } => "releaseEmail",
            What::Contact { .. } => "changeContactEmail",
            What::Join { .. } => "addWorkgroupMembers",
            What::Leave { .. } => "removeWorkgroupMember",
            What::Settings { .. } => "updateSettings",
            What::Delete { .. } => "deleteUser",
            What::Undo { .. } => "undoReassignment",
            What::Cancel { .. } => "cancelReassignment",
            What::ChangeLogin { .. } => "requestLoginEmailChange",
            What::Write { .. } => "sendMessage",
            What::Post { .. } => "createFeedPost",
            What::Meet { .. } => "scheduleMeeting",
        })
    }

    /// The mutation, its input as that world has it, and what is asked for.
    pub fn mutation(&self, world: &World) -> Option<(&'static str, Value, &'static str)> {
        let person = |n: &usize| world.person(*n).to_owned();
        let people = |list: &[usize]| list.iter().map(person).collect::<Vec<_>>();
        let groups = |list: &[usize]| list.iter().map(|n| world.workgroups[n % world.workgroups.len()].clone()).collect::<Vec<_>>();
        let records = |list: &[usize]| list.iter().map(|n| world.records[n % world.records.len()].clone()).collect::<Vec<_>>();
        let handover = |list: &[usize]| (!list.is_empty()).then(|| json!({"toUserIds": people(list)}));
        let address = |n: &usize| world.address(*n);
        const USER: &str = "user { id status kind version isAdministrator manager { displayName user { id } } }";
        const PLANNED: &str = "user { id status kind version } reassignment { id status movedCount movedCounts { kind openCount } } \
            plannedCounts { kind openCount closedCount } plannedShares { successor { displayName } counts { kind openCount } }";
        Some(match self {
            What::Wait { .. } | What::SignIn | What::Accept { .. } | What::Look { .. } => return None,
            What::Dismiss { target, manager, successors, dry_run } => {
                let input = json!({"userId": person(target), "newManagerId": manager.as_ref().map(person), "reason": "Left",
                    "handover": handover(successors), "dryRun": dry_run});
                ("dismiss", input, PLANNED)
            }
            What::Hire { target, address: login, dry_run } => {
                ("hire", json!({"userId": person(target), "loginEmail": login.as_ref().map(address), "dryRun": dry_run}), USER)
            }
            What::MoveOut { target, workgroups, now, successors, dry_run } => {
                let input = json!({"userId": person(target), "workgroupIds": groups(workgroups), "activateNow": now,
                    "handover": handover(successors), "dryRun": dry_run});
                ("moveToExtranet", input, PLANNED)
            }
            What::MoveIn { target, department } => {
                let department = department.map(|n| world.departments[n % world.departments.len()].clone());
                ("moveToIntranet", json!({"userId": person(target), "departmentId": department}), USER)
            }
            What::Invite { address: to, external, workgroups, dry_run } => {
                let kind = if *external { "EXTRANET" } else { "INTRANET" };
                let mut input = json!({"email": address(to), "kind": kind, "firstName": "New", "lastName": "Face", "dryRun": dry_run});
                if !workgroups.is_empty() {
                    input["workgroupIds"] = json!(groups(workgroups));
                }
                ("invite", input, USER)
            }
            What::Resend { target } => ("resendInvitation", json!({"userId": person(target)}), "user { id status }"),
            What::Revoke { target } => ("revokeInvitation", json!({"userId": person(target)}), "revokedUserId user { id status }"),
            What::SetAccess { target, administrator, permissions } => {
                const SOME: [&str; 5] = ["USERS_DISMISS", "ENTITIES_REASSIGN", "USERS_INVITE", "EMAILS_MANAGE", "USERS_UPDATE"];
                let mut input = Map::from_iter([("userId".to_owned(), json!(person(target)))]);
                if let Some(administrator) = administrator {
                    input.insert("isAdministrator".into(), json!(administrator));
                }
                if let Some(permissions) = permissions {
                    input.insert("permissions".into(), permissions.iter().map(|n| SOME[n % SOME.len()]).collect());
                }
                ("setAccess", Value::Object(input), USER)
            }
            What::Update { target, manager, title } => {
                let mut input = Map::from_iter([("userId".to_owned(), json!(person(target)))]);
                if let Some(manager) = manager {
                    input.insert("managerId".into(), json!(person(manager)));
                }
                if let Some(is_set) = title {
                    input.insert("jobTitle".into(), if *is_set { json!("Baker") } else { Value::Null });
                }
                ("updateUser", Value::Object(input), USER)
            }
            What::Reassign { sources, records: ids, successors, linked, dry_run } => {
                let selection = match sources {
                    Some(sources) => json!({"matching": {"responsibleIds": people(sources)}}),
                    None => json!({"ids": records(ids)}),
                };
                let input = json!({"selection": selection, "toUserIds": people(successors), "includeLinkedActivities": linked,
                    "dryRun": dry_run});
                let asked = "reassignment { id status movedCount skippedCount skipped { reason } shares { successor { displayName } \
                    counts { kind openCount closedCount } } } plannedCounts { kind openCount closedCount } \
                    plannedShares { successor { displayName } counts { kind openCount closedCount } }";
                ("reassign", input, asked)
            }
            What::Upsert { external_id, kind, responsible, closed } => {
                const KINDS: [&str; 9] = ["LEAD", "DEAL", "CONTACT", "COMPANY", "ESTIMATE", "INVOICE", "ACTIVITY", "TASK", "FILE"];
                let kind = KINDS[kind % KINDS.len()];
                let mut entity = json!({"kind": kind, "externalId": format!("X-{external_id}"), "title": format!("Record {external_id}")});
                if let Some(responsible) = responsible {
                    entity["responsibleId"] = json!(person(responsible));
                }
                if let Some(closed) = closed {
                    entity["isClosed"] = json!(closed);
                }
                if kind == "FILE" {
                    entity["sizeInBytes"] = json!("3");
                    entity["mediaType"] = json!("text/plain");
                }
                if kind == "ACTIVITY" {
                    entity["activityType"] = json!("CALL");
                }
                let asked = "entities { id version isClosed responsible { displayName } } createdCount updatedCount";
                ("upsertOwnedEntities", json!({"entities": [entity]}), asked)
            }
            What::DeleteRecords { records: ids } => ("deleteOwnedEntities", json!({"ids": records(ids)}), "deletedIds"),
            What::Transfer { address: of, to, replacement, swap, dry_run } => {
                let mut input = json!({"address": address(of), "toUserId": person(to), "dryRun": dry_run,
                    "replacementLoginEmail": replacement.as_ref().map(address)});
                if *swap {
                    input["displaced"] = json!("GIVE_TO_FORMER_HOLDER");
                }
                let asked = "movedRoles freedRoles fromUser { id status loginEmail contactEmail } \
                    toUser { id loginEmail contactEmail } emailUsage { roles remedies }";
                ("transferEmail", input, asked)
            }
            What::Release { address: of, replacement, dry_run } => {
                let input = json!({"address": address(of), "replacementLoginEmail": replacement.as_ref().map(address), "dryRun": dry_run});
                ("releaseEmail", input, "freedRoles fromUser { id status loginEmail contactEmail } emailUsage { roles remedies }")
            }
            What::Contact { target, address: to } => {
                let input = json!({"userId": person(target), "address": to.as_ref().map(address)});
                ("changeContactEmail", input, "user { id contactEmail loginEmail version }")
            }
            What::Join { workgroup, target, role } => {
                let role = ["MEMBER", "MODERATOR", "OWNER"][role % 3];
                let input = json!({"workgroupId": groups(&[*workgroup])[0], "userIds": [person(target)], "role": role});
                ("addWorkgroupMembers", input, "workgroup { name memberCount }")
            }
            What::Leave { workgroup, target } => {
                let input = json!({"workgroupId": groups(&[*workgroup])[0], "userId": person(target)});
                ("removeWorkgroupMember", input, "workgroup { name memberCount }")
            }
            What::Delete { target, confirmed, heir, dry_run } => {
                let confirmation = if *confirmed { world.display_name(*target) } else { "Somebody Else".to_owned() };
                let input = json!({"userId": person(target), "confirmation": confirmation, "recordsToUserId": heir.as_ref().map(person),
                    "dryRun": dry_run});
                ("deleteUser", input, "deletedUserId movedCounts { kind openCount closedCount }")
            }
            What::Undo { job } => {
                let input = json!({"reassignmentId": world.job(*job)});
                let asked = "restoredCount reassignment { id status } undoing { id status movedCount skipped { reason } \
                    successors { displayName } }";
                ("undoReassignment", input, asked)
            }
            What::Cancel { job } => ("cancelReassignment", json!({"reassignmentId": world.job(*job)}), "reassignment { id status }"),
            What::ChangeLogin { address: to } => {
                ("requestLoginEmailChange", json!({"address": address(to), "password": PASSWORD}), "expiresAt")
            }
            What::Write { target } => {
                ("sendMessage", json!({"toUserId": person(target), "text": "Hello"}), "message { id text author { displayName } }")
            }
            What::Post { workgroup } => {
                let mut input = json!({"text": "News"});
                if let Some(n) = workgroup {
                    input["workgroupId"] = json!(groups(&[*n])[0]);
                }
                ("createFeedPost", input, "feedPost { id text workgroup { name } }")
            }
            What::Meet { attendees } => {
                let input = json!({"title": "Talk", "startsAt": "2027-01-08T09:00:00Z", "endsAt": "2027-01-08T10:00:00Z",
                    "attendeeIds": people(attendees)});
                ("scheduleMeeting", input, "meeting { id title organizer { displayName } attendees { displayName } }")
            }
            What::Settings { show } => ("updateSettings", json!({"showDismissedUsers": show}), "settings { showDismissedUsers version }"),
        })
    }
}
