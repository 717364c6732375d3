//! What must be true of the pass for any text whatever, for the fuzzer and for the test that repeats what it has found.

use super::library::parse_query;
use super::library::types::{ExecutableDocument, Selection, SelectionSet};
use crate::config::Limits;
use crate::http::guard::{Objection, check, plain};

/// Limits that short documents reach.
fn tight() -> Limits {
    Limits { tokens: 600, bracket_depth: 24, selections: 400, aliases: 6, root_fields: 6, directives: 10, ..Limits::default() }
}

/// Fails unless all is well with this document.
pub fn hold(document: &str) {
    for limits in [Limits::default(), tight()] {
        match check(document, &limits) {
            Ok(()) => {
                fits(document, &limits);
                let plain = plain(document, &limits).expect("what was let through can be written plainly");
                fits(&plain, &limits);
                // Nothing that the parser knows gets lost on the way.
                assert!(parse_query(document).is_err() || parse_query(&*plain).is_ok(), "{plain}");
            }
            Err(Objection::Over { maximum, message, .. }) => {
                assert!(message.len() <= 200 && maximum <= limits.document_bytes, "{message}");
            }
            Err(Objection::Syntax(at) | Objection::Twice { at, .. }) => assert!(at.line >= 1 && at.column >= 1),
        }
    }
}

/// What was let through is as small as it was said to be, by the library's own reading.
fn fits(document: &str, limits: &Limits) {
    let Ok(document) = parse_query(document) else { return };
    let (mut selections, mut definitions) = (0, document.fragments.len());
    for (_, operation) in document.operations.iter() {
        definitions += 1;
        selections += count(&document, &operation.node.selection_set.node, 1, limits);
    }
    assert!(definitions <= limits.definitions);
    // Introspection has an account of its own.
    assert!(selections <= 2 * limits.selections, "{selections} selections");
}

/// Selections with all fragments expanded, as a walk that remembers nothing finds them.
fn count(document: &ExecutableDocument, set: &SelectionSet, depth: usize, limits: &Limits) -> usize {
    assert!(depth <= limits.bracket_depth, "sets nested {depth} deep");
    let mut sum = 0;
    for selection in &set.items {
        sum += 1;
        let inner = match &selection.node {
            Selection::Field(field) => &field.node.selection_set.node,
            Selection::InlineFragment(inline) => &inline.node.selection_set.node,
            Selection::FragmentSpread(spread) => match document.fragments.get(&spread.node.fragment_name.node) {
                Some(fragment) => &fragment.node.selection_set.node,
                None => continue,
            },
        };
        if !inner.items.is_empty() {
            sum += count(document, inner, depth + 1, limits);
        }
    }
    assert!(sum <= 2 * limits.selections, "{sum} selections");
    sum
}
