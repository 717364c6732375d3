//! Values of variables against their types (GraphQL, §6.1.2), before anything is executed: the library would find out only in the middle of it.

use async_graphql::Positioned;
use async_graphql::parser::types::{BaseType, Type, VariableDefinition};
use serde_json::{Map, Value};

use super::{scalars, shortened};
use crate::graphql::catalogue::{Catalogue, Form, Input};

/// What is wrong with the values given to these variables, one sentence for each variable. No value is repeated.
pub fn check(catalogue: &Catalogue, variables: &[Positioned<VariableDefinition>], values: &Map<String, Value>) -> Vec<String> {
    let each = variables.iter().filter_map(|Positioned { node: variable, .. }| {
        let (name, kind) = (variable.name.node.as_str(), &variable.var_type.node);
        match values.get(name) {
            None if variable.default_value.is_some() || kind.nullable => None,
            None => Some(format!("Variable `${name}` of type `{kind}` is required.")),
            Some(value) => check_value(catalogue, kind, value, &mut vec![format!("${name}")])
                .err()
                .map(|fault| format!("Variable `{}`: expected {}.", fault.path, fault.expected)),
        }
    });
    each.collect()
}

struct Fault {
    path: String,
    expected: String,
}

fn fault(path: &[String], expected: String) -> Result<(), Fault> {
    Err(Fault { path: path.join("."), expected })
}

fn check_value(catalogue: &Catalogue, kind: &Type, value: &Value, path: &mut Vec<String>) -> Result<(), Fault> {
    match (&kind.base, value) {
        (_, Value::Null) if kind.nullable => Ok(()),
        (_, Value::Null) => fault(path, format!("a value of type `{kind}`, not null")),
        (BaseType::List(inner), Value::Array(items)) => {
            for (index, item) in items.iter().enumerate() {
                path.push(index.to_string());
                check_value(catalogue, inner, item, path)?;
                path.pop();
            }
            Ok(())
        }
        // One value stands for a list of one.
        (BaseType::List(inner), value) => check_value(catalogue, inner, value, path),
        (BaseType::Named(name), value) => match (catalogue.by_name(name).map(|id| &catalogue.get(id).form), value) {
            (Some(Form::Input(input)), Value::Object(object)) => check_object(catalogue, name, input, object, path),
            (Some(Form::Input(_)), _) => fault(path, format!("an object of type `{name}`")),
            (Some(Form::Enum(values)), Value::String(text)) if values.contains(text) => Ok(()),
            (Some(Form::Enum(_)), _) => fault(path, format!("a value of `{name}`")),
            (Some(Form::Scalar | Form::Output(_)) | None, value) if scalars::fits(name, value) => Ok(()),
            (Some(Form::Scalar | Form::Output(_)) | None, _) => fault(path, format!("a value of type `{name}`")),
        },
    }
}

fn check_object(
    catalogue: &Catalogue,
    name: &str,
    input: &Input,
    object: &Map<String, Value>,
    path: &mut Vec<String>,
) -> Result<(), Fault> {
    if let Some(unknown) = object.keys().find(|key| !input.fields.contains_key(key.as_str())) {
        path.push(shortened(unknown));
        return fault(path, format!("a field that `{name}` has"));
    }
    if input.is_one_of && (object.len() != 1 || object.values().any(Value::is_null)) {
        return fault(path, format!("exactly one field of `{name}`, not null"));
    }
    for (field, argument) in &input.fields {
        path.push(field.clone());
        match object.get(field) {
            Some(value) => check_value(catalogue, &argument.kind, value, path)?,
            None if argument.has_default || argument.kind.nullable => {}
            None => return fault(path, format!("a value of type `{}`", argument.kind)),
        }
        path.pop();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;
    use serde_json::json;

    use super::*;

    const SCHEMA: &str = "enum Status { ACTIVE DISMISSED } scalar DateTime scalar Unknown input Pick @oneOf { a: Int b: Int }
        input Filter { ids: [ID!] statuses: [Status!] since: DateTime } input Input { name: String! filter: Filter count: Int } type Query { a: Int }";

    fn fault(kind: &str, value: Option<Value>) -> Option<String> {
        let document = parse_query(format!("query($x: {kind}) {{ a }}")).expect("a document");
        let (_, operation) = document.operations.iter().next().expect("an operation");
        let values: Map<String, Value> = value.into_iter().map(|v| ("x".to_owned(), v)).collect();
        check(&Catalogue::of(SCHEMA).expect("a schema"), &operation.node.variable_definitions, &values).pop()
    }

    #[test]
    fn values_that_fit_pass() {
        for (kind, value) in [
            ("Int", json!(1)),
            ("Int", json!(null)),
            ("Float", json!(1)),
            ("ID!", json!("a")),
            ("ID!", json!(7)),
            ("[ID!]!", json!([])),
            ("[ID!]!", json!("one")),
            ("Input!", json!({"name": "n", "filter": {"statuses": "ACTIVE", "ids": null, "since": "2026-11-22T10:00:00Z"}})),
            ("Pick", json!({"b": 1})),
            ("Unknown", json!({"any": "thing"})),
        ] {
            assert_eq!(fault(kind, Some(value.clone())), None, "{kind} {value}");
        }
        assert_eq!(fault("Int", None), None);
    }

    #[test]
    fn values_that_do_not_are_named() {
        for (kind, value) in [
            ("Int!", json!(null)),
            ("Int", json!("1")),
            ("Int", json!(1.5)),
            ("Int", json!(2147483648u64)),
            ("Boolean", json!("true")),
            ("String", json!(1)),
            ("[ID!]", json!(["a", null])),
            ("Status", json!("GONE")),
            ("Status", json!(1)),
            ("Input", json!({})),
            ("Input", json!([])),
            ("Input", json!("x")),
            ("Input", json!({"name": "n", "nam": 1})),
            ("Pick", json!({})),
            ("Pick", json!({"a": 1, "b": 2})),
            ("Pick", json!({"a": null})),
            ("DateTime", json!("now")),
        ] {
            assert!(fault(kind, Some(value.clone())).is_some(), "{kind} {value}");
        }
        assert_eq!(fault("Int!", None).as_deref(), Some("Variable `$x` of type `Int!` is required."));
        let deep = json!({"name": "n", "filter": {"ids": ["a", {}]}});
        assert_eq!(fault("Input", Some(deep)).as_deref(), Some("Variable `$x.filter.ids.1`: expected a value of type `ID`."));
    }
}
