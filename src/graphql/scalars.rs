//! Scalars of the contract.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use tenure_core::email::Email;
use tenure_core::time::{Date as CalendarDate, Timestamp, format_date, parse_date};

/// An instant, RFC 3339, always UTC with `Z` and millisecond precision, e.g. `2026-11-22T09:30:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime(pub Timestamp);

/// An instant, RFC 3339, always UTC with `Z` and millisecond precision, e.g. `2026-11-22T09:30:00.000Z`.
#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Timestamp::parse_rfc3339(text)
                .map(DateTime)
                .ok_or_else(|| InputValueError::custom("expected an instant like 2026-11-22T09:30:00.000Z")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if Timestamp::parse_rfc3339(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339())
    }
}

impl From<Timestamp> for DateTime {
    fn from(at: Timestamp) -> DateTime {
        DateTime(at)
    }
}

/// A calendar date, e.g. `2026-11-22`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Date(pub CalendarDate);

/// A calendar date, e.g. `2026-11-22`.
#[Scalar(name = "Date", specified_by_url = "https://scalars.graphql.org/andimarek/local-date.html")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => parse_date(text).map(Date).ok_or_else(|| InputValueError::custom("expected a date like 2026-11-22")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if parse_date(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(format_date(self.0))
    }
}

/// An exact decimal number as a string, e.g. `"1250.00"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal(pub rust_decimal::Decimal);

/// The lexical form of XML Schema's decimal: a sign, digits, a point; no exponent and no underscores.
fn parse_decimal(text: &str) -> Option<rust_decimal::Decimal> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
    if plain { rust_decimal::Decimal::from_str_exact(text).ok() } else { None }
}

/// An exact decimal number as a string, e.g. `"1250.00"`.
#[Scalar(name = "Decimal", specified_by_url = "https://www.w3.org/TR/xmlschema11-2/#decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => parse_decimal(text)
                .map(Decimal)
                .ok_or_else(|| InputValueError::custom("expected a decimal number as a string, like \"1250.00\"")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if parse_decimal(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// An email address as HTML's `<input type=email>` accepts it. On input any text is taken and checked by the mutation, so that a typing error comes back as a user error at its field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(pub String);

/// An email address as HTML's `<input type=email>` accepts it. On input any text is taken and checked by the mutation, so that a typing error comes back as a user error at its field.
#[Scalar(name = "EmailAddress", specified_by_url = "https://html.spec.whatwg.org/multipage/input.html#valid-e-mail-address")]
impl ScalarType for EmailAddress {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(EmailAddress(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl From<&Email> for EmailAddress {
    fn from(email: &Email) -> EmailAddress {
        EmailAddress(email.address().to_owned())
    }
}

/// An absolute `http` or `https` URL; never fetched by the server.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url(pub String);

/// An absolute `http` or `https` URL; never fetched by the server.
#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            // As with addresses, any text is taken and checked by the mutation, which names the field.
            Value::String(text) => Ok(Url(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(_))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_plain_and_exact() {
        assert_eq!(parse_decimal("1250.00").map(|d| d.to_string()), Some("1250.00".into()));
        for bad in ["1e3", "1_000", "", "abc", "0.00000000000000000000000000000000001"] {
            assert_eq!(parse_decimal(bad), None, "{bad}");
        }
    }
}
