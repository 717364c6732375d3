//! The texts of mails, and the messages made of them.

use std::time::{Duration, UNIX_EPOCH};

use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, MultiPart, SinglePart};
use lettre::{Address, Message};
use tenure_core::email::Email;
use tenure_core::mail::{ChangedBy, Mail};
use tenure_core::record::{RecordCount, RecordKind};
use tenure_core::secret::{Link, LinkKey};
use tenure_core::time::Timestamp;
use url::{Host, Url};
use uuid::Uuid;

/// Longest line of a message, in bytes (RFC 5322 §2.1.1).
const LINE_MAX: usize = 998;

/// What bytes a message may be made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bytes {
    /// ASCII: every mail server takes it.
    Seven,
    /// UTF-8 as it is, so that texts and links in files can be read.
    Eight,
}

/// Whom messages come from.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    address: Address,
    /// The name of this server, as far as mail servers are concerned.
    pub(super) host: String,
}

impl Sender {
    /// That address, or `no-reply` at the host of the links.
    pub(super) fn new(from: Option<&Email>, base: &str) -> Result<Sender, String> {
        let host = match Url::parse(base).ok().as_ref().and_then(Url::host) {
            Some(Host::Domain(domain)) if !domain.is_empty() => domain.to_owned(),
            _ => "localhost".to_owned(),
        };
        // The key has the domain as mail servers know it.
        let (local, domain) = match from {
            None => ("no-reply", host.as_str()),
            Some(from) => {
                let (_, domain) = from.key().rsplit_once('@').ok_or("no address")?;
                (from.address().rsplit_once('@').ok_or("no address")?.0, domain)
            }
        };
        Ok(Sender { address: mailbox(local, domain)?, host })
    }
}

/// A mail as text.
pub(super) struct Letter {
    to: Email,
    name: String,
    pub subject: String,
    pub plain: String,
    pub html: String,
}

impl Letter {
    /// Writes the text for a mail; `base`: of links, without a slash at the end; `links`: what their tokens are computed with.
    pub(super) fn write(mail: &Mail, base: &str, links: &LinkKey) -> Letter {
        let link_to = |page: &str, link: &Link| Part::Link(format!("{base}/{page}?token={}", links.token(link)));
        let surprised = || Part::Text("If this surprises you, talk to whoever administers tenure in your company.".to_owned());
        match mail {
            Mail::Invitation { to, name, inviter, link, expires_at } => {
                let until = until(*expires_at);
                let paragraphs = [
                    Part::Text(format!("{inviter} invites you to tenure. Accept the invitation and choose a password here:")),
                    link_to("accept-invitation", link),
                    Part::Text(format!("The link works once, until {until}. If you did not expect it, ignore this mail: nothing happens.")),
                ];
                Letter::new(to, name, &format!("{inviter} invites you"), &paragraphs)
            }
            Mail::LoginEmailConfirmation { to, name, link, expires_at } => {
                let until = until(*expires_at);
                let paragraphs = [
                    Part::Text("You asked to sign in to tenure with this address from now on. Confirm it here:".to_owned()),
                    link_to("confirm-email", link),
                    Part::Text(format!("The link works once, until {until}. Until you confirm it, your former address stays your login.")),
                    Part::Text("If you did not ask for it, ignore this mail: nothing happens.".to_owned()),
                ];
                Letter::new(to, name, "Confirm the address you sign in with", &paragraphs)
            }
            Mail::LoginEmailRequested { to, name, login } => {
                let what = format!(
                    "Somebody who knows your password asked to sign in as you with {} from now on. Until that address is confirmed, \
                     nothing changes.",
                    login.address()
                );
                let advice = "If it was not you, change your password now.".to_owned();
                Letter::new(to, name, "A new address to sign in with was requested", &[Part::Text(what), Part::Text(advice), surprised()])
            }
            Mail::LoginEmailChanged { to, name, login, by } => {
                let what = match by {
                    ChangedBy::SomebodyElse => {
                        format!(
                            "Somebody who manages addresses in your company changed the one you sign in with. From now on it is {}.",
                            login.address()
                        )
                    }
                    ChangedBy::Themself => {
                        format!("You confirmed a new address to sign in with. From now on it is {}.", login.address())
                    }
                };
                let ended = match by {
                    ChangedBy::SomebodyElse => "All your sessions have ended.",
                    ChangedBy::Themself => "Your other sessions have ended.",
                };
                let paragraphs = [Part::Text(what), Part::Text(ended.to_owned()), surprised()];
                Letter::new(to, name, "The address you sign in with has changed", &paragraphs)
            }
            Mail::PasswordReset { to, name, link, expires_at } => {
                let until = until(*expires_at);
                let paragraphs = [
                    Part::Text("Somebody asked for a new password for your account in tenure. Choose one here:".to_owned()),
                    link_to("reset-password", link),
                    Part::Text(format!(
                        "The link works once, until {until}. If you did not ask for it, ignore this mail: nothing happens."
                    )),
                ];
                Letter::new(to, name, "Choose a new password", &paragraphs)
            }
            Mail::HandoverReceived { to, successor: _, name, by, reassignment, counts } => {
                let total: u64 = counts.iter().map(|c| u64::from(c.open) + u64::from(c.closed)).sum();
                let list: Vec<String> = counts.iter().map(count_line).collect();
                let paragraphs = [
                    Part::Text(format!("{by} handed {total} {} over to you: {}.", noun(total, "record"), list.join(", "))),
                    Part::Text("You answer for them from now on. What was moved, and from whom, is here:".to_owned()),
                    Part::Link(format!("{base}/reassignments/{reassignment}")),
                ];
                Letter::new(to, name, &format!("{total} {} handed over to you", noun(total, "record")), &paragraphs)
            }
        }
    }

    fn new(to: &Email, name: &str, subject: &str, parts: &[Part]) -> Letter {
        let name = one_line(name);
        let mut plain = format!("Hello {name},\n\n");
        let mut html = format!("<!doctype html><html><head><meta charset=\"utf-8\"></head><body><p>Hello {},</p>\n", escaped(&name));
        for part in parts {
            match part {
                Part::Text(text) => {
                    let text = one_line(text);
                    plain.push_str(&format!("{text}\n\n"));
                    html.push_str(&format!("<p>{}</p>\n", escaped(&text)));
                }
                Part::Link(link) => {
                    plain.push_str(&format!("{link}\n\n"));
                    html.push_str(&format!("<p><a href=\"{0}\">{0}</a></p>\n", escaped(link)));
                }
            }
        }
        html.push_str("</body></html>\n");
        Letter { to: to.clone(), name, subject: one_line(subject), plain, html }
    }

    /// Name and address of the recipient, for people.
    pub(super) fn to_line(&self) -> String {
        format!("{} <{}>", self.name, self.to.address())
    }

    /// The message. Names and addresses pass through the types of the mail library, which let none of them add headers or recipients.
    /// The identifier stays the same however often the message is made.
    pub(super) fn message(self, id: Uuid, written_at: Timestamp, sender: &Sender, bytes: Bytes) -> Result<Message, String> {
        // The domain as mail servers know it.
        let (local, _) = self.to.address().rsplit_once('@').ok_or("no address")?;
        let (_, domain) = self.to.key().rsplit_once('@').ok_or("no address")?;
        let to = mailbox(local, domain)?;
        let name = (!self.name.is_empty()).then_some(self.name);
        let date = UNIX_EPOCH + Duration::from_micros(u64::try_from(written_at.0).unwrap_or_default());
        let part = |kind: ContentType, text: String| -> Result<SinglePart, String> {
            if bytes == Bytes::Seven {
                let body = Body::new_with_encoding(text, ContentTransferEncoding::QuotedPrintable).map_err(|_| "no quoted-printable")?;
                return Ok(SinglePart::builder().header(kind).body(body));
            }
            if text.lines().any(|line| line.len() > LINE_MAX) {
                return Err("a line is too long".to_owned());
            }
            let body = Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), ContentTransferEncoding::EightBit);
            Ok(SinglePart::builder().header(kind).body(body))
        };
        let body = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, self.plain)?)
            .singlepart(part(ContentType::TEXT_HTML, self.html)?);
        // Named here, since the library does not find a quoted address in the header again.
        let envelope = Envelope::new(Some(sender.address.clone()), vec![to.clone()]).map_err(|e| e.to_string())?;
        Message::builder()
            .envelope(envelope)
            .from(Mailbox::new(Some("tenure".into()), sender.address.clone()))
            .to(Mailbox::new(name, to))
            .subject(self.subject)
            .date(date)
            .message_id(Some(format!("<{id}@{}>", sender.host)))
            .multipart(body)
            .map_err(|e| e.to_string())
    }
}

/// The address as mail servers take it. HTML lets dots stand anywhere before the `@`, mail only between other characters unless it is all
/// quoted (RFC 5321 §4.1.2): quoted it is the same address.
fn mailbox(local: &str, domain: &str) -> Result<Address, String> {
    let has_loose_dots = local.split('.').any(str::is_empty);
    let quoted = if has_loose_dots { format!("\"{local}\"") } else { local.to_owned() };
    Address::new(quoted, domain).map_err(|e| e.to_string())
}

/// `3 deals (1 closed)`.
fn count_line(count: &RecordCount) -> String {
    let total = u64::from(count.open) + u64::from(count.closed);
    let singular = match count.kind {
        RecordKind::Activity => "activity",
        RecordKind::Company => "company",
        RecordKind::Contact => "contact",
        RecordKind::Deal => "deal",
        RecordKind::Estimate => "estimate",
        RecordKind::File => "file",
        RecordKind::Invoice => "invoice",
        RecordKind::Lead => "lead",
        RecordKind::Task => "task",
    };
    let closed = if count.closed == 0 { String::new() } else { format!(" ({} closed)", count.closed) };
    format!("{total} {}{closed}", noun(total, singular))
}

fn noun(count: u64, singular: &str) -> String {
    match (count, singular.strip_suffix('y')) {
        (1, _) => singular.to_owned(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) => format!("{singular}s"),
    }
}

enum Part {
    Text(String),
    Link(String),
}

/// Names are checked when they come in; a mail takes no chances.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// `2026-11-22 09:30 UTC`.
fn until(at: Timestamp) -> String {
    let text = at.to_rfc3339();
    match (text.get(..10), text.get(11..16)) {
        (Some(date), Some(time)) => format!("{date} {time} UTC"),
        _ => text,
    }
}
