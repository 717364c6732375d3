//! Documents that were read and found valid before, by their text: applications send the same few again and again. Those with strings in
//! them are not kept: they differ each time, and a string may be a secret.

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use quick_cache::sync::Cache;
use quick_cache::{DefaultHashBuilder, Weighter};

/// Text that is kept at most, in bytes. What was read of it takes some fifty times as much memory.
const TEXT: u64 = 128 * 1024;
/// Longer documents are not kept.
const DOCUMENT: usize = 4 * 1024;
/// So many are expected.
const EXPECTED: usize = 500;

/// Known documents.
pub struct Known(Cache<Box<str>, Arc<ExecutableDocument>, ByLength>);

#[derive(Clone)]
struct ByLength;

impl Weighter<Box<str>, Arc<ExecutableDocument>> for ByLength {
    fn weight(&self, text: &Box<str>, _: &Arc<ExecutableDocument>) -> u64 {
        text.len() as u64
    }
}

impl Known {
    /// None yet.
    pub fn new() -> Known {
        let (hasher, life) = (DefaultHashBuilder::default(), Default::default());
        Known(Cache::with(EXPECTED, TEXT, ByLength, hasher, life))
    }

    /// What was read of this text, if it was found valid.
    pub fn get(&self, text: &str) -> Option<Arc<ExecutableDocument>> {
        self.0.get(text)
    }

    /// Keeps what was read of this text, and found valid.
    pub fn keep(&self, text: String, document: &Arc<ExecutableDocument>) {
        if text.len() <= DOCUMENT && !text.contains('"') {
            self.0.insert(text.into_boxed_str(), Arc::clone(document));
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    #[test]
    fn what_is_kept_is_bounded_and_no_secret() {
        let known = Known::new();
        let read = |text: &str| Arc::new(parse_query(text).expect("parses"));
        let first = read("{ a }");
        known.keep("{ a }".to_owned(), &first);
        assert!(known.get("{ a }").is_some_and(|document| Arc::ptr_eq(&document, &first)) && known.get("{ b }").is_none());
        known.keep("{ a(x: \"secret\") }".to_owned(), &first);
        assert!(known.get("{ a(x: \"secret\") }").is_none());
        let long = format!("{{ {} }}", "a ".repeat(DOCUMENT));
        known.keep(long.clone(), &first);
        assert!(known.get(&long).is_none());
        for n in 0..2_000 {
            known.keep(format!("{{ a{n} {} }}", "b ".repeat(500)), &first);
        }
        assert!(known.0.weight() <= TEXT, "{}", known.0.weight());
    }
}
