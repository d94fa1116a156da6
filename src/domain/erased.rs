//! What takes the place of somebody who was erased: a number, which says who is who and not who that is.

use super::{address::EmailAddress, ghost};

/// Nobody's: no mail ever goes there (RFC 2606).
pub const DOMAIN: &str = "erased.invalid";

/// What they are called.
#[must_use]
pub fn name(number: i64) -> String {
    format!("erased-{number}")
}

#[must_use]
pub fn address(number: i64) -> String {
    format!("{}@{DOMAIN}", name(number))
}

/// Localpart of a ghost that nobody has.
#[must_use]
pub fn ghost(number: i64) -> String {
    format!("{}erased.{number}", ghost::PREFIX)
}

/// Matrix id of a user whom nobody is.
#[must_use]
pub fn user(number: i64) -> String {
    format!("@{}:{DOMAIN}", name(number))
}

/// Whether the address stands for somebody who was erased.
#[must_use]
pub fn is_erased(address: &EmailAddress) -> bool {
    address.domain() == DOMAIN
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(&address(7), true)]
    #[case("jane@acme.com", false)]
    #[case("erased-7@erased.invalid.example", false)]
    fn knows_them(#[case] text: &str, #[case] expected: bool) {
        let address = EmailAddress::parse(text).unwrap();
        assert_eq!(is_erased(&address), expected);
    }
}
