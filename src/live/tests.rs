use std::sync::Arc;
use std::time::Duration;

use tenure_core::clock::{Clock, SystemClock};
use tenure_core::event::{EventBody, NewEvent};
use tenure_core::id::{EventId, UserId};
use tenure_core::memory::MemoryStorage;
use tenure_core::storage::Storage;
use tenure_core::user::Actor;

use super::feed::Feed;

#[tokio::test]
async fn followers_are_woken_by_commits_long_before_anybody_looks() {
    let storage: Arc<dyn Storage> = Arc::new(MemoryStorage::new());
    let feed = Arc::new(Feed::new(storage.clone(), Duration::from_secs(3600)));
    let running = tokio::spawn({
        let feed = feed.clone();
        async move { feed.run().await }
    });
    for n in 1..=3 {
        let mut follower = feed.follow();
        let event = NewEvent {
            id: EventId(SystemClock.new_uuid()),
            occurred_at: SystemClock.now(),
            actor: Actor::System,
            subject: UserId::SYSTEM,
            request_id: None,
            body: EventBody::PasswordChanged,
        };
        let mut tx = storage.begin().await.expect("begin");
        tx.events_append(&[event]).await.expect("append");
        tx.commit().await.expect("commit");
        tokio::time::timeout(Duration::from_secs(5), follower.beyond(n - 1)).await.expect("woken");
        assert_eq!(follower.known(), n);
    }
    running.abort();
}
