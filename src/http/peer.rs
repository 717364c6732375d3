//! Who is at the other end of the connection, through proxies that are trusted.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::{HeaderValue, Request};
use ipnet::IpNet;

/// The address at the other end of the TCP connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Where the request came from: the last address in `X-Forwarded-For` that is not a trusted proxy, if the connection is from one.
pub fn of<B>(request: &Request<B>, trusted: &[IpNet]) -> Option<IpAddr> {
    let Peer(peer) = *request.extensions().get::<Peer>()?;
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let mut nearest = peer;
    // Bytes, as clients write what they like before that of the proxy: nothing of it may hide what stands behind.
    let values: Vec<&[u8]> = request.headers().get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect();
    let mut hops = values.iter().flat_map(|v| v.split(|byte| *byte == b',')).rev();
    while is_trusted(nearest) {
        // What is no address was not written by a proxy that knows its work.
        let Some(hop) = hops.next().and_then(|hop| address(str::from_utf8(hop).ok()?)) else { break };
        nearest = hop;
    }
    Some(nearest)
}

/// The address in one entry: some proxies add the port, and put what has colons into brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = || hop.strip_prefix('[')?.strip_suffix(']')?.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    let address = hop.parse().ok().or_else(bare).or_else(|| hop.parse::<SocketAddr>().ok().map(|address| address.ip()))?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(from: &str, forwarded: &[&str]) -> String {
        peer_by_bytes(from, &forwarded.iter().map(|value| value.as_bytes()).collect::<Vec<_>>())
    }

    fn peer_by_bytes(from: &str, forwarded: &[&[u8]]) -> String {
        let mut request = Request::new(());
        request.extensions_mut().insert(Peer(from.parse().expect("address")));
        for value in forwarded {
            request.headers_mut().append("x-forwarded-for", HeaderValue::from_bytes(value).expect("header"));
        }
        let trusted = ["10.0.0.0/8".parse().expect("network")];
        of(&request, &trusted).expect("known").to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        assert_eq!(peer("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(peer("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(peer("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.2.2.2"]), "198.51.100.7");
        assert_eq!(peer("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7");
        assert_eq!(peer("10.0.0.1", &["nonsense"]), "10.0.0.1");
        assert_eq!(peer("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(peer("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_a_client_writes_itself_stands_before_what_proxies_add() {
        assert_eq!(peer("10.0.0.1", &["10.9.9.9, 10.8.8.8, 198.51.100.7"]), "198.51.100.7", "a forged chain of trusted proxies");
        assert_eq!(peer("10.0.0.1", &["127.0.0.1", "198.51.100.7, 10.1.1.1"]), "198.51.100.7", "a forged line before that of the proxy");
        assert_eq!(peer("10.0.0.1", &["198.51.100.7, nonsense"]), "10.0.0.1", "nothing behind what is no address is believed");
        assert_eq!(peer("10.0.0.1", &["198.51.100.7,"]), "10.0.0.1");
        assert_eq!(peer("10.0.0.1", &["203.0.113.9, ::ffff:10.1.1.1"]), "203.0.113.9");
        let many = format!("203.0.113.9, {}", vec!["10.1.1.1"; 5_000].join(", "));
        assert_eq!(peer("10.0.0.1", &[&many]), "203.0.113.9");
    }

    #[test]
    fn bytes_beyond_ascii_hide_nothing_that_a_proxy_adds() {
        assert_eq!(peer_by_bytes("10.0.0.1", &[b"\xff, 198.51.100.7"]), "198.51.100.7");
        assert_eq!(peer_by_bytes("10.0.0.1", &[b"\xff\xfe", b"198.51.100.7, 10.2.2.2"]), "198.51.100.7");
        assert_eq!(peer_by_bytes("10.0.0.1", &["schön, 198.51.100.7".as_bytes()]), "198.51.100.7");
        assert_eq!(peer_by_bytes("10.0.0.1", &[b"198.51.100.7, \xff"]), "10.0.0.1", "as with other garbage");
        assert_eq!(peer_by_bytes("10.0.0.1", &[b"198.51.100.7, \xff, 10.2.2.2"]), "10.2.2.2");
    }

    #[test]
    fn entries_may_have_brackets_and_ports() {
        for (entry, expected) in [
            ("198.51.100.7:4711", Some("198.51.100.7")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:4711", Some("2001:db8::7")),
            (" 198.51.100.7\t", Some("198.51.100.7")),
            ("::ffff:198.51.100.7", Some("198.51.100.7")),
            ("[198.51.100.7]", None),
            ("198.51.100.7:", None),
            ("198.51.100.7:99999", None),
            ("[2001:db8::7", None),
            ("unknown", None),
            ("_hidden", None),
            ("", None),
        ] {
            assert_eq!(address(entry).map(|a| a.to_string()).as_deref(), expected, "{entry}");
        }
    }
}
