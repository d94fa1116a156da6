//! Letters of every kind, to look at and to hold against rules.

use std::sync::Arc;

use ruma::OwnedMxcUri;

use super::{entry, first_letter, words, zoned};
use crate::domain::{
    address::EmailAddress,
    event::Words,
    letter::{
        Attached, Enclosed, Entry, EntryBody, Inline, Language, List, Logo, Look, Preview, Quote,
        SealedLetter,
    },
    sharing::{Change, FileKind, Missing, Opaque, Place, Poll, PollResult, SharedFile},
};

/// All of them, by name.
pub(super) fn all() -> Vec<(&'static str, SealedLetter)> {
    vec![
        ("short", short()),
        ("first", first_letter()),
        ("several", several()),
        ("kinds", kinds(Language::English)),
        ("kinds_in_french", kinds(Language::French)),
        ("kinds_in_german", kinds(Language::German)),
        ("code", code()),
        ("french", french()),
        ("german", german()),
        ("long_words", long_words()),
        ("right_to_left", right_to_left()),
        ("list", list()),
    ]
}

fn short() -> SealedLetter {
    SealedLetter {
        entries: vec![entry(
            "Anna Léger",
            "14:05",
            EntryBody::Text(words(
                "Hello Jane,\n\nit is on its way: you have it on Friday.",
            )),
        )],
        how_to: false,
        footer: None,
        quote: Some(Quote {
            author: "Jane Doe".to_owned(),
            at: Some(zoned("2026-11-12T11:40:00[Europe/Paris]")),
            text: "Hello,\nwhen do we get the second board?\n\nJane".to_owned(),
        }),
        ..first_letter()
    }
}

fn several() -> SealedLetter {
    let text = |author, time, text: &str| entry(author, time, EntryBody::Text(words(text)));
    SealedLetter {
        entries: vec![
            Entry {
                at: zoned("2026-11-11T17:20:00[Europe/Paris]"),
                ..text(
                    "Anna Léger",
                    "17:20",
                    "Your log shows it: the bootloader is too old.",
                )
            },
            text(
                "Béla Ops",
                "13:58",
                "I have put a new image on the server: https://downloads.example.org/images/imx8mp-2026.10-rc3.wic.xz",
            ),
            text(
                "Béla Ops",
                "13:59",
                "Write it to the card with bmaptool, dd takes an hour.",
            ),
            Entry {
                quote: Some("Which revision of the carrier board do you have?".into()),
                ..text(
                    "Anna Léger",
                    "14:02",
                    "Revision C needs the other device tree, please tell us.",
                )
            },
            entry(
                "Carla Weiß",
                "14:05",
                EntryBody::React {
                    sign: "👍".into(),
                    to: Some("we can test it on Monday".into()),
                },
            ),
        ],
        how_to: false,
        readers: vec![
            "Anna Léger".into(),
            "Béla Ops".into(),
            "Carla Weiß (Beta)".into(),
        ],
        look: look(),
        ..first_letter()
    }
}

fn look() -> Look {
    Look {
        colour: Some("#e05206".into()),
        logo: Some(Arc::new(Logo {
            content: vec![1; 10],
            content_type: "image/png",
            width: 160,
            height: 40,
        })),
    }
}

fn kinds(language: Language) -> SealedLetter {
    let mut entries = files();
    entries.extend(others());
    SealedLetter {
        entries,
        language,
        ..first_letter()
    }
}

fn by_anna(time: &str, body: EntryBody) -> Entry {
    entry("Anna Léger", time, body)
}

fn by_bela(time: &str, body: EntryBody) -> Entry {
    entry("Béla Ops", time, body)
}

fn files() -> Vec<Entry> {
    vec![
        by_anna(
            "13:40",
            EntryBody::Text(words("Here is everything from today's test.")),
        ),
        by_anna(
            "13:41",
            picture("board.jpg", 4_112_000, true, Some("The scope at **TP4**")),
        ),
        by_anna("13:42", picture("screen.png", 320_000, false, None)),
        by_bela(
            "13:43",
            attached(FileKind::File, "plan & budget.pdf", 1_240_000, None),
        ),
        by_bela(
            "13:44",
            attached(FileKind::Voice, "memo.ogg", 81_000, Some(41_600)),
        ),
        by_bela(
            "13:45",
            attached(FileKind::Video, "boot.mp4", 8_300_000, Some(65_000)),
        ),
        by_bela("13:46", linked("rootfs-2026.10.tar.zst", 482_000_000)),
        by_bela(
            "13:47",
            missing(
                "huge.iso",
                Missing::TooLarge {
                    size: 4_700_000_000,
                },
            ),
        ),
        by_bela(
            "13:47",
            missing(
                "",
                Missing::Gone {
                    reason: "M_NOT_FOUND".into(),
                },
            ),
        ),
        by_bela("13:48", missing("secret.txt", Missing::Encrypted)),
    ]
}

fn others() -> Vec<Entry> {
    vec![
        by_anna("13:50", sticker()),
        by_anna(
            "13:51",
            EntryBody::Place(Place {
                description: "Our lab".into(),
                latitude: 45.764_043,
                longitude: 4.835_659,
            }),
        ),
        by_anna(
            "13:52",
            EntryBody::Poll(Poll {
                question: "Which day suits you?".into(),
                answers: [
                    ("1", "Monday"),
                    ("2", "Tuesday, after the course"),
                    ("3", "Neither"),
                ]
                .map(|(id, text)| (id.into(), text.into()))
                .into(),
                most_choices: 2,
            }),
        ),
        by_anna(
            "13:55",
            EntryBody::PollResult(PollResult {
                question: "Pizza or couscous?".into(),
                votes: vec![
                    ("Pizza".into(), 7),
                    ("Couscous".into(), 3),
                    ("Soup".into(), 0),
                ],
            }),
        ),
        by_bela(
            "13:57",
            EntryBody::Correct {
                earlier: Some("We meet on Tuesday".into()),
                words: words("We meet on Thursday"),
            },
        ),
        by_bela("13:58", EntryBody::Emote(words("keeps fingers crossed"))),
        by_bela("13:59", EntryBody::Remark(Change::Came)),
        by_bela(
            "14:00",
            EntryBody::NotCarried {
                what: Opaque::Unknown,
                name: "Ann".into(),
            },
        ),
        by_anna(
            "14:01",
            EntryBody::React {
                sign: "🎉".into(),
                to: Some("It boots!".into()),
            },
        ),
    ]
}

fn code() -> SealedLetter {
    let html = "<h3>What to do</h3><p>Two ways, <strong>the second</strong> is <em>sound</em>:</p>\
        <ol><li>the quick one<ul><li>with <code>git revert 1f3c9ab</code></li></ul></li>\
        <li>the sound one, see <a href=\"https://example.org/doc\">the guide</a></li></ol>\
        <pre><code class=\"language-sh\">make ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu- imx8mp_defconfig &amp;&amp; make -j8\n\
        \n# then\nif true; then\n    dd if=image of=/dev/sdX bs=4M status=progress\nfi\n</code></pre>\
        <blockquote><p>Is it the cable?</p></blockquote><p>No: <del>power</del> clock.</p>\
        <table><thead><tr><th>Board</th><th>Revision</th><th>Bootloader</th><th>Kernel</th><th>State</th></tr></thead>\
        <tbody><tr><td>Carrier A</td><td>C</td><td>2026.07</td><td>6.12.9-ex1</td><td>boots</td></tr>\
        <tr><td>Carrier B</td><td>D</td><td>2026.10</td><td>6.12.11-ex2</td><td>stops after a second</td></tr></tbody></table>\
        <p>The password: <span data-mx-spoiler=\"default\">toor</span>. <span data-mx-color=\"#ff0000\">Change it.</span></p><hr>\
        <details><summary>Log</summary><pre><code>[    0.000000] Booting Linux on physical CPU 0x0000000000 [0x410fd034]</code></pre></details>";
    SealedLetter {
        entries: vec![entry(
            "Anna Léger",
            "14:05",
            EntryBody::Text(Words {
                body: "see the formatted text".into(),
                html: Some(html.into()),
            }),
        )],
        how_to: false,
        ..first_letter()
    }
}

fn french() -> SealedLetter {
    SealedLetter {
        entries: vec![
            Entry {
                at: zoned("2026-11-11T17:20:00[Europe/Paris]"),
                ..entry(
                    "Anna Léger",
                    "17:20",
                    EntryBody::Text(words(
                        "Bonjour Jeanne,\n\nla carte démarre avec le correctif ci-joint.",
                    )),
                )
            },
            entry(
                "Béla Ops",
                "14:02",
                attached(FileKind::File, "correctif.patch", 12_345, None),
            ),
            entry(
                "Béla Ops",
                "14:03",
                linked("image-2026.10.wic.xz", 482_000_000),
            ),
        ],
        readers: vec!["Anna Léger".into(), "Béla Ops".into()],
        quote: Some(Quote {
            author: "Jeanne Dupont".into(),
            at: Some(zoned("2026-11-01T11:40:00[Europe/Paris]")),
            text: "Bonjour,\ndepuis la mise à jour, notre carte s'arrête.\n\nJeanne".into(),
        }),
        subject: "La carte ne démarre plus".into(),
        language: Language::French,
        ..first_letter()
    }
}

fn german() -> SealedLetter {
    SealedLetter {
        entries: vec![entry(
            "Anna Léger",
            "14:05",
            EntryBody::Text(words(
                "Guten Tag Frau Müller,\n\nmit dem Patch im Anhang startet das Board wieder.",
            )),
        )],
        quote: Some(Quote {
            author: "Petra Müller".into(),
            at: Some(zoned("2026-11-12T11:40:00[Europe/Berlin]")),
            text: "Guten Tag,\nseit dem Update bleibt unser Board stehen.\n\nPetra Müller".into(),
        }),
        organisation: "Beispiel GmbH".into(),
        subject: "Board startet nicht".into(),
        language: Language::German,
        ..first_letter()
    }
}

fn long_words() -> SealedLetter {
    let long = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft";
    SealedLetter {
        entries: vec![
            entry(
                &long.repeat(2),
                "14:01",
                EntryBody::Text(words(&long.repeat(3))),
            ),
            entry(
                "Béla Ops",
                "14:02",
                EntryBody::Text(words(&format!(
                    "https://example.org/{}",
                    "a0b1c2/".repeat(40)
                ))),
            ),
            entry(
                "Béla Ops",
                "14:03",
                linked(&format!("{}.zip", long.repeat(2)), 50_000_000),
            ),
            entry(
                "Béla Ops",
                "14:03",
                attached(FileKind::File, &format!("{long}.pdf"), 10, None),
            ),
            entry(
                "Béla Ops",
                "14:04",
                EntryBody::Text(Words {
                    body: "code".into(),
                    html: Some(format!(
                        "<pre><code>{}</code></pre><table><tr><th>a</th><th>b</th></tr><tr><td>{long}</td><td>{}</td></tr></table>",
                        "x".repeat(300),
                        "word ".repeat(40)
                    )),
                }),
            ),
        ],
        how_to: false,
        ..first_letter()
    }
}

fn right_to_left() -> SealedLetter {
    SealedLetter {
        entries: vec![
            entry(
                "רות כהן",
                "14:01",
                EntryBody::Text(words("שלום Jane,\nהלוח עובד עכשיו עם kernel 6.12. תודה!")),
            ),
            entry("سارة", "14:02", EntryBody::Text(words("مرحبا، هذا رائع."))),
            entry(
                "Anna \u{202e}regéL",
                "14:03",
                attached(FileKind::File, "report\u{202e}fdp.exe", 100, None),
            ),
        ],
        how_to: false,
        readers: vec!["רות כהן".into(), "سارة".into(), "Anna".into()],
        ..first_letter()
    }
}

fn list() -> SealedLetter {
    SealedLetter {
        how_to: false,
        quote: None,
        look: Look {
            colour: Some("#fff200".into()),
            logo: None,
        },
        list: Some(List {
            id: "news.post.example.org".into(),
            name: "Board news".into(),
            leave_url: Some("https://post.example.org/leave/1k2m3n4p".into()),
            leave_address: EmailAddress::parse("support+leave1k2m@example.org").unwrap(),
        }),
        ..first_letter()
    }
}

fn shared(kind: FileKind, filename: &str, size: u64, duration: Option<u64>) -> SharedFile {
    SharedFile {
        kind,
        source: Some(OwnedMxcUri::from("mxc://example.org/abc")),
        filename: filename.into(),
        content_type: None,
        size: Some(size),
        duration,
    }
}

pub(super) fn attached(kind: FileKind, name: &str, size: u64, duration: Option<u64>) -> EntryBody {
    EntryBody::File {
        file: shared(kind, name, size, duration),
        caption: None,
        enclosed: Enclosed::Attached(Attached {
            key: format!("{size} {name}"),
            size,
            content_type: "application/octet-stream".into(),
            picture: None,
        }),
    }
}

pub(super) fn picture(
    name: &str,
    size: u64,
    has_preview: bool,
    caption: Option<&str>,
) -> EntryBody {
    EntryBody::File {
        file: shared(FileKind::Image, name, size, None),
        caption: caption.map(words),
        enclosed: Enclosed::Attached(Attached {
            key: format!("{size} {name}"),
            size,
            content_type: "image/jpeg".into(),
            picture: Some(Inline {
                preview: has_preview.then(|| Preview {
                    content: bytes::Bytes::from_static(b"preview"),
                    content_type: "image/jpeg".into(),
                }),
                width: if has_preview { 800 } else { 300 },
                height: if has_preview { 500 } else { 120 },
            }),
        }),
    }
}

fn sticker() -> EntryBody {
    EntryBody::File {
        file: shared(FileKind::Sticker, "Dancing penguin", 20_000, None),
        caption: None,
        enclosed: Enclosed::Attached(Attached {
            key: "20000 sticker".into(),
            size: 20_000,
            content_type: "image/png".into(),
            picture: Some(Inline {
                preview: None,
                width: 128,
                height: 128,
            }),
        }),
    }
}

pub(super) fn linked(name: &str, size: u64) -> EntryBody {
    EntryBody::File {
        file: shared(FileKind::File, name, size, None),
        caption: Some(words("The whole root file system.")),
        enclosed: Enclosed::Linked {
            url: "https://post.example.org/files/1k2m3n4p5q6r".into(),
            size,
            until: zoned("2026-12-12T09:00:00[UTC]"),
        },
    }
}

fn missing(name: &str, why: Missing) -> EntryBody {
    EntryBody::File {
        file: SharedFile {
            size: None,
            ..shared(FileKind::File, name, 0, None)
        },
        caption: None,
        enclosed: Enclosed::Missing(why),
    }
}
