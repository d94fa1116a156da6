//! What a file is: by its first bytes, as what is said of it is often wrong, else by what is said.

/// The type of a file, and how a room can show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// `type/subtype` in lower case, without parameters.
    pub name: String,
    pub shows: Shows,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    /// A picture that every client draws.
    Picture,
    /// A film that a browser plays.
    Video,
    /// Sound that a browser plays.
    Audio,
    /// Something to save and to open elsewhere.
    File,
}

/// `claimed` is a Content-Type. Looks at the beginning of the file only.
#[must_use]
pub fn detect(file: &[u8], claimed: &str) -> MediaType {
    let claimed = claimed_name(claimed);
    let head = &file[..file.len().min(LONGEST_HEAD)];
    let found = infer::get(head).map(|kind| kind.mime_type());
    let name = match found {
        Some(found) if is_same_container(found, &claimed) => claimed,
        // Containers of everything, texts, and what two octets look like by chance: what is said tells
        // more, if it says something.
        Some(found) if !is_unmistakable(found) && claimed != UNKNOWN && !is_medium(&claimed) => {
            claimed
        }
        Some(found) => usual_name(found).to_owned(),
        // These have a beginning that would have been known. A drawing in XML has none.
        None if is_medium(&claimed) && claimed != SVG => UNKNOWN.to_owned(),
        None => claimed,
    };
    let shows = match name.as_str() {
        "image/jpeg" | "image/png" | "image/gif" | "image/webp" => Shows::Picture,
        "video/mp4" | "video/webm" | "video/quicktime" | "video/ogg" => Shows::Video,
        "audio/mpeg" | "audio/mp4" | "audio/ogg" | "audio/opus" | "audio/webm" | "audio/flac"
        | "audio/wav" | "audio/aac" => Shows::Audio,
        // Among them HEIC, AVIF, TIFF and BMP, of which many clients would show an empty frame; SVG,
        // which is a program; and films and sounds that no browser plays.
        _ => Shows::File,
    };
    MediaType { name, shows }
}

/// RFC 2046 section 4.5.1: nobody says what it is.
const UNKNOWN: &str = "application/octet-stream";
const SVG: &str = "image/svg+xml";
/// No format is recognised by more of its beginning, in octets.
const LONGEST_HEAD: usize = 64 * 1024;
/// RFC 6838 section 4.2, for each of the two halves.
const LONGEST_HALF: usize = 127;

/// What is said, if it is a type at all.
fn claimed_name(claimed: &str) -> String {
    let name = claimed
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let is_half = |half: &str| {
        (1..=LONGEST_HALF).contains(&half.len())
            && half
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&octet))
    };
    let says_nothing = matches!(
        name.as_str(),
        "application/binary"
            | "application/download"
            | "application/force-download"
            | "application/x-download"
            | "application/unknown"
            | "binary/octet-stream"
    );
    match name.split_once('/') {
        Some((half, rest)) if is_half(half) && is_half(rest) && !says_nothing => {
            usual_name(&name).to_owned()
        }
        _ => UNKNOWN.to_owned(),
    }
}

fn is_unmistakable(found: &str) -> bool {
    const BEGINNINGS: &[&str] = &[
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/heif",
        "image/avif",
        "video/mp4",
        "video/webm",
        "application/pdf",
    ];
    BEGINNINGS.contains(&found)
}

fn is_medium(name: &str) -> bool {
    ["image/", "video/", "audio/"]
        .iter()
        .any(|kind| name.starts_with(kind))
}

/// The beginning tells the container; whether there are pictures in it is what is said.
fn is_same_container(found: &str, claimed: &str) -> bool {
    matches!(
        (usual_name(found), claimed),
        ("video/mp4" | "audio/mp4", "audio/mp4" | "video/mp4")
            | ("video/mp4", "video/quicktime")
            | ("video/webm", "audio/webm")
            | ("video/x-matroska", "video/webm" | "audio/webm")
            | (
                "audio/ogg" | "audio/opus",
                "audio/ogg" | "audio/opus" | "video/ogg"
            )
            | (
                "image/heif",
                "image/heic" | "image/heic-sequence" | "image/heif-sequence"
            )
    )
}

/// One name for what has several.
fn usual_name(name: &str) -> &str {
    match name {
        "image/jpg" | "image/pjpeg" => "image/jpeg",
        "image/x-png" => "image/png",
        "video/x-m4v" => "video/mp4",
        "audio/m4a" | "audio/x-m4a" => "audio/mp4",
        "audio/mp3" | "audio/x-mp3" | "audio/x-mpeg" | "audio/mpeg3" => "audio/mpeg",
        "audio/x-wav" | "audio/wave" | "audio/vnd.wave" => "audio/wav",
        "audio/x-flac" => "audio/flac",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
    const ZIP: &[u8] = b"PK\x03\x04\x14\0\0\0\x08\0";
    const MP4: &[u8] = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2";
    const QUICKTIME: &[u8] = b"\0\0\0\x14ftypqt  \0\0\0\0qt  ";
    const HEIC: &[u8] = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
    const OGG: &[u8] = b"OggS\0\x02\0\0\0\0\0\0\0\0";

    /// Longer than it need be to be known.
    fn webm() -> Vec<u8> {
        let mut file = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\x82\x84webm".to_vec();
        file.resize(300, 0);
        file
    }

    #[rstest]
    #[case::as_said(PNG, "image/png", "image/png", Shows::Picture)]
    #[case::another_picture(PNG, "image/jpeg; name=a.jpg", "image/png", Shows::Picture)]
    #[case::nothing_said(PNG, "application/octet-stream", "image/png", Shows::Picture)]
    #[case::something_else_said(PNG, "application/pdf", "image/png", Shows::Picture)]
    #[case::no_picture_at_all(ZIP, "image/png", "application/zip", Shows::File)]
    #[case::nothing_known(b"abc", "image/png", UNKNOWN, Shows::File)]
    #[case::a_container(ZIP, "application/x-firmware", "application/x-firmware", Shows::File)]
    #[case::a_document(b"%PDF-1.7", "text/plain", "application/pdf", Shows::File)]
    #[case::text(
        b"diff --git",
        "text/x-patch; charset=utf-8",
        "text/x-patch",
        Shows::File
    )]
    #[case::two_octets_by_chance(b"BMW, blue, 2019", "text/plain", "text/plain", Shows::File)]
    #[case::drawing(b"<svg xmlns='http://www.w3.org/2000/svg'/>", SVG, SVG, Shows::File)]
    #[case::film(MP4, "application/force-download", "video/mp4", Shows::Video)]
    #[case::sound_in_a_films_box(MP4, "audio/x-m4a", "audio/mp4", Shows::Audio)]
    #[case::film_of_a_telephone(QUICKTIME, "video/quicktime", "video/quicktime", Shows::Video)]
    #[case::photo_of_a_telephone(HEIC, "image/heic", "image/heic", Shows::File)]
    #[case::bitmap(b"BM\x8a\0\0\0\0\0\0\0", "image/bmp", "image/bmp", Shows::File)]
    #[case::sound(b"ID3\x03\0\0\0\0\0\0", "audio/mp3", "audio/mpeg", Shows::Audio)]
    #[case::voice(OGG, "audio/ogg; codecs=opus", "audio/ogg", Shows::Audio)]
    #[case::webm(&webm(), "video/webm", "video/webm", Shows::Video)]
    #[case::sound_in_webm(&webm(), "audio/webm", "audio/webm", Shows::Audio)]
    #[case::no_type(b"abc", "jpeg", UNKNOWN, Shows::File)]
    #[case::no_good_type(b"abc", "text/pl\r\nX: y", UNKNOWN, Shows::File)]
    #[case::nothing(b"", "", UNKNOWN, Shows::File)]
    fn a_file_is_what_it_is(
        #[case] file: &[u8],
        #[case] claimed: &str,
        #[case] name: &str,
        #[case] shows: Shows,
    ) {
        let name = name.to_owned();
        assert_eq!(detect(file, claimed), MediaType { name, shows });
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_type_that_can_stand_in_a_header(
            file in proptest::collection::vec(any::<u8>(), 0..200),
            claimed in "\\PC{0,20}(/\\PC{0,20})?",
        ) {
            let found = detect(&file, &claimed).name;
            prop_assert!(found.split_once('/').is_some());
            prop_assert!(found.bytes().all(|octet| octet.is_ascii_graphic()));
        }
    }
}
