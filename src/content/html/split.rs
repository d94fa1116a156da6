//! Long words in pieces, since a Matrix event has a limit of size.

use super::{
    bound::BoundedHtml,
    document::{Block, Kind, Mark, Run, Table},
    escape::escape,
    formatted,
    read::{Origin, read},
    text::{lines, render},
};
use crate::content::pieces::{self, json_length};

/// Cuts `html`, which is the result of [`to_matrix`](super::to_matrix) or of
/// [`segments`](fn@super::segments), and `body`, which says the same, into pieces: as each of them
/// stands in JSON, its body and its HTML have at most `max_bytes` bytes each. Cut is between
/// blocks if possible, else between lines, words, characters; lists go on counting, and the head of a
/// table stands in every piece of it. What fits is returned as it is.
///
/// A `max_bytes` below 1,000 counts as 1,000.
pub fn split_words(
    body: &str,
    html: Option<&str>,
    max_bytes: usize,
) -> Vec<(String, Option<String>)> {
    let max = max_bytes.max(LEAST);
    let fits = |text: &str| json_length(text) <= max;
    let in_text = || {
        let pieces = pieces::split(body, max).into_iter();
        pieces.map(|piece| (piece, None)).collect()
    };
    match html {
        None => in_text(),
        Some(html) if fits(body) && fits(html) => vec![(body.to_owned(), Some(html.to_owned()))],
        Some(html) => match BoundedHtml::new(html) {
            Ok(html) => {
                let mut blocks = read(&html.parse().root(), Origin::Ours, &|_| None);
                spell_out_long_links(&mut blocks, max / 8);
                split(blocks, max)
            }
            Err(_) => in_text(),
        },
    }
}

fn split(blocks: Vec<Block>, max: usize) -> Vec<(String, Option<String>)> {
    let mut pieces = Vec::new();
    let mut waiting = vec![blocks];
    while let Some(blocks) = waiting.pop() {
        let body = render(&lines(&blocks));
        let html = formatted::write(&blocks);
        let size = json_length(&body).max(json_length(&html));
        if size <= max {
            pieces.extend((!body.is_empty()).then_some((body, Some(html))));
            continue;
        }
        // Pieces of about the same size, none of them only just too long.
        let parts = size.div_ceil(max - max / 8);
        let share = Share {
            of: parts.max(2),
            first: (parts / 2).max(1),
        };
        match halves(blocks, share) {
            Some((first, second)) => waiting.extend([second, first]),
            None => pieces.extend(as_text(&body, max)),
        }
    }
    pieces
}

/// What is in too many levels for its few words.
fn as_text(body: &str, max: usize) -> impl Iterator<Item = (String, Option<String>)> {
    // A character takes up to six times as many bytes in HTML.
    pieces::split(body, max / 8).into_iter().map(|piece| {
        let html = escape(&piece).replace('\n', "<br>");
        (piece, Some(format!("<p>{html}</p>")))
    })
}

/// How much of the whole the first half has.
#[derive(Clone, Copy)]
struct Share {
    first: usize,
    of: usize,
}

impl Share {
    fn of(self, whole: usize) -> usize {
        whole / self.of * self.first + whole % self.of * self.first / self.of
    }
}

type Halves = (Vec<Block>, Vec<Block>);

/// `None` if there is nothing to cut.
fn halves(mut blocks: Vec<Block>, share: Share) -> Option<Halves> {
    let weights: Vec<usize> = blocks.iter().map(weight).collect();
    let (at, before) = place(&weights, share);
    let whole: usize = weights.iter().sum();
    // One that makes up most of it is cut itself, rather than to leave little before or after it.
    if blocks.len() == 1 || weights.get(at).is_some_and(|weight| *weight > whole / 2) {
        let after = blocks.split_off(at + 1);
        let middle = blocks.pop()?;
        let rest = share.of(whole).saturating_sub(before);
        let inner = Share {
            first: rest.max(1),
            of: weights[at].max(rest + 1),
        };
        if let Some((first, second)) = halve(middle.clone(), inner) {
            blocks.extend(first);
            return Some((blocks, second.into_iter().chain(after).collect()));
        }
        blocks.push(middle);
        blocks.extend(after);
    }
    if blocks.len() < 2 {
        return None;
    }
    let nearer = at + usize::from(share.of(whole) > before + weights[at] / 2);
    let mut cut = nearer.clamp(1, blocks.len() - 1);
    // A heading stays with what it is above.
    while cut > 1 && matches!(blocks[cut - 1].kind, Kind::Heading(..)) {
        cut -= 1;
    }
    let second = blocks.split_off(cut);
    Some((blocks, second))
}

/// Which of several the cut falls into, and how much is before that one.
fn place(weights: &[usize], share: Share) -> (usize, usize) {
    let target = share.of(weights.iter().sum());
    let mut before = 0;
    for (at, weight) in weights.iter().enumerate() {
        if before + weight > target {
            return (at, before);
        }
        before += weight;
    }
    (weights.len().saturating_sub(1), before)
}

fn halve(block: Block, share: Share) -> Option<Halves> {
    let gap = block.gap;
    let one = |kind: Kind| vec![Block { gap, kind }];
    match block.kind {
        Kind::Words(runs) => {
            let (first, second) = halve_runs(runs, share)?;
            Some((one(Kind::Words(first)), one(Kind::Words(second))))
        }
        Kind::Heading(level, runs) => {
            let (first, second) = halve_runs(runs, share)?;
            Some((
                one(Kind::Heading(level, first)),
                one(Kind::Heading(level, second)),
            ))
        }
        Kind::Pre { language, runs } => {
            let (first, second) = halve_runs(runs, share)?;
            let pre = |runs| Kind::Pre {
                language: language.clone(),
                runs,
            };
            Some((one(pre(first)), one(pre(second))))
        }
        Kind::Quote(quoted) => {
            let (first, second) = halves(quoted, share)?;
            Some((one(Kind::Quote(first)), one(Kind::Quote(second))))
        }
        Kind::List { first, mut items } => {
            let (before, after, went_on) = if items.len() > 1 {
                let weights: Vec<usize> = items.iter().map(|item| weigh(item)).collect();
                let cut = place(&weights, share).0.clamp(1, items.len() - 1);
                let after = items.split_off(cut);
                (items, after, cut)
            } else {
                let (before, after) = halves(items.pop()?, share)?;
                (vec![before], vec![after], 0)
            };
            let went_on = u32::try_from(went_on).unwrap_or(u32::MAX);
            let list = |first, items| Kind::List { first, items };
            Some((
                one(list(first, before)),
                one(list(
                    first.map(|first| first.saturating_add(went_on)),
                    after,
                )),
            ))
        }
        Kind::Table(table) => halve_table(table, share),
        Kind::Rule(_) | Kind::Image(_) => None,
    }
}

fn halve_table(mut table: Table, share: Share) -> Option<Halves> {
    let heads = table.rows.iter().take_while(|row| row.is_head).count();
    let rows = table.rows.len() - heads;
    let weight_of = |row: &super::document::Row| -> usize {
        let cells = row.cells.iter().map(|cell| weigh(&cell.blocks) + 8);
        cells.sum()
    };
    let head_weight: usize = table.rows[..heads].iter().map(weight_of).sum();
    let weights: Vec<usize> = table.rows[heads..].iter().map(weight_of).collect();
    let whole: usize = weights.iter().sum();
    if rows < 2 || head_weight > whole / rows * 4 {
        // No columns any more: a cell of such length is a text.
        let cells = table.rows.into_iter().flat_map(|row| row.cells);
        let blocks = cells.flat_map(|cell| cell.blocks);
        let blocks: Vec<Block> = table.caption.into_iter().chain(blocks).collect();
        return halves(blocks, share);
    }
    let cut = place(&weights, share).0.clamp(1, rows - 1);
    let after = table.rows.split_off(heads + cut);
    let second = Table {
        caption: Vec::new(),
        rows: table.rows[..heads].iter().cloned().chain(after).collect(),
    };
    let one = |table| {
        vec![Block {
            gap: true,
            kind: Kind::Table(table),
        }]
    };
    Some((one(table), one(second)))
}

fn halve_runs(runs: Vec<Run>, share: Share) -> Option<(Vec<Run>, Vec<Run>)> {
    let text: String = runs.iter().map(|run| run.text.as_str()).collect();
    let cut = cut(&text, share.of(text.len()))?;
    let (mut first, mut second) = (Vec::new(), Vec::new());
    let mut at = 0;
    for run in runs {
        let end = at + run.text.len();
        if end <= cut {
            first.push(run);
        } else if at >= cut {
            second.push(run);
        } else {
            let (before, after) = run.text.split_at(cut - at);
            first.push(Run {
                text: before.to_owned(),
                ..run.clone()
            });
            second.push(Run {
                text: after.to_owned(),
                ..run
            });
        }
        at = end;
    }
    // Breaks end the lines of the first half, and begin none of the second.
    while first.last().is_some_and(Run::is_break) {
        first.pop();
    }
    let breaks = second.iter().take_while(|run| run.is_break()).count();
    second.drain(..breaks);
    if let Some(run) = second.first_mut().filter(|run| run.text.starts_with(' ')) {
        run.text.remove(0);
    }
    Some((first, second))
}

/// The place nearest to `target` where a line ends, else a word, else a character.
fn cut(text: &str, target: usize) -> Option<usize> {
    let target = text.floor_char_boundary(target);
    let from = text.floor_char_boundary(target - target / 2);
    let to = text.floor_char_boundary(target + (text.len() - target) / 2);
    let near = |is_end: fn(char) -> bool| {
        let before = text[from..target].rfind(is_end).map(|at| from + at);
        let after = text[target..to].find(is_end).map(|at| target + at);
        match (before, after) {
            (Some(before), Some(after)) if after - target < target - before => Some(after),
            (before, after) => before.or(after),
        }
    };
    let within = |at: &usize| 0 < *at && *at < text.len();
    near(|c| c == '\n')
        .filter(within)
        .or_else(|| near(|c| c == ' ').filter(within))
        .or_else(|| Some(pieces::whole_character(text, target)).filter(within))
        .or_else(|| text.char_indices().nth(1).map(|(at, _)| at))
}

/// Roughly how many bytes a block takes.
fn weight(block: &Block) -> usize {
    let runs = |runs: &[Run]| -> usize {
        let run = |run: &Run| run.text.len() + 4 + 2 * run.marks.link().map_or(0, |l| l.len());
        runs.iter().map(run).sum()
    };
    8 + match &block.kind {
        Kind::Words(words) | Kind::Heading(_, words) => runs(words),
        Kind::Pre { runs: text, .. } => runs(text),
        Kind::Quote(quoted) => weigh(quoted),
        Kind::List { items, .. } => items.iter().map(|item| weigh(item) + 8).sum(),
        Kind::Table(table) => {
            let cells = table.rows.iter().flat_map(|row| &row.cells);
            let cells = cells.map(|cell| weigh(&cell.blocks) + 8);
            weigh(&table.caption) + cells.sum::<usize>()
        }
        Kind::Rule(_) | Kind::Image(_) => 0,
    }
}

fn weigh(blocks: &[Block]) -> usize {
    blocks.iter().map(weight).sum()
}

/// A link whose target takes too much of a piece is written out, and can be cut then.
fn spell_out_long_links(blocks: &mut [Block], most: usize) {
    super::document::each_runs(blocks, &mut |runs| {
        let is_long = |run: &Run| run.marks.link().filter(|link| link.len() > most).cloned();
        if runs.iter().all(|run| is_long(run).is_none()) {
            return;
        }
        let mut told = Vec::with_capacity(runs.len() + 1);
        let mut all = std::mem::take(runs).into_iter().peekable();
        while let Some(mut run) = all.next() {
            let Some(link) = is_long(&run) else {
                told.push(run);
                continue;
            };
            run.marks = run.marks.without(|mark| matches!(mark, Mark::Link(_)));
            told.push(run);
            if all.peek().and_then(is_long).as_ref() != Some(&link) {
                told.push(Run {
                    node: None,
                    text: format!(" <{link}>"),
                    ..Run::line_break(super::document::Marks::default())
                });
            }
        }
        *runs = told;
    });
}

/// Fewer bytes would not even hold the tags around a word.
const LEAST: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use ruma::html::{HtmlSanitizerMode, RemoveReplyFallback, sanitize_html};

    use super::*;
    use crate::content::html::{to_matrix, to_text};

    fn pieces_of(html: &str, max: usize) -> Vec<(String, Option<String>)> {
        let body = to_text(&BoundedHtml::new(html).unwrap());
        split_words(&body, Some(html), max)
    }

    #[test]
    fn what_fits_is_left_alone() {
        let whole = vec![("given".to_owned(), Some("<p>given</p>".to_owned()))];
        assert_eq!(split_words("given", Some("<p>given</p>"), 1_000), whole);
        assert_eq!(
            split_words("given", None, 1_000),
            [("given".to_owned(), None)]
        );
    }

    #[rstest]
    #[case::paragraphs("<p>", "</p>", "", "<p>", "</p>")]
    #[case::items("<li>", "</li>", "ul", "<ul><li>", "</li></ul>")]
    #[case::quoted("<p>", "</p>", "blockquote", "<blockquote><p>", "</p></blockquote>")]
    fn cuts_between_blocks(
        #[case] open: &str,
        #[case] close: &str,
        #[case] around: &str,
        #[case] start: &str,
        #[case] end: &str,
    ) {
        let text = "word ".repeat(40);
        let text = text.trim();
        let mut html = format!("{open}{text}{close}").repeat(11);
        if !around.is_empty() {
            html = format!("<{around}>{html}</{around}>");
        }
        let pieces = pieces_of(&html, 1_000);
        assert_eq!(pieces.len(), 3);
        for (body, html) in pieces {
            let html = html.unwrap();
            assert!(html.starts_with(&format!("{start}{text}")), "{html}");
            assert!(html.ends_with(&format!("{text}{end}")), "{html}");
            assert_eq!(body, to_text(&BoundedHtml::new(&html).unwrap()));
        }
    }

    #[test]
    fn numbers_go_on() {
        let html = format!(
            "<ol>{}</ol>",
            format!("<li>{}</li>", "x".repeat(200)).repeat(8)
        );
        let second = &pieces_of(&html, 1_000)[1];
        assert!(second.0.starts_with("5. x"));
        assert!(second.1.as_ref().unwrap().starts_with("<ol start=\"5\">"));
    }

    #[test]
    fn every_piece_of_a_table_has_its_head() {
        let row = "<tr><td>bolts</td><td>12</td></tr>".repeat(40);
        let html = format!(
            "<table><thead><tr><th>Part</th><th>Count</th></tr></thead><tbody>{row}</tbody></table>"
        );
        let pieces = pieces_of(&html, 1_000);
        assert!(pieces.len() > 1);
        assert!(
            pieces
                .iter()
                .all(|(body, _)| body.starts_with("Part  | Count\nbolts | 12"))
        );
    }

    #[test]
    fn long_words_are_cut_within_their_marks() {
        let html = format!("<p>see <b>{}</b></p>", "one two ".repeat(200).trim());
        for (body, html) in pieces_of(&html, 1_000) {
            assert!(!body.starts_with(' ') && body.ends_with("one") || body.ends_with("two"));
            assert!(html.unwrap().ends_with("</strong></p>"));
        }
    }

    #[test]
    fn the_target_of_a_link_is_kept_however_long() {
        let target = format!("https://e.example/{}", "abcdefgh".repeat(400));
        let html = format!("<p><a href=\"{target}\">here</a></p>");
        let said: String = pieces_of(&html, 1_000)
            .into_iter()
            .map(|(body, _)| body)
            .collect();
        assert_eq!(said.replace('\n', ""), format!("here <{target}>"));
    }

    const SOUP: &str = "(<(/?)(p|b|a href='https://e\\.example'|table|tr|th|td|ul|ol|li|blockquote|pre|h1|br)>|word[0-9]{1,3} |wwww{1,90}|\"{1,40}|&amp;|é|👩\u{200d}🔬|\n){0,400}";

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn pieces_hold_every_word_and_fit(raw in SOUP, max in 1_000usize..2_000) {
            let html = to_matrix(&BoundedHtml::new(&raw).unwrap());
            let body = to_text(&BoundedHtml::new(&html).unwrap());
            let mut said = String::new();
            for (body, html) in split_words(&body, Some(&html), max) {
                prop_assert!(json_length(&body) <= max);
                let html = html.unwrap();
                prop_assert!(json_length(&html) <= max);
                let again = sanitize_html(&html, HtmlSanitizerMode::Strict, RemoveReplyFallback::Yes);
                prop_assert_eq!(again.replace("&nbsp;", "\u{a0}"), html);
                said.push_str(&body);
                said.push('\n');
            }
            let characters = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count();
            prop_assert!(characters(&said) >= characters(&body));
        }
    }
}
