//! Names of people and things, as strangers choose them.

/// The name on one line, without control characters and without those that turn the direction of
/// what follows: `report\u{202e}fdp.exe` would be read as a PDF. A name that is written from right to
/// left stands isolated, so that it doesn't draw figures beside it to its wrong side (Unicode
/// Standard Annex 9, section 2.7).
#[must_use]
pub fn shown(name: &str) -> String {
    let mut shown = String::with_capacity(name.len());
    for word in name.split(|c: char| c.is_whitespace() || c.is_control()) {
        let from = shown.len();
        if from > 0 {
            shown.push(' ');
        }
        shown.extend(word.chars().filter(|c| !turns_direction(*c)));
        if shown.len() == from + usize::from(from > 0) {
            shown.truncate(from);
        }
    }
    if shown.chars().any(is_right_to_left) {
        return format!("\u{2068}{shown}\u{2069}");
    }
    shown
}

/// One or two letters that stand for a person: of the first and the last word.
#[must_use]
pub fn initials(name: &str) -> String {
    let mut letters = name
        .split_whitespace()
        .take_while(|word| !word.starts_with(['(', '[']))
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = letters.next();
    let initials: String = first
        .into_iter()
        .chain(letters.last())
        .filter_map(|letter| letter.to_uppercase().next())
        .collect();
    if initials.is_empty() {
        "?".to_owned()
    } else {
        initials
    }
}

/// Marks, embeddings, overrides and isolates (Unicode Standard Annex 9, section 2).
fn turns_direction(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// The blocks of scripts that are written so.
fn is_right_to_left(c: char) -> bool {
    matches!(
        c,
        '\u{590}'..='\u{8ff}'
            | '\u{fb1d}'..='\u{fdff}'
            | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}'
            | '\u{1e800}'..='\u{1efff}'
    )
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Jane Doe", "Jane Doe")]
    #[case(" Jane\r\n\tDoe\0 ", "Jane Doe")]
    #[case("report\u{202e}fdp.exe", "reportfdp.exe")]
    #[case("\u{2067}\u{200f} a", "a")]
    #[case("רות כהן", "\u{2068}רות כהן\u{2069}")]
    #[case("", "")]
    fn names_stay_on_their_line(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(shown(name), expected);
    }

    #[rstest]
    #[case("Anna Léger", "AL")]
    #[case("anna maria de la cruz", "AC")]
    #[case("Béla <Ops>", "BO")]
    #[case("Jane Doe (Acme)", "JD")]
    #[case("Bootlin", "B")]
    #[case("田中", "田")]
    #[case("ß", "S")]
    #[case("…", "?")]
    #[case("", "?")]
    fn letters_for_a_name(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(initials(name), expected);
    }
}
