//! The form in which documents are run. The library resolves a field once for each time that it stands there: a mutation written twice would
//! run twice, where the specification has one field of that name in the answer (GraphQL, §6.3.2). And for subscriptions whose root field
//! stands in a fragment it begins nothing, and says nothing. So fields at the root are collected first.

use std::collections::HashSet;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, FragmentDefinition, InlineFragment, OperationDefinition, Selection, SelectionSet,
};
use async_graphql::{Name, Positioned};
use serde_json::{Map, Value as Json};

use crate::graphql::variables::Values;

/// Puts each `__typename` with directives into a fragment that has them. It means the same, and the library looks at these.
pub fn wrap_type_names(document: &mut ExecutableDocument) {
    let operations: Vec<&mut Positioned<OperationDefinition>> = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![operation],
        DocumentOperations::Multiple(operations) => operations.values_mut().collect(),
    };
    for operation in operations {
        wrap_in(&mut operation.node.selection_set.node);
    }
    for fragment in document.fragments.values_mut() {
        wrap_in(&mut fragment.node.selection_set.node);
    }
}

fn wrap_in(set: &mut SelectionSet) {
    for Positioned { node: selection, pos } in &mut set.items {
        match selection {
            Selection::Field(field) if field.node.name.node == "__typename" => {
                let directives = std::mem::take(&mut field.node.directives);
                if !directives.is_empty() {
                    let inner = SelectionSet { items: vec![Positioned::new(Selection::Field(field.clone()), *pos)] };
                    let wrapper = InlineFragment { type_condition: None, directives, selection_set: Positioned::new(inner, *pos) };
                    *selection = Selection::InlineFragment(Positioned::new(wrapper, *pos));
                }
            }
            Selection::Field(field) => wrap_in(&mut field.node.selection_set.node),
            Selection::InlineFragment(inline) => wrap_in(&mut inline.node.selection_set.node),
            Selection::FragmentSpread(_) => {}
        }
    }
}

/// Collects the fields at the root of the operation that is asked for, in a valid document: each name of the answer once, with all that is
/// asked of it; what directives leave out is left out.
pub fn collect_root(document: &mut ExecutableDocument, name: Option<&str>, values: &Map<String, Json>) {
    let ExecutableDocument { operations, fragments } = document;
    let operation = match (operations, name) {
        (DocumentOperations::Single(operation), None) => operation,
        (DocumentOperations::Multiple(operations), Some(name)) => match operations.get_mut(name) {
            Some(operation) => operation,
            None => return,
        },
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => match operations.values_mut().next() {
            Some(operation) => operation,
            None => return,
        },
        (DocumentOperations::Single(_), Some(_)) | (DocumentOperations::Multiple(_), None) => return,
    };
    let operation = &mut operation.node;
    if is_collected(&operation.selection_set.node) {
        return;
    }
    let mut collection = Collection { fragments, values: Values::of(operation, values), spread: HashSet::new(), fields: Vec::new() };
    collection.add(&operation.selection_set.node);
    let fields = collection.fields;
    operation.selection_set.node.items =
        fields.into_iter().map(|field| Positioned::new(Selection::Field(field.clone()), field.pos)).collect();
}

/// Whether there is nothing but fields of different names, as usual.
fn is_collected(set: &SelectionSet) -> bool {
    let mut names = HashSet::new();
    set.items.iter().all(|item| match &item.node {
        Selection::Field(field) => field.node.directives.is_empty() && names.insert(field.node.response_key().node.as_str()),
        Selection::InlineFragment(_) | Selection::FragmentSpread(_) => false,
    })
}

struct Collection<'a> {
    fragments: &'a std::collections::HashMap<Name, Positioned<FragmentDefinition>>,
    values: Values<'a>,
    spread: HashSet<&'a Name>,
    fields: Vec<Positioned<Field>>,
}

impl<'a> Collection<'a> {
    fn add(&mut self, set: &'a SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) if !self.values.leave_out(&field.node.directives) => self.add_field(field),
                Selection::InlineFragment(inline) if !self.values.leave_out(&inline.node.directives) => {
                    self.add(&inline.node.selection_set.node);
                }
                Selection::FragmentSpread(spread) if !self.values.leave_out(&spread.node.directives) => {
                    let name = &spread.node.fragment_name.node;
                    // Spread twice it says the same twice.
                    if self.spread.insert(name)
                        && let Some(fragment) = self.fragments.get(name)
                    {
                        self.add(&fragment.node.selection_set.node);
                    }
                }
                Selection::Field(_) | Selection::InlineFragment(_) | Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn add_field(&mut self, field: &Positioned<Field>) {
        let key = &field.node.response_key().node;
        match self.fields.iter_mut().find(|known| known.node.response_key().node == *key) {
            Some(known) => known.node.selection_set.node.items.extend(field.node.selection_set.node.items.iter().cloned()),
            None => {
                let mut field = field.clone();
                field.node.directives.clear();
                self.fields.push(field);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    /// The fields at the root, with the names of those in them.
    fn root(text: &str, name: Option<&str>, values: Json) -> Vec<String> {
        let mut document = parse_query(text).expect("parses");
        wrap_type_names(&mut document);
        collect_root(&mut document, name, values.as_object().expect("values"));
        let operation = super::super::select(&document, name).expect("the operation");
        let names = |set: &SelectionSet| -> Vec<String> {
            let each = set.items.iter().map(|item| match &item.node {
                Selection::Field(field) => field.node.response_key().node.to_string(),
                Selection::InlineFragment(_) => "...".to_owned(),
                Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
            });
            each.collect()
        };
        let fields = operation.selection_set.node.items.iter().map(|item| match &item.node {
            Selection::Field(field) => {
                assert!(field.node.directives.is_empty());
                format!("{} {}", field.node.response_key().node, names(&field.node.selection_set.node).join(" ")).trim_end().to_owned()
            }
            other => panic!("{other:?}"),
        });
        fields.collect()
    }

    #[test]
    fn each_name_is_there_once_with_all_that_is_asked_of_it() {
        let text = "mutation { ...F ... on M { a(x: 1) { d } b: a(x: 2) { e } } a(x: 1) { f } ...F } fragment F on M { a(x: 1) { c ...G } } fragment G on T { g }";
        assert_eq!(root(text, None, json!({})), ["a c ...G d f", "b e"]);
        assert_eq!(root("subscription { ...F } fragment F on S { ... { a { ...G } } } fragment G on T { b }", None, json!({})), ["a ...G"]);
        assert_eq!(root("query A { a } query B { b { x } b { y } }", Some("B"), json!({})), ["b x y"]);
        assert_eq!(root("{ a { x } b { x } }", None, json!({})), ["a x", "b x"]);
    }

    #[test]
    fn what_directives_leave_out_is_left_out() {
        let text = "query($yes: Boolean!, $no: Boolean = false) { a @skip(if: $yes) b @include(if: $yes) ...F @include(if: $no) ... @skip(if: $no) { c } d @include(if: false) __typename @include(if: $no) } fragment F on Q { e }";
        assert_eq!(root(text, None, json!({"yes": true})), ["b", "c"]);
        assert_eq!(root(text, None, json!({"yes": false, "no": true})), ["a", "e", "__typename"]);
    }

    #[test]
    fn type_names_with_directives_are_wrapped() {
        let mut document = parse_query("{ a { __typename @include(if: $x) b { t: __typename } } }").expect("parses");
        wrap_type_names(&mut document);
        let text = format!("{document:?}");
        assert_eq!(text.matches("InlineFragment {").count(), 1, "{text}");
    }
}
