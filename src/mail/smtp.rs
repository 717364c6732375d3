//! Handing messages in to a mail server.

use std::time::Duration;

use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{Error, PoolConfig};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use secrecy::ExposeSecret;

use super::worker::BATCH;
use crate::config::{Smtp, SmtpTls};

/// How long connecting may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long handing one message in may take, connecting included. A batch for one recipient must be done while its claim lasts.
const SEND_PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection is kept without use.
const IDLE: Duration = Duration::from_secs(30);
/// Answers that are about how this server signs in, not about a message: 530, 534, 535, 538.
const ABOUT_US: [u16; 4] = [530, 534, 535, 538];

/// Why a mail server did not take a message. Answers of servers repeat addresses, so only their number is told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SmtpFault {
    /// It answered with that number.
    #[error("the mail server answered {0}")]
    Answered(u16),
    /// It did not answer in time.
    #[error("the mail server does not answer in time")]
    Silent,
    /// It cannot be reached, or the connection broke off.
    #[error("no connection to the mail server: {0}")]
    Connection(String),
    /// No encrypted connection, or nothing to sign in with.
    #[error("the mail server: {0}")]
    Terms(String),
}

impl SmtpFault {
    /// Whether another attempt would end alike: the message or its recipient was refused for good.
    pub fn is_final(&self) -> bool {
        matches!(self, SmtpFault::Answered(code) if *code >= 500 && !ABOUT_US.contains(code))
    }
}

impl From<Error> for SmtpFault {
    fn from(error: Error) -> SmtpFault {
        let cause = || std::error::Error::source(&error).map_or_else(|| "unknown".to_owned(), ToString::to_string);
        match error.status() {
            Some(code) => SmtpFault::Answered(code.into()),
            None if error.is_timeout() => SmtpFault::Silent,
            // What was read may repeat an address.
            None if error.is_response() => SmtpFault::Connection("it broke off, or what answers is no mail server".into()),
            None if error.is_client() || error.is_tls() => SmtpFault::Terms(cause()),
            None => SmtpFault::Connection(cause()),
        }
    }
}

/// A mail server, with connections that are used again.
pub(super) struct Relay {
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Relay {
    /// Does not connect yet. `own_host`: how this server introduces itself.
    pub(super) fn new(server: &Smtp, own_host: &str) -> Result<Relay, SmtpFault> {
        let parameters = || TlsParameters::new(server.host.clone());
        let tls = match server.tls {
            SmtpTls::Implicit => Tls::Wrapper(parameters()?),
            SmtpTls::Required => Tls::Required(parameters()?),
            SmtpTls::Opportunistic => Tls::Opportunistic(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(server.host.clone())
            .port(server.port)
            .tls(tls)
            .timeout(Some(CONNECT_PATIENCE))
            .hello_name(ClientId::Domain(own_host.to_owned()))
            .pool_config(PoolConfig::new().max_size(BATCH).idle_timeout(IDLE));
        if let Some(login) = &server.login {
            builder = builder.credentials(Credentials::new(login.user.clone(), login.password.expose_secret().to_owned()));
        }
        Ok(Relay { transport: builder.build() })
    }

    /// Hands one message in: taken as a whole, or not at all.
    pub(super) async fn hand_in(&self, message: Message) -> Result<(), SmtpFault> {
        match tokio::time::timeout(SEND_PATIENCE, self.transport.send(message)).await {
            Ok(answer) => Ok(answer.map(drop)?),
            Err(_) => Err(SmtpFault::Silent),
        }
    }
}
