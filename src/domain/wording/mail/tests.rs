//! Notes, as rooms and letters tell them.

use jiff::civil::{Weekday, date, datetime};
use rstest::rstest;

use super::*;

fn kick_off() -> Invitation {
    let moment = |hour| Moment {
        at: datetime(2026, 3, 3, hour, 0, 0, 0),
        zone: Some("Europe/Paris".to_owned()),
    };
    Invitation {
        purpose: Purpose::Invite,
        what: Some("Kick-off".to_owned()),
        when: Some(When::Times {
            start: moment(10),
            end: Some(moment(11)),
        }),
        repeats: None,
        place: Some("Room 5".to_owned()),
        who: Some("Jane Doe".to_owned()),
        others: 0,
    }
}

fn changed(change: impl FnOnce(&mut Invitation)) -> Invitation {
    let mut invitation = kick_off();
    change(&mut invitation);
    invitation
}

#[rstest]
#[case::invitation(
    kick_off(),
    "Invitation from Jane Doe: “Kick-off”, Tuesday 3 March 2026, 10:00–11:00 (Europe/Paris), at Room 5."
)]
#[case::cancelled(
    changed(|it| {
        it.purpose = Purpose::Cancel;
        it.when = Some(When::Days { first: date(2026, 3, 3), last: date(2026, 3, 4) });
        it.place = None;
    }),
    "Cancelled by Jane Doe: “Kick-off”, Tuesday 3 March 2026 to Wednesday 4 March 2026, all day."
)]
#[case::answer(
    changed(|it| {
        it.purpose = Purpose::Answer(Answer::Accepted);
        it.when = None;
        it.place = None;
    }),
    "Jane Doe accepted: “Kick-off”."
)]
#[case::again(
    changed(|it| {
        it.who = None;
        it.when = None;
        it.repeats = Some(Repeats {
            every: Every::Week,
            interval: 2,
            on: vec![Weekday::Tuesday, Weekday::Friday],
            until: Some(date(2026, 6, 5)),
            count: None,
        });
        it.others = 2;
    }),
    "Invitation: “Kick-off”, every 2 weeks on Tuesday and Friday until 5 June 2026, at Room 5, and 2 others."
)]
#[case::flight(
    changed(|it| {
        it.purpose = Purpose::Tell;
        it.place = None;
        it.when = Some(When::Times {
            start: Moment { at: datetime(2026, 3, 3, 22, 5, 0, 0), zone: Some("UTC".to_owned()) },
            end: Some(Moment { at: datetime(2026, 3, 4, 9, 0, 0, 0), zone: None }),
        });
    }),
    "Appointment of Jane Doe: “Kick-off”, Tuesday 3 March 2026, 22:05 (UTC) to Wednesday 4 March 2026, 09:00."
)]
fn says_what_is_planned(#[case] invitation: Invitation, #[case] sentence: &str) {
    assert_eq!(in_room(&Note::Invitation(Box::new(invitation))), sentence);
}

#[rstest]
#[case(
    Language::French,
    "Invitation de Jane Doe\u{a0}: «\u{202f}Kick-off\u{202f}», mardi 3 mars 2026, 10:00–11:00 \
     (Europe/Paris), toutes les 2 semaines (mardi et vendredi) jusqu’au 5 juin 2026, lieu\u{a0}: \
     Room 5, et 2 autres."
)]
#[case(
    Language::German,
    "Einladung von Jane Doe: „Kick-off“, Dienstag, 3. März 2026, 10:00–11:00 (Europe/Paris), alle \
     2 Wochen (Dienstag und Freitag) bis 5. Juni 2026, Ort: Room 5, und 2 weitere."
)]
fn says_it_in_the_readers_language(#[case] language: Language, #[case] sentence: &str) {
    let invitation = changed(|it| {
        it.repeats = Some(Repeats {
            every: Every::Week,
            interval: 2,
            on: vec![Weekday::Tuesday, Weekday::Friday],
            until: Some(date(2026, 6, 5)),
            count: None,
        });
        it.others = 2;
    });
    let note = Note::Invitation(Box::new(invitation));
    assert_eq!(in_letter(&note, language), sentence);
    let stored = serde_json::to_string(&note).unwrap();
    assert_eq!(serde_json::from_str::<Note>(&stored).unwrap(), note);
}

#[test]
fn says_who_it_is() {
    let contact = Contact {
        name: Some("Jane Doe".to_owned()),
        organisation: Some("Acme".to_owned()),
        phones: vec!["+33 1 23".to_owned()],
        addresses: vec!["jane@acme.com".to_owned()],
    };
    assert_eq!(
        in_room(&Note::Contact(contact)),
        "Visiting card: Jane Doe, Acme, +33 1 23, jane@acme.com."
    );
}
