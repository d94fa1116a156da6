//! Subjects without their reply and forward prefixes, and what a subject says of its mail.

/// Prefixes that answers get, by language, in lower case.
#[rustfmt::skip]
const REPLY: &[&str] = &[
    "re", "aw", "antw", "antwort", "sv", "vs", "vá", "odp", "rif", "r", "res", "resp", "rép", "bls",
    "ynt", "yanıt", "cevap", "ответ", "отв", "відп", "відповідь", "atb", "ats", "vastaus", "svar",
    "回复", "回覆", "答复", "答覆", "返信", "답장", "회신", "trả lời",
];

/// Prefixes that forwarded mail gets, by language, in lower case.
#[rustfmt::skip]
const FORWARD: &[&str] = &[
    "fwd", "fw", "wg", "tr", "rv", "i", "doorst", "vl", "vb", "pd", "přep", "пересл", "fs", "ilt",
    "ilet", "转发", "轉寄", "轉發", "転送", "전달", "chuyển tiếp",
];

/// How the subjects of absence notes and other automatic answers begin, in lower case.
#[rustfmt::skip]
const ABSENCE: &[&str] = &[
    "abwesenheitsnotiz", "abwesenheit", "automatische antwort", "automatic reply", "auto reply",
    "auto-reply", "autoreply", "autoresponse", "auto response", "auto-response", "out of office",
    "out of the office", "out-of-office", "réponse automatique", "absence du bureau",
    "notification d'absence", "message d'absence", "respuesta automática", "fuera de la oficina",
    "fuera de oficina", "risposta automatica", "fuori sede", "fuori ufficio", "resposta automática",
    "ausência temporária", "fora do escritório", "automatisch antwoord", "afwezigheidsbericht",
    "afwezig", "automatyczna odpowiedź", "autoodpowiedź", "odpowiedź automatyczna",
    "automatisk svar", "autosvar", "fraværsmelding", "ikke til stede", "frånvaro",
    "automatiskt svar", "automaattinen vastaus", "poissaoloviesti", "automatická odpověď",
    "mimo kancelář", "автоматический ответ", "автоответ", "автоматична відповідь", "otomatik yanıt",
    "otomatik cevap", "ofis dışında", "自動応答", "自動返信", "不在通知", "自动回复", "自動回覆", "自动答复", "자동 회신",
    "부재 중", "부재중", "trả lời tự động", "thư trả lời tự động",
];

/// The subject on one line, without any run of prefixes such as `Re: AW: Fwd:` or `RE[2]:`.
pub fn base(subject: &str) -> String {
    let line = one_line(subject);
    let mut rest = line.as_str();
    while let Some((_, after)) = prefix(rest) {
        rest = after;
    }
    rest.to_owned()
}

/// The base with exactly one `Re: `.
pub fn reply_to(subject: &str) -> String {
    format!("Re: {}", base(subject)).trim_end().to_owned()
}

/// Whether the outermost prefix that says anything says "forwarded".
pub fn is_forward(subject: &str) -> bool {
    let line = one_line(subject);
    match prefix(&line) {
        Some((Prefix::Forward, _)) => true,
        Some((Prefix::Reply, _)) => false,
        // Some clients put it at the end.
        None => line.to_lowercase().ends_with("(fwd)"),
    }
}

/// Whether the subject is that of an absence note or another automatic answer. Alone a weak sign:
/// people also write about absences.
pub fn is_absence_note(subject: &str) -> bool {
    let base = base(subject).to_lowercase();
    ABSENCE.iter().any(|start| {
        base.strip_prefix(start)
            .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Prefix {
    Reply,
    Forward,
}

/// The prefix that `subject` begins with, and what follows it.
fn prefix(subject: &str) -> Option<(Prefix, &str)> {
    let (head, rest) = subject.split_once([':', '：'])?;
    if head.chars().count() > 16 {
        return None;
    }
    let head = head.trim_end();
    // RE[2], Re(3), Re^2, Re*2
    let word = head
        .trim_end_matches([']', ')'])
        .trim_end_matches(|c: char| c.is_ascii_digit())
        .trim_end_matches(['[', '(', '^', '*'])
        .trim_end()
        .to_lowercase();
    // A bare letter counts only as clients write it.
    let as_written = match word.as_str() {
        "r" | "i" => head == word.to_uppercase(),
        _ => true,
    };
    let kind = if !as_written {
        return None;
    } else if REPLY.contains(&word.as_str()) {
        Prefix::Reply
    } else if FORWARD.contains(&word.as_str()) {
        Prefix::Forward
    } else {
        return None;
    };
    Some((kind, rest.trim_start()))
}

/// White space and control characters collapsed to single spaces.
fn one_line(subject: &str) -> String {
    let words = subject.split(|c: char| c.is_whitespace() || c.is_control());
    words
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Order 12", "Order 12")]
    #[case("Re: AW:  Fwd: RE[2]: Order\r\n\t12", "Order 12")]
    #[case("re : Order", "Order")]
    #[case("Antw: Odp: SV: Vs: Ynt: Order", "Order")]
    #[case("回复：Order", "Order")]
    #[case("Re: ", "")]
    #[case("Reset: how to", "Reset: how to")]
    #[case("i: the imaginary unit", "i: the imaginary unit")]
    #[case("Re: Betreff: \u{7}x", "Betreff: x")]
    fn strips_prefixes(#[case] subject: &str, #[case] expected: &str) {
        assert_eq!(base(subject), expected);
    }

    #[rstest]
    #[case("Order", "Re: Order")]
    #[case("RE: Re: Order", "Re: Order")]
    #[case("", "Re:")]
    fn answers_once(#[case] subject: &str, #[case] expected: &str) {
        assert_eq!(reply_to(subject), expected);
    }

    #[rstest]
    #[case("Fwd: Order", true)]
    #[case("WG: Order", true)]
    #[case("TR : Commande", true)]
    #[case("Re: Fwd: Order", false)]
    #[case("Order (fwd)", true)]
    #[case("Order", false)]
    fn tells_forwards(#[case] subject: &str, #[case] expected: bool) {
        assert_eq!(is_forward(subject), expected);
    }

    #[rstest]
    #[case("Abwesenheitsnotiz: Angebot", true)]
    #[case("Automatic reply: Offer", true)]
    #[case("RE: Réponse automatique : Offre", true)]
    #[case("Out of office", true)]
    #[case("Afwezigheid van Jan", false)]
    #[case("Offer", false)]
    fn tells_absence_notes(#[case] subject: &str, #[case] expected: bool) {
        assert_eq!(is_absence_note(subject), expected);
    }
}
