//! The source of a connection, as the per-source limits count it: an IPv4 address, an IPv6 /64 prefix or this machine.
//! The counters are in `handshakes`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The source of a connection, as the per-source limits count it.
///
/// An IPv6 peer is counted by its /64 prefix: one host commonly owns a whole /64 and could otherwise use a new address
/// for each connection. An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) counts as the IPv4 address in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A peer on this machine, connected through a Unix socket. Per-source limits do not apply to such a peer.
    Local,
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// The first 64 bits of an IPv6 address.
    V6(u64),
}

impl From<IpAddr> for Source {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(network_prefix(address)),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local => f.write_str("local"),
            Self::V4(address) => address.fmt(f),
            Self::V6(network_prefix) => {
                write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(*network_prefix) << 64))
            }
        }
    }
}

fn network_prefix(address: Ipv6Addr) -> u64 {
    let [a, b, c, d, e, f, g, h, ..] = address.octets();
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}
