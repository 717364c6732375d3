//! The one folder of `src/http` that touches the GraphQL library: reads documents, runs them, and says what came of it in our own words.

mod known;
mod normal;

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet, VariableDefinition,
};
use async_graphql::parser::{Error as ParserError, parse_query};
use async_graphql::{PathSegment, Pos, Request, Response, ServerError, Value, Variables};
use axum::body::Bytes;
use futures_util::FutureExt;
use futures_util::stream::{self, Stream};
use serde_json::Map;
use tenure_core::deadline;

/// For tests of what runs before the library.
#[cfg(test)]
pub(super) use async_graphql::parser as library;

use self::known::Known;
use super::answer::{Fault, INTERNAL_TEXT, Location, Outcome, code};
use super::guard::{self, Objection};
use super::json;
use super::params::Params;
use crate::config::Limits;
use crate::graphql::catalogue::Catalogue;
use crate::graphql::cost::{Clash, Price, PriceList, Shown};
use crate::graphql::validation::{Rules, Violation, shortened, values};
use crate::graphql::{Api, Call, Listening};

/// Among so many faults none is told twice; more are not told anyway.
const FAULTS_COMPARED: usize = 20;
/// How long to wait before something is read again for a subscription: at first, and at most.
const PAUSE: Duration = Duration::from_millis(100);
const PAUSE_MAX: Duration = Duration::from_secs(1);

/// Runs operations.
pub struct Adapter {
    api: Api,
    /// The schema as text.
    sdl: Bytes,
    catalogue: Arc<Catalogue>,
    known: Known,
    rules: Rules,
    prices: PriceList,
    shown: Shown,
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
    /// None once it was found valid.
    text: Option<String>,
    document: Arc<ExecutableDocument>,
    name: Option<String>,
    values: Map<String, serde_json::Value>,
    /// None when the operation cannot be told; running the document says why.
    operation: Option<Operation>,
    /// What it could cost, or why it may not run whoever asks.
    price: Result<Price, Fault>,
}

struct Operation {
    kind: Kind,
    root_fields: Vec<String>,
}

impl Document {
    /// What its operation does, if that can be told.
    pub fn kind(&self) -> Option<Kind> {
        self.operation.as_ref().map(|o| o.kind)
    }

    /// How many values its variables have.
    pub fn values(&self) -> usize {
        self.values.values().map(json::values).sum()
    }

    /// What its operation could cost; why it may not run, whoever asks.
    pub fn price(&self) -> Result<&Price, &Fault> {
        self.price.as_ref()
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
        let sdl = api.sdl();
        let catalogue = Catalogue::of(&sdl).unwrap_or_else(|error| {
            tracing::error!(%error, "the schema's text cannot be read: nothing can be validated, and operations have no price");
            Catalogue::default()
        });
        let catalogue = Arc::new(catalogue);
        let (rules, prices, shown) = (Rules::of(&catalogue), PriceList::of(&catalogue), Shown::of(&catalogue));
        Adapter { api, sdl: sdl.into(), catalogue, known: Known::new(), rules, prices, shown, limits }
    }

    /// The schema as text.
    pub fn sdl(&self) -> Bytes {
        self.sdl.clone()
    }

    /// Reads a document.
    pub fn parse(&self, params: Params) -> Result<Document, Fault> {
        let Params { query, operation_name: name, variables: mut values } = params;
        let (text, document) = match self.known.get(&query) {
            Some(document) => (None, document),
            None => {
                let document = Arc::new(self.read(&query)?);
                (Some(query), document)
            }
        };
        let selected = select(&document, name.as_deref());
        if let Some(operation) = selected {
            // What no variable is declared for is ignored (§6.1.2), and not carried along.
            let declared: HashSet<&str> =
                operation.variable_definitions.iter().map(|definition| definition.node.name.node.as_str()).collect();
            values.retain(|name, _| declared.contains(name.as_str()));
        }
        let operation = selected.map(|o| describe(&document, o));
        let clash = text.as_ref().and_then(|_| self.prices.clash(&document));
        let price = match (selected, clash) {
            (Some(_), Some(clash)) => Err(clashed(clash)),
            (Some(operation), None) => self.price(&document, operation, &values),
            (None, _) => Ok(Price::default()),
        };
        Ok(Document { text, document, name, values, operation, price })
    }

    /// Reads a text that is not known.
    fn read(&self, text: &str) -> Result<ExecutableDocument, Fault> {
        guard::check(text, &self.limits).map_err(objected)?;
        let plain = guard::plain(text, &self.limits).map_err(objected)?;
        let mut document = parse_query(&*plain).map_err(|error| unread(&error))?;
        normal::wrap_type_names(&mut document);
        Ok(document)
    }

    /// What an operation could cost, held to the limits.
    fn price(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        values: &Map<String, serde_json::Value>,
    ) -> Result<Price, Fault> {
        let Limits { depth, cost, nodes, introspection_nodes, .. } = self.limits;
        if self.shown.objects(document, operation, values, introspection_nodes).is_none() {
            let text = format!("The answer would have more than {introspection_nodes} objects of the schema: ask for it in several steps.");
            return Err(Fault::over_limit("introspectionNodes", introspection_nodes, text));
        }
        let price = self.prices.price(document, operation, values);
        if price.depth > depth {
            let text = format!("Fields are nested {} levels deep, and {depth} is the limit: ask for inner objects by `node`.", price.depth);
            return Err(Fault::over_limit("depth", depth, text));
        }
        if price.cost > cost as u64 {
            let text =
                format!("The operation could cost {} points, and {cost} is the limit: ask for smaller pages or less in them.", price.cost);
            return Err(too_dear(&price, cost, text));
        }
        if price.nodes > nodes as u64 {
            let text = format!("The operation could return {} objects, and {nodes} is the limit: ask for smaller pages.", price.nodes);
            return Err(too_dear(&price, nodes, text));
        }
        Ok(price)
    }

    /// Runs a document to its end, whoever still waits for it.
    pub async fn run(&self, document: Document, call: Call) -> Outcome {
        match self.request(document).await {
            Err(faults) => Outcome::NotExecutable(faults),
            Ok(request) => {
                let id = call.request_id.clone();
                self.outcome(self.execute(request, call).await, &id)
            }
        }
    }

    /// A request that can be executed: valid, with values of variables that fit, in the form in which it is run. Or all that is wrong with
    /// it: faults of the document come before those of variables.
    async fn request(&self, document: Document) -> Result<Request, Vec<Fault>> {
        let Document { text, document, name, values, .. } = document;
        if let Some(text) = text {
            self.validate(&document).await?;
            self.known.keep(text, &document);
        }
        if let Some(operation) = select(&document, name.as_deref()) {
            let mut faults = values::check(&self.catalogue, &operation.variable_definitions, &values);
            if faults.is_empty() {
                faults = self.lacking(&document, operation, &values);
            }
            if !faults.is_empty() {
                return Err(faults.into_iter().map(|text| Fault::new(code::BAD_USER_INPUT, text)).collect());
            }
        }
        let mut document = Arc::unwrap_or_clone(document);
        normal::collect_root(&mut document, name.as_deref(), &values);
        let mut request = Request::new("").variables(Variables::from_json(serde_json::Value::Object(values)));
        request.operation_name = name;
        request.set_parsed_query(document);
        Ok(request)
    }

    /// What is wrong with a document, whatever the values of its variables.
    async fn validate(&self, document: &ExecutableDocument) -> Result<(), Vec<Fault>> {
        let violations = self.rules.check(document);
        if !violations.is_empty() {
            return Err(violations.into_iter().map(violated).collect());
        }
        let errors = self.api.violations(document.clone()).await;
        if errors.is_empty() { Ok(()) } else { Err(errors.into_iter().map(|error| self.request_fault(error)).collect()) }
    }

    /// Variables without the value that their place needs, although their type would let them. Found out in the middle of the execution it
    /// would take everything with it that the object at fault has, changes that were made included.
    fn lacking(
        &self,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
        values: &Map<String, serde_json::Value>,
    ) -> Vec<String> {
        let is_null = |name: &str| values.get(name).is_some_and(serde_json::Value::is_null);
        let is_optional = |v: &VariableDefinition| v.var_type.node.nullable && (v.default_value.is_none() || is_null(&v.name.node));
        let mut optional = operation.variable_definitions.iter().map(|v| &v.node).filter(|v| is_optional(v)).peekable();
        if optional.peek().is_none() {
            return Vec::new();
        }
        let demands = self.rules.demands(document, operation);
        let lacks = |v: &&VariableDefinition| {
            let name = v.name.node.as_str();
            let is_lacking = is_null(name) || !values.contains_key(name);
            (demands.not_null.contains(name) && is_null(name)) || (demands.given.contains(name) && is_lacking)
        };
        optional
            .filter(lacks)
            .map(|v| format!("Variable `${}`: expected a value where it stands, not null.", shortened(&v.name.node)))
            .collect()
    }

    /// Begins to listen, for who takes one thing after the other. What has no data is the last.
    pub async fn stream(self: &Arc<Self>, document: Document, call: Call) -> impl Stream<Item = Outcome> + Send + use<> {
        let id = call.request_id.clone();
        let state = match self.listen(document, call).await {
            Ok(listening) => Some(Ok(listening)),
            Err(faults) => Some(Err(faults)),
        };
        stream::unfold((self.clone(), id, state), |(adapter, id, state)| async move {
            match state? {
                Err(faults) => Some((Outcome::NotExecutable(faults), (adapter, id, None))),
                Ok(mut listening) => {
                    let outcome = adapter.next(&mut listening, &id).await?;
                    let rest = (!outcome.is_empty()).then_some(Ok(listening));
                    Some((outcome, (adapter, id, rest)))
                }
            }
        })
    }

    async fn listen(&self, document: Document, call: Call) -> Result<Listening, Vec<Fault>> {
        let mut request = self.request(document).await?;
        let name = request.operation_name.clone();
        let fields =
            request.parsed_query().ok().and_then(|document| select(document, name.as_deref())).map(|o| o.selection_set.node.items.len());
        // The library would say nothing and do nothing.
        if fields == Some(0) {
            let text = "A subscription has one root field, which no directive leaves out.";
            return Err(vec![Fault::new(code::VALIDATION_FAILED, text)]);
        }
        Ok(self.api.listen(request, call))
    }

    /// What comes next. What could not be read for want of the storage is read again until it is there: who listens is sent it whole, once.
    async fn next(&self, listening: &mut Listening, id: &str) -> Option<Outcome> {
        let mut failed = None;
        let mut pause = PAUSE;
        loop {
            let response = match AssertUnwindSafe(listening.next()).catch_unwind().await {
                Ok(Some(response)) => Some(response),
                Ok(None) => return failed,
                Err(_) => {
                    tracing::error!(request.id = id, "a subscription panicked");
                    None
                }
            };
            let outcome = self.outcome(response, id);
            if !outcome.has(code::SERVICE_UNAVAILABLE) {
                return Some(outcome);
            }
            failed = Some(outcome);
            listening.repeat();
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// A task of its own: who hangs up does not stop a change halfway, and a panic ends one request alone. None after a panic.
    async fn execute(&self, request: Request, call: Call) -> Option<Response> {
        let (api, id) = (self.api.clone(), call.request_id.clone());
        let length = Duration::from_secs(self.limits.seconds as u64);
        let task = tokio::spawn(deadline::within(length, async move { api.execute(request, call).await }));
        task.await.map_err(|error| tracing::error!(%error, request.id = id, "a request panicked")).ok()
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
        let mut faults: Vec<Fault> = Vec::new();
        for error in response.errors {
            let fault = field_fault(error, request_id);
            // What is asked for twice is looked at twice by the library, and fails twice.
            if !faults.iter().take(FAULTS_COMPARED).any(|known| known.path == fault.path && known.code == fault.code) {
                faults.push(fault);
            }
        }
        match serde_json::to_vec(&response.data) {
            Ok(data) => Outcome::Executed { data, faults },
            Err(error) => {
                tracing::error!(%error, request.id = request_id, "an answer could not be written");
                Outcome::Executed { data: b"null".to_vec(), faults: vec![Fault::new(code::INTERNAL_SERVER_ERROR, INTERNAL_TEXT)] }
            }
        }
    }

    /// A fault found before execution. The library gives no codes, so its texts are known by heart.
    fn request_fault(&self, error: ServerError) -> Fault {
        let (code, extra) = extensions(&error);
        let mut fault = match (code, error.message.as_str()) {
            (Some(code), _) => Fault::new(&code, error.message),
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

/// What the pass before the parser says.
fn objected(objection: Objection) -> Fault {
    match objection {
        Objection::Syntax(at) => syntax_fault(vec![Location { line: at.line, column: at.column }]),
        Objection::Twice { field, at } => {
            let text = format!("The input object has `{}` twice: give each of its fields once.", shortened(&field));
            Fault { locations: vec![Location { line: at.line, column: at.column }], ..Fault::new(code::VALIDATION_FAILED, text) }
        }
        Objection::Over { limit, maximum, message } => Fault::over_limit(limit, maximum, message),
    }
}

/// What the parser says. Its text repeats the line, secrets included.
fn unread(error: &ParserError) -> Fault {
    let positions: Vec<Pos> = error.positions().collect();
    let text = match error {
        ParserError::MultipleOperations { .. } => "An operation without a name stands alone in its document.",
        ParserError::OperationDuplicated { .. } => "Operations of a document have different names.",
        ParserError::FragmentDuplicated { .. } => "Fragments of a document have different names.",
        ParserError::MissingOperation => "The document has no operation: expected a query, a mutation or a subscription.",
        _ => return syntax_fault(locations(&positions)),
    };
    Fault { locations: locations(&positions), ..Fault::new(code::VALIDATION_FAILED, text) }
}

fn syntax_fault(locations: Vec<Location>) -> Fault {
    Fault { locations, ..Fault::new(code::PARSE_FAILED, "The document has a syntax error.") }
}

fn violated(violation: Violation) -> Fault {
    Fault { locations: locations(&violation.positions), ..Fault::new(code::VALIDATION_FAILED, violation.text) }
}

fn clashed(clash: Clash) -> Fault {
    let text = match clash.name {
        Some(name) => {
            let name = shortened(&name);
            format!("Fields named `{name}` in the answer cannot be one: give them different aliases.")
        }
        None => "Too many fields of the same names overlap: use fewer fragments.".to_owned(),
    };
    Fault { locations: locations(&clash.positions), ..Fault::new(code::VALIDATION_FAILED, text) }
}

fn too_dear(price: &Price, limit: usize, text: String) -> Fault {
    let mut fault = Fault::new(code::COST_LIMIT_EXCEEDED, text);
    fault.extra.insert("cost".into(), price.cost.into());
    fault.extra.insert("limit".into(), limit.into());
    fault.extra.insert("nodes".into(), price.nodes.into());
    fault.extra.insert("path".into(), price.dearest.clone().into());
    fault
}

/// A fault of a field. One that our resolvers did not give a code is not meant for the client.
fn field_fault(error: ServerError, request_id: &str) -> Fault {
    let (code, extra) = extensions(&error);
    let mut fault = match code {
        Some(code) => Fault::new(&code, error.message),
        // What types say about values that they cannot read. The library's own texts repeat the value, which may be a secret.
        None if error.message.starts_with("Expected input type \"") || error.message.contains("does not contain the value") => {
            let kind = error.message.split('"').nth(1).unwrap_or_default();
            Fault::new(code::BAD_USER_INPUT, format!("An argument is not of its type: expected a value of `{kind}`."))
        }
        None if error.message.starts_with("Failed to parse \"") => Fault::new(code::BAD_USER_INPUT, error.message),
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
    let kind = match operation.ty {
        OperationType::Query => Kind::Query,
        OperationType::Mutation => Kind::Mutation,
        OperationType::Subscription => Kind::Subscription,
    };
    Operation { kind, root_fields }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn root_fields_are_found_through_fragments() {
        let text = "mutation A { ...F ... on Mutation { b } } fragment F on Mutation { a ...G } fragment G on Mutation { c ...F }";
        let document = async_graphql::parser::parse_query(text).expect("parses");
        let operation = describe(&document, select(&document, None).expect("one operation"));
        assert_eq!((operation.kind, operation.root_fields.join(" ").as_str()), (Kind::Mutation, "a c b"));
        assert!(select(&document, Some("B")).is_none());
    }
}
