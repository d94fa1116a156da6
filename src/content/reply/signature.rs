//! Marks of signatures, and the footers that phones put below a mail.

/// How such footers begin, in lower case.
const FOOTERS: &[&str] = &[
    "sent from",
    "sent via",
    "sent using",
    "sent with",
    "get outlook for",
    "get bluemail",
    "von meinem",
    "gesendet von",
    "gesendet mit",
    "gesendet aus",
    "diese nachricht wurde von mein",
    "holen sie sich outlook",
    "outlook für",
    "envoyé de",
    "envoyé depuis",
    "envoyé à partir",
    "télécharger outlook",
    "obtenez outlook",
    "enviado desde",
    "enviado a través",
    "obtener outlook",
    "inviato da",
    "scarica outlook",
    "ottieni outlook",
    "enviado do",
    "enviado da",
    "enviado de",
    "obter o outlook",
    "verzonden vanaf",
    "verstuurd vanaf",
    "verzonden met",
    "verstuurd met",
    "outlook voor",
    "wysłane z",
    "wysłano z",
    "pobierz program outlook",
    "sendt fra",
    "sendt med",
    "hent outlook",
    "få outlook",
    "skickat från",
    "skickades från",
    "hämta outlook",
    "lähetetty",
    "hanki outlook",
    "odesláno z",
    "získat outlook",
    "отправлено с",
    "отправлено из",
    "надіслано з",
    "надіслано із",
    "发自我的",
    "發自我的",
    "从我的",
    "從我的",
    "获取outlook",
    "取得 outlook",
    "được gửi từ",
    "đã gửi từ",
    "gửi từ",
    "나의 ",
    "내 ",
];

/// How they end in languages that put the device first, in lower case.
const FOOTER_ENDS: &[&str] = &[
    "gönderildi",
    "から送信",
    "から送信されました",
    "에서 보냄",
    "发送",
    "傳送",
];

/// What mail is sent from, in lower case.
const DEVICES: &[&str] = &[
    "iphone",
    "ipad",
    "ipod",
    "android",
    "samsung",
    "galaxy",
    "blackberry",
    "huawei",
    "xiaomi",
    "redmi",
    "nokia",
    "htc",
    "sony",
    "xperia",
    "pixel",
    "oneplus",
    "windows",
    "outlook",
    "yahoo",
    "gmail",
    "gmx",
    "web.de",
    "proton",
    "tuta",
    "bluemail",
    "aquamail",
    "k-9",
    "fairemail",
    "thunderbird",
    "spark",
    "mail app",
    "mail-app",
    "mail for",
    "mail für",
    "phone",
    "mobile",
    "mobil",
    "smartphone",
    "handy",
    "tablet",
    "telefon",
    "téléphone",
    "móvil",
    "celular",
    "telemóvel",
    "cellulare",
    "puhelim",
    "телефон",
    "手机",
    "手機",
    "携帯",
    "스마트폰",
];

const MAX_FOOTER_WORDS: usize = 10;

/// `-- `, `--  `, or `--` after a blank line.
pub(super) fn is_mark(text: &str, after_blank: bool) -> bool {
    // The caller may have taken the space off the end, so that it can't be told any more.
    let bare = text.trim_end();
    matches!(bare, "--" | "—" | "–") && !text.starts_with(' ') && (after_blank || text != bare)
}

/// "Sent from my phone" and its like: a short line that names a device or a program.
pub(super) fn is_footer(text: &str) -> bool {
    let text = text
        .trim()
        .trim_matches(['*', '_', '-', '—', ' '])
        .to_lowercase();
    let fits = FOOTERS.iter().any(|start| text.starts_with(start))
        || FOOTER_ENDS
            .iter()
            .any(|end| text.trim_end_matches(['.', '。']).ends_with(end));
    fits && text.split_whitespace().count() <= MAX_FOOTER_WORDS
        && DEVICES.iter().any(|device| text.contains(device))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Sent from my iPhone", true)]
    #[case("Von meinem iPad gesendet", true)]
    #[case("Envoyé de mon iPhone", true)]
    #[case("Get Outlook for Android<https://example.org/x>", true)]
    #[case("iPhoneから送信", true)]
    #[case("iPhone'umdan gönderildi", true)]
    #[case("나의 iPhone에서 보냄", true)]
    #[case("发自我的 iPhone", true)]
    #[case("Sent from the warehouse on Monday.", false)]
    #[case(
        "Sent from my phone, which tells me that we should not do this before Monday.",
        false
    )]
    fn tells_footers(#[case] text: &str, #[case] expected: bool) {
        assert_eq!(is_footer(text), expected);
    }
}
