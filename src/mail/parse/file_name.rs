//! The name of an attachment: the one it bears, or the next best.

use super::{headers::one_line, structure::Part};

/// The name that the sender gave, without folders.
pub(super) fn given(part: &Part) -> Option<String> {
    let names = [
        part.disposition.get("filename"),
        part.content_type.get("name"),
    ];
    names.into_iter().flatten().find_map(clean)
}

/// The name to show: given, or else taken from Content-Location or Content-Description.
pub(super) fn chosen(part: &Part) -> Option<String> {
    let location = || {
        let location = part.headers.text("Content-Location")?;
        let path = location.split(['?', '#']).next().unwrap_or_default();
        clean(path).filter(|name| name.contains('.'))
    };
    // A description says what it is, and seldom how it is called.
    let description = || {
        let words = part.headers.text("Content-Description")?;
        clean(&words.replace(['/', '\\'], "-")).filter(|name| has_extension(name))
    };
    given(part).or_else(location).or_else(description)
}

/// Makes a name safe to show and to save: without folders, control characters, marks that turn the
/// reading direction, blanks and dots at the end, and the names that mean devices to Windows. `None`
/// if nothing is left.
pub(in crate::mail) fn clean(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let invisible = |c: char| {
        matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
    };
    let name = one_line(&name.replace(invisible, ""));
    let name = name.trim_end_matches(['.', ' ']);
    if name.is_empty() {
        return None;
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    let name = if DEVICES
        .iter()
        .any(|device| stem.eq_ignore_ascii_case(device))
    {
        format!("_{name}")
    } else {
        name.to_owned()
    };
    Some(shortened(&name))
}

/// At most [`LONGEST`] octets; the extension stays, for it tells the type.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let extension = extension(name);
    let end = name.floor_char_boundary(LONGEST - extension.len());
    let stem = name[..end].trim_end_matches(['.', ' ']);
    format!("{stem}{extension}")
}

/// The end of the name that tells the type, with its dot; may be empty.
pub(in crate::mail) fn extension(name: &str) -> &str {
    match name.rfind('.') {
        Some(dot) if dot > 0 && name.len() - dot <= LONGEST_EXTENSION => &name[dot..],
        _ => "",
    }
}

fn has_extension(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..=LONGEST_EXTENSION).contains(&extension.len())
            && extension.bytes().all(|octet| octet.is_ascii_alphanumeric())
    })
}

/// A name for what has none.
pub(in crate::mail) fn by_type(content_type: &str) -> &'static str {
    match content_type {
        "message/rfc822" | "message/global" => "message.eml",
        "message/delivery-status" | "message/global-delivery-status" => "delivery-status.txt",
        "message/disposition-notification" => "disposition-notification.txt",
        "message/feedback-report" => "feedback-report.txt",
        "text/rfc822-headers" | "message/rfc822-headers" | "message/global-headers" => {
            "headers.txt"
        }
        "text/plain" => "text.txt",
        "text/html" => "text.html",
        "text/calendar" | "application/ics" => "invitation.ics",
        "text/csv" => "table.csv",
        "text/vcard" | "text/x-vcard" => "contact.vcf",
        "text/x-patch" | "text/x-diff" => "changes.patch",
        "image/jpeg" | "image/jpg" => "image.jpg",
        "image/png" => "image.png",
        "image/gif" => "image.gif",
        "image/webp" => "image.webp",
        "image/svg+xml" => "image.svg",
        "image/tiff" => "image.tiff",
        "audio/mpeg" | "audio/mp3" => "audio.mp3",
        "audio/wav" | "audio/x-wav" => "audio.wav",
        "audio/ogg" => "audio.ogg",
        "video/mp4" => "video.mp4",
        "video/quicktime" => "video.mov",
        "application/pdf" => "document.pdf",
        "application/zip" | "application/x-zip-compressed" => "archive.zip",
        "application/gzip" => "archive.gz",
        "application/json" => "data.json",
        "application/ms-tnef" => "winmail.dat",
        "application/pgp-encrypted" => "version.txt",
        "application/pgp-signature" => "signature.asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "smime.p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "smime.p7m",
        other if other.starts_with("text/") => "text.txt",
        _ => "attachment.bin",
    }
}

/// In octets: file systems take 255, and some programs add to a name.
pub(in crate::mail) const LONGEST: usize = 200;
/// With its dot.
const LONGEST_EXTENSION: usize = 20;
#[rustfmt::skip]
const DEVICES: &[&str] = &[
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::mail::parse::structure;

    #[rstest]
    #[case(
        "Content-Type: image/png; name=a.png\nContent-Disposition: inline; filename=b.png",
        "b.png"
    )]
    #[case("Content-Type: image/png; name=\"C:\\\\Users\\\\x\\\\a.png\"", "a.png")]
    #[case("Content-Type: image/png; name=\"../../a.png\"", "a.png")]
    #[case(
        "Content-Type: image/png\nContent-Location: https://acme.com/b/c.png?d=e",
        "c.png"
    )]
    #[case("Content-Type: image/png\nContent-Description: our logo", "?")]
    #[case(
        "Content-Type: image/png\nContent-Description: a/b logo.png",
        "a-b logo.png"
    )]
    #[case(
        "Content-Type: image/png\nContent-Disposition: attachment; filename=\"..\"",
        "?"
    )]
    #[case("Content-Type: application/x-own", "?")]
    #[case("Content-Type: a/b; name=\"plan.exe. \"", "plan.exe")]
    #[case("Content-Type: a/b; name=\"Con.txt\"", "_Con.txt")]
    #[case("Content-Type: image/png; name*=utf-8''a%E2%80%AEgnp.exe", "agnp.exe")]
    fn finds_a_name(#[case] headers: &str, #[case] expected: &str) {
        let mail = format!("{headers}\n\n");
        let structure = structure::read(mail.as_bytes(), 0);
        assert_eq!(
            chosen(&structure.parts[0]).as_deref().unwrap_or("?"),
            expected
        );
    }
    #[test]
    fn keeps_the_extension_of_long_names() {
        let name = clean(&format!("{}.tar.gz", "ä".repeat(200))).unwrap();
        assert!(name.len() <= LONGEST && name.ends_with("ä.gz"), "{name}");
        let name = clean(&format!("a.{}", "b".repeat(300))).unwrap();
        assert_eq!(name.len(), LONGEST);
    }
}
