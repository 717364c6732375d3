//! What tests stand on: databases, servers, a company, people who ask.
//!
//! ```ignore
//! on_both! {
//!     /// R1, R5
//!     async fn a_dismissed_colleague_disappears(db: Backend) {
//!         let office = Office::open(db).await;
//!         let hr = office.sign_in(&office.company.hr).await;
//!         hr.run("dismiss", json!({"userId": office.company.emma.id}), "user { status }").await.ok();
//!     }
//! }
//! ```
#![allow(dead_code, reason = "a test uses a part of it")]

pub mod adapter;
pub mod answer;
pub mod audit;
pub mod backend;
pub mod clients;
pub mod cluster;
pub mod company;
pub mod crew;
pub mod dice;
pub mod dump;
pub mod history;
pub mod invariants;
pub mod journal;
pub mod line;
pub mod mail;
pub mod office;
pub mod person;
pub mod process;
pub mod promise;
pub mod proxy;
pub mod race;
pub mod server;
pub mod site;
pub mod smtp;
pub mod snapshot;
pub mod socket;
pub mod sse;
pub mod watch;
pub mod wire;

/// Makes two tests of each story: `…::sqlite` and `…::postgres`.
#[allow(unused_macros, reason = "the first story uses it")]
macro_rules! on_both {
    ($($(#[$meta:meta])* async fn $name:ident($db:ident: Backend) $story:block)*) => {$(
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use $crate::support::backend::Backend;

            async fn story($db: Backend) $story

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                story(Backend::Sqlite).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                story(Backend::Postgres).await;
            }
        }
    )*};
}
#[allow(unused_imports, reason = "the first story uses it")]
pub(crate) use on_both;

/// How often a race is run: `usual`, or what `TENURE_TEST_ROUNDS` says (scripts/nightly sets it).
pub fn rounds(usual: usize) -> usize {
    number("TENURE_TEST_ROUNDS").unwrap_or(usual)
}

/// How many rounds a race with exact winners has: 20, or what `TENURE_TEST_RACE_ROUNDS` says (scripts/nightly sets it).
pub fn race_rounds() -> usize {
    number("TENURE_TEST_RACE_ROUNDS").unwrap_or(20)
}

/// How many rows the test of a large table makes: `usual`, or what `TENURE_TEST_ROWS` says.
pub fn rows(usual: usize) -> usize {
    number("TENURE_TEST_ROWS").unwrap_or(usual)
}

/// How many hostile documents are sent: `usual`, or what `TENURE_TEST_DOCUMENTS` says (scripts/nightly sets it).
pub fn documents(usual: usize) -> usize {
    number("TENURE_TEST_DOCUMENTS").unwrap_or(usual)
}

/// How many random operations are run: `usual`, or what `TENURE_TEST_OPERATIONS` says (scripts/nightly sets it).
pub fn operations(usual: usize) -> usize {
    number("TENURE_TEST_OPERATIONS").unwrap_or(usual)
}

/// A number that a variable of the environment says.
pub fn number(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}
