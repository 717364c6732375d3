//! Clients that hang up: what was acknowledged is there, and no connection is left in a transaction.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tenure_core::policy::Access;
use tenure_core::record::RecordKind;
use tenure_core::storage::{PeopleRead, RecordRead};

use crate::support::adapter;
use crate::support::company::Traits;
use crate::support::invariants::Books;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::rounds;

/// Requests that are cancelled, half of them changes of people and half new records.
const REQUESTS: usize = 300;

/// Numbers that look random and are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

on_both! {
    /// The server finishes what it began, or none of it: whoever hangs up leaves nothing half done.
    async fn clients_hang_up_at_any_moment(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let requests = rounds(REQUESTS);
        // A person or a record of their own for each request: no later one hides what became of it.
        let people = company.add_many(requests.div_ceil(2) + 20, "Changed", Traits::default()).await;
        let mut dice = Dice(0x7E4C_11D3);
        let mut acknowledged = BTreeSet::new();
        let mut cancelled = 0;
        let mut patience = 20_000;
        for n in 0..requests {
            let request = async {
                if n % 2 == 0 {
                    hr.run("updateUser", json!({"userId": people[n / 2].id, "jobTitle": format!("Title {n}")}), "user { jobTitle }").await
                } else {
                    let deal = json!({"kind": "DEAL", "externalId": format!("x{n}"), "title": "New", "responsibleId": company.ben.id});
                    hr.run("upsertOwnedEntities", json!({"entities": [deal]}), "createdCount").await
                }
            };
            // Dropping the request closes its connection.
            match tokio::time::timeout(Duration::from_micros(dice.below(patience)), request).await {
                Ok(outcome) => {
                    outcome.ok();
                    acknowledged.insert(n);
                    // About half of them are to be cut short, however fast the machine is.
                    patience = (patience * 9 / 10).max(4_000);
                }
                Err(_) => {
                    cancelled += 1;
                    patience = patience * 11 / 10;
                }
            }
        }
        assert!(acknowledged.len() > requests / 10 && cancelled > requests / 10, "{} acknowledged, {cancelled} cancelled", acknowledged.len());

        // The server still answers, and on every connection of its pool what it acknowledges is there.
        let late = &people[people.len() - 20..];
        let changes = late.iter().map(|member| hr.run("updateUser", json!({"userId": member.id, "jobTitle": "Late"}), "user { jobTitle }"));
        for outcome in futures_util::future::join_all(changes).await {
            outcome.ok();
        }
        if db == Backend::Postgres {
            let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
            let mut left = office.database.number(idle).await;
            for _ in 0..20 {
                if left == 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
                left = office.database.number(idle).await;
            }
            assert_eq!(left, 0, "connections are left in a transaction");
        }
        // Read over other connections than the server's: one that is stuck in a transaction would see its own writes.
        let storage = adapter::connect(&office.database.url).await;
        let ids: Vec<_> = people.iter().map(|member| member.id).collect();
        let titles: BTreeSet<_> = storage.users_by_id(&ids).await.expect("people").into_iter().filter_map(|u| u.job_title).collect();
        let keys: Vec<_> = (0..requests).map(|n| (RecordKind::Deal, format!("x{n}"))).collect();
        let made = storage.records_by_external_id(&keys, &Access::system().record_scope()).await.expect("records");
        let made: BTreeSet<_> = made.into_iter().filter_map(|r| r.external_id).collect();
        let lost: Vec<_> =
            acknowledged.iter().filter(|n| !titles.contains(&format!("Title {n}")) && !made.contains(&format!("x{n}"))).collect();
        assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
        let late = storage.users_by_id(&ids[ids.len() - 20..]).await.expect("people");
        assert!(late.iter().all(|user| user.job_title.as_deref() == Some("Late")));
        Books::checked(&storage, None).await;
    }
}
