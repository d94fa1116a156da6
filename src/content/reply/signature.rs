//! Marks of signatures, and the footers that phones put below a mail.

use super::words::{DEVICES, FOOTER_ENDS, FOOTERS};

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
}
