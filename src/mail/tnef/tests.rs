//! Streams as Outlook writes them, and what is damaged in them.

use proptest::prelude::*;

use super::*;

/// An attribute of the mail (level 1) or of a file (level 2).
fn attribute(level: u8, id: u32, data: &[u8]) -> Vec<u8> {
    let sum: u32 = data.iter().map(|octet| u32::from(*octet)).sum();
    [
        &[level],
        &id.to_le_bytes()[..],
        &u32::try_from(data.len()).unwrap().to_le_bytes(),
        data,
        &sum.to_le_bytes()[..2],
    ]
    .concat()
}

fn stream(attributes: &[Vec<u8>]) -> Vec<u8> {
    [&SIGNATURE[..], &[1, 0], &attributes.concat()].concat()
}

fn variable(kind: u16, id: u16, data: &[u8]) -> Vec<u8> {
    let mut value = [
        &kind.to_le_bytes()[..],
        &id.to_le_bytes(),
        &1_u32.to_le_bytes(),
        &u32::try_from(data.len()).unwrap().to_le_bytes(),
        data,
    ]
    .concat();
    value.resize(value.len().next_multiple_of(4), 0);
    value
}

fn unicode(id: u16, text: &str) -> Vec<u8> {
    let units: Vec<u8> = text
        .encode_utf16()
        .chain([0])
        .flat_map(u16::to_le_bytes)
        .collect();
    variable(0x1f, id, &units)
}

fn list(properties: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(properties.len()).unwrap().to_le_bytes();
    [&count[..], &properties.concat()].concat()
}

fn file(title: &str, data: &[u8], properties: &[Vec<u8>]) -> Vec<u8> {
    [
        attribute(2, ATTACHMENT_BEGINS, &[0; 14]),
        attribute(2, ATTACHMENT_TITLE, title.as_bytes()),
        attribute(2, ATTACHMENT_DATA, data),
        attribute(2, ATTACHMENT_PROPERTIES, &list(properties)),
    ]
    .concat()
}

/// A mail with a plain text and two files, one of them an image that its text refers to.
pub(in crate::mail) fn sample() -> Vec<u8> {
    stream(&[
        attribute(1, OEM_CODEPAGE, &1252_u32.to_le_bytes()),
        attribute(1, BODY, b"See the enclosed files.\0"),
        file(
            "PLAN~1.TXT",
            b"one two three",
            &[
                [&[0x0b, 0, 0xfe, 0x7f][..], &[1, 0, 0, 0]].concat(),
                unicode(LONG_FILE_NAME, "plan für Ann.txt"),
            ],
        ),
        file(
            "logo.png",
            b"not really an image",
            &[
                unicode(CONTENT_ID, "<logo@1>"),
                unicode(MIME_TYPE, "image/png"),
            ],
        ),
    ])
}

fn names(tnef: &Tnef) -> Vec<&str> {
    let names = tnef.files.iter().map(|file| file.name.as_deref());
    names.map(Option::unwrap_or_default).collect()
}

#[test]
fn finds_files_and_text() {
    let octets = sample();
    let tnef = read(&octets).unwrap();
    assert!(!tnef.is_damaged);
    assert_eq!(
        tnef.text,
        Some(Text::Plain("See the enclosed files.".to_owned()))
    );
    assert_eq!(names(&tnef), ["plan für Ann.txt", "logo.png"]);
    let Content::Range(range) = &tnef.files[0].content else {
        panic!("no range");
    };
    assert_eq!(&octets[range.clone()], b"one two three");
    assert_eq!(tnef.files[1].content_id.as_deref(), Some("logo@1"));
    assert_eq!(tnef.files[1].content_type.as_deref(), Some("image/png"));
}

#[test]
fn takes_out_what_an_enclosed_mail_holds() {
    let inner = [MESSAGE_INTERFACE, &sample()].concat();
    let octets = stream(&[
        attribute(
            1,
            MESSAGE_PROPERTIES,
            &list(&[variable(0x102, BODY_HTML, b"<p>Gr\xc3\xbc\xc3\x9fe</p>")]),
        ),
        attribute(2, ATTACHMENT_BEGINS, &[0; 14]),
        attribute(
            2,
            ATTACHMENT_PROPERTIES,
            &list(&[
                unicode(DISPLAY_NAME, "Earlier mail"),
                variable(0xd, ATTACHED, &inner),
            ]),
        ),
    ]);
    let tnef = read(&octets).unwrap();
    assert!(!tnef.is_damaged);
    assert_eq!(tnef.text, Some(Text::Html("<p>Grüße</p>".to_owned())));
    assert_eq!(
        names(&tnef),
        ["Earlier mail.txt", "plan für Ann.txt", "logo.png"]
    );
}

#[test]
fn stops_at_some_depth() {
    let mut octets = sample();
    for _ in 0..20 {
        let inner = [MESSAGE_INTERFACE, &octets].concat();
        octets = stream(&[attribute(
            2,
            ATTACHMENT_PROPERTIES,
            &list(&[variable(0xd, ATTACHED, &inner)]),
        )]);
    }
    let tnef = read(&octets).unwrap();
    assert!(tnef.is_damaged);
    assert!(tnef.files.is_empty());
}

#[test]
fn keeps_what_stands_before_the_damage() {
    let octets = sample();
    let tnef = read(&octets[..octets.len() - 90]).unwrap();
    assert!(tnef.is_damaged);
    assert_eq!(names(&tnef)[0], "plan für Ann.txt");
    assert!(read(b"no such stream").is_none());
}

proptest! {
    #[test]
    fn survives_anything(at in 0_usize..500, damage in proptest::collection::vec(any::<u8>(), 0..12)) {
        let mut octets = sample();
        let at = at.min(octets.len());
        let end = (at + damage.len()).min(octets.len());
        octets.splice(at..end, damage);
        for file in read(&octets).unwrap_or_default().files {
            if let Content::Range(range) = file.content {
                prop_assert!(range.end <= octets.len());
            }
        }
    }
}

const SIGNATURE: [u8; 4] = 0x223e_9f78_u32.to_le_bytes();
