//! From where a request comes. Never logged, and kept as a keyed hash only.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use super::error::ApiError;
use super::guard::Guard;
use crate::config::Network;

/// The caller's address: the other end of the connection or, when that is one of
/// `TRUSTED_PROXIES`, the nearest one before it that is none. `Debug` shows nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

impl std::fmt::Debug for ClientAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientAddress(***)")
    }
}

impl FromRequest for ClientAddress {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(req)))
    }
}

impl ClientAddress {
    /// The address that a request comes from; `0.0.0.0` without a connection.
    #[must_use]
    pub fn of(req: &HttpRequest) -> Self {
        let peer = req.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip());
        let trusted = req.app_data::<Data<Guard>>().map(|guard| guard.web.trusted_proxies.as_slice());
        Self(caller(peer.to_canonical(), trusted.unwrap_or_default(), req.headers()))
    }
}

fn caller(peer: IpAddr, trusted: &[Network], headers: &HeaderMap) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let listed = |name: HeaderName, read: fn(&str) -> Option<IpAddr>| {
        let elements = elements(headers, &name);
        (!elements.is_empty()).then(|| nearest(peer, elements.iter().map(|text| read(text)), is_trusted))
    };
    let x_forwarded_for = listed(header::X_FORWARDED_FOR, address);
    let forwarded = listed(header::FORWARDED, forwarded_for);
    match (x_forwarded_for, forwarded) {
        // A proxy writes one of them and hands on the other as the caller wrote it.
        (Some(one), Some(other)) if one != other => peer,
        (one, other) => one.or(other).unwrap_or(peer),
    }
}

/// Every element of a list, the nearest proxy's first.
fn elements<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    let lines: Vec<&str> = headers.get_all(name).map(|value| value.to_str().unwrap_or("")).collect();
    lines.into_iter().flat_map(|line| line.split(',')).rev().map(str::trim).collect()
}

/// Goes back from proxy to proxy as long as each can be believed.
fn nearest(
    peer: IpAddr,
    elements: impl Iterator<Item = Option<IpAddr>>,
    is_trusted: impl Fn(IpAddr) -> bool,
) -> IpAddr {
    let mut known = peer;
    for element in elements {
        let Some(address) = element else { return known };
        known = address;
        if !is_trusted(address) {
            return known;
        }
    }
    known
}

/// `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn address(text: &str) -> Option<IpAddr> {
    let plain = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let parsed = plain.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    parsed.map(|address: IpAddr| address.to_canonical())
}

/// The `for` of an element of `Forwarded` (RFC 7239).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    address(value.trim().trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(peer: &str, headers: &[(&str, &str)]) -> String {
        let trusted: Vec<Network> =
            ["10.0.0.0/8", "2001:db8:ffff::/48"].iter().map(|text| text.parse().unwrap()).collect();
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        caller(peer.parse().unwrap(), &trusted, &map).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        let forged = [("x-forwarded-for", "192.0.2.9"), ("forwarded", "for=192.0.2.9")];
        assert_eq!(of("198.51.100.1", &forged), "198.51.100.1");
        assert_eq!(of("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(of("10.0.0.1", &forged), "192.0.2.9");
    }

    #[test]
    fn the_rightmost_address_that_is_no_proxy_counts() {
        let xff = |value: &'static str| of("10.0.0.1", &[("x-forwarded-for", value)]);
        assert_eq!(xff("203.0.113.5, 192.0.2.1, 10.9.9.9"), "192.0.2.1");
        assert_eq!(xff("192.0.2.1:4711"), "192.0.2.1");
        assert_eq!(xff("10.0.0.3, 10.0.0.2"), "10.0.0.3");
        let lines = [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "192.0.2.2, 10.0.0.2")];
        assert_eq!(of("10.0.0.1", &lines), "192.0.2.2");
        assert_eq!(of("::ffff:10.0.0.1", &lines), "192.0.2.2");
    }

    #[test]
    fn the_header_of_rfc_7239_is_read() {
        let forwarded = |value: &'static str| of("2001:db8:ffff::1", &[("forwarded", value)]);
        assert_eq!(forwarded("for=192.0.2.60;proto=http;by=203.0.113.43"), "192.0.2.60");
        assert_eq!(forwarded("for=203.0.113.5, For=\"[2001:db8::17]:4711\""), "2001:db8::17");
    }

    #[test]
    fn what_can_not_be_read_is_counted_as_the_proxy_that_wrote_it() {
        for broken in ["unknown", "", "192.0.2.1, _hidden", "192.0.2.1,", "192.0.2.1, x, 10.0.0.2"] {
            let seen = of("10.0.0.1", &[("x-forwarded-for", broken)]);
            assert!(seen.starts_with("10."), "{broken}: {seen}");
        }
    }

    #[test]
    fn two_headers_that_contradict_each_other_are_not_believed() {
        let both = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")];
        assert_eq!(of("10.0.0.1", &both), "10.0.0.1");
    }
}
