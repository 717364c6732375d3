//! Handing messages in to a mail server.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::config::{Smtp, SmtpTls};

/// How long connecting may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(10);
/// How long handing one message in may take, connecting included. A batch for one recipient must be done while its claim lasts.
const SEND_PATIENCE: Duration = Duration::from_secs(60);
/// How long a connection from before may take to show that it still works.
const NOOP_PATIENCE: Duration = Duration::from_secs(2);
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

/// Before any mail was handed in: whatever it was, it says nothing about the mail.
fn at_the_door(error: Error) -> SmtpFault {
    match error.status() {
        Some(code) => SmtpFault::Terms(format!("it does not let this server in, and answers {code}")),
        None => error.into(),
    }
}

/// A mail server, with connections that are used again: those alone on which everything was answered. One that is given up in the middle
/// of a message must never carry another: its answers would be taken for those to the next message.
pub(super) struct Relay {
    server: Smtp,
    hello: ClientId,
    parameters: Option<TlsParameters>,
    idle: Arc<Mutex<Vec<Idle>>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

impl Relay {
    /// Does not connect yet. `own_host`: how this server introduces itself.
    pub(super) fn new(server: &Smtp, own_host: &str) -> Result<Relay, SmtpFault> {
        let parameters = match server.tls {
            SmtpTls::None => None,
            SmtpTls::Implicit | SmtpTls::Required | SmtpTls::Opportunistic => Some(TlsParameters::new(server.host.clone())?),
        };
        Ok(Relay { server: server.clone(), hello: ClientId::Domain(own_host.to_owned()), parameters, idle: Arc::default() })
    }

    /// Hands one message in: taken as a whole, or not at all.
    pub(super) async fn hand_in(&self, message: &Message) -> Result<(), SmtpFault> {
        let handed_in = async {
            let mut connection = match self.idle_connection().await {
                Some(connection) => connection,
                None => self.connect().await.map_err(at_the_door)?,
            };
            connection.send(message.envelope(), &message.formatted()).await?;
            Ok::<_, SmtpFault>(connection)
        };
        let connection = tokio::time::timeout(SEND_PATIENCE, handed_in).await.map_err(|_| SmtpFault::Silent)??;
        self.keep(connection);
        Ok(())
    }

    /// A connection from before that still works.
    async fn idle_connection(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let mut connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?.connection;
            if tokio::time::timeout(NOOP_PATIENCE, connection.test_connected()).await == Ok(true) {
                return Some(connection);
            }
        }
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let Smtp { host, port, tls, login } = &self.server;
        let implicit = self.parameters.clone().filter(|_| *tls == SmtpTls::Implicit);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1((host.as_str(), *port), Some(CONNECT_PATIENCE), &self.hello, implicit, None).await?;
        if let Some(parameters) = &self.parameters
            && (*tls == SmtpTls::Required || (*tls == SmtpTls::Opportunistic && connection.can_starttls()))
        {
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(login) = login {
            let credentials = Credentials::new(login.user.clone(), login.password.expose_secret().to_owned());
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    /// Keeps a connection for a while.
    fn keep(&self, connection: AsyncSmtpConnection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(Idle { connection, since: Instant::now() });
        let idle = Arc::downgrade(&self.idle);
        tokio::spawn(async move {
            tokio::time::sleep(IDLE).await;
            if let Some(idle) = idle.upgrade() {
                idle.lock().unwrap_or_else(PoisonError::into_inner).retain(|kept| kept.since.elapsed() < IDLE);
            }
        });
    }
}
