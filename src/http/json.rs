//! JSON as it comes in, with one rule more than the library has: no name twice in one object. Of two, a proxy or a log may have gone by the
//! other one.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Why a text is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It is no JSON, is not UTF-8, or is nested deeper than 128 levels.
    Malformed,
    /// An object has a name twice.
    Duplicate,
}

/// Reads a text that is one value and nothing else.
pub fn read(text: &[u8]) -> Result<Value, Fault> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let fault = |error: serde_json::Error| match error.is_data() {
        // The only complaint of our own; JSON itself is a matter of syntax.
        true => Fault::Duplicate,
        false => Fault::Malformed,
    };
    let value = Strict.deserialize(&mut deserializer).map_err(fault)?;
    deserializer.end().map_err(fault)?;
    Ok(value)
}

/// How many values there are in a value, itself included. Those that were read are not nested deeper than 128 levels.
pub fn values(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(values).sum::<usize>(),
        Value::Object(fields) => fields.values().map(values).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[derive(Clone, Copy)]
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self)?;
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("a name twice"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_no_json_is_refused() {
        for bad in [
            &b""[..],
            b"{",
            b"nul",
            b"{} x",
            b"[1,]",
            b"{\"a\":1,}",
            b"\"\\ud800\"",
            b"\"\\ud800\\u0041\"",
            b"\"\x00\"",
            b"\"\xff\"",
            b"\xef\xbb\xbf{}",
            b"1e999",
            b"NaN",
            b"01",
            b"'a'",
        ] {
            assert_eq!(read(bad), Err(Fault::Malformed), "{}", String::from_utf8_lossy(bad));
        }
        assert_eq!(read("[".repeat(200_000).as_bytes()), Err(Fault::Malformed));
        assert_eq!(read("{\"a\":".repeat(50_000).as_bytes()), Err(Fault::Malformed));
    }

    #[test]
    fn no_name_is_there_twice() {
        for bad in ["{\"a\":1,\"a\":1}", "[{\"a\":{\"b\":1,\"c\":2,\"b\":3}}]", "{\"a\":1,\"\\u0061\":2}"] {
            assert_eq!(read(bad.as_bytes()), Err(Fault::Duplicate), "{bad}");
        }
        assert!(read(b"{\"a\":{\"b\":1},\"b\":{\"a\":1}}").is_ok());
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..6).prop_map(|m| Value::Object(m.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn everything_else_is_read_as_the_library_reads_it(value in any_json()) {
            let text = value.to_string();
            prop_assert_eq!(read(text.as_bytes()), serde_json::from_str(&text).map_err(|_| Fault::Malformed));
        }
    }
}
