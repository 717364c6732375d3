//! Rules of validation that the library knows in part or not at all (GraphQL, §5). It leaves an argument unread as soon as a variable in it
//! has no value, holds no variable to its place, takes anything for an input object, and looks past `__typename`: what slips through would
//! fail in the middle of the execution, behind changes that were made, or be left out in silence. What it knows (names of fields, arguments
//! and fragments, spreads, leaves) is left to it.

mod literals;
pub mod scalars;
#[cfg(test)]
mod tests;
mod usages;
pub mod values;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use async_graphql::parser::types::{
    ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet, Type, VariableDefinition,
};
use async_graphql::{Name, Pos, Positioned};
use async_graphql_value::Value;

use self::usages::Usage;
use super::catalogue::{Argument, Catalogue, TypeId, named};

/// What a document breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Names what is wrong, and what was expected. No value of the document is repeated: it may be a secret.
    pub text: String,
    /// Where.
    pub positions: Vec<Pos>,
}

/// More than these help nobody.
const VIOLATIONS_MAX: usize = 10;

/// The rules for a schema.
pub struct Rules {
    catalogue: Arc<Catalogue>,
}

impl Rules {
    /// For a schema.
    pub fn of(catalogue: &Arc<Catalogue>) -> Rules {
        Rules { catalogue: Arc::clone(catalogue) }
    }

    /// What a document breaks; at most ten of these. Takes a time that grows with the document and with its operations times its fragments,
    /// both of which are few.
    pub fn check(&self, document: &ExecutableDocument) -> Vec<Violation> {
        let mut walk = Walk { catalogue: &self.catalogue, violations: Vec::new() };
        let fragments = walk.fragments(document);
        for (_, operation) in document.operations.iter() {
            walk.variables(&operation.node);
            let part = walk.operation(&operation.node);
            walk.usages(&operation.node, &part, &fragments);
            walk.inner_spreads(&part, &fragments);
        }
        for part in fragments.values() {
            walk.inner_spreads(part, &fragments);
        }
        walk.violations
    }

    /// What a valid operation asks of the values of variables beside their types (§6.4.1, §5.8.5): those that have a default and stand where
    /// nothing may be null, of which no value is fine and null is not; and those that are the one field of an input object.
    pub fn demands<'d>(&'d self, document: &'d ExecutableDocument, operation: &'d OperationDefinition) -> Demands<'d> {
        let mut walk = Walk { catalogue: &self.catalogue, violations: Vec::new() };
        let fragments = walk.fragments(document);
        let own = walk.operation(operation);
        let mut demands = Demands::default();
        for usage in reached(&own, &fragments).into_iter().flat_map(|part| &part.usages) {
            if usage.place == usages::Place::OneOf {
                demands.given.insert(usage.variable.as_str());
            } else if !usage.kind.nullable {
                demands.not_null.insert(usage.variable.as_str());
            }
        }
        demands
    }
}

/// What is asked of values of variables.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Demands<'d> {
    /// Not null, if there is a value.
    pub not_null: HashSet<&'d str>,
    /// A value that is not null, given or by default.
    pub given: HashSet<&'d str>,
}

/// What an operation or a fragment says that depends on who spreads it.
#[derive(Default)]
struct Part<'a> {
    usages: Vec<Usage<'a>>,
    spreads: Vec<&'a Name>,
    /// Those of them within an object of the type `Query` that a field gave.
    inner: Vec<&'a Name>,
    /// Where its own root asks for the schema.
    schema: Vec<Pos>,
}

struct Walk<'a> {
    catalogue: &'a Catalogue,
    violations: Vec<Violation>,
}

impl<'a> Walk<'a> {
    fn report(&mut self, text: String, positions: Vec<Pos>) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { text, positions });
        }
    }

    fn fragments(&mut self, document: &'a ExecutableDocument) -> HashMap<&'a Name, Part<'a>> {
        let mut fragments = HashMap::new();
        for (name, fragment) in &document.fragments {
            let mut part = Part::default();
            self.directives(&fragment.node.directives, &mut part);
            let on = fragment.node.type_condition.node.on.node.as_str();
            self.selections(self.catalogue.by_name(on), false, &fragment.node.selection_set.node, &mut part);
            fragments.insert(name, part);
        }
        fragments
    }

    fn operation(&mut self, operation: &'a OperationDefinition) -> Part<'a> {
        let mut part = Part::default();
        self.directives(&operation.directives, &mut part);
        self.selections(self.catalogue.root(operation.ty), false, &operation.selection_set.node, &mut part);
        part
    }

    /// §5.8.1–5.8.3: variables have types of input, and defaults of these; no directive of ours stands on them.
    fn variables(&mut self, operation: &OperationDefinition) {
        for Positioned { node: variable, pos } in &operation.variable_definitions {
            let (name, kind) = (shortened(&variable.name.node), &variable.var_type.node);
            if !variable.directives.is_empty() {
                self.report(format!("No directive can stand on variables, as one does on `${name}`."), vec![*pos]);
            }
            if !self.catalogue.by_name(named(kind)).is_some_and(|of| self.catalogue.is_input(of)) {
                let text = format!("The variable `${name}` has a type that is none of an input: `{}`.", shortened(named(kind)));
                self.report(text, vec![*pos]);
                continue;
            }
            if let Some(default) = &variable.default_value {
                let value = default.node.clone().into_value();
                if let Err(fault) = literals::check(self.catalogue, kind, &value, &mut |_, _, _| {}) {
                    self.report(format!("The default of `${name}`{}: expected {}.", fault.path(), fault.expected), vec![default.pos]);
                }
            }
        }
    }

    /// `is_inner`: of an object of the type `Query` that a field gave, e.g. `query` of a payload.
    fn selections(&mut self, parent: Option<TypeId>, is_inner: bool, set: &'a SelectionSet, part: &mut Part<'a>) {
        for Positioned { node, pos } in &set.items {
            match node {
                Selection::Field(field) => {
                    match field.node.name.node.as_str() {
                        "__schema" | "__type" if is_inner => self.misplaced_schema(*pos),
                        "__schema" | "__type" => part.schema.push(*pos),
                        _ => {}
                    }
                    self.field(parent, field, *pos, part);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.node.directives, part);
                    let on = inline.node.type_condition.as_ref().map(|condition| condition.node.on.node.as_str());
                    let on = on.map_or(parent, |on| self.catalogue.by_name(on));
                    self.selections(on, is_inner, &inline.node.selection_set.node, part);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives, part);
                    let name = &spread.node.fragment_name.node;
                    part.spreads.push(name);
                    if is_inner {
                        part.inner.push(name);
                    }
                }
            }
        }
    }

    /// The library would answer null, and say nothing.
    fn misplaced_schema(&mut self, pos: Pos) {
        self.report("Ask for the schema at the root of a query.".to_owned(), vec![pos]);
    }

    fn inner_spreads(&mut self, part: &Part<'a>, fragments: &HashMap<&'a Name, Part<'a>>) {
        for own in part.inner.iter().filter_map(|name| fragments.get(*name)) {
            reached(own, fragments).into_iter().flat_map(|part| &part.schema).for_each(|pos| self.misplaced_schema(*pos));
        }
    }

    fn field(&mut self, parent: Option<TypeId>, field: &'a Positioned<Field>, pos: Pos, part: &mut Part<'a>) {
        let field = &field.node;
        self.directives(&field.directives, part);
        let name = field.name.node.as_str();
        if name == "__typename" {
            if !field.arguments.is_empty() || !field.selection_set.node.items.is_empty() {
                self.report("`__typename` has neither arguments nor fields.".to_owned(), vec![pos]);
            }
            return;
        }
        let known = parent.and_then(|parent| self.catalogue.field(parent, name));
        let argument = |argument: &str| known.and_then(|known| known.arguments.get(argument));
        self.arguments(&field.arguments, argument, name, part);
        let of = known.map(|known| known.of);
        let is_inner = of.is_some_and(|of| self.catalogue.is_root(OperationType::Query, of));
        self.selections(of, is_inner, &field.selection_set.node, part);
    }

    fn directives(&mut self, directives: &'a [Positioned<async_graphql::parser::types::Directive>], part: &mut Part<'a>) {
        for Positioned { node: directive, .. } in directives {
            let name = directive.name.node.as_str();
            self.arguments(&directive.arguments, |argument| self.catalogue.directives().get(name)?.get(argument), name, part);
        }
    }

    /// §5.6.1: literals are of the type of their place, with variables in them or without.
    fn arguments(
        &mut self,
        arguments: &'a [(Positioned<Name>, Positioned<Value>)],
        known: impl Fn(&str) -> Option<&'a Argument>,
        of: &str,
        part: &mut Part<'a>,
    ) {
        for (name, value) in arguments {
            // Variables in what is unknown are used all the same.
            let Some(argument) = known(name.node.as_str()) else { continue };
            let pos = value.pos;
            let usages = &mut part.usages;
            let mut used = |variable: &'a Name, kind: &Type, place: usages::Place| {
                usages.push(Usage { variable, kind: kind.clone(), place, pos });
            };
            let checked = match &value.node {
                Value::Variable(variable) => {
                    let place = if argument.has_default { usages::Place::WithDefault } else { usages::Place::Plain };
                    used(variable, &argument.kind, place);
                    Ok(())
                }
                value => literals::check(self.catalogue, &argument.kind, value, &mut used),
            };
            if let Err(fault) = checked {
                let text = format!("`{}` of `{}`{}: expected {}.", shortened(&name.node), shortened(of), fault.path(), fault.expected);
                self.report(text, vec![pos]);
            }
        }
    }

    /// §5.8.3 and §5.8.5: variables that are used are there, and may stand where they stand.
    fn usages(&mut self, operation: &'a OperationDefinition, own: &Part<'a>, fragments: &HashMap<&'a Name, Part<'a>>) {
        let definitions: HashMap<&str, &VariableDefinition> =
            operation.variable_definitions.iter().map(|v| (v.node.name.node.as_str(), &v.node)).collect();
        for usage in reached(own, fragments).into_iter().flat_map(|part| &part.usages) {
            let name = shortened(usage.variable);
            match definitions.get(usage.variable.as_str()) {
                None => self.report(format!("The variable `${name}` is not defined by the operation."), vec![usage.pos]),
                Some(definition) if !usage.allows(definition) => {
                    let text = format!(
                        "The variable `${name}` of type `{}` cannot stand where `{}` is expected.",
                        definition.var_type.node, usage.kind
                    );
                    self.report(text, vec![definition.name.pos, usage.pos]);
                }
                Some(_) => {}
            }
        }
    }
}

/// An operation itself, and the fragments that are spread in it, and in these.
fn reached<'p, 'a>(own: &'p Part<'a>, fragments: &'p HashMap<&'a Name, Part<'a>>) -> Vec<&'p Part<'a>> {
    let (mut seen, mut parts, mut next) = (HashSet::new(), vec![own], 0);
    while let Some(part) = parts.get(next).copied() {
        next += 1;
        let new = part.spreads.iter().filter(|name| seen.insert(**name));
        parts.extend(new.filter_map(|name| fragments.get(*name)));
    }
    parts
}

/// Names are quoted in messages, which have an end.
pub fn shortened(name: &str) -> String {
    name.chars().take(60).collect()
}
