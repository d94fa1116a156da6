//! Addresses in ASCII, as far as they have such a form (RFC 5891).

use crate::domain::address::EmailAddress;

/// The address with its domain in ASCII: `jane@müller.example` is `jane@xn--mller-kva.example`.
/// `None` if the part before the `@` is not ASCII, which no encoding can mend (RFC 6531), or if
/// the domain is none that the DNS could know.
#[must_use]
pub fn ascii_address(address: &EmailAddress) -> Option<String> {
    let local = address.local_part();
    let domain = ascii_domain(address.domain())?;
    local.is_ascii().then(|| format!("{local}@{domain}"))
}

/// The domain in ASCII.
#[must_use]
pub fn ascii_domain(domain: &str) -> Option<String> {
    idna::domain_to_ascii(domain).ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("jane@acme.com", Some("jane@acme.com"))]
    #[case("jane@müller.example", Some("jane@xn--mller-kva.example"))]
    #[case("jürgen@acme.com", None)]
    fn knows_what_has_an_ascii_form(#[case] address: &str, #[case] expected: Option<&str>) {
        let address = EmailAddress::parse(address).unwrap();
        assert_eq!(ascii_address(&address).as_deref(), expected);
    }
}
