//! Session tokens: short-lived JWTs that name a session. What they say about rights is nothing: those are read with every request (S5).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};
use tenure_core::credential::Session;
use tenure_core::id::{SessionId, UserId};
use tenure_core::time::Timestamp;

use super::keys::Keys;

/// How long a session token works, in seconds.
pub const LIFETIME_SECONDS: i64 = 600;
/// How far the clocks of two nodes may be apart, in seconds.
pub const LEEWAY_SECONDS: i64 = 5;
/// Longest token that is looked at, in bytes.
const LENGTH_MAX: usize = 8 * 1024;
/// Issuer and audience. The same for all nodes, whatever address they are reached by.
const NAME: &str = "tenure";
/// RFC 9068: keeps other kinds of tokens under the same keys apart.
const TYPE: &str = "at+jwt";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    epoch: i32,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// What a well-signed token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionClaims {
    /// Whose session.
    pub user: UserId,
    /// Which session.
    pub session: SessionId,
    /// The epoch it was signed under.
    pub epoch: i32,
    /// From when on it is refused as expired.
    pub ends_at: Timestamp,
}

/// What became of looking at a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// Well signed and in time.
    Valid(SessionClaims),
    /// Well signed, but its time is over.
    Expired,
    /// Anything else.
    Bad,
}

/// Signs a token for a session; it ends with the session at the latest. None when no key can sign.
pub fn sign(keys: &Keys, session: &Session, now: Timestamp) -> Option<(String, Timestamp)> {
    let key = keys.signing()?;
    let expires = now.plus_seconds(LIFETIME_SECONDS).min(session.expires_at);
    let mut header = Header::new(key.algorithm);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.kid.clone());
    let claims = Claims {
        iss: NAME.to_owned(),
        aud: NAME.to_owned(),
        sub: session.user.to_string(),
        sid: session.id.to_string(),
        epoch: session.epoch,
        iat: now.unix_seconds(),
        nbf: now.unix_seconds(),
        exp: expires.unix_seconds(),
    };
    let token = encode(&header, &claims, &key.encoding).ok()?;
    Some((token, Timestamp(expires.unix_seconds() * Timestamp::SECOND)))
}

/// Looks at a token. The library checks the signature only: it takes malformed claims for absent ones and asks the machine's clock.
pub fn verify(keys: &Keys, token: &str, now: Timestamp) -> Verification {
    let Some(claims) = well_signed(keys, token, now) else { return Verification::Bad };
    let (Ok(user), Ok(session)) = (claims.sub.parse(), claims.sid.parse()) else { return Verification::Bad };
    let seconds = now.unix_seconds();
    if claims.iss != NAME || claims.aud != NAME || claims.nbf > seconds.saturating_add(LEEWAY_SECONDS) {
        return Verification::Bad;
    }
    let ends = claims.exp.saturating_add(LEEWAY_SECONDS);
    if ends <= seconds {
        return Verification::Expired;
    }
    let ends_at = Timestamp(ends.saturating_mul(Timestamp::SECOND));
    Verification::Valid(SessionClaims { user, session, epoch: claims.epoch, ends_at })
}

fn well_signed(keys: &Keys, token: &str, now: Timestamp) -> Option<Claims> {
    if token.len() > LENGTH_MAX {
        return None;
    }
    let header = decode_header(token).ok()?;
    let is_ours = header.typ.as_deref().is_some_and(|t| t.eq_ignore_ascii_case(TYPE));
    if !is_ours || asks_for_more(token)? {
        return None;
    }
    let key = keys.by_id(header.kid.as_deref()?, now)?;
    // One algorithm for each key, whatever the token says.
    let mut validation = Validation::new(key.algorithm);
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    decode::<Claims>(token, &key.decoding, &validation).ok().map(|data| data.claims)
}

/// Whether the header asks for what is not understood here. That it has the name decides, whatever stands behind it: the library takes
/// `null` for nothing. None: it is no header.
fn asks_for_more(token: &str) -> Option<bool> {
    let (header, _) = token.split_once('.')?;
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    Some(["crit", "enc", "zip"].into_iter().any(|name| header.contains_key(name)))
}

/// The name of the key that a token says it was signed with.
pub fn key_id(token: &str) -> Option<String> {
    (token.len() <= LENGTH_MAX).then(|| decode_header(token).ok()?.kid).flatten()
}

/// The public keys as a JSON Web Key Set.
pub fn jwks(keys: &Keys, now: Timestamp) -> serde_json::Value {
    let list: Vec<serde_json::Value> = keys
        .accepted(now)
        .map(|key| {
            let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            match key.algorithm {
                Algorithm::ES256 => {
                    // An uncompressed point: 4, x, y.
                    let (x, y) = key.public.get(1..).unwrap_or_default().split_at_checked(32).unwrap_or_default();
                    serde_json::json!({"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": key.kid, "x": b64(x), "y": b64(y)})
                }
                _ => {
                    serde_json::json!({"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": key.kid, "x": b64(&key.public)})
                }
            }
        })
        .collect();
    serde_json::json!({ "keys": list })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::keys::KeyRing;
    use serde_json::{Value, json};
    use std::sync::Arc;
    use tenure_core::clock::FixedClock;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_800_000_000 * Timestamp::SECOND);

    fn keys() -> (Arc<Keys>, Session) {
        let folder = tempfile::tempdir().expect("folder");
        let ring = KeyRing::open(&folder.path().join("k"), Arc::new(FixedClock::new(NOW))).expect("opens");
        let session = Session {
            id: SessionId(Uuid::from_u128(7)),
            user: UserId(Uuid::from_u128(8)),
            epoch: 3,
            created_at: NOW,
            expires_at: NOW.plus_seconds(86_400),
            ended_at: None,
        };
        (ring.current(), session)
    }

    /// A token with any header and claims, well signed.
    fn forged(keys: &Keys, change_header: impl Fn(&mut Value), change_claims: impl Fn(&mut Value)) -> String {
        let key = keys.signing().expect("a key");
        let mut header = json!({"typ": "at+jwt", "alg": "EdDSA", "kid": key.kid});
        let seconds = NOW.unix_seconds();
        let mut claims = json!({
            "iss": "tenure", "aud": "tenure", "sub": UserId(Uuid::from_u128(8)).to_string(), "sid": SessionId(Uuid::from_u128(7)).to_string(),
            "epoch": 3, "iat": seconds, "nbf": seconds, "exp": seconds + 600,
        });
        change_header(&mut header);
        change_claims(&mut claims);
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = jsonwebtoken::crypto::sign(text.as_bytes(), &key.encoding, key.algorithm).expect("signs");
        format!("{text}.{signature}")
    }

    #[test]
    fn what_was_signed_is_accepted_in_its_time() {
        let (keys, session) = keys();
        let (token, expires) = sign(&keys, &session, NOW).expect("signs");
        assert_eq!(expires, NOW.plus_seconds(600));
        let ends_at = NOW.plus_seconds(605);
        let claims = SessionClaims { user: session.user, session: session.id, epoch: 3, ends_at };
        assert_eq!(verify(&keys, &token, NOW), Verification::Valid(claims));
        assert_eq!(verify(&keys, &token, NOW.plus_seconds(604)), Verification::Valid(claims));
        assert_eq!(verify(&keys, &token, NOW.plus_seconds(605)), Verification::Expired);
        assert_eq!(verify(&keys, &token, NOW.plus_seconds(-6)), Verification::Bad);
        let short = Session { expires_at: NOW.plus_seconds(60), ..session };
        assert_eq!(sign(&keys, &short, NOW).expect("signs").1, NOW.plus_seconds(60));
    }

    #[test]
    fn everything_else_is_refused() {
        let (keys, _) = keys();
        let same = |_: &mut Value| {};
        assert!(matches!(verify(&keys, &forged(&keys, same, same), NOW), Verification::Valid(_)));
        let headers: &[(&str, Value)] = &[
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("ES256")),
            ("kid", json!("other")),
            ("kid", Value::Null),
            ("kid", json!(1)),
            ("typ", json!("JWT")),
            ("typ", Value::Null),
            ("crit", json!([])),
            ("crit", json!(["exp"])),
            ("crit", json!("exp")),
            ("crit", Value::Null),
            ("enc", Value::Null),
            ("zip", Value::Null),
        ];
        for (name, value) in headers {
            let token = forged(&keys, |h| h[*name] = value.clone(), same);
            assert_eq!(verify(&keys, &token, NOW), Verification::Bad, "{name} {value}");
        }
        for name in ["iss", "aud", "sub", "sid", "nbf", "exp", "epoch"] {
            let missing = forged(&keys, same, |c| drop(c.as_object_mut().expect("object").remove(name)));
            assert_eq!(verify(&keys, &missing, NOW), Verification::Bad, "without {name}");
            for value in [Value::Null, json!(true), json!(["tenure"]), json!({}), json!("tenur"), json!(-1.5)] {
                let token = forged(&keys, same, |c| c[name] = value.clone());
                assert_eq!(verify(&keys, &token, NOW), Verification::Bad, "{name} {value}");
            }
        }
        for aud in [json!(7), json!(["tenure", "x"])] {
            assert_eq!(verify(&keys, &forged(&keys, same, |c| c["aud"] = aud.clone()), NOW), Verification::Bad, "{aud}");
        }
        let department = json!(tenure_core::id::DepartmentId(Uuid::from_u128(8)).to_string());
        assert_eq!(verify(&keys, &forged(&keys, same, |c| c["sub"] = department.clone()), NOW), Verification::Bad);
        for text in ["", "a.b.c", "..", &"a".repeat(9000)] {
            assert_eq!(verify(&keys, text, NOW), Verification::Bad);
        }
    }

    #[test]
    fn a_tampered_or_foreign_token_is_refused() {
        let ((ours, session), (theirs, _)) = (keys(), keys());
        let (token, _) = sign(&ours, &session, NOW).expect("signs");
        assert_eq!(verify(&theirs, &token, NOW), Verification::Bad);
        let mut parts: Vec<&str> = token.split('.').collect();
        let unsigned = format!("{}.{}.", parts[0], parts[1]);
        assert_eq!(verify(&ours, &unsigned, NOW), Verification::Bad);
        let other = forged(&ours, |_| {}, |c| c["epoch"] = json!(4));
        let payload = other.split('.').nth(1).expect("three parts").to_owned();
        parts[1] = &payload;
        assert_eq!(verify(&ours, &parts.join("."), NOW), Verification::Bad);
    }
}
