//! `mailboxes.NAME.trust`: how Postroom knows who sent a mail. Optional; by default it checks itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{section::Section, wrong::Wrong};
use crate::domain::{
    address::EmailAddress,
    settings::Key,
    trust::{Leniency, TrustPolicy},
};

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    pub by: TrustBy,
    /// Our own servers through which mail comes. `None`: this machine.
    pub relays: Option<Vec<Network>>,
    /// Domains whose ARC seals count.
    pub sealers: Vec<String>,
    pub policy: TrustPolicy,
    /// What of the policy stands in the configuration.
    pub given: Vec<Key>,
}

/// Whose checks count.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum TrustBy {
    /// Ours.
    #[default]
    Own,
    /// Those of the mail server, in Authentication-Results.
    Header {
        /// In lower case; at least one.
        authserv_ids: Vec<String>,
        /// The server takes such fields with its ids out of what comes in (RFC 8601 section 5), so
        /// that they count below its own Received, too.
        strips_forged: bool,
    },
    /// Those of Microsoft 365, which names no authserv-id.
    Microsoft365,
}

/// Neighbouring addresses: `192.0.2.0/24`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// IPv4 as IPv6 (RFC 4291 section 2.5.5.2).
    first: u128,
    mask: u128,
}

impl Network {
    /// Reads `192.0.2.1`, `192.0.2.0/24` or `2001:db8::/32`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(longest);
        let free = longest.checked_sub(length)?;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        Some(Self {
            first: as_v6(address) & mask,
            mask,
        })
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        as_v6(address) & self.mask == self.first
    }
}

/// The addresses at which this machine speaks to itself.
pub(super) fn this_machine() -> Vec<Network> {
    let host = |address: IpAddr, mask| Network {
        first: as_v6(address) & mask,
        mask,
    };
    vec![
        host(Ipv4Addr::new(127, 0, 0, 0).into(), u128::MAX << 24),
        host(Ipv6Addr::LOCALHOST.into(), u128::MAX),
    ]
}

/// Whether one of `networks` has the address.
#[must_use]
pub fn is_in(address: IpAddr, networks: &[Network]) -> bool {
    networks.iter().any(|network| network.contains(address))
}

fn as_v6(address: IpAddr) -> u128 {
    let address = match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    };
    address.to_bits()
}

impl Trust {
    /// The addresses of servers of ours.
    #[must_use]
    pub fn relays(&self) -> Vec<Network> {
        self.relays.clone().unwrap_or_else(this_machine)
    }

    pub(super) fn read(section: &mut Section) -> Option<Self> {
        let by = section.optional("by", "own", by);
        let ids = section.optional_list("authserv_ids", "[\"mx.example.org\"]", authserv_id);
        let strips = section.optional("strips_forged", "true", super::values::yes_or_no);
        let relays = section.optional_list("relays", "[\"192.0.2.0/24\"]", network);
        let sealers = section.optional_list("sealers", "[\"lists.example.org\"]", domain);
        let unverified = section.optional("unverified", "mark", leniency);
        let colleagues = section.optional("colleagues", "mark", leniency);
        let given = Key::ALL.into_iter().filter(|key| section.has(key.word()));
        let given = given.collect();
        let is_by_header = by == Some(By::Header);
        for key in ["authserv_ids", "strips_forged"] {
            if section.has(key) && !is_by_header {
                section.wrong(
                    key,
                    "goes with the server's checks only",
                    "add \"by: header\", or take the key out",
                );
                return None;
            }
        }
        if is_by_header && !section.has("authserv_ids") {
            section.note_missing("authserv_ids", "[\"mx.example.org\"]");
            return None;
        }
        let by = match by {
            Some(By::Header) => TrustBy::Header {
                authserv_ids: ids?,
                strips_forged: strips.unwrap_or_default(),
            },
            Some(By::Microsoft365) => TrustBy::Microsoft365,
            Some(By::Own) | None => TrustBy::Own,
        };
        Some(Self {
            by,
            relays,
            sealers: sealers.unwrap_or_default(),
            policy: TrustPolicy {
                unverified: unverified.unwrap_or_default(),
                colleagues: colleagues.unwrap_or_default(),
            },
            given,
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    Own,
    Header,
    Microsoft365,
}

fn by(text: &str) -> Result<By, Wrong> {
    match text {
        "own" => Ok(By::Own),
        "header" => Ok(By::Header),
        "microsoft365" => Ok(By::Microsoft365),
        _ => Err(Wrong::new(
            format!("\"{text}\" is nobody who checks mail"),
            "write \"own\", \"header\" or \"microsoft365\"",
        )),
    }
}

fn leniency(text: &str) -> Result<Leniency, Wrong> {
    Leniency::parse(text).ok_or_else(|| {
        Wrong::new(
            format!("\"{text}\" is nothing that can be done with a mail"),
            "write \"mark\" or \"hold\"",
        )
    })
}

/// As servers write it: one word, usually a host's name.
fn authserv_id(text: &str) -> Result<String, Wrong> {
    let is_word = |c: char| c.is_ascii_graphic() && !matches!(c, ';' | '=' | '(' | ')' | '"');
    if (1..=255).contains(&text.len()) && text.chars().all(is_word) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Wrong::new(
        format!("\"{text}\" is not an authserv-id"),
        "write the word that follows \"Authentication-Results:\" in a mail that has come",
    ))
}

pub(super) fn network(text: &str) -> Result<Network, Wrong> {
    Network::parse(text).ok_or_else(|| {
        Wrong::new(
            format!("\"{text}\" is neither an IP address nor a network"),
            "write something such as \"192.0.2.1\" or \"192.0.2.0/24\"",
        )
    })
}

fn domain(text: &str) -> Result<String, Wrong> {
    EmailAddress::parse(&format!("postmaster@{text}"))
        .map(|address| address.domain().to_owned())
        .map_err(|_| {
            Wrong::new(
                format!("\"{text}\" is not a domain"),
                "write the domain in \"d=\" of its ARC-Seal, such as \"lists.example.org\"",
            )
        })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("192.0.2.0/24", "192.0.2.255", true)]
    #[case("192.0.2.0/24", "192.0.3.0", false)]
    #[case("192.0.2.1", "192.0.2.1", true)]
    #[case("192.0.2.1", "::ffff:192.0.2.1", true)]
    #[case("2001:db8::/32", "2001:db8:1::1", true)]
    #[case("2001:db8::/32", "192.0.2.1", false)]
    #[case("0.0.0.0/0", "198.51.100.1", true)]
    #[case("0.0.0.0/0", "2001:db8::1", false)]
    fn knows_neighbours(#[case] network: &str, #[case] address: &str, #[case] expected: bool) {
        let network = Network::parse(network).unwrap();
        assert_eq!(network.contains(address.parse().unwrap()), expected);
    }

    #[rstest]
    #[case("192.0.2.0/33")]
    #[case("192.0.2")]
    #[case("mx.example.org")]
    #[case("::/x")]
    fn refuses(#[case] text: &str) {
        assert_eq!(Network::parse(text), None);
    }

    #[test]
    fn by_default_this_machine_is_ours_and_nothing_else() {
        let relays = Trust::default().relays();
        let is_ours = |text: &str| is_in(text.parse().unwrap(), &relays);
        assert!(is_ours("127.0.0.1") && is_ours("127.1.2.3") && is_ours("::1"));
        assert!(!is_ours("10.0.0.1") && !is_ours("172.17.0.1") && !is_ours("::2"));
    }
}
