//! The header fields of a letter that goes to many: what list it is of, and how to leave it.

use std::fmt::Write as _;

use lettre::message::header::{HeaderName, HeaderValue};

use super::header::{clean, field, write_phrase};
use crate::{
    domain::{address::EmailAddress, letter::List},
    mail::punycode::{ascii_address, ascii_domain},
};

/// `List-Id` (RFC 2919), `List-Unsubscribe` (RFC 2369), and where there is a page that is reached by
/// TLS, the promise that a POST to it is enough (RFC 8058).
pub(super) fn fields(list: &List) -> Vec<HeaderValue> {
    let mut fields = vec![list_id(list), unsubscribe(list)];
    let url = list.leave_url.as_deref().unwrap_or_default();
    if url.starts_with("https://") {
        let name = HeaderName::new_from_ascii_str("List-Unsubscribe-Post");
        fields.push(HeaderValue::new(
            name,
            "List-Unsubscribe=One-Click".to_owned(),
        ));
    }
    fields
}

fn list_id(list: &List) -> HeaderValue {
    let id = ascii_domain(&list.id).unwrap_or_else(|| list.id.clone());
    field(HeaderName::new_from_ascii_str("List-Id"), |writer| {
        let name = clean(&list.name);
        if !name.is_empty() {
            write_phrase(&name, writer)?;
            writer.space();
        }
        writer.folding().write_str(&format!("<{id}>"))
    })
}

fn unsubscribe(list: &List) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str("List-Unsubscribe");
    field(name, |writer| {
        if let Some(url) = &list.leave_url {
            writer.folding().write_str(&format!("<{url}>,"))?;
            writer.space();
        }
        writer
            .folding()
            .write_str(&format!("<{}>", mailto(&list.leave_address)))
    })
}

/// RFC 6068.
fn mailto(address: &EmailAddress) -> String {
    let ascii = ascii_address(address).unwrap_or_else(|| address.as_str().to_owned());
    let mut url = "mailto:".to_owned();
    for byte in ascii.bytes() {
        if byte.is_ascii_alphanumeric() || b"@+-._~=".contains(&byte) {
            url.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(url, "%{byte:02X}");
        }
    }
    url + "?subject=unsubscribe"
}

#[cfg(test)]
mod tests {
    use lettre::message::header::Headers;
    use rstest::rstest;

    use super::*;

    fn written(list: &List) -> String {
        let mut headers = Headers::new();
        for field in fields(list) {
            headers.insert_raw(field);
        }
        headers.to_string()
    }

    fn news() -> List {
        List {
            id: "abc234.example.org".to_owned(),
            name: "Training news".to_owned(),
            leave_url: Some("https://post.example.org/leave/abc".to_owned()),
            leave_address: EmailAddress::parse("support+abc@example.org").unwrap(),
        }
    }

    #[test]
    fn two_ways_out() {
        insta::assert_snapshot!(written(&news()).replace("\r\n", "\n"));
    }

    #[rstest]
    #[case::no_page(None)]
    #[case::no_tls(Some("http://127.0.0.1/leave/abc"))]
    fn one_click_needs_a_page_and_tls(#[case] url: Option<&str>) {
        let list = List {
            leave_url: url.map(str::to_owned),
            ..news()
        };
        assert!(!written(&list).contains("List-Unsubscribe-Post"));
        assert!(written(&list).contains("<mailto:support+abc@example.org?subject=unsubscribe>"));
    }

    #[rstest]
    #[case("", "List-Id: <abc234.example.org>\r\n")]
    #[case("Größe", "List-Id: =?utf-8?b?R3LDtsOfZQ==?= <abc234.example.org>\r\n")]
    #[case(
        "a\r\nBcc: <x@y>",
        "List-Id: \"a Bcc: <x@y>\" <abc234.example.org>\r\n"
    )]
    fn a_room_s_name_stays_a_name(#[case] name: &str, #[case] expected: &str) {
        let list = List {
            name: name.to_owned(),
            ..news()
        };
        assert!(written(&list).starts_with(expected), "{}", written(&list));
    }

    #[test]
    fn addresses_are_escaped() {
        let address = EmailAddress::parse("a&b%c/{}+x@ä.example").unwrap();
        let expected = "mailto:a%26b%25c%2F%7B%7D+x@xn--4ca.example?subject=unsubscribe";
        assert_eq!(mailto(&address), expected);
    }
}
