//! Which addresses a call may reach. Public unicast only, unless the operator allows a network; an IPv6 address
//! that carries an IPv4 address is judged by that one too.
//!
//! Sources: the IANA special-purpose registries for IPv4 and IPv6, RFC 6890, RFC 6052 (NAT64), RFC 3056 (6to4),
//! RFC 5214 (ISATAP).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The operator's exceptions and the rule.
#[derive(Debug, Clone)]
pub(super) struct AddressRule {
    allow: Vec<IpNet>,
}

impl AddressRule {
    pub(super) fn new(allow: Vec<IpNet>) -> AddressRule {
        AddressRule { allow }
    }

    pub(super) fn allows(&self, address: IpAddr) -> bool {
        // A mapped address is the same destination as the IPv4 address in it.
        let address = address.to_canonical();
        self.allow.iter().any(|network| network.contains(&address)) || is_public(address)
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, d] = address.octets();
    let special = match a {
        // This network, private, loopback, multicast, reserved and broadcast.
        0 | 10 | 127 | 224..=255 => true,
        // Shared address space of carriers; a cloud's metadata lives there too.
        100 => (64..128).contains(&b),
        // Link-local, with the metadata service of most clouds.
        169 => b == 254,
        172 => (16..32).contains(&b),
        // Protocol assignments, documentation, 6to4 relays, private.
        192 => matches!((b, c), (0, 0 | 2) | (88, 99) | (168, _)),
        // Benchmarks, documentation.
        198 => matches!((b, c), (18 | 19, _) | (51, 100)),
        203 => (b, c) == (0, 113),
        // A cloud's wire server, reachable from inside only.
        168 => (b, c, d) == (63, 129, 16),
        _public => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let [first, second, third, .., before_last, last] = segments;
    let ending = embedded(before_last, last);
    // The well-known NAT64 prefix leads to the address it ends with.
    if segments.starts_with(&[0x0064, 0xff9b, 0, 0, 0, 0]) {
        return is_public_v4(ending);
    }
    // All global unicast space; loopback, unspecified, compatible, translated, local, link-local, site-local and
    // multicast addresses lie outside of it.
    if first & 0xe000 != 0x2000 {
        return false;
    }
    let special = match (first, second) {
        // Protocol assignments, with Teredo, benchmarks and ORCHID in it; documentation.
        (0x2001, 0..0x0200 | 0x0db8) | (0x3fff, 0..0x1000) => true,
        // 6to4.
        (0x2002, _) => !is_public_v4(embedded(second, third)),
        _global => false,
    };
    let isatap = matches!(segments, [_, _, _, _, 0 | 0x0200, 0x5efe, _, _]);
    !special && (!isatap || is_public_v4(ending))
}

fn embedded(high: u16, low: u16) -> Ipv4Addr {
    Ipv4Addr::from((u32::from(high) << 16) | u32::from(low))
}
