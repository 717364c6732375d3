//! Values of an operation's variables, and what directives leave out by them. Nothing is copied: they may be large.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{Directive, OperationDefinition};
use async_graphql::{Positioned, Value};
use async_graphql_value::Value as Literal;
use serde_json::{Map, Value as Json};

/// Values of variables, those of their defaults included.
pub struct Values<'a> {
    given: &'a Map<String, Json>,
    defaults: HashMap<&'a str, &'a Value>,
}

/// What stands somewhere: as it is written in the document, in the default of a variable, or as it was given.
#[derive(Clone, Copy)]
pub enum Argument<'v> {
    /// Written there, no variable itself.
    Literal(&'v Literal),
    /// The default of a variable.
    Default(&'v Value),
    /// The value of a variable.
    Given(&'v Json),
    /// A variable without a value.
    Nothing,
}

impl<'a> Values<'a> {
    /// Those given to an operation.
    pub fn of(operation: &'a OperationDefinition, given: &'a Map<String, Json>) -> Values<'a> {
        let defaults = operation.variable_definitions.iter().filter_map(|definition| {
            let default = definition.node.default_value.as_ref()?;
            Some((definition.node.name.node.as_str(), &default.node))
        });
        Values { given, defaults: defaults.collect() }
    }

    /// What a literal stands for.
    pub fn argument<'v>(&'v self, literal: &'v Literal) -> Argument<'v> {
        let Literal::Variable(name) = literal else { return Argument::Literal(literal) };
        match (self.given.get(name.as_str()), self.defaults.get(name.as_str())) {
            (Some(value), _) => Argument::Given(value),
            (None, Some(default)) => Argument::Default(default),
            (None, None) => Argument::Nothing,
        }
    }

    /// The length of the longest list in these, whatever it is in. Each variable is looked at once.
    pub fn longest_list(&self, literals: &[&Literal]) -> usize {
        let (mut longest, mut names) = (0, HashSet::new());
        let mut waiting: Vec<Argument<'_>> = Vec::new();
        let mut written = literals.to_vec();
        while let Some(literal) = written.pop() {
            match literal {
                Literal::Variable(name) if names.insert(name) => waiting.push(self.argument(literal)),
                Literal::List(items) => {
                    longest = longest.max(items.len());
                    written.extend(items);
                }
                Literal::Object(fields) => written.extend(fields.values()),
                _ => {}
            }
        }
        while let Some(argument) = waiting.pop() {
            longest = longest.max(argument.length().unwrap_or_default());
            match argument {
                Argument::Default(Value::List(items)) => waiting.extend(items.iter().map(Argument::Default)),
                Argument::Default(Value::Object(fields)) => waiting.extend(fields.values().map(Argument::Default)),
                Argument::Given(Json::Array(items)) => waiting.extend(items.iter().map(Argument::Given)),
                Argument::Given(Json::Object(fields)) => waiting.extend(fields.values().map(Argument::Given)),
                Argument::Literal(_) | Argument::Default(_) | Argument::Given(_) | Argument::Nothing => {}
            }
        }
        longest
    }

    /// Whether `@skip` or `@include` leave it out, as far as is known.
    pub fn leave_out(&self, directives: &[Positioned<Directive>]) -> bool {
        directives.iter().any(|Positioned { node: directive, .. }| {
            let leaving_out = match directive.name.node.as_str() {
                "skip" => true,
                "include" => false,
                _ => return false,
            };
            directive.get_argument("if").is_some_and(|condition| self.argument(&condition.node).boolean() == Some(leaving_out))
        })
    }
}

impl<'v> Argument<'v> {
    /// The length of a list.
    pub fn length(self) -> Option<usize> {
        match self {
            Argument::Literal(Literal::List(items)) => Some(items.len()),
            Argument::Default(Value::List(items)) => Some(items.len()),
            Argument::Given(Json::Array(items)) => Some(items.len()),
            Argument::Literal(_) | Argument::Default(_) | Argument::Given(_) | Argument::Nothing => None,
        }
    }

    /// Whether it is null, or nothing at all.
    pub fn is_null(self) -> bool {
        matches!(self, Argument::Nothing | Argument::Literal(Literal::Null) | Argument::Default(Value::Null) | Argument::Given(Json::Null))
    }

    /// A text.
    pub fn text(self) -> Option<&'v str> {
        match self {
            Argument::Literal(Literal::String(text)) | Argument::Default(Value::String(text)) | Argument::Given(Json::String(text)) => {
                Some(text)
            }
            Argument::Literal(_) | Argument::Default(_) | Argument::Given(_) | Argument::Nothing => None,
        }
    }

    /// A truth.
    pub fn boolean(self) -> Option<bool> {
        match self {
            Argument::Literal(Literal::Boolean(is)) | Argument::Default(Value::Boolean(is)) | Argument::Given(Json::Bool(is)) => Some(*is),
            Argument::Literal(_) | Argument::Default(_) | Argument::Given(_) | Argument::Nothing => None,
        }
    }

    /// A whole number.
    pub fn integer(self) -> Option<i64> {
        match self {
            Argument::Literal(Literal::Number(number))
            | Argument::Default(Value::Number(number))
            | Argument::Given(Json::Number(number)) => number.as_i64(),
            Argument::Literal(_) | Argument::Default(_) | Argument::Given(_) | Argument::Nothing => None,
        }
    }
}
