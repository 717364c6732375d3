//! Values that are written into a document, against the types of their places.

use async_graphql::Name;
use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{BaseType, Type};
use async_graphql_value::Value;

use super::scalars;
use super::usages::Place;
use crate::graphql::catalogue::{Catalogue, Form, Input};

/// What is wrong with a value, and where in it.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// From the innermost step on.
    steps: Vec<String>,
    /// What was expected there.
    pub expected: String,
}

impl Fault {
    fn expected(what: String) -> Fault {
        Fault { steps: Vec::new(), expected: what }
    }

    fn within(mut self, step: impl ToString) -> Fault {
        self.steps.push(step.to_string());
        self
    }

    /// The way to it, e.g. ` at filter.ids.1`; nothing for the value itself.
    pub fn path(&self) -> String {
        if self.steps.is_empty() {
            return String::new();
        }
        let steps: Vec<&str> = self.steps.iter().rev().map(String::as_str).collect();
        format!(", at `{}`", super::shortened(&steps.join(".")))
    }
}

/// Checks a value. Each variable in it is told, with the type of its place.
pub fn check<'v>(catalogue: &Catalogue, kind: &Type, value: &'v Value, used: &mut dyn FnMut(&'v Name, &Type, Place)) -> Result<(), Fault> {
    let of_type = || Fault::expected(format!("a value of type `{kind}`"));
    match (value, &kind.base) {
        (Value::Variable(name), _) => {
            used(name, kind, Place::Plain);
            Ok(())
        }
        (Value::Null, _) if kind.nullable => Ok(()),
        (Value::Null, _) => Err(Fault::expected(format!("a value of type `{kind}`, not null"))),
        (Value::List(items), BaseType::List(inner)) => {
            let mut items = items.iter().enumerate();
            items.try_for_each(|(index, item)| check(catalogue, inner, item, used).map_err(|fault| fault.within(index)))
        }
        // One value stands for a list of one.
        (value, BaseType::List(inner)) => check(catalogue, inner, value, used),
        (value, BaseType::Named(name)) => {
            let fits = match (catalogue.by_name(name).map(|id| &catalogue.get(id).form), value) {
                (Some(Form::Input(input)), Value::Object(given)) => return object(catalogue, name, input, given, used),
                (Some(Form::Input(_)), _) => return Err(Fault::expected(format!("an object of type `{name}`"))),
                (Some(Form::Enum(values)), Value::Enum(value)) => values.contains(value.as_str()),
                (Some(Form::Enum(_)), _) => false,
                (Some(Form::Scalar | Form::Output(_)) | None, value) => scalars::fits_literal(name, value),
            };
            if fits { Ok(()) } else { Err(of_type()) }
        }
    }
}

fn object<'v>(
    catalogue: &Catalogue,
    name: &str,
    input: &Input,
    given: &'v IndexMap<Name, Value>,
    used: &mut dyn FnMut(&'v Name, &Type, Place),
) -> Result<(), Fault> {
    if let Some(unknown) = given.keys().find(|field| !input.fields.contains_key(field.as_str())) {
        return Err(Fault::expected(format!("a field that `{name}` has")).within(unknown));
    }
    if input.is_one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
        return Err(Fault::expected(format!("exactly one field of `{name}`, not null")));
    }
    for (field, argument) in &input.fields {
        match given.get(field.as_str()) {
            Some(Value::Variable(variable)) => {
                let place = match (input.is_one_of, argument.has_default) {
                    (true, _) => Place::OneOf,
                    (false, true) => Place::WithDefault,
                    (false, false) => Place::Plain,
                };
                used(variable, &argument.kind, place);
            }
            Some(value) => check(catalogue, &argument.kind, value, used).map_err(|fault| fault.within(field))?,
            None if argument.kind.nullable || argument.has_default => {}
            None => return Err(Fault::expected(format!("a value of type `{}`", argument.kind)).within(field)),
        }
    }
    Ok(())
}
