//! Mails: what is written, how it is sent, and who sees to it.

mod letter;
mod postbox;
mod smtp;
#[cfg(test)]
mod tests;
mod worker;

use std::path::PathBuf;

use tenure_core::engine::Undelivered;
use tenure_core::secret::LinkKey;
use tenure_core::storage::NewMail;

use crate::config::{Config, MailRoute};
use letter::{Bytes, Letter, Sender};
use smtp::Relay;

pub use smtp::SmtpFault;
pub use worker::{Bell, Worker};

/// A mail could not be sent. Says nothing of what was in it, nor whom it was for.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The directory for mails cannot be used.
    #[error("mail directory {path}: {source}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The message could not be put together.
    #[error("mail cannot be written: {0}")]
    Letter(String),
    /// The message could not be handed over.
    #[error("mail cannot be sent: {0}")]
    Send(#[from] std::io::Error),
    /// The mail server did not take it.
    #[error("mail cannot be sent: {0}")]
    Smtp(#[from] SmtpFault),
}

impl MailError {
    /// Whether another attempt may help.
    pub fn outlook(&self) -> Undelivered {
        match self {
            MailError::Directory { .. } | MailError::Send(_) => Undelivered::ForNow,
            MailError::Letter(_) => Undelivered::ForGood,
            MailError::Smtp(fault) if fault.is_final() => Undelivered::ForGood,
            MailError::Smtp(_) => Undelivered::ForNow,
        }
    }
}

enum Route {
    Stdout,
    Directory(PathBuf),
    Smtp(Relay),
}

/// Writes mails and sends them where the configuration says.
pub struct Mailer {
    route: Route,
    sender: Sender,
    base: String,
    links: LinkKey,
}

impl Mailer {
    /// Ready to send; makes the directory if mails go into one. Nothing is connected to yet.
    pub fn open(config: &Config, links: LinkKey) -> Result<Mailer, MailError> {
        let base = config.public_base();
        let sender = Sender::new(config.mail_from.as_ref(), &base).map_err(MailError::Letter)?;
        let route = match &config.mail {
            MailRoute::Stdout => Route::Stdout,
            MailRoute::Directory(path) => {
                std::fs::create_dir_all(path).map_err(|source| MailError::Directory { path: path.clone(), source })?;
                Route::Directory(path.clone())
            }
            MailRoute::Smtp(server) => Route::Smtp(Relay::new(server, &sender.host)?),
        };
        Ok(Mailer { route, sender, base, links })
    }

    /// Sends one mail. The token of its link is computed here: it is in the message, and nowhere else.
    pub async fn send(&self, mail: &NewMail) -> Result<(), MailError> {
        let letter = Letter::write(&mail.mail, &self.base, &self.links);
        let message = |letter: Letter, bytes| letter.message(mail.id, mail.written_at, &self.sender, bytes).map_err(MailError::Letter);
        match &self.route {
            Route::Stdout => postbox::print(&letter),
            Route::Directory(path) => {
                let (path, id, bytes) = (path.clone(), mail.id, message(letter, Bytes::Eight)?.formatted());
                tokio::task::spawn_blocking(move || postbox::put(&path, id, &bytes)).await.map_err(std::io::Error::other)??;
                Ok(())
            }
            Route::Smtp(relay) => Ok(relay.hand_in(&message(letter, Bytes::Seven)?).await?),
        }
    }
}
