//! What a file is: by its first octets where they tell, else as its sender claims.

/// How many octets are looked at.
pub(super) const LOOKED_AT: usize = 4096;

/// The type to show and to upload as. `start` is the first [`LOOKED_AT`] octets of the content.
pub(super) fn of(claimed: &str, name: &str, start: &[u8]) -> String {
    let claimed = usual(claimed);
    let seen = seen(start);
    let by_name = || by_extension(name);
    let is_vague = is_vague(claimed);
    match seen {
        // What people wrote or what programs read as text: its octets don't say what it means.
        None if is_vague => by_name().unwrap_or(claimed),
        Some(seen) if is_vague => match by_name() {
            Some(named) if is_less_exact(seen, named) => named,
            _ => seen,
        },
        Some(seen) if !is_less_exact(seen, claimed) => seen,
        _ => claimed,
    }
    .to_owned()
}

/// The type that the first octets tell.
fn seen(start: &[u8]) -> Option<&'static str> {
    const OLE: &[u8] = b"\xd0\xcf\x11\xe0";
    if start.starts_with(OLE) {
        // Word, Excel, installers: only a look into all of it would tell.
        return None;
    }
    if is_text(start) {
        let text = start.trim_ascii_start();
        return [
            (&b"%PDF-"[..], "application/pdf"),
            (b"{\\rtf", "application/rtf"),
            (b"<svg", "image/svg+xml"),
        ]
        .iter()
        .find(|(mark, _)| text.starts_with(mark))
        .map(|(_, seen)| *seen);
    }
    infer::get(start).map(|seen| usual(seen.mime_type()))
}

/// Without octets that only binary files have.
fn is_text(start: &[u8]) -> bool {
    let control =
        |octet: &u8| *octet < 0x20 && !matches!(octet, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let valid = match std::str::from_utf8(start) {
        Ok(_) => true,
        // The last character may be cut.
        Err(error) => error.error_len().is_none(),
    };
    valid && !start.iter().any(control)
}

/// Whether `seen` names only the container in which what is `claimed` is written.
fn is_less_exact(seen: &str, claimed: &str) -> bool {
    if seen == claimed {
        return true;
    }
    let main = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let is_application = main(claimed) == "application";
    match seen {
        "application/zip" | "application/gzip" | "application/x-tar" | "application/xml" => {
            is_application || claimed == "image/svg+xml"
        }
        "video/mp4" | "video/webm" | "video/x-matroska" | "audio/ogg" | "audio/mpeg"
        | "application/ogg" | "audio/x-wav" | "audio/m4a" => {
            matches!(main(claimed).as_str(), "audio" | "video")
        }
        "image/tiff" | "image/heif" => main(claimed) == "image",
        // Firmware may begin with anything.
        "application/x-executable" | "application/vnd.microsoft.portable-executable" => {
            is_application && !matches!(claimed, "application/pdf" | "application/zip")
        }
        _ => false,
    }
}

/// Types that say nothing.
fn is_vague(claimed: &str) -> bool {
    matches!(
        claimed,
        "application/octet-stream"
            | "application/octetstream"
            | "application/x-octet-stream"
            | "application/binary"
            | "application/unknown"
            | "application/x-unknown"
            | "application/others"
            | "application/download"
            | "application/x-download"
            | "application/force-download"
            | "application/x-force-download"
            | "application/save"
            | "application/attachment"
            | "unknown/unknown"
            | "binary/octet-stream"
            | "image/*"
            | "*/*"
    )
}

/// The usual name of a type that has several.
fn usual(name: &str) -> &str {
    match name {
        "image/jpg" | "image/pjpeg" | "image/x-jpeg" => "image/jpeg",
        "image/x-png" => "image/png",
        "image/x-ms-bmp" | "image/x-bmp" => "image/bmp",
        "application/x-pdf" => "application/pdf",
        "application/x-zip-compressed" | "application/x-zip" => "application/zip",
        "application/x-gzip" => "application/gzip",
        "text/xml" => "application/xml",
        other => other,
    }
}

fn by_extension(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "txt" | "log" | "conf" | "cfg" | "ini" | "dts" | "dtsi" | "bb" | "mk" | "md" => {
            "text/plain"
        }
        "patch" | "diff" => "text/x-diff",
        "c" | "h" => "text/x-c",
        "py" => "text/x-python",
        "sh" => "text/x-shellscript",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "ics" => "text/calendar",
        "vcf" => "text/vcard",
        "json" => "application/json",
        "xml" => "application/xml",
        "yaml" | "yml" => "application/yaml",
        "svg" => "image/svg+xml",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "mp3" => "audio/mpeg",
        "m4a" => "audio/mp4",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        "eml" => "message/rfc822",
        "msg" => "application/vnd.ms-outlook",
        "doc" => "application/msword",
        "xls" => "application/vnd.ms-excel",
        "ppt" => "application/vnd.ms-powerpoint",
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "odt" => "application/vnd.oasis.opendocument.text",
        "ods" => "application/vnd.oasis.opendocument.spreadsheet",
        "odp" => "application/vnd.oasis.opendocument.presentation",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x05\0\0\0\x05";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\0\0abc";

    #[rstest]
    #[case::claimed("image/png", "a.png", PNG, "image/png")]
    #[case::wrong("image/jpeg", "a.jpg", PNG, "image/png")]
    #[case::vague("application/octet-stream", "a", PNG, "image/png")]
    #[case::not_said(
        "application/octet-stream",
        "fix.patch",
        b"--- a/x\n+++ b/x\n",
        "text/x-diff"
    )]
    #[case::container(
        "application/vnd.oasis.opendocument.text",
        "a.odt",
        ZIP,
        "application/vnd.oasis.opendocument.text"
    )]
    #[case::vague_container(
        "application/octet-stream",
        "a.ods",
        ZIP,
        "application/vnd.oasis.opendocument.spreadsheet"
    )]
    #[case::archive("application/octet-stream", "a.bin", ZIP, "application/zip")]
    #[case::no_image("image/png", "a.png", ZIP, "application/zip")]
    #[case::document(
        "application/msword",
        "a.doc",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "application/msword"
    )]
    #[case::letters("text/plain", "a.txt", b"BM, how are you?", "text/plain")]
    #[case::text_that_is_none("text/plain", "a.txt", PNG, "image/png")]
    #[case::drawing(
        "image/svg+xml",
        "a.svg",
        b"<?xml version='1.0'?><svg/>",
        "image/svg+xml"
    )]
    #[case::old_name("image/pjpeg", "a.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg")]
    #[case::empty("application/x-own", "a.own", b"", "application/x-own")]
    fn tells(
        #[case] claimed: &str,
        #[case] name: &str,
        #[case] start: &[u8],
        #[case] expected: &str,
    ) {
        assert_eq!(of(claimed, name, start), expected);
    }
}
