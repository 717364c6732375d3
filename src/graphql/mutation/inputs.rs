//! Inputs that several mutations share.

use async_graphql::InputObject;
use tenure_core::id::UserId;
use tenure_core::steps::input;

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
