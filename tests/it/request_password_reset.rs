//! `requestPasswordReset` (E8, S3).

use std::time::Duration;

use serde_json::{Value, json};
use tenure_core::storage::{LockMode, Storage};

use crate::support::office::{Office, PASSWORD};
use crate::support::on_both;

const SUBJECT: &str = "Choose a new password";

fn reset(address: &str) -> Value {
    json!({"email": address})
}

on_both! {
    /// The same answer for known, unknown, malformed, invited, dismissed; only who is active gets a link, and only at the login address.
    async fn e8_every_address_gets_the_same_answer(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, stranger) = (office.sign_in(&company.hr).await, office.server.anonymous());
        hr.run("invite", json!({"email": "ida@example.com", "kind": "INTRANET", "firstName": "I", "lastName": "D"}), "user { id }").await.ok();
        hr.run("changeContactEmail", json!({"userId": company.emma.id, "address": "contact@example.com"}), "user { id }").await.ok();
        let before = office.database.snapshot().await;
        let mut answers = Vec::new();
        let none = ["nobody@example.com", "no address", "", "x@example.com\u{202e}", company.leo.email.as_str(), "ida@example.com", "contact@example.com"];
        for address in none {
            answers.push(stranger.run("requestPasswordReset", reset(address), "accepted").await.ok().payload().to_string());
        }
        let mails = office.mail.all().len();
        // Those before are worked off first, two at once: when these two are done, all are.
        for member in [&company.ben, &company.eva] {
            answers.push(stranger.run("requestPasswordReset", reset(&member.email.to_uppercase()), "accepted").await.ok().payload().to_string());
        }
        assert!(answers.iter().all(|a| *a == answers[0] && a.contains("\"accepted\":true")), "{answers:?}");
        for member in [&company.ben, &company.eva] {
            let mail = office.mail.await_subject(&member.email, SUBJECT).await;
            assert_eq!(mail.token().len(), 43, "256 bits");
            assert!(!format!("{:?}", office.database.snapshot().await).contains(&mail.token()), "stored hashed");
        }
        assert_eq!(office.mail.all().len(), mails + 2);
        assert_eq!(office.database.number("SELECT count(*) FROM link").await, 2);
        office.database.execute("DELETE FROM link").await;
        office.database.is_still(&before).await;
    }

    /// Nothing is read or written before the answer, whatever the address: it comes while nobody can have a connection.
    async fn e8_the_answer_does_not_wait_for_the_database(db: Backend) {
        let office = Office::open_with(db, |wish| wish.without_polling()).await;
        let company = &office.company;
        let stranger = office.server.anonymous();
        stranger.query("{ __typename }", json!({})).await.ok();
        // One more than there are waits in vain.
        let mut all = Vec::new();
        while let Ok(tx) = office.storage.begin().await {
            all.push(tx);
            assert!(all.len() < 20, "there is no end to connections");
        }
        let statements = office.storage.statements();
        for address in ["nobody@example.com", "no address", company.leo.email.as_str(), company.ben.email.as_str()] {
            let answer = stranger.run("requestPasswordReset", reset(address), "accepted").await.ok();
            assert_eq!(answer.at("accepted"), true);
        }
        assert_eq!(office.storage.statements(), statements, "no statement for any of them");
        drop(all);
    }

    /// Ten for an address in a quarter of an hour, whether or not it is somebody's; wrong passwords do not count here, nor these there.
    async fn s3_requests_are_limited_for_each_address(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let stranger = office.server.anonymous();
        let mut refusals = Vec::new();
        for address in [company.ben.email.as_str(), "nobody@example.com", "no address"] {
            for _ in 0..10 {
                stranger.run("requestPasswordReset", reset(address), "accepted").await.ok();
            }
            let refused = stranger.run("requestPasswordReset", reset(&address.to_uppercase()), "accepted").await.refused("RATE_LIMITED");
            refusals.push(refused.payload().to_string());
        }
        assert!(refusals.iter().all(|r| *r == refusals[0]), "{refusals:?}");
        office.server.sign_in(&company.ben.email, PASSWORD).await;
        stranger.run("requestPasswordReset", reset(&company.emma.email), "accepted").await.ok();
    }

    /// A hundred for a peer, over all addresses.
    async fn s3_requests_are_limited_for_each_peer(db: Backend) {
        let office = Office::open(db).await;
        let stranger = office.server.anonymous();
        for n in 0..100 {
            stranger.run("requestPasswordReset", reset(&format!("nobody{n}@example.com")), "accepted").await.ok();
        }
        let refused = stranger.run("requestPasswordReset", reset(&office.company.ben.email), "accepted").await.refused("RATE_LIMITED");
        assert_eq!(refused.payload()["accepted"], Value::Null);
    }

    /// Who was told that the request was taken gets the link, though the server ends.
    async fn e8_the_server_ends_when_requests_are_worked_off(db: Backend) {
        let Office { company, server, storage, mail, database, .. } = Office::open(db).await;
        let mut held = storage.begin().await.expect("a transaction");
        held.users_lock(&[(company.ben.id, LockMode::Exclusive)]).await.expect("held");
        server.anonymous().run("requestPasswordReset", reset(&company.ben.email), "accepted").await.ok();
        let end = tokio::spawn(server.stop());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!end.is_finished(), "the request is under way");
        drop(held);
        end.await.expect("an end");
        assert_eq!(mail.count_to(&company.ben.email), 1);
        drop(database);
    }
}
