//! What a sender's mails end with: the lines that come again are a signature.

use std::collections::HashSet;

use super::words::SIGN_OFFS;

/// Lines of one mail that are remembered.
const MAX_LINES: usize = 10;
/// Earlier mails that are looked at.
const MAX_MAILS: usize = 5;

/// The last lines of a mail that are not blank, at most 10, in order, as later mails of the same
/// sender are compared with them: see [`Known::endings`](super::Known::endings). `text` is what is
/// shown of the mail, with its signature below it.
pub fn ending(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .map(normal)
        .filter(|line| !line.is_empty())
        .take(MAX_LINES)
        .collect();
    lines.reverse();
    lines
}

/// How many of the last `lines` (none of them blank) came at the end of earlier mails: two or more,
/// or one that came in two mails and says nothing by itself. `lines` are all of the text, so that
/// an answer which was given before is not taken for a signature.
pub(super) fn count(lines: &[&str], endings: &[Vec<String>]) -> usize {
    let endings = &endings[..endings.len().min(MAX_MAILS)];
    let last: Vec<String> = lines
        .iter()
        .rev()
        .take(MAX_LINES)
        .map(|line| normal(line))
        .collect();
    let longest = endings
        .iter()
        .map(|ending| longest_run(&last, ending))
        .max()
        .unwrap_or(0);
    // Sentences are said twice, too, and what was asked twice was never meant to be folded.
    let stays = |line: &&String| {
        line.ends_with(['?', '？']) || (is_sentence(line) && mails_with(line, endings) < 2)
    };
    let run = last[..longest]
        .iter()
        .position(|line| stays(&line))
        .unwrap_or(longest);
    let is_enough = match run {
        0 => false,
        1 => {
            lines.len() > 1
                && mails_with(&last[0], endings) >= 2
                && !is_sentence(&last[0])
                && !is_sign_off(&last[0])
        }
        _ => true,
    };
    if is_enough { run } else { 0 }
}

/// The longest run of lines, from the last one upwards, that stands in an ending.
fn longest_run(last: &[String], ending: &[String]) -> usize {
    (1..=ending.len())
        .map(|end| {
            ending[..end]
                .iter()
                .rev()
                .zip(last)
                .take_while(|(before, now)| before == now)
                .count()
        })
        .max()
        .unwrap_or(0)
}

fn mails_with(line: &str, endings: &[Vec<String>]) -> usize {
    let has = |ending: &&Vec<String>| {
        let lines: HashSet<&str> = ending.iter().map(String::as_str).collect();
        lines.contains(line)
    };
    endings.iter().filter(has).count()
}

fn is_sentence(line: &str) -> bool {
    line.ends_with(['.', '!', '。', '！']) && (line.split(' ').count() >= 3 || !line.is_ascii())
}

/// "Best regards" and the like, and nothing else.
pub(super) fn is_sign_off(line: &str) -> bool {
    let line = line
        .trim()
        .trim_end_matches([',', '.', '!', '，', '。', '！', ';']);
    line.chars().count() <= 40 && SIGN_OFFS.contains(&line.to_lowercase().as_str())
}

/// In lower case, without quote marks, and with single spaces.
fn normal(line: &str) -> String {
    let line = line.trim_start_matches(['>', ' ']);
    line.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const CARD: &str = "Hello,\n\nit works.\n\nBest regards\nBob Ray\nBeta Ltd, Kiel";

    #[rstest]
    #[case::card(&[CARD], "Thanks!\n\nBest regards\nBob Ray\nBeta Ltd, Kiel", 3)]
    #[case::other_width(&[CARD], "Thanks!\n\nBest  regards\nBob Ray\nBeta Ltd,  Kiel ", 3)]
    #[case::one_line_once(&["One\nBob"], "Two\nBob", 0)]
    #[case::one_line_twice(&["One\nBob", "Three\nBob"], "Two\nBob", 1)]
    #[case::greeting(&["One\nCheers!", "Three\nCheers!"], "Two\nCheers!", 0)]
    #[case::answer(&["Yes", "Yes"], "Yes", 0)]
    #[case::sentence(&["Please send it again.\nBob"], "Hello,\nPlease send it again.\nBob", 0)]
    #[case::motto(&["a\nBob\nWe build it.", "b\nBob\nWe build it."], "c\nBob\nWe build it.", 2)]
    #[case::question(&["a\nWhen?\nBob", "b\nWhen?\nBob"], "c\nWhen?\nBob", 1)]
    #[case::nothing(&[], "Two\nBob", 0)]
    fn counts_what_came_again(
        #[case] earlier: &[&str],
        #[case] text: &str,
        #[case] expected: usize,
    ) {
        let endings: Vec<Vec<String>> = earlier.iter().map(|text| ending(text)).collect();
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        assert_eq!(count(&lines, &endings), expected);
    }
}
