//! What holds a conversation's mails together in every mail program: References, In-Reply-To and the
//! subject of a letter (RFC 5322 section 3.6.4).
//!
//! Programs take for one thread what is tied by References. A mail that names none of the others, as
//! one that somebody begins anew, is not tied in by itself: what stands on top of it, itself or the
//! first mail that it names, is a *loose end*, which the next letter names.
//!
//! A program puts a mail below the one before it in any References that it comes across, until it sees
//! the mail's own. That of a loose end never comes; so that it is put where it can stay, every
//! References has the loose ends right behind the first mail and always in the same order.

use std::collections::HashSet;

use super::ids::MessageId;
use crate::content::subject;

/// The mails of a conversation so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chain {
    /// Oldest first; of a long chain the first one and the newest. Without those that are loose ends
    /// or have been, but for the first.
    pub ids: Vec<MessageId>,
    /// What no letter has named yet, oldest first.
    pub loose: Vec<MessageId>,
}

/// The headers of one letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threading {
    pub subject: String,
    pub in_reply_to: Option<MessageId>,
    pub references: Vec<MessageId>,
    /// The loose ends that this letter ties in, or that no header can carry.
    pub tied: Vec<MessageId>,
}

/// The headers of the next letter of a conversation about `about`, which answers the mail `answered`,
/// or else the newest of the chain.
///
/// References are the first id of the chain, which holds the thread together, the loose ends, and the
/// ids up to the one that is answered; of a chain that is longer than [`LONGEST_REFERENCES`] the
/// newest of them. What doesn't fit of the loose ends is left to the next letters. The last id is
/// always that of In-Reply-To. Ids that no header can carry are left out.
#[must_use]
pub fn of_letter(about: &str, chain: &Chain, answered: Option<&MessageId>) -> Threading {
    let usable: Vec<&MessageId> = chain.ids.iter().filter(|id| is_usable(id)).collect();
    let answered = answered.filter(|id| is_usable(id));
    let answered = answered.or_else(|| usable.last().copied());
    let subject = subject_of(about, chain.ids.is_empty());
    let (Some(first), Some(answered)) = (usable.first().copied(), answered) else {
        return Threading {
            subject,
            in_reply_to: None,
            references: Vec::new(),
            tied: Vec::new(),
        };
    };
    let mut left = LONGEST_REFERENCES.saturating_sub(cost(first) + cost(answered));
    let mut fits = |id: &&MessageId| match left.checked_sub(cost(id)) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    };
    let place = usable.iter().position(|id| *id == answered);
    let place_among_loose = chain.loose.iter().position(|id| id == answered);
    let candidates = match (place, place_among_loose) {
        // The first, above which nothing stands; an old mail; or a loose end that is tied in already.
        (Some(0), _) | (None, None) => &chain.loose[..0],
        (_, Some(place)) => &chain.loose[..place],
        (Some(_), None) => chain.loose.as_slice(),
    };
    let ends: Vec<&MessageId> = candidates
        .iter()
        .take_while(|id| !is_usable(id) || *id == first || fits(id))
        .collect();
    let mut tied: Vec<MessageId> = ends.iter().copied().cloned().collect();
    if place_among_loose == Some(ends.len()) {
        tied.push(answered.clone());
    }
    // What came after the mail that is answered doesn't belong above it.
    let mut newest: Vec<&MessageId> = usable[..place.unwrap_or_default()]
        .iter()
        .skip(1)
        .rev()
        .copied()
        .take_while(fits)
        .collect();
    newest.reverse();
    let mut references = vec![first];
    let ends = ends.into_iter().filter(|id| is_usable(id) && *id != first);
    references.extend(ends.chain(newest));
    if first != answered {
        references.push(answered);
    }
    Threading {
        subject,
        in_reply_to: Some(answered.clone()),
        references: references.into_iter().cloned().collect(),
        tied,
    }
}

/// Stable for the life of a conversation, but for the one `Re:` of every mail after the first.
fn subject_of(about: &str, is_first: bool) -> String {
    if is_first {
        subject::base(about)
    } else {
        subject::reply_to(about)
    }
}

/// A subject like `wanted` that none of `taken` is like: programs put mails of the same subject
/// together. `Training`, or else `Training (2)` and so on.
#[must_use]
pub fn distinct_subject(wanted: &str, taken: &[String]) -> String {
    let wanted = subject::base(wanted);
    let taken: HashSet<String> = taken.iter().map(|it| key(it)).collect();
    let numbered = (2..).map(|number| format!("{wanted} ({number})"));
    std::iter::once(wanted.clone())
        .chain(numbered)
        .find(|it| !taken.contains(&key(it)))
        .unwrap_or(wanted)
}

fn key(subject: &str) -> String {
    subject::base(subject).to_lowercase()
}

fn is_usable(id: &MessageId) -> bool {
    id.as_str().is_ascii() && cost(id) <= LONGEST_REFERENCE
}

/// Octets in the header, with brackets and a space.
fn cost(id: &MessageId) -> usize {
    id.as_str().len() + "<> ".len()
}

/// Octets of a References header; several providers cut or refuse what is longer than a line.
pub const LONGEST_REFERENCES: usize = 900;
/// Octets of one id in it. Real ones stay below 200.
const LONGEST_REFERENCE: usize = 290;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn id(text: &str) -> MessageId {
        MessageId::parse(text).unwrap()
    }

    fn ids(texts: &[&str]) -> Vec<MessageId> {
        texts.iter().map(|text| id(text)).collect()
    }

    fn shown(of: &[MessageId]) -> String {
        let texts: Vec<&str> = of.iter().map(MessageId::as_str).collect();
        texts.join(" ")
    }

    /// `a@x` and so on, in the order in which they came.
    #[rstest]
    #[case::first(&[], &[], None, "Training", "", "")]
    #[case::opened_by_the_customer(&["a@x"], &[], None, "Re: Training", "a@x", "")]
    #[case::answers_the_newest(&["a@x", "b@x", "c@x"], &[], None, "Re: Training", "a@x b@x c@x", "")]
    #[case::answers_an_old_mail(&["a@x", "b@x", "c@x"], &[], Some("b@x"), "Re: Training", "a@x b@x", "")]
    #[case::answers_one_that_is_no_longer_at_hand(&["a@x", "y@x", "z@x"], &["n@x"], Some("b@x"), "Re: Training", "a@x b@x", "")]
    #[case::answers_the_first(&["a@x", "b@x"], &["n@x"], Some("a@x"), "Re: Training", "a@x", "")]
    #[case::begun_anew(&["a@x", "b@x"], &["n@x"], Some("n@x"), "Re: Training", "a@x n@x", "n@x")]
    #[case::begun_anew_and_passed_over(&["a@x", "b@x", "c@x"], &["n@x"], Some("c@x"), "Re: Training", "a@x n@x b@x c@x", "n@x")]
    #[case::the_second_of_two(&["a@x", "b@x"], &["m@x", "n@x", "o@x"], Some("n@x"), "Re: Training", "a@x m@x n@x", "m@x n@x")]
    #[case::out_of_another_thread(&["a@x", "b@x"], &["top@x"], None, "Re: Training", "a@x top@x b@x", "top@x")]
    #[case::ids_that_no_header_can_carry(&["a@x", "é@x", "c@x"], &["ü@x", "n@x"], Some("é@x"), "Re: Training", "a@x n@x c@x", "ü@x n@x")]
    #[case::only_such_an_id(&["é@x"], &[], None, "Re: Training", "", "")]
    fn headers(
        #[case] chain: &[&str],
        #[case] ends: &[&str],
        #[case] answered: Option<&str>,
        #[case] subject: &str,
        #[case] references: &str,
        #[case] tied: &str,
    ) {
        let chain = Chain {
            ids: ids(chain),
            loose: ids(ends),
        };
        let found = of_letter("AW: Training", &chain, answered.map(id).as_ref());
        assert_eq!(found.subject, subject);
        assert_eq!(shown(&found.references), references);
        assert_eq!(found.in_reply_to.as_ref(), found.references.last());
        assert_eq!(shown(&found.tied), tied);
    }

    #[test]
    fn a_long_chain_keeps_the_first_and_the_newest() {
        let texts: Vec<String> = (0..200).map(|n| format!("{n:030}@x.example")).collect();
        let chain = Chain {
            ids: ids(&texts.iter().map(String::as_str).collect::<Vec<_>>()),
            loose: Vec::new(),
        };
        let kept = of_letter("Training", &chain, None).references;
        assert_eq!(kept[0], chain.ids[0]);
        assert_eq!(kept[1..], chain.ids[200 - (kept.len() - 1)..]);
        let octets: usize = kept.iter().map(cost).sum();
        assert!((850..=LONGEST_REFERENCES).contains(&octets), "{octets}");
    }

    #[test]
    fn too_many_loose_ends_are_tied_by_several_letters() {
        let texts: Vec<String> = (0..60).map(|n| format!("{n:030}@x.example")).collect();
        let mut chain = Chain {
            ids: ids(&["a@x", "b@x"]),
            loose: ids(&texts.iter().map(String::as_str).collect::<Vec<_>>()),
        };
        let mut letters = 0;
        while !chain.loose.is_empty() {
            let found = of_letter("Training", &chain, None);
            let octets: usize = found.references.iter().map(cost).sum();
            assert!(octets <= LONGEST_REFERENCES, "{octets}");
            assert!(found.tied.iter().all(|id| found.references.contains(id)));
            chain.loose.retain(|id| !found.tied.contains(id));
            letters += 1;
        }
        assert_eq!(letters, 3);
    }

    #[rstest]
    #[case("Training", &[], "Training")]
    #[case("Re: Training", &["training"], "Training (2)")]
    #[case("Training", &["Training", "AW: Training (2)"], "Training (3)")]
    #[case("Training", &["Training (2)"], "Training")]
    fn no_two_conversations_share_a_subject(
        #[case] wanted: &str,
        #[case] taken: &[&str],
        #[case] expected: &str,
    ) {
        let taken: Vec<String> = taken.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(distinct_subject(wanted, &taken), expected);
    }
}
