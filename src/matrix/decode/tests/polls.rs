//! Polls, as clients and MSC3381 have them.

use super::*;
use crate::domain::sharing::Poll;

fn started(kind: &str, json: &Value) -> Option<Poll> {
    match event(kind, json, &json!({})).kind {
        EventKind::Message {
            content:
                Content::Shared {
                    shared: Shared::Poll(poll),
                    ..
                },
            ..
        } => Some(poll),
        _ => None,
    }
}

fn poll(most_choices: usize) -> Poll {
    let answers = [("a", "Monday"), ("b", "Friday")];
    Poll {
        question: "When shall we meet?".to_owned(),
        answers: answers
            .map(|(id, text)| (id.to_owned(), text.to_owned()))
            .to_vec(),
        most_choices,
    }
}

#[rstest]
#[case::element("org.matrix.msc3381.poll.start", 1,
    json!({"org.matrix.msc1767.text": "When shall we meet?\n1. Monday\n2. Friday",
        "org.matrix.msc3381.poll.start": {"kind": "org.matrix.msc3381.poll.disclosed",
            "max_selections": 1,
            "question": {"org.matrix.msc1767.text": "When shall we meet?", "body": "When shall we meet?",
                "msgtype": "m.text"},
            "answers": [{"id": "a", "org.matrix.msc1767.text": "Monday"},
                {"id": "b", "org.matrix.msc1767.text": "Friday"}]}}))]
#[case::stable("m.poll.start", 2,
    json!({"m.text": [{"body": "When shall we meet?"}],
        "m.poll": {"kind": "m.undisclosed", "max_selections": 9,
            "question": {"m.text": [{"mimetype": "text/html", "body": "<b>When</b>"},
                {"body": "When shall we meet?"}]},
            "answers": [{"m.id": "a", "m.text": [{"body": "Monday"}]},
                {"m.id": "b", "m.text": [{"body": "Friday"}]}]}}))]
#[case::in_between("m.poll.start", 1,
    json!({"m.poll.start": {"question": {"body": "When shall\nwe meet?"},
            "answers": [{"id": "a", "m.text": "Monday"}, {"id": "b", "body": "Friday"},
                {"id": "a", "body": "again"}, {"id": "c"}, {"body": "without id"}, 7]}}))]
fn a_poll_is_read(#[case] kind: &str, #[case] most_choices: usize, #[case] json: Value) {
    assert_eq!(started(kind, &json), Some(poll(most_choices)));
}

#[rstest]
#[case(json!({"m.poll": {"question": {"body": "?"}, "answers": []}}))]
#[case(json!({"m.poll": {"answers": [{"id": "a", "body": "b"}]}}))]
#[case(json!({"m.poll": "When?"}))]
#[case(json!({"body": "When?"}))]
fn what_lacks_a_question_or_answers_is_none(#[case] json: Value) {
    assert_eq!(started("m.poll.start", &json), None);
}

#[test]
fn a_poll_of_thousands_is_cut() {
    let answers: Vec<_> = (0..5_000)
        .map(|n| json!({"id": n.to_string(), "body": "x".repeat(900)}))
        .collect();
    let json = json!({"m.poll": {"question": {"body": "y".repeat(90_000)}, "answers": answers,
        "max_selections": u64::MAX}});
    let poll = started("m.poll.start", &json).unwrap();
    assert_eq!((poll.answers.len(), poll.most_choices), (20, 20));
    assert!(poll.question.chars().count() < 1_100 && poll.answers[0].1.chars().count() < 400);
}

#[rstest]
#[case("org.matrix.msc3381.poll.response", json!({"org.matrix.msc3381.poll.response": {"answers": ["b"]}}), &["b"])]
#[case("m.poll.response", json!({"m.selections": ["a", "b"]}), &["a", "b"])]
#[case("m.poll.response", json!({"m.selections": ["a", 7]}), &[])]
#[case("m.poll.response", json!({"m.selections": "a"}), &[])]
fn a_vote_is_read(#[case] kind: &str, #[case] mut json: Value, #[case] expected: &[&str]) {
    json["m.relates_to"] = json!({"rel_type": "m.reference", "event_id": "$poll"});
    let EventKind::Vote { poll, answers } = event(kind, &json, &json!({})).kind else {
        panic!()
    };
    assert_eq!(
        (poll.as_str(), answers),
        (
            "$poll",
            expected.iter().map(|id| (*id).to_owned()).collect()
        )
    );
}

#[rstest]
#[case("m.poll.end")]
#[case("org.matrix.msc3381.poll.end")]
fn an_end_is_read(#[case] kind: &str) {
    let json = json!({"body": "Ended the poll", "org.matrix.msc3381.poll.end": {},
        "m.relates_to": {"rel_type": "m.reference", "event_id": "$poll"}});
    let ended = EventKind::PollEnd {
        poll: "$poll".try_into().unwrap(),
    };
    assert_eq!(event(kind, &json, &json!({})).kind, ended);
    let nothing =
        json!({"body": "Ended", "m.relates_to": {"rel_type": "m.thread", "event_id": "$poll"}});
    assert_eq!(
        event(kind, &nothing, &json!({})).kind,
        EventKind::Irrelevant
    );
}

#[test]
fn an_edit_of_a_poll_says_what_is_new() {
    let json = json!({
        "org.matrix.msc1767.text": "new",
        "m.new_content": {"org.matrix.msc3381.poll.start": {"question": {"body": "When shall we meet?"},
            "answers": [{"id": "a", "body": "Monday"}, {"id": "b", "body": "Friday"}]}},
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$old"}});
    let EventKind::Edit { content, .. } =
        event("org.matrix.msc3381.poll.start", &json, &json!({})).kind
    else {
        panic!()
    };
    let shared = Shared::Poll(poll(1));
    assert_eq!(
        content,
        Content::Shared {
            shared,
            caption: None
        }
    );
}
