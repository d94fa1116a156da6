//! How much work a mail may make.
//!
//! Everything here takes time in proportion to the mail, but some lines make more work than
//! others. The work is estimated beforehand, in units of about a nanosecond of a slow machine's
//! time, so that the same mail always comes to the same result.

use super::line::SourceLine;

/// A mail that makes more work is shown whole: about 100 times the longest that people write.
const MAX_UNITS: usize = 60_000_000;
/// For each line, whatever is on it.
const LINE: usize = 400;
/// For each byte.
const BYTE: usize = 12;
/// For a line that ends as "On … wrote:" does.
const COLON: usize = 12_000;

/// Whether the mail makes too much work.
pub(super) fn is_exceeded(lines: &[SourceLine<'_>]) -> bool {
    let units = lines.iter().map(|line| {
        let is_introduction = line.depth == 0 && line.text.trim_end().ends_with([':', '：']);
        LINE + BYTE * line.text.len() + if is_introduction { COLON } else { 0 }
    });
    units.sum::<usize>() > MAX_UNITS
}
