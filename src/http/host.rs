//! What a `Host` header may say (RFC 9112 §3.2, RFC 3986 §3.2.2): a name or an address, and a port. Whatever else is there, a proxy in front
//! may have understood in another way.

use std::net::Ipv6Addr;

/// Whether that is a host, with or without a port. Empty is one, too: that of a request whose target has none.
pub fn is_host(value: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(value) else { return false };
    match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']').is_some_and(|(address, port)| {
            address.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port))
        }),
        None => match text.split_once(':') {
            Some((name, port)) => is_name(name.as_bytes()) && is_port(port),
            None => is_name(text.as_bytes()),
        },
    }
}

/// Letters, digits, some signs, and percents with two digits behind them. The comma would be allowed, but no name has one: it is what is
/// left of two headers that somebody in front has joined.
fn is_name(name: &[u8]) -> bool {
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        let is_fine = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(u8::is_ascii_hexdigit)),
            byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+;=".contains(byte),
        };
        if !is_fine {
            return false;
        }
    }
    true
}

/// Digits, or none behind the colon.
fn is_port(port: &str) -> bool {
    port.bytes().all(|byte| byte.is_ascii_digit()) && (port.is_empty() || port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_told_from_everything_else() {
        for good in [
            "",
            "x",
            "tenure.example.com",
            "tenure.example.com.",
            "my_service:8080",
            "x:",
            "x:65535",
            "127.0.0.1:80",
            "[::1]",
            "[::1]:8080",
            "[2001:db8::7]",
            "[::ffff:127.0.0.1]:",
            "xn--bcher-kva.example",
            "b%C3%BCcher.example",
        ] {
            assert!(is_host(good.as_bytes()), "{good}");
        }
        for bad in [
            "a b",
            "http://x/",
            "x/",
            "x?y",
            "x#y",
            "x:99999",
            "x:65536",
            "x:abc",
            "x:+1",
            "x:1:2",
            "[::1",
            "::1",
            "[]",
            "[x]",
            "[::1]x",
            "[::1]:x",
            "[fe80::1%eth0]",
            "a,b",
            "user@x",
            "x\\y",
            "x\"",
            "x%",
            "x%4",
            "x%zz",
            "bücher.example",
        ] {
            assert!(!is_host(bad.as_bytes()), "{bad}");
        }
        assert!(!is_host(b"x\xff"));
    }
}
