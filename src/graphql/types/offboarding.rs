//! Invitations, dismissals, and what is left to do after one.

use std::sync::Arc;

use async_graphql::{Object, SimpleObject};
use futures_util::future::try_join_all;
use tenure_core::credential;
use tenure_core::policy::{Ability, Visible};
use tenure_core::record::RecordCount;
use tenure_core::user as stored;

use crate::graphql::error::Result;
use crate::graphql::lists::{CountKey, UserList};
use crate::graphql::loaders::{AddressesKey, CredentialsKey, RecordCountsKey};
use crate::graphql::scalars::{DateTime, EmailAddress};
use crate::graphql::view::View;

use super::enums::OwnedEntityKind;
use super::{Attribution, EmailUsage};

/// A pending invitation.
pub struct Invitation {
    by: View,
    row: Arc<credential::Invitation>,
}

impl Invitation {
    /// An invitation that this viewer may see.
    pub fn new(by: &View, row: Arc<credential::Invitation>) -> Invitation {
        Invitation { by: by.clone(), row }
    }
}

/// A pending invitation.
#[Object]
impl Invitation {
    /// Address it was sent to.
    async fn email(&self) -> EmailAddress {
        (&self.row.email).into()
    }

    /// Who invited.
    async fn invited_by(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.invited_by).await
    }

    /// When it was last sent.
    async fn sent_at(&self) -> DateTime {
        self.row.sent_at.into()
    }

    /// When it stops working.
    async fn expires_at(&self) -> DateTime {
        self.row.expires_at.into()
    }
}

/// A dismissal in force.
pub struct Dismissal {
    by: View,
    row: stored::Dismissal,
}

impl Dismissal {
    /// A dismissal as policy shows it to this viewer.
    pub fn new(by: &View, row: stored::Dismissal) -> Dismissal {
        Dismissal { by: by.clone(), row }
    }
}

/// A dismissal in force. Never shown to people without USERS_DISMISS.
#[Object]
impl Dismissal {
    /// When.
    async fn dismissed_at(&self) -> DateTime {
        self.row.dismissed_at.into()
    }

    /// By whom.
    async fn dismissed_by(&self) -> Result<Attribution> {
        Attribution::of_actor(&self.by, &self.row.dismissed_by).await
    }

    /// Short reason, neutral, as given.
    async fn reason(&self) -> Option<&str> {
        self.row.reason.as_deref()
    }

    /// Note; administrators and its author only.
    async fn note(&self) -> Option<&str> {
        self.row.note.as_deref()
    }
}

/// What a dismissal would touch, or what is left to do after one.
pub struct Offboarding {
    by: View,
    person: Arc<Visible<stored::User>>,
}

impl Offboarding {
    /// Of somebody, for a viewer who may see it.
    pub fn new(by: &View, person: Arc<Visible<stored::User>>) -> Offboarding {
        Offboarding { by: by.clone(), person }
    }

    fn allows(&self, ability: Ability) -> bool {
        self.person.allows(self.by.access(), ability)
    }
}

/// What a dismissal would touch, or what is left to do after one.
#[Object]
impl Offboarding {
    /// Records the user is responsible for, by kind; kinds without any are left out.
    async fn owned_entity_counts(&self) -> Result<Vec<OwnedEntityCount>> {
        let counts = self.by.get(RecordCountsKey(self.person.user().id)).await?;
        Ok(OwnedEntityCount::list(&counts))
    }

    /// Sum of `ownedEntityCounts`.
    async fn owned_entity_total(&self) -> Result<i32> {
        let counts = self.by.get(RecordCountsKey(self.person.user().id)).await?;
        Ok(int(counts.iter().map(|count| u64::from(count.open) + u64::from(count.closed)).sum()))
    }

    /// Sessions and access tokens that work now and would stop. Null without USERS_DISMISS.
    async fn live_credential_count(&self) -> Option<Result<i32>> {
        if !self.allows(Ability::SeeCredentials) {
            return None;
        }
        let live = self.by.get(CredentialsKey(self.person.user().id)).await;
        Some(live.map(|live| int(u64::from(live.sessions) + u64::from(live.tokens))))
    }

    /// People who report to the user.
    async fn direct_report_count(&self) -> Result<i32> {
        Ok(int(self.by.get(CountKey(UserList::DirectReports(self.person.user().id))).await?))
    }

    /// Addresses the user holds. Null without EMAILS_MANAGE.
    async fn email_usages(&self) -> Option<Result<Vec<EmailUsage>>> {
        if !self.allows(Ability::SeeAddresses) {
            return None;
        }
        let usages = async {
            let held = self.by.ask(AddressesKey(self.person.user().id)).await?.unwrap_or_default();
            let usages = try_join_all(held.iter().map(|address| EmailUsage::of(&self.by, address.clone()))).await?;
            Ok(usages.into_iter().flatten().collect())
        };
        Some(usages.await)
    }
}

/// A count of records of one kind.
#[derive(SimpleObject, Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnedEntityCount {
    /// The kind.
    kind: OwnedEntityKind,
    /// Records not closed.
    open_count: i32,
    /// Records closed (won, lost, paid, done): they still need somebody for call-backs.
    closed_count: i32,
}

impl OwnedEntityCount {
    /// Counts of `core`, in the same order.
    pub fn list(counts: &[RecordCount]) -> Vec<OwnedEntityCount> {
        let count =
            |c: &RecordCount| OwnedEntityCount { kind: c.kind.into(), open_count: int(c.open.into()), closed_count: int(c.closed.into()) };
        counts.iter().map(count).collect()
    }
}

/// A count as `Int`, which has 32 bits.
pub fn int(count: u64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
