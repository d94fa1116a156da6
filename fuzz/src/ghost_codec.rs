//! The ids of ghosts, and addresses that somebody writes into one.

use std::fmt::Write as _;

use postroom::{
    domain::{
        address::EmailAddress,
        ghost::{self, PREFIX},
    },
    matrix::client::user_id,
};
use ruma::server_name;

pub const WORDS: &[&str] = &[
    "_email_", "=40", "=2b", "=", "@", "jane", "acme.com", "ä", "İ", "ß", "李", "..", "\u{1}",
];

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = ghost::address_in(&text);
    let (name, address) = text.split_once('\n').unwrap_or(("Jane", &text));
    let Ok(address) = EmailAddress::parse(address) else {
        return;
    };
    let again = EmailAddress::parse(address.as_str()).expect("an address stays one");
    assert_eq!(
        (again.as_str(), again.key()),
        (address.as_str(), address.key())
    );
    names_make_ids(name, &address);
    addresses_come_back(&address);
}

/// Whatever somebody is called, a homeserver takes the id, and it tells no address.
fn names_make_ids(name: &str, address: &EmailAddress) {
    let localpart = ghost::localpart(name, address, "k7f3");
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._".contains(c);
    assert!(localpart.chars().all(allowed), "{localpart:?}");
    assert!(localpart.len() <= PREFIX.len() + 50, "{localpart:?}");
    user_id(&localpart, server_name!("example.org")).expect("a user id");
    assert_eq!(ghost::address_in(&localpart), None, "{localpart:?}");
}

/// Written as Matrix wants it, octet by octet, the address is found again.
fn addresses_come_back(address: &EmailAddress) {
    let mut localpart = PREFIX.to_owned();
    for octet in address.as_str().bytes() {
        if octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"._-".contains(&octet) {
            localpart.push(char::from(octet));
        } else {
            write!(localpart, "={octet:02x}").expect("memory");
        }
    }
    let found = ghost::address_in(&localpart).expect("the address");
    assert_eq!(found.as_str(), address.as_str());
}
