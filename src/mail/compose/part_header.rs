//! The headers of a part that is a file: its type and its name (RFC 2045, RFC 2183, RFC 2231).

use std::fmt::Write as _;

use crate::mail::parse::file_name::extension;

/// Where a file stands in the mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Beside the letter, to be saved.
    Attached,
    /// Within the HTML, which refers to it by this Content-ID.
    Inline { content_id: String },
}

/// The header of a file in base64, in lines of at most 76 octets (300 where the type is longer), each
/// with its CRLF. `name` is one that
/// [`Names`](super::part_names::Names) has chosen.
pub(super) fn file(content_type: &str, name: &str, place: &Place) -> String {
    let fallback = ascii(name);
    let content_type = well_formed(content_type);
    let mut header = format!("Content-Type: {content_type};\r\n name=\"{fallback}\"\r\n");
    if let Place::Inline { content_id } = place {
        let _ = write!(header, "Content-ID: <{content_id}>\r\n");
    }
    header.push_str("Content-Transfer-Encoding: base64\r\nContent-Disposition: ");
    header.push_str(match place {
        Place::Attached => "attachment",
        Place::Inline { .. } => "inline",
    });
    // First the whole name: programs that know both forms take the first one.
    if fallback != name {
        header.push_str(&extended("filename", name));
    }
    let _ = write!(header, ";\r\n filename=\"{fallback}\"\r\n");
    header
}

/// The type itself where a file of it may be sent in base64, else the type of everything. Parts of
/// `multipart` and `message` may not be encoded (RFC 2045 section 6.4, RFC 2046 section 5.2.1).
fn well_formed(content_type: &str) -> String {
    let lower = content_type.to_ascii_lowercase();
    let is_token = |half: &str| {
        (1..=LONGEST_HALF).contains(&half.len())
            && half
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte))
    };
    match lower.split_once('/') {
        Some(("multipart" | "message", _)) | None => UNKNOWN.to_owned(),
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => lower,
        Some(_) => UNKNOWN.to_owned(),
    }
}

/// A parameter beyond ASCII, in as many sections as it takes, each preceded by a semicolon and a fold.
fn extended(parameter: &str, value: &str) -> String {
    let mut sections = vec![String::from("utf-8''")];
    let mut used = sections[0].len();
    for c in value.chars() {
        let mut encoded = String::new();
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                encoded.push(char::from(byte));
            } else {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
        // Never within a character: some programs decode each section by itself.
        if used + encoded.len() > LONGEST_SECTION {
            sections.push(String::new());
            used = 0;
        }
        used += encoded.len();
        if let Some(section) = sections.last_mut() {
            section.push_str(&encoded);
        }
    }
    if let [section] = sections.as_slice() {
        return format!(";\r\n {parameter}*={section}");
    }
    let numbered = sections.iter().enumerate();
    numbered.fold(String::new(), |mut all, (number, section)| {
        let _ = write!(all, ";\r\n {parameter}*{number}*={section}");
        all
    })
}

/// The name as every program can read it: itself if it is short and plain, else what is left of it in
/// ASCII, with the ending.
fn ascii(name: &str) -> String {
    let is_plain = |c: char| (c.is_ascii_graphic() || c == ' ') && !matches!(c, '"' | '\\');
    if name.len() <= LONGEST_PLAIN && name.chars().all(is_plain) && !name.contains("=?") {
        return name.to_owned();
    }
    let mut plain = String::with_capacity(name.len());
    for c in name.chars() {
        if is_plain(c) && c != '?' {
            plain.push(c);
        } else if !plain.ends_with('_') {
            plain.push('_');
        }
    }
    let ending = extension(&plain);
    let stem = &plain[..plain.len() - ending.len()];
    let stem = &stem[..stem.floor_char_boundary(LONGEST_PLAIN - ending.len())];
    let (name, rest) = stem.split_at(stem.find('.').unwrap_or(stem.len()));
    let name = if name.contains(|c: char| c.is_ascii_alphanumeric()) {
        name
    } else {
        "file"
    };
    format!("{name}{rest}{ending}")
}

const UNKNOWN: &str = "application/octet-stream";
/// Octets of either half of a type, so that it fits on a line; registered ones stay below
/// (RFC 6838 section 4.2 allows 127).
const LONGEST_HALF: usize = 127;
/// Octets of a name that stands on one line.
const LONGEST_PLAIN: usize = 60;
/// And of a section of a longer one.
const LONGEST_SECTION: usize = 58;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("image/png", "image/png")]
    #[case("Image/SVG+xml", "image/svg+xml")]
    #[case("text/plain; charset=utf-8", UNKNOWN)]
    #[case("message/rfc822", UNKNOWN)]
    #[case("Multipart/mixed", UNKNOWN)]
    #[case("a/b\r\nBcc: x@y", UNKNOWN)]
    #[case("a/b/c", UNKNOWN)]
    #[case("/b", UNKNOWN)]
    #[case("", UNKNOWN)]
    fn types(#[case] given: &str, #[case] expected: &str) {
        assert_eq!(well_formed(given), expected);
    }

    #[rstest]
    #[case("plan v2 (a).pdf", "plan v2 (a).pdf")]
    #[case("Größe.pdf", "Gr_e.pdf")]
    #[case("日本語.tar.gz", "file.tar.gz")]
    #[case("日本語", "file")]
    #[case("a\"b\\c=?.txt", "a_b_c=_.txt")]
    #[case("100%?.txt", "100%?.txt")]
    fn fallbacks(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(ascii(name), expected);
    }

    #[test]
    fn names_are_written_twice_where_they_must_be() {
        let header = file("image/png", "Größe.png", &Place::Attached);
        assert_eq!(
            header,
            "Content-Type: image/png;\r\n name=\"Gr_e.png\"\r\n\
             Content-Transfer-Encoding: base64\r\n\
             Content-Disposition: attachment;\r\n \
             filename*=utf-8''Gr%C3%B6%C3%9Fe.png;\r\n filename=\"Gr_e.png\"\r\n"
        );
        let inline = Place::Inline {
            content_id: "logo.1@example.org".to_owned(),
        };
        let header = file("image/png", "logo.png", &inline);
        assert_eq!(
            header,
            "Content-Type: image/png;\r\n name=\"logo.png\"\r\n\
             Content-ID: <logo.1@example.org>\r\n\
             Content-Transfer-Encoding: base64\r\n\
             Content-Disposition: inline;\r\n filename=\"logo.png\"\r\n"
        );
    }

    #[test]
    fn long_names_are_cut_into_sections_between_characters() {
        let header = file("a/b", &format!("{}.pdf", "日".repeat(60)), &Place::Attached);
        assert!(header.lines().all(|line| line.len() <= 76), "{header}");
        let sections: Vec<_> = header.lines().filter(|line| line.contains("*=")).collect();
        assert!(sections.len() > 5, "{header}");
        assert!(sections.iter().all(|section| {
            let value = section.split_once('=').unwrap().1;
            value.matches('%').count() % 3 == 0
        }));
    }
}
