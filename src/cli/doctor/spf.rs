//! SPF records, as far as one can judge them without a mail (RFC 7208).

use futures_util::future::BoxFuture;

use crate::mail::dns::{NoAnswer, Resolver};

/// More look-ups than this make the record void for every mail (RFC 7208 section 4.6.4).
pub const MOST_LOOKUPS: usize = 10;
/// Nobody nests deeper by intent.
const DEEPEST: usize = 10;

/// Of the texts of a name those that are SPF records.
pub fn records(texts: Vec<String>) -> Vec<String> {
    let is_record = |text: &String| {
        let text = text.to_ascii_lowercase();
        text == "v=spf1" || text.starts_with("v=spf1 ")
    };
    texts.into_iter().filter(is_record).collect()
}

/// What a record asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Record {
    /// Its own look-ups, without those of what it includes.
    pub lookups: usize,
    /// Whose records are read as well.
    pub included: Vec<String>,
    /// What becomes of mail from elsewhere: the sign before `all`.
    pub all: Option<char>,
    /// Whose record decides where this one has no `all`.
    pub redirect: Option<String>,
}

impl Record {
    pub fn read(text: &str) -> Self {
        let mut record = Self::default();
        for term in text.split_ascii_whitespace().skip(1) {
            let term = term.to_ascii_lowercase();
            if let Some(name) = term.strip_prefix("redirect=") {
                record.lookups += 1;
                record.redirect = Some(name.to_owned());
                continue;
            }
            let sign = term.chars().next().filter(|sign| "+-~?".contains(*sign));
            let mechanism = term.trim_start_matches(['+', '-', '~', '?']);
            let (name, value) = mechanism.split_once(':').unwrap_or((mechanism, ""));
            match name.split('/').next().unwrap_or_default() {
                "all" => record.all = Some(sign.unwrap_or('+')),
                "include" => {
                    record.lookups += 1;
                    record.included.push(value.to_owned());
                }
                "a" | "mx" | "ptr" | "exists" => record.lookups += 1,
                _ => {}
            }
        }
        // `all` decides before a redirection could.
        if record.all.is_some() && record.redirect.take().is_some() {
            record.lookups -= 1;
        }
        record
    }
}

/// What a whole tree of records comes to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tree {
    /// At least so many; counting stops beyond [`MOST_LOOKUPS`].
    pub lookups: usize,
    pub all: Option<char>,
    /// Names that are referred to and have no record of their own.
    pub missing: Vec<String>,
}

/// Follows a record through everything that it refers to.
pub async fn follow(text: &str, resolver: &Resolver) -> Result<Tree, NoAnswer> {
    let mut tree = Tree::default();
    tree.all = walk(text.to_owned(), 0, &mut tree, resolver).await?;
    Ok(tree)
}

/// Returns the sign before the `all` that counts.
fn walk<'a>(
    text: String,
    depth: usize,
    tree: &'a mut Tree,
    resolver: &'a Resolver,
) -> BoxFuture<'a, Result<Option<char>, NoAnswer>> {
    Box::pin(async move {
        let record = Record::read(&text);
        tree.lookups += record.lookups;
        if depth == DEEPEST {
            return Ok(record.all);
        }
        for name in &record.included {
            if tree.lookups > MOST_LOOKUPS {
                return Ok(record.all);
            }
            if let Some(text) = only_record(name, tree, resolver).await? {
                walk(text, depth + 1, tree, resolver).await?;
            }
        }
        match &record.redirect {
            Some(name) if tree.lookups <= MOST_LOOKUPS => {
                match only_record(name, tree, resolver).await? {
                    Some(text) => walk(text, depth + 1, tree, resolver).await,
                    None => Ok(None),
                }
            }
            _ => Ok(record.all),
        }
    })
}

async fn only_record(
    name: &str,
    tree: &mut Tree,
    resolver: &Resolver,
) -> Result<Option<String>, NoAnswer> {
    // A name with a macro in it depends on the mail.
    if name.contains('%') {
        return Ok(None);
    }
    let mut found = records(resolver.texts(name).await?);
    if found.is_empty() {
        tree.missing.push(name.to_owned());
    }
    Ok((found.len() == 1).then(|| found.remove(0)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("v=spf1 mx -all", 1, &[], Some('-'), None)]
    #[case("v=spf1 ip4:192.0.2.1 a/24 mx:b.example//64 ~ALL", 2, &[], Some('~'), None)]
    #[case("V=SPF1 include:_spf.a.example +include:b.example all", 2, &["_spf.a.example", "b.example"], Some('+'), None)]
    #[case("v=spf1 redirect=c.example", 1, &[], None, Some("c.example"))]
    #[case("v=spf1 redirect=c.example ?all", 0, &[], Some('?'), None)]
    #[case("v=spf1", 0, &[], None, None)]
    fn reads(
        #[case] text: &str,
        #[case] lookups: usize,
        #[case] included: &[&str],
        #[case] all: Option<char>,
        #[case] redirect: Option<&str>,
    ) {
        let expected = Record {
            lookups,
            included: included.iter().map(|name| (*name).to_owned()).collect(),
            all,
            redirect: redirect.map(str::to_owned),
        };
        assert_eq!(Record::read(text), expected);
    }

    #[test]
    fn knows_its_records() {
        let texts = [
            "v=spf1 -all",
            "v=spf10 -all",
            "google-site-verification=1",
            "V=SPF1",
        ];
        let found = records(texts.map(str::to_owned).to_vec());
        assert_eq!(found, ["v=spf1 -all", "V=SPF1"]);
    }
}
