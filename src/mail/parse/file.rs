//! A part as a file: its name, its type, whether it is shown.

pub(super) use super::file_type::LOOKED_AT;
use super::{
    attachment::{Attachment, Content, Step},
    fate, file_name, file_type,
    headers::Headers,
    structure::Part,
    transfer::Encoding,
};
use crate::domain::incoming::{AttachmentInfo, Fate, Withheld};

/// What is known of a file before anybody has looked at it.
pub(super) struct Draft<'a> {
    /// Made safe.
    pub name: Option<String>,
    pub claimed: &'a str,
    /// The first [`LOOKED_AT`] octets of the content.
    pub start: Vec<u8>,
    /// In octets.
    pub size: u64,
    pub is_inline: bool,
    pub content_id: Option<String>,
    pub location: Option<String>,
    pub content: Content,
}

pub(super) fn from_draft(draft: Draft) -> Attachment {
    let claimed = draft.claimed.split(';').next().unwrap_or_default().trim();
    let given = draft.name.as_deref().unwrap_or_default();
    let content_type = file_type::of(&claimed.to_ascii_lowercase(), given, &draft.start);
    let name = draft
        .name
        .unwrap_or_else(|| file_name::by_type(&content_type).to_owned());
    Attachment {
        info: AttachmentInfo {
            fate: fate::of(&name, &draft.start),
            filename: Some(name),
            content_type,
            size: draft.size,
            inline: draft.is_inline,
        },
        content_id: draft.content_id,
        location: draft.location,
        is_spacer: fate::is_spacer(&draft.start),
        content: draft.content,
    }
}

/// The file in a leaf of `mail`.
pub(super) fn of_part(mail: &[u8], part: &Part, steps: &[Step]) -> Attachment {
    let encoded = &mail[part.body.clone()];
    let mut steps = steps.to_vec();
    steps.push(Step::Cut(part.body.clone(), part.encoding));
    let size = part.encoding.decoded_size(encoded);
    let mut file = from_draft(Draft {
        name: file_name::chosen(part).or_else(|| name_of_mail(part, encoded)),
        claimed: &part.content_type.value,
        start: part.encoding.decode_start(encoded, LOOKED_AT),
        size,
        is_inline: part.disposition.value == "inline",
        content_id: part.content_id(),
        location: part.headers.text("Content-Location"),
        content: Content::Within(steps),
    });
    if size == 0 && part.encoding != Encoding::Identity && !encoded.trim_ascii().is_empty() {
        file.info.fate = Fate::Withheld(Withheld::Damaged);
    }
    file
}

/// An enclosed mail is called by its subject.
fn name_of_mail(part: &Part, encoded: &[u8]) -> Option<String> {
    if !(part.is("message/rfc822") || part.is("message/global")) {
        return None;
    }
    let start = part.encoding.decode_start(encoded, LONGEST_HEADER);
    let subject = Headers::read(&start).0.text("Subject")?;
    // What is no folder here is one in a name.
    let subject = subject.replace(['/', '\\'], "-");
    file_name::clean(&format!("{}.eml", subject.trim_end_matches('.')))
}

/// In octets: what is looked at of an enclosed mail.
const LONGEST_HEADER: usize = 16 * 1024;
