//! The API: thin. Types, queries and mutations say what is there; `tenure_core` decides.
//!
//! A request becomes an `operation::Operation` (who calls, with what), which runs in a `cohort::Cohort` (batches without timers).
//! Resolvers ask a `view::View`: the standpoint of a viewer, with one keyed loader for each question.

mod cohort;
mod connection;
mod cursor;
mod error;
mod filters;
mod id;
mod lists;
mod loaders;
mod mutation;
mod needs;
mod operation;
#[allow(clippy::too_many_arguments, reason = "the arguments are those of the contract")]
mod query;
mod scalars;
#[allow(clippy::too_many_arguments, reason = "the arguments are those of the contract")]
mod types;
mod view;
mod work_loaders;

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::{EmptySubscription, Request, Response, SDLExportOptions, Schema, SchemaBuilder};
use tenure_core::engine::Engine;

use crate::config::Config;
use crate::identity::{Caller, Identity};

pub use mutation::Mutation;
pub use query::Query;

use operation::{Operation, Tools};

/// The schema of the API.
pub type ApiSchema = Schema<Query, Mutation, EmptySubscription>;

/// The API over an engine; cheap to clone.
#[derive(Clone)]
pub struct Api {
    schema: ApiSchema,
    tools: Tools,
}

impl Api {
    /// The API.
    pub fn new(engine: Arc<Engine>, identity: Arc<Identity>, config: Arc<Config>) -> Api {
        let mut builder = builder().limit_depth(config.limits.depth).limit_complexity(config.limits.cost);
        if !config.is_development() {
            // Suggestions tell names of fields to who may not read the schema.
            builder = builder.disable_suggestions();
        }
        Api { schema: builder.finish(), tools: Tools { engine, identity, config } }
    }

    /// The schema in SDL.
    pub fn sdl(&self) -> String {
        sdl()
    }

    /// The schema.
    pub fn schema(&self) -> &ApiSchema {
        &self.schema
    }

    /// Executes a request for a caller.
    pub async fn execute(&self, request: Request, caller: Caller, request_id: String, peer: Option<IpAddr>) -> Response {
        let operation = Arc::new(Operation::new(self.tools.clone(), &caller, request_id, peer));
        operation.cohort().run(self.schema.execute(request.data(operation.clone()))).await
    }
}

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query, Mutation, EmptySubscription).register_output_type::<mutation::UserError>()
}

/// The schema in SDL, for which no storage is needed. Members stand in the order in which they are written: that of error codes has a
/// meaning (rule R11).
pub fn sdl() -> String {
    let options = SDLExportOptions::new().include_specified_by().prefer_single_line_descriptions().use_space_ident();
    builder().finish().sdl_with_options(options)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod schema_file {
    /// `UPDATE_SCHEMA=1 cargo test schema_file` writes it anew.
    #[test]
    fn the_schema_file_is_what_the_code_says() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema.graphql");
        let sdl = super::sdl();
        if std::env::var_os("UPDATE_SCHEMA").is_some() {
            std::fs::write(path, &sdl).expect("schema.graphql can be written");
        }
        let file = std::fs::read_to_string(path).unwrap_or_default();
        assert!(file == sdl, "schema.graphql differs from the code: look at `git diff` after UPDATE_SCHEMA=1 cargo test the_schema_file");
    }
}
