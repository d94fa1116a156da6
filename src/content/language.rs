//! In which language a text is written.

use whatlang::{Detector, Lang};

/// The tag (BCP 47) of a text's language, if it is one of those that can be told here and if that is
/// beyond doubt: `en`, `fr` or `de`. Code, addresses and numbers don't count. Reads only the beginning
/// of a long text.
#[must_use]
pub fn detect(text: &str) -> Option<&'static str> {
    let end = text.floor_char_boundary(MOST_OCTETS);
    let words = text[..end].split_whitespace().filter_map(word);
    let text = words.collect::<Vec<_>>().join(" ");
    if text.chars().filter(|c| c.is_alphabetic()).count() < FEWEST_LETTERS {
        return None;
    }
    let among = Detector::with_allowlist(vec![Lang::Eng, Lang::Fra, Lang::Deu]);
    let told = among.detect(&text).filter(whatlang::Info::is_reliable)?;
    // Among three, every text resembles one most: Spanish would be French.
    if whatlang::detect_lang(&text)? != told.lang() {
        return None;
    }
    match told.lang() {
        Lang::Eng => Some("en"),
        Lang::Fra => Some("fr"),
        Lang::Deu => Some("de"),
        _ => None,
    }
}

/// A word as people write it, without what stands around it.
fn word(word: &str) -> Option<&str> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    let is_one = word
        .chars()
        .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'));
    (is_one && !word.is_empty()).then_some(word)
}

/// A greeting and a few words resemble several languages.
const FEWEST_LETTERS: usize = 40;
const MOST_OCTETS: usize = 4_000;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case(
        "Bonjour, merci beaucoup pour votre réponse. Est-ce que mardi prochain vous convient pour la formation ?",
        Some("fr")
    )]
    #[case(
        "Guten Tag, vielen Dank für die schnelle Antwort. Passt Ihnen der nächste Dienstag für die Schulung?",
        Some("de")
    )]
    #[case(
        "Hello, thank you very much for the quick answer. Would next Tuesday suit you for the training?",
        Some("en")
    )]
    #[case(
        "Buenos días, muchas gracias por la respuesta rápida. ¿Le conviene el próximo martes para el curso?",
        None
    )]
    #[case(
        "Buongiorno, grazie mille per la risposta veloce. Le va bene martedì prossimo per il corso di formazione?",
        None
    )]
    #[case(
        "Goedendag, hartelijk dank voor het snelle antwoord. Komt volgende week dinsdag u uit voor de cursus?",
        None
    )]
    #[case(
        "Здравствуйте, большое спасибо за быстрый ответ. Вам подходит вторник?",
        None
    )]
    #[case(
        "こんにちは。早速のお返事をありがとうございます。来週の火曜日はいかがでしょうか。研修の件でご相談があります。",
        None
    )]
    #[case("Merci !", None)]
    #[case("", None)]
    #[case("1234567890 1234567890 1234567890 1234567890 1234567890", None)]
    #[case(
        "Bonjour, le pilote drivers/net/phy/dp83867.c ne fonctionne plus avec la version 6.12, voir https://git.example.org/linux/log?h=v6.12",
        Some("fr")
    )]
    #[case(
        "https://git.example.org/linux/v6.12 drivers/net/phy/dp83867.c:123 0xdeadbeef",
        None
    )]
    fn tells_languages(#[case] text: &str, #[case] expected: Option<&str>) {
        assert_eq!(detect(text), expected);
    }

    #[test]
    fn a_long_text_is_cut_between_letters() {
        let text = "é".repeat(1_000_000);
        let _any = detect(&text);
    }
}
