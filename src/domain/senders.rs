//! Lists of senders: whose mail is kept out of sight, and whose is never held for spam or for being
//! much.
//!
//! Patterns and addresses are compared in one form: all in lower case, the domain in ASCII (RFC 5891).
//! An address without a detail stands for itself with every detail: `jane@acme.com` is
//! `jane+news@acme.com`, too. Of several patterns that fit the narrowest counts; of two that are alike
//! the one that blocks.

use std::collections::HashMap;

use jiff::Zoned;

use super::address::{AddressFault, EmailAddress};

/// What becomes of a listed sender's mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// It is held neither for spam nor for being much. What fails a check is held all the same.
    Allow,
    /// It is kept, and shown nowhere.
    Block,
}

impl List {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Block => "block",
        }
    }

    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Allow, Self::Block]
            .into_iter()
            .find(|list| list.word() == word)
    }
}

/// `jane@acme.com`, `*@acme.com` or `*.example`, which is every domain below `example`; in the form in
/// which they are compared.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SenderPattern(String);

/// Why a text is no pattern; the sentence is meant for the person who typed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatternFault {
    #[error(
        "a “*” stands for all before the “@”, as in *@acme.com, or for all before a dot, as in *.example"
    )]
    Star,
    #[error("{0}")]
    Address(#[from] AddressFault),
}

impl SenderPattern {
    /// Reads a pattern: besides the forms above `*@*.example` and `@acme.com`.
    ///
    /// # Errors
    ///
    /// Says what is wrong with `text`.
    pub fn parse(text: &str) -> Result<Self, PatternFault> {
        let text = text.trim().trim_matches(['<', '>', '`']);
        let text = text.strip_prefix("*@*.").map_or(text, |_| &text[2..]);
        if let Some(domain) = text.strip_prefix("*.") {
            return Ok(Self(format!("*.{}", domain_of(domain)?)));
        }
        let domain = text.strip_prefix("*@").or(text.strip_prefix('@'));
        if let Some(domain) = domain {
            return Ok(Self(format!("*@{}", domain_of(domain)?)));
        }
        if text.contains('*') {
            return Err(PatternFault::Star);
        }
        Ok(Self(canonical(&EmailAddress::parse(text)?)))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for SenderPattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

fn domain_of(text: &str) -> Result<String, PatternFault> {
    if text.contains('*') {
        return Err(PatternFault::Star);
    }
    let address = EmailAddress::parse(&format!("x@{text}"))?;
    Ok(ascii(address.domain()))
}

/// The form in which addresses are compared.
#[must_use]
pub fn canonical(address: &EmailAddress) -> String {
    let local = address.local_part().to_lowercase();
    format!("{local}@{}", ascii(address.domain()))
}

fn ascii(domain: &str) -> String {
    idna::domain_to_ascii(domain).unwrap_or_else(|_| domain.to_owned())
}

/// Every pattern that fits the address, the narrowest first. Of a domain of many parts the last ones
/// count.
#[must_use]
pub fn fitting(address: &EmailAddress) -> Vec<String> {
    let own = canonical(address);
    let (local, domain) = own.rsplit_once('@').unwrap_or(("", &own));
    let mut patterns = vec![own.clone()];
    if let Some((base, _)) = local.split_once('+').filter(|(base, _)| !base.is_empty()) {
        patterns.push(format!("{base}@{domain}"));
    }
    patterns.push(format!("*@{domain}"));
    let dots: Vec<usize> = domain.match_indices('.').map(|(at, _)| at).collect();
    let last = dots.len().saturating_sub(MOST_PARENTS);
    let parents = dots[last..].iter().map(|at| &domain[at + 1..]);
    patterns.extend(parents.map(|parent| format!("*.{parent}")));
    patterns
}

/// Domains above one that are looked at.
const MOST_PARENTS: usize = 8;

/// Senders as the configuration lists them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SenderLists(HashMap<String, List>);

impl SenderLists {
    /// What is in both is blocked.
    #[must_use]
    pub fn new(allow: Vec<SenderPattern>, block: Vec<SenderPattern>) -> Self {
        let allow = allow.into_iter().map(|pattern| (pattern.0, List::Allow));
        let block = block.into_iter().map(|pattern| (pattern.0, List::Block));
        Self(allow.chain(block).collect())
    }

    #[must_use]
    pub fn get(&self, pattern: &str) -> Option<List> {
        self.0.get(pattern).copied()
    }

    /// Every pattern, in the order of the alphabet.
    #[must_use]
    pub fn all(&self) -> Vec<(&str, List)> {
        let mut all: Vec<(&str, List)> = self.0.iter().map(|(one, of)| (&**one, *of)).collect();
        all.sort_unstable_by_key(|(pattern, _)| *pattern);
        all
    }
}

/// A pattern that fits a sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub list: List,
    pub pattern: String,
}

/// A pattern on a list, as `!email blocked` shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub list: List,
    pub pattern: String,
    /// Who put it there, and when; `None`: the configuration.
    pub by: Option<(String, Zoned)>,
    /// How many mails it has blocked.
    pub mails: i64,
}

/// Says what a pattern is on.
pub type Lookup<'l> = &'l dyn Fn(&str) -> Option<List>;

/// What counts for a sender, by every list that there is.
#[must_use]
pub fn listing(fitting: &[String], lists: &[Lookup<'_>]) -> Option<Listing> {
    fitting.iter().find_map(|pattern| {
        let on: Vec<List> = lists.iter().filter_map(|list| list(pattern)).collect();
        let list = if on.contains(&List::Block) {
            List::Block
        } else {
            *on.first()?
        };
        Some(Listing {
            list,
            pattern: pattern.clone(),
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Jane@ACME.com", "jane@acme.com")]
    #[case(" <jane@acme.com> ", "jane@acme.com")]
    #[case("jane+news@acme.com", "jane+news@acme.com")]
    #[case("*@acme.com", "*@acme.com")]
    #[case("@Acme.com", "*@acme.com")]
    #[case("*.example", "*.example")]
    #[case("*@*.Spam.example", "*.spam.example")]
    #[case("*@müller.example", "*@xn--mller-kva.example")]
    fn reads(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(SenderPattern::parse(text).unwrap().as_str(), expected);
    }

    #[rstest]
    #[case("")]
    #[case("*")]
    #[case("acme.com")]
    #[case("ja*@acme.com")]
    #[case("*@*")]
    #[case("*@a*.example")]
    #[case("*.")]
    #[case("jane@")]
    fn refuses(#[case] text: &str) {
        SenderPattern::parse(text).unwrap_err();
    }

    #[rstest]
    #[case("jane@acme.com", "JANE@Acme.Com", true)]
    #[case("jane@acme.com", "jane+news@acme.com", true)]
    #[case("jane+news@acme.com", "jane+news@acme.com", true)]
    #[case("jane+news@acme.com", "jane@acme.com", false)]
    #[case("jane@acme.com", "janet@acme.com", false)]
    #[case("*@acme.com", "anybody@acme.com", true)]
    #[case("*@acme.com", "anybody@mail.acme.com", false)]
    #[case("*@acme.com", "anybody@notacme.com", false)]
    #[case("*.acme.com", "anybody@mail.acme.com", true)]
    #[case("*.acme.com", "anybody@acme.com", false)]
    #[case("*.example", "a@deep.down.spam.example", true)]
    #[case("*@müller.example", "x@xn--mller-kva.example", true)]
    #[case("*@xn--mller-kva.example", "x@MÜLLER.example", true)]
    fn fits(#[case] pattern: &str, #[case] address: &str, #[case] expected: bool) {
        let pattern = SenderPattern::parse(pattern).unwrap();
        let address = EmailAddress::parse(address).unwrap();
        let is_one = fitting(&address).iter().any(|one| one == pattern.as_str());
        assert_eq!(is_one, expected);
    }

    #[rstest]
    #[case::nothing(&[], &[], None)]
    #[case::the_narrowest(&["jane@acme.com"], &["*@acme.com"], Some(List::Allow))]
    #[case::the_narrowest_blocks(&["*@acme.com"], &["jane@acme.com"], Some(List::Block))]
    #[case::both(&["jane@acme.com"], &["jane@acme.com"], Some(List::Block))]
    #[case::of_another(&["joe@acme.com"], &["*@beta.example"], None)]
    #[case::above(&[], &["*.com"], Some(List::Block))]
    fn the_narrowest_counts(
        #[case] allow: &[&str],
        #[case] block: &[&str],
        #[case] expected: Option<List>,
    ) {
        let read = |texts: &[&str]| {
            let patterns = texts.iter().map(|text| SenderPattern::parse(text).unwrap());
            patterns.collect::<Vec<_>>()
        };
        let fitting = fitting(&EmailAddress::parse("jane@acme.com").unwrap());
        // In one list, and in two.
        let one = SenderLists::new(read(allow), read(block));
        let found = listing(&fitting, &[&|pattern| one.get(pattern)]);
        assert_eq!(found.map(|found| found.list), expected);
        let two = [
            SenderLists::new(read(allow), Vec::new()),
            SenderLists::new(Vec::new(), read(block)),
        ];
        let lists: [Lookup<'_>; 2] = [&|pattern| two[0].get(pattern), &|pattern| {
            two[1].get(pattern)
        }];
        let found = listing(&fitting, &lists);
        assert_eq!(found.map(|found| found.list), expected);
    }

    proptest! {
        /// What staff copy from a mail always fits that mail's sender.
        #[test]
        fn an_address_fits_itself(local in "[a-zA-Z0-9.+-]{1,20}", domain in "[a-zA-Z0-9.-]{1,40}") {
            if let Ok(address) = EmailAddress::parse(&format!("{local}@{domain}")) {
                let pattern = SenderPattern::parse(address.as_str()).unwrap();
                prop_assert!(fitting(&address).contains(&pattern.0));
                prop_assert!(fitting(&address).len() <= 3 + MOST_PARENTS);
            }
        }
    }
}
