//! The time that an answer takes, for pairs of requests that must not be told apart: a signed-rank test over many of them.
//!
//! `TENURE_TEST_PAIRS` says how many (scripts/nightly sets it). Without it few are run, to see that the test works; nothing is asserted of
//! their times.

use std::net::Ipv4Addr;
use std::time::Instant;

use serde_json::json;

use super::*;
use crate::support::company::Member;
use crate::support::dice::Dice;
use crate::support::office::PASSWORD;

/// From this many pairs on, the times are judged.
const ENOUGH: usize = 1_000;
/// How unlikely differences must be before they count: the test is run for some ten paths on two databases, night after night.
const UNLIKELY: f64 = 1e-4;
/// There are more than a hundred paths, so that each is tried for a part of the pairs only.
const PATHS_SHARE: usize = 2;
/// Wrong passwords of one address within a quarter of an hour are limited: each account is tried this often at most.
const TRIES: usize = 8;

fn pairs() -> usize {
    std::env::var("TENURE_TEST_PAIRS")
        .ok()
        .map_or(8, |text| text.parse().unwrap_or_else(|_| panic!("TENURE_TEST_PAIRS is no number: {text}")))
}

/// Wilcoxon's signed-rank test, two-sided, by the normal approximation with ties: how likely such differences are if none is systematic.
fn signed_rank(differences: &[f64]) -> f64 {
    let mut ranked: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    ranked.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = ranked.len() as f64;
    let (mut positive, mut ties) = (0.0, 0.0);
    let mut first = 0;
    while first < ranked.len() {
        let last = ranked[first..].iter().take_while(|d| d.abs() == ranked[first].abs()).count() + first;
        let (rank, length) = ((first + last + 1) as f64 / 2.0, (last - first) as f64);
        positive += ranked[first..last].iter().filter(|d| **d > 0.0).count() as f64 * rank;
        ties += length * length * length - length;
        first = last;
    }
    let mean = n * (n + 1.0) / 4.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    if variance <= 0.0 { 1.0 } else { both_tails((positive - mean).abs() / variance.sqrt()) }
}

/// How much of the normal distribution lies further out than that, on both sides (Abramowitz and Stegun 7.1.26).
fn both_tails(z: f64) -> f64 {
    let x = z / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let factors = [0.254_829_592, -0.284_496_736, 1.421_413_741, -1.453_152_027, 1.061_405_429];
    factors.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t) * (-x * x).exp()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// What each of some requests took, in microseconds, round by round.
struct Times {
    names: Vec<&'static str>,
    rounds: Vec<Vec<f64>>,
}

impl Times {
    /// Holds all against the first; tells the figures, and judges them where there are enough.
    fn judge(&self, db: Backend, path: &str) {
        let first = self.names[0];
        for (n, name) in self.names.iter().enumerate().skip(1) {
            let differences: Vec<f64> = self.rounds.iter().map(|round| round[n] - round[0]).collect();
            let p = signed_rank(&differences);
            let usual = median(self.rounds.iter().map(|round| round[0]).collect());
            let shift = median(differences.clone());
            println!(
                "{db:?} {path}: {name} against {first}: {} pairs, median {usual:.0} µs, median difference {shift:.1} µs, p = {p:.4}",
                differences.len()
            );
            assert!(differences.len() < ENOUGH || p > UNLIKELY, "{path}: {name} takes another time than {first}: {shift:.1} µs, p = {p}");
        }
    }
}

/// Sends each of the requests of a round, in an order of chance, and keeps the times.
async fn time_all(by: &Person, dice: &mut Dice, bodies: &[Value]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..bodies.len()).collect();
    for n in (1..order.len()).rev() {
        order.swap(n, dice.below(n + 1));
    }
    let mut times = vec![0.0; bodies.len()];
    for n in order {
        // From another place each time: what is limited is not what is measured.
        let peer = Ipv4Addr::from_bits(0x0A00_0000 | u32::try_from(dice.below(1 << 24)).expect("24 bits"));
        let request = by.request(Method::POST).header("x-forwarded-for", peer.to_string()).json(&bodies[n]);
        #[expect(clippy::disallowed_methods, reason = "how long it takes is what is measured")]
        let begun = Instant::now();
        let text = request.send().await.expect("an answer").text().await.expect("a body");
        times[n] = begun.elapsed().as_secs_f64() * 1e6;
        assert!(!text.contains("RATE_LIMITED"), "{text}");
    }
    times
}

async fn office(db: Backend) -> Office {
    let proxies = vec!["127.0.0.0/8".parse().expect("a network")];
    Office::open_with(db, |mut wish| {
        wish.config.trusted_proxies = proxies;
        wish.without_polling()
    })
    .await
}

fn mutation(name: &str, input: Value) -> Value {
    let mut kind = name.to_owned();
    kind[..1].make_ascii_uppercase();
    let query = format!("mutation Run($input: {kind}Input!) {{ {name}(input: $input) {{ userErrors {{ code }} }} }}");
    json!({"query": query, "variables": {"input": input}})
}

/// Accounts enough for so many rounds.
async fn accounts(office: &Office, rounds: usize) -> [Vec<Member>; 3] {
    let count = rounds.div_ceil(TRIES);
    let of = |status| Traits { status, ..Traits::default() };
    let company = &office.company;
    [
        company.add_many(count, "Active", of(UserStatus::Active)).await,
        company.add_many(count, "Invited", of(UserStatus::Invited)).await,
        company.add_many(count, "Leaver", of(UserStatus::Dismissed)).await,
    ]
}

on_both! {
    /// S3: unknown, wrong, invited and dismissed take the same time.
    async fn s3_signing_in_takes_the_same_time_for_everybody(db: Backend) {
        let (office, rounds, mut dice) = (office(db).await, pairs(), Dice::new(3));
        let [active, invited, leavers] = accounts(&office, rounds).await;
        let anybody = office.server.anonymous();
        let mut times = Times { names: vec!["unknown", "wrong", "invited", "dismissed"], rounds: Vec::new() };
        for round in 0..rounds {
            let who = round / TRIES;
            let bodies: Vec<Value> = [
                (format!("p{who:05}.nobody@example.com"), PASSWORD),
                (active[who].email.clone(), "not the right one at all"),
                (invited[who].email.clone(), PASSWORD),
                (leavers[who].email.clone(), PASSWORD),
            ]
            .into_iter()
            .map(|(email, password)| mutation("signIn", json!({"email": email, "password": password})))
            .collect();
            times.rounds.push(time_all(&anybody, &mut dice, &bodies).await);
        }
        times.judge(db, "signIn");
    }

    /// E8: asking for a new password takes the same time for every address.
    async fn e8_asking_for_a_new_password_takes_the_same_time_for_everybody(db: Backend) {
        let (office, rounds, mut dice) = (office(db).await, pairs(), Dice::new(8));
        let [active, invited, leavers] = accounts(&office, rounds).await;
        let anybody = office.server.anonymous();
        let mut times = Times { names: vec!["unknown", "active", "invited", "dismissed"], rounds: Vec::new() };
        for round in 0..rounds {
            let who = round / TRIES;
            let emails = [format!("p{who:05}.nobody@example.com"), active[who].email.clone(), invited[who].email.clone(), leavers[who].email.clone()];
            let bodies: Vec<Value> = emails.iter().map(|email| mutation("requestPasswordReset", json!({"email": email}))).collect();
            times.rounds.push(time_all(&anybody, &mut dice, &bodies).await);
        }
        times.judge(db, "requestPasswordReset");
    }

    /// §5: a hidden leaver is looked for as long as somebody who never existed.
    async fn v7_looking_somebody_up_takes_the_same_time_hidden_or_not_there(db: Backend) {
        let (office, rounds, mut dice) = (office(db).await, pairs(), Dice::new(7));
        let leavers = office.company.add_many(20, "Leaver", Traits { status: UserStatus::Dismissed, ..Traits::default() }).await;
        let mut by = office.sign_in(&office.company.ben).await;
        let mut times = Times { names: vec!["missing", "a leaver"], rounds: Vec::new() };
        for round in 0..rounds {
            // A session's token works for some minutes.
            if round % 500 == 499 {
                by = office.sign_in(&office.company.ben).await;
            }
            let leaver = leavers[round % leavers.len()].id.to_string();
            let body = |id: &str| json!({"query": "query($id: ID!) { user(id: $id) { displayName } }", "variables": {"id": id}});
            times.rounds.push(time_all(&by, &mut dice, &[body(&missing(&leaver)), body(&leaver)]).await);
        }
        times.judge(db, "user");
    }

    /// §5, V4: the same by every argument that can name a person, for two of those who must not know.
    async fn v4_every_path_takes_the_same_time_for_a_leaver_and_for_nobody(db: Backend) {
        let (scene, pairs, mut dice) = (Scene::set(db).await, pairs(), Dice::new(9));
        let company = &scene.office.company;
        use Permission::*;
        let structure = company.holder("Stella", "Structure", &[UsersUpdate, StructureManage, SettingsWrite, TokensManage]).await;
        let leaver = &scene.hidden[0].1;
        let nobody = Named { id: missing(&leaver.id), address: free(&leaver.address) };
        for member in [&company.ben, &structure] {
            for (of_leaver, of_nobody) in to_people(&scene, leaver).into_iter().zip(to_people(&scene, &nobody)) {
                let mut by = scene.office.sign_in(member).await;
                let bodies = [of_nobody, of_leaver].map(|path| json!({"query": path.document, "variables": path.variables}));
                let path = format!("{} of {}", bodies[1]["variables"], member.name);
                let mut times = Times { names: vec!["nobody", "a leaver"], rounds: Vec::new() };
                for round in 0..pairs.div_ceil(PATHS_SHARE) {
                    // A session's token works for some minutes.
                    if round % 500 == 499 {
                        by = scene.office.sign_in(member).await;
                    }
                    times.rounds.push(time_all(&by, &mut dice, &bodies).await);
                }
                times.judge(db, &path);
            }
        }
    }
}

#[test]
fn the_rank_test_tells_what_is_systematic_from_what_is_not() {
    let mut dice = Dice::new(1);
    let mut noise = || (0..12).map(|_| dice.below(1000) as f64).sum::<f64>() - 6_000.0;
    let even: Vec<f64> = (0..2_000).map(|_| noise()).collect();
    let shifted: Vec<f64> = (0..2_000).map(|_| noise() + 150.0).collect();
    assert!(signed_rank(&even) > 0.01, "{}", signed_rank(&even));
    assert!(signed_rank(&shifted) < 1e-6, "{}", signed_rank(&shifted));
    assert!((both_tails(1.959_96) - 0.05).abs() < 1e-4 && (both_tails(0.0) - 1.0).abs() < 1e-6);
    // By hand: ranks 1, 2.5, 2.5, 4; positive 1 + 2.5 + 4 = 7.5, mean 5, variance 7.375.
    assert!((signed_rank(&[1.0, 2.0, -2.0, 3.0]) - both_tails(2.5 / 7.375_f64.sqrt())).abs() < 1e-12);
}
