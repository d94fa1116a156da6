//! The text part of a letter: plain paragraphs, as somebody would type them.

use super::{said::Said, view::View};

/// Draws the letter as text with `\n` at the end of every line. Lines are as long as they were
/// written: the transfer encoding folds them, the reader's program wraps them.
pub(super) fn draw(view: &View<'_>) -> String {
    let mut text = Paragraphs::default();
    for group in &view.groups {
        if let Some(heading) = &group.heading {
            text.add(&heading.line());
            // The words stand right below the name.
            text.tight = true;
        }
        for piece in &group.pieces {
            if let Some(quote) = &piece.quote {
                text.add(&quoted(quote));
                text.tight = true;
            }
            if let Some(label) = &piece.label {
                text.add(label);
                text.tight = true;
            }
            said(&piece.said, &mut text);
        }
    }
    if let Some(sign_off) = &view.sign_off {
        text.add(sign_off);
    }
    if !view.hints.is_empty() {
        text.add(&view.hints.join("\n"));
    }
    if let Some(leave) = &view.leave {
        let way = match (leave.link, &leave.by_mail) {
            (Some((url, words)), _) => format!("\n{words}: {url}"),
            (None, Some(by_mail)) => format!(" {by_mail}"),
            (None, None) => String::new(),
        };
        text.add(&format!("{}{way}", leave.sentence));
    }
    if let Some(quote) = &view.quote {
        text.add(&quote.attribution);
        text.tight = true;
        text.add(&quoted(&quote.text));
    }
    if let Some(footer) = view.footer {
        // The mark of RFC 3676 section 4.3: mail programs dim what follows and leave it out of
        // answers.
        text.add("-- ");
        text.tight = true;
        text.add(footer);
    }
    text.out
}

fn said(said: &Said, text: &mut Paragraphs) {
    match said {
        Said::Words(words) => text.add(&words.text),
        Said::Mail { words, notes } => {
            if let Some(words) = words {
                text.add(&words.text);
            }
            text.add(&notes.join("\n"));
        }
        Said::Emote { author, words } => text.add(&format!("* {author} {}", words.text)),
        Said::Note(note) => text.add(&format!("[{note}]")),
        Said::File(file) => {
            text.add(&file.line);
            if let Some(caption) = &file.caption {
                text.tight = true;
                text.add(&caption.text);
            }
        }
        Said::Place(place) => {
            text.add(&place.line);
            if let Some((url, _)) = &place.link {
                text.tight = true;
                text.add(url);
            }
        }
        Said::Poll(poll) => {
            text.add(&poll.question);
            text.tight = true;
            text.add(&poll.answers.join("\n"));
            text.tight = true;
            text.add(&poll.how_to);
        }
        Said::PollResult(result) => {
            text.add(&result.title);
            for (line, bar) in &result.votes {
                text.tight = true;
                text.add(&format!("{line}\n{bar}"));
            }
        }
    }
}

#[derive(Default)]
struct Paragraphs {
    out: String,
    /// Whether the next one follows without a blank line.
    tight: bool,
}

impl Paragraphs {
    fn add(&mut self, paragraph: &str) {
        if !self.out.is_empty() && !std::mem::take(&mut self.tight) {
            self.out.push('\n');
        }
        for line in paragraph.trim_matches(['\n', '\r']).lines() {
            self.out.push_str(line);
            self.out.push('\n');
        }
    }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + text.len() / 16);
    for line in text.trim_end().lines() {
        quoted.push('>');
        // A quote in the quote: `>> `, as mail programs write it.
        if !line.is_empty() && !line.starts_with('>') {
            quoted.push(' ');
        }
        quoted.push_str(line);
        quoted.push('\n');
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_every_line() {
        assert_eq!(quoted("a\n\n> b\n"), "> a\n>\n>> b\n");
    }
}
