//! Where a call to a URL that somebody gave may lead: never into the network
//! that the program itself stands in, unless the operator allows it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// Longest URL in bytes.
pub const URL_MAX: usize = 2_000;

/// Networks of IPv4 that are not the public internet, with the length of their
/// prefix (IANA IPv4 Special-Purpose Address Registry, RFC 6890).
const NOT_PUBLIC_V4: [(Ipv4Addr, u32); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    // The metadata services of clouds are in here.
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // Looks public, but serves the virtual machines of Azure from within.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// How far calls to URLs of others may lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only to the public internet, only over https.
    Public,
    /// Anywhere, also over http.
    Anywhere,
}

impl Reach {
    /// What the setting that allows private addresses says.
    #[must_use]
    pub fn of(allow_private: bool) -> Self {
        if allow_private { Self::Anywhere } else { Self::Public }
    }

    /// Whether a connection to this address may be made.
    #[must_use]
    pub fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public(address)
    }

    /// Reads a URL as browsers do, so that every spelling of an address is known
    /// for what it is. The error says in words what is wrong, without the URL.
    ///
    /// A name may still lead to any address: whoever connects has to look at
    /// the address too.
    pub fn read(self, text: &str) -> Result<Url, &'static str> {
        let url = Url::parse(text).map_err(|_| "must be a URL such as https://example.ch/events")?;
        match (url.scheme(), self) {
            ("https", _) | ("http", Self::Anywhere) => {}
            (_, Self::Anywhere) => return Err("must start with https:// or http://"),
            (_, Self::Public) => return Err("must start with https://"),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or a password");
        }
        if url.fragment().is_some() {
            return Err("must not hold a fragment (#)");
        }
        if url.as_str().len() > URL_MAX {
            return Err("must be at most 2000 bytes long");
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) | None => None,
        };
        match literal {
            Some(address) if !self.allows(address) => Err("must not lead to a private address"),
            _ => Ok(url),
        }
    }
}

/// Whether an address belongs to the public internet.
#[must_use]
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !NOT_PUBLIC_V4.iter().any(|(network, prefix)| {
        let mask = u32::MAX << (32 - prefix);
        address.to_bits() & mask == network.to_bits() & mask
    })
}

/// Of IPv6 only global unicast is public, less what is reserved in it (IANA
/// IPv6 Special-Purpose Address Registry).
fn is_public_v6(address: Ipv6Addr) -> bool {
    match address.segments() {
        // IPv4-mapped, and IPv4 behind a translator (RFC 6052).
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            is_public_v4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        // Protocol assignments, with Teredo and benchmarks; 6to4; documentation.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x2002, ..] => false,
        [0x3fff, second, ..] if second < 0x1000 => false,
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refused(text: &str) -> bool {
        Reach::Public.read(text).is_err()
    }

    #[test]
    fn addresses_of_the_public_internet_are_taken() {
        for good in
            ["1.1.1.1", "9.255.255.255", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"]
        {
            assert!(is_public(good.parse().unwrap()), "{good}");
        }
        for good in
            ["2606:4700::1111", "2a00:1450::1", "2001:4860::8888", "::ffff:8.8.8.8", "64:ff9b::808:808"]
        {
            assert!(is_public(good.parse().unwrap()), "{good}");
        }
    }

    #[test]
    fn every_other_kind_of_address_is_refused() {
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "192.88.99.1",
        ] {
            assert!(!is_public(bad.parse().unwrap()), "{bad}");
        }
        for bad in [
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
        ] {
            assert!(!is_public(bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn every_spelling_of_a_private_address_is_refused() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "%31%32%37.0.0.1",
            "１２７.0.0.1",
            "127。0。0。1",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:7f00:1]",
            "[::127.0.0.1]",
            "169.254.169.254",
            "0xa9fea9fe",
            "0",
        ] {
            assert!(refused(&format!("https://{host}/")), "{host}");
            assert!(Reach::Anywhere.read(&format!("http://{host}/")).is_ok(), "{host}");
        }
    }

    #[test]
    fn only_https_without_credentials_is_taken() {
        assert!(Reach::Public.read("https://example.ch/events?a=b").is_ok());
        assert!(Reach::Public.read("https://1.1.1.1:8443/").is_ok());
        for bad in [
            "http://example.ch/",
            "ftp://example.ch/",
            "file:///etc/passwd",
            "gopher://example.ch/",
            "//example.ch",
            "example.ch",
            "",
            "https://",
            "https://user@example.ch/",
            "https://:secret@example.ch/",
            "https://example.ch/#part",
            "https://exa mple.ch/",
            "https://example.ch:99999/",
            "javascript:1",
        ] {
            assert!(refused(bad), "{bad}");
        }
        assert!(refused(&format!("https://example.ch/{}", "ü".repeat(400))));
        assert!(Reach::Anywhere.read("http://example.ch/").is_ok());
        assert!(Reach::Anywhere.read("ftp://example.ch/").is_err());
        assert!(Reach::Anywhere.read("http://user@example.ch/").is_err());
    }

    proptest! {
        #[test]
        fn an_address_is_public_exactly_outside_the_reserved_networks(bits: u32, network in 0_usize..16, inside: bool) {
            let (base, prefix) = NOT_PUBLIC_V4[network];
            let host = bits.checked_shr(prefix).unwrap_or(0);
            let address = Ipv4Addr::from_bits(if inside { base.to_bits() | host } else { bits });
            let within = NOT_PUBLIC_V4.iter().any(|(base, prefix)| {
                (u64::from(base.to_bits())..u64::from(base.to_bits()) + (1 << (32 - prefix)))
                    .contains(&u64::from(address.to_bits()))
            });
            prop_assert!(within || !inside);
            prop_assert_eq!(is_public(address.into()), !within);
            prop_assert_eq!(is_public(address.to_ipv6_mapped().into()), !within);
        }

        #[test]
        fn an_address_of_ipv6_outside_global_unicast_is_public_only_if_it_stands_for_ipv4(bits: u128) {
            let address = Ipv6Addr::from_bits(bits);
            let unicast = bits >> 125 == 1;
            prop_assume!(!unicast);
            prop_assert!(!is_public(address.into()));
        }

        #[test]
        fn whatever_is_typed_never_leads_to_a_private_literal(text in "(https://)?[0-9a-fx.:\\[\\]%]{1,24}") {
            if let Ok(url) = Reach::Public.read(&text) {
                match url.host() {
                    Some(Host::Ipv4(address)) => prop_assert!(is_public(address.into())),
                    Some(Host::Ipv6(address)) => prop_assert!(is_public(address.into())),
                    _ => {}
                }
            }
        }
    }
}
