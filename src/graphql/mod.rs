//! Stands in for the API of branch w-gql until it is merged: take theirs.

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::{EmptySubscription, InputObject, Object, Request, Response, Schema, SimpleObject};
use tenure_core::engine::Engine;

use crate::config::Config;
use crate::identity::{Caller, Identity};

#[derive(SimpleObject)]
struct User {
    id: String,
}

#[derive(SimpleObject)]
struct Viewer {
    user: User,
}

#[derive(InputObject)]
struct UserFilter {
    query: Option<String>,
    ids: Option<Vec<String>>,
}

struct Query;

#[Object]
impl Query {
    async fn viewer(&self) -> Option<Viewer> {
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

#[derive(InputObject)]
struct SignInInput {
    email: String,
    password: String,
}

#[derive(SimpleObject)]
struct SignInPayload {
    session: Option<User>,
}

struct Mutation;

#[Object]
impl Mutation {
    async fn sign_in(&self, input: SignInInput) -> Option<SignInPayload> {
        let _ = (input.email, input.password);
        Some(SignInPayload { session: None })
    }
    async fn refresh_session(&self) -> Option<SignInPayload> {
        Some(SignInPayload { session: None })
    }
}

/// The API.
#[derive(Clone)]
pub struct Api(Schema<Query, Mutation, EmptySubscription>);

impl Api {
    /// Over an engine.
    pub fn new(_engine: Arc<Engine>, _identity: Arc<Identity>, config: Arc<Config>) -> Api {
        Api(Schema::build(Query, Mutation, EmptySubscription)
            .limit_depth(config.limits.depth)
            .limit_complexity(config.limits.cost)
            .finish())
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
