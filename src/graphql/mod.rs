//! The API: thin. Types, queries and mutations say what is there; `tenure_core` decides.
//!
//! A request becomes an `operation::Operation` (who calls, with what), which runs in a `cohort::Cohort` (batches without timers).
//! Resolvers ask a `view::View`: the standpoint of a viewer, with one keyed loader for each question.

mod call;
pub mod catalogue;
mod cohort;
mod connection;
pub mod cost;
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
mod subscription;
#[allow(clippy::too_many_arguments, reason = "the arguments are those of the contract")]
mod types;
pub mod validation;
pub mod variables;
mod view;
mod work_loaders;

use std::sync::Arc;

use async_graphql::parser::types::ExecutableDocument;
use async_graphql::{Request, Response, SDLExportOptions, Schema, SchemaBuilder, ServerError, ValidationMode};
use futures_util::stream::{BoxStream, StreamExt};
use tenure_core::engine::Engine;

use crate::config::Config;
use crate::identity::Identity;
use crate::live::Live;

pub use call::{Bill, Budget, Call};
pub use mutation::Mutation;
pub use query::Query;
pub use subscription::Subscription;

use operation::{Operation, Tools};

/// The schema of the API.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// The API over an engine; cheap to clone.
#[derive(Clone)]
pub struct Api {
    /// Runs what is valid.
    schema: ApiSchema,
    /// Says whether it is.
    validator: ApiSchema,
    tools: Tools,
}

impl Api {
    /// The API.
    pub fn new(engine: Arc<Engine>, identity: Arc<Identity>, config: Arc<Config>, live: Arc<Live>) -> Api {
        let build = |mode: ValidationMode| {
            // Depth and cost are looked at before (`cost`); the library only has to know how deep it may recurse at most.
            let builder = builder().limit_recursive_depth(config.limits.bracket_depth).validation_mode(mode);
            // Suggestions tell names of fields to who may not read the schema.
            if config.is_development() { builder.finish() } else { builder.disable_suggestions().finish() }
        };
        let (schema, validator) = (build(ValidationMode::Fast), build(ValidationMode::Strict));
        Api { schema, validator, tools: Tools { engine, identity, config, live } }
    }

    /// What the library finds wrong with a document. Values of variables are none of its business: whether a document is valid does not
    /// depend on them.
    pub async fn violations(&self, document: ExecutableDocument) -> Vec<ServerError> {
        // An operation that no document has: it validates, and stops.
        let mut request = Request::new("").operation_name("\u{0}");
        request.set_parsed_query(document);
        let mut errors = self.validator.execute(request).await.errors;
        errors.retain(|error| !error.message.starts_with("Unknown operation named"));
        errors
    }

    /// The schema in SDL.
    pub fn sdl(&self) -> String {
        sdl()
    }

    /// The schema.
    pub fn schema(&self) -> &ApiSchema {
        &self.schema
    }

    /// Executes a valid request for a caller.
    pub async fn execute(&self, request: Request, call: Call) -> Response {
        let operation = Arc::new(Operation::new(self.tools.clone(), call));
        operation.cohort().run(self.schema.execute(request.data(operation.clone()))).await
    }

    /// Begins to listen for a caller, by a valid request. Nothing is read before the first [`Listening::next`].
    pub fn listen(&self, request: Request, call: Call) -> Listening {
        let operation = Arc::new(Operation::new(self.tools.clone(), call));
        let responses = self.schema.execute_stream(request.data(operation.clone()));
        Listening { operation, responses }
    }
}

/// A subscription under way.
pub struct Listening {
    operation: Arc<Operation>,
    responses: BoxStream<'static, Response>,
}

impl Listening {
    /// What comes next; None at the end. To be waited for to its end.
    pub async fn next(&mut self) -> Option<Response> {
        self.operation.cohort().run(self.responses.next()).await
    }

    /// Has the last thing come once more: it was not fit to be sent.
    pub fn repeat(&self) {
        self.operation.ask_to_repeat();
    }
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query, Mutation, Subscription).register_output_type::<mutation::UserError>()
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
