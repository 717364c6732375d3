//! Who is at the other end of the connection, through proxies that are trusted.

use std::net::IpAddr;

use axum::http::Request;
use ipnet::IpNet;

/// The address at the other end of the TCP connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Where the request came from: the last address in `X-Forwarded-For` that is not a trusted proxy, if the connection is from one.
pub fn of<B>(request: &Request<B>, trusted: &[IpNet]) -> Option<IpAddr> {
    let Peer(peer) = *request.extensions().get::<Peer>()?;
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address.to_canonical()));
    let mut nearest = peer;
    let values: Vec<&str> = request.headers().get_all("x-forwarded-for").iter().filter_map(|v| v.to_str().ok()).collect();
    let mut hops = values.iter().flat_map(|v| v.split(',')).rev();
    while is_trusted(nearest) {
        // What is no address was not written by a proxy that knows its work.
        let Some(Ok(hop)) = hops.next().map(|hop| hop.trim().parse()) else { break };
        nearest = hop;
    }
    Some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(from: &str, forwarded: &[&str]) -> String {
        let mut request = Request::new(());
        request.extensions_mut().insert(Peer(from.parse().expect("address")));
        for value in forwarded {
            request.headers_mut().append("x-forwarded-for", value.parse().expect("header"));
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
}
