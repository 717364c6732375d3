//! Stands in for the API of branch w-gql until it is merged: take theirs.

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, InputObject, Object, Request, Response, Schema, SimpleObject};
use tenure_core::engine::Engine;

use crate::config::Config;
use crate::identity::{Caller, Identity};

#[derive(SimpleObject)]
struct User {
    id: String,
}

#[derive(InputObject)]
struct UserFilter {
    query: Option<String>,
    ids: Option<Vec<String>>,
}

struct Query;

#[Object]
impl Query {
    async fn viewer(&self) -> Option<User> {
        None
    }
    async fn user(&self, id: async_graphql::ID) -> Option<User> {
        assert!(*id != "panic", "asked to");
        Some(User { id: id.to_string() })
    }
    async fn users(&self, first: Option<i32>, filter: Option<UserFilter>) -> Option<async_graphql::Result<Vec<User>>> {
        let _ = (first, filter.map(|f| (f.query, f.ids)));
        Some(Err(async_graphql::Error::new("secret cause")))
    }
}

/// The API.
#[derive(Clone)]
pub struct Api(Schema<Query, EmptyMutation, EmptySubscription>);

impl Api {
    /// Over an engine.
    pub fn new(_engine: Arc<Engine>, _identity: Arc<Identity>, config: Arc<Config>) -> Api {
        Api(Schema::build(Query, EmptyMutation, EmptySubscription).limit_depth(config.limits.depth).limit_complexity(config.limits.cost).finish())
    }

    /// The schema as text.
    pub fn sdl(&self) -> String {
        self.0.sdl()
    }

    /// Executes.
    pub async fn execute(&self, request: Request, _caller: Caller, _request_id: String, _peer: Option<IpAddr>) -> Response {
        self.0.execute(request).await
    }
}
