//! Typed identifiers: a prefix for people who read logs, `_`, and a UUIDv7 in Crockford base32 (26 lower-case characters).
//!
//! The alphabet ascends like ASCII, so the bytes of the text order like the bytes of the UUID.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::record::RecordKind;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LENGTH: usize = 26;

/// Why a text is not the identifier that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// The prefix names something else, or nothing at all.
    #[error("expected an ID that begins with {expected}")]
    WrongPrefix {
        /// The prefixes that would do, e.g. "`usr_`".
        expected: String,
    },
    /// The prefix fits; what follows is no identifier.
    #[error("not a well-formed ID: after the prefix come 26 characters of Crockford base32 in lower case")]
    Malformed,
}

fn encode(prefix: &str, uuid: Uuid) -> String {
    let mut text = String::with_capacity(prefix.len() + 1 + TEXT_LENGTH);
    text.push_str(prefix);
    text.push('_');
    let value = uuid.as_u128();
    for position in (0..TEXT_LENGTH).rev() {
        let digit = (value >> (position * 5)) & 31;
        text.push(ALPHABET[digit as usize] as char);
    }
    text
}

fn decode(text: &str) -> Result<Uuid, IdError> {
    let bytes = text.as_bytes();
    // 26 digits hold 130 bits: the first one may only carry the upper 3.
    if bytes.len() != TEXT_LENGTH || !(b'0'..=b'7').contains(&bytes[0]) {
        return Err(IdError::Malformed);
    }
    let mut value: u128 = 0;
    for byte in bytes {
        let digit = ALPHABET.iter().position(|a| a == byte).ok_or(IdError::Malformed)?;
        value = (value << 5) | digit as u128;
    }
    Ok(Uuid::from_u128(value))
}

fn split(text: &str) -> Option<(&str, &str)> {
    text.split_once('_')
}

macro_rules! typed_ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
            pub struct $name(pub Uuid);

            impl $name {
                /// The prefix of its text, without the underscore.
                pub const PREFIX: &'static str = $prefix;
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&encode($prefix, self.0))
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&encode($prefix, self.0))
                }
            }

            impl FromStr for $name {
                type Err = IdError;
                fn from_str(text: &str) -> Result<Self, IdError> {
                    match split(text) {
                        Some(($prefix, rest)) => decode(rest).map($name),
                        _ => Err(IdError::WrongPrefix { expected: concat!("`", $prefix, "_`").into() }),
                    }
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
                }
            }
        )*

        /// The identifier of anything that `node` may be asked for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AnyId {
            /// A record of one of the nine kinds.
            Record(RecordId),
            $(
                #[allow(missing_docs)]
                $name($name),
            )*
        }

        impl FromStr for AnyId {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                match split(text) {
                    $(Some(($prefix, rest)) => decode(rest).map(|uuid| AnyId::$name($name(uuid))),)*
                    _ => match text.parse::<RecordId>() {
                        Ok(id) => Ok(AnyId::Record(id)),
                        Err(IdError::Malformed) => Err(IdError::Malformed),
                        Err(IdError::WrongPrefix { .. }) => Err(IdError::WrongPrefix { expected: "a known prefix".into() }),
                    },
                }
            }
        }
    };
}

typed_ids! {
    /// A person, of any status; the System User too.
    UserId "usr";
    /// A department.
    DepartmentId "dep";
    /// A workgroup.
    WorkgroupId "wgr";
    /// A meeting.
    MeetingId "mtg";
    /// A post in a feed.
    FeedPostId "pst";
    /// A message between two people.
    MessageId "msg";
    /// A conversation between two people.
    ConversationId "cnv";
    /// The settings; there is one object.
    SettingsId "set";
    /// A reassignment.
    ReassignmentId "rsg";
    /// An event.
    EventId "evt";
    /// An access token (not its secret).
    AccessTokenId "tok";
    /// A session (not its secret); never shown.
    SessionId "ses";
}

impl UserId {
    /// The System User, which keeps the records of deleted people. The same in every installation.
    pub const SYSTEM: UserId = UserId(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001));
}

impl SettingsId {
    /// The one settings object.
    pub const ONLY: SettingsId = SettingsId(Uuid::from_u128(0x0000_0000_0000_7000_8000_0000_0000_0001));
}

/// The identifier of a record: its kind is part of it, as the prefix of its text is.
///
/// Ordered like the bytes of its text (rule H8): by prefix first, which is how [`RecordKind`] is ordered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId {
    /// What it is.
    pub kind: RecordKind,
    /// Which one.
    pub uuid: Uuid,
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(self.kind.prefix(), self.uuid))
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RecordId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let kind = split(text).and_then(|(prefix, _)| RecordKind::ALL.into_iter().find(|k| k.prefix() == prefix));
        match (kind, split(text)) {
            (Some(kind), Some((_, rest))) => decode(rest).map(|uuid| RecordId { kind, uuid }),
            _ => Err(IdError::WrongPrefix { expected: "the prefix of a record, e.g. `dea_`".into() }),
        }
    }
}

impl Serialize for RecordId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RecordId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_uuid_order_alike() {
        let mut ids: Vec<RecordId> = (0..200u128)
            .map(|n| RecordId {
                kind: RecordKind::ALL[(n % 9) as usize],
                uuid: Uuid::from_u128(n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_0C2B_5A4D_1E35)),
            })
            .collect();
        ids.sort();
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        let mut sorted = texts.clone();
        sorted.sort();
        assert_eq!(texts, sorted, "H8: ascending by the bytes of the text");
        for (id, text) in ids.iter().zip(&texts) {
            assert_eq!(text.parse::<RecordId>().as_ref(), Ok(id));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let good = UserId::SYSTEM.to_string();
        assert_eq!(good.parse::<UserId>(), Ok(UserId::SYSTEM));
        assert!(matches!(good.parse::<DepartmentId>(), Err(IdError::WrongPrefix { .. })));
        for bad in
            ["usr_", "usr_1", &good.to_uppercase(), &format!("{good}0"), "usr_80000000000000000000000000", "usr_0000000000000000000000000u"]
        {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
        assert!(matches!("xyz_00000000000000000000000001".parse::<AnyId>(), Err(IdError::WrongPrefix { .. })));
    }
}
