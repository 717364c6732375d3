//! A server that dies, and a PostgreSQL that goes away, while clients write: nothing that was acknowledged is lost, nothing is there by
//! halves, and nobody has to help.

use std::time::Duration;

use crate::support::backend::Database;
use crate::support::cluster::{Cluster, Stop};
use crate::support::crew::{Crew, Habits};
use crate::support::dice::Dice;
use crate::support::on_both;
use crate::support::site::Site;

/// How often the server is killed: 5 times, or what `TENURE_TEST_KILLS` says (scripts/nightly sets it).
fn kills() -> u64 {
    crate::support::number("TENURE_TEST_KILLS").map_or(5, |kills| kills as u64)
}

/// Lets the clients work for a while of any length, at least until they get somewhere.
async fn a_while(crew: &Crew, dice: &mut Dice) {
    crew.gets_on(12).await;
    tokio::time::sleep(Duration::from_millis(dice.within(500))).await;
}

/// PostgreSQL goes away and comes back under a server that stays: it says that it is not ready, then that it is.
async fn restart(site: &Site, cluster: &Cluster, how: Stop) {
    cluster.stop(how);
    site.await_readiness(false).await;
    cluster.start_again();
    site.await_readiness(true).await;
}

on_both! {
    /// I7, I8, H10, S2: what a client was told is there after `kill -9`, once; what it was not told it asks for again.
    async fn what_was_acknowledged_outlives_the_server(db: Backend) {
        let site = Site::open(db).await;
        let mut server = site.serve().await;
        let habits = Habits { clients: 6, pause: Duration::ZERO, hangs_up_once_in: 0 };
        let crew = Crew::at_work(&site.company, site.url(), habits).await;
        let mut dice = Dice::new(0x9111);
        for kill in 0..kills() {
            a_while(&crew, &mut dice).await;
            if let Some(cluster) = &site.cluster {
                restart(&site, cluster, if kill % 2 == 0 { Stop::Immediate } else { Stop::Fast }).await;
                a_while(&crew, &mut dice).await;
            }
            server.kill().await;
            server = site.serve().await;
            crew.audit(&site.database, &site.mail).await;
        }
        let tally = crew.tally();
        assert!(tally.unanswered >= kills(), "the server died, and everybody was answered: {tally:?}");
        eprintln!("{db:?}: {} kills, {} changes acknowledged, {} requests unanswered, 0 lost", kills(), tally.acknowledged, tally.unanswered);
        server.kill().await;
    }
}

/// The proof is worth nothing on a database that does not write down what it commits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_postgres_that_is_stopped_writes_every_commit_down() {
    let cluster = Cluster::start().await;
    let database = Database::of(&cluster).await;
    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let sql = format!("SELECT count(*) FROM pg_settings WHERE name = '{setting}' AND setting = 'on'");
        assert_eq!(database.number(&sql).await, 1, "{setting}");
    }
}
