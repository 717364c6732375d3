//! The actions on the storage in memory: the rules without web and database. The same stories run over HTTP on both databases in `tests/it`.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;

use tenure_core::actions::create_department::CreateDepartment;
use tenure_core::actions::create_user::{CreateUser, CreateUserInput};
use tenure_core::actions::create_workgroup::CreateWorkgroup;
use tenure_core::actions::dismiss::{Dismiss, DismissInput};
use tenure_core::actions::hire::{Hire, HireInput};
use tenure_core::actions::move_to_extranet::{MoveToExtranet, MoveToExtranetInput};
use tenure_core::actions::reassign::{Reassign, ReassignInput, SelectionInput};
use tenure_core::actions::release_email::ReleaseEmail;
use tenure_core::actions::sign_in::SignIn;
use tenure_core::actions::transfer_email::{Displaced, TransferEmail, TransferEmailInput};
use tenure_core::actions::upsert_owned_entities::UpsertOwnedEntities;
use tenure_core::clock::SystemClock;
use tenure_core::credential::{PasswordHash, SecretHash};
use tenure_core::email::EmailRole;
use tenure_core::engine::{Attempt, Engine, Licence};
use tenure_core::id::{UserId, WorkgroupId};
use tenure_core::mail::NoMail;
use tenure_core::memory::MemoryStorage;
use tenure_core::policy::Access;
use tenure_core::record::RecordKind;
use tenure_core::rejection::{Code, Failure};
use tenure_core::secret::LinkKey;
use tenure_core::steps::input::{HandoverInput, Patch, RecordFilterInput};
use tenure_core::steps::record_input::RecordInput;
use tenure_core::user::{User, UserKind, UserStatus};

struct World {
    engine: Engine,
}

impl World {
    fn new() -> World {
        World::with_seats(None)
    }

    fn with_seats(seat_limit: Option<u32>) -> World {
        let licence = Licence { seat_limit, plan: "test".into() };
        let engine = Engine::new(Arc::new(MemoryStorage::new()), Arc::new(SystemClock), Arc::new(NoMail), LinkKey::new([7; 32]), licence);
        World { engine }
    }

    async fn person(&self, name: &str, is_administrator: bool) -> UserId {
        let input = CreateUserInput {
            email: format!("{name}@example.com"),
            first_name: name.into(),
            last_name: "Example".into(),
            is_administrator,
            department: None,
            password: PasswordHash(format!("hash of {name}")),
        };
        let action = CreateUser::parse(input).expect("good shape");
        self.engine.perform(Some(&Access::system()), &Attempt::default(), &action).await.expect("created").user.id
    }

    async fn access(&self, user: UserId) -> Access {
        let storage = self.engine.storage();
        let row = storage.users_by_id(&[user]).await.unwrap().pop().unwrap();
        let key = row.login_email.as_ref().unwrap().key().to_owned();
        let password = storage.login_by_key(&key).await.unwrap().unwrap().password.unwrap();
        let refresh = SecretHash::of(&format!("{user}{:?}", self.engine.clock().new_uuid()));
        let action = SignIn { user, login_key: key, password, refresh, lifetime_seconds: 3600 };
        let session = self.engine.perform(None, &Attempt::default(), &action).await.expect("signs in").session.id;
        let principal = storage.session_principal(session).await.unwrap().unwrap();
        Access::of_session(&principal, self.engine.clock().now()).expect("signed in")
    }

    async fn user(&self, id: UserId) -> User {
        self.engine.storage().users_by_id(&[id]).await.unwrap().pop().unwrap()
    }

    async fn workgroup(&self, by: &Access, name: &str, is_extranet: bool) -> WorkgroupId {
        let action = CreateWorkgroup::parse(name, is_extranet, None).expect("good shape");
        self.engine.perform(Some(by), &Attempt::default(), &action).await.expect("created").workgroup.unwrap().id
    }

    async fn records(&self, by: &Access, owner: UserId, kinds: &[RecordKind], label: &str) {
        let inputs = kinds.iter().enumerate().map(|(n, kind)| record(*kind, &format!("{label}-{n}"), owner)).collect();
        let action = UpsertOwnedEntities::parse(inputs).expect("good shape");
        let done = self.engine.perform(Some(by), &Attempt::default(), &action).await.expect("upserted");
        assert_eq!(done.created as usize, kinds.len());
    }
}

fn record(kind: RecordKind, external_id: &str, owner: UserId) -> RecordInput {
    RecordInput {
        kind,
        external_id: external_id.into(),
        title: Patch::Set(format!("Record {external_id}")),
        responsible_id: Some(owner),
        responsible_email: None,
        is_closed: None,
        stage: Patch::Keep,
        source: Patch::Keep,
        amount: Patch::Keep,
        currency: Patch::Keep,
        company_external_id: Patch::Keep,
        contact_external_id: Patch::Keep,
        deal_external_id: Patch::Keep,
        subject_kind: Patch::Keep,
        subject_external_id: Patch::Keep,
        activity_type: Patch::Keep,
        due_at: Patch::Keep,
        due_on: Patch::Keep,
        email: Patch::Keep,
        phone: Patch::Keep,
        website: Patch::Keep,
        industry: Patch::Keep,
        workgroup_id: Patch::Keep,
        participants: Patch::Keep,
        size_in_bytes: Patch::Keep,
        media_type: Patch::Keep,
    }
}

fn dismissal(user: UserId) -> DismissInput {
    DismissInput {
        user_id: user,
        reason: Some("Moved on".into()),
        note: None,
        handover: None,
        new_manager_id: None,
        expected_version: None,
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> Code {
    match result {
        Err(Failure::Refused(refusal)) => refusal.rejections[0].code,
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn r1_r7_dismissing_and_hiring_back() {
    let world = World::new();
    let root = world.person("root", true).await;
    let ann = world.person("ann", false).await;
    let admin = world.access(root).await;
    let anns = world.access(ann).await;
    let group = world.workgroup(&admin, "Team", false).await;
    world.records(&admin, ann, &[RecordKind::Deal, RecordKind::Task], "a").await;

    let dismiss = Dismiss::parse(dismissal(ann)).unwrap();
    let dry = world.engine.perform(Some(&admin), &Attempt { dry_run: true, ..Attempt::default() }, &dismiss).await.unwrap();
    assert!(dry.user.is_none());
    assert_eq!(dry.revoked_credentials, 1, "R8: counts as in earnest");
    assert_eq!(world.user(ann).await.status, UserStatus::Active);

    let done = world.engine.perform(Some(&admin), &Attempt::default(), &dismiss).await.unwrap();
    assert_eq!(done.revoked_credentials, 1);
    assert_eq!(done.user.unwrap().row.unwrap().status, UserStatus::Dismissed);
    let again = world.engine.perform(Some(&admin), &Attempt::default(), &dismiss).await;
    assert_eq!(code(again), Code::AlreadyDismissed);

    // I4: her session is dead, in the transaction of whatever she tries.
    let tried = CreateDepartment::parse("X", None, None).unwrap();
    assert!(matches!(world.engine.perform(Some(&anns), &Attempt::default(), &tried).await, Err(Failure::Unauthenticated)));
    let own = Dismiss::parse(dismissal(root)).unwrap();
    assert_eq!(code(world.engine.perform(Some(&admin), &Attempt::default(), &own).await), Code::CannotDismissSelf);

    let hire = Hire::parse(HireInput { user_id: ann, login_email: None, workgroup_ids: None, expected_version: None }).unwrap();
    world.engine.perform(Some(&admin), &Attempt::default(), &hire).await.unwrap();
    let back = world.user(ann).await;
    assert_eq!((back.status, back.dismissal), (UserStatus::Active, None));
    assert!(back.login_email.is_some(), "R7: the address is still theirs");
    assert_eq!(code(world.engine.perform(Some(&admin), &Attempt::default(), &hire).await), Code::NotDismissed);
    let _ = group;
}

#[tokio::test]
async fn h1_h8_records_of_a_leaver_are_shared_by_successors() {
    let world = World::new();
    let root = world.person("root", true).await;
    let (ann, bob, eve) = (world.person("ann", false).await, world.person("bob", false).await, world.person("eve", false).await);
    let admin = world.access(root).await;
    world.records(&admin, ann, &RecordKind::ALL, "a").await;
    world.engine.perform(Some(&admin), &Attempt::default(), &Dismiss::parse(dismissal(ann)).unwrap()).await.unwrap();

    let input = |to: Vec<UserId>| ReassignInput {
        selection: SelectionInput::Matching(RecordFilterInput { responsible_ids: Some(vec![ann]), ..RecordFilterInput::default() }),
        to_user_ids: to,
        include_linked_activities: true,
        note: None,
    };
    let to_leaver = Reassign::parse(input(vec![ann])).unwrap();
    assert_eq!(code(world.engine.perform(Some(&admin), &Attempt::default(), &to_leaver).await), Code::SuccessorNotEligible);
    let reassign = Reassign::parse(input(vec![bob, eve])).unwrap();
    let dry = world.engine.perform(Some(&admin), &Attempt { dry_run: true, ..Attempt::default() }, &reassign).await.unwrap();
    let done = world.engine.perform(Some(&admin), &Attempt::default(), &reassign).await.unwrap();
    let row = done.reassignment.unwrap().row.unwrap();
    assert_eq!(row.moved_count, 9);
    assert_eq!(dry.planned.unwrap().shares, row.lists.shares, "H8: dry run and execution agree");
    let nothing = world.engine.perform(Some(&admin), &Attempt::default(), &reassign).await;
    assert_eq!(code(nothing), Code::SelectionEmpty);
}

#[tokio::test]
async fn i8_a_repeat_with_the_same_key_gives_the_first_outcome() {
    let world = World::new();
    let root = world.person("root", true).await;
    let ann = world.person("ann", false).await;
    let admin = world.access(root).await;
    let attempt = Attempt { idempotency_key: Some("k".into()), ..Attempt::default() };
    let action = Dismiss::parse(dismissal(ann)).unwrap();
    world.engine.perform(Some(&admin), &attempt, &action).await.unwrap();
    let repeat = world.engine.perform(Some(&admin), &attempt, &action).await.unwrap();
    assert_eq!(repeat.user.map(|u| (u.id, u.row.is_none())), Some((ann, true)));
    let other = Dismiss::parse(DismissInput { reason: None, ..dismissal(ann) }).unwrap();
    assert_eq!(code(world.engine.perform(Some(&admin), &attempt, &other).await), Code::IdempotencyKeyReused);
}

#[tokio::test]
async fn e3_two_people_swap_their_addresses() {
    let world = World::new();
    let root = world.person("root", true).await;
    let (ann, bob) = (world.person("ann", false).await, world.person("bob", false).await);
    let admin = world.access(root).await;
    let input = |displaced, replacement: Option<&str>, roles| TransferEmailInput {
        address: "ann@example.com".into(),
        to_user_id: bob,
        roles,
        replacement_login_email: replacement.map(str::to_owned),
        displaced,
    };
    let without = TransferEmail::parse(input(Displaced::Release, None, None)).unwrap();
    assert_eq!(code(world.engine.perform(Some(&admin), &Attempt::default(), &without).await), Code::ReplacementRequired);
    let swap = TransferEmail::parse(input(Displaced::GiveToFormerHolder, None, Some(vec![EmailRole::Login]))).unwrap();
    let done = world.engine.perform(Some(&admin), &Attempt::default(), &swap).await.unwrap();
    assert_eq!(done.moved.iter().collect::<Vec<_>>(), [EmailRole::Login, EmailRole::Contact], "a contact address follows a swap");
    assert!(done.freed.is_empty());
    let (ann, bob) = (world.user(ann).await, world.user(bob).await);
    assert_eq!(ann.login_email.as_ref().map(|e| e.key()), Some("bob@example.com"));
    assert_eq!(ann.contact_email.as_ref().map(|e| e.key()), Some("bob@example.com"));
    assert_eq!(bob.login_email.as_ref().map(|e| e.key()), Some("ann@example.com"));
    assert_eq!(bob.contact_email.as_ref().map(|e| e.key()), Some("ann@example.com"));
}

#[tokio::test]
async fn x4_all_crm_records_are_handed_over_on_the_way_out() {
    let world = World::new();
    let root = world.person("root", true).await;
    let (ann, bob) = (world.person("ann", false).await, world.person("bob", false).await);
    let admin = world.access(root).await;
    let group = world.workgroup(&admin, "Outside", true).await;
    let inside = world.workgroup(&admin, "Inside", false).await;
    world.records(&admin, ann, &[RecordKind::Deal, RecordKind::Lead, RecordKind::Task], "a").await;
    let input = |handover, workgroup| MoveToExtranetInput {
        user_id: ann,
        workgroup_ids: vec![workgroup],
        login_email: None,
        new_manager_id: None,
        handover,
        activate_now: false,
        expected_version: None,
    };
    let act = |handover, workgroup| MoveToExtranet::parse(input(handover, workgroup)).unwrap();
    let deals = RecordFilterInput { kinds: Some(vec![RecordKind::Deal]), ..RecordFilterInput::default() };
    let some = Some(HandoverInput { to_user_ids: vec![bob], filter: Some(deals) });
    let all = Some(HandoverInput { to_user_ids: vec![bob], filter: None });
    for (handover, workgroup, expected) in
        [(None, group, Code::HandoverRequired), (some, group, Code::HandoverRequired), (all.clone(), inside, Code::WorkgroupNotEligible)]
    {
        assert_eq!(code(world.engine.perform(Some(&admin), &Attempt::default(), &act(handover, workgroup)).await), expected);
    }
    world.engine.perform(Some(&admin), &Attempt::default(), &act(all, group)).await.unwrap();
    let moved = world.user(ann).await;
    assert_eq!((moved.status, moved.kind), (UserStatus::Active, UserKind::Extranet));
    assert!(moved.login_email.is_some());
}

#[tokio::test]
async fn i2_no_seat_is_taken_beyond_the_limit() {
    let world = World::with_seats(Some(2));
    let root = world.person("root", true).await;
    let ann = world.person("ann", false).await;
    let admin = world.access(root).await;
    world.engine.perform(Some(&admin), &Attempt::default(), &Dismiss::parse(dismissal(ann)).unwrap()).await.unwrap();
    world.person("bob", false).await;
    let hire = Hire::parse(HireInput { user_id: ann, login_email: None, workgroup_ids: None, expected_version: None }).unwrap();
    assert_eq!(code(world.engine.perform(Some(&admin), &Attempt::default(), &hire).await), Code::SeatLimitReached);
}

/// By itself the epoch would end every session, even one that nobody ended; a hiring gives nothing back of what it ended.
#[tokio::test]
async fn i4_loss_of_sign_in_raises_the_epoch() {
    let world = World::new();
    let root = world.person("root", true).await;
    let ann = world.person("ann", false).await;
    let admin = world.access(root).await;
    let group = world.workgroup(&admin, "Outside", true).await;
    let first = world.user(ann).await.epoch;

    world.engine.perform(Some(&admin), &Attempt::default(), &Dismiss::parse(dismissal(ann)).unwrap()).await.unwrap();
    assert_eq!(world.user(ann).await.epoch, first + 1, "dismissed");
    let hire = Hire::parse(HireInput { user_id: ann, login_email: None, workgroup_ids: None, expected_version: None }).unwrap();
    world.engine.perform(Some(&admin), &Attempt::default(), &hire).await.unwrap();
    assert_eq!(world.user(ann).await.epoch, first + 1, "hired back");

    let release = ReleaseEmail::parse("ann@example.com", Some("ann.new@example.com")).unwrap();
    world.engine.perform(Some(&admin), &Attempt::default(), &release).await.unwrap();
    assert_eq!(world.user(ann).await.epoch, first + 2, "signs in with another address");

    let out = MoveToExtranetInput {
        user_id: ann,
        workgroup_ids: vec![group],
        login_email: None,
        new_manager_id: None,
        handover: None,
        activate_now: false,
        expected_version: None,
    };
    world.engine.perform(Some(&admin), &Attempt::default(), &MoveToExtranet::parse(out).unwrap()).await.unwrap();
    assert_eq!(world.user(ann).await.epoch, first + 3, "moved to the extranet");
}
