//! Mails that the server wrote as files.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tenure_core::storage::Storage;

/// A folder of `.eml` files.
pub struct Mailbox {
    folder: PathBuf,
    storage: Option<Arc<dyn Storage>>,
}

/// One mail, as far as tests look.
#[derive(Debug, Clone)]
pub struct Message {
    pub to: String,
    pub subject: String,
    pub body: String,
}

impl Message {
    /// Whether it goes to an address, in whatever case.
    pub fn is_to(&self, address: &str) -> bool {
        self.to.to_lowercase().contains(&address.to_lowercase())
    }

    /// The token of the link in it.
    #[track_caller]
    pub fn token(&self) -> String {
        let (_, rest) = self.body.split_once("token=").unwrap_or_else(|| panic!("no link in {}", self.body));
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
    }
}

impl Mailbox {
    /// The folder that the server writes to.
    pub fn at(folder: &Path) -> Mailbox {
        Mailbox { folder: folder.to_owned(), storage: None }
    }

    /// Whose outbox is waited for: what was written is to be in the folder before it is looked into.
    pub fn behind(self, storage: Arc<dyn Storage>) -> Mailbox {
        Mailbox { storage: Some(storage), ..self }
    }

    /// Waits until nothing is left in the outbox. Mails are to be there within a second of the answer.
    pub async fn settled(&self) {
        let Some(storage) = &self.storage else { return };
        for _ in 0..400 {
            if storage.mails_next_due().await.expect("the outbox").is_none() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("mails are not sent");
    }

    /// All mails by now, oldest first as far as their names tell.
    pub fn all(&self) -> Vec<Message> {
        let entries = std::fs::read_dir(&self.folder).expect("the folder of the mails");
        let mut files: Vec<_> =
            entries.map(|e| e.expect("an entry").path()).filter(|p| p.extension().is_some_and(|e| e == "eml")).collect();
        files.sort_by_key(|path| (std::fs::metadata(path).and_then(|m| m.modified()).ok(), path.clone()));
        files.iter().map(|path| parse(&std::fs::read_to_string(path).expect("a mail"))).collect()
    }

    /// The latest mail to an address; they are there within a second of the answer.
    pub async fn latest_to(&self, address: &str) -> Message {
        self.settled().await;
        for _ in 0..40 {
            if let Some(message) = self.all().into_iter().rev().find(|m| m.is_to(address)) {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail to {address}; there are {:?}", self.all());
    }

    /// The latest mail to an address with that subject; what is sent behind an answer takes a moment.
    pub async fn await_subject(&self, address: &str, subject: &str) -> Message {
        for _ in 0..200 {
            if let Some(message) = self.all().into_iter().rev().find(|m| m.is_to(address) && m.subject == subject) {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail to {address} about {subject}; there are {:?}", self.all());
    }

    /// The latest mail to an address, when there is one: for servers whose outbox nobody here sees.
    pub async fn await_mail_to(&self, address: &str) -> Message {
        self.await_mail_after(0, address).await
    }

    /// The same, of those after the first few.
    pub async fn await_mail_after(&self, count: usize, address: &str) -> Message {
        for _ in 0..600 {
            // The first mail makes the folder.
            let all = if self.folder.exists() { self.all() } else { Vec::new() };
            if let Some(message) = all.into_iter().skip(count).rev().find(|m| m.is_to(address)) {
                return message;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("no mail to {address}");
    }

    /// How many mails went to an address by now.
    pub fn count_to(&self, address: &str) -> usize {
        // Not async, as it stands in the middle of comparisons.
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(self.settled()));
        self.all().iter().filter(|m| m.is_to(address)).count()
    }
}

/// Reads a message; the encoding of its parts is undone.
pub fn parse(text: &str) -> Message {
    let text = text.replace("\r\n", "\n");
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    // A line that begins with a blank goes on from the one before.
    let head = head.replace("\n ", " ").replace("\n\t", " ");
    let header = |name: &str| {
        head.lines().filter_map(|l| l.split_once(':')).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    };
    let encoding = header("Content-Transfer-Encoding").unwrap_or_default();
    // The parts of a message say so themselves, all alike.
    let is_quoted = |encoding: &str| encoding.trim().eq_ignore_ascii_case("quoted-printable");
    let in_parts = body.lines().filter_map(|l| l.strip_prefix("Content-Transfer-Encoding:")).any(is_quoted);
    let body = if is_quoted(&encoding) || in_parts { quoted_printable(body) } else { body.to_owned() };
    Message { to: header("To").unwrap_or_default(), subject: header("Subject").unwrap_or_default(), body }
}

fn quoted_printable(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'=', [b'\n', after @ ..]) => rest = after,
            (b'=', [high, low, after @ ..]) => {
                match std::str::from_utf8(&[*high, *low]).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
                    Some(byte) => {
                        bytes.push(byte);
                        rest = after;
                    }
                    // The head of a part is not encoded.
                    None => bytes.push(*first),
                }
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn soft_line_breaks_and_escapes_are_read() {
    let message = parse(
        "To: Ann <a@example.com>\r\nSubject: One\r\n two\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhttp://h/?token=3Dab=\r\nc-_ caf=C3=A9\r\n",
    );
    assert_eq!(message.subject, "One two");
    assert_eq!(message.body, "http://h/?token=abc-_ café\n");
    assert_eq!(message.token(), "abc-_");
}
