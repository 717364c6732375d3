//! Mails: what is written, and how it is sent.

mod letter;
mod postbox;

use std::sync::Arc;

use async_trait::async_trait;
use tenure_core::clock::Clock;
use tenure_core::mail::{Mail, Postman};
use tenure_core::secret::LinkKey;

use crate::config::{Config, MailRoute};
use letter::Letter;

/// A mail could not be sent. Says nothing of what was in it.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The directory for mails cannot be used.
    #[error("mail directory {path}: {source}")]
    Directory {
        /// The directory.
        path: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The message could not be put together.
    #[error("mail cannot be written: {0}")]
    Letter(String),
    /// The message could not be handed over.
    #[error("mail cannot be sent: {0}")]
    Send(#[from] std::io::Error),
}

/// Writes mails and sends them where the configuration says.
pub struct Mailer {
    route: MailRoute,
    base: String,
    links: LinkKey,
    clock: Arc<dyn Clock>,
}

impl Mailer {
    /// Ready to send; makes the directory if mails go into one.
    pub fn open(config: &Config, links: LinkKey, clock: Arc<dyn Clock>) -> Result<Mailer, MailError> {
        if let MailRoute::Directory(path) = &config.mail {
            std::fs::create_dir_all(path).map_err(|source| MailError::Directory { path: path.clone(), source })?;
        }
        Ok(Mailer { route: config.mail.clone(), base: config.public_base(), links, clock })
    }

    async fn send_one(&self, mail: &Mail) -> Result<(), MailError> {
        let id = self.clock.new_uuid();
        let letter = Letter::write(mail, &self.base, &self.links);
        match &self.route {
            MailRoute::Stdout => postbox::print(&letter),
            MailRoute::Directory(path) => {
                let message = letter.message(id, self.clock.now(), &self.base).map_err(MailError::Letter)?;
                let (path, bytes) = (path.clone(), message.formatted());
                tokio::task::spawn_blocking(move || postbox::put(&path, id, &bytes)).await.map_err(std::io::Error::other)??;
                Ok(())
            }
        }
    }
}

#[async_trait]
impl Postman for Mailer {
    async fn send(&self, mails: Vec<Mail>) {
        for mail in &mails {
            // What is in the mail stays out of the log: the link is a secret.
            if let Err(error) = self.send_one(mail).await {
                tracing::error!(%error, mail.kind = mail.kind(), "a mail was not sent");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_core::clock::FixedClock;
    use tenure_core::email::Email;
    use tenure_core::id::UserId;
    use tenure_core::mail::ChangedBy;
    use tenure_core::secret::{Link, LinkPurpose};
    use tenure_core::time::Timestamp;

    const NOW: Timestamp = Timestamp(1_800_000_000 * Timestamp::SECOND);

    async fn sent(mails: Vec<Mail>) -> Vec<String> {
        let folder = tempfile::tempdir().expect("folder");
        let config = Config { mail: MailRoute::Directory(folder.path().join("mails")), ..Config::default() };
        let mailer = Mailer::open(&config, LinkKey::new([7; 32]), Arc::new(FixedClock::new(NOW))).expect("opens");
        mailer.send(mails).await;
        let mut files: Vec<_> = std::fs::read_dir(folder.path().join("mails")).expect("list").map(|e| e.expect("entry").path()).collect();
        files.sort();
        assert!(files.iter().all(|f| f.extension().is_some_and(|e| e == "eml")), "{files:?}");
        files.iter().map(|f| std::fs::read_to_string(f).expect("text")).collect()
    }

    fn email(text: &str) -> Email {
        Email::parse(text).expect("address")
    }

    #[tokio::test]
    async fn an_invitation_carries_its_link_in_plain_sight() {
        let link = Link { purpose: LinkPurpose::Invitation, user: UserId::SYSTEM, attempt: uuid::Uuid::from_u128(5) };
        let mail = Mail::Invitation {
            to: email("élodie@example.com".trim_start_matches('é')),
            name: "Élodie <b>Ström</b>".into(),
            inviter: "Ann Lee".into(),
            link,
            expires_at: NOW.plus_seconds(7 * 86_400),
        };
        let texts = sent(vec![mail]).await;
        let text = &texts[0];
        let url = format!("http://127.0.0.1:8080/accept-invitation?token={}", LinkKey::new([7; 32]).token(&link));
        assert_eq!(text.matches(&url).count(), 3, "{text}");
        assert!(text.contains("Ann Lee") && text.contains("2027-01-22"), "{text}");
        assert!(text.contains("&lt;b&gt;Ström&lt;/b&gt;") && text.contains("To: =?utf-8?"), "{text}");
    }

    #[tokio::test]
    async fn names_add_no_headers() {
        let mail = |name: &str| Mail::LoginEmailChanged {
            to: email("o'neil+x@bücher.example"),
            name: name.into(),
            login: email("new@x.example"),
            by: ChangedBy::SomebodyElse,
        };
        let texts = sent(vec![mail("Eve\r\nBcc: all@x.example\r\n\r\nHello"), mail("\"Eve\" <eve@x.example>, Bob"), mail("")]).await;
        assert_eq!(texts.len(), 3);
        for text in texts {
            let (head, _) = text.split_once("\r\n\r\n").expect("a head");
            assert!(!head.lines().any(|l| l.starts_with("Bcc")), "{head}");
            assert!(head.contains("<o'neil+x@xn--bcher-kva.example>") || head.contains("To: o'neil+x@xn--bcher-kva.example"), "{head}");
            assert_eq!(head.matches("\r\nTo: ").count(), 1);
        }
    }
}
