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

//D OwnedEntity
#[derive(Interface, Clone)]
#[graphql(
    field(name = "id", ty = "ID", desc = #DESC(OwnedEntity.id)),
    field(name = "kind", ty = "OwnedEntityKind", desc = #DESC(OwnedEntity.kind)),
    field(name = "version", ty = "i32", desc = #DESC(OwnedEntity.version)),
    field(name = "title", ty = "String", desc = #DESC(OwnedEntity.title)),
    field(name = "responsible", ty = "Result<Attribution>", desc = #DESC(OwnedEntity.responsible)),
    field(name = "created_by", ty = "Result<Attribution>", desc = #DESC(OwnedEntity.createdBy)),
    field(name = "is_closed", ty = "bool", desc = #DESC(OwnedEntity.isClosed)),
    field(name = "external_id", ty = "Option<String>", desc = #DESC(OwnedEntity.externalId)),
    field(name = "created_at", ty = "DateTime", desc = #DESC(OwnedEntity.createdAt)),
    field(name = "updated_at", ty = "DateTime", desc = #DESC(OwnedEntity.updatedAt)),
    field(
        name = "provenance",
        ty = "Option<Result<Attribution>>",
        directive = requires_permission::apply(needs::any_of(needs::PROVENANCE)),
        desc = #DESC(OwnedEntity.provenance)
    ),
    field(name = "viewer_can_reassign", ty = "Result<bool>", desc = #DESC(OwnedEntity.viewerCanReassign)),
    field(
        name = "ownership_changes",
        ty = "Result<OwnershipChangeConnection>",
        desc = #DESC(OwnedEntity.ownershipChanges),
        arg(name = "first", ty = "Option<i32>", desc = #DESC(Query.users.first)),
        arg(name = "after", ty = "Option<String>", desc = #DESC(Query.users.after)),
        arg(name = "last", ty = "Option<i32>", desc = #DESC(Query.users.last)),
        arg(name = "before", ty = "Option<String>", desc = #DESC(Query.users.before))
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
            async fn id(&self) -> async_graphql::ID {
                self.0.row.id.into()
            }

            $(#[$kind_doc])*
            async fn kind(&self) -> $crate::graphql::types::OwnedEntityKind {
                self.0.row.id.kind.into()
            }

            //D OwnedEntity.version
            async fn version(&self) -> i32 {
                self.0.row.version
            }

            //D OwnedEntity.title
            async fn title(&self) -> String {
                self.0.row.title.clone()
            }

            //D OwnedEntity.responsible
            async fn responsible(&self) -> $crate::graphql::error::Result<$crate::graphql::types::Attribution> {
                $crate::graphql::types::Attribution::of_person(&self.0.by, self.0.row.responsible).await
            }

            //D OwnedEntity.createdBy
            async fn created_by(&self) -> $crate::graphql::error::Result<$crate::graphql::types::Attribution> {
                $crate::graphql::types::Attribution::of_actor(&self.0.by, &self.0.row.created_by).await
            }

            //D OwnedEntity.isClosed
            async fn is_closed(&self) -> bool {
                self.0.row.is_closed
            }

            //D OwnedEntity.externalId
            async fn external_id(&self) -> Option<String> {
                self.0.row.external_id.clone()
            }

            //D OwnedEntity.createdAt
            async fn created_at(&self) -> $crate::graphql::scalars::DateTime {
                self.0.row.created_at.into()
            }

            //D OwnedEntity.updatedAt
            async fn updated_at(&self) -> $crate::graphql::scalars::DateTime {
                self.0.row.updated_at.into()
            }

            //D OwnedEntity.provenance
            #[graphql(directive = $crate::graphql::needs::requires_permission::apply($crate::graphql::needs::any_of($crate::graphql::needs::PROVENANCE)))]
            async fn provenance(&self) -> Option<$crate::graphql::error::Result<$crate::graphql::types::Attribution>> {
                self.0.provenance().await.transpose()
            }

            //D OwnedEntity.viewerCanReassign
            async fn viewer_can_reassign(&self) -> $crate::graphql::error::Result<bool> {
                self.0.viewer_can_reassign().await
            }

            //D OwnedEntity.ownershipChanges
            async fn ownership_changes(
                &self,
                //PAGE
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
    //D OwnedEntityConnection
    OwnedEntityConnection,
    //D OwnedEntityEdge
    OwnedEntityEdge: RecordList => OwnedEntity, |pages, row| OwnedEntity::new(pages.by(), row)
}

//D Money
#[derive(SimpleObject)]
pub struct Money {
    //D Money.amount
    amount: Decimal,
    //D Money.currency
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

//D OwnershipChange
#[Object]
impl OwnershipChange {
    //D OwnershipChange.from
    async fn from(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.from).await
    }

    //D OwnershipChange.to
    async fn to(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.to).await
    }

    //D OwnershipChange.actor
    async fn actor(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.actor).await
    }

    //D OwnershipChange.changedAt
    async fn changed_at(&self) -> DateTime {
        self.row.changed_at.into()
    }

    //D OwnershipChange.reassignment
    async fn reassignment(&self) -> Option<Result<Reassignment>> {
        let row = self.by.ask(ReassignmentKey(self.row.reassignment?)).await.transpose()?;
        Some(row.map(|row| Reassignment::new(&self.by, row)))
    }
}

connection! {
    //D OwnershipChangeConnection
    OwnershipChangeConnection,
    //D OwnershipChangeEdge
    OwnershipChangeEdge: ChangeList => OwnershipChange, |pages, row| OwnershipChange::new(pages.by(), row)
}
