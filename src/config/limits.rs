//! What a request may ask for. Plain numbers, so that the pass before the parser can be tested and fuzzed on its own.

/// What a request may ask for. Each limit is a setting, and the error that comes of it names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Longest body of a request, in bytes; more is 413.
    pub body_bytes: usize,
    /// Most bytes that all requests take while they arrive and are read; the first 8 KiB of each head and body are not counted.
    pub request_bytes_at_once: usize,
    /// Most values in the JSON of a request, whatever they are.
    pub values: usize,
    /// Most values in the JSON of all requests that are worked on at once; those with few of them are not counted.
    pub values_at_once: usize,
    /// Longest GraphQL document, in bytes.
    pub document_bytes: usize,
    /// Most tokens in a document.
    pub tokens: usize,
    /// Longest name in a document, aliases included, in bytes: it comes back once for each object.
    pub name_bytes: usize,
    /// Deepest nesting of brackets of any kind, and of selections after the expansion of fragments.
    pub bracket_depth: usize,
    /// Most operations and fragments in a document.
    pub definitions: usize,
    /// Most aliases in a document.
    pub aliases: usize,
    /// Most fields at the root of an operation, after the expansion of fragments.
    pub root_fields: usize,
    /// Most fields at the root of a mutation.
    pub mutations: usize,
    /// Most directives in a document.
    pub directives: usize,
    /// Most directives in one place.
    pub field_directives: usize,
    /// Most selections after the expansion of fragments.
    pub selections: usize,
    /// Most lists within one another in introspection.
    pub introspection_lists: usize,
    /// Most objects in the answer to a question about the schema.
    pub introspection_nodes: usize,
    /// Deepest nesting of fields.
    pub depth: usize,
    /// Most objects that an operation could return.
    pub nodes: usize,
    /// Highest cost of an operation, in points.
    pub cost: usize,
    /// Most operations that run at once.
    pub concurrency: usize,
    /// How much of the operations that run at once, and of the connections for reading, one caller may have, in percent.
    pub account_percent: usize,
    /// How long an operation waits for its turn, in milliseconds; then it is answered 503.
    pub queue_milliseconds: usize,
    /// How long an operation may take, in seconds; looked at between statements.
    pub seconds: usize,
    /// Operations under way on one WebSocket; one more is an error.
    pub socket_operations: usize,
    /// Longest message on a WebSocket, in bytes; more closes it.
    pub message_bytes: usize,
    /// How long a WebSocket may take to introduce itself, in seconds.
    pub init_seconds: usize,
    /// How long whoever listens may take nothing in, in seconds.
    pub listener_stall_seconds: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            body_bytes: 256 * 1024,
            request_bytes_at_once: 16 * 1024 * 1024,
            values: 20_000,
            values_at_once: 60_000,
            document_bytes: 32 * 1024,
            tokens: 4_000,
            name_bytes: 255,
            bracket_depth: 64,
            definitions: 20,
            aliases: 30,
            root_fields: 20,
            mutations: 5,
            directives: 50,
            field_directives: 4,
            selections: 10_000,
            introspection_lists: 3,
            introspection_nodes: 10_000,
            depth: 15,
            nodes: 100_000,
            cost: 5_000,
            concurrency: 256,
            account_percent: 50,
            queue_milliseconds: 500,
            seconds: 10,
            socket_operations: 20,
            message_bytes: 64 * 1024,
            init_seconds: 3,
            listener_stall_seconds: 10,
        }
    }
}
