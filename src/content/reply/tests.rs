//! Own mails, as the clients and languages write them.

use rstest::rstest;

use super::*;
use crate::content::html::BoundedHtml;

mod no_history;
mod properties;
mod sent;

/// Shown text, signature, the one folded block or "".
type Expected<'a> = (&'a str, Option<&'a str>, &'a str);

fn check(body: &str, (text, signature, folded): Expected<'_>) {
    let reply = from_text(body, false, &Known::default());
    assert_eq!(reply.text, text);
    let signature = signature.map(|text| join(text.lines()));
    assert_eq!(reply.signature, signature);
    assert_eq!(reply.folded.unwrap_or_default(), folded);
}

#[rstest]
#[case::nothing_to_fold("Yes, please.\n", ("Yes, please.", None, ""))]
#[case::gmail(
    "Tuesday suits us.\n\nOn Tue, 3 Mar 2026 at 09:12, Ann Lee <ann@a.example>\nwrote:\n\n> Which day?\n>\n",
    ("Tuesday suits us.", None, "On Tue, 3 Mar 2026 at 09:12, Ann Lee <ann@a.example>\nwrote:\n\n> Which day?\n>")
)]
#[case::outlook_rule(
    "Tuesday.\n________________________________\nVon: Ann <ann@a.example>\nGesendet: Dienstag, 3. März 2026 09:12\nAn: Bob\nBetreff: Termin\n\nWelcher Tag?",
    ("Tuesday.", None, "________________________________\nVon: Ann <ann@a.example>\nGesendet: Dienstag, 3. März 2026 09:12\nAn: Bob\nBetreff: Termin\n\nWelcher Tag?")
)]
#[case::outlook_delimiter(
    "Mardi.\n\n-----Message d'origine-----\nDe : Ann\nEnvoyé : mardi 3 mars 2026\nÀ : Bob\nObjet : Date\n\nQuel jour ?",
    ("Mardi.", None, "-----Message d'origine-----\nDe : Ann\nEnvoyé : mardi 3 mars 2026\nÀ : Bob\nObjet : Date\n\nQuel jour ?")
)]
#[case::android(
    "Ok\n\n---- Ann Lee schrieb ----\n\nWelcher Tag?",
    ("Ok", None, "---- Ann Lee schrieb ----\n\nWelcher Tag?")
)]
#[case::attribution_without_marks(
    "Dinsdag.\n\nOp 3 mrt 2026 om 09:12 schreef Ann Lee <ann@a.example>:\n\nWelke dag?",
    ("Dinsdag.", None, "Op 3 mrt 2026 om 09:12 schreef Ann Lee <ann@a.example>:\n\nWelke dag?")
)]
#[case::quote_without_attribution("Tuesday.\n\n> Which day?", ("Tuesday.", None, "> Which day?"))]
#[case::signature(
    "Tuesday.\n\n-- \nBob Ray\nBeta Ltd\n",
    ("Tuesday.", Some("--\nBob Ray\nBeta Ltd"), "")
)]
#[case::signature_at_once(
    "Tuesday.\n-- \nBob Ray",
    ("Tuesday.", Some("--\nBob Ray"), "")
)]
#[case::signature_above_quote(
    "Tuesday.\n\n-- \nBob Ray\n\nAm 03.03.26 um 09:12 schrieb Ann Lee:\n> Welcher Tag?",
    ("Tuesday.", Some("--\nBob Ray"), "Am 03.03.26 um 09:12 schrieb Ann Lee:\n> Welcher Tag?")
)]
#[case::signature_below_quote(
    "Tuesday.\n\n> Which day?\n\n-- \nBob Ray",
    ("Tuesday.", Some("--\nBob Ray"), "> Which day?")
)]
#[case::phone(
    "Tuesday.\n\nSent from my iPhone\n\nOn 3 Mar 2026, at 09:12, Ann Lee <ann@a.example> wrote:\n\n> Which day?",
    ("Tuesday.", Some("Sent from my iPhone"), "On 3 Mar 2026, at 09:12, Ann Lee <ann@a.example> wrote:\n\n> Which day?")
)]
#[case::below_the_quote(
    "On 3 Mar 2026 09:12, Ann Lee wrote:\n> Which day?\n\nTuesday.",
    ("Tuesday.", None, "On 3 Mar 2026 09:12, Ann Lee wrote:\n> Which day?")
)]
#[case::wrapped_again(
    "Fine.\n\nOn 3 Mar 2026 09:12, Ann Lee wrote:\n> We would like to meet you on Tuesday or, if that is too early for all of\nyou, on Friday.\n> Ann",
    ("Fine.", None, "On 3 Mar 2026 09:12, Ann Lee wrote:\n> We would like to meet you on Tuesday or, if that is too early for all of\nyou, on Friday.\n> Ann")
)]
#[case::reply_line(
    "Tuesday.\n\n##- Please type your reply above this line -##\nTicket 12\nWhich day?",
    ("Tuesday.", None, "##- Please type your reply above this line -##\nTicket 12\nWhich day?")
)]
#[case::joined(
    "All fine--- On Wed, Mar 4, 2026 at 3:59 PM, ann@a.example wrote:\n> Which day?",
    ("All fine", None, "--- On Wed, Mar 4, 2026 at 3:59 PM, ann@a.example wrote:\n> Which day?")
)]
#[case::notes(
    "Tuesday.\n\n\nAnn Lee <ann@a.example>\n03.03.2026 09:12\n\nTo\nBob\ncc\n\nSubject\nParts\n\nWhich day?",
    ("Tuesday.", None, "Ann Lee <ann@a.example>\n03.03.2026 09:12\n\nTo\nBob\ncc\n\nSubject\nParts\n\nWhich day?")
)]
#[case::initials(
    "Tuesday.\n\nAL> Which day?\nAL> And where?",
    ("Tuesday.", None, "AL> Which day?\nAL> And where?")
)]
#[case::closing_below_the_quote(
    "Tuesday.\n\nOn 3 Mar 2026 09:12, Ann Lee wrote:\n> Which day?\n\nRegards, Bob",
    ("Tuesday.\n\nRegards, Bob", None, "On 3 Mar 2026 09:12, Ann Lee wrote:\n> Which day?")
)]
#[case::cut_address(
    "Tuesday.\n\nOn 3 Mar 2026 09:12, Ann Lee wrote:\n> See there (http://a.example/what\n_is_new)\n> Ann",
    ("Tuesday.", None, "On 3 Mar 2026 09:12, Ann Lee wrote:\n> See there (http://a.example/what\n_is_new)\n> Ann")
)]
#[case::list(
    "Tuesday.\n\n_______________________________________________\nParts mailing list\nhttps://a.example/mailman/listinfo/parts",
    ("Tuesday.", Some("_______________________________________________\nParts mailing list\nhttps://a.example/mailman/listinfo/parts"), "")
)]
#[case::disclaimer(
    "Tuesday.\n\n-- \nBob Ray\n\nDISCLAIMER\nThis mail is confidential and meant for the intended recipient alone. If you have received this mail in error, please notify the sender and delete it; any disclosure is prohibited.",
    ("Tuesday.", Some("-- \nBob Ray\n\nDISCLAIMER\nThis mail is confidential and meant for the intended recipient alone. If you have received this mail in error, please notify the sender and delete it; any disclosure is prohibited."), "")
)]
#[case::card(
    "Tuesday.\n\nKind regards\nBob Ray\nSales\nTel: +49 431 1234567\nwww.beta.example",
    ("Tuesday.\n\nKind regards\nBob Ray", Some("Sales\nTel: +49 431 1234567\nwww.beta.example"), "")
)]
#[case::rules("Tuesday.\n\n=====\n-----\n", ("Tuesday.", Some("=====\n-----"), ""))]
#[case::forward_in_history(
    "Tuesday.\n\nOn 3 Mar 2026 09:12, Ann Lee wrote:\n> See below.\n>\n> ---------- Forwarded message ---------\n> From: Eve\n> Which day?",
    ("Tuesday.", None, "On 3 Mar 2026 09:12, Ann Lee wrote:\n> See below.\n>\n> ---------- Forwarded message ---------\n> From: Eve\n> Which day?")
)]
fn parts_a_mail(#[case] body: &str, #[case] expected: Expected<'_>) {
    check(body, expected);
}

#[rstest]
#[case::rules("One\n=====\n*****\n_______\nTwo\n-----\nThree")]
#[case::thanks("Thanks,\n\nplease also send the second part.\n\nThanks,\nBob")]
#[case::dash("Two topics:\n\nfirst -- the\n- second\n- third")]
#[case::rule_between("One\n--\nTwo")]
#[case::form("Name: Bob\nDate: 3 March\nTo do: nothing")]
#[case::only_quote("> Which day?\n> Ann")]
#[case::only_history("On 3 Mar 2026 09:12, Ann Lee <ann@a.example> wrote:\n\nWhich day?")]
#[case::only_signature("-- \nBob Ray")]
#[case::forward(
    "See below.\n\n---------- Forwarded message ---------\nFrom: Ann\nDate: today\nSubject: x\nTo: Bob\n\n> quoted"
)]
#[case::apple_forward("See below.\n\n> Begin forwarded message:\n>\n> From: Ann\n> Subject: x")]
#[case::mail_sentence("Our manager wrote this morning:\n\nAll is well.")]
#[case::greater("if x > 3 then\n  y")]
#[case::between("> Which day?\n\nTuesday.\n\n> And where?\n\nHere.")]
#[case::between_at_once(
    "On 3 Mar 2026 09:12, Ann wrote:\n> Which day?\nTuesday.\n> And where?\nHere."
)]
#[case::blank("\n \n")]
fn shows_everything(#[case] body: &str) {
    check(body, (&join(body.lines()), None, ""));
}

#[test]
fn keeps_answers_with_their_quotes_and_folds_the_rest() {
    check(
        "On 3 Mar 2026 09:12, Ann wrote:\n> Which day?\n\nTuesday.\n\n> Regards\n> Ann\n",
        (
            "On 3 Mar 2026 09:12, Ann wrote:\n> Which day?\n\nTuesday.",
            None,
            "> Regards\n> Ann",
        ),
    );
}

#[test]
fn keeps_answers_below_a_delimiter() {
    let body = "------- Original Message -------\nOn Tuesday, March 3rd, 2026 at 9:12, Ann Lee \
                <ann@a.example> wrote:\n\n> Which day?\n\nTuesday.\n\n> And where?\n\nHere.";
    let body = format!("Hello Ann,\n\n{body}");
    check(&body, (&body, None, ""));
}

#[test]
fn shows_all_of_a_forward() {
    let body = "FYI\n\nFrom: Ann\nSent: today\nTo: Bob\nSubject: x\n\nText";
    assert_eq!(from_text(body, true, &Known::default()).text, body);
    assert_eq!(from_text(body, false, &Known::default()).text, "FYI");
}

#[rstest]
#[case::da("Fra: A\nSendt: i dag\nTil: B\nEmne: x")]
#[case::no("Fra: A\nDato: 3.3.2026 kl. 9.12\nTil: B\nEmne: x")]
#[case::sv("Från: A\nSkickat: idag\nTill: B\nÄmne: x")]
#[case::fi("Lähettäjä: A\nLähetetty: tänään\nVastaanottaja: B\nAihe: x")]
#[case::es("De: A\nEnviado el: hoy\nPara: B\nAsunto: x")]
#[case::it("Da: A\nInviato: oggi\nA: B\nOggetto: x")]
#[case::pt("De: A\nEnviado: hoje\nPara: B\nAssunto: x")]
#[case::nl("Van: A\nVerzonden: vandaag\nAan: B\nOnderwerp: x")]
#[case::pl("Od: A\nWysłano: dziś\nDo: B\nTemat: x")]
#[case::cs("Od: A\nOdesláno: dnes\nKomu: B\nPředmět: x")]
#[case::ru("От: A\nОтправлено: сегодня\nКому: B\nТема: x")]
#[case::uk("Від: A\nНадіслано: сьогодні\nКому: B\nТема: x")]
#[case::tr("Kimden: A\nGönderildi: bugün\nKime: B\nKonu: x")]
#[case::ja("差出人: A\n送信日時: 今日\n宛先: B\n件名: x")]
#[case::zh("发件人: A\n发送时间: 今天\n收件人: B\n主题: x")]
#[case::ko("보낸 사람: A\n보낸 날짜: 오늘\n받는 사람: B\n제목: x")]
#[case::vi("Từ: A\nNgày: 3/3/2026 9:12\nĐến: B\nChủ đề: x")]
#[case::hu("Feladó: A\nElküldve: ma\nCímzett: B\nTárgy: x")]
#[case::ro("De la: A\nTrimis: azi\nCătre: B\nSubiect: x")]
#[case::el("Από: A\nΣτάλθηκε: σήμερα\nΠρος: B\nΘέμα: x")]
#[case::he("מאת: A\nנשלח: היום\nאל: B\nנושא: x")]
#[case::ar("من: A\nتم الإرسال: اليوم\nإلى: B\nالموضوع: x")]
#[case::bg("От: A\nИзпратено: днес\nДо: B\nОтносно: x")]
#[case::hr("Šalje: A\nPoslano: danas\nPrima: B\nPredmet: x")]
#[case::sk("Od: A\nOdoslané: dnes\nKomu: B\nPredmet: x")]
fn knows_header_blocks(#[case] block: &str) {
    let history = format!("{block}\n\nold text");
    check(
        &format!("new text\n\n{history}"),
        ("new text", None, &history),
    );
}

fn html(raw: &str) -> HtmlReply {
    from_html(&BoundedHtml::new(raw).unwrap(), false, &Known::default())
}

#[rstest]
#[case::gmail(
    "<div dir=ltr>New</div><br><div class='gmail_quote'><div class='gmail_attr'>On Tue, 3 Mar 2026 Ann wrote:<br></div><blockquote class='gmail_quote'>Old</blockquote></div>",
    "<div dir=\"ltr\">New</div>",
    "On Tue, 3 Mar 2026 Ann wrote:\n\n> Old"
)]
#[case::thunderbird(
    "<p>New</p><div class=moz-cite-prefix>Am 03.03.26 um 09:12 schrieb Ann:<br></div><blockquote type=cite cite='mid:x'><p>Old</p></blockquote>",
    "<p>New</p>",
    "Am 03.03.26 um 09:12 schrieb Ann:\n\n> Old"
)]
#[case::apple(
    "<div>New</div><div><br><blockquote type=\"cite\"><div>On 3 Mar 2026, at 09:12, Ann wrote:</div><br><div>Old</div></blockquote></div>",
    "<div>New</div>",
    "> On 3 Mar 2026, at 09:12, Ann wrote:\n>\n> Old"
)]
#[case::outlook_web(
    "<div>New</div><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b> Ann<br></div><div>Old</div>",
    "<div>New</div>",
    "---\nFrom: Ann\nOld"
)]
#[case::outlook_quoted(
    "<div>New</div><div id=\"x_divRplyFwdMsg\"><b>From:</b> Ann<br></div><div>Old</div>",
    "<div>New</div>",
    "From: Ann\nOld"
)]
#[case::outlook(
    "<p class=MsoNormal>New</p><div><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p class=MsoNormal>From: Ann</p></div></div><p class=MsoNormal>Old</p>",
    "<p class=\"MsoNormal\">New</p>",
    "From: Ann\nOld"
)]
#[case::outlook_mobile(
    "<div>New</div><div id='mail-editor-reference-message-container'><div>From: Ann</div>Old</div>",
    "<div>New</div>",
    "From: Ann\nOld"
)]
#[case::outlook_mac(
    "<div>New</div><span id='OLK_SRC_BODY_SECTION'><div>From: Ann</div>Old</span>",
    "<div>New</div>",
    "From: Ann\nOld"
)]
#[case::zimbra(
    "<div>New</div><hr data-marker='__DIVIDER__'><div>From: Ann</div>Old",
    "<div>New</div>",
    "---\nFrom: Ann\nOld"
)]
#[case::gmx("<div>New</div><div name='quote'>Old</div>", "<div>New</div>", "Old")]
#[case::yahoo(
    "<div>New</div><html><div class='yahoo_quoted'>Old</div></html>",
    "<div>New</div>",
    "Old"
)]
#[case::proton(
    "<div>New</div><div class='protonmail_quote'>Old</div>",
    "<div>New</div>",
    "Old"
)]
#[case::tuta(
    "<div>New</div><blockquote class='tutanota_quote'>Old</blockquote>",
    "<div>New</div>",
    "> Old"
)]
#[case::zoho(
    "<div>New</div><div class='zmail_extra'>Old</div>",
    "<div>New</div>",
    "Old"
)]
#[case::introduced(
    "<div>New</div><div>On 3 Mar 2026 Ann wrote:</div><blockquote>Old</blockquote>",
    "<div>New</div>",
    "On 3 Mar 2026 Ann wrote:\n\n> Old"
)]
#[case::by_lines(
    "<div>New</div><div>From: Ann<br>Sent: today<br>To: Bob<br>Subject: x</div><div>Old</div>",
    "<div>New</div>",
    "From: Ann\nSent: today\nTo: Bob\nSubject: x\nOld"
)]
#[case::text_as_html("<pre>New\n\n&gt; Old</pre>", "<pre>New</pre>", "> Old")]
fn parts_html(#[case] raw: &str, #[case] shown: &str, #[case] folded: &str) {
    let reply = html(raw);
    assert_eq!(reply.text, "New");
    assert_eq!(reply.html.as_str(), shown);
    assert_eq!(reply.folded.as_deref(), Some(folded));
}

#[rstest]
#[case::own_quote("<p>As they say:</p><blockquote>Less is more</blockquote>")]
#[case::own_quote_above("<blockquote>Less is more</blockquote><p>Indeed</p>")]
#[case::answered("<blockquote type=cite>Which day?</blockquote><p>Tuesday</p>")]
#[case::forward(
    "<p>See</p><div class=gmail_quote>---------- Forwarded message ---------<br>From: Ann<br>Text</div>"
)]
#[case::only_history("<div class=gmail_quote>Old</div>")]
#[case::pixel("<p>Text</p>")]
fn shows_all_html(#[case] raw: &str) {
    let bounded = BoundedHtml::new(raw).unwrap();
    let reply = from_html(&bounded, false, &Known::default());
    assert_eq!(
        (reply.html, reply.signature, reply.folded),
        (bounded, None, None)
    );
}

#[test]
fn finds_signatures_in_html() {
    let reply = html(
        "<div>New</div><div class='gmail_signature'>Bob Ray<br><img src='cid:logo'></div>\
         <div class='gmail_quote'>Old</div>",
    );
    assert_eq!(reply.html.as_str(), "<div>New</div>");
    assert_eq!(reply.signature.as_deref(), Some("Bob Ray"));
    assert_eq!(reply.folded.as_deref(), Some("Old"));
}

#[test]
fn keeps_text_below_a_signature_element() {
    let reply = html("<div>New</div><div id=Signature>Bob Ray</div><div>P.S. More</div>");
    assert_eq!(reply.text, "New\nP.S. More");
    assert_eq!(reply.signature.as_deref(), Some("Bob Ray"));
}

#[test]
fn keeps_answers_inside_the_quote_element() {
    let reply = html(
        "<div class=gmail_quote><div class=gmail_attr>On Tue Ann wrote:</div>\
         <blockquote class=gmail_quote>Which day?</blockquote><div>Tuesday.</div>\
         <blockquote class=gmail_quote>Regards</blockquote></div>",
    );
    assert_eq!(reply.text, "On Tue Ann wrote:\n\n> Which day?\n\nTuesday.");
    assert_eq!(reply.folded.as_deref(), Some("> Regards"));
}

#[test]
fn keeps_images_between_shown_text() {
    let reply = html(
        "<p>New<br><img src='cid:plan'></p><div class='gmail_quote'>Old<img src='cid:old'></div>",
    );
    assert_eq!(reply.html.as_str(), "<p>New<br><img src=\"cid:plan\"></p>");
}

#[rstest]
#[case::hidden("<div style='display:none'>Preview</div><p>New</p>", "Preview")]
#[case::hidden_by_outlook("<span style='mso-hide:all'>Preview</span><p>New</p>", "Preview")]
#[case::tiny("<div style='font-size:0px'>Preview</div><p>New</p>", "Preview")]
#[case::spark("<div>New</div><div name=messageReplySection>Old</div>", "Old")]
#[case::stripped_gmail(
    "<div>New</div><blockquote style='margin:0 0 0 .8ex;border-left:1px #ccc solid'>Old</blockquote>",
    "> Old"
)]
#[case::unknown_language(
    "<div>New</div><div class=gmail_quote>Qux 3/3/2026 9:12 Ann &lt;a@b.example&gt; zyxvut:<blockquote>Old</blockquote></div>",
    "Qux 3/3/2026 9:12 Ann <a@b.example> zyxvut:\n\n> Old"
)]
#[case::one_line_header(
    "<div>New</div><hr><div>From: Ann Date: Tue, 3 Mar 2026 09:12</div><div>Old</div>",
    "---\nFrom: Ann Date: Tue, 3 Mar 2026 09:12\nOld"
)]
fn folds_in_html(#[case] raw: &str, #[case] folded: &str) {
    let reply = html(raw);
    assert_eq!(
        (reply.text.as_str(), reply.folded.as_deref()),
        ("New", Some(folded))
    );
}

#[rstest]
#[case::link("<a href='https://a.example/x?y=1'>here</a>", "here")]
#[case::table(
    "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>",
    "a  b\nc  d"
)]
#[case::own_quote(
    "<p>They say:</p><blockquote>Less is more</blockquote>",
    "They say:\n\n    Less is more"
)]
#[case::typed_in_the_quote_element(
    "<div class=gmail_quote><div>Please look at it.</div><blockquote class=gmail_quote>From: <b class=gmail_sendername>Eve</b><br>Date: today<br>Subject: x<br>To: Bob<br>Text</blockquote></div>",
    "Please look at it.\n\nFrom: Eve\nDate: today\nSubject: x\nTo: Bob\nText"
)]
fn gives_the_authors_words(#[case] raw: &str, #[case] text: &str) {
    let reply = html(raw);
    assert_eq!((reply.text.as_str(), reply.folded), (text, None));
}

#[test]
fn shortens_long_quotes_above_an_answer() {
    let quote: Vec<String> = (1..=40).map(|line| format!("> line {line}")).collect();
    let quote = quote.join("\n");
    let body =
        format!("On 3 Mar 2026 09:12, Ann Lee wrote:\n{quote}\n\nFirst.\n\n> last\n\nSecond.\n");
    let reply = from_text(&body, false, &Known::default());
    assert!(
        reply
            .text
            .contains("> line 40\n\nFirst.\n\n> last\n\nSecond.")
    );
    assert!(!reply.text.contains("> line 20"));
    assert!(reply.folded.unwrap().starts_with("> line 1\n"));
}

#[test]
fn learns_signatures() {
    let known = Known {
        sent: Vec::new(),
        endings: vec![ending("It came.\n\nBob Ray\nBeta Ltd, Kiel")],
    };
    let body = "It fits.\n\nBob Ray\nBeta Ltd, Kiel\n\n> Does it fit?";
    let reply = from_text(body, false, &known);
    assert_eq!(reply.text, "It fits.");
    assert_eq!(reply.signature.as_deref(), Some("Bob Ray\nBeta Ltd, Kiel"));
    let rules: Vec<&str> = reply.reasons.iter().map(|reason| reason.rule).collect();
    assert_eq!(
        rules,
        ["text", "came again in earlier mails", "quoted lines"]
    );
}

#[test]
fn shows_what_makes_too_much_work() {
    let body = "On 3 Mar 2026 09:12, Ann Lee <ann@a.example> wrote:\n".repeat(100_000);
    let reply = from_text(&body, false, &Known::default());
    assert_eq!(reply.reasons[0].rule, "too long to look for history in it");
    assert_eq!(reply.folded, None);
}
