//! The plain text of an earlier mail, quoted in a new one.

use super::letter::text_for_mail;

/// Paragraphs, with quotes (`> `) within them as quotes of their own.
pub fn cited_for_mail(text: &str) -> String {
    let mut out = String::new();
    let mut open = 0;
    let mut run = String::new();
    for line in text.lines() {
        let (depth, words) = depth_of(line);
        if depth != open {
            out.push_str(&text_for_mail(&run));
            run.clear();
            turn(open, depth, &mut out);
            open = depth;
        }
        run.push_str(words);
        run.push('\n');
    }
    out.push_str(&text_for_mail(&run));
    turn(open, 0, &mut out);
    out
}

/// How deep a line is quoted, and what it says; the innermost levels are one.
fn depth_of(line: &str) -> (usize, &str) {
    let mut words = line;
    let mut depth = 0;
    while depth < DEEPEST
        && let Some(rest) = words.strip_prefix('>')
    {
        depth += 1;
        words = rest.strip_prefix(' ').unwrap_or(rest);
    }
    (depth, words)
}

fn turn(from: usize, to: usize, out: &mut String) {
    for _ in from..to {
        out.push_str(OPEN);
    }
    for _ in to..from {
        out.push_str("</blockquote>");
    }
}

const OPEN: &str = "<blockquote type=\"cite\" class=\"cite\" style=\"margin:0 0 10px;padding:0 0 0 10px;\
                    border-left:2px solid #c3c8cf\">";
const DEEPEST: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_stand_in_quotes() {
        let html = cited_for_mail("new\n\n> old\n>> older\n> > oldest <b>\nlast");
        let bare = html.replace(OPEN, "[").replace("</blockquote>", "]");
        let bare = bare
            .replace("<p style=\"margin:0 0 10px\">", "")
            .replace("</p>", "");
        assert_eq!(bare, "new[old[older<br>oldest &lt;b&gt;]]last");
    }

    #[test]
    fn depth_is_bounded() {
        let html = cited_for_mail(&">".repeat(100_000));
        assert_eq!(html.matches("<blockquote").count(), 5);
        assert!(cited_for_mail(&">\n".repeat(100_000)).len() < 1000);
    }
}
