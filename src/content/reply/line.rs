//! A line of a mail as all that follows sees it: its text, its quote marks, and what HTML says.

/// A line as it is handed to the classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SourceLine<'a> {
    /// Without its quote marks; white space at its end tells `-- ` from a rule.
    pub text: &'a str,
    /// How many quote marks it has; in HTML how many block quotes it stands in.
    pub depth: usize,
    pub hint: Hint,
    /// Bytes of its quote marks and the spaces between them.
    pub marks: usize,
}

/// What the structure of an HTML mail says about a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Hint {
    #[default]
    None,
    /// A block quote without any sign of a mail program: perhaps the author's own quotation.
    OwnQuote,
    /// In an element that a mail program makes around the mail that is answered.
    Quote,
    /// In such an element, but above the block quote in it: its introduction, or text of the author
    /// who typed there.
    AboveQuote,
    /// The line that names the sender of a forwarded mail.
    Forward,
    /// In or below an element after which a mail program puts nothing but history.
    History,
    Signature,
    /// Not to be seen where the mail is read.
    Hidden,
}

impl<'a> SourceLine<'a> {
    pub fn of_text(line: &'a str) -> Self {
        let mut depth = 0;
        let mut text = line;
        // One space before the first mark is the habit of some programs; more are an indentation.
        if line.starts_with(" >") {
            text = &line[1..];
        }
        // `>`, `>>`, `> >`; a mark after text, as in `x > y`, is none.
        while let Some(rest) = text.strip_prefix("> ").or_else(|| text.strip_prefix('>')) {
            text = rest;
            depth += 1;
        }
        let text = if depth > 0 { text } else { line };
        Self {
            text,
            depth,
            hint: Hint::None,
            marks: line.len() - text.len(),
        }
    }

    pub fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    pub fn is_quoted(&self) -> bool {
        self.depth > 0 || self.hint == Hint::Quote
    }

    /// How long the line was where it was quoted, in characters.
    pub fn width(&self) -> usize {
        self.marks + self.text.trim_end().chars().count()
    }
}
