//! The settings as clap sees them: texts, with their documentation and defaults.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Command};
use secrecy::{ExposeSecret, SecretString};

use super::connections::ConnectionSettings;
use super::parse::{self, Expected};
use super::{Config, ConfigError, Limits, MailRoute, Profile, Smtp};

pub(super) const DATABASE_URL_DEFAULT: &str = "sqlite://tenure.db?mode=rwc";
pub(super) const PLAN_DEFAULT: &str = "self-hosted";
/// Points of cost a minute.
pub(super) const RATE_LIMIT_DEFAULT: u32 = 60_000;
pub(super) const KEY_FILE_DEFAULT: &str = "tenure.keys.json";
/// Headings of limits in `--help`.
const REQUEST_LIMITS: &str = "Limits of requests and operations (flag or environment variable)";
const LISTENER_LIMITS: &str = "Limits of WebSockets and streams (flag or environment variable)";
const DEMO_DATABASE_URL: &str = "sqlite://tenure-demo.db?mode=rwc";
const DEMO_KEY_FILE: &str = "tenure-demo.keys.json";

/// What the settings are read for: some are needed for serving only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// `tenure serve`.
    Serve,
    /// `tenure demo`: development, its own database and keys.
    Demo,
    /// A command beside the server.
    Tool,
}

/// Which settings came as a flag, where everybody on the machine can read them.
#[derive(Debug, Clone, Copy, Default)]
pub struct OnCommandLine {
    /// The database URL.
    pub database_url: bool,
    /// The route of mails.
    pub mail: bool,
}

/// Every setting, as given.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Settings (flag or environment variable)")]
pub struct Settings {
    /// The database: sqlite://PATH or postgres://… [default: sqlite://tenure.db?mode=rwc]. A URL with a password is taken from the
    /// environment only.
    #[arg(long, global = true, env = "TENURE_DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub database_url: Option<String>,

    /// Address and port to serve HTTP on [default: 127.0.0.1:8080].
    #[arg(long, global = true, env = "TENURE_LISTEN", hide_env_values = true, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,

    /// production or development [default: production]. development: loopback only; GraphiQL, introspection for everybody, suggestions.
    #[arg(long, global = true, env = "TENURE_PROFILE", hide_env_values = true, value_name = "PROFILE")]
    pub profile: Option<String>,

    /// Number of seats, or unlimited [default: unlimited].
    #[arg(long, global = true, env = "TENURE_SEAT_LIMIT", hide_env_values = true, value_name = "NUMBER")]
    pub seat_limit: Option<String>,

    /// Name shown as license.plan [default: self-hosted].
    #[arg(long, global = true, env = "TENURE_PLAN", hide_env_values = true, value_name = "NAME")]
    pub plan: Option<String>,

    /// Where mails go: file:DIRECTORY writes one .eml for each; `smtp://[USER:PASSWORD@]HOST[:PORT]` hands them in to a mail server, by
    /// STARTTLS (?tls=required, the default; ?tls=opportunistic; ?tls=none, the default on loopback), port 587; smtps://… with TLS from the
    /// first byte, port 465; stdout prints them, links included, and is refused in production [default: stdout in development and demo;
    /// required in production]. A URL with a password is taken from the environment only.
    #[arg(long, global = true, env = "TENURE_MAIL", hide_env_values = true, value_name = "ROUTE")]
    pub mail: Option<String>,

    /// Address that mails come from [default: no-reply at the host of the public URL].
    #[arg(long, global = true, env = "TENURE_MAIL_FROM", hide_env_values = true, value_name = "ADDRESS")]
    pub mail_from: Option<String>,

    /// Base of the links in mails, http:// or https:// [default: from the listen address].
    #[arg(long, global = true, env = "TENURE_PUBLIC_URL", hide_env_values = true, value_name = "URL")]
    pub public_url: Option<String>,

    /// Signing keys, made on first use, mode 0600 [default: beside the SQLite file, e.g. tenure.keys.json; required for PostgreSQL in
    /// production].
    #[arg(long, global = true, env = "TENURE_KEY_FILE", hide_env_values = true, value_name = "PATH")]
    pub key_file: Option<String>,

    /// Origins that browsers may call from, separated by commas [default: that of the public URL and the server's own].
    #[arg(long, global = true, env = "TENURE_ALLOWED_ORIGINS", hide_env_values = true, value_name = "ORIGINS")]
    pub allowed_origins: Option<String>,

    /// Networks (CIDR, separated by commas) whose X-Forwarded-For is believed [default: none]. In production a listen address beyond
    /// loopback needs this or --behind-proxy.
    #[arg(long, global = true, env = "TENURE_TRUSTED_PROXIES", hide_env_values = true, value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,

    /// true when something in front of the server ends TLS, else false [default: false].
    #[arg(long, global = true, env = "TENURE_BEHIND_PROXY", hide_env_values = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub behind_proxy: Option<String>,

    /// Address and port to serve /metrics on (Prometheus), for this machine or a network of your own: loopback or a private address
    /// [default: off].
    #[arg(long, global = true, env = "TENURE_METRICS_LISTEN", hide_env_values = true, value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,

    /// Longest body of a request, in bytes; more is answered 413 [default: 262144].
    #[arg(long, global = true, env = "TENURE_LIMIT_BODY_BYTES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "BYTES")]
    pub limit_body_bytes: Option<String>,

    /// Most bytes that all requests take while they arrive and are read, where head or body is longer than 8 KiB. Never less than one request
    /// may have. Whoever finds no room in time is answered 503 [default: 16777216].
    #[arg(long, global = true, env = "TENURE_LIMIT_REQUEST_BYTES_AT_ONCE", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "BYTES")]
    pub limit_request_bytes_at_once: Option<String>,

    /// Most values in the JSON of a request or a message, whatever they are; more is answered 400. Variables of a subscription, which keeps
    /// them, have 1,000 of these at most [default: 20000].
    #[arg(long, global = true, env = "TENURE_LIMIT_VALUES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_values: Option<String>,

    /// Most values in the JSON of all requests that are worked on at once, where they have more than 64: it bounds what variables take
    /// in memory. Never less than one request may have. Whoever finds no room in time is answered 503 [default: 60000].
    #[arg(long, global = true, env = "TENURE_LIMIT_VALUES_AT_ONCE", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_values_at_once: Option<String>,

    /// Longest GraphQL document, in bytes [default: 32768].
    #[arg(long, global = true, env = "TENURE_LIMIT_DOCUMENT_BYTES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "BYTES")]
    pub limit_document_bytes: Option<String>,

    /// Deepest nesting of fields in an operation [default: 15].
    #[arg(long, global = true, env = "TENURE_LIMIT_DEPTH", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "LEVELS")]
    pub limit_depth: Option<String>,

    /// Highest cost of an operation, in points [default: 5000].
    #[arg(long, global = true, env = "TENURE_LIMIT_COST", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "POINTS")]
    pub limit_cost: Option<String>,

    /// Most tokens in a GraphQL document [default: 4000].
    #[arg(long, global = true, env = "TENURE_LIMIT_TOKENS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_tokens: Option<String>,

    /// Longest name in a GraphQL document, aliases included, in bytes [default: 255].
    #[arg(long, global = true, env = "TENURE_LIMIT_NAME_BYTES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "BYTES")]
    pub limit_name_bytes: Option<String>,

    /// Deepest nesting of brackets in a GraphQL document, and of selections once its fragments are expanded [default: 64].
    #[arg(long, global = true, env = "TENURE_LIMIT_BRACKET_DEPTH", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "LEVELS")]
    pub limit_bracket_depth: Option<String>,

    /// Most operations and fragments in a GraphQL document [default: 20].
    #[arg(long, global = true, env = "TENURE_LIMIT_DEFINITIONS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_definitions: Option<String>,

    /// Most aliases in a GraphQL document [default: 30].
    #[arg(long, global = true, env = "TENURE_LIMIT_ALIASES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_aliases: Option<String>,

    /// Most fields at the root of a query, those of fragments included [default: 20].
    #[arg(long, global = true, env = "TENURE_LIMIT_ROOT_FIELDS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_root_fields: Option<String>,

    /// Most fields at the root of a mutation, those of fragments included; signIn and acceptInvitation may stand there once [default: 5].
    #[arg(long, global = true, env = "TENURE_LIMIT_MUTATIONS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_mutations: Option<String>,

    /// Most directives in a GraphQL document [default: 50].
    #[arg(long, global = true, env = "TENURE_LIMIT_DIRECTIVES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_directives: Option<String>,

    /// Most directives in one place [default: 4].
    #[arg(long, global = true, env = "TENURE_LIMIT_FIELD_DIRECTIVES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_field_directives: Option<String>,

    /// Most selections in a GraphQL document once its fragments are expanded [default: 10000].
    #[arg(long, global = true, env = "TENURE_LIMIT_SELECTIONS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_selections: Option<String>,

    /// Most of fields, inputFields, interfaces and possibleTypes within one another in introspection [default: 3].
    #[arg(long, global = true, env = "TENURE_LIMIT_INTROSPECTION_LISTS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "LEVELS")]
    pub limit_introspection_lists: Option<String>,

    /// Most objects in the answer to a question about the schema [default: 10000].
    #[arg(long, global = true, env = "TENURE_LIMIT_INTROSPECTION_NODES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_introspection_nodes: Option<String>,

    /// Most objects that an operation could return [default: 100000].
    #[arg(long, global = true, env = "TENURE_LIMIT_NODES", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_nodes: Option<String>,

    /// Most operations that run at once; more wait, see --limit-queue-milliseconds [default: 256].
    #[arg(long, global = true, env = "TENURE_LIMIT_CONCURRENCY", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_concurrency: Option<String>,

    /// How much of what runs at once (operations, and reading in the database) one caller may have, in percent: more of it waits for the
    /// caller's own to end, and operations that wait too long are answered 503; callers as for --rate-limit [default: 50].
    #[arg(long, global = true, env = "TENURE_LIMIT_ACCOUNT_PERCENT", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "PERCENT")]
    pub limit_account_percent: Option<String>,

    /// How long an operation waits for its turn when too many run at once; then it is answered 503 [default: 500].
    #[arg(long, global = true, env = "TENURE_LIMIT_QUEUE_MILLISECONDS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "MILLISECONDS")]
    pub limit_queue_milliseconds: Option<String>,

    /// How long an operation may take; then what is left of it is answered TIMEOUT, and changes that are not committed are undone [default: 10].
    #[arg(long, global = true, env = "TENURE_LIMIT_SECONDS", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "SECONDS")]
    pub limit_seconds: Option<String>,

    /// Points of cost that each caller may spend in a minute, or off; a caller is a person, an access token, or an address (IPv6: /64) that is not signed in [default: 60000].
    #[arg(long, global = true, env = "TENURE_RATE_LIMIT", help_heading = REQUEST_LIMITS, hide_env_values = true, value_name = "POINTS")]
    pub rate_limit: Option<String>,

    /// Operations under way on one WebSocket; one more is an error of that operation [default: 20].
    #[arg(long, global = true, env = "TENURE_LIMIT_SOCKET_OPERATIONS", help_heading = LISTENER_LIMITS, hide_env_values = true, value_name = "NUMBER")]
    pub limit_socket_operations: Option<String>,

    /// Longest message on a WebSocket, in bytes; more closes it with 1009 [default: 65536].
    #[arg(long, global = true, env = "TENURE_LIMIT_MESSAGE_BYTES", help_heading = LISTENER_LIMITS, hide_env_values = true, value_name = "BYTES")]
    pub limit_message_bytes: Option<String>,

    /// How long a WebSocket may take to send connection_init, in seconds; then it is closed with 4408 [default: 3].
    #[arg(long, global = true, env = "TENURE_LIMIT_INIT_SECONDS", help_heading = LISTENER_LIMITS, hide_env_values = true, value_name = "SECONDS")]
    pub limit_init_seconds: Option<String>,

    /// How long whoever listens may take nothing in, in seconds; then a WebSocket is closed with 4508, a stream of server-sent events is
    /// broken off, and the client resumes with afterSequence [default: 10].
    #[arg(long, global = true, env = "TENURE_LIMIT_LISTENER_STALL_SECONDS", help_heading = LISTENER_LIMITS, hide_env_values = true, value_name = "SECONDS")]
    pub limit_listener_stall_seconds: Option<String>,

    /// What connections may hold on to.
    #[command(flatten)]
    pub connections: ConnectionSettings,
}

/// Refuses environment variables that look like settings and are none, so that a typing error does not pass unseen.
pub fn check_environment(command: &Command, environment: impl IntoIterator<Item = (OsString, OsString)>) -> Result<(), ConfigError> {
    let mut known: Vec<String> = Vec::new();
    collect_variables(command, &mut known);
    let mut names: Vec<(String, OsString)> = environment
        .into_iter()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
        .filter(|(name, _)| name.starts_with("TENURE_"))
        .collect();
    names.sort();
    for (name, value) in names {
        if !known.contains(&name) {
            return Err(ConfigError(format!("{} is not a setting: expected one of those in `tenure serve --help`", parse::shown(&name))));
        }
        if value.to_str().is_none() {
            return Err(ConfigError(format!("{name} is malformed: expected text in UTF-8")));
        }
    }
    Ok(())
}

fn collect_variables(command: &Command, known: &mut Vec<String>) {
    known.extend(command.get_arguments().filter_map(|a| a.get_env()).map(|name| name.to_string_lossy().into_owned()));
    for sub in command.get_subcommands() {
        collect_variables(sub, known);
    }
}

impl Settings {
    /// Reads the settings.
    pub fn into_config(self, purpose: Purpose, on_command_line: OnCommandLine) -> Result<Config, ConfigError> {
        let is_demo = purpose == Purpose::Demo;
        let profile = match (purpose, optional("PROFILE", self.profile.as_deref(), parse::profile)?) {
            (Purpose::Demo, _) => Profile::Development,
            (_, given) => given.unwrap_or(Profile::Production),
        };
        let database = match optional("DATABASE_URL", self.database_url.as_deref(), parse::database)? {
            Some(database) if on_command_line.database_url && database.has_password => {
                return Err(ConfigError(
                    "TENURE_DATABASE_URL (--database-url): a URL with a password is taken from the environment only, not from a flag"
                        .into(),
                ));
            }
            _ if is_demo => parse::database(DEMO_DATABASE_URL).map_err(|_| ConfigError("no demo database".into()))?,
            Some(database) => database,
            None => parse::database(DATABASE_URL_DEFAULT).map_err(|_| ConfigError("no default database".into()))?,
        };
        let is_real = purpose == Purpose::Serve && profile == Profile::Production;
        if is_real && database.is_open {
            return Err(tried_first("DATABASE_URL"));
        }
        let listen = optional("LISTEN", self.listen.as_deref(), parse::listen)?.unwrap_or(Config::default().listen);
        let trusted_proxies = optional("TRUSTED_PROXIES", self.trusted_proxies.as_deref(), parse::networks)?.unwrap_or_default();
        let behind_proxy = optional("BEHIND_PROXY", self.behind_proxy.as_deref(), parse::truth)?.unwrap_or(false);
        let mail = optional("MAIL", self.mail.as_deref(), parse::mail)?;
        if on_command_line.mail && matches!(&mail, Some(MailRoute::Smtp(smtp)) if smtp.login.is_some()) {
            return Err(ConfigError(
                "TENURE_MAIL (--mail): a URL with a password is taken from the environment only, not from a flag".into(),
            ));
        }
        let is_open = |smtp: &Smtp| {
            let password = smtp.login.as_ref().map(|login| login.password.expose_secret());
            !parse::is_this_machine(&smtp.host) && password.is_some_and(parse::is_tried_first)
        };
        if is_real && matches!(&mail, Some(MailRoute::Smtp(smtp)) if is_open(smtp)) {
            return Err(tried_first("MAIL"));
        }
        let key_file = match (self.key_file, &database.file) {
            (Some(path), _) if path.is_empty() => return Err(malformed("KEY_FILE", "", "the path of a file")),
            (Some(path), _) => PathBuf::from(path),
            (None, _) if is_demo => PathBuf::from(DEMO_KEY_FILE),
            (None, Some(file)) => file.with_extension("keys.json"),
            (None, None) => {
                if purpose == Purpose::Serve && profile == Profile::Production && database.is_postgres {
                    return Err(ConfigError(
                        "TENURE_KEY_FILE is required for PostgreSQL in production: the path of the file for signing keys".into(),
                    ));
                }
                PathBuf::from(KEY_FILE_DEFAULT)
            }
        };
        if purpose != Purpose::Tool {
            check_listen(profile, listen, behind_proxy || !trusted_proxies.is_empty())?;
        }
        let mail = match (mail, profile) {
            (Some(MailRoute::Stdout), Profile::Production) if purpose == Purpose::Serve => {
                return Err(ConfigError(
                    "TENURE_MAIL: stdout is refused in production, as it prints secret links: expected file:DIRECTORY or smtp://HOST"
                        .into(),
                ));
            }
            (None, Profile::Production) if purpose == Purpose::Serve => {
                return Err(ConfigError("TENURE_MAIL is required in production: expected file:DIRECTORY or smtp://HOST".into()));
            }
            (given, _) => given.unwrap_or(MailRoute::Stdout),
        };
        let standard = Limits::default();
        let limit = |name: &str, given: Option<String>, standard: usize| {
            optional(name, given.as_deref(), parse::limit).map(|limit| limit.unwrap_or(standard))
        };
        Ok(Config {
            database_url: SecretString::from(database.url),
            listen,
            profile,
            seat_limit: optional("SEAT_LIMIT", self.seat_limit.as_deref(), parse::seats)?.flatten(),
            plan: optional("PLAN", self.plan.as_deref(), parse::plan)?.unwrap_or_else(|| PLAN_DEFAULT.to_owned()),
            mail,
            mail_from: optional("MAIL_FROM", self.mail_from.as_deref(), parse::mail_from)?,
            mail_poll: Config::default().mail_poll,
            event_poll: Config::default().event_poll,
            heartbeat: Config::default().heartbeat,
            public_url: optional("PUBLIC_URL", self.public_url.as_deref(), parse::public_url)?,
            key_file,
            allowed_origins: optional("ALLOWED_ORIGINS", self.allowed_origins.as_deref(), parse::origins)?.unwrap_or_default(),
            trusted_proxies,
            behind_proxy,
            limits: Limits {
                body_bytes: limit("LIMIT_BODY_BYTES", self.limit_body_bytes, standard.body_bytes)?,
                request_bytes_at_once: limit(
                    "LIMIT_REQUEST_BYTES_AT_ONCE",
                    self.limit_request_bytes_at_once,
                    standard.request_bytes_at_once,
                )?,
                values: limit("LIMIT_VALUES", self.limit_values, standard.values)?,
                values_at_once: limit("LIMIT_VALUES_AT_ONCE", self.limit_values_at_once, standard.values_at_once)?,
                document_bytes: limit("LIMIT_DOCUMENT_BYTES", self.limit_document_bytes, standard.document_bytes)?,
                depth: limit("LIMIT_DEPTH", self.limit_depth, standard.depth)?,
                cost: limit("LIMIT_COST", self.limit_cost, standard.cost)?,
                tokens: limit("LIMIT_TOKENS", self.limit_tokens, standard.tokens)?,
                name_bytes: limit("LIMIT_NAME_BYTES", self.limit_name_bytes, standard.name_bytes)?,
                bracket_depth: limit("LIMIT_BRACKET_DEPTH", self.limit_bracket_depth, standard.bracket_depth)?,
                definitions: limit("LIMIT_DEFINITIONS", self.limit_definitions, standard.definitions)?,
                aliases: limit("LIMIT_ALIASES", self.limit_aliases, standard.aliases)?,
                root_fields: limit("LIMIT_ROOT_FIELDS", self.limit_root_fields, standard.root_fields)?,
                mutations: limit("LIMIT_MUTATIONS", self.limit_mutations, standard.mutations)?,
                directives: limit("LIMIT_DIRECTIVES", self.limit_directives, standard.directives)?,
                field_directives: limit("LIMIT_FIELD_DIRECTIVES", self.limit_field_directives, standard.field_directives)?,
                selections: limit("LIMIT_SELECTIONS", self.limit_selections, standard.selections)?,
                introspection_lists: limit("LIMIT_INTROSPECTION_LISTS", self.limit_introspection_lists, standard.introspection_lists)?,
                introspection_nodes: limit("LIMIT_INTROSPECTION_NODES", self.limit_introspection_nodes, standard.introspection_nodes)?,
                nodes: limit("LIMIT_NODES", self.limit_nodes, standard.nodes)?,
                concurrency: limit("LIMIT_CONCURRENCY", self.limit_concurrency, standard.concurrency)?,
                account_percent: optional("LIMIT_ACCOUNT_PERCENT", self.limit_account_percent.as_deref(), parse::percent)?
                    .unwrap_or(standard.account_percent),
                queue_milliseconds: limit("LIMIT_QUEUE_MILLISECONDS", self.limit_queue_milliseconds, standard.queue_milliseconds)?,
                seconds: limit("LIMIT_SECONDS", self.limit_seconds, standard.seconds)?,
                socket_operations: limit("LIMIT_SOCKET_OPERATIONS", self.limit_socket_operations, standard.socket_operations)?,
                message_bytes: limit("LIMIT_MESSAGE_BYTES", self.limit_message_bytes, standard.message_bytes)?,
                init_seconds: limit("LIMIT_INIT_SECONDS", self.limit_init_seconds, standard.init_seconds)?,
                listener_stall_seconds: limit(
                    "LIMIT_LISTENER_STALL_SECONDS",
                    self.limit_listener_stall_seconds,
                    standard.listener_stall_seconds,
                )?,
            },
            rate_limit: optional("RATE_LIMIT", self.rate_limit.as_deref(), parse::rate)?.unwrap_or(Some(RATE_LIMIT_DEFAULT)),
            connections: self.connections.read()?,
            metrics_listen: optional("METRICS_LISTEN", self.metrics_listen.as_deref(), parse::metrics_listen)?,
        })
    }
}

/// What anybody tries first is no secret.
fn tried_first(name: &str) -> ConfigError {
    ConfigError(format!(
        "TENURE_{name} (--{}): production refuses passwords of examples and short ones for servers on other machines: expected one of 8 \
         characters or more that nobody tries first",
        flag(name)
    ))
}

/// Who listens beyond loopback must have said who ends TLS.
fn check_listen(profile: Profile, listen: SocketAddr, has_proxy: bool) -> Result<(), ConfigError> {
    match profile {
        _ if listen.ip().is_loopback() => Ok(()),
        Profile::Development => Err(ConfigError(format!(
            "TENURE_LISTEN (--listen): development and demo serve loopback only: expected e.g. 127.0.0.1:{}, not {listen}",
            listen.port()
        ))),
        Profile::Production if has_proxy => Ok(()),
        Profile::Production => Err(ConfigError(format!(
            "TENURE_LISTEN (--listen): {listen} is beyond loopback: expected TENURE_TRUSTED_PROXIES or TENURE_BEHIND_PROXY=true beside it"
        ))),
    }
}

pub(super) fn optional<T>(
    name: &str,
    text: Option<&str>,
    read: impl FnOnce(&str) -> Result<T, Expected>,
) -> Result<Option<T>, ConfigError> {
    text.map(|text| {
        read(text).map_err(|expected| match expected {
            Expected::Secret(what) => ConfigError(format!("TENURE_{name} (--{}) is malformed: expected {what}", flag(name))),
            Expected::Public(what) => malformed(name, text, what),
        })
    })
    .transpose()
}

fn malformed(name: &str, text: &str, expected: &str) -> ConfigError {
    ConfigError(format!("TENURE_{name} (--{}): expected {expected}, not {:?}", flag(name), parse::shown(text)))
}

fn flag(name: &str) -> String {
    name.to_ascii_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests;
