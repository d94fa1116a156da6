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

/// The name to show: given, or else taken from Content-Location or Content-Description, or else
/// made of the type.
pub(super) fn shown(part: &Part) -> String {
    let location = part.headers.text("Content-Location").and_then(|location| {
        let path = location.split(['?', '#']).next().unwrap_or_default();
        clean(path).filter(|name| name.contains('.'))
    });
    given(part)
        .or(location)
        .or_else(|| clean(&part.headers.text("Content-Description")?))
        .unwrap_or_else(|| by_type(&part.content_type.value).to_owned())
}

fn clean(name: &str) -> Option<String> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let invisible = |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let name = one_line(&name.replace(invisible, ""));
    let name: String = match name.char_indices().nth(LONGEST) {
        // The end matters most: it tells the type.
        Some(_) => name.chars().skip(name.chars().count() - LONGEST).collect(),
        None => name,
    };
    (!name.trim_matches(['.', ' ']).is_empty()).then_some(name)
}

fn by_type(content_type: &str) -> &'static str {
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
        "text/calendar" | "application/ics" => "calendar.ics",
        "text/csv" => "table.csv",
        "text/vcard" | "text/x-vcard" => "contact.vcf",
        "text/x-patch" | "text/x-diff" => "changes.patch",
        "image/jpeg" | "image/jpg" => "image.jpg",
        "image/png" => "image.png",
        "image/gif" => "image.gif",
        "image/webp" => "image.webp",
        "image/svg+xml" => "image.svg",
        "image/tiff" => "image.tiff",
        "audio/mpeg" => "audio.mp3",
        "audio/wav" | "audio/x-wav" => "audio.wav",
        "audio/ogg" => "audio.ogg",
        "video/mp4" => "video.mp4",
        "video/quicktime" => "video.mov",
        "application/pdf" => "document.pdf",
        "application/zip" | "application/x-zip-compressed" => "archive.zip",
        "application/gzip" => "archive.gz",
        "application/json" => "data.json",
        "application/ms-tnef" => "winmail.dat",
        "application/pgp-signature" => "signature.asc",
        "application/pkcs7-signature" | "application/x-pkcs7-signature" => "smime.p7s",
        "application/pkcs7-mime" | "application/x-pkcs7-mime" => "smime.p7m",
        _ => "attachment.bin",
    }
}

/// In characters.
const LONGEST: usize = 200;

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
    #[case("Content-Type: image/png\nContent-Description: our logo", "our logo")]
    #[case(
        "Content-Type: image/png\nContent-Disposition: attachment; filename=\"..\"",
        "image.png"
    )]
    #[case("Content-Type: message/rfc822", "message.eml")]
    #[case("Content-Type: application/x-own", "attachment.bin")]
    #[case("Content-Type: image/png; name*=utf-8''a%E2%80%AEgnp.exe", "agnp.exe")]
    fn finds_a_name(#[case] headers: &str, #[case] expected: &str) {
        let mail = format!("{headers}\n\n");
        let structure = structure::read(mail.as_bytes(), 0);
        assert_eq!(shown(&structure.parts[0]), expected);
    }
}
