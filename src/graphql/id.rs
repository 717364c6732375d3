//! `ID` arguments: text that is read as a typed identifier by the resolver that knows the argument's name (rule V7).

use std::borrow::Cow;
use std::marker::PhantomData;
use std::str::FromStr;

use async_graphql::registry::Registry;
use async_graphql::{ID, InputType, InputValueResult, Value};
use tenure_core::id::IdError;

use super::error::{Fault, Result};

/// An `ID` that was given where a `T` belongs. Reading it never fails while arguments are read, since that would take down the parent of
/// a nullable field: [`Given::read`] does, and names the argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given<T> {
    text: ID,
    kind: PhantomData<fn() -> T>,
}

impl<T: FromStr<Err = IdError>> Given<T> {
    /// The identifier, or BAD_USER_INPUT at the argument.
    pub fn read(&self, argument: &str) -> Result<T> {
        self.text.parse().map_err(|error: IdError| Fault::input(argument, format!("{error}.")))
    }
}

/// All identifiers of a list that must not be empty (rule V8).
pub fn read_all<T: FromStr<Err = IdError>>(given: &[Given<T>], argument: &str) -> Result<Vec<T>> {
    not_empty(given, argument)?;
    read_each(given, argument)
}

/// All identifiers of a list, which may be empty.
pub fn read_each<T: FromStr<Err = IdError>>(given: &[Given<T>], argument: &str) -> Result<Vec<T>> {
    given.iter().enumerate().map(|(n, id)| id.read(&format!("{argument}.{n}"))).collect()
}

/// An empty list of conditions is an error (rule V8).
pub fn not_empty<T>(list: &[T], argument: &str) -> Result<()> {
    if list.is_empty() { Err(Fault::input(argument, "The list must not be empty.")) } else { Ok(()) }
}

impl<T> InputType for Given<T> {
    type RawValueType = str;

    fn type_name() -> Cow<'static, str> {
        <ID as InputType>::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <ID as InputType>::create_type_info(registry)
    }

    fn parse(value: Option<Value>) -> InputValueResult<Self> {
        let text = <ID as InputType>::parse(value).map_err(|error| error.propagate())?;
        Ok(Given { text, kind: PhantomData })
    }

    fn to_value(&self) -> Value {
        Value::String(self.text.0.clone())
    }

    fn as_raw_value(&self) -> Option<&str> {
        Some(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use tenure_core::id::{AnyId, UserId};

    use super::*;

    fn given<T>(text: &str) -> Given<T> {
        Given::parse(Some(Value::String(text.to_owned()))).unwrap_or_else(|_| unreachable!("any text is taken"))
    }

    #[test]
    fn v7_what_is_no_id_of_that_kind_is_bad_input_at_the_argument() {
        assert_eq!(given::<UserId>(&UserId::SYSTEM.to_string()).read("id"), Ok(UserId::SYSTEM));
        let dep = UserId::SYSTEM.to_string().replace("usr", "dep");
        for bad in ["", "usr", "usr_1", "USR_00000000000000000000000001", "nope_00000000000000000000000001", dep.as_str(), "usr_\u{202e}"] {
            match given::<UserId>(bad).read("input.userId") {
                Err(Fault::BadInput { argument, .. }) => assert_eq!(argument, "input.userId"),
                other => panic!("{bad}: {other:?}"),
            }
        }
        assert!(given::<AnyId>("xyz_00000000000000000000000001").read("id").is_err());
        assert!(given::<AnyId>(&dep).read("id").is_ok());
    }

    #[test]
    fn v8_an_empty_list_is_bad_input_and_items_are_numbered() {
        assert!(read_all::<UserId>(&[], "ids").is_err());
        match read_all::<UserId>(&[given(&UserId::SYSTEM.to_string()), given("x")], "ids") {
            Err(Fault::BadInput { argument, .. }) => assert_eq!(argument, "ids.1"),
            other => panic!("{other:?}"),
        }
    }
}
