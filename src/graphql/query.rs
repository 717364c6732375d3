//! Entry points for reading. All are nullable and answer `Option<Result<…>>`, so that a refusal nulls its own field alone.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use futures_util::future::join_all;
use tenure_core::email::Email;
use tenure_core::id::{AnyId, ReassignmentId, UserId};

use super::connection::PageArguments;
use super::error::{Fault, Result};
use super::filters::{OwnedEntityFilter, OwnedEntityOrder, UserEventFilter, UserFilter, UserOrder};
use super::id::Given;
use super::lists::{DepartmentList, EventList, FeedList, ReassignmentList, RecordList, RecordsOf, TokenList, UserList, WorkgroupList};
use super::loaders::{AddressKey, ReassignmentKey, SeatsKey, SettingsKey};
use super::needs::{self, any_of, requires_permission};
use super::operation::{Operation, permitted, view};
use super::scalars::EmailAddress;
use super::types::{
    AccessTokenConnection, DepartmentConnection, EmailUsage, FeedPostConnection, License, Node, OwnedEntityConnection, RateLimit,
    Reassignment, ReassignmentConnection, Settings, User, UserConnection, UserEventConnection, Viewer, WorkgroupConnection,
};

/// Most objects of one `nodes`.
const NODES_MAX: usize = 100;

/// The root of reading; also in every payload.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query;

/// Entry points for reading.
#[Object]
impl Query {
    /// The caller; null when not signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> Option<Result<Viewer>> {
        Operation::of(ctx).map(|operation| operation.viewer().map(Viewer::new)).transpose()
    }

    /// Any object by its ID; null when it does not exist or the viewer may not see it.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "The ID.")] id: Given<AnyId>) -> Option<Result<Node>> {
        let node = async { Node::find(view(ctx)?, &id, "id").await };
        node.await.transpose()
    }

    /// Objects by ID, at most 100, in the order asked for; null for each that does not exist or that the viewer may not see.
    async fn nodes(&self, ctx: &Context<'_>, #[graphql(desc = "The IDs.")] ids: Vec<Given<AnyId>>) -> Result<Vec<Option<Result<Node>>>> {
        if ids.len() > NODES_MAX {
            return Err(Fault::input("ids", format!("At most {NODES_MAX} IDs may be given.")));
        }
        let nodes = ids.iter().enumerate().map(|(n, id)| async move {
            let node = async { Node::find(view(ctx)?, id, &format!("ids.{n}")).await };
            node.await.transpose()
        });
        Ok(join_all(nodes).await)
    }

    /// A user; null when it does not exist or the viewer may not see it.
    #[graphql(directive = requires_permission::apply(any_of(needs::DIRECTORY)))]
    async fn user(&self, ctx: &Context<'_>, #[graphql(desc = "The ID.")] id: Given<UserId>) -> Option<Result<User>> {
        let user = async {
            let by = permitted(ctx, needs::DIRECTORY)?;
            Ok(by.person(id.read("id")?).await?.map(|person| User::new(by, person)))
        };
        user.await.transpose()
    }

    /// Users the viewer may see. Dismissed people appear only to those who may see them.
    #[graphql(directive = requires_permission::apply(any_of(needs::DIRECTORY)))]
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions, all of which must hold.")] filter: Option<UserFilter>,
        #[graphql(desc = "By display name when left out.")] order_by: Option<UserOrder>,
    ) -> Option<Result<UserConnection>> {
        let page = PageArguments::new(first, after, last, before);
        let users = || {
            let by = permitted(ctx, needs::DIRECTORY)?;
            let filter = filter.unwrap_or_default().read(by)?;
            let order = UserOrder::read(order_by, by, &filter)?;
            UserConnection::new(by, UserList::Matching(Arc::new(filter), order), &page)
        };
        Some(users())
    }

    /// Departments, by name.
    #[graphql(directive = requires_permission::apply(any_of(needs::DIRECTORY)))]
    async fn departments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Option<Result<DepartmentConnection>> {
        let page = PageArguments::new(first, after, last, before);
        Some(permitted(ctx, needs::DIRECTORY).and_then(|by| DepartmentConnection::new(by, DepartmentList, &page)))
    }

    /// Workgroups, by name: those the viewer belongs to; all for STRUCTURE_MANAGE and administrators, extranet ones also for USERS_INVITE and USERS_DISMISS.
    async fn workgroups(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those open to the extranet (true) or not (false).")] is_extranet: Option<bool>,
    ) -> Option<Result<WorkgroupConnection>> {
        let page = PageArguments::new(first, after, last, before);
        Some(view(ctx).and_then(|by| WorkgroupConnection::new(by, WorkgroupList { is_extranet }, &page)))
    }

    /// Records the viewer may see.
    #[graphql(directive = requires_permission::apply(any_of(needs::RECORDS)))]
    async fn owned_entities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions, all of which must hold.")] filter: Option<OwnedEntityFilter>,
        #[graphql(desc = "Default: last changed first.")] order_by: Option<OwnedEntityOrder>,
    ) -> Option<Result<OwnedEntityConnection>> {
        let page = PageArguments::new(first, after, last, before);
        let entities = async {
            let by = permitted(ctx, needs::RECORDS)?;
            let filter = filter.unwrap_or_default().read(by).await?;
            let list = RecordList { of: RecordsOf::Everybody, filter: Arc::new(filter), order: OwnedEntityOrder::read(order_by) };
            OwnedEntityConnection::new(by, list, &page)
        };
        Some(entities.await)
    }

    /// Who holds an address and for what; null when nobody does. Answers for dismissed holders too.
    #[graphql(directive = requires_permission::apply(any_of(needs::ADDRESSES)))]
    async fn email_usage(&self, ctx: &Context<'_>, #[graphql(desc = "The address.")] address: EmailAddress) -> Option<Result<EmailUsage>> {
        let usage = async {
            let by = permitted(ctx, needs::ADDRESSES)?;
            let email = Email::parse(&address.0).ok_or_else(|| Fault::input("address", "This is not a well-formed email address."))?;
            match by.ask(AddressKey(email.key().to_owned())).await? {
                Some(held) => EmailUsage::of(by, held).await,
                None => Ok(None),
            }
        };
        usage.await.transpose()
    }

    /// The licence and its use.
    #[graphql(directive = requires_permission::apply(any_of(needs::LICENCE)))]
    async fn license(&self, ctx: &Context<'_>) -> Option<Result<License>> {
        let license = async {
            let by = permitted(ctx, needs::LICENCE)?;
            Ok(License::new(by.engine().licence().clone(), by.get(SeatsKey(())).await?))
        };
        Some(license.await)
    }

    /// Settings of the account; null, without an error, for external people.
    async fn settings(&self, ctx: &Context<'_>) -> Option<Result<Settings>> {
        let settings = async {
            let by = view(ctx)?;
            let row = if by.access().sees_settings() { by.ask(SettingsKey(())).await? } else { None };
            Ok(row.map(|row| Settings::new(by, row)))
        };
        settings.await.transpose()
    }

    /// A reassignment; null when it does not exist or the viewer may not see it.
    #[graphql(directive = requires_permission::apply(any_of(needs::REASSIGNMENTS)))]
    async fn reassignment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ID.")] id: Given<ReassignmentId>,
    ) -> Option<Result<Reassignment>> {
        let reassignment = async {
            let by = permitted(ctx, needs::REASSIGNMENTS)?;
            Ok(by.ask(ReassignmentKey(id.read("id")?)).await?.map(|row| Reassignment::new(by, row)))
        };
        reassignment.await.transpose()
    }

    /// The company feed, latest first. Null, without an error, for external people.
    async fn feed_posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Option<Result<FeedPostConnection>> {
        let page = PageArguments::new(first, after, last, before);
        match view(ctx) {
            Ok(by) if !by.access().reads_company_feed() => None,
            Ok(by) => Some(FeedPostConnection::new(by, FeedList::Company, &page)),
            Err(fault) => Some(Err(fault)),
        }
    }

    /// Reassignments, latest first: all for ENTITIES_REASSIGN; otherwise those the viewer asked for or received from.
    #[graphql(directive = requires_permission::apply(any_of(needs::REASSIGNMENTS)))]
    async fn reassignments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Option<Result<ReassignmentConnection>> {
        let page = PageArguments::new(first, after, last, before);
        Some(permitted(ctx, needs::REASSIGNMENTS).and_then(|by| ReassignmentConnection::new(by, ReassignmentList, &page)))
    }

    /// What happened, latest first.
    #[graphql(directive = requires_permission::apply(any_of(needs::HISTORY)))]
    async fn user_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions, all of which must hold.")] filter: Option<UserEventFilter>,
    ) -> Option<Result<UserEventConnection>> {
        let page = PageArguments::new(first, after, last, before);
        let events = async {
            let by = permitted(ctx, needs::HISTORY)?;
            let filter = Arc::new(filter.unwrap_or_default().read(by).await?);
            UserEventConnection::new(by, EventList { subject: None, filter }, &page)
        };
        Some(events.await)
    }

    /// Access tokens, latest first: everybody's for TOKENS_MANAGE, one's own otherwise.
    async fn access_tokens(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Option<Result<AccessTokenConnection>> {
        let page = PageArguments::new(first, after, last, before);
        Some(view(ctx).and_then(|by| AccessTokenConnection::new(by, TokenList, &page)))
    }

    /// The System User, which keeps the records of deleted people; the value for `responsibleIds`.
    #[graphql(directive = requires_permission::apply(any_of(needs::SYSTEM_USER)))]
    async fn system_user_id(&self, ctx: &Context<'_>) -> Option<Result<ID>> {
        Some(permitted(ctx, needs::SYSTEM_USER).map(|_| UserId::SYSTEM.into()))
    }

    /// The caller's budget and the price of this operation.
    async fn rate_limit(&self, ctx: &Context<'_>) -> Option<Result<RateLimit>> {
        Operation::of(ctx).map(|operation| RateLimit::of(operation.bill())).transpose()
    }
}
