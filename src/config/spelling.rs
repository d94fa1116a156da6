//! What somebody may have meant who wrote an unknown key.

/// The word of `known` that is nearest to `word`, if it is near: at most a third of its letters
/// differ.
pub(super) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|candidate| (distance(&word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many letters must be put in, taken out or replaced (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[other.chars().count()]
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("reply_adress", Some("reply_address"))]
    #[case("reply-address", Some("reply_address"))]
    #[case("Name", Some("name"))]
    #[case("adres", Some("address"))]
    #[case("url", None)]
    #[case("imap", None)]
    fn finds_what_was_meant(#[case] word: &str, #[case] expected: Option<&str>) {
        assert_eq!(
            closest(word, ["name", "address", "reply_address", "smtp"]),
            expected
        );
    }
}
