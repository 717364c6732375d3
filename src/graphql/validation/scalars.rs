//! Which values scalars take, as JSON and as they are written into a document. One that is not known here is left to its resolver.

use async_graphql_value::Value as Literal;
use serde_json::Value;
use tenure_core::time::{Timestamp, parse_date};

/// Whether a value of a variable fits.
pub fn fits(name: &str, value: &Value) -> bool {
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

/// Whether a literal without variables fits.
pub fn fits_literal(name: &str, value: &Literal) -> bool {
    match value {
        Literal::Number(number) => fits(name, &Value::Number(number.clone())),
        Literal::Boolean(is) => fits(name, &Value::Bool(*is)),
        Literal::String(text) => fits(name, &Value::String(text.clone())),
        Literal::Enum(_) | Literal::List(_) | Literal::Object(_) | Literal::Binary(_) => fits(name, &Value::Array(Vec::new())),
        Literal::Variable(_) | Literal::Null => true,
    }
}
