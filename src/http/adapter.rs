//! The one file of `src/http` that touches the GraphQL library: reads documents, runs them, and says what came of it in our own words.

use std::collections::HashSet;
use std::net::IpAddr;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet, TypeKind, TypeSystemDefinition,
};
use async_graphql::{PathSegment, Pos, Request, Response, ServerError, Value, Variables};
use serde_json::Map;

use super::answer::{Fault, INTERNAL_TEXT, Location, Outcome, code};
use super::coercion::{InputField, InputTypes, TypeRef, Variable};
use super::params::Params;
use crate::config::Limits;
use crate::graphql::Api;
use crate::identity::Caller;

/// Runs operations.
pub struct Adapter {
    api: Api,
    inputs: InputTypes,
    limits: Limits,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Reads.
    Query,
    /// Changes.
    Mutation,
    /// Listens.
    Subscription,
}

/// A document that was read, with the operation that is asked for.
pub struct Document {
    request: Request,
    values: Map<String, serde_json::Value>,
    /// None when the operation cannot be told; running the document says why.
    operation: Option<Operation>,
}

struct Operation {
    kind: Kind,
    root_fields: Vec<String>,
    variables: Vec<Variable>,
}

impl Document {
    /// What its operation does, if that can be told.
    pub fn kind(&self) -> Option<Kind> {
        self.operation.as_ref().map(|o| o.kind)
    }

    /// Whether the operation asks for the schema.
    pub fn introspects(&self) -> bool {
        self.operation.as_ref().is_some_and(|o| o.root_fields.iter().any(|f| f == "__schema" || f == "__type"))
    }

    /// Whether `refreshSession` is all that the operation asks for.
    pub fn only_refreshes(&self) -> bool {
        self.operation
            .as_ref()
            .is_some_and(|o| o.kind == Kind::Mutation && !o.root_fields.is_empty() && o.root_fields.iter().all(|f| f == "refreshSession"))
    }
}

impl Adapter {
    /// Over an API.
    pub fn new(api: Api, limits: Limits) -> Adapter {
        let inputs = input_types(&api.sdl());
        Adapter { api, inputs, limits }
    }

    /// The schema as text.
    pub fn sdl(&self) -> String {
        self.api.sdl()
    }

    /// Reads a document.
    pub fn parse(&self, params: Params) -> Result<Document, Fault> {
        if params.query.len() > self.limits.document_bytes {
            let maximum = self.limits.document_bytes;
            return Err(Fault::over_limit("documentBytes", maximum, format!("The document is longer than {maximum} bytes.")));
        }
        // The linear pass over tokens, depth of brackets and fragments belongs here, before the parser sees the document.
        let Params { query, operation_name, variables } = params;
        let mut request = Request::new(query);
        request.operation_name = operation_name;
        let name = request.operation_name.clone();
        let operation = match request.parsed_query() {
            Ok(document) => select(document, name.as_deref()).map(|o| describe(document, o)),
            // The parser's own text repeats the line, secrets included.
            Err(error) => {
                return Err(Fault {
                    locations: locations(&error.locations),
                    ..Fault::new(code::PARSE_FAILED, "The document has a syntax error.")
                });
            }
        };
        Ok(Document { request, values: variables, operation })
    }

    /// Runs a document to its end, whoever still waits for it.
    pub async fn run(&self, document: Document, caller: Caller, request_id: &str, peer: Option<IpAddr>) -> Outcome {
        let Document { request, values, operation } = document;
        if let Some(operation) = &operation {
            let faults = self.inputs.check(&operation.variables, &values);
            if !faults.is_empty() {
                let faults = faults.into_iter().map(|text| Fault::new(code::BAD_USER_INPUT, text)).collect();
                return Outcome::NotExecutable(self.validation_faults(request, request_id).await.unwrap_or(faults));
            }
        }
        let request = request.variables(Variables::from_json(serde_json::Value::Object(values)));
        self.outcome(self.execute(request, caller, request_id, peer).await, request_id)
    }

    /// A task of its own: who hangs up does not stop a change halfway, and a panic ends one request alone. None after a panic.
    async fn execute(&self, request: Request, caller: Caller, request_id: &str, peer: Option<IpAddr>) -> Option<Response> {
        let (api, id) = (self.api.clone(), request_id.to_owned());
        let task = tokio::spawn(async move { api.execute(request, caller, id, peer).await });
        task.await.map_err(|error| tracing::error!(%error, request.id = request_id, "a request panicked")).ok()
    }

    /// Faults of the document itself, which come before those of variables. Asks for an operation that no document has: the library
    /// validates, and stops.
    async fn validation_faults(&self, request: Request, request_id: &str) -> Option<Vec<Fault>> {
        let request = request.operation_name("\u{0}");
        match self.outcome(self.execute(request, Caller::Anonymous, request_id, None).await, request_id) {
            Outcome::NotExecutable(faults) if faults.iter().any(|f| f.code != code::OPERATION_RESOLUTION_FAILURE) => Some(faults),
            Outcome::NotExecutable(_) | Outcome::Executed { .. } => None,
        }
    }

    fn outcome(&self, response: Option<Response>, request_id: &str) -> Outcome {
        let Some(response) = response else {
            return Outcome::Executed { data: b"null".to_vec(), faults: vec![Fault::new(code::INTERNAL_SERVER_ERROR, INTERNAL_TEXT)] };
        };
        // Faults of execution say where in the answer they are; those found before have no such place.
        let is_executed = response.data != Value::Null || response.errors.is_empty() || response.errors.iter().any(|e| !e.path.is_empty());
        if !is_executed {
            return Outcome::NotExecutable(response.errors.into_iter().map(|e| self.request_fault(e)).collect());
        }
        let faults = response.errors.into_iter().map(|e| field_fault(e, request_id)).collect();
        match serde_json::to_vec(&response.data) {
            Ok(data) => Outcome::Executed { data, faults },
            Err(error) => {
                tracing::error!(%error, request.id = request_id, "an answer could not be written");
                Outcome::Executed { data: b"null".to_vec(), faults: vec![Fault::new(code::INTERNAL_SERVER_ERROR, INTERNAL_TEXT)] }
            }
        }
    }

    /// A fault found before execution. The library gives no codes, so its texts are known by heart; the pass before the parser will
    /// leave few of them.
    fn request_fault(&self, error: ServerError) -> Fault {
        let (code, extra) = extensions(&error);
        let Limits { depth, cost, .. } = self.limits;
        let mut fault = match (code, error.message.as_str()) {
            (Some(code), _) => Fault::new(&code, error.message),
            (None, "Query is too complex.") => Fault::over_limit("cost", cost, format!("The operation costs more than {cost} points.")),
            (None, text) if text == "Query is nested too deep." || text.starts_with("The recursion depth of the query") => {
                Fault::over_limit("depth", depth, format!("The operation is nested deeper than {depth} levels."))
            }
            (None, text) if text.starts_with("Unknown operation named") || text == "Operation name required in request." => {
                Fault::new(code::OPERATION_RESOLUTION_FAILURE, error.message)
            }
            (None, _) => Fault::new(code::VALIDATION_FAILED, error.message),
        };
        fault.locations = locations(&error.locations);
        fault.extra.extend(extra);
        fault
    }
}

/// A fault of a field. One that our resolvers did not give a code is not meant for the client.
fn field_fault(error: ServerError, request_id: &str) -> Fault {
    let (code, extra) = extensions(&error);
    let mut fault = match code {
        Some(code) => Fault::new(&code, error.message),
        // What scalars say about values that they cannot read.
        None if error.message.starts_with("Failed to parse \"") || error.message.starts_with("Expected input type \"") => {
            Fault::new(code::BAD_USER_INPUT, error.message)
        }
        None => {
            tracing::error!(request.id = request_id, error.cause = error.message, "a field failed without a code");
            Fault::new(code::INTERNAL_SERVER_ERROR, INTERNAL_TEXT)
        }
    };
    fault.locations = locations(&error.locations);
    fault.extra = extra;
    fault.path = error
        .path
        .into_iter()
        .map(|segment| match segment {
            PathSegment::Field(name) => name.into(),
            PathSegment::Index(index) => index.into(),
        })
        .collect();
    fault
}

/// The code, and what else is in `extensions`.
fn extensions(error: &ServerError) -> (Option<String>, Map<String, serde_json::Value>) {
    let mut extra = match error.extensions.as_ref().map(serde_json::to_value) {
        Some(Ok(serde_json::Value::Object(map))) => map,
        _ => Map::new(),
    };
    let code = extra.remove("code").and_then(|code| code.as_str().map(str::to_owned));
    (code, extra)
}

fn locations(positions: &[Pos]) -> Vec<Location> {
    positions.iter().map(|p| Location { line: p.line, column: p.column }).collect()
}

fn select<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(&operation.node),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name).map(|o| &o.node),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next().map(|o| &o.node),
        (DocumentOperations::Single(_), Some(_)) | (DocumentOperations::Multiple(_), None) => None,
    }
}

fn describe(document: &ExecutableDocument, operation: &OperationDefinition) -> Operation {
    let mut root_fields = Vec::new();
    collect_fields(document, &operation.selection_set.node, &mut HashSet::new(), &mut root_fields);
    let variables = operation.variable_definitions.iter().map(|definition| Variable {
        name: definition.node.name.node.to_string(),
        kind: TypeRef::parse(&definition.node.var_type.node.to_string()),
        has_default: definition.node.default_value.is_some(),
    });
    let kind = match operation.ty {
        OperationType::Query => Kind::Query,
        OperationType::Mutation => Kind::Mutation,
        OperationType::Subscription => Kind::Subscription,
    };
    Operation { kind, root_fields, variables: variables.collect() }
}

/// The names of fields at this level, through fragments; each fragment once, so that neither circles nor many spreads cost more.
fn collect_fields<'a>(document: &'a ExecutableDocument, set: &'a SelectionSet, seen: &mut HashSet<&'a str>, names: &mut Vec<String>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) => names.push(field.node.name.node.to_string()),
            Selection::InlineFragment(inline) => collect_fields(document, &inline.node.selection_set.node, seen, names),
            Selection::FragmentSpread(spread) => {
                let name = spread.node.fragment_name.node.as_str();
                if seen.insert(name)
                    && let Some(fragment) = document.fragments.get(name)
                {
                    collect_fields(document, &fragment.node.selection_set.node, seen, names);
                }
            }
        }
    }
}

/// The types of variables, out of the schema's own text. The library keeps its registry to itself.
fn input_types(sdl: &str) -> InputTypes {
    let mut types = InputTypes::default();
    let document = match parse_schema(sdl) {
        Ok(document) => document,
        Err(error) => {
            tracing::error!(%error, "the schema's text cannot be read: variables are checked by the library alone");
            return types;
        }
    };
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let name = definition.node.name.node.to_string();
        match definition.node.kind {
            TypeKind::Enum(kind) => {
                types.enums.insert(name, kind.values.iter().map(|v| v.node.value.node.to_string()).collect());
            }
            TypeKind::InputObject(kind) => {
                if definition.node.directives.iter().any(|d| d.node.name.node == "oneOf") {
                    types.one_of.insert(name.clone());
                }
                let fields = kind.fields.iter().map(|field| InputField {
                    name: field.node.name.node.to_string(),
                    kind: TypeRef::parse(&field.node.ty.node.to_string()),
                    has_default: field.node.default_value.is_some(),
                });
                types.objects.insert(name, fields.collect());
            }
            TypeKind::Scalar | TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_) => {}
        }
    }
    types
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_variables_come_from_the_schema() {
        let types = input_types(
            "enum Status { ACTIVE GONE }\ninput Filter { ids: [ID!], n: Int! = 3 }\ninput Pick @oneOf { a: Int b: Int }\ntype Query { a: Int }",
        );
        assert!(types.enums["Status"].contains("GONE"));
        assert_eq!(types.objects["Filter"][0].kind.to_string(), "[ID!]");
        assert!(types.objects["Filter"][1].has_default);
        assert!(types.one_of.contains("Pick"));
    }

    #[test]
    fn root_fields_are_found_through_fragments() {
        let text = "mutation A { ...F ... on Mutation { b } } fragment F on Mutation { a ...G } fragment G on Mutation { c ...F }";
        let document = async_graphql::parser::parse_query(text).expect("parses");
        let operation = describe(&document, select(&document, None).expect("one operation"));
        assert_eq!((operation.kind, operation.root_fields.join(" ").as_str()), (Kind::Mutation, "a c b"));
        assert!(select(&document, Some("B")).is_none());
    }
}
