//! Our own words come back: they are found whatever a mail program did to them.

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const SENT: &str = "Dear Bob,\n\nthe second part left our house on Monday and should be with you by the end of \
the week. Please tell us whether it fits, and what became of the first one.\n\nYours\nAnn Lee";

fn known() -> Known {
    Known {
        sent: vec![
            "Something older that was about another matter altogether.".to_owned(),
            SENT.to_owned(),
        ],
        endings: Vec::new(),
    }
}

fn read(body: &str) -> Reply {
    from_text(body, false, &known())
}

/// As a program wraps it, each line behind `mark`.
fn wrapped(text: &str, width: usize, mark: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.len() + word.len() >= width {
                out.push(format!("{mark}{line}"));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        out.push(format!("{mark}{line}"));
    }
    out.join("\n")
}

#[rstest]
#[case::unknown_language("Ann Lee <ann@a.example> 3. qux 2026 9:12 zyxvut:")]
#[case::unknown_block("Xa: Ann Lee <ann@a.example>\nXb: 3. qux 2026 9:12\nXc: Bob")]
#[case::unknown_wrapped("Zyx 3. qux 2026 9:12 Ann Lee\n<ann@a.example> zyxvut:")]
fn folds_what_introduces_our_words(#[case] introduction: &str) {
    let reply = read(&format!(
        "It fits.\n\n{introduction}\n\n{}",
        wrapped(SENT, 60, "")
    ));
    assert_eq!(reply.text, "It fits.");
    assert!(reply.folded.unwrap().starts_with(introduction));
}

#[test]
fn finds_our_words_without_marks_or_introduction() {
    let reply = read(&format!("It fits.\n\n{}", wrapped(SENT, 40, "")));
    assert_eq!(reply.text, "It fits.");
    assert_eq!(reply.reasons[1].rule, "our own words");
}

#[rstest]
#[case::between_marks(">")]
#[case::between_bare("")]
fn keeps_answers_between_our_words(#[case] mark: &str) {
    let body = format!(
        "From: Ann Lee\nSent: Tuesday\nTo: Bob\nSubject: Parts\n\n{mark}Dear Bob,\n\n{mark}the second part left our \
         house on Monday and should be with you by the end of the week.\n\nIt came today.\n\n{mark}Please tell us \
         whether it fits, and what became of the first one.\n\nIt fits; the first one is lost.\n"
    );
    let reply = read(&body);
    assert!(reply.text.contains("It came today."), "{reply:?}");
    assert!(reply.text.contains("It fits; the first one is lost."));
    assert!(
        reply.text.contains("whether it fits"),
        "the question stands above its answer"
    );
}

#[rstest]
#[case::greeting("Thanks for that.\n\nYours\nAnn Lee")]
#[case::part_of_a_sentence(
    "You say that the second part left our house on Monday and should be with you by the end of the week, but it \
     did not.\nWhen you wrote please tell us whether it fits, and what became of the first one, I laughed."
)]
#[case::one_line("Thanks.\n\nPlease tell us whether it fits.\n\nIt does.")]
fn shows_words_that_are_the_authors(#[case] body: &str) {
    assert_eq!(read(body).text, body);
}

/// How a mail program gives back what was sent, with the answer above or below.
#[derive(Debug, Clone, Copy)]
enum Style {
    Gmail,
    Apple,
    Outlook,
    OutlookDelimiter,
    Notes,
    Android,
    MarksLost,
    UnknownLanguage,
    Bottom,
    BottomUnknown,
}

const STYLES: &[Style] = &[
    Style::Gmail,
    Style::Apple,
    Style::Outlook,
    Style::OutlookDelimiter,
    Style::Notes,
    Style::Android,
    Style::MarksLost,
    Style::UnknownLanguage,
    Style::Bottom,
    Style::BottomUnknown,
];

const HEADER: &str =
    "From: Ann Lee <ann@a.example>\nSent: Tuesday, 3 March 2026 09:12\nTo: Bob\nSubject: Parts";
const ATTRIBUTION: &str = "On Tue, 3 Mar 2026 at 09:12, Ann Lee <ann@a.example>\nwrote:";
const UNKNOWN: &str = "Qux 3/3/2026 9:12 Ann Lee <ann@a.example> zyxvut:";

impl Style {
    fn compose(self, sent: &str, answer: &str, width: usize) -> String {
        let marked = wrapped(sent, width, "> ");
        let bare = wrapped(sent, width, "");
        match self {
            Self::Gmail => format!("{answer}\n\n{ATTRIBUTION}\n\n{marked}\n"),
            Self::Apple => {
                format!("{answer}\n\n> On 3 Mar 2026, at 09:12, Ann Lee wrote:\n>\n{marked}")
            }
            Self::Outlook => {
                format!("{answer}\n\n________________________________\n{HEADER}\n\n{bare}\n")
            }
            Self::OutlookDelimiter => {
                format!("{answer}\n\n-----Original Message-----\n{HEADER}\n\n{bare}\n")
            }
            Self::Notes => format!(
                "{answer}\n\n\nAnn Lee <ann@a.example>\n03.03.2026 09:12\n\nTo\nBob\ncc\n\nSubject\nParts\n\n{bare}\n"
            ),
            Self::Android => format!("{answer}\n\n-------- Original message --------\n{bare}"),
            Self::MarksLost => format!("{answer}\n\n{ATTRIBUTION}\n\n{bare}"),
            Self::UnknownLanguage => format!("{answer}\n\n{UNKNOWN}\n\n{bare}"),
            Self::Bottom => format!("{ATTRIBUTION}\n{marked}\n\n{answer}\n"),
            Self::BottomUnknown => format!("{UNKNOWN}\n{bare}\n\n{answer}\n"),
        }
    }
}

/// Paragraphs of words of some letters, so that ours and theirs can be told apart.
fn paragraphs(letters: &'static str, least: usize) -> impl Strategy<Value = String> {
    let word = proptest::string::string_regex(&format!("[{letters}]{{3,8}}")).unwrap();
    let paragraph = proptest::collection::vec(word, least..30).prop_map(|words| words.join(" "));
    proptest::collection::vec(paragraph, 1..4).prop_map(|paragraphs| paragraphs.join("\n\n"))
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

proptest! {
    #[test]
    fn finds_our_words_in_every_style(
        sent in paragraphs("a-m", 14),
        answer in paragraphs("n-z", 1),
        style in proptest::sample::select(STYLES),
        width in 30_usize..90,
    ) {
        let body = style.compose(&sent, &answer, width);
        let known = Known { sent: vec![sent], endings: Vec::new() };
        let reply = from_text(&body, false, &known);
        prop_assert_eq!(words(&reply.text), words(&answer), "{}", body);
        // What is shown stays shown.
        prop_assert_eq!(from_text(&reply.text, false, &known).text, reply.text);
    }

    #[test]
    fn finds_our_words_in_html(
        sent in paragraphs("a-m", 14),
        answer in paragraphs("n-z", 1),
        style in 0..6,
    ) {
        // Bare words of ours on one line must be many.
        prop_assume!(style < 5 || words(&sent).len() > 25);
        let html = |text: &str| format!("<p>{}</p>", text.replace("\n\n", "</p><p>"));
        let (ours, theirs) = (html(&sent), html(&answer));
        let raw = match style {
            0 => format!("{theirs}<div class=gmail_quote><div class=gmail_attr>On 3 Mar 2026 Ann wrote:</div><blockquote class=gmail_quote>{ours}</blockquote></div>"),
            1 => format!("{theirs}<blockquote type=cite><div>On 3 Mar 2026, Ann wrote:</div>{ours}</blockquote>"),
            2 => format!("{theirs}<div style='border:none;border-top:solid #E1E1E1 1.0pt'><p>From: Ann</p></div>{ours}"),
            3 => format!("{theirs}<p>Qux 3/3/2026 9:12 Ann &lt;a@b.example&gt; zyxvut:</p><div>{ours}</div>"),
            4 => format!("{theirs}<blockquote>{ours}</blockquote>"),
            _ => format!("{theirs}<div>{ours}</div>"),
        };
        let known = Known { sent: vec![sent], endings: Vec::new() };
        let reply = from_html(&BoundedHtml::new(&raw).unwrap(), false, &known);
        prop_assert_eq!(words(&reply.text), words(&answer), "{}", raw);
    }

    #[test]
    fn keeps_every_word_between_ours(
        first in paragraphs("a-m", 14),
        second in paragraphs("a-m", 14),
        answers in proptest::collection::vec("[n-z]{3,8}( [n-z]{3,8}){0,20}", 2),
        mark in proptest::sample::select(&["> ", ""][..]),
    ) {
        let body = format!(
            "{ATTRIBUTION}\n{}\n\n{}\n\n{}\n\n{}\n",
            wrapped(&first, 70, mark), answers[0], wrapped(&second, 70, mark), answers[1],
        );
        let known = Known { sent: vec![format!("{first}\n\n{second}")], endings: Vec::new() };
        let reply = from_text(&body, false, &known);
        for answer in &answers {
            prop_assert!(words(&reply.text).windows(words(answer).len()).any(|found| found == words(answer)), "{}", body);
        }
        prop_assert!(reply.text.contains(words(&first).last().unwrap()));
    }
}
