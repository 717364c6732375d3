//! Secrets that are made here and given away once: refresh tokens, and access tokens with a prefix and a checksum for secret scanners (S4).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenure_core::credential::SecretHash;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// What access tokens begin with.
pub const ACCESS_TOKEN_PREFIX: &str = "tenure_pat_";
/// What refresh tokens begin with.
const REFRESH_TOKEN_PREFIX: &str = "tnr_";
/// 62^43 > 2^256.
const RANDOM_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;
/// How much of an access token is shown later.
const SHOWN: usize = 16;

/// The machine gives no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("no random bytes: {0}")]
pub struct RandomError(#[from] getrandom::Error);

/// A new access token.
pub struct NewAccessToken {
    /// The secret: shown once.
    pub secret: String,
    /// Its first characters: shown later.
    pub prefix: String,
    /// Its hash: stored.
    pub hash: SecretHash,
}

impl std::fmt::Debug for NewAccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccessToken").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl NewAccessToken {
    /// A token of at least 256 random bits.
    pub fn random() -> Result<NewAccessToken, RandomError> {
        let mut secret = String::from(ACCESS_TOKEN_PREFIX);
        let mut bytes = [0u8; 64];
        while secret.len() < ACCESS_TOKEN_PREFIX.len() + RANDOM_DIGITS {
            getrandom::fill(&mut bytes)?;
            // 248 = 4 · 62: dropping the rest keeps all digits equally likely.
            for byte in bytes.iter().filter(|b| **b < 248) {
                if secret.len() < ACCESS_TOKEN_PREFIX.len() + RANDOM_DIGITS {
                    secret.push(DIGITS[usize::from(byte % 62)] as char);
                }
            }
        }
        secret.push_str(&checksum(&secret));
        Ok(NewAccessToken { prefix: secret[..SHOWN].to_owned(), hash: SecretHash::of(&secret), secret })
    }
}

/// Whether a text can be an access token at all: looked at before the database is asked.
pub fn is_access_token(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(ACCESS_TOKEN_PREFIX) else { return false };
    if rest.len() != RANDOM_DIGITS + CHECKSUM_DIGITS || !rest.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let (body, sum) = text.split_at(text.len() - CHECKSUM_DIGITS);
    checksum(body) == sum
}

/// CRC-32 of what stands before it, in six digits.
fn checksum(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM_DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|d| *d as char).collect()
}

/// A new refresh token of 256 random bits: the secret, shown once, and its hash, stored.
pub fn new_refresh_token() -> Result<(String, SecretHash), RandomError> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes)?;
    let secret = format!("{REFRESH_TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes));
    let hash = SecretHash::of(&secret);
    Ok((secret, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_an_access_token_carries_prefix_and_checksum() {
        let token = NewAccessToken::random().expect("random");
        assert!(token.secret.starts_with("tenure_pat_") && token.secret.len() == 60, "{}", token.secret.len());
        assert_eq!(token.prefix, token.secret[..16]);
        assert_eq!(token.hash, SecretHash::of(&token.secret));
        assert!(is_access_token(&token.secret));
        assert_ne!(token.secret, NewAccessToken::random().expect("random").secret);
        assert!(!format!("{token:?}").contains(&token.secret));
    }

    #[test]
    fn s4_a_mistyped_access_token_is_refused_before_any_lookup() {
        let secret = NewAccessToken::random().expect("random").secret;
        for position in ACCESS_TOKEN_PREFIX.len()..secret.len() {
            let mut bytes = secret.clone().into_bytes();
            bytes[position] = if bytes[position] == b'a' { b'b' } else { b'a' };
            assert!(!is_access_token(&String::from_utf8(bytes).expect("ascii")), "{position}");
        }
        for other in ["", "tenure_pat_", &secret[1..], &secret[..59], &format!("{secret}0"), "tenure_pat_ééé"] {
            assert!(!is_access_token(other), "{other}");
        }
    }

    #[test]
    fn refresh_tokens_hold_256_bits() {
        let (secret, hash) = new_refresh_token().expect("random");
        assert_eq!(secret.len(), 4 + 43);
        assert_eq!(hash, SecretHash::of(&secret));
    }
}
