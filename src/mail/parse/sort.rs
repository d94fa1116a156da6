//! Which parts of a mail are what its sender wrote, and which are files.

use super::{
    attachment::{Attachment, Content, Step},
    body::{Block, Body},
    calendar,
    cms::{self, Kind},
    contact, enriched,
    file::{self, Draft},
    file_name, pgp,
    place::{Place, is_left_out, is_text},
    problems::Problems,
    structure::{self, Part},
    transfer::Encoding,
    uuencode, words_of,
};
use crate::{
    content::html::BoundedHtml,
    domain::{
        incoming::Fate,
        note::{Cryptography, Note},
    },
    mail::tnef,
};

/// What is found beside the text and the files.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub problems: Problems,
    pub notes: Vec<Note>,
    pub is_told: bool,
    /// Texts that count only if the mail says nothing else.
    pub spare: Vec<Block>,
    /// How many Content-IDs were made up.
    made_up: usize,
}

impl Found {
    /// With what the headers had.
    pub(super) fn after(problems: Problems) -> Self {
        Self {
            problems,
            ..Self::default()
        }
    }
}

/// Sorts the parts of `mail`, to which `steps` lead from the raw mail.
pub(super) fn sort(mail: &[u8], parts: &[Part], steps: &[Step], found: &mut Found) -> Body {
    Sorter {
        mail,
        parts,
        steps,
        found,
        depth: 0,
        doubles_lines: parts.first().is_some_and(words_of::is_by_outlook),
    }
    .part(0, Place::Whole)
}

struct Sorter<'a> {
    mail: &'a [u8],
    parts: &'a [Part<'a>],
    steps: &'a [Step],
    found: &'a mut Found,
    /// How many signed messages are around it.
    depth: usize,
    /// The mail is by a program that doubles line breaks at times.
    doubles_lines: bool,
}

impl Sorter<'_> {
    /// Recursive: the structure has few levels.
    fn part(&mut self, index: usize, place: Place) -> Body {
        let part = &self.parts[index];
        if part.children.is_empty() {
            return self.leaf(part, place);
        }
        match part.content_type.value.as_str() {
            "multipart/alternative" => self.alternative(index),
            "multipart/related" => self.first_and_files(index, self.root_of(index)),
            // A report says in its first part what people shall read (RFC 6522).
            "multipart/report" => self.first_and_files(index, 0),
            "multipart/signed" => self.signed(index),
            "multipart/encrypted" => self.encrypted(index),
            _ => {
                let mut body = Body::default();
                for child in &part.children {
                    body.append(self.part(*child, Place::Among));
                }
                body
            }
        }
    }

    /// The best form that says anything; of two the later one.
    fn alternative(&mut self, index: usize) -> Body {
        let mut best = Body::default();
        let mut files = Vec::new();
        for child in &self.parts[index].children {
            let mut form = self.part(*child, Place::Alternative);
            files.append(&mut form.files);
            if form.is_better_than(&best) {
                best = form;
            }
        }
        best.files = files;
        best
    }

    fn first_and_files(&mut self, index: usize, first: usize) -> Body {
        let mut body = Body::default();
        for (at, child) in self.parts[index].children.iter().enumerate() {
            if at == first {
                body.append(self.part(*child, Place::Among));
            } else {
                self.files(*child, &mut body);
            }
        }
        body
    }

    /// Which child of a multipart/related refers to the others (RFC 2387 section 3.2).
    fn root_of(&self, index: usize) -> usize {
        let part = &self.parts[index];
        let children = || part.children.iter();
        let is_words = |child: &usize| {
            let value = &self.parts[*child].content_type.value;
            value.starts_with("text/") || value.starts_with("multipart/")
        };
        let start = part.content_type.get("start");
        start
            .map(|id| id.trim_start_matches('<').trim_end_matches('>'))
            .and_then(|start| {
                children().position(|child| self.parts[*child].content_id().as_deref() == Some(start))
            })
            // Some programs put the image first.
            .or_else(|| children().position(is_words))
            .unwrap_or(0)
    }

    /// A signature follows what it signs (RFC 1847).
    fn signed(&mut self, index: usize) -> Body {
        let mut body = Body::default();
        for (at, child) in self.parts[index].children.iter().enumerate() {
            let part = &self.parts[*child];
            match part.content_type.value.as_str() {
                "application/pgp-signature" if at > 0 => {
                    body.files.push(self.file(part, Some(Fate::Folded)));
                    self.note(Note::Signed(Cryptography::OpenPgp));
                }
                "application/pkcs7-signature" | "application/x-pkcs7-signature" if at > 0 => {
                    body.files.push(self.file(part, Some(Fate::Folded)));
                    self.note(Note::Signed(Cryptography::Smime));
                }
                _ if at == 0 => body.append(self.part(*child, Place::Among)),
                _ => self.files(*child, &mut body),
            }
        }
        body
    }

    /// The first part only says how the second is encrypted (RFC 3156 section 4).
    fn encrypted(&mut self, index: usize) -> Body {
        let mut body = Body::default();
        let protocol = self.parts[index].content_type.get("protocol");
        let is_pgp = protocol.is_none_or(|protocol| protocol.to_ascii_lowercase().contains("pgp"));
        for child in &self.parts[index].children {
            self.files(*child, &mut body);
        }
        self.note(Note::Encrypted(if is_pgp {
            Cryptography::OpenPgp
        } else {
            Cryptography::Smime
        }));
        body
    }

    /// All leaves of a part as files.
    fn files(&mut self, index: usize, body: &mut Body) {
        let part = &self.parts[index];
        if part.children.is_empty() {
            body.append(self.as_file(part));
        }
        for child in &part.children {
            self.files(*child, body);
        }
    }

    fn leaf(&mut self, part: &Part, place: Place) -> Body {
        if is_left_out(part, place) {
            return Body::default();
        }
        if is_text(part, place) {
            return self.text(part);
        }
        let is_among = place == Place::Among && part.disposition.value != "attachment";
        let mut body = self.as_file(part);
        if is_among
            && let [image] = body.files.as_mut_slice()
            && image.info.content_type.starts_with("image/")
            && image.info.fate == Fate::Shown
        {
            let id = image.content_id.get_or_insert_with(|| {
                self.found.made_up += 1;
                format!("image-{}@postroom.invalid", self.found.made_up)
            });
            body.blocks.push(Block::Image(id.clone()));
        }
        body
    }

    fn as_file(&mut self, part: &Part) -> Body {
        let name = file_name::given(part).unwrap_or_default().to_lowercase();
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        match part.content_type.value.as_str() {
            "application/ms-tnef" | "application/vnd.ms-tnef" => self.tnef(part),
            _ if name == "winmail.dat" || name == "win.dat" => self.tnef(part),
            "application/pkcs7-mime" | "application/x-pkcs7-mime" => self.smime(part),
            "application/octet-stream" if name == "smime.p7m" => self.smime(part),
            "text/calendar" | "application/ics" => self.calendar(part),
            _ if extension == "ics" => self.calendar(part),
            "text/vcard" | "text/x-vcard" | "text/directory" => self.contact(part),
            _ if extension == "vcf" => self.contact(part),
            // Exchange makes a multipart/mixed of what was encrypted.
            "application/pgp-encrypted" => {
                self.note(Note::Encrypted(Cryptography::OpenPgp));
                self.only(part, Some(Fate::Folded))
            }
            "application/applefile" => self.only(part, Some(Fate::Folded)),
            "message/partial" => {
                self.found.problems.add(
                    "partial",
                    "This is only a part of a mail that was sent in several.",
                );
                self.only(part, None)
            }
            "message/external-body" => self.elsewhere(part),
            _ => self.only(part, None),
        }
    }

    fn only(&mut self, part: &Part, fate: Option<Fate>) -> Body {
        Body {
            blocks: Vec::new(),
            files: vec![self.file(part, fate)],
        }
    }

    fn file(&self, part: &Part, fate: Option<Fate>) -> Attachment {
        let mut file = file::of_part(self.mail, part, self.steps);
        file.info.fate = fate.unwrap_or(file.info.fate);
        file
    }

    fn note(&mut self, note: Note) {
        if !self.found.notes.contains(&note) && self.found.notes.len() < MOST_NOTES {
            self.found.notes.push(note);
        }
    }

    /// Outlook's envelope: its files come out.
    fn tnef(&mut self, part: &Part) -> Body {
        let octets = part.encoding.decode(&self.mail[part.body.clone()]);
        let Some(tnef) = tnef::read(&octets) else {
            self.found.problems.add(
                "unreadable_tnef",
                "Outlook's envelope (winmail.dat) can't be read; it is attached as it is.",
            );
            return self.only(part, None);
        };
        let steps = self.steps_into(part);
        let mut body = Body::default();
        for one in tnef.files {
            let (content, start, size) = match one.content {
                tnef::Content::Range(range) => {
                    let inside = &octets[range.clone()];
                    let start = inside[..inside.len().min(file::LOOKED_AT)].to_vec();
                    let mut steps = steps.clone();
                    let size = range.len();
                    steps.push(Step::Cut(range, Encoding::Identity));
                    (Content::Within(steps), start, size)
                }
                tnef::Content::Text(text) => {
                    let start = text.as_bytes()[..text.len().min(file::LOOKED_AT)].to_vec();
                    let size = text.len();
                    (Content::Made(text.into()), start, size)
                }
            };
            body.files.push(file::from_draft(Draft {
                name: one.name.as_deref().and_then(file_name::clean),
                claimed: one
                    .content_type
                    .as_deref()
                    .unwrap_or("application/octet-stream"),
                start,
                size: size as u64,
                is_inline: false,
                content_id: one.content_id,
                location: one.location,
                content,
            }));
        }
        match tnef.text {
            Some(tnef::Text::Plain(text)) => self.found.spare.push(Block::Plain(text)),
            Some(tnef::Text::Html(html)) => {
                let html = BoundedHtml::new(&html).ok();
                self.found.spare.extend(html.map(Block::html));
            }
            None => {}
        }
        if tnef.is_damaged {
            self.found.problems.add(
                "damaged_tnef",
                "Outlook's envelope (winmail.dat) is damaged; it is attached as well.",
            );
            body.append(self.only(part, None));
        }
        body
    }

    /// S/MIME: what is signed is read, what is encrypted can't be.
    fn smime(&mut self, part: &Part) -> Body {
        let octets = part.encoding.decode(&self.mail[part.body.clone()]);
        match cms::kind(&octets) {
            Kind::Enveloped => self.note(Note::Encrypted(Cryptography::Smime)),
            Kind::Signed if self.depth < MOST_SIGNED => {
                if let Some(mut body) = self.signed_mail(part, &octets) {
                    self.note(Note::Signed(Cryptography::Smime));
                    body.append(self.only(part, Some(Fate::Folded)));
                    return body;
                }
            }
            Kind::Signed => {}
            Kind::Other => {
                let says = part.content_type.get("smime-type");
                if says.is_some_and(|says| says.to_ascii_lowercase().contains("enveloped")) {
                    self.note(Note::Encrypted(Cryptography::Smime));
                }
            }
        }
        self.only(part, None)
    }

    fn signed_mail(&mut self, part: &Part, octets: &[u8]) -> Option<Body> {
        let mail = cms::signed_content(octets).filter(|mail| !mail.is_empty())?;
        let mut steps = self.steps_into(part);
        steps.push(Step::Signed);
        let structure = structure::read(&mail, 0);
        let mut inner = Sorter {
            mail: &mail,
            parts: &structure.parts,
            steps: &steps,
            found: self.found,
            depth: self.depth + 1,
            doubles_lines: self.doubles_lines,
        };
        Some(inner.part(0, Place::Whole))
    }

    fn calendar(&mut self, part: &Part) -> Body {
        let octets = part.encoding.decode(&self.mail[part.body.clone()]);
        let (text, _) = words_of::decode(part, &octets);
        if let Some(invitation) = calendar::read(&text, part.content_type.get("method")) {
            self.note(Note::Invitation(Box::new(invitation)));
        }
        self.only(part, None)
    }

    fn contact(&mut self, part: &Part) -> Body {
        let octets = part.encoding.decode(&self.mail[part.body.clone()]);
        let (text, _) = words_of::decode(part, &octets);
        if let Some(contact) = contact::read(&text) {
            self.note(Note::Contact(contact));
        }
        self.only(part, None)
    }

    /// A file that was not sent along (RFC 2046 section 5.2.3): where it is said to be.
    fn elsewhere(&mut self, part: &Part) -> Body {
        let mut body = self.only(part, None);
        let url = part.content_type.get("url");
        if let Some(url) = url.map(|url| url.split_whitespace().collect::<String>()) {
            body.blocks.push(Block::Plain(url));
        }
        body
    }

    fn text(&mut self, part: &Part) -> Body {
        let mut body = Body::default();
        let octets = part.encoding.decode(&self.mail[part.body.clone()]);
        let is_html = part.is("text/html");
        let (octets, inline) = if is_html {
            (octets, Vec::new())
        } else {
            uuencode::take_out(octets)
        };
        for one in inline {
            let mut steps = self.steps_into(part);
            steps.push(Step::Cut(one.range, Encoding::Uuencode));
            body.files.push(file::from_draft(Draft {
                name: file_name::clean(&one.name),
                claimed: "application/octet-stream",
                start: one.start,
                size: one.size,
                is_inline: false,
                content_id: None,
                location: None,
                content: Content::Within(steps),
            }));
        }
        let (text, is_guess) = words_of::read(part, &octets, self.doubles_lines);
        if is_guess {
            self.found.problems.add(
                "charset_guessed",
                "The character set is missing or wrong and was guessed.",
            );
        }
        if text.len() > LONGEST_TEXT {
            self.found.problems.add(
                "text_too_long",
                "The text is too long to be shown; it is attached.",
            );
            if !is_html {
                let end = text.floor_char_boundary(SHOWN_OF_LONG_TEXT);
                body.blocks.push(Block::Plain(text[..end].to_owned()));
            }
            body.files.push(self.file(part, None));
        } else if text.trim().is_empty() {
        } else if is_html {
            match BoundedHtml::new(&text) {
                Ok(html) => body.blocks.push(Block::html(html)),
                Err(fault) => {
                    let detail = format!("The HTML can't be shown; it is attached: {fault}.");
                    self.found.problems.add("unreadable_html", &detail);
                    body.files.push(self.file(part, None));
                }
            }
        } else if part.is("text/enriched") || part.is("text/richtext") {
            body.blocks.push(Block::Plain(enriched::to_text(
                &text,
                part.is("text/enriched"),
            )));
        } else {
            self.plain(text, &mut body);
        }
        body
    }

    /// A plain text, out of its armour if it is signed by PGP, and without what PGP encrypted.
    fn plain(&mut self, mut text: String, body: &mut Body) {
        let mut take_out = |text: &mut String, opened: pgp::Opened, name: &str, fate| {
            *text = opened.text;
            let mut file = file::from_draft(Draft {
                name: Some(name.to_owned()),
                claimed: if fate == Fate::Folded {
                    "application/pgp-signature"
                } else {
                    "application/octet-stream"
                },
                start: Vec::new(),
                size: opened.armour.len() as u64,
                is_inline: false,
                content_id: None,
                location: None,
                content: Content::Made(opened.armour.into()),
            });
            file.info.fate = fate;
            body.files.push(file);
        };
        if pgp::is_encrypted(&text) {
            self.note(Note::Encrypted(Cryptography::OpenPgp));
        }
        if let Some(opened) = pgp::without_encrypted(&text) {
            take_out(&mut text, opened, "encrypted.asc", Fate::Shown);
            if text.trim().is_empty() {
                return;
            }
        }
        if let Some(opened) = pgp::open(&text) {
            self.note(Note::Signed(Cryptography::OpenPgp));
            take_out(&mut text, opened, "signature.asc", Fate::Folded);
        }
        body.blocks.push(Block::Plain(text));
    }

    /// The steps from the raw mail to the decoded content of a part.
    fn steps_into(&self, part: &Part) -> Vec<Step> {
        let mut steps = self.steps.to_vec();
        steps.push(Step::Cut(part.body.clone(), part.encoding));
        steps
    }
}

/// In octets of UTF-8; `BoundedHtml` takes no more either.
const LONGEST_TEXT: usize = 4 * 1024 * 1024;
const SHOWN_OF_LONG_TEXT: usize = 64 * 1024;
/// Signed messages within each other: one more than the triple wrapping of RFC 2634 needs.
const MOST_SIGNED: usize = 3;
const MOST_NOTES: usize = 20;
