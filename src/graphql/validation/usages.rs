//! Variables, against the types of the places where they stand (GraphQL, §5.8.5).

use async_graphql::parser::types::{BaseType, Type, VariableDefinition};
use async_graphql::{Name, Pos, Value};

/// What else a place says of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Plain,
    /// When it has no value, the default of the place counts.
    WithDefault,
    /// The one field of an input object of which exactly one is given: its type is nullable, but a value must be there. As other servers do,
    /// variables of nullable types are let in, if they have a value.
    OneOf,
}

/// A variable that is used.
#[derive(Debug)]
pub struct Usage<'a> {
    /// Its name.
    pub variable: &'a Name,
    /// The type of the place.
    pub kind: Type,
    /// What else the place says.
    pub place: Place,
    /// Where it stands.
    pub pos: Pos,
}

impl Usage<'_> {
    /// Whether a variable that is defined like this may stand here.
    pub fn allows(&self, definition: &VariableDefinition) -> bool {
        let kind = &definition.var_type.node;
        if !self.kind.nullable && kind.nullable {
            let has_default = definition.default_value.as_ref().is_some_and(|default| default.node != Value::Null);
            return (has_default || self.place == Place::WithDefault) && is_base_of(&self.kind.base, &kind.base);
        }
        is_of(&self.kind, kind)
    }
}

/// Whether every value of the second type is one of the first.
fn is_of(place: &Type, variable: &Type) -> bool {
    (place.nullable || !variable.nullable) && is_base_of(&place.base, &variable.base)
}

fn is_base_of(place: &BaseType, variable: &BaseType) -> bool {
    match (place, variable) {
        (BaseType::Named(place), BaseType::Named(variable)) => place == variable,
        (BaseType::List(place), BaseType::List(variable)) => is_of(place, variable),
        (BaseType::Named(_), BaseType::List(_)) | (BaseType::List(_), BaseType::Named(_)) => false,
    }
}
