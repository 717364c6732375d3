//! Values of variables against their types, before anything is executed: the library would find out only in the middle of it.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value};
use tenure_core::time::{Timestamp, parse_date};

/// A type as written, e.g. `[ID!]!`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeRef {
    /// May not be null.
    NonNull(Box<TypeRef>),
    /// A list.
    List(Box<TypeRef>),
    /// Anything with a name.
    Named(String),
}

impl TypeRef {
    /// Reads `[ID!]!`.
    pub fn parse(text: &str) -> TypeRef {
        if let Some(inner) = text.strip_suffix('!') {
            TypeRef::NonNull(Box::new(TypeRef::parse(inner)))
        } else if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
            TypeRef::List(Box::new(TypeRef::parse(inner)))
        } else {
            TypeRef::Named(text.to_owned())
        }
    }
}

impl std::fmt::Display for TypeRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            TypeRef::NonNull(inner) => write!(f, "{inner}!"),
            TypeRef::List(inner) => write!(f, "[{inner}]"),
            TypeRef::Named(name) => f.write_str(name),
        }
    }
}

/// A field of an input object.
#[derive(Debug)]
pub struct InputField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: TypeRef,
    /// Whether it may be left out although it may not be null.
    pub has_default: bool,
}

/// The types that variables can have.
#[derive(Debug, Default)]
pub struct InputTypes {
    /// Values of enums.
    pub enums: HashMap<String, HashSet<String>>,
    /// Fields of input objects.
    pub objects: HashMap<String, Vec<InputField>>,
    /// Input objects of which exactly one field is given.
    pub one_of: HashSet<String>,
}

/// A variable as an operation declares it.
#[derive(Debug)]
pub struct Variable {
    /// Its name, without the dollar sign.
    pub name: String,
    /// Its type.
    pub kind: TypeRef,
    /// Whether it has a default.
    pub has_default: bool,
}

impl InputTypes {
    /// What is wrong with the values given to these variables, one sentence for each variable.
    pub fn check(&self, variables: &[Variable], values: &Map<String, Value>) -> Vec<String> {
        variables
            .iter()
            .filter_map(|variable| match values.get(&variable.name) {
                None if variable.has_default || !matches!(variable.kind, TypeRef::NonNull(_)) => None,
                None => Some(format!("Variable `${}` of type `{}` is required.", variable.name, variable.kind)),
                Some(value) => self
                    .check_value(&variable.kind, value, &mut vec![format!("${}", variable.name)])
                    .err()
                    .map(|(path, expected)| format!("Variable `{path}`: expected {expected}.")),
            })
            .collect()
    }

    fn check_value(&self, kind: &TypeRef, value: &Value, path: &mut Vec<String>) -> Result<(), (String, String)> {
        let fault = |path: &[String], expected: String| Err((path.join("."), expected));
        match (kind, value) {
            (TypeRef::NonNull(_), Value::Null) => fault(path, format!("a value of type `{kind}`, not null")),
            (TypeRef::NonNull(inner), value) => self.check_value(inner, value, path),
            (_, Value::Null) => Ok(()),
            (TypeRef::List(inner), Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    path.push(index.to_string());
                    self.check_value(inner, item, path)?;
                    path.pop();
                }
                Ok(())
            }
            // One value stands for a list of one.
            (TypeRef::List(inner), value) => self.check_value(inner, value, path),
            (TypeRef::Named(name), value) => {
                if let Some(values) = self.enums.get(name) {
                    return match value {
                        Value::String(text) if values.contains(text) => Ok(()),
                        _ => fault(path, format!("a value of `{name}`")),
                    };
                }
                let Some(fields) = self.objects.get(name) else {
                    return if fits_scalar(name, value) { Ok(()) } else { fault(path, format!("a value of type `{name}`")) };
                };
                let Value::Object(object) = value else { return fault(path, format!("an object of type `{name}`")) };
                if let Some(unknown) = object.keys().find(|key| !fields.iter().any(|f| f.name == **key)) {
                    path.push(unknown.chars().take(60).collect());
                    return fault(path, format!("a field that `{name}` has"));
                }
                if self.one_of.contains(name) && (object.len() != 1 || object.values().any(Value::is_null)) {
                    return fault(path, format!("exactly one field of `{name}`, not null"));
                }
                for field in fields {
                    path.push(field.name.clone());
                    match object.get(&field.name) {
                        Some(value) => self.check_value(&field.kind, value, path)?,
                        None if field.has_default || !matches!(field.kind, TypeRef::NonNull(_)) => {}
                        None => return fault(path, format!("a value of type `{}`", field.kind)),
                    }
                    path.pop();
                }
                Ok(())
            }
        }
    }
}

/// Scalars; one that is not known here is left to its resolver.
fn fits_scalar(name: &str, value: &Value) -> bool {
    match (name, value) {
        ("Int", Value::Number(n)) => n.as_i64().is_some_and(|n| i32::try_from(n).is_ok()),
        ("Float", Value::Number(n)) => n.as_f64().is_some_and(f64::is_finite),
        ("Boolean", Value::Bool(_)) => true,
        ("ID", Value::Number(n)) => n.is_i64() || n.is_u64(),
        ("String" | "ID" | "EmailAddress" | "URL", Value::String(_)) => true,
        ("Decimal", Value::String(text)) => {
            text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'))
                && rust_decimal::Decimal::from_str_exact(text).is_ok()
        }
        ("DateTime", Value::String(text)) => Timestamp::parse_rfc3339(text).is_some(),
        ("Date", Value::String(text)) => parse_date(text).is_some(),
        ("Int" | "Float" | "Boolean" | "String" | "ID" | "DateTime" | "Date" | "Decimal" | "EmailAddress" | "URL", _) => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn types() -> InputTypes {
        let field = |name: &str, kind: &str| InputField { name: name.into(), kind: TypeRef::parse(kind), has_default: false };
        let mut types = InputTypes::default();
        types.enums.insert("Status".into(), ["ACTIVE".to_owned(), "DISMISSED".to_owned()].into());
        types.objects.insert("Filter".into(), vec![field("ids", "[ID!]"), field("statuses", "[Status!]"), field("since", "DateTime")]);
        types.objects.insert("Input".into(), vec![field("name", "String!"), field("filter", "Filter"), field("count", "Int")]);
        types.objects.insert("Pick".into(), vec![field("a", "Int"), field("b", "Int")]);
        types.one_of.insert("Pick".into());
        types
    }

    fn fault(kind: &str, value: Option<Value>) -> Option<String> {
        let variable = Variable { name: "x".into(), kind: TypeRef::parse(kind), has_default: false };
        let values: Map<String, Value> = value.into_iter().map(|v| ("x".to_owned(), v)).collect();
        types().check(&[variable], &values).pop()
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
