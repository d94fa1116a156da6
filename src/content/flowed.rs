//! `format=flowed` text (RFC 3676): paragraphs that were wrapped for the wire become one line again.

/// Undoes the wrapping and the space-stuffing. `del_sp` is the parameter of that name: the space
/// that marks a wrapped line is no part of the text. Quote marks are written as `>> `.
pub fn unwrap(text: &str, del_sp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut paragraph: Option<Paragraph> = None;
    for line in text.lines() {
        let depth = line.bytes().take_while(|&byte| byte == b'>').count();
        let content = &line[depth..];
        let content = content.strip_prefix(' ').unwrap_or(content);
        let is_signature_mark = content == "-- ";
        let is_flowed = content.ends_with(' ') && !is_signature_mark;
        let content = if is_flowed && del_sp {
            &content[..content.len() - 1]
        } else {
            content
        };
        match &mut paragraph {
            Some(open) if open.depth == depth && !is_signature_mark => open.text.push_str(content),
            _ => {
                if let Some(ended) = paragraph.take() {
                    ended.write(&mut out);
                }
                paragraph = Some(Paragraph {
                    depth,
                    text: content.to_owned(),
                });
            }
        }
        if !is_flowed && let Some(ended) = paragraph.take() {
            ended.write(&mut out);
        }
    }
    if let Some(ended) = paragraph {
        ended.write(&mut out);
    }
    out
}

struct Paragraph {
    depth: usize,
    text: String,
}

impl Paragraph {
    fn write(&self, out: &mut String) {
        out.extend(std::iter::repeat_n('>', self.depth));
        let text = if self.text == "-- " {
            &self.text
        } else {
            self.text.trim_end_matches(' ')
        };
        if self.depth > 0 && !text.is_empty() {
            out.push(' ');
        }
        out.push_str(text);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::paragraph("one \ntwo\nthree", false, "one two\nthree\n")]
    #[case::del_sp("日本 \n語", true, "日本語\n")]
    #[case::stuffed(" From here\n >not a quote", false, "From here\n>not a quote\n")]
    #[case::quotes("> a \n> b\n>> c \nd", false, "> a b\n>> c\nd\n")]
    #[case::signature("bye \n-- \nJane", false, "bye\n-- \nJane\n")]
    #[case::blank("a\n\nb\r\n", false, "a\n\nb\n")]
    fn joins_lines(#[case] text: &str, #[case] del_sp: bool, #[case] expected: &str) {
        assert_eq!(unwrap(text, del_sp), expected);
    }
}
