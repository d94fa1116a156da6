//! Where customers fetch files that are too large for a mail, and for how long.

use std::time::Duration;

use jiff::Timestamp;

use crate::domain::delivery::millis;

/// The path of a link's page below the public address. The name is for people, and written such that
/// no mail program cuts it.
pub fn page_of(token: &str, filename: &str) -> String {
    let plain = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c,
        '.' | '_' => c,
        _ => '-',
    };
    // The end tells what it is.
    let skipped = filename.chars().count().saturating_sub(LONGEST_NAME);
    let name: String = filename.chars().skip(skipped).map(plain).collect();
    match name.trim_matches(['-', '.']) {
        "" => format!("files/{token}"),
        name => format!("files/{token}/{name}"),
    }
}

const LONGEST_NAME: usize = 48;

/// When a link that is made or renewed now ends.
pub fn end_of_link(now: i64) -> Timestamp {
    let end = now.saturating_add(millis(LINK_LASTS));
    Timestamp::from_millisecond(end).unwrap_or(Timestamp::MAX)
}

const LINK_LASTS: Duration = Duration::from_hours(30 * 24);

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("plan.pdf", "files/abc/plan.pdf")]
    #[case("Übersicht der Räume.pdf", "files/abc/bersicht-der-R-ume.pdf")]
    #[case("../../etc/passwd", "files/abc/etc-passwd")]
    #[case("?a=b#c", "files/abc/a-b-c")]
    #[case("…", "files/abc")]
    #[case("", "files/abc")]
    fn the_name_in_a_link_is_plain(#[case] filename: &str, #[case] expected: &str) {
        assert_eq!(page_of("abc", filename), expected);
    }

    #[test]
    fn a_long_name_keeps_its_end() {
        let page = page_of("abc", &format!("{}.pdf", "a".repeat(500)));
        assert!(page.ends_with("aaa.pdf") && page.len() < 64, "{page}");
    }
}
