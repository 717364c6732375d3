use std::collections::BTreeMap;
use std::sync::Arc;

use super::fixtures::*;
use super::{begin, commit};
use crate::id::ReassignmentId;
use crate::mail::{ChangedBy, Mail};
use crate::record::{RecordCount, RecordKind};
use crate::secret::{Link, LinkPurpose};
use crate::storage::{ClaimedMail, NewMail, Storage, StorageError, Unique};
use crate::time::Timestamp;

/// Far in the future.
fn never() -> Timestamp {
    at(1_000_000_000)
}

fn numbered(n: u64, mail: Mail) -> NewMail {
    NewMail { id: uuid(n), mail, written_at: at(0) }
}

/// One of each kind.
fn all_kinds() -> Vec<NewMail> {
    let to = || email("Ann@BÜCHER.example");
    let name = || "Ann \"<b>\" Łukasz".to_owned();
    let link = |purpose| Link { purpose, user: user_id(1), attempt: uuid(77) };
    let counts = vec![RecordCount { kind: RecordKind::Deal, open: 3, closed: 1 }];
    vec![
        numbered(1, Mail::Invitation { to: to(), name: name(), inviter: "Bob".into(), link: link(LinkPurpose::Invitation), expires_at: at(9) }),
        numbered(2, Mail::LoginEmailConfirmation { to: to(), name: name(), link: link(LinkPurpose::LoginEmail), expires_at: at(9) }),
        numbered(3, Mail::LoginEmailRequested { to: to(), name: name(), login: email("new@example.com") }),
        numbered(4, Mail::LoginEmailChanged { to: to(), name: name(), login: email("new@example.com"), by: ChangedBy::Themself }),
        numbered(5, Mail::PasswordReset { to: to(), name: name(), link: link(LinkPurpose::PasswordReset), expires_at: at(9) }),
        numbered(
            6,
            Mail::HandoverReceived {
                to: to(),
                successor: Some(user_id(1)),
                name: name(),
                by: "Bob".into(),
                reassignment: ReassignmentId(uuid(5)),
                counts,
            },
        ),
    ]
}

async fn write(storage: &Arc<dyn Storage>, mails: &[NewMail]) {
    let mut tx = begin(storage).await;
    tx.mails_insert(mails).await.expect("insert");
    commit(tx).await;
}

async fn claim(storage: &Arc<dyn Storage>, now: Timestamp, until: Timestamp, limit: u32) -> Vec<ClaimedMail> {
    let mut tx = begin(storage).await;
    let claimed = tx.mails_claim(now, until, limit).await.expect("claim");
    commit(tx).await;
    claimed
}

fn numbers(claimed: &[ClaimedMail]) -> Vec<u64> {
    claimed.iter().map(|mail| number(mail.id())).collect()
}

/// Field by field, in the order of their identifiers, at most as many as asked for, those due longest first; then they are gone.
pub async fn mails_come_back_as_they_were_written(storage: Arc<dyn Storage>) {
    assert_eq!(storage.mails_next_due().await.expect("read"), None, "nothing waits at first");
    let mails = all_kinds();
    write(&storage, &[]).await;
    write(&storage, &mails).await;
    let later = NewMail { id: uuid(0), written_at: at(5), ..mail(9) };
    write(&storage, std::slice::from_ref(&later)).await;
    assert_eq!(storage.mails_count().await.expect("count"), (7, 0));
    assert_eq!(storage.mails_next_due().await.expect("read"), Some(at(0)), "due when they were written");
    let mut tx = begin(&storage).await;
    let taken = tx.mails_insert(&[mail(3)]).await;
    assert!(matches!(taken, Err(StorageError::Taken(Unique::Id))), "an identifier is taken once: {taken:?}");
    drop(tx);
    assert!(claim(&storage, at(-1), never(), 10).await.is_empty(), "not before they are due");
    let mut claimed = claim(&storage, at(9), never(), 4).await;
    assert_eq!(numbers(&claimed), [1, 2, 3, 4], "those due longest, ascending");
    claimed.extend(claim(&storage, at(0), never(), 10).await);
    assert_eq!(claimed.iter().map(|c| c.mail.clone()).collect::<Vec<_>>(), mails, "as they were written");
    assert!(claimed.iter().all(|mail| mail.tries == 1), "the first attempt at each");
    assert_eq!(storage.mails_next_due().await.expect("read"), Some(at(5)), "the one that is not due yet");
    let mut tx = begin(&storage).await;
    tx.mails_remove(&[]).await.expect("remove nothing");
    tx.mails_remove(&[uuid(1), uuid(2), uuid(99)]).await.expect("remove");
    commit(tx).await;
    assert_eq!(storage.mails_count().await.expect("count"), (5, 0), "what was removed is gone");
}

/// Promise 1: a mail of what never happened is not there.
pub async fn rolled_back_mails_are_not_there(storage: Arc<dyn Storage>) {
    let mut tx = begin(&storage).await;
    tx.mails_insert(&[mail(1)]).await.expect("insert");
    assert_eq!(storage.mails_next_due().await.expect("read"), None, "nobody sees it before the commit");
    drop(tx);
    assert_eq!(storage.mails_count().await.expect("count"), (0, 0), "nor after a rollback");
    // A claim that was rolled back is none.
    write(&storage, &[mail(1)]).await;
    let mut tx = begin(&storage).await;
    assert_eq!(numbers(&tx.mails_claim(at(1), never(), 10).await.expect("claim")), [1]);
    drop(tx);
    // A rollback may take effect a little later: until then it is still somebody else's.
    let mut claimed = Vec::new();
    for _ in 0..100 {
        claimed = claim(&storage, at(1), never(), 10).await;
        if !claimed.is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(claimed.iter().map(|mail| mail.tries).collect::<Vec<_>>(), [1], "it was not taken before");
}

/// Promise 9: whoever claims gets what nobody else gets.
pub async fn a_mail_is_claimed_by_one_of_many(storage: Arc<dyn Storage>) {
    write(&storage, &(1..=60).map(mail).collect::<Vec<_>>()).await;
    let rivals: Vec<_> = (0..12)
        .map(|_| {
            let storage = Arc::clone(&storage);
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let Ok(mut tx) = storage.begin().await else { continue };
                    let claimed = match tx.mails_claim(at(1), never(), 3).await {
                        Ok(claimed) => claimed,
                        Err(StorageError::Conflict) => continue,
                        Err(error) => panic!("claim: {error:?}"),
                    };
                    // Others come in between.
                    tokio::task::yield_now().await;
                    if tx.commit().await.is_err() {
                        continue;
                    }
                    if claimed.is_empty() {
                        return mine;
                    }
                    mine.extend(numbers(&claimed));
                    assert!(mine.len() <= 60, "claimed again and again");
                }
            })
        })
        .collect();
    let mut times: BTreeMap<u64, u32> = BTreeMap::new();
    for rival in rivals {
        for number in rival.await.expect("a rival") {
            *times.entry(number).or_default() += 1;
        }
    }
    assert_eq!(times, (1..=60).map(|n| (n, 1)).collect(), "each mail is claimed once");
}

/// While it lasts nobody else gets the mail; then the next one does, and whoever had it before has no say any more.
pub async fn a_claim_ends_by_itself(storage: Arc<dyn Storage>) {
    write(&storage, &[mail(1)]).await;
    let first = claim(&storage, at(1), at(60), 10).await;
    assert_eq!(storage.mails_next_due().await.expect("read"), Some(at(60)), "when the claim ends");
    assert!(claim(&storage, at(59), at(100), 10).await.is_empty(), "claimed until then");
    let second = claim(&storage, at(60), at(120), 10).await;
    assert_eq!((numbers(&second), second[0].tries), (vec![1], 2), "the second attempt");
    let mut tx = begin(&storage).await;
    assert!(!tx.mail_postpone(&first[0], at(61)).await.expect("postpone"), "the first claim is over");
    assert!(!tx.mail_give_up(&first[0], at(61)).await.expect("give up"), "the first claim is over");
    commit(tx).await;
    assert!(claim(&storage, at(119), never(), 10).await.is_empty(), "the second claim still holds");
}

/// A mail that could not be sent waits until it is due again, and does not hold up others.
pub async fn a_postponed_mail_waits(storage: Arc<dyn Storage>) {
    write(&storage, &[mail(1), mail(2)]).await;
    let claimed = claim(&storage, at(1), at(60), 1).await;
    let mut tx = begin(&storage).await;
    assert!(tx.mail_postpone(&claimed[0], at(30)).await.expect("postpone"));
    commit(tx).await;
    assert_eq!(numbers(&claim(&storage, at(29), at(60), 10).await), [2], "the other one is due");
    assert_eq!(storage.mails_next_due().await.expect("read"), Some(at(30)));
    let again = claim(&storage, at(30), at(90), 10).await;
    assert_eq!((numbers(&again), again[0].tries), (vec![1], 2));
}

/// It is not sent any more, and kept until it is forgotten.
pub async fn a_mail_that_was_given_up_is_kept_for_a_while(storage: Arc<dyn Storage>) {
    write(&storage, &[mail(1), mail(2)]).await;
    for (given_up_at, claimed) in [at(10), at(20)].into_iter().zip(claim(&storage, at(1), at(60), 10).await) {
        let mut tx = begin(&storage).await;
        assert!(tx.mail_give_up(&claimed, given_up_at).await.expect("give up"));
        assert!(!tx.mail_postpone(&claimed, at(30)).await.expect("postpone"), "that is final");
        commit(tx).await;
    }
    assert_eq!(storage.mails_next_due().await.expect("read"), None, "nothing waits");
    assert!(claim(&storage, never(), never(), 10).await.is_empty(), "nothing is sent");
    assert_eq!(storage.mails_count().await.expect("count"), (0, 2), "they are kept");
    let mut tx = begin(&storage).await;
    tx.mails_insert(&[mail(3)]).await.expect("insert");
    assert_eq!(tx.mails_forget(at(20)).await.expect("forget"), 1, "those given up before");
    commit(tx).await;
    assert_eq!(storage.mails_count().await.expect("count"), (1, 1), "neither the later one nor one that waits");
}
