//! Reads Authentication-Results (RFC 8601): what somebody else's check has found. Whose fields count
//! is decided in `header`.
//!
//! Linear in the length of the value, and bounded: of too many results the first count.

use crate::domain::evidence::{CheckResult, Dkim, Dmarc, Policy, Spf};

/// What one field says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Results {
    /// In lower case; `None` in the fields of Microsoft 365, which name none.
    pub authserv_id: Option<String>,
    pub results: Vec<MethodResult>,
}

/// `dkim=pass header.d=acme.com`, in lower case but for the values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MethodResult {
    pub method: String,
    pub result: String,
    pub properties: Vec<(String, String)>,
    /// All comments, with a space between them.
    comment: String,
}

impl Results {
    /// Reads an unfolded value. `None` for a version that isn't known.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        let mut cursor = Cursor::new(value);
        cursor.skip_blank();
        let begin = cursor.rest;
        let id = cursor.word(b";=");
        cursor.skip_blank();
        let authserv_id = if cursor.rest.starts_with('=') {
            cursor.rest = begin;
            None
        } else {
            let version = cursor.word(b";");
            if !version.is_empty() && version.trim_start_matches('0') != "1" {
                return None;
            }
            cursor.skip_to(b';');
            Some(id.to_ascii_lowercase())
        };
        let mut results = Vec::new();
        while !cursor.rest.is_empty() && results.len() < MOST_RESULTS {
            results.extend(cursor.result());
            cursor.skip_to(b';');
        }
        Some(Self {
            authserv_id,
            results,
        })
    }

    /// The result of SPF (RFC 8601 section 2.7.2); that of the envelope sender if there is one of the
    /// name in HELO, too.
    #[must_use]
    pub fn spf(&self) -> Option<Spf> {
        let sender = ["smtp.mailfrom", "smtp.mail", "smtp.from"];
        let of = |one: &MethodResult, names: &[&str]| {
            Some(Spf {
                result: CheckResult::from_word(&one.result),
                domain: domain(one.property(names)?)?,
            })
        };
        let by_sender = self.of("spf").find_map(|one| of(one, &sender));
        by_sender.or_else(|| self.of("spf").find_map(|one| of(one, &["smtp.helo"])))
    }

    /// The results of DKIM (RFC 8601 section 2.7.1), one for each signature that is named.
    #[must_use]
    pub fn dkim(&self) -> Vec<Dkim> {
        let signatures = self.of("dkim").filter_map(|one| {
            let named = one.property(&["header.d"]).and_then(domain);
            // Some name nothing but the identity, which is of the same domain or one below.
            let domain = named.or_else(|| one.property(&["header.i"]).and_then(domain))?;
            Some(Dkim {
                result: CheckResult::from_word(&one.result),
                domain,
                selector: one.property(&["header.s"]).map(str::to_owned),
            })
        });
        signatures.collect()
    }

    /// The result of DMARC (RFC 7489 section 11.2).
    #[must_use]
    pub fn dmarc(&self) -> Option<Dmarc> {
        let one = self.of("dmarc").next()?;
        let policy = one.property(&["policy.dmarc", "policy.published-domain-policy"]);
        Some(Dmarc {
            result: CheckResult::from_word(&one.result),
            domain: one.property(&["header.from"]).and_then(domain),
            policy: policy
                .or_else(|| one.policy_in_comment())
                .and_then(read_policy),
        })
    }

    fn of<'a>(&'a self, method: &'a str) -> impl Iterator<Item = &'a MethodResult> {
        self.results.iter().filter(move |one| one.method == method)
    }
}

impl MethodResult {
    fn property(&self, names: &[&str]) -> Option<&str> {
        let find = |name: &&str| {
            let mut own = self.properties.iter();
            own.find(|(own, _)| own == name)
                .map(|(_, value)| value.as_str())
        };
        names.iter().find_map(find)
    }

    /// `OpenDMARC` and Google write `(p=reject sp=none dis=none)`.
    fn policy_in_comment(&self) -> Option<&str> {
        self.comment
            .split([' ', ',', ';'])
            .find_map(|word| word.strip_prefix("p="))
    }
}

fn read_policy(text: &str) -> Option<Policy> {
    match text.to_ascii_lowercase().as_str() {
        "none" => Some(Policy::None),
        "quarantine" => Some(Policy::Quarantine),
        "reject" => Some(Policy::Reject),
        _ => None,
    }
}

/// What follows the last `@`, in ASCII; `none` is what Microsoft writes for nothing.
fn domain(value: &str) -> Option<String> {
    let name = value.rsplit('@').next().unwrap_or_default();
    let name = name.trim_matches(['<', '>', '.']);
    let ascii = crate::mail::punycode::ascii_domain(name)?.to_ascii_lowercase();
    // In quotes anything may stand.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_host = ascii.contains('.') || ascii == "localhost";
    (is_host && ascii.bytes().all(is_name)).then_some(ascii)
}

/// Goes through a value; only ever forward.
struct Cursor<'a> {
    rest: &'a str,
    comment: String,
}

impl<'a> Cursor<'a> {
    fn new(rest: &'a str) -> Self {
        Self {
            rest,
            comment: String::new(),
        }
    }

    /// Method, result and properties, up to the next semicolon.
    fn result(&mut self) -> Option<MethodResult> {
        self.skip_blank();
        let method = self.word(b";=");
        // A version may stand behind it: `dkim/1`.
        let method = method.split('/').next()?.to_ascii_lowercase();
        self.skip_blank();
        if !self.take(b'=') || method.is_empty() {
            return None;
        }
        self.skip_blank();
        let result = self.word(b";=").to_ascii_lowercase();
        self.comment.clear();
        let mut properties = Vec::new();
        loop {
            self.skip_blank();
            if self.rest.is_empty() || self.rest.starts_with(';') {
                break;
            }
            let name = self.name();
            self.skip_blank();
            if !self.take(b'=') {
                continue;
            }
            self.skip_blank();
            let value = self.word(b";");
            if !name.is_empty() && properties.len() < MOST_PROPERTIES {
                properties.push((name, value));
            }
        }
        let comment = std::mem::take(&mut self.comment);
        Some(MethodResult {
            method,
            result,
            properties,
            comment,
        })
    }

    /// The name of a property, around whose dot there may be blanks and comments.
    fn name(&mut self) -> String {
        let mut name = self.word(b";=");
        self.skip_blank();
        while name.ends_with('.') || self.rest.starts_with('.') {
            let more = self.word(b";=");
            if more.is_empty() {
                break;
            }
            name.push_str(&more);
            self.skip_blank();
        }
        if name.is_empty() && !self.rest.starts_with([';', '=']) {
            // A stray character: something has to be taken.
            let mut characters = self.rest.chars();
            characters.next();
            self.rest = characters.as_str();
        }
        name.to_ascii_lowercase()
    }

    /// A word or a quoted string; ends at white space, a comment, or one of `ends`.
    fn word(&mut self, ends: &[u8]) -> String {
        if let Some(inner) = self.rest.strip_prefix('"') {
            return self.quoted(inner);
        }
        let is_end = |b: &u8| b.is_ascii_whitespace() || *b == b'(' || ends.contains(b);
        let length = self.rest.bytes().position(|b| is_end(&b));
        let (word, rest) = self.rest.split_at(length.unwrap_or(self.rest.len()));
        self.rest = rest;
        word.to_owned()
    }

    fn quoted(&mut self, inner: &'a str) -> String {
        let mut word = String::new();
        let mut characters = inner.chars();
        while let Some(character) = characters.next() {
            match character {
                '"' => break,
                '\\' => word.extend(characters.next()),
                other => word.push(other),
            }
        }
        self.rest = characters.as_str();
        word
    }

    fn take(&mut self, octet: u8) -> bool {
        let found = self.rest.as_bytes().first() == Some(&octet);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// White space and comments, nested ones too; what comments say is kept.
    fn skip_blank(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            if !self.rest.starts_with('(') {
                return;
            }
            let (mut depth, mut is_escaped, mut end) = (0_usize, false, self.rest.len());
            for (at, octet) in self.rest.bytes().enumerate() {
                match octet {
                    _ if is_escaped => is_escaped = false,
                    b'\\' => is_escaped = true,
                    b'(' => depth += 1,
                    b')' => depth -= 1,
                    _ => {}
                }
                if depth == 0 {
                    end = at + 1;
                    break;
                }
            }
            let (comment, rest) = self.rest.split_at(end);
            self.comment.push(' ');
            self.comment.push_str(comment.trim_matches(['(', ')']));
            self.rest = rest;
        }
    }

    /// Past the next `octet` that stands outside of quotes and comments.
    fn skip_to(&mut self, octet: u8) {
        loop {
            self.skip_blank();
            if self.rest.is_empty() || self.take(octet) {
                return;
            }
            self.word(&[octet]);
        }
    }
}

const MOST_RESULTS: usize = 100;
const MOST_PROPERTIES: usize = 20;

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn shown(value: &str) -> String {
        let Some(read) = Results::parse(value) else {
            return "unknown version".to_owned();
        };
        let mut shown = read.authserv_id.unwrap_or_else(|| "nobody".to_owned());
        for one in read.results {
            write!(shown, " | {}={}", one.method, one.result).unwrap();
            for (name, value) in one.properties {
                write!(shown, " {name}={value}").unwrap();
            }
        }
        shown
    }

    #[rstest]
    #[case::none("mx.example.org; none", "mx.example.org")]
    #[case::version("mx.example.org 1; none", "mx.example.org")]
    #[case::later("mx.example.org 2; dkim=pass header.d=acme.com", "unknown version")]
    #[case::one(
        "MX.example.org; DKIM=Pass header.d=acme.com",
        "mx.example.org | dkim=pass header.d=acme.com"
    )]
    #[case::several(
        "mx.example.org;\tspf=pass smtp.mailfrom=jane@acme.com;\tdkim=pass (2048-bit key) \
         header.d=acme.com header.s=post;dmarc=pass (p=none) header.from=acme.com",
        "mx.example.org | spf=pass smtp.mailfrom=jane@acme.com | dkim=pass header.d=acme.com \
         header.s=post | dmarc=pass header.from=acme.com"
    )]
    #[case::comments(
        "mx.example.org (b (c) \\) d) 1 (e); (f) dkim/1 (i) = (j) pass (k) header (l) . (m) d = (o) \
         acme.com (p)",
        "mx.example.org | dkim=pass header.d=acme.com"
    )]
    #[case::quoted(
        "\"mx.example.org\"; dkim=fail reason=\"no key; dkim=pass (\\\"\" header.d=acme.com",
        "mx.example.org | dkim=fail reason=no key; dkim=pass (\" header.d=acme.com"
    )]
    #[case::semicolon_in_a_comment(
        "mx.example.org; dkim=fail (no; spf=pass smtp.mailfrom=acme.com) header.d=acme.com",
        "mx.example.org | dkim=fail header.d=acme.com"
    )]
    #[case::batv(
        "mx.example.org; spf=pass smtp.mailfrom=prvs=12=jane@acme.com",
        "mx.example.org | spf=pass smtp.mailfrom=prvs=12=jane@acme.com"
    )]
    #[case::microsoft(
        "spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=acme.com; dkim=pass (signature was verified) \
         header.d=acme.com;dmarc=pass action=none header.from=acme.com;compauth=pass reason=100",
        "nobody | spf=pass smtp.mailfrom=acme.com | dkim=pass header.d=acme.com | dmarc=pass \
         action=none header.from=acme.com | compauth=pass reason=100"
    )]
    #[case::stray(
        "x; dkim=pass = ) header.d=a.b \" ; spf=fail",
        "x | dkim=pass header.d=a.b"
    )]
    #[case::open_comment("x; dkim=pass (header.d=a.b", "x | dkim=pass")]
    #[case::empty("", "")]
    #[case::nothing(";;;", "")]
    fn reads(#[case] value: &str, #[case] expected: &str) {
        assert_eq!(shown(value), expected);
    }

    #[test]
    fn knows_the_methods() {
        let read = Results::parse(
            "mx; spf=none smtp.helo=mail.acme.com; spf=softfail smtp.mailfrom=<jane@Acme.com>; \
             dkim=pass header.i=@mail.acme.com header.s=a; dkim=neutral header.d=none; \
             dmarc=fail (p=QUARANTINE sp=none) header.from=b\u{fc}cher.example",
        )
        .unwrap();
        let spf = read.spf().unwrap();
        assert_eq!(
            (spf.result, spf.domain.as_str()),
            (CheckResult::Softfail, "acme.com")
        );
        let dkim = read.dkim();
        assert_eq!(dkim.len(), 1);
        assert_eq!(dkim[0].domain, "mail.acme.com");
        assert_eq!(dkim[0].selector.as_deref(), Some("a"));
        let dmarc = read.dmarc().unwrap();
        assert_eq!(dmarc.policy, Some(Policy::Quarantine));
        assert_eq!(dmarc.domain.as_deref(), Some("xn--bcher-kva.example"));
    }

    proptest! {
        #[test]
        fn never_panics(value in "([a-z.]{0,4}[ ;=()\"\\\\.@\u{fc}]{0,3}){0,20}") {
            let _ = Results::parse(&value);
        }
    }

    #[test]
    fn takes_no_longer_than_it_must() {
        for hostile in ["(", "\"", "\\", "=", ";a=b", "a=b ", "((()", "\" \\"] {
            let value = hostile.repeat(64 * 1024 / hostile.len());
            let _ = Results::parse(&format!("x; dkim=pass {value}"));
            let _ = Results::parse(&value);
        }
    }
}
