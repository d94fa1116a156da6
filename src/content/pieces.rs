//! Long text in pieces, since a Matrix event has a limit of size.

/// Splits into pieces of at most `max_bytes` bytes each, as they stand in JSON: between paragraphs if
/// possible, else between lines, words, characters. Joined together the pieces are the text. A
/// `max_bytes` below 8 counts as 8. Empty text gives no piece.
pub fn split(text: &str, max_bytes: usize) -> Vec<String> {
    let max_bytes = max_bytes.max(8);
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(cut(rest, max_bytes));
        pieces.push(piece.to_owned());
        rest = after;
    }
    pieces
}

/// How many bytes `text` takes as a JSON string, without the quotation marks (RFC 8259, section 7).
pub fn json_length(text: &str) -> usize {
    text.chars().map(json_length_of).sum()
}

fn json_length_of(c: char) -> usize {
    match c {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..'\u{20}' => 6,
        c => c.len_utf8(),
    }
}

/// Where to end the first piece of `text`.
fn cut(text: &str, max_bytes: usize) -> usize {
    let mut length = 0;
    let end = text.char_indices().find(|(_, c)| {
        length += json_length_of(*c);
        length > max_bytes
    });
    let Some((end, _)) = end else {
        return text.len();
    };
    let window = &text[..end];
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
        .unwrap_or_else(|| whole_character(text, end))
}

/// The place at or before `at`, which is on the boundary of a character, that parts no accent or joined
/// emoji from what it belongs to.
pub(super) fn whole_character(text: &str, at: usize) -> usize {
    let joins = |c: char| matches!(c, '\u{300}'..='\u{36f}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}');
    let mut place = at;
    // Longer ones are no characters, but somebody's joke.
    for (before, c) in text[..at].char_indices().rev().take(16) {
        let next = text[place..].chars().next();
        if c != '\u{200d}' && !next.is_some_and(joins) {
            break;
        }
        place = before;
    }
    if place == 0 || text[place..].chars().next().is_some_and(joins) {
        at
    } else {
        place
    }
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
    #[case::character("ééééééééé", 9, &["éééé", "éééé", "é"])]
    #[case::escaped("\"\"\"\"\"\"", 8, &["\"\"\"\"", "\"\""])]
    #[case::accent("aaaaaaaae\u{301}", 9, &["aaaaaaaa", "e\u{301}"])]
    #[case::emoji("aaaaaa👩\u{200d}🔬", 15, &["aaaaaa", "👩\u{200d}🔬"])]
    fn splits(#[case] text: &str, #[case] max: usize, #[case] expected: &[&str]) {
        assert_eq!(split(text, max), expected);
    }

    proptest! {
        #[test]
        fn loses_nothing(text in "(\\PC|\n| ){0,200}", max in 0usize..50) {
            let pieces = split(&text, max);
            prop_assert_eq!(pieces.concat(), text.as_str());
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(json_length(&text) + 2, json.len());
            prop_assert!(pieces.iter().all(|piece| json_length(piece) <= max.max(8)));
        }
    }
}
