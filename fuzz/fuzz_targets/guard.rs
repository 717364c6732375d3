//! The pass in front of the parser: it never panics, its time is linear, and what it lets through the library's parser reads without
//! trouble, with no more in it than was counted.
#![no_main]

// From the sources of the server: nothing else of it is needed, so this is built in a minute.
#[path = "../../src/http/guard/mod.rs"]
mod guard;
#[path = "../../src/http/guard/invariants.rs"]
mod invariants;
#[path = "../../src/config/limits.rs"]
mod limits;

use async_graphql_parser as library;

/// Where the server has its limits.
mod config {
    pub(crate) use crate::limits::Limits;
}
/// Where the server has the pass.
mod http {
    pub(crate) use crate::guard;
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(document) = std::str::from_utf8(bytes) {
        invariants::hold(document);
    }
});
