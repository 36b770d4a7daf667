//! Where a request comes from.
//!
//! Behind a proxy every connection comes from the proxy, which tells the client's address in
//! `X-Forwarded-For`. Anybody can send that header, so it is believed only from the proxies that
//! the settings name, and of its addresses only the last that is none of theirs.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// A proxy, or a network of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxy(IpNet);

impl FromStr for Proxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let address = text.parse::<IpAddr>().map(IpNet::from);
        address
            .or_else(|_| text.parse())
            .map(Self)
            .map_err(|_| "must be an address or a network, such as 10.0.0.0/8".to_owned())
    }
}

/// The client's address, of a connection from `peer`.
#[must_use]
pub fn address(peer: IpAddr, headers: &HeaderMap, proxies: &[Proxy]) -> IpAddr {
    let trusted = |address: IpAddr| {
        proxies
            .iter()
            .any(|Proxy(network)| network.contains(&address))
    };
    let mut client = peer.to_canonical();
    // Each proxy adds the address that it was connected from at the end.
    let lines: Vec<_> = headers.get_all(FORWARDED_FOR).iter().collect();
    let hops = lines.iter().rev().flat_map(|line| {
        let line = line.to_str().unwrap_or_default();
        line.rsplit(',').map(|hop| hop.trim().parse::<IpAddr>())
    });
    for hop in hops {
        match hop {
            Ok(hop) if trusted(client) => client = hop.to_canonical(),
            _ => break,
        }
    }
    client
}

/// What counts as one client: an address, or the network that an IPv6 host has to itself.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_proxies_that_are_named_are_believed() {
        let proxies: Vec<Proxy> = ["10.0.0.0/8", "::1"]
            .map(|proxy| proxy.parse().expect(proxy))
            .into();
        for (peer, lines, client) in [
            ("203.0.113.9", &[][..], "203.0.113.9"),
            ("203.0.113.9", &["198.51.100.1"], "203.0.113.9"),
            ("10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
            (
                "10.1.2.3",
                &["6.6.6.6, 198.51.100.1, 10.9.9.9"],
                "198.51.100.1",
            ),
            ("10.1.2.3", &["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
            ("10.1.2.3", &["nonsense"], "10.1.2.3"),
            ("10.1.2.3", &["198.51.100.1, nonsense"], "10.1.2.3"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::ffff:10.1.2.3", &["198.51.100.1"], "198.51.100.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                let _more = headers.append(FORWARDED_FOR, HeaderValue::from_static(line));
            }
            let found = address(peer.parse().expect(peer), &headers, &proxies);
            assert_eq!(found.to_string(), client, "{peer} {lines:?}");
        }
    }

    #[test]
    fn a_host_has_a_network_of_ipv6_to_itself() {
        let network = |text: &str| network(text.parse().expect(text)).to_string();
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(network("198.51.100.1"), "198.51.100.1");
    }
}
