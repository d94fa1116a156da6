//! Files, and what wraps them.

use data_encoding::{BASE64, BASE64_MIME};
use rstest::rstest;

use super::{super::cms::tests::signed, *};
use crate::{
    domain::{
        incoming::{Fate, Withheld},
        note::{Cryptography, Note},
    },
    mail::tnef,
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x40\0\0\0\x40";
const PIXEL: &[u8] = b"GIF89a\x01\0\x01\0\x80\0\0";

/// A part in base64.
fn part(headers: &str, content: &[u8]) -> String {
    format!(
        "--b\n{headers}\nContent-Transfer-Encoding: base64\n\n{}\n",
        BASE64_MIME.encode(content).trim_end()
    )
}

fn mixed(parts: &[String]) -> ParsedMail {
    mail(&format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n",
        parts.concat()
    ))
}

fn raw(rest: &str) -> Vec<u8> {
    format!("{HEAD}{}", rest.replace('\n', "\r\n")).into_bytes()
}

fn fates(parsed: &ParsedMail) -> Vec<(&str, Fate)> {
    let one = |file: &'_ Attachment| file.info.fate;
    let names = parsed
        .attachments
        .iter()
        .map(|file| file.info.filename.as_deref().unwrap());
    names.zip(parsed.attachments.iter().map(one)).collect()
}

fn text_part(text: &str) -> String {
    format!("--b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n")
}

#[test]
fn opens_outlooks_envelope() {
    let source = format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}--b--\n",
        part(
            "Content-Type: application/ms-tnef; name=winmail.dat",
            &tnef::tests::sample()
        )
    );
    let bytes = raw(&source);
    let parsed = parse(&bytes);
    assert_eq!(parsed.mail.text.trim(), "See the enclosed files.");
    assert_eq!(
        files(&parsed),
        ["plan für Ann.txt text/plain 13", "logo.png image/png 19"]
    );
    assert_eq!(&*parsed.attachments[0].bytes(&bytes), b"one two three");
    assert_eq!(parsed.image("logo@1"), Some(1));
    assert_eq!(codes(&parsed), [""; 0]);

    let parsed = mixed(&[
        text_part("Hello"),
        part(
            "Content-Type: application/ms-tnef; name=winmail.dat",
            &tnef::tests::sample()[..60],
        ),
        part(
            "Content-Type: application/ms-tnef; name=winmail.dat",
            b"nothing of the kind",
        ),
    ]);
    assert_eq!(parsed.mail.text.trim(), "Hello");
    assert_eq!(files(&parsed).len(), 2);
    assert_eq!(codes(&parsed), ["damaged_tnef", "unreadable_tnef"]);
}

#[test]
fn reads_what_is_signed_within() {
    let inner = "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: text/plain\r\n\
                 \r\nSigned words\r\n--c\r\nContent-Type: text/csv; name=a.csv\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\nMSwyCg==\r\n--c--\r\n";
    let bytes = raw(&format!(
        "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n\
         Content-Transfer-Encoding: base64\n\n{}\n",
        BASE64.encode(&signed(inner.as_bytes()))
    ));
    let parsed = parse(&bytes);
    assert_eq!(parsed.mail.text.trim(), "Signed words");
    assert_eq!(parsed.mail.notes, [Note::Signed(Cryptography::Smime)]);
    assert_eq!(
        fates(&parsed),
        [("a.csv", Fate::Shown), ("smime.p7m", Fate::Folded)]
    );
    assert_eq!(&*parsed.attachments[0].bytes(&bytes), b"1,2\n");
}

#[rstest]
#[case::smime(
    "multipart/signed; protocol=\"application/pkcs7-signature\"",
    "application/pkcs7-signature",
    Cryptography::Smime
)]
#[case::pgp("multipart/signed", "application/pgp-signature", Cryptography::OpenPgp)]
fn folds_signatures(#[case] whole: &str, #[case] signature: &str, #[case] by: Cryptography) {
    let parsed = mail(&format!(
        "Content-Type: {whole}; boundary=b\n\n{}{}--b--\n",
        text_part("Words"),
        part(&format!("Content-Type: {signature}"), b"x")
    ));
    assert_eq!(parsed.mail.text.trim(), "Words");
    assert_eq!(parsed.mail.notes, [Note::Signed(by)]);
    assert_eq!(fates(&parsed)[0].1, Fate::Folded);
}

#[test]
fn says_what_is_encrypted() {
    let parsed = mail(&format!(
        "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n\
         {}{}--b--\n",
        part("Content-Type: application/pgp-encrypted", b"Version: 1\n"),
        part(
            "Content-Type: application/octet-stream; name=encrypted.asc",
            b"x"
        ),
    ));
    assert_eq!(parsed.mail.notes, [Note::Encrypted(Cryptography::OpenPgp)]);
    assert_eq!(codes(&parsed), ["encrypted"]);
    assert_eq!(
        fates(&parsed),
        [
            ("version.txt", Fate::Folded),
            ("encrypted.asc", Fate::Shown)
        ]
    );
}

#[test]
fn what_is_encrypted_within_a_text_is_a_file() {
    let armour = "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----\n";
    let parsed = mail(&format!("\nFor your eyes:\n\n{armour}"));
    assert_eq!(parsed.mail.text, "For your eyes:");
    assert_eq!(
        files(&parsed),
        ["encrypted.asc application/octet-stream 59"]
    );
    assert_eq!(parsed.mail.notes, [Note::Encrypted(Cryptography::OpenPgp)]);
    assert_eq!(codes(&parsed), ["encrypted"]);
    let alone = mail(&format!("\n{armour}"));
    assert_eq!((alone.mail.text.as_str(), alone.attachments.len()), ("", 1));
}

#[test]
fn takes_signed_text_out_of_its_armour() {
    let parsed = mail(
        "\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nWords\n\
         -----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n",
    );
    assert_eq!(parsed.mail.text.trim(), "Words");
    assert_eq!(parsed.mail.notes, [Note::Signed(Cryptography::OpenPgp)]);
    assert_eq!(fates(&parsed), [("signature.asc", Fate::Folded)]);
}

const INVITATION: &str = "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:1@acme.com\n\
    SUMMARY:Board\\, revision C\nLOCATION:Room 5\n\
    DTSTART;TZID=\"W. Europe Standard Time\":20260303T100000\nDURATION:PT90M\n\
    RRULE:FREQ=WEEKLY;COUNT=3;BYDAY=TU\nORGANIZER;CN=Jane Doe:mailto:jane@acme.com\n\
    END:VEVENT\nEND:VCALENDAR\n";

#[test]
fn says_what_an_invitation_says() {
    let parsed = mail(&format!(
        "Content-Type: text/calendar; method=REQUEST\n\n{INVITATION}"
    ));
    assert_eq!(
        parsed.mail.text,
        "Invitation from Jane Doe: “Board, revision C”, Tuesday 3 March 2026, 10:00–11:30 \
         (Europe/Berlin), every week on Tuesday, 3 times, at Room 5."
    );
    assert!(parsed.mail.is_told && parsed.mail.shown.is_empty());
    assert_eq!(
        parsed.attachments[0].info.filename.as_deref(),
        Some("invitation.ics")
    );

    let parsed = mail(&format!(
        "Content-Type: multipart/alternative; boundary=b\n\n{}--b\nContent-Type: text/calendar\n\n\
         {INVITATION}--b--\n",
        text_part("Please come.")
    ));
    assert_eq!(parsed.mail.text.trim(), "Please come.");
    assert!(matches!(parsed.mail.notes[..], [Note::Invitation(_)]));
}

#[rstest]
#[case::all_day(
    "METHOD:CANCEL\nBEGIN:VEVENT\nSUMMARY:Training\nDTSTART;VALUE=DATE:20260303\nDTEND;VALUE=DATE:20260305",
    "Cancelled: “Training”, Tuesday 3 March 2026 to Wednesday 4 March 2026, all day."
)]
#[case::answer(
    "METHOD:REPLY\nBEGIN:VEVENT\nATTENDEE;PARTSTAT=DECLINED;CN=Bob:mailto:bob@acme.com\nDTSTART:20260303T090000Z",
    "Bob declined: Tuesday 3 March 2026, 09:00 (UTC)."
)]
#[case::own_zone(
    "METHOD:PUBLISH\nBEGIN:VEVENT\nSUMMARY:Call\nDTSTART;TZID=Our Zone:20260303T090000",
    "Appointment: “Call”, Tuesday 3 March 2026, 09:00 (Our Zone)."
)]
#[case::floating(
    "BEGIN:VEVENT\nSUMMARY:Call\nDTSTART:20260303T230000\nDTEND:20260304T010000",
    "Appointment: “Call”, Tuesday 3 March 2026, 23:00 to Wednesday 4 March 2026, 01:00."
)]
fn reads_calendars(#[case] lines: &str, #[case] sentence: &str) {
    let parsed = mail(&format!(
        "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\n{lines}\nEND:VEVENT\nEND:VCALENDAR\n"
    ));
    assert_eq!(parsed.mail.text, sentence);
}

#[test]
fn says_whose_card_it_is() {
    let card = b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Jane Doe\r\nORG:Acme;Boards\r\nTEL:+33 1 23\r\n\
                 EMAIL:jane@acme.com\r\nEND:VCARD\r\n";
    let parsed = mixed(&[
        text_part("Hello"),
        part("Content-Type: text/vcard; name=jane.vcf", card),
    ]);
    let [note @ Note::Contact(_)] = &parsed.mail.notes[..] else {
        panic!("{:?}", parsed.mail.notes);
    };
    assert_eq!(
        wording::mail::in_room(note),
        "Visiting card: Jane Doe, Acme, +33 1 23, jane@acme.com."
    );
    assert_eq!(
        files(&parsed),
        [format!("jane.vcf text/vcard {}", card.len())]
    );
}

#[test]
fn keeps_images_in_their_place() {
    let parsed = mixed(&[
        text_part("Above"),
        part(
            "Content-Type: image/png; name=a.png\nContent-Disposition: inline",
            PNG,
        ),
        text_part("Below"),
        part("Content-Type: image/png; name=z.png", PNG),
    ]);
    assert_eq!(
        files(&parsed),
        ["a.png image/png 24*", "z.png image/png 24"]
    );
    let id = parsed.attachments[0].content_id.as_deref().unwrap();
    assert_eq!(parsed.image(&format!("cid:{id}")), Some(0));
    let whole = open(&raw(&format!(
        "Content-Type: multipart/mixed; boundary=b\n\n{}{}{}--b--\n",
        text_part("Above"),
        part("Content-Type: image/png", PNG),
        text_part("Below")
    )));
    let html = whole.body.html().unwrap();
    let at = |word: &str| html.as_str().find(word).unwrap();
    assert!(at("Above") < at("<img") && at("<img") < at("Below"));
}

#[test]
fn folds_what_shows_nothing_or_only_history() {
    let html = "<p>New <img src=\"CID:a%40b\"><img src='https://acme.com/c.png'></p>\
                <img src=cid:pixel>\
                <div class=gmail_quote><blockquote>Old <img src=cid:old></blockquote></div>";
    let parsed = mail(&format!(
        "Content-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n{html}\n{}{}{}{}--b--\n",
        part(
            "Content-Type: image/png; name=a.png\nContent-ID: <a@b>",
            PNG
        ),
        part(
            "Content-Type: image/png\nContent-Location: https://acme.com/c.png",
            PNG
        ),
        part(
            "Content-Type: image/gif; name=p.gif\nContent-ID: <pixel>",
            PIXEL
        ),
        part(
            "Content-Type: image/png; name=old.png\nContent-ID: <old>",
            PNG
        ),
    ));
    assert_eq!(
        fates(&parsed),
        [
            ("a.png", Fate::Shown),
            ("c.png", Fate::Shown),
            ("p.gif", Fate::Folded),
            ("old.png", Fate::Folded)
        ]
    );
    assert!(parsed.attachments.iter().all(|file| file.info.inline));
}

#[test]
fn withholds_what_windows_would_run() {
    let parsed = mixed(&[
        text_part("Hello"),
        part("Content-Type: application/pdf; name=\"plan.pdf.exe\"", b"x"),
        part(
            "Content-Type: application/octet-stream; name=u-boot.bin",
            b"MZ",
        ),
        "--b\nContent-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n====\n"
            .to_owned(),
    ]);
    assert_eq!(
        fates(&parsed),
        [
            ("plan.pdf.exe", Fate::Withheld(Withheld::Launchable)),
            ("u-boot.bin", Fate::Shown),
            ("a.png", Fate::Withheld(Withheld::Damaged))
        ]
    );
}

#[test]
fn takes_files_out_of_a_text() {
    let bytes = raw("\nHello\nbegin 644 a.txt\n%:&5L;&\\\n`\nend\n");
    let parsed = parse(&bytes);
    assert_eq!(parsed.mail.text, "Hello");
    assert_eq!(files(&parsed), ["a.txt text/plain 5"]);
    assert_eq!(&*parsed.attachments[0].bytes(&bytes), b"hello");
}

#[test]
fn reads_the_other_text_kinds() {
    let parsed = mail("Content-Type: text/enriched\n\n<bold>One</bold>\ntwo\n");
    assert_eq!(parsed.mail.text, "One two");
    let parsed =
        mail("X-Mailer: Microsoft Outlook 16\nContent-Type: text/plain\n\na\n\nb\n\n\n\nc\n\nd\n");
    assert_eq!(parsed.mail.text, "a\nb\n\nc\nd");
    let parsed = mail(
        "Content-Type: message/external-body; access-type=URL; url=\"https://acme.com/ a.zip\"\n\n\
         Content-Type: application/zip\n\n",
    );
    assert_eq!(parsed.mail.text, "https://acme.com/a.zip");
}

#[test]
fn takes_the_form_that_says_more() {
    let long = "A text of many words. ".repeat(20);
    let parsed = mail(&format!(
        "Content-Type: multipart/alternative; boundary=b\n\n{}--b\nContent-Type: text/html\n\n\
         <p>See the text.</p>\n--b--\n",
        text_part(&long)
    ));
    assert_eq!(parsed.mail.text.trim(), long.trim());
    assert_eq!(parsed.mail.html, None);
}

#[test]
fn keeps_sizes_in_mail_with_old_line_ends() {
    let source = raw(
        "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: quoted-printable\n\nab=\ncd\n",
    );
    let bytes: Vec<u8> = source.into_iter().filter(|octet| *octet != b'\n').collect();
    let parsed = parse(&bytes);
    let file = &parsed.attachments[0];
    assert_eq!(file.bytes(&bytes).len() as u64, file.info.size);
    assert_eq!(&*file.bytes(&bytes), b"abcd\n");
}

#[test]
fn answers_those_who_have_no_from() {
    let parsed = parse(b"From: <>\nReply-To: Jane <jane@acme.com>\nSubject: x\n\nHello\n");
    assert!(parsed.mail.from_is_substitute);
    assert_eq!(parsed.mail.from.unwrap().address.as_str(), "jane@acme.com");
    assert!(!mail("\nHello\n").mail.from_is_substitute);
}

#[rstest]
#[case("Tue, 3 Mar 2026 10:00:00 +0000", false)]
#[case("Tue, 3 Mar 2037 10:00:00 +0000", true)]
fn knows_the_future(#[case] date: &str, #[case] is_future: bool) {
    let parsed = parse(
        format!("Received: from a by b;\n Tue, 3 Mar 2026 11:00:00 +0100\nFrom: a@b.example\nMessage-ID: <1@b>\nDate: {date}\n\nx\n").as_bytes(),
    );
    assert_eq!(codes(&parsed) == ["date_in_future"], is_future);
    assert!(parsed.mail.date.is_some());
}
