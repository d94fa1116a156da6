//! Letters with files: what stands where, under which name, and that nothing is lost on the way.

use std::{io::Write as _, process::Command, sync::Arc};

use data_encoding::{BASE64, HEXLOWER};
use mail_parser::{MessagePart, MimeHeaders as _};
use sha2::{Digest, Sha256};

use super::{super::cid::CidOf, *};
use crate::domain::{
    letter::{Attached, Enclosed, Inline, Logo, Preview},
    sharing::{FileKind, Missing, SharedFile},
};

fn file(name: &str, content_type: &str, size: u64, picture: Option<Inline>) -> EntryBody {
    EntryBody::File {
        file: SharedFile {
            kind: FileKind::File,
            source: None,
            filename: name.to_owned(),
            content_type: None,
            size: None,
            duration: None,
        },
        caption: None,
        enclosed: Enclosed::Attached(Attached {
            key: format!("{size} octets"),
            size,
            content_type: content_type.to_owned(),
            picture,
        }),
    }
}

fn shown(preview: Option<&'static [u8]>) -> Inline {
    Inline {
        preview: preview.map(|content| Preview {
            content: content.into(),
            content_type: "image/jpeg".to_owned(),
        }),
        width: 640,
        height: 480,
    }
}

fn letter_of(bodies: Vec<EntryBody>) -> SealedLetter {
    let mut letter = first_letter();
    letter.quote = None;
    letter.footer = None;
    letter.entries = bodies
        .into_iter()
        .map(|body| entry("Anna Léger", "14:05", body))
        .collect();
    letter
}

fn with_logo(mut letter: SealedLetter) -> SealedLetter {
    letter.look.logo = Some(Arc::new(Logo {
        content: b"a logo".to_vec(),
        content_type: "image/png",
        width: 120,
        height: 40,
    }));
    letter
}

/// A picture shown as it is, one made small, a document.
fn full() -> SealedLetter {
    with_logo(letter_of(vec![
        EntryBody::Text(words("Here they are.")),
        file("board.png", "image/png", 100, Some(shown(None))),
        file(
            "Größe & Maß.jpg",
            "image/jpeg",
            70,
            Some(shown(Some(b"small"))),
        ),
        file("Größe & Maß.jpg", "application/pdf", 200, None),
        EntryBody::File {
            file: SharedFile {
                kind: FileKind::File,
                source: None,
                filename: "gone.zip".to_owned(),
                content_type: None,
                size: None,
                duration: None,
            },
            caption: None,
            enclosed: Enclosed::Missing(Missing::Encrypted),
        },
    ]))
}

/// The mail with the texts cut out, which other snapshots show.
fn skeleton(letter: &SealedLetter) -> String {
    let mail = composed(letter).replace("\r\n", "\n");
    let (_, body) = mail.split_once("X-Postroom-Id:").unwrap();
    let mut skeleton = mail[..mail.find("MIME-Version").unwrap()].to_owned();
    let mut is_text = false;
    for line in body.lines().skip(1) {
        if line.starts_with("--=_") {
            is_text = false;
        }
        if !is_text {
            skeleton.push_str(line);
            skeleton.push('\n');
        }
        if line == "Content-Transfer-Encoding: quoted-printable" {
            is_text = true;
            skeleton.push_str("\n(text)\n");
        }
    }
    skeleton
}

#[test]
fn a_letter_of_words_alone() {
    insta::assert_snapshot!(skeleton(&first_letter()));
}

#[test]
fn a_letter_with_a_logo() {
    insta::assert_snapshot!(skeleton(&with_logo(first_letter())));
}

#[test]
fn a_letter_with_a_document() {
    let letter = letter_of(vec![file("plan.pdf", "application/pdf", 10, None)]);
    insta::assert_snapshot!(skeleton(&letter));
}

#[test]
fn a_letter_with_everything() {
    insta::assert_snapshot!(skeleton(&full()));
}

/// The content of a part as it is, without regard to what character set it may be in.
fn decoded(mail: &Message<'_>, part: &MessagePart<'_>) -> Vec<u8> {
    let (begin, end) = (part.raw_body_offset(), part.raw_end_offset());
    let raw = mail.raw_message[begin as usize..end as usize].trim_ascii();
    let lines = raw.split(|octet| *octet == b'\n');
    let letters: Vec<u8> = lines.flat_map(<[u8]>::trim_ascii).copied().collect();
    BASE64.decode(&letters).unwrap()
}

/// Name, type and content of every part that is a file, in order.
fn files_in(mail: &str) -> Vec<(String, String, Vec<u8>)> {
    let mail = MessageParser::default().parse(mail.as_bytes()).unwrap();
    let is_file = |part: &&MessagePart<'_>| part.attachment_name().is_some();
    let files = mail.parts.iter().filter(is_file);
    files
        .map(|part| {
            assert!(!part.is_encoding_problem);
            let kind = part.content_type().unwrap();
            (
                part.attachment_name().unwrap().to_owned(),
                format!("{}/{}", kind.ctype(), kind.subtype().unwrap()),
                decoded(&mail, part),
            )
        })
        .collect()
}

#[test]
fn files_read_back_byte_by_byte() {
    let sizes = [0, 1, 56, 57, 58, 114, 29_183, 29_184, 29_185, 100_000];
    let bodies = sizes.map(|size| file("x.bin", "application/x-own", size, None));
    let mail = composed(&letter_of(bodies.to_vec()));
    let files = files_in(&mail);
    assert_eq!(files.len(), sizes.len());
    for (size, (_, _, content)) in sizes.into_iter().zip(files) {
        assert_eq!(content, content_of(&size.to_string()), "{size} octets");
    }
}

#[rstest]
#[case("plan.pdf", "plan.pdf")]
#[case("Größe und Maß.pdf", "Größe und Maß.pdf")]
#[case("план работ на ноябрь.docx", "план работ на ноябрь.docx")]
#[case("会議の議事録.xlsx", "会議の議事録.xlsx")]
#[case("تقرير.pdf", "تقرير.pdf")]
#[case("👩🏽\u{200d}🔬 results.csv", "👩🏽🔬 results.csv")]
#[case("a \"quoted\" \\ name;x=1.txt", "_ name;x=1.txt")]
#[case("=?utf-8?q?x?=.txt", "=?utf-8?q?x?=.txt")]
#[case("100% ''sure''.txt", "100% ''sure''.txt")]
#[case("../../.ssh/id", "id")]
#[case("a\r\nBcc: evil@x.example\r\n\r\n.txt", "a Bcc: evil@x.example .txt")]
#[case("", "document.pdf")]
fn names_read_back(#[case] given: &str, #[case] expected: &str) {
    let mail = composed(&letter_of(vec![file(given, "application/pdf", 3, None)]));
    let files = files_in(&mail);
    let expected = expected.replace("_ name", " name").trim().to_owned();
    assert_eq!(files[0].0, expected, "{mail}");
}

#[test]
fn pictures_bear_the_name_by_which_the_html_refers_to_them() {
    let letter = full();
    let mail = composed(&letter);
    for (what, content) in [
        (CidOf::Logo, b"a logo".to_vec()),
        (CidOf::Entry(1), content_of("100")),
        (CidOf::Entry(2), b"small".to_vec()),
    ] {
        let id = cid::content_id(&letter, what);
        let parsed = MessageParser::default().parse(mail.as_bytes()).unwrap();
        let mut parts = parsed.parts.iter();
        let part = parts.find(|part| part.content_id() == Some(id.as_str()));
        assert_eq!(part.unwrap().contents(), content, "{what:?}");
    }
    assert_eq!(mail.matches("Content-ID:").count(), 3);
}

#[test]
fn lines_can_be_put_in_front() {
    let letter = full();
    let mut mail = compose(&letter).unwrap();
    mail.prepend("DKIM-Signature: v=1;\r\n b=x\r\n");
    let signed = read(&mail);
    let rest = signed.strip_prefix("DKIM-Signature: v=1;\r\n b=x\r\n");
    assert_eq!(rest.unwrap(), composed(&letter));
    let (header, _) = signed.split_once("\r\n\r\n").unwrap();
    assert_eq!(mail.header(), format!("{header}\r\n\r\n"));
}

fn fault_of(open: fn(String) -> std::io::Result<Vec<u8>>) -> Option<String> {
    let letter = letter_of(vec![file("plan.pdf", "application/pdf", 10, None)]);
    let chunks = compose(&letter).unwrap().stream(move |key| {
        let opened = open(key);
        Box::pin(async move {
            let content = opened?;
            Ok(stream::iter([Ok(content.into())]).boxed())
        })
    });
    let end = chunks.try_for_each(|_| std::future::ready(Ok(())));
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let ended = runtime.unwrap().block_on(end);
    ended.err().map(|fault| fault.to_string())
}

#[test]
fn a_file_that_is_not_as_it_was_fails_the_mail() {
    assert_eq!(fault_of(|_| Ok(vec![0; 10])), None);
    assert_eq!(
        fault_of(|_| Ok(vec![0; 9])).unwrap(),
        "a file is shorter than it was"
    );
    assert_eq!(
        fault_of(|_| Ok(vec![0; 11])).unwrap(),
        "a file is longer than it was"
    );
    let gone = fault_of(|_| Err(std::io::Error::other("gone")));
    assert_eq!(gone.unwrap(), "gone");
}

fn any_file() -> impl Strategy<Value = EntryBody> {
    let content_type = prop_oneof![
        Just("text/plain".to_owned()),
        Just("message/rfc822".to_owned()),
        Just("image/png".to_owned()),
        hostile(),
        "[a-z]{1,127}/[a-z]{1,127}",
    ];
    let picture = prop_oneof![
        Just(None),
        Just(Some(shown(None))),
        Just(Some(shown(Some(b"made small"))))
    ];
    let name = prop_oneof![hostile(), "\\PC{0,300}", "[a-c]\\.txt"];
    (name, content_type, 0_u64..3000, picture)
        .prop_map(|(name, content_type, size, picture)| file(&name, &content_type, size, picture))
}

proptest! {
    #[test]
    fn whatever_files_there_are(bodies in proptest::collection::vec(any_file(), 0..6), logo: bool) {
        let mut letter = letter_of(bodies);
        if logo {
            letter = with_logo(letter);
        }
        let mail = composed(&letter);
        prop_assert!(mail.is_ascii());
        for line in mail.split("\r\n") {
            prop_assert!(!line.contains(['\r', '\n']));
            prop_assert!(line.len() <= 76 || line.starts_with("Content-Type: ") && line.len() <= 300);
        }
        prop_assert_eq!(&composed(&letter), &mail);

        let files = files_in(&mail);
        let mut names: Vec<_> = letter.entries.iter().filter_map(|entry| match &entry.body {
            EntryBody::File { enclosed: Enclosed::Attached(file), .. } => Some(file),
            _ => None,
        }).collect();
        for file in &names {
            let content = content_of(&file.key);
            prop_assert!(files.iter().any(|found| found.2 == content), "{} in {mail}", file.key);
        }
        let previews = names.extract_if(.., |file| {
            file.picture.as_ref().is_some_and(|picture| picture.preview.is_some())
        }).count();
        let expected = names.len() + 2 * previews + usize::from(logo);
        prop_assert_eq!(files.len(), expected);
        let lower = files.iter().map(|file| file.0.to_lowercase());
        prop_assert_eq!(lower.collect::<std::collections::HashSet<_>>().len(), expected);
        for (name, kind, _) in &files {
            prop_assert!(!name.is_empty() && name.len() <= 200 && !name.contains(['/', '\\']) && !name.contains(char::is_control), "{name:?}");
            prop_assert!(!kind.starts_with("message/") && !kind.starts_with("multipart/"));
        }

        // No line within a part reads as a boundary: there are as many as there are parts and ends.
        let boundaries = mail.lines().filter(|line| line.starts_with("--=_")).count();
        let pictures = mail.matches("Content-ID: ").count();
        let attached = expected - pictures;
        let levels = 1 + usize::from(pictures > 0) + usize::from(attached > 0);
        let parts = 2 + pictures + usize::from(pictures > 0) + attached + usize::from(attached > 0);
        prop_assert_eq!(boundaries, parts + levels);
    }
}

/// A second opinion, of a parser with the strictest idea of what a mail is that is at hand on most
/// machines: Python's. Where there is no Python there is no second opinion.
#[test]
fn python_reads_the_same() {
    const SCRIPT: &str = r"
import email, email.policy, hashlib, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
for part in mail.walk():
    assert not part.defects, part.defects
    if part.get_filename():
        content = part.get_payload(decode=True)
        digest = hashlib.sha256(content).hexdigest()
        print(part.get_filename(), part.get_content_type(), digest)
";
    let mail = composed(&full());
    let Ok(mut python) = Command::new("python3")
        .args(["-c", SCRIPT])
        .env("PYTHONIOENCODING", "utf-8")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
    else {
        return;
    };
    let mut input = python.stdin.take().unwrap();
    input.write_all(mail.as_bytes()).unwrap();
    drop(input);
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let mut expected = Vec::new();
    for (name, kind, content) in files_in(&mail) {
        let digest = HEXLOWER.encode(&Sha256::digest(&content));
        expected.push(format!("{name} {kind} {digest}"));
    }
    let output = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.lines().collect::<Vec<_>>(), expected);
}
