//! Reads how a mail came: the Received field (RFC 5321 section 4.4) of the server of ours that took it
//! from somebody else, and who that was.
//!
//! Servers write the field each in its own way, and the name in HELO, which is the sender's choice,
//! stands in it. So a field is read to no more than is sure: an address that is not is none.

use std::net::IpAddr;

use crate::{
    config::{Network, is_in},
    mail::parse::{Trace, TraceField},
    ports::Client,
};

/// Where the servers that we trust end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Border {
    /// Index among the trace's fields of the Received that our server wrote about somebody else.
    pub field: usize,
    pub client: Option<Client>,
}

/// The first Received from the top that tells of a client that isn't one of `relays`. Fields without a
/// client (a server took the mail from itself) and those of an LMTP server without an address tell of
/// our own. `None`: there is none.
#[must_use]
pub fn border(trace: &Trace, relays: &[Network]) -> Option<Border> {
    let received = trace.fields.iter().enumerate();
    received
        .filter_map(|(at, field)| match field {
            TraceField::Received(value) => Some((at, Hop::read(value))),
            TraceField::AuthenticationResults(_) | TraceField::ReturnPath(_) => None,
        })
        .find_map(|(field, hop)| {
            let is_ours = match hop.client {
                Some(address) => is_in(address, relays),
                None => !hop.has_client || hop.is_lmtp,
            };
            let client = hop.client.map(|address| Client {
                address,
                helo: hop.helo,
            });
            (!is_ours).then_some(Border { field, client })
        })
}

/// The same for Microsoft 365: what its servers that face the world wrote.
#[must_use]
pub fn microsoft_border(trace: &Trace) -> Option<usize> {
    trace.fields.iter().position(|field| match field {
        TraceField::Received(value) => Hop::read(value)
            .by
            .to_ascii_lowercase()
            .ends_with(".mail.protection.outlook.com"),
        TraceField::AuthenticationResults(_) | TraceField::ReturnPath(_) => false,
    })
}

/// What one Received says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hop {
    /// There is a `from`.
    has_client: bool,
    client: Option<IpAddr>,
    helo: String,
    by: String,
    is_lmtp: bool,
}

impl Hop {
    fn read(value: &str) -> Self {
        let mut hop = Self::default();
        let mut literal = None;
        let mut in_comments = Vec::new();
        let mut clause = Clause::Start;
        for piece in pieces(value) {
            match (piece, clause) {
                (Piece::Comment(text), Clause::From | Clause::AfterFrom) => {
                    read_comment(text, &mut hop.helo, &mut in_comments);
                }
                (Piece::Word(word), Clause::From) => {
                    literal = address(word);
                    word.clone_into(&mut hop.helo);
                    clause = Clause::AfterFrom;
                }
                (Piece::Word(word), Clause::By) => {
                    word.trim_end_matches(';').clone_into(&mut hop.by);
                    clause = Clause::Rest;
                }
                (Piece::Word(word), Clause::With) => {
                    hop.is_lmtp = word.to_ascii_uppercase().contains("LMTP");
                    clause = Clause::Rest;
                }
                (Piece::Word(word), Clause::Start) if word.eq_ignore_ascii_case("from") => {
                    hop.has_client = true;
                    clause = Clause::From;
                }
                (Piece::Word(word), Clause::Start | Clause::AfterFrom)
                    if word.eq_ignore_ascii_case("by") =>
                {
                    clause = Clause::By;
                }
                (Piece::Word(word), Clause::Rest) if word.eq_ignore_ascii_case("with") => {
                    clause = Clause::With;
                }
                (Piece::Comment(_), _)
                | (Piece::Word(_), Clause::Start | Clause::AfterFrom | Clause::Rest) => {}
            }
        }
        in_comments.dedup();
        hop.client = match in_comments.as_slice() {
            [] => literal,
            [only] => Some(*only),
            // Two: who knows which one the server saw, and which one somebody has made up.
            _ => None,
        };
        hop
    }
}

#[derive(Debug, Clone, Copy)]
enum Clause {
    Start,
    From,
    AfterFrom,
    By,
    With,
    Rest,
}

#[derive(Debug, Clone, Copy)]
enum Piece<'a> {
    Word(&'a str),
    /// What stands in the outermost brackets.
    Comment(&'a str),
}

fn pieces(value: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begin, mut depth) = (0, 0_usize);
    for (at, byte) in value.bytes().enumerate() {
        match byte {
            b'(' if depth == 0 => {
                push_words(&value[begin..at], &mut pieces);
                begin = at + 1;
                depth = 1;
            }
            b'(' => depth += 1,
            b')' if depth == 1 => {
                pieces.push(Piece::Comment(&value[begin..at]));
                begin = at + 1;
                depth = 0;
            }
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    // What isn't closed is cut off: its end is not known.
    if depth == 0 {
        push_words(&value[begin..], &mut pieces);
    }
    pieces
}

fn push_words<'a>(text: &'a str, pieces: &mut Vec<Piece<'a>>) {
    pieces.extend(text.split_whitespace().map(Piece::Word));
}

/// The addresses in what a server adds after the name: `mail.acme.com [192.0.2.1]` (Postfix, sendmail),
/// `[192.0.2.1] helo=mail.acme.com` (Exim), `HELO mail.acme.com` and `192.0.2.1` (qmail).
fn read_comment(text: &str, helo: &mut String, found: &mut Vec<IpAddr>) {
    let mut words = text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ','));
    while let Some(word) = words.next() {
        let lower = word.to_ascii_lowercase();
        if lower == "helo" || lower == "ehlo" {
            words.next().unwrap_or_default().clone_into(helo);
        } else if lower.starts_with("helo=") || lower.starts_with("ehlo=") {
            word[5..].clone_into(helo);
        } else {
            found.extend(address(word));
        }
    }
}

/// `192.0.2.1`, `[192.0.2.1]`, `[IPv6:2001:db8::1]`, `[192.0.2.1]:4711`.
fn address(word: &str) -> Option<IpAddr> {
    let bare = match word.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?.0,
        None => word,
    };
    let has_tag = bare
        .get(..5)
        .is_some_and(|tag| tag.eq_ignore_ascii_case("ipv6:"));
    let bare = if has_tag { &bare[5..] } else { bare };
    bare.parse::<IpAddr>()
        .ok()
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::postfix(
        "from mail.acme.com (out.acme.com [192.0.2.1]) (using TLSv1.3) by mx.example.org (Postfix) \
         with ESMTPS id 4X for <a@example.org>; Tue, 3 Mar 2026 10:11:12 +0100",
        Some("192.0.2.1"),
        "mail.acme.com",
        "mx.example.org"
    )]
    #[case::postfix_6(
        "from mail.acme.com (out.acme.com [IPv6:2001:db8::1]) by mx.example.org",
        Some("2001:db8::1"),
        "mail.acme.com",
        "mx.example.org"
    )]
    #[case::exim(
        "from out.acme.com ([192.0.2.1] helo=mail.acme.com) by mx.example.org with esmtps",
        Some("192.0.2.1"),
        "mail.acme.com",
        "mx.example.org"
    )]
    #[case::exim_without_name(
        "from [192.0.2.1] (helo=[198.51.100.9]) by mx.example.org",
        Some("192.0.2.1"),
        "[198.51.100.9]",
        "mx.example.org"
    )]
    #[case::exim_with_port(
        "from out.acme.com ([192.0.2.1]:4711 helo=mail.acme.com) by mx.example.org",
        Some("192.0.2.1"),
        "mail.acme.com",
        "mx.example.org"
    )]
    #[case::sendmail(
        "from mail.acme.com (IDENT:x@out.acme.com [192.0.2.1] (may be forged)) by mx.example.org",
        Some("192.0.2.1"),
        "mail.acme.com",
        "mx.example.org"
    )]
    #[case::qmail(
        "from unknown (HELO mail.acme.com) (192.0.2.1) by mx.example.org with SMTP; 3 Mar 2026",
        Some("192.0.2.1"),
        "mail.acme.com",
        "mx.example.org"
    )]
    #[case::exchange(
        "from A.eur.prod.outlook.com (2603:10a6:1::1) by B.eur.prod.outlook.com (2603:10a6::2) with \
         Microsoft SMTP Server",
        Some("2603:10a6:1::1"),
        "A.eur.prod.outlook.com",
        "B.eur.prod.outlook.com"
    )]
    #[case::a_name_that_is_an_address(
        "from [198.51.100.9] (evil.example [192.0.2.1]) by mx.example.org",
        Some("192.0.2.1"),
        "[198.51.100.9]",
        "mx.example.org"
    )]
    #[case::two(
        "from a (b [192.0.2.1]) (c [192.0.2.2]) by mx.example.org",
        None,
        "a",
        "mx.example.org"
    )]
    #[case::none(
        "from mail.acme.com by mx.example.org",
        None,
        "mail.acme.com",
        "mx.example.org"
    )]
    #[case::not_closed("from a (b [192.0.2.1] by mx.example.org", None, "a", "")]
    #[case::itself(
        "by 2002:a05:6870:1:b0:1:2:3 with SMTP id x",
        None,
        "",
        "2002:a05:6870:1:b0:1:2:3"
    )]
    #[case::nothing("", None, "", "")]
    fn reads(
        #[case] value: &str,
        #[case] client: Option<&str>,
        #[case] helo: &str,
        #[case] by: &str,
    ) {
        let hop = Hop::read(value);
        let client = client.map(|text| text.parse::<IpAddr>().unwrap());
        assert_eq!((hop.client, hop.helo.as_str()), (client, helo));
        assert_eq!(hop.by, by);
        assert_eq!(hop.has_client, value.starts_with("from"));
    }

    fn of(received: &[&str]) -> Trace {
        let fields = received.iter().map(|value| (*value).to_owned());
        Trace {
            fields: fields.map(TraceField::Received).collect(),
            ..Trace::default()
        }
    }

    const OUTSIDE: &str = "from mail.acme.com (out.acme.com [192.0.2.1]) by mx.example.org";
    const FORGED: &str = "from good.example (good.example [198.51.100.9]) by mx.example.org";

    #[rstest]
    #[case::at_once(&[OUTSIDE, FORGED], Some(0))]
    #[case::filter(&["from localhost (localhost [127.0.0.1]) by mx.example.org", OUTSIDE, FORGED], Some(1))]
    #[case::lmtp(&["from mx.example.org by mx.example.org with LMTP id x", OUTSIDE, FORGED], Some(1))]
    #[case::itself(&["by mx.example.org (Postfix, from userid 0)", OUTSIDE], Some(1))]
    #[case::relay(&["from in.example.org (in [203.0.113.7]) by mx.example.org", OUTSIDE], Some(1))]
    #[case::unclear(&["from x (a [127.0.0.1]) (b [192.0.2.1]) by mx.example.org", FORGED], Some(0))]
    #[case::nothing(&[], None)]
    fn finds_the_border(#[case] received: &[&str], #[case] field: Option<usize>) {
        let relays = ["127.0.0.0/8", "203.0.113.0/24"].map(|text| Network::parse(text).unwrap());
        let found = border(&of(received), &relays);
        assert_eq!(found.as_ref().map(|border| border.field), field);
        let client = found.and_then(|border| border.client);
        assert_ne!(
            client.map(|client| client.address.to_string()).as_deref(),
            Some("198.51.100.9")
        );
    }

    #[test]
    fn finds_where_microsoft_begins() {
        let inside = "from A.eur.prod.outlook.com (2603:10a6:1::1) by B.eur.prod.outlook.com";
        let door =
            "from evil.prod.outlook.com (192.0.2.1) by X.mail.protection.outlook.com (10.1.1.1)";
        let trace = of(&[inside, door, door]);
        assert_eq!(microsoft_border(&trace), Some(1));
        assert_eq!(microsoft_border(&of(&[inside])), None);
    }
}
