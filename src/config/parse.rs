//! Reads the texts of settings. Each function says what it expected.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use percent_encoding::percent_decode_str;
use tenure_core::email::Email;
use url::{Host, Url};

use super::{MailRoute, Profile};

/// What was expected in place of the text.
#[derive(Debug)]
pub(super) enum Expected {
    /// The text may be repeated in the message.
    Public(&'static str),
    /// The text may hold a password.
    Secret(&'static str),
}

/// A text for a message: one line, not too long.
pub(super) fn shown(text: &str) -> String {
    let line: String = text.chars().take(60).map(|c| if c.is_control() { '?' } else { c }).collect();
    if text.chars().count() > 60 { format!("{line}…") } else { line }
}

/// A database URL.
pub(super) struct Database {
    pub url: String,
    pub has_password: bool,
    /// The password is one that anybody tries first, and the server is not on this machine.
    pub is_open: bool,
    pub is_postgres: bool,
    /// The file of an SQLite database.
    pub file: Option<PathBuf>,
}

pub(super) fn database(text: &str) -> Result<Database, Expected> {
    const WHAT: Expected = Expected::Secret("sqlite://PATH or postgres://USER@HOST/DATABASE");
    if let Some(rest) = text.strip_prefix("sqlite:") {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        let path = path.split('?').next().unwrap_or_default();
        if path.is_empty() {
            return Err(WHAT);
        }
        let file = (path != ":memory:").then(|| PathBuf::from(path));
        return Ok(Database { url: text.to_owned(), has_password: false, is_open: false, is_postgres: false, file });
    }
    let url = Url::parse(text).map_err(|_| WHAT)?;
    if !matches!(url.scheme(), "postgres" | "postgresql") || (!url.has_host() && url.query().is_none()) {
        return Err(WHAT);
    }
    let has_password = url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password");
    let password = url.password().map(|p| percent_decode_str(p).decode_utf8_lossy().into_owned());
    let password = password.or_else(|| url.query_pairs().find(|(name, _)| name == "password").map(|(_, value)| value.into_owned()));
    let is_near =
        url.host_str().is_none_or(is_this_machine) || url.query_pairs().any(|(name, value)| name == "host" && value.starts_with('/'));
    let is_open = !is_near && password.is_some_and(|p| is_tried_first(&p));
    Ok(Database { url: text.to_owned(), has_password, is_open, is_postgres: true, file: None })
}

/// Passwords of examples and of first installations, and all that are short: nothing that others can reach is kept by one of these.
pub(super) fn is_tried_first(password: &str) -> bool {
    const KNOWN: [&str; 14] = [
        "password",
        "postgres",
        "postgresql",
        "example",
        "changeme",
        "change-me",
        "change_me",
        "changeit",
        "letmein",
        "administrator",
        "12345678",
        "123456789",
        "1234567890",
        "secretsecret",
    ];
    password.chars().count() < 8 || KNOWN.contains(&password.to_lowercase().as_str())
}

/// Whether a host is this machine.
pub(super) fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

pub(super) fn listen(text: &str) -> Result<SocketAddr, Expected> {
    const WHAT: Expected = Expected::Public("an address and a port, e.g. 127.0.0.1:8080 or [::1]:8080");
    match text.strip_prefix("localhost:") {
        Some(port) => port.parse().map(|port| SocketAddr::new(std::net::Ipv4Addr::LOCALHOST.into(), port)).map_err(|_| WHAT),
        None => text.parse().map_err(|_| WHAT),
    }
}

/// Numbers about who does what are for nobody outside: an address that the whole world reaches is refused.
pub(super) fn metrics_listen(text: &str) -> Result<SocketAddr, Expected> {
    let is_inside = |address: &SocketAddr| match address.ip().to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    };
    listen(text)
        .ok()
        .filter(is_inside)
        .ok_or(Expected::Public("an address of this machine or of a private network, and a port, e.g. 127.0.0.1:9464"))
}

pub(super) fn profile(text: &str) -> Result<Profile, Expected> {
    match text {
        "production" => Ok(Profile::Production),
        "development" => Ok(Profile::Development),
        _ => Err(Expected::Public("production or development")),
    }
}

pub(super) fn seats(text: &str) -> Result<Option<u32>, Expected> {
    match text {
        "unlimited" => Ok(None),
        // The API counts in 32-bit integers with a sign.
        number => match number.parse::<u32>() {
            Ok(seats) if (1..=i32::MAX as u32).contains(&seats) => Ok(Some(seats)),
            _ => Err(Expected::Public("a number of seats from 1 on, or unlimited")),
        },
    }
}

pub(super) fn plan(text: &str) -> Result<String, Expected> {
    tenure_core::text::line(text, tenure_core::text::LABEL_MAX).map_err(|_| Expected::Public("a name of 1 to 100 characters"))
}

pub(super) fn mail(text: &str) -> Result<MailRoute, Expected> {
    match text.split_once(':') {
        None if text == "stdout" => Ok(MailRoute::Stdout),
        Some(("file", directory)) if !directory.is_empty() => Ok(MailRoute::Directory(PathBuf::from(directory))),
        Some(("smtp" | "smtps", _)) => super::smtp::smtp(text).map(MailRoute::Smtp),
        _ => Err(Expected::Secret("stdout, file:DIRECTORY, smtp://HOST or smtps://HOST")),
    }
}

pub(super) fn mail_from(text: &str) -> Result<Email, Expected> {
    Email::parse(text).ok_or(Expected::Public("an email address, e.g. no-reply@example.com"))
}

pub(super) fn public_url(text: &str) -> Result<Url, Expected> {
    const WHAT: Expected = Expected::Secret("a URL such as https://tenure.example.com, without user, query and fragment");
    let url = Url::parse(text).map_err(|_| WHAT)?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none() && url.fragment().is_none();
    let is_web = matches!(url.scheme(), "http" | "https") && url.host().is_some_and(|h| h != Host::Domain(""));
    if is_plain && is_web { Ok(url) } else { Err(WHAT) }
}

pub(super) fn origins(text: &str) -> Result<Vec<String>, Expected> {
    const WHAT: Expected = Expected::Public("origins such as https://app.example.com, separated by commas, without wildcards");
    text.split(',')
        .map(|part| {
            let url = Url::parse(part.trim()).map_err(|_| WHAT)?;
            let is_origin =
                matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none() && url.fragment().is_none();
            let is_plain = url.username().is_empty() && url.password().is_none() && !part.contains('*');
            if is_origin && is_plain { Ok(url.origin().ascii_serialization()) } else { Err(WHAT) }
        })
        .collect()
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, Expected> {
    let one = |part: &str| part.parse::<IpNet>().ok().or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
    text.split(',').map(|part| one(part.trim()).ok_or(Expected::Public("networks such as 10.0.0.0/8, separated by commas"))).collect()
}

pub(super) fn truth(text: &str) -> Result<bool, Expected> {
    text.parse().map_err(|_| Expected::Public("true or false"))
}

pub(super) fn limit(text: &str) -> Result<usize, Expected> {
    // Within 32 bits, so that no sum of limits can overflow.
    text.parse::<u32>().ok().filter(|n| *n > 0).map(|n| n as usize).ok_or(Expected::Public("a whole number from 1 on"))
}

pub(super) fn percent(text: &str) -> Result<usize, Expected> {
    text.parse::<usize>().ok().filter(|n| (1..=100).contains(n)).ok_or(Expected::Public("a whole number from 1 to 100"))
}

pub(super) fn rate(text: &str) -> Result<Option<u32>, Expected> {
    match text {
        "off" => Ok(None),
        // The API counts in 32-bit integers with a sign.
        number => match number.parse::<u32>() {
            Ok(points) if (1..=i32::MAX as u32).contains(&points) => Ok(Some(points)),
            _ => Err(Expected::Public("points of cost a minute from 1 on, or off")),
        },
    }
}

/// The parser reads heads into a buffer that cannot be smaller.
pub(super) fn head_bytes(text: &str) -> Result<usize, Expected> {
    limit(text).ok().filter(|n| *n >= 8192).ok_or(Expected::Public("a whole number of bytes from 8192 on"))
}
