//! Mails that look as if they had history, and history that is hard to see.

use rstest::rstest;

use super::check;

#[rstest]
#[case::journey("A seat, please:\n\nFrom: Kiel\nTo: Bonn\nDate: 3 May 2026, 9:12\n\nThank you")]
#[case::journey_fr("Bonjour,\n\nDe : Lille\nÀ : Nice\nDate : 3 mai 2026\n\nMerci")]
#[case::journey_pl("Witam,\n\nOd: Łódź\nDo: Opole\nData: 3.05.2026\n\nDziękuję")]
#[case::notice("Notice\n\nVon: Herrn Lee\nAn: Frau Roth\nDatum: 3.3.2026\nBetreff: Lager\n\nText")]
#[case::ticket("Ticket 12\n\nFrom: Ann\nDate: 2026-03-03 09:12\nSubject: door\n\nIt sticks.")]
#[case::settings("Mine are\n\nfrom: ann@a.example\nto: bob@b.example\nsubject: x\n\nRight?")]
#[case::announced(
    "These lines came back to me:\n\nFrom: Ann <ann@a.example>\nTo: Bob <bob@b.example>\nSubject: x\n\nWhy?"
)]
#[case::mail_box(
    "From ann Tue Mar  3 09:12:00 2026\nFrom: Ann <ann@a.example>\nDate: 3 Mar 2026 9:12\nSubject: x\n\nText"
)]
#[case::story("Hello,\n\nOn 3 March 2026 your driver wrote:\n\nI come at noon.\n\nHe did not.")]
#[case::story_de(
    "Hallo Frau Roth,\n\nam 3. März 2026 schrieb mir Ihr Fahrer um 9:12:\n\nIch komme.\n\nWer?"
)]
#[case::story_with_marks(
    "He is late.\n\nEl 3 de marzo de 2026 el chófer escribió:\n\n«Llego ya»\n\nNo."
)]
#[case::story_in_a_row("Who buys what?\nOn Monday, 2 March 2026, Ann wrote:\nWe need nails.")]
#[case::diary("3 Mar 2026, 9:12, ann@a.example:\nasks\n3 Mar 2026, 9:20, bob@b.example:\nanswers")]
fn loses_nothing(#[case] body: &str) {
    check(body, (body, None, ""));
}

#[rstest]
#[case::no_verb("Вт, 3 мар. 2026 г. в 9:12, Ann <ann@a.example>:\n\nКогда?")]
#[case::no_colon("On Tue, 3 Mar 2026 09:12:00 +0100 Ann <ann@a.example> wrote\n\nWhen?")]
#[case::day_alone("On Mar 3, 2026 you wrote:\n\nWhen?")]
#[case::groupwise(">>> Ann <ann@a.example> 3/3/2026 9:12 AM >>>\n\nWhen?")]
#[case::message_ja("2026/03/03 9:12、Ann <ann@a.example>のメッセージ:\n\nいつ")]
#[case::unknown_title(
    "------ Xyz qwe ------\nFrom: Ann <ann@a.example>\nTo: Bob\nDate: 3 Mar 2026 9:12\n\nWhen?"
)]
#[case::unknown_title_above_marks(
    "------ Xyz qwe ------\nFrom: Ann <ann@a.example>\nTo: Bob\nDate: 3 Mar 2026 9:12\n\n> When?"
)]
#[case::fields_above(
    "----------------\nКому: Bob (bob@b.example);\nТема: Срок;\n03.03.2026, 09:12, \"Ann\" <ann@a.example>:\n\n> Когда?"
)]
#[case::cells(
    "---- 回复的邮件 ----\n| 发件人 | Ann<ann@a.example> |\n| 日期 | 2026年3月3日 09:12 |\n| 收件人 | Bob |\n什么时候？"
)]
fn sees_history(#[case] history: &str) {
    let body = format!("Tomorrow at ten.\n\n{history}");
    check(&body, ("Tomorrow at ten.", None, history));
}
