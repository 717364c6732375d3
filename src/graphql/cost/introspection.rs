//! How many objects a question about the schema would be answered with. The schema is known, so it is not estimated but counted: the walk
//! goes where the answer would, and stops at the limit.

use std::sync::Arc;

use async_graphql::parser::types::{ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet};
use serde_json::{Map, Value as Json};

use crate::graphql::catalogue::{self, Argument, Arguments, Catalogue, Form, TypeId, wrappers};
use crate::graphql::variables::Values;

/// Fields looked at for each object that is allowed: more is a document that only keeps us busy.
const STEPS_EACH: usize = 20;

/// The schema as introspection shows it.
pub struct Shown(Arc<Catalogue>);

/// A type, in so many lists and exclamation marks.
#[derive(Debug, Clone, Copy)]
struct Reference {
    wrappers: usize,
    named: TypeId,
}

#[derive(Clone, Copy)]
enum Thing<'a> {
    Schema,
    Type(Reference),
    Field(&'a catalogue::Field),
    Input(&'a Argument),
    Directive(&'a Arguments),
    EnumValue,
}

impl Shown {
    /// Of a catalogue.
    pub fn of(catalogue: &Arc<Catalogue>) -> Shown {
        Shown(Arc::clone(catalogue))
    }

    /// How many objects of the schema an operation would be answered with; None when they are more than `limit`.
    pub fn objects(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        values: &Map<String, Json>,
        limit: usize,
    ) -> Option<usize> {
        let values = Values::of(operation, values);
        let mut walk = Walk { catalogue: &self.0, document, values, objects: 0, steps: 0, limit };
        walk.root(&operation.selection_set.node).ok()?;
        Some(walk.objects)
    }
}

struct Walk<'a> {
    catalogue: &'a Catalogue,
    document: &'a ExecutableDocument,
    values: Values<'a>,
    objects: usize,
    steps: usize,
    limit: usize,
}

/// More than the limit.
struct TooMany;

impl<'a> Walk<'a> {
    fn root(&mut self, set: &'a SelectionSet) -> Result<(), TooMany> {
        let catalogue = self.catalogue;
        self.each(set, &mut |walk, field| match field.name.node.as_str() {
            "__schema" => walk.object(Thing::Schema, &field.selection_set.node),
            "__type" => match walk.named(field).and_then(|name| catalogue.by_name(name)) {
                Some(named) => walk.object(Thing::Type(Reference { wrappers: 0, named }), &field.selection_set.node),
                None => Ok(()),
            },
            _ => Ok(()),
        })
    }

    fn named<'w>(&'w self, field: &'w Field) -> Option<&'w str> {
        self.values.argument(&field.get_argument("name")?.node).text()
    }

    /// All fields of a set, through fragments.
    fn each(
        &mut self,
        set: &'a SelectionSet,
        visit: &mut dyn FnMut(&mut Walk<'a>, &'a Field) -> Result<(), TooMany>,
    ) -> Result<(), TooMany> {
        for selection in &set.items {
            self.steps += 1;
            if self.steps > self.limit.saturating_mul(STEPS_EACH) {
                return Err(TooMany);
            }
            match &selection.node {
                Selection::Field(field) => visit(self, &field.node)?,
                Selection::InlineFragment(inline) => self.each(&inline.node.selection_set.node, visit)?,
                Selection::FragmentSpread(spread) => {
                    let document = self.document;
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.each(&fragment.node.selection_set.node, visit)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn object(&mut self, thing: Thing<'a>, set: &'a SelectionSet) -> Result<(), TooMany> {
        self.objects += 1;
        if self.objects > self.limit {
            return Err(TooMany);
        }
        self.each(set, &mut |walk, field| {
            let inside = &field.selection_set.node;
            if inside.items.is_empty() {
                return Ok(());
            }
            for thing in walk.things(thing, field.name.node.as_str()) {
                walk.object(thing, inside)?;
            }
            Ok(())
        })
    }

    /// What a field of a thing is answered with.
    fn things(&self, thing: Thing<'a>, field: &str) -> Vec<Thing<'a>> {
        let catalogue = self.catalogue;
        let bare = |named: TypeId| Thing::Type(Reference { wrappers: 0, named });
        let inputs = |list: &'a Arguments| list.values().map(Thing::Input).collect();
        let root = |kind: OperationType| catalogue.root(kind).map(bare).into_iter().collect();
        match (thing, field) {
            (Thing::Schema, "types") => (0..catalogue.types().len()).map(bare).collect(),
            (Thing::Schema, "directives") => catalogue.directives().values().map(Thing::Directive).collect(),
            (Thing::Schema, "queryType") => root(OperationType::Query),
            (Thing::Schema, "mutationType") => root(OperationType::Mutation),
            (Thing::Schema, "subscriptionType") => root(OperationType::Subscription),
            (Thing::Type(Reference { wrappers, named }), "ofType") if wrappers > 0 => {
                vec![Thing::Type(Reference { wrappers: wrappers - 1, named })]
            }
            (Thing::Type(Reference { wrappers: 0, named }), field) => match (&catalogue.get(named).form, field) {
                (Form::Output(output), "fields") => output.fields.values().map(Thing::Field).collect(),
                (Form::Output(output), "interfaces") => output.interfaces.iter().copied().map(bare).collect(),
                (Form::Output(output), "possibleTypes") if output.is_abstract => output.possible.iter().copied().map(bare).collect(),
                (Form::Input(input), "inputFields") => inputs(&input.fields),
                (Form::Enum(values), "enumValues") => vec![Thing::EnumValue; values.len()],
                (Form::Scalar | Form::Enum(_) | Form::Input(_) | Form::Output(_), _) => Vec::new(),
            },
            (Thing::Field(field), "args") => inputs(&field.arguments),
            (Thing::Field(field), "type") => vec![Thing::Type(Reference { wrappers: wrappers(&field.kind), named: field.of })],
            (Thing::Input(input), "type") => vec![Thing::Type(Reference { wrappers: wrappers(&input.kind), named: input.of })],
            (Thing::Directive(arguments), "args") => inputs(arguments),
            (Thing::Schema | Thing::Type(_) | Thing::Field(_) | Thing::Input(_) | Thing::Directive(_) | Thing::EnumValue, _) => Vec::new(),
        }
    }
}
