//! `tenure generate`: a company of any size.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tenure::bulk::Silent;
use tenure::bulk::generate::{GenerateError, Generated, Order, fill};
use tenure::storage::SeaStorage;
use tenure_core::clock::SystemClock;
use tenure_core::credential::PasswordHash;
use tenure_core::policy::Access;
use tenure_core::record::RecordKind;
use tenure_core::storage::{PeopleRead, RecordRead};
use tenure_core::user::{UserKind, UserStatus};

use crate::support::adapter;
use crate::support::backend::Database;
use crate::support::company::Company;
use crate::support::dump::dump;
use crate::support::invariants::Books;
use crate::support::on_both;
use crate::support::process::tenure;

const SMALL: Order = Order { people: 60, records: 900, seed: 11 };

async fn generated(database: &Database, order: Order) -> (SeaStorage, Generated) {
    let storage = adapter::connect(&database.url).await;
    let generated = fill(&storage, order, &mut Silent).await.expect("a company");
    (storage, generated)
}

on_both! {
    /// I3, I5, I7, I9, I10, H10
    async fn i5_i9_i10_a_generated_company_keeps_every_invariant(db: Backend) {
        let database = Database::new(db).await;
        let (storage, generated) = generated(&database, Order { people: 200, records: 3_000, seed: 3 }).await;
        assert_eq!((generated.people, generated.leavers, generated.records), (200, 20, 3_000));
        assert_eq!(storage.administrators_count().await.expect("a count"), 0, "it makes no administrator");
        // The invariants ask for one, so one comes in.
        Company::found(Arc::new(storage.clone()), Arc::new(SystemClock), PasswordHash("$argon2id$…".to_owned())).await;
        let books = Books::checked(&storage, None).await;
        assert_eq!(books.records.len(), 3_000);

        let mut kinds: HashMap<RecordKind, usize> = HashMap::new();
        let mut owned: HashMap<_, usize> = HashMap::new();
        for record in &books.records {
            *kinds.entry(record.id.kind).or_default() += 1;
            *owned.entry(record.responsible).or_default() += 1;
        }
        assert_eq!(kinds.len(), 9, "records of all kinds: {kinds:?}");
        let mut shares: Vec<usize> = owned.values().copied().collect();
        shares.sort_unstable_by(|a, b| b.cmp(a));
        assert!(shares[0] > 10 * shares[shares.len() / 2], "few people own much: {shares:?}");
        let leavers: HashSet<_> = books.users.values().filter(|u| u.status == UserStatus::Dismissed && u.last_name != "Leaver").map(|u| u.id).collect();
        assert_eq!(leavers.len(), 20);
        assert!(leavers.iter().all(|id| owned.contains_key(id)), "every leaver owns records still");
        let existing: HashSet<_> = books.records.iter().map(|r| r.id).collect();
        for record in &books.records {
            assert!(record.detail.references().iter().chain(&record.subject).all(|id| existing.contains(id)), "{record:?}");
            assert!(record.updated_at >= record.created_at);
            let versions: Vec<i32> = books.changes[&record.id].iter().map(|change| change.record_version).collect();
            assert!(versions.windows(2).all(|pair| pair[0] > pair[1]) && versions.first().is_none_or(|v| *v <= record.version));
        }
        let external = books.users.values().filter(|u| u.kind == UserKind::Extranet && u.email_is_of_partners()).count();
        assert_eq!(external, 10);
        let moved: usize = books.changes.values().map(Vec::len).sum();
        assert_eq!(moved as u64, generated.ownership_changes);
        assert!(moved > 200, "{moved}");
        let jobs = storage.reassignments_page(&Access::system().reassignment_scope(), &tenure_core::page::PageRequest::first(1_000)).await;
        let jobs = jobs.expect("reassignments").rows;
        assert!(jobs.len() > 10, "{}", jobs.len());
        for job in jobs {
            let by_job = books.moved_by(job.id);
            assert_eq!(by_job, job.moved_count as usize);
            assert_eq!(job.lists.shares.iter().flat_map(|s| &s.counts).map(|c| c.open + c.closed).sum::<u32>(), job.moved_count);
            assert_eq!(job.lists.moved_counts.iter().map(|c| c.open + c.closed).sum::<u32>(), job.moved_count);
        }
        assert!(books.events.len() as u64 >= generated.events && generated.events > 400);
        let times: Vec<_> = books.events.iter().take(400).map(|e| e.event.occurred_at).collect();
        assert!(times.windows(2).all(|pair| pair[0] <= pair[1]), "events come in the order of their times");
    }

    async fn the_same_seed_gives_the_same_company_and_another_one_another(db: Backend) {
        let (one, two, other) = (Database::new(db).await, Database::new(db).await, Database::new(db).await);
        let (one, _) = generated(&one, SMALL).await;
        let (two, _) = generated(&two, SMALL).await;
        let (other, _) = generated(&other, Order { seed: 12, ..SMALL }).await;
        let first = dump(&one).await;
        assert_eq!(first, dump(&two).await, "identifiers and instants included");
        assert_ne!(first, dump(&other).await);
    }

    async fn a_database_with_anything_in_it_is_refused_and_left_alone(db: Backend) {
        let database = Database::new(db).await;
        let storage = adapter::connect(&database.url).await;
        Company::found(Arc::new(storage.clone()), Arc::new(SystemClock), PasswordHash("$argon2id$…".to_owned())).await;
        let before = dump(&storage).await;
        assert!(matches!(fill(&storage, SMALL, &mut Silent).await, Err(GenerateError::NotEmpty)));
        assert_eq!(dump(&storage).await, before);
    }

    async fn the_smallest_companies_can_be_made(db: Backend) {
        for (people, records) in [(1, 0), (1, 20), (9, 5), (20, 1)] {
            let database = Database::new(db).await;
            let (_, generated) = generated(&database, Order { people, records, seed: 1 }).await;
            assert_eq!((generated.people, generated.records), (u64::from(people), u64::from(records)));
        }
    }
}

trait Addressed {
    fn email_is_of_partners(&self) -> bool;
}

impl Addressed for tenure_core::user::User {
    fn email_is_of_partners(&self) -> bool {
        self.login_email.as_ref().is_some_and(|email| email.address().ends_with("@partners.example"))
    }
}

#[tokio::test]
async fn the_command_fills_a_database_once() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let arguments = ["generate", "--people", "30", "--records", "120", "--seed", "5"];
    let output = tenure(folder.path(), &arguments).output().await.expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success() && said.contains("30 people (3 leavers), 120 records"), "{said}");
    let again = tenure(folder.path(), &arguments).output().await.expect("it runs");
    assert_eq!(again.status.code(), Some(1));
    assert_eq!(again.stdout, b"");
    assert_eq!(
        String::from_utf8(again.stderr).expect("text"),
        "tenure: the database is not empty: a company is generated into an empty one only\n"
    );
    let wrong = tenure(folder.path(), &["generate", "--people", "0", "--records", "1", "--seed", "1"]).output().await.expect("it runs");
    assert_eq!(wrong.status.code(), Some(2));
}
