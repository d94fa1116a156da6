//! What holds for every mail: nothing is lost, each line has a reason, and what is shown stays.

use proptest::prelude::*;

use super::*;

/// The characters that count, quote marks and bars aside, so that moved lines compare equal.
fn characters(texts: &[&str]) -> Vec<char> {
    let mut found: Vec<char> = texts
        .iter()
        .flat_map(|text| text.chars())
        .filter(|c| !c.is_whitespace() && !matches!(*c, '>' | '|'))
        .collect();
    found.sort_unstable();
    found
}

/// Lines of which mails are made.
const LINES: &str = "(hello|On 3 Mar 2026 09:12, Ann <a@b\\.example> wrote:|Ann wrote:|> quoted|> > deep|>|\
    AL> named|\\| bar|: colon|-- |--|Sent from my iPhone|_____|________________________________|\
    -----Original Message-----|---------- Forwarded message ---------|From: Ann|Sent: today|To: Bob|Subject: x|\
    Ann Lee|03\\.03\\.2026 09:12|Best regards|Tel: \\+49 431 123456|www\\.example\\.org|-Ann|DISCLAIMER|\
    we sent these eight words to them before now|and a second line of ours with more words|To unsubscribe, \
    write to us|\\PC{0,12}|)";

fn known() -> impl Strategy<Value = Known> {
    let sent = "(we sent these eight words to them before now\nand a second line of ours with more words|other)";
    let ending = proptest::collection::vec("(hello|ann lee|best regards|bob)", 0..4);
    (
        proptest::collection::vec(sent, 0..2),
        proptest::collection::vec(ending, 0..3),
    )
        .prop_map(|(sent, endings)| Known { sent, endings })
}

fn count(reasons: &[Reason]) -> usize {
    reasons.iter().map(|reason| reason.lines).sum()
}

/// Mails as people write them: an answer, perhaps a signature, and a history below.
fn mail() -> impl Strategy<Value = String> {
    let answer =
        "[A-Z][a-z]{2,8}( [a-z]{2,8}){0,12}\\.(\n\n?[A-Z][a-z]{2,8}( [a-z]{2,8}){0,12}\\.){0,3}";
    let signature = "(\n\n-- \nBob Ray\nBeta Ltd|\n\nSent from my iPhone|\n\nBest regards\nBob|)";
    let history = "(\n\nOn 3 Mar 2026 09:12, Ann <a@b\\.example>\nwrote:\n\n> one two\n> three\n|\
        \n\n_____________________\nVon: Ann <a@b\\.example>\nGesendet: heute\nAn: Bob\nBetreff: x\n\none two\nthree|\
        \n\n-----Message d'origine-----\nDe : Ann\nEnvoyé : hier\nÀ : Bob\nObjet : x\n\none two|\
        \n\n> one\n> two|)";
    (answer, signature, history)
        .prop_map(|(answer, signature, history)| answer + &signature + &history)
}

proptest! {
    #[test]
    fn loses_nothing_of_text(lines in proptest::collection::vec(LINES, 0..16), known in known()) {
        let body = lines.join("\n");
        let reply = from_text(&body, false, &known);
        let mut parts = vec![reply.text.as_str()];
        parts.extend(reply.signature.as_deref());
        parts.extend(reply.folded.as_deref());
        prop_assert_eq!(characters(&parts), characters(&[&body]));
        prop_assert!(body.trim().is_empty() || !reply.text.trim().is_empty());
        let filled = body.lines().filter(|line| !line.trim().is_empty()).count();
        prop_assert_eq!(count(&reply.reasons), filled);
    }

    #[test]
    fn loses_nothing_of_html(
        lines in proptest::collection::vec(LINES, 0..10),
        tags in proptest::collection::vec("<(/?(div|p|blockquote|b|ul|li|table|tr|td)|blockquote type=cite|div class=gmail_quote|div class=gmail_signature|div style='display:none'|span style='font-size:0'|div id=appendonsend|br|hr|img src=cid:x)>", 0..20),
        known in known(),
    ) {
        let mut raw = String::new();
        for at in 0..lines.len().max(tags.len()) {
            raw.push_str(tags.get(at).map_or("", String::as_str));
            let line = lines.get(at).map_or("", String::as_str);
            raw.push_str(&crate::content::html::escape(line));
        }
        let bounded = BoundedHtml::new(&raw).unwrap();
        let reply = from_html(&bounded, false, &known);
        let mut parts = vec![reply.text.as_str()];
        parts.extend(reply.signature.as_deref());
        parts.extend(reply.folded.as_deref());
        let whole = crate::content::html::to_text(&bounded);
        prop_assert_eq!(characters(&parts), characters(&[&whole]));
// Of an item that lost its first line the next one bears the mark.
        let bare = |text: &str| characters(&[&text.replace('-', "")]);
        prop_assert_eq!(bare(&crate::content::html::to_text(&reply.html)), bare(&reply.text));
    }

    #[test]
    fn changes_nothing_twice(body in mail()) {
        let once = from_text(&body, false, &Known::default());
        let twice = from_text(&once.text, false, &Known::default());
        prop_assert_eq!(&twice.text, &once.text, "{}", body);
        prop_assert_eq!(twice.folded, None);
        prop_assert_eq!(once.folded.is_some(), body.contains("one two") || body.contains("> one"));
    }
}
