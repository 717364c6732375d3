//! Inputs that several mutations share.

use async_graphql::{InputObject, MaybeUndefined};
use tenure_core::id::UserId;
use tenure_core::steps::input::{self, Patch};

use crate::graphql::error::Result;
use crate::graphql::filters::OwnedEntityFilter;
use crate::graphql::id::{Given, read_each};

/// Who takes over what.
#[derive(InputObject, Debug, Clone)]
pub struct HandoverInput {
    /// One to 20 active employees. Several share the records evenly: in ascending order of ID the first goes to the first, the next to the next; linked activities follow their record.
    pub to_user_ids: Vec<Given<UserId>>,
    /// Which records: all, open and closed, when left out. `responsibleIds`, `isOrphaned` and `formerResponsibleIds` must not be given here.
    pub filter: Option<OwnedEntityFilter>,
}

impl HandoverInput {
    /// As `core` takes it; only identifiers are read here.
    pub fn read(self) -> Result<input::HandoverInput> {
        Ok(input::HandoverInput {
            to_user_ids: read_each(&self.to_user_ids, "input.handover.toUserIds")?,
            filter: self.filter.map(|filter| filter.input("input.handover.filter")).transpose()?,
        })
    }
}

/// An identifier that may be left out.
pub fn optional<T: std::str::FromStr<Err = tenure_core::id::IdError>>(given: Option<Given<T>>, argument: &str) -> Result<Option<T>> {
    given.map(|id| id.read(argument)).transpose()
}

/// A list of identifiers that may be left out.
pub fn optional_list<T: std::str::FromStr<Err = tenure_core::id::IdError>>(
    given: Option<Vec<Given<T>>>,
    argument: &str,
) -> Result<Option<Vec<T>>> {
    given.map(|ids| read_each(&ids, argument)).transpose()
}

/// A field that may be left out, null, or a value.
pub fn patch<T>(given: MaybeUndefined<T>) -> Patch<T> {
    match given {
        MaybeUndefined::Undefined => Patch::Keep,
        MaybeUndefined::Null => Patch::Clear,
        MaybeUndefined::Value(value) => Patch::Set(value),
    }
}

/// An identifier that may be left out, null, or a value.
pub fn patch_id<T: std::str::FromStr<Err = tenure_core::id::IdError>>(given: MaybeUndefined<Given<T>>, argument: &str) -> Result<Patch<T>> {
    Ok(match given {
        MaybeUndefined::Undefined => Patch::Keep,
        MaybeUndefined::Null => Patch::Clear,
        MaybeUndefined::Value(id) => Patch::Set(id.read(argument)?),
    })
}
