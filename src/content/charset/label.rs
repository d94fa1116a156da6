//! The names of character sets, as people and programs write them.

use encoding_rs::{Encoding, REPLACEMENT, X_USER_DEFINED};

use super::{shifted::Kind, utf16::Order};

/// A character set that has a name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Declared {
    /// One that browsers know, too.
    Usual(&'static Encoding),
    Utf7,
    Utf16(Order),
    Shifted(Kind),
    /// Codepages 437, 850 and their kin.
    Dos,
}

/// Reads a label; `None` if it says nothing: unknown ones, and such as `us-ascii`, which many
/// programs write above whatever follows.
pub(super) fn read(label: &str) -> Option<Declared> {
    let label = label.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    // Some name all they tried.
    let label = label.split([':', ',', ';']).next().unwrap_or(label);
    let label = label.to_ascii_lowercase();
    let letters: String = label.chars().filter(char::is_ascii_alphanumeric).collect();
    Some(match letters.as_str() {
        "usascii" | "ascii" | "ansix341968" | "iso646us" | "ansi" | "unknown8bit" | "xunknown"
        | "unknown" | "8bit" | "7bit" | "binary" | "default" | "none" | "" => return None,
        "utf7" | "unicode11utf7" | "unicode20utf7" | "xunicode20utf7" => Declared::Utf7,
        "utf16" | "ucs2" | "iso10646ucs2" | "unicode" => Declared::Utf16(Order::Any),
        "utf16le" => Declared::Utf16(Order::Little),
        "utf16be" => Declared::Utf16(Order::Big),
        "iso2022kr" | "csiso2022kr" => Declared::Shifted(Kind::Korean),
        "iso2022cn" | "iso2022cnext" => Declared::Shifted(Kind::Chinese),
        "hzgb2312" | "hz" => Declared::Shifted(Kind::Hz),
        "cp437" | "ibm437" | "cp850" | "ibm850" | "cp858" | "437" | "850" => Declared::Dos,
        _ => Declared::Usual(usual(&label, &letters)?),
    })
}

fn usual(label: &str, letters: &str) -> Option<&'static Encoding> {
    let known = |name: &str| {
        let encoding = Encoding::for_label(name.as_bytes())?;
        (encoding != REPLACEMENT && encoding != X_USER_DEFINED).then_some(encoding)
    };
    known(label).or_else(|| {
        let number = |prefix: &str| {
            letters
                .strip_prefix(prefix)
                .and_then(|rest| rest.parse().ok())
        };
        let other = match letters {
            "utf8mb4" | "utf8mb3" | "xutf8" | "unicode11utf8" => "utf-8",
            "xmacroman" | "macroman" | "mac" | "applemacintosh" => "macintosh",
            "cp936" | "ms936" | "windows936" | "xgbk" | "gb231280" => "gbk",
            "cp932" | "windows932" | "shiftjisx0213" | "xmscp932" => "shift_jis",
            "cp949" | "windows949" | "ksc56011987" | "uhc" => "euc-kr",
            "cp950" | "windows950" | "big5eten" => "big5",
            "iso2022jp1" | "iso2022jp2" | "iso2022jp3" | "iso2022jpms" | "cp50220" | "cp50221" => {
                "iso-2022-jp"
            }
            "koi8" | "koi8ru" => "koi8-u",
            "latin1" | "isolatin1" => "iso-8859-1",
            "cp874" | "windows874" | "tis620" => "windows-874",
            _ => {
                let windows = ["windows", "win", "cp", "xcp", "xwindows", "ms"];
                let windows = windows.into_iter().find_map(number);
                if let Some(page @ 1250..=1258_u32) = windows {
                    return known(&format!("windows-{page}"));
                }
                let part: u32 = ["iso8859", "xiso8859", "88", "isoiec8859"]
                    .iter()
                    .find_map(|prefix| number(prefix))?;
                return known(&format!("iso-8859-{part}"));
            }
        };
        known(other)
    })
}
