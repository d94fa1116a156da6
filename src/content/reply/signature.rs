//! What lines of signatures look like, and the footers that programs put below a mail.

use super::words::{
    ADVICE, DEVICES, FOOTER_ENDS, FOOTERS, LIST_WORDS, NOTICE_HEADINGS, NOTICE_PHRASES,
};

const MAX_FOOTER_WORDS: usize = 10;

/// `-- `, `--  `, or `--` after a blank line.
pub(super) fn is_mark(text: &str, after_blank: bool) -> bool {
    // Many a server has taken the space off the end; then only the blank line above is left.
    let bare = text.trim_end();
    matches!(bare, "--" | "—" | "–") && !text.starts_with(' ') && (after_blank || text != bare)
}

/// "Sent from my phone" and its like: a short line that names a device or a program.
pub(super) fn is_footer(text: &str) -> bool {
    let text = text
        .trim()
        .trim_matches(['*', '_', '-', '—', ' '])
        .to_lowercase();
    let fits = FOOTERS.iter().any(|start| text.starts_with(start))
        || FOOTER_ENDS
            .iter()
            .any(|end| text.trim_end_matches(['.', '。']).ends_with(end));
    fits && text.split_whitespace().count() <= MAX_FOOTER_WORDS
        && DEVICES.iter().any(|device| text.contains(device))
}

/// "Please consider the environment before printing", "Virus-free" and the like.
pub(super) fn is_advice(text: &str) -> bool {
    const MAX_CHARS: usize = 250;
    if text.len() > MAX_CHARS {
        return false;
    }
    let text = text.to_lowercase();
    ADVICE.iter().any(|words| text.contains(words))
}

/// Whether a line of a footer names a mailing list or how to leave it.
pub(super) fn names_list(text: &str) -> bool {
    const MAX_CHARS: usize = 500;
    if text.len() > MAX_CHARS {
        return false;
    }
    let text = text.to_lowercase();
    LIST_WORDS.iter().any(|words| text.contains(words))
}

/// Whether a paragraph is a legal notice: long, and with three or more of the words of such
/// notices, or with two and very long.
pub(super) fn is_notice<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> bool {
    const LEAST_CHARS: usize = 160;
    const MAX_CHARS: usize = 6_000;
    let length: usize = lines.clone().map(str::len).sum();
    if !(LEAST_CHARS..=MAX_CHARS).contains(&length) {
        return false;
    }
    let text = lines
        .flat_map(|line| line.split_whitespace().chain([" "]))
        .fold(String::new(), |mut text, word| {
            if word != " " {
                text.push_str(&word.to_lowercase());
                text.push(' ');
            }
            text
        });
    let found = NOTICE_PHRASES
        .iter()
        .filter(|phrase| text.contains(*phrase))
        .count();
    found >= 4 || (found >= 3 && length >= LEAST_CHARS + 40)
}

/// "DISCLAIMER" above such a paragraph.
pub(super) fn is_notice_heading(text: &str) -> bool {
    const MAX_CHARS: usize = 60;
    let text = text.trim().to_lowercase();
    text.len() <= MAX_CHARS && NOTICE_HEADINGS.iter().any(|words| text.contains(words))
}

/// Whether there is neither letter nor figure on the line, but signs of which rules are drawn.
pub(super) fn is_ornament(text: &str) -> bool {
    // U+1427 is what a program that tracks mails leaves in plain text.
    let is_sign = |c: char| {
        matches!(
            c,
            '-' | '_' | '=' | '*' | '~' | '#' | '+' | '─' | '—' | '–' | '\u{1427}'
        )
    };
    let text = text.trim();
    text.chars().all(|c| is_sign(c) || c == ' ')
        && (text.chars().count() >= 2 || text == "\u{1427}")
}

/// `-Ann Lee`: a dash, and up to three words that begin like names.
pub(super) fn is_name_with_dash(text: &str) -> bool {
    const MAX_CHARS: usize = 40;
    let text = text.trim();
    let name = text.trim_start_matches(['-', '—', '–', '~']);
    let is_dash = (1..=2).contains(&(text.chars().count() - name.chars().count()));
    is_dash
        && name.chars().count() <= MAX_CHARS
        && (1..=3).contains(&name.split(' ').count())
        && name.split(' ').all(|word| {
            word.starts_with(char::is_uppercase)
                && word
                    .chars()
                    .all(|c| c.is_alphabetic() || matches!(c, '.' | '-' | '\''))
        })
}

/// An address or a number to call.
pub(super) fn is_contact(text: &str) -> bool {
    let text = text.trim();
    let is_address = text
        .split_whitespace()
        .any(|word| word.contains("://") || word.starts_with("www.") || word.contains('@'));
    let figures = text.chars().filter(char::is_ascii_digit).count();
    let is_number = figures >= 6
        && (text.contains('+')
            || text.contains(':')
            || text.starts_with(|c: char| matches!(c, '(' | '0'..='9')))
        && text.chars().filter(|c| c.is_alphabetic()).count() <= 16;
    text.chars().count() <= 80 && (is_address || is_number)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Sent from my iPhone", true)]
    #[case("Von meinem iPad gesendet", true)]
    #[case("Envoyé de mon iPhone", true)]
    #[case("Get Outlook for Android<https://example.org/x>", true)]
    #[case("iPhoneから送信", true)]
    #[case("iPhone'umdan gönderildi", true)]
    #[case("나의 iPhone에서 보냄", true)]
    #[case("发自我的 iPhone", true)]
    #[case("Sent from the warehouse on Monday.", false)]
    #[case(
        "Sent from my phone, which tells me that we should not do this before Monday.",
        false
    )]
    fn tells_footers(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_footer(text), expected);
    }

    #[rstest]
    #[case("-Ann", true)]
    #[case("— Ann Lee", false)]
    #[case("--Ann B. Lee", true)]
    #[case("-and so on", false)]
    #[case("---Ann", false)]
    #[case("-5", false)]
    fn tells_names_with_dashes(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_name_with_dash(text), expected);
    }

    #[rstest]
    #[case("Tel: +49 431 1234567", true)]
    #[case("www.example.org", true)]
    #[case("0431 / 123 45 67", true)]
    #[case(
        "We need 1200000 of the blue ones and 3 of the red ones by Friday",
        false
    )]
    #[case("Sales Manager", false)]
    fn tells_contacts(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_contact(text), expected);
    }

    #[rstest]
    #[case::en(
        "The contents of this mail are confidential and meant for the intended recipient alone. If it came to you in error, please notify the sender and destroy every copy; any disclosure is prohibited.",
        true
    )]
    #[case::de(
        "Der Inhalt dieser Nachricht ist vertraulich und nur für den genannten Empfänger bestimmt. Haben Sie sie irrtümlich erhalten, so informieren Sie bitte den Absender; jede Weitergabe ist untersagt.",
        true
    )]
    #[case::fr(
        "Le contenu de ce courriel est confidentiel et réservé à son seul destinataire. Si vous l'avez reçu par erreur, merci de prévenir l'expéditeur et de le détruire sans en garder de copie.",
        true
    )]
    #[case::short("This is confidential, please notify the sender.", false)]
    #[case::question(
        "Our lawyer asks whether the plans that you sent on Monday are confidential, and who of your people may see them before we meet. Could you please tell me that until tomorrow at noon? We also need the list of the rooms.",
        false
    )]
    fn tells_notices(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_notice([text].into_iter()), expected);
    }
}
