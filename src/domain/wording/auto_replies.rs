//! How automatic replies are shown.

use super::bounces::safe;
use crate::domain::machine::ReplyKind;

/// As much of an automatic reply as tells what it is; `subject` where it has no words. `marked`: nobody
/// vouches for who sent it.
pub fn auto_reply(kind: ReplyKind, subject: &str, text: &str, marked: bool) -> String {
    let what = match kind {
        ReplyKind::Absence => "Absence note",
        ReplyKind::Other => "Automatic reply",
    };
    let doubt = if marked { " (sender not verified)" } else { "" };
    let said = safe(text, LONGEST);
    let said = if said.is_empty() {
        safe(subject, LONGEST)
    } else {
        said
    };
    format!("🤖 {what}{doubt}: {said} · 🔍 shows all of it")
}

/// In characters: enough for until when, and for who stands in.
const LONGEST: usize = 280;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_automatic_reply_is_one_line() {
        assert_eq!(
            auto_reply(ReplyKind::Absence, "Away", "I am away.\n\nAsk Bob.", false),
            "🤖 Absence note: I am away. Ask Bob. · 🔍 shows all of it"
        );
        let long = auto_reply(ReplyKind::Other, "Ticket 7", &"a\n".repeat(5000), true);
        assert!(long.chars().count() < 400, "{long}");
        assert!(
            auto_reply(ReplyKind::Other, "Ticket 7", " \n", true)
                .contains("(sender not verified): Ticket 7 ·")
        );
    }
}
