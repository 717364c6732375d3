//! Many clients for a long time, on bad lines, while servers and databases come and go: at every look all that was acknowledged is there.

use std::time::Duration;

use tenure_core::storage::Storage;
use tokio::time::Instant;

use crate::support::adapter;
use crate::support::cluster::Stop;
use crate::support::crew::{Crew, Habits};
use crate::support::dice::Dice;
use crate::support::line::Line;
use crate::support::on_both;
use crate::support::site::Site;

/// How often everything is looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How long it lasts: 6 seconds, or what `TENURE_TEST_SOAK_SECONDS` says (scripts/nightly sets it).
fn length() -> Duration {
    Duration::from_secs(crate::support::number("TENURE_TEST_SOAK_SECONDS").map_or(6, |seconds| seconds as u64))
}

on_both! {
    /// I1 to I10: clients hang up, answers of the database are late, connections to it break, it restarts, and so does the server.
    async fn nothing_is_lost_in_the_long_run(db: Backend) {
        let mut site = Site::open(db).await;
        let line = match &site.cluster {
            Some(cluster) => {
                let line = Line::to(cluster.port(), Duration::from_millis(20), 4_000).await;
                site.detour = Some(cluster.url_by(line.port));
                Some(line)
            }
            None => None,
        };
        let mut server = site.serve().await;
        let (clients, pause) = if length() > Duration::from_secs(60) { (64, 100) } else { (12, 20) };
        let habits = Habits { clients, pause: Duration::from_millis(pause), hangs_up_once_in: 8 };
        let crew = Crew::at_work(&site.company, site.url(), habits).await;
        let mut dice = Dice::new(0x50AC);
        let (began, mut looks, mut restarts) = (Instant::now(), 0, 0);
        while began.elapsed() < length() {
            let until = Instant::now() + LOOK.min(length());
            while Instant::now() < until {
                tokio::time::sleep(Duration::from_millis(200 + dice.within(800))).await;
                match (&site.cluster, dice.within(8)) {
                    (Some(cluster), 0) => {
                        cluster.stop(if restarts % 2 == 0 { Stop::Immediate } else { Stop::Fast });
                        tokio::time::sleep(Duration::from_millis(dice.within(1_500))).await;
                        cluster.start_again();
                        restarts += 1;
                    }
                    (_, 1) => {
                        server.kill().await;
                        server = site.serve().await;
                        restarts += 1;
                    }
                    // SQLite is a file: it is late when somebody else is at it.
                    (None, 2..5) => {
                        let beside = adapter::connect(&site.database.url).await;
                        let turn = beside.begin().await;
                        tokio::time::sleep(Duration::from_millis(dice.within(400))).await;
                        drop(turn);
                    }
                    _ => {}
                }
            }
            site.await_readiness(true).await;
            crew.gets_on(12).await;
            crew.audit(&site.database, &site.mail).await;
            looks += 1;
        }
        let tally = crew.tally();
        eprintln!("{db:?}: {clients} clients, {looks} looks, {restarts} restarts, {tally:?}, 0 lost");
        server.kill().await;
        drop(line);
    }
}
