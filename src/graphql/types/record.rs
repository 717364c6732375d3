//! Records: the interface, and what all nine kinds share. The kinds are in `crm` and `work`.

use std::sync::Arc;

use async_graphql::{ID, Interface, Object, SimpleObject};
use tenure_core::id::RecordId;
use tenure_core::record;

use crate::graphql::connection::connection;
use crate::graphql::error::Result;
use crate::graphql::lists::{ChangeList, RecordList};
use crate::graphql::loaders::{PersonKey, ReassignmentKey, RecordKey};
use crate::graphql::needs::{self, requires_permission};
use crate::graphql::scalars::{DateTime, Decimal};
use crate::graphql::view::View;

use super::enums::OwnedEntityKind;
use super::{Activity, Attribution, Company, Contact, Deal, Estimate, File, Invoice, Lead, Reassignment, Task};

/// A record with a responsible person. All kinds share these fields, so a list needs no fragments
/// and a kind added later does not break it.
#[derive(Interface, Clone)]
#[graphql(
    field(name = "id", ty = "ID", desc = "Global ID."),
    field(name = "kind", ty = "OwnedEntityKind", desc = "The kind."),
    field(name = "version", ty = "i32", desc = "Increases by one at each change."),
    field(name = "title", ty = "String", desc = "Title to display."),
    field(name = "responsible", ty = "Result<Attribution>", desc = "Who is responsible now."),
    field(name = "created_by", ty = "Result<Attribution>", desc = "Who created it; never changes."),
    field(name = "is_closed", ty = "bool", desc = "Whether it is closed (won, lost, paid, done)."),
    field(name = "external_id", ty = "Option<String>", desc = "Key in the system it came from; null when created here."),
    field(name = "created_at", ty = "DateTime", desc = "When it was created."),
    field(name = "updated_at", ty = "DateTime", desc = "When it was last changed."),
    field(
        name = "provenance",
        ty = "Option<Result<Attribution>>",
        directive = requires_permission::apply(needs::any_of(needs::PROVENANCE)),
        desc = "Who it was recorded for before its owner's account was deleted; null when that never happened."
    ),
    field(name = "viewer_can_reassign", ty = "Result<bool>", desc = "Whether the viewer may give it to somebody else."),
    field(
        name = "ownership_changes",
        ty = "Result<OwnershipChangeConnection>",
        desc = "Changes of the responsible person, latest first.",
        arg(name = "first", ty = "Option<i32>", desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given."),
        arg(name = "after", ty = "Option<String>", desc = "Return edges after this cursor."),
        arg(name = "last", ty = "Option<i32>", desc = "Page size from the end, 1 to 100."),
        arg(name = "before", ty = "Option<String>", desc = "Return edges before this cursor.")
    )
)]
#[allow(missing_docs)]
pub enum OwnedEntity {
    Lead(Lead),
    Deal(Deal),
    Contact(Contact),
    Company(Company),
    Estimate(Estimate),
    Invoice(Invoice),
    Activity(Activity),
    Task(Task),
    File(File),
}

impl OwnedEntity {
    /// A record that this viewer may see.
    pub fn new(by: &View, row: Arc<record::Record>) -> OwnedEntity {
        use record::RecordKind as Kind;
        match row.id.kind {
            Kind::Lead => Lead::new(by, row).into(),
            Kind::Deal => Deal::new(by, row).into(),
            Kind::Contact => Contact::new(by, row).into(),
            Kind::Company => Company::new(by, row).into(),
            Kind::Estimate => Estimate::new(by, row).into(),
            Kind::Invoice => Invoice::new(by, row).into(),
            Kind::Activity => Activity::new(by, row).into(),
            Kind::Task => Task::new(by, row).into(),
            Kind::File => File::new(by, row).into(),
        }
    }
}

/// What all records share: a row and who looks at it.
#[derive(Clone)]
pub struct Shared {
    /// Who looks.
    pub by: View,
    /// The record, which they may see.
    pub row: Arc<record::Record>,
}

impl Shared {
    /// Another record, if the viewer may see it.
    pub async fn other(&self, id: Option<RecordId>) -> Result<Option<Arc<record::Record>>> {
        match id {
            Some(id) => self.by.ask(RecordKey(id)).await,
            None => Ok(None),
        }
    }

    pub(super) async fn provenance(&self) -> Result<Option<Attribution>> {
        self.by.require(needs::PROVENANCE)?;
        match self.row.provenance {
            Some(id) => Attribution::of_person(&self.by, id).await.map(Some),
            None => Ok(None),
        }
    }

    pub(super) async fn viewer_can_reassign(&self) -> Result<bool> {
        let responsible = self.by.ask(PersonKey(self.row.responsible)).await?;
        Ok(self.by.access().may_reassign(&self.row, responsible.as_ref().map(|person| person.stored())))
    }
}

/// Makes the type of one kind of record: the shared fields, and those given.
macro_rules! record_type {
    ($(#[$doc:meta])* $name:ident, $(#[$id_doc:meta])* id, $(#[$kind_doc:meta])* kind, { $($own:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name($crate::graphql::types::record::Shared);

        impl $name {
            /// A record of this kind that this viewer may see.
            pub fn new(by: &$crate::graphql::view::View, row: std::sync::Arc<tenure_core::record::Record>) -> Self {
                Self($crate::graphql::types::record::Shared { by: by.clone(), row })
            }
        }

        $(#[$doc])*
        #[async_graphql::Object]
        impl $name {
            $(#[$id_doc])*
            pub async fn id(&self) -> async_graphql::ID {
                self.0.row.id.into()
            }

            $(#[$kind_doc])*
            pub async fn kind(&self) -> $crate::graphql::types::OwnedEntityKind {
                self.0.row.id.kind.into()
            }

            /// Increases by one at each change.
            pub async fn version(&self) -> i32 {
                self.0.row.version
            }

            /// Title to display.
            pub async fn title(&self) -> String {
                self.0.row.title.clone()
            }

            /// Who is responsible now.
            pub async fn responsible(&self) -> $crate::graphql::error::Result<$crate::graphql::types::Attribution> {
                $crate::graphql::types::Attribution::of_person(&self.0.by, self.0.row.responsible).await
            }

            /// Who created it; never changes.
            pub async fn created_by(&self) -> $crate::graphql::error::Result<$crate::graphql::types::Attribution> {
                $crate::graphql::types::Attribution::of_actor(&self.0.by, &self.0.row.created_by).await
            }

            /// Whether it is closed (won, lost, paid, done).
            pub async fn is_closed(&self) -> bool {
                self.0.row.is_closed
            }

            /// Key in the system it came from; null when created here.
            pub async fn external_id(&self) -> Option<String> {
                self.0.row.external_id.clone()
            }

            /// When it was created.
            pub async fn created_at(&self) -> $crate::graphql::scalars::DateTime {
                self.0.row.created_at.into()
            }

            /// When it was last changed.
            pub async fn updated_at(&self) -> $crate::graphql::scalars::DateTime {
                self.0.row.updated_at.into()
            }

            /// Who it was recorded for before its owner's account was deleted; null when that never happened.
            #[graphql(directive = $crate::graphql::needs::requires_permission::apply($crate::graphql::needs::any_of($crate::graphql::needs::PROVENANCE)))]
            pub async fn provenance(&self) -> Option<$crate::graphql::error::Result<$crate::graphql::types::Attribution>> {
                self.0.provenance().await.transpose()
            }

            /// Whether the viewer may give it to somebody else.
            pub async fn viewer_can_reassign(&self) -> $crate::graphql::error::Result<bool> {
                self.0.viewer_can_reassign().await
            }

            /// Changes of the responsible person, latest first.
            pub async fn ownership_changes(
                &self,
                #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
                #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
                #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
                #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
            ) -> $crate::graphql::error::Result<$crate::graphql::types::OwnershipChangeConnection> {
                let page = $crate::graphql::connection::PageArguments::new(first, after, last, before);
                let list = $crate::graphql::lists::ChangeList(self.0.row.id);
                $crate::graphql::types::OwnershipChangeConnection::new(&self.0.by, list, &page)
            }

            $($own)*
        }
    };
}
pub(super) use record_type;

connection! {
    /// A page of records.
    OwnedEntityConnection,
    /// One entry of a `OwnedEntityConnection`.
    OwnedEntityEdge: RecordList => OwnedEntity, |pages, row| OwnedEntity::new(pages.by(), row)
}

/// An amount of money.
#[derive(SimpleObject)]
pub struct Money {
    /// The amount.
    amount: Decimal,
    /// ISO 4217 code, e.g. `EUR`.
    currency: String,
}

impl From<&record::Money> for Money {
    fn from(money: &record::Money) -> Money {
        Money { amount: Decimal(money.amount), currency: money.currency.clone() }
    }
}

/// A change of the responsible person of one record.
pub struct OwnershipChange {
    by: View,
    row: Arc<record::OwnershipChange>,
}

impl OwnershipChange {
    /// A change of a record that this viewer may see.
    pub fn new(by: &View, row: Arc<record::OwnershipChange>) -> OwnershipChange {
        OwnershipChange { by: by.clone(), row }
    }
}

/// A change of the responsible person of one record.
#[Object]
impl OwnershipChange {
    /// Who handed over.
    async fn from(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.from).await
    }

    /// Who took over.
    async fn to(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.to).await
    }

    /// Who decided it.
    async fn actor(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.actor).await
    }

    /// When.
    async fn changed_at(&self) -> DateTime {
        self.row.changed_at.into()
    }

    /// The reassignment it was part of; null for a single edit or when the viewer may not see it.
    async fn reassignment(&self) -> Option<Result<Reassignment>> {
        let row = self.by.ask(ReassignmentKey(self.row.reassignment?)).await.transpose()?;
        Some(row.map(|row| Reassignment::new(&self.by, row)))
    }
}

connection! {
    /// A page of changes of responsibility.
    OwnershipChangeConnection,
    /// One entry of a `OwnershipChangeConnection`.
    OwnershipChangeEdge: ChangeList => OwnershipChange, |pages, row| OwnershipChange::new(pages.by(), row)
}
