//! What is remembered for a time only.

use std::time::Duration;

use serde_json::json;
use tenure_core::clock::{Clock, SystemClock};

use crate::support::backend::Database;
use crate::support::office::Office;
use crate::support::on_both;
use crate::support::server::{Server, Wish};

on_both! {
    /// I8: outcomes of operations are remembered for 24 hours, and removed after that, by the server itself.
    async fn i8_outcomes_are_removed_when_their_time_is_over(db: Backend) {
        const OLD: i64 = 1_234;
        let database = Database::new(db).await;
        let (now, fingerprint) = (SystemClock.now(), if db == Backend::Sqlite { "zeroblob(32)" } else { "decode(repeat('00', 32), 'hex')" });
        let person = database.literal(tenure_core::id::UserId::SYSTEM.0);
        let remember = |count: i64, key: &str, hours: i64| {
            let taken_at = now.plus_seconds(-hours * 3600).0;
            format!(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count}) INSERT INTO idempotency \
                 (person_id, mutation, key, fingerprint, outcome, taken_at) SELECT {person}, 'hire', '{key}' || n, {fingerprint}, 'null', {taken_at} FROM n"
            )
        };
        database.execute(&remember(OLD, "old", 25)).await;
        database.execute(&remember(7, "young", 23)).await;
        let server = Server::start(Wish::on(&database)).await;
        let mut left = OLD;
        for _ in 0..400 {
            left = database.number("SELECT count(*) FROM idempotency").await;
            if left == 7 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        assert_eq!(left, 7, "those that are remembered still");
        assert_eq!(database.number("SELECT count(*) FROM idempotency WHERE key LIKE 'young%'").await, 7);
        server.stop().await;
    }

    /// S3: a database that is away does not make wrong passwords of right ones.
    async fn s3_who_could_not_be_looked_up_has_not_failed(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        office.database.execute("ALTER TABLE address RENAME TO away").await;
        let stranger = office.server.anonymous();
        for _ in 0..15 {
            let input = json!({"email": company.emma.email, "password": crate::support::office::PASSWORD});
            let document = "mutation($input: SignInInput!) { signIn(input: $input) { session { expiresAt } userErrors { code } } }";
            let answer = stranger.query(document, json!({"input": input})).await;
            assert_eq!(answer.error_codes().len(), 1, "{:#}", answer.body);
        }
        office.database.execute("ALTER TABLE away RENAME TO address").await;
        office.sign_in(&company.emma).await;
    }
}
