//! Long text in pieces, since a Matrix event has a limit of size.

/// Splits into pieces of at most `max_bytes` bytes each: between paragraphs if possible, else
/// between lines, words, characters. Joined together the pieces are the text. A `max_bytes` below
/// 4, the longest character, counts as 4. Empty text gives no piece.
pub fn split(text: &str, max_bytes: usize) -> Vec<String> {
    let max_bytes = max_bytes.max(4);
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > max_bytes {
        let (piece, after) = rest.split_at(cut(rest, max_bytes));
        pieces.push(piece.to_owned());
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// Where to end the first piece of `text`, which is longer than `max_bytes`.
fn cut(text: &str, max_bytes: usize) -> usize {
    let window = &text[..text.floor_char_boundary(max_bytes)];
    // A very short piece would be worse than a cut at a less natural place.
    let least = window.len() / 2;
    let after = |mark: &str| window.rfind(mark).map(|at| at + mark.len());
    let paragraph = after("\n\n").filter(|&at| at > least);
    let line = || after("\n").filter(|&at| at > least);
    let word = || {
        window
            .char_indices()
            .rev()
            .find(|(_, c)| c.is_whitespace())
            .map(|(at, c)| at + c.len_utf8())
            .filter(|&at| at > least)
    };
    paragraph
        .or_else(line)
        .or_else(word)
        .unwrap_or(window.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::short("short", 10, &["short"])]
    #[case::empty("", 10, &[])]
    #[case::paragraph("one one\n\ntwo two two", 14, &["one one\n\n", "two two two"])]
    #[case::line("one one\ntwo two two", 14, &["one one\n", "two two two"])]
    #[case::word("one two three", 10, &["one two ", "three"])]
    #[case::character("ééééé", 5, &["éé", "éé", "é"])]
    fn splits(#[case] text: &str, #[case] max: usize, #[case] expected: &[&str]) {
        assert_eq!(split(text, max), expected);
    }

    proptest! {
        #[test]
        fn loses_nothing(text in "(\\PC|\n| ){0,200}", max in 0usize..50) {
            let pieces = split(&text, max);
            prop_assert_eq!(pieces.concat(), text);
            prop_assert!(pieces.iter().all(|piece| piece.len() <= max.max(4)));
        }
    }
}
