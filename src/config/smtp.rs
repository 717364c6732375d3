//! A mail server as a URL: `smtp://USER:PASSWORD@HOST:PORT?tls=required`.

use std::net::{IpAddr, Ipv6Addr};

use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::parse::{Expected, is_this_machine};

/// The port for handing mails in (RFC 6409).
const SUBMISSION_PORT: u16 = 587;
/// The same, with TLS from the first byte (RFC 8314).
const SUBMISSIONS_PORT: u16 = 465;

/// When the connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpTls {
    /// From the first byte (`smtps://`).
    Implicit,
    /// By STARTTLS, or nothing is sent (`tls=required`).
    Required,
    /// By STARTTLS when the server offers it (`tls=opportunistic`); its certificate must be good then.
    Opportunistic,
    /// Never (`tls=none`).
    None,
}

/// What a mail server is signed in to with.
#[derive(Clone)]
pub struct SmtpLogin {
    /// Name.
    pub user: String,
    /// Password.
    pub password: SecretString,
}

impl PartialEq for SmtpLogin {
    fn eq(&self, other: &SmtpLogin) -> bool {
        self.user == other.user && self.password.expose_secret() == other.password.expose_secret()
    }
}

impl Eq for SmtpLogin {}

impl std::fmt::Debug for SmtpLogin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmtpLogin(…)")
    }
}

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Smtp {
    /// Its name or address; certificates are checked against it.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// When the connection is encrypted.
    pub tls: SmtpTls,
    /// What it is signed in to with.
    pub login: Option<SmtpLogin>,
}

fn is_host(host: &str) -> bool {
    let is_label =
        |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    host.parse::<IpAddr>().is_ok() || (host.len() <= 253 && host.trim_end_matches('.').split('.').all(is_label))
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.into_owned())
}

/// Reads a URL. The text is never repeated: it may hold a password.
pub(super) fn smtp(text: &str) -> Result<Smtp, Expected> {
    const WHAT: Expected = Expected::Secret(
        "smtp://[USER:PASSWORD@]HOST[:PORT] or smtps://…, with nothing behind it but ?tls=required, ?tls=opportunistic or ?tls=none",
    );
    const IN_THE_CLEAR: Expected =
        Expected::Secret("smtps:// or ?tls=required where a password is sent to another machine: it could be read on the way");
    let url = Url::parse(text).map_err(|_| WHAT)?;
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() || url.port() == Some(0) {
        return Err(WHAT);
    }
    let host = url.host_str().unwrap_or_default();
    let host = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().map_err(|_| WHAT)?.to_string(),
        None => host.to_owned(),
    };
    if !is_host(&host) {
        return Err(WHAT);
    }
    let tls = match (url.scheme(), url.query()) {
        ("smtps", None) => SmtpTls::Implicit,
        ("smtp", Some("tls=required")) => SmtpTls::Required,
        ("smtp", Some("tls=opportunistic")) => SmtpTls::Opportunistic,
        ("smtp", Some("tls=none")) => SmtpTls::None,
        // On this machine nobody is in between, and what certificates mail servers have there is seldom for that name.
        ("smtp", None) if is_this_machine(&host) => SmtpTls::None,
        ("smtp", None) => SmtpTls::Required,
        _ => return Err(WHAT),
    };
    let login = match (url.username(), url.password()) {
        ("", None) => None,
        (user, Some(password)) => {
            let password = SecretString::from(decoded(password).ok_or(WHAT)?);
            Some(SmtpLogin { user: decoded(user).ok_or(WHAT)?, password })
        }
        (_, None) => return Err(WHAT),
    };
    if login.is_some() && matches!(tls, SmtpTls::Opportunistic | SmtpTls::None) && !is_this_machine(&host) {
        return Err(IN_THE_CLEAR);
    }
    let standard = if tls == SmtpTls::Implicit { SUBMISSIONS_PORT } else { SUBMISSION_PORT };
    Ok(Smtp { host, port: url.port().unwrap_or(standard), tls, login })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Smtp {
        smtp(text).unwrap_or_else(|e| panic!("{text}: {e:?}"))
    }

    #[test]
    fn servers_are_read_and_encrypted_unless_they_are_on_this_machine() {
        let plain = |host: &str, port, tls| Smtp { host: host.into(), port, tls, login: None };
        assert_eq!(read("smtp://mail.example.com"), plain("mail.example.com", 587, SmtpTls::Required));
        assert_eq!(read("smtps://mail.example.com/"), plain("mail.example.com", 465, SmtpTls::Implicit));
        assert_eq!(read("smtp://mail:25?tls=opportunistic"), plain("mail", 25, SmtpTls::Opportunistic));
        assert_eq!(read("smtp://10.0.0.5:2525?tls=none"), plain("10.0.0.5", 2525, SmtpTls::None));
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(read(&format!("smtp://{host}:1025")).tls, SmtpTls::None, "{host}");
        }
        assert_eq!(read("smtp://[::1]:1025").host, "::1");
        let login = read("smtps://ann%40example.com:p%3Ass%20word@mail.example.com:4465").login.expect("a login");
        assert_eq!((login.user.as_str(), login.password.expose_secret()), ("ann@example.com", "p:ss word"));
        assert!(!format!("{login:?}").contains("ss word"));
    }

    #[test]
    fn what_is_malformed_or_would_show_a_password_is_refused_without_repeating_it() {
        let faults = [
            "smtp:",
            "smtp://",
            "smtp:mail.example",
            "smtp://:25",
            "smtp://mail.example:99999",
            "smtp://mail.example:0",
            "smtp://a b",
            "smtp://mail.example/path",
            "smtp://mail.example#x",
            "smtp://mail.example?tls=",
            "smtp://mail.example?tls=maybe",
            "smtp://mail.example?tls=none&x=1",
            "smtps://mail.example?tls=none",
            "smtp://user@mail.example",
            "smtp://:open-sesame@mail.example",
            "smtp://user:@mail.example",
            "smtp://user:open-sesame%00@mail.example",
            "smtp://user:open-sesame%FF@mail.example",
            "smtp://mail..example",
            "smtp://mail%0d%0a.example",
            "smtp://[::1",
            "imap://mail.example",
            "smtp://user:open-sesame@host:port",
            "smtp://user:open-sesame@mail.example?tls=none",
            "smtp://user:open-sesame@mail.example?tls=opportunistic",
        ];
        for text in faults {
            let Err(Expected::Secret(what)) = smtp(text) else { panic!("{text} is taken") };
            assert!(what.contains("smtp") && !what.contains("sesame"), "{text}: {what}");
        }
    }
}
