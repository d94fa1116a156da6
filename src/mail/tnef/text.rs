//! Texts, and the codepages in which they stand.

use crate::content::charset;

/// A text in the richest form that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    Html(String),
    Plain(String),
}

/// Up to the first NUL; `None` if nothing is there.
pub(super) fn decode(data: &[u8], codepage: Option<u32>) -> Option<String> {
    let end = data.iter().position(|octet| *octet == 0);
    let data = &data[..end.unwrap_or(data.len())];
    let label = codepage.map(label);
    filled(&charset::decode(data, label.as_deref()).0)
}

pub(super) fn filled(text: &str) -> Option<String> {
    let text = text.trim_end_matches('\0');
    (!text.trim().is_empty()).then(|| text.to_owned())
}

/// The name of one of Microsoft's codepages.
pub(super) fn label(codepage: u32) -> String {
    match codepage {
        65001 => "utf-8".to_owned(),
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        20866 => "koi8-r".to_owned(),
        50220..=50222 => "iso-2022-jp".to_owned(),
        51932 => "euc-jp".to_owned(),
        54936 => "gb18030".to_owned(),
        28591..=28605 => format!("iso-8859-{}", codepage - 28590),
        _ => format!("windows-{codepage}"),
    }
}
