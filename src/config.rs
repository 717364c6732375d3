//! Settings: each one a flag and an environment variable, read into one plain struct. A setting that cannot be right stops the start with
//! one line that names it and says what was expected.

mod connections;
mod limits;
mod parse;
mod settings;
mod smtp;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use secrecy::SecretString;
use tenure_core::email::Email;
use url::Url;

pub use connections::{ConnectionLimits, ConnectionSettings};
pub use limits::Limits;
pub use settings::{OnCommandLine, Purpose, Settings, check_environment};
pub use smtp::{Smtp, SmtpLogin, SmtpTls};

/// How often a server looks for mails that another one, or a command, has written, or whose time has come again.
const MAIL_POLL: Duration = Duration::from_secs(1);

/// How often a server on which somebody listens looks for events that nobody told it of.
const EVENT_POLL: Duration = Duration::from_secs(1);
/// How often whoever listens hears that the server is still there.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A setting that cannot be right.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

/// For whom the server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For real.
    Production,
    /// For who works on or with the API: loopback only; GraphiQL, introspection for everybody, suggestions.
    Development,
}

/// Where mails go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailRoute {
    /// Printed whole, links included.
    Stdout,
    /// One `.eml` file for each.
    Directory(PathBuf),
    /// Handed in to a mail server.
    Smtp(Smtp),
}

/// How the server runs. The default is what `tenure serve` does in the development profile.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database, for the commands; who brings their own storage leaves it alone. May hold a password.
    pub database_url: SecretString,
    /// Where HTTP is served.
    pub listen: SocketAddr,
    /// For whom.
    pub profile: Profile,
    /// Number of seats; None for unlimited.
    pub seat_limit: Option<u32>,
    /// Name shown as `license.plan`.
    pub plan: String,
    /// Where mails go.
    pub mail: MailRoute,
    /// Whom mails come from; None: `no-reply` at the host of `public_url`.
    pub mail_from: Option<Email>,
    /// How often to look for mails that were not written by this server itself; those are sent at once. Not a setting.
    pub mail_poll: Duration,
    /// How often to look for events that nobody told of, while somebody listens. Not a setting.
    pub event_poll: Duration,
    /// How often whoever listens hears that the server is still there. Not a setting.
    pub heartbeat: Duration,
    /// Base of the links in mails, without a slash at the end; None: made from the listen address.
    pub public_url: Option<Url>,
    /// Signing keys; made on first use.
    pub key_file: PathBuf,
    /// Origins that browsers may call from, beside those of `public_url` and the server itself, e.g. `https://app.example.com`.
    pub allowed_origins: Vec<String>,
    /// Networks whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether something in front of the server ends TLS.
    pub behind_proxy: bool,
    /// What a request may ask for.
    pub limits: Limits,
    /// Points of cost that each caller may spend in a minute; None for no limit.
    pub rate_limit: Option<u32>,
    /// What connections may hold on to.
    pub connections: ConnectionLimits,
    /// Where `/metrics` is served; None: nowhere.
    pub metrics_listen: Option<SocketAddr>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            database_url: SecretString::from(settings::DATABASE_URL_DEFAULT),
            listen: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 8080),
            profile: Profile::Development,
            seat_limit: None,
            plan: settings::PLAN_DEFAULT.to_owned(),
            mail: MailRoute::Stdout,
            mail_from: None,
            mail_poll: MAIL_POLL,
            event_poll: EVENT_POLL,
            heartbeat: HEARTBEAT,
            public_url: None,
            key_file: PathBuf::from(settings::KEY_FILE_DEFAULT),
            allowed_origins: Vec::new(),
            trusted_proxies: Vec::new(),
            behind_proxy: false,
            limits: Limits::default(),
            rate_limit: Some(settings::RATE_LIMIT_DEFAULT),
            connections: ConnectionLimits::default(),
            metrics_listen: None,
        }
    }
}

impl Config {
    /// Whether GraphiQL is served, and the schema shown to everybody.
    pub fn is_development(&self) -> bool {
        self.profile == Profile::Development
    }

    /// Base of the links in mails, without a slash at the end.
    pub fn public_base(&self) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => self.own_origin(),
        }
    }

    /// The origin that browsers on this machine reach the server by.
    pub fn own_origin(&self) -> String {
        let address = match self.listen.ip() {
            ip if !ip.is_unspecified() => self.listen,
            IpAddr::V4(_) => SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), self.listen.port()),
            IpAddr::V6(_) => SocketAddr::new(std::net::Ipv6Addr::LOCALHOST.into(), self.listen.port()),
        };
        format!("http://{address}")
    }
}
