//! Email addresses. The key that decides whether two addresses are the same is computed here and nowhere else (rule I3).

use std::fmt;

use serde::{Deserialize, Serialize};

/// A well-formed address, as entered (trimmed), with its key.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Email {
    address: String,
    key: String,
}

impl Email {
    /// The longest address taken, in bytes (RFC 5321 §4.5.3.1).
    pub const MAX_LENGTH: usize = 254;
    const MAX_LOCAL: usize = 64;

    /// Reads an address as HTML's `<input type=email>` does, with a domain that may be given in Unicode. None when malformed.
    ///
    /// The key is the local part in lower case and the domain in IDNA-ASCII and lower case.
    pub fn parse(text: &str) -> Option<Email> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        let (local, domain) = text.rsplit_once('@')?;
        if local.is_empty() || local.len() > Self::MAX_LOCAL || !local.bytes().all(is_local_byte) {
            return None;
        }
        if domain.is_empty() || domain.chars().any(|c| crate::text::is_forbidden(c) || c.is_whitespace()) {
            return None;
        }
        let ascii = idna::domain_to_ascii_strict(domain).ok()?;
        if !is_host_name(&ascii) {
            return None;
        }
        let key = format!("{}@{}", local.to_ascii_lowercase(), ascii.to_ascii_lowercase());
        if key.len() > Self::MAX_LENGTH || text.len() > Self::MAX_LENGTH {
            return None;
        }
        Some(Email { address: text.to_owned(), key })
    }

    /// From storage, where both were written by [`Email::parse`].
    pub fn from_stored(address: String, key: String) -> Email {
        Email { address, key }
    }

    /// As entered.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What is compared and what is unique.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Whether both are one address.
    pub fn is_same(&self, other: &Email) -> bool {
        self.key == other.key
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.address)
    }
}

/// `atext` of RFC 5322 and the dot, as HTML allows in any place.
fn is_local_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

fn is_host_name(domain: &str) -> bool {
    domain.len() <= 253
        && domain.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        })
}

/// What an address is used for, as a set: bit 0 LOGIN, 1 CONTACT, 2 PENDING_LOGIN, 3 INVITATION.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EmailRole {
    /// Signing in.
    Login,
    /// Shown to colleagues.
    Contact,
    /// A login change that awaits confirmation.
    PendingLogin,
    /// A pending invitation.
    Invitation,
}

impl EmailRole {
    /// All roles, in the order of the contract.
    pub const ALL: [EmailRole; 4] = [EmailRole::Login, EmailRole::Contact, EmailRole::PendingLogin, EmailRole::Invitation];
}

/// A set of roles of one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmailRoles(i32);

impl EmailRoles {
    /// No role.
    pub const NONE: EmailRoles = EmailRoles(0);

    /// From the stored number.
    pub fn from_bits(bits: i32) -> EmailRoles {
        EmailRoles(bits & 0b1111)
    }

    /// The number to store.
    pub fn bits(self) -> i32 {
        self.0
    }

    /// Whether the role is in it.
    pub fn has(self, role: EmailRole) -> bool {
        self.0 & (1 << role as u8) != 0
    }

    /// With the role.
    pub fn with(self, role: EmailRole) -> EmailRoles {
        EmailRoles(self.0 | (1 << role as u8))
    }

    /// Without the role.
    pub fn without(self, role: EmailRole) -> EmailRoles {
        EmailRoles(self.0 & !(1 << role as u8))
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The roles, in the order of the contract.
    pub fn iter(self) -> impl Iterator<Item = EmailRole> {
        EmailRole::ALL.into_iter().filter(move |r| self.has(*r))
    }
}

impl FromIterator<EmailRole> for EmailRoles {
    fn from_iter<I: IntoIterator<Item = EmailRole>>(iter: I) -> Self {
        iter.into_iter().fold(EmailRoles::NONE, EmailRoles::with)
    }
}

/// An address and who holds it: the row that makes addresses unique. A row without a role does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldAddress {
    /// The address.
    pub email: Email,
    /// Who holds it.
    pub holder: crate::id::UserId,
    /// What for; at least one role.
    pub roles: EmailRoles,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<String> {
        Email::parse(text).map(|e| e.key().to_owned())
    }

    #[test]
    fn i3_one_key_for_all_spellings() {
        assert_eq!(key("  Ann.Lee@Example.COM "), Some("ann.lee@example.com".into()));
        assert_eq!(key("a@BÜCHER.example"), key("A@xn--bcher-kva.example"));
        assert_eq!(key("a@EXAMPLE。com"), Some("a@example.com".into()), "IDNA maps the ideographic full stop");
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for bad in [
            "",
            "a",
            "@b.example",
            "a@",
            "a@b@c.example",
            "a b@c.example",
            "ä@c.example",
            "a@-b.example",
            "a@b..example",
            "a@b_c.example",
            "a\u{202e}@c.example",
            "a@c\u{200b}\u{202e}.example",
            "a@c.example\0",
            "a\n@c.example",
            "a@[127.0.0.1]",
        ] {
            assert_eq!(key(bad), None, "{bad:?}");
        }
        assert_eq!(key(&format!("{}@c.example", "a".repeat(65))), None);
        assert!(key("o'brien+x@localhost").is_some());
    }
}
