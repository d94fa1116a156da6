//! The events that show a mail.

use proptest::{collection::vec, prelude::*};
use rstest::rstest;
use ruma::owned_event_id;

use super::*;
use crate::domain::{address::EmailAddress, effect::Folded, note::Cryptography};

fn words(body: &str) -> PostPart {
    PostPart::Words(Words {
        body: body.to_owned(),
        html: None,
    })
}

fn picture(index: usize) -> PostPart {
    let PostPart::File(file) = one_file(index) else {
        unreachable!()
    };
    PostPart::Picture(file)
}

fn one_file(index: usize) -> PostPart {
    PostPart::File(PostedFile {
        index,
        filename: format!("{index}.png"),
    })
}

fn mail(parts: Vec<PostPart>) -> Post {
    Post {
        parts,
        notes: Vec::new(),
        folded: Folded::default(),
        marks: Vec::new(),
        reply_to: None,
        thread_root: None,
        message_id: None,
        identity: String::new(),
        from: EmailAddress::parse("a@b.example").unwrap(),
        date: String::new(),
    }
}

/// Each event in short: its body, `+` and the part that is uploaded for it.
fn short(post: &Post) -> String {
    let show = |event: &Planned| {
        let body = event.content["body"].as_str().unwrap();
        match &event.media {
            Some((part, _)) => format!("{body}+{part:?}"),
            None => body.to_owned(),
        }
    };
    events(post)
        .iter()
        .map(show)
        .collect::<Vec<_>>()
        .join(" | ")
}

#[rstest]
#[case::nothing(vec![], "(an empty mail)")]
#[case::words(vec![words("Hello")], "Hello")]
#[case::caption(vec![words("The board"), picture(0)], "The board+File(0)")]
#[case::a_plain_file_has_none(vec![words("The plan"), one_file(0)], "The plan | 0.png+File(0)")]
#[case::a_long_text_is_no_caption(
    vec![words(&"a".repeat(1001)), picture(0)],
    &format!("{}|0.png+File(0)", "a".repeat(1001)).replace('|', " | ")
)]
#[case::only_a_file(vec![one_file(3)], "3.png+File(3)")]
#[case::in_their_order(
    vec![words("See"), one_file(1), words("and"), one_file(0)],
    "See | 1.png+File(1) | and | 0.png+File(0)"
)]
fn every_part_has_its_place(#[case] parts: Vec<PostPart>, #[case] expected: &str) {
    assert_eq!(short(&mail(parts)), expected);
}

#[test]
fn notes_and_hints_stand_below_the_last_words() {
    let mut post = mail(vec![words("See"), one_file(0), one_file(1)]);
    post.notes = vec![Note::Signed(Cryptography::Smime)];
    post.folded.history = true;
    assert_eq!(
        short(&post),
        "See\n\n(signed with S/MIME; not checked)\n\n🔍 history folded | 0.png+File(0) | \
         1.png+File(1)"
    );
    let first = &events(&post)[0].content;
    assert_eq!(first[UNHINTED_KEY]["body"], "See");
    assert_eq!(first[UNHINTED_KEY]["notes"], json!([{"signed": "smime"}]));
    let mut post = mail(vec![one_file(0)]);
    post.notes = vec![Note::Signed(Cryptography::Smime)];
    assert_eq!(
        short(&post),
        "(signed with S/MIME; not checked) | 0.png+File(0)"
    );
}

#[test]
fn a_long_mail_becomes_several_events_and_loses_nothing() {
    let body = "word ".repeat(8_000);
    let mut long = mail(vec![words(&body)]);
    long.reply_to = Some(owned_event_id!("$x"));
    let found = events(&long);
    assert!(found.len() > 1);
    let together: String = found
        .iter()
        .map(|event| event.content["body"].as_str().unwrap())
        .collect();
    assert_eq!(
        together.split_whitespace().count(),
        body.split_whitespace().count()
    );
    assert!(found[0].content["m.relates_to"].is_object());
    assert!(found[1].content["m.relates_to"].is_null());
}

#[test]
fn of_a_very_long_mail_the_beginning_is_shown_and_all_is_a_file() {
    let long = "word ".repeat(10_000);
    let found = events(&mail(vec![words(&long), picture(0), words(&long)]));
    let media: Vec<_> = found.iter().map(|event| event.media.clone()).collect();
    assert_eq!(media[0], None);
    assert_eq!(media[1].as_ref().unwrap().0, MailPart::Text);
    assert_eq!(media[2].as_ref().unwrap().0, MailPart::File(0));
    assert_eq!(found.len(), 3);
}

#[test]
fn a_hint_below_an_indented_log_needs_no_html() {
    let mut post = mail(vec![words(&"        <6>ok\n".repeat(800))]);
    post.folded.history = true;
    let content = &events(&post)[0].content;
    assert!(
        content["body"]
            .as_str()
            .unwrap()
            .ends_with("\n\n🔍 history folded")
    );
    assert!(content["formatted_body"].is_null());
}

#[test]
fn of_a_mail_with_much_more_html_than_text_the_text_is_shown() {
    let words = PostPart::Words(Words {
        body: "word".to_owned(),
        html: Some(format!("<p><b>{}word</b></p>", "</b><b>".repeat(50_000))),
    });
    assert_eq!(
        short(&mail(vec![words])),
        "word\n\n(This is the beginning; all of it is in the file message.txt.) | \
         message.txt+Text"
    );
}

fn any_part() -> impl Strategy<Value = PostPart> {
    let piece = prop_oneof![
        "[ -~]{0,40}".boxed(),
        "\\PC{0,40}".boxed(),
        "[\"\n<&\u{1}\u{1F600}]{0,40}".boxed(),
        "\n {40}[<>&]{0,9}".boxed(),
    ];
    let text =
        (vec(piece, 0..4), 1..400_usize).prop_map(|(pieces, times)| pieces.join(" ").repeat(times));
    let link = "https://[a-z\"]{1,900}/";
    let words = (text, any::<bool>(), link, 0..60_usize);
    let words = words.prop_map(|(body, has_html, link, times)| {
        let link = html::escape(&link);
        let linked = format!("<a href=\"{link}\">x</a> ").repeat(times);
        let html = has_html.then(|| html::text_to_html(&body) + "<p>" + &linked + "</p>");
        PostPart::Words(Words { body, html })
    });
    let file = "[a\"\u{1F600}]{1,60}"
        .prop_map(|filename| PostPart::File(PostedFile { index: 0, filename }));
    prop_oneof![words, file]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn no_event_is_larger_than_matrix_allows(
        parts in vec(any_part(), 0..4),
        names in vec("[a-z\"\u{1}<]{0,900}", 0..30),
        (history, signature) in any::<(bool, bool)>(),
        in_thread in any::<bool>(),
    ) {
        let mut post = mail(parts);
        post.notes = vec![Note::RestInFile(names.concat())];
        post.notes.extend(names.into_iter().map(Note::RestInFile));
        post.folded = Folded { history, signature };
        post.reply_to = Some(owned_event_id!("$answered"));
        post.thread_root = in_thread.then(|| owned_event_id!("$root"));
        let found = events(&post);
        prop_assert!(!found.is_empty());
        for event in found {
            // The rest is for the envelope, and what is known of an uploaded file.
            prop_assert!(event.content.to_string().len() <= 62_000);
        }
    }
}

#[test]
fn in_a_thread_all_stand_there_and_the_first_answers() {
    let mut post = mail(vec![words("a"), one_file(0), one_file(1)]);
    post.thread_root = Some(owned_event_id!("$root"));
    post.reply_to = Some(owned_event_id!("$answered"));
    let found = events(&post);
    for event in &found {
        assert_eq!(event.content["m.relates_to"]["event_id"], "$root");
    }
    let answered = |at: usize| {
        let relates = &found[at].content["m.relates_to"];
        (
            relates["m.in_reply_to"]["event_id"]
                .as_str()
                .unwrap()
                .to_owned(),
            relates["is_falling_back"].as_bool().unwrap(),
        )
    };
    assert_eq!(answered(0), ("$answered".to_owned(), false));
    assert_eq!(answered(1), ("$root".to_owned(), true));
}
