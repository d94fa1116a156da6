//! What kind of mail it is, from its headers and the types of its parts.
//!
//! A machine taken for a person may loop, or count as an answer; a person taken for a machine is
//! shown small. So signs that only machines give decide alone, and signs that people give as well
//! (a subject, a bulk header) need a second one.

use super::incoming::MailKind;
use crate::content::subject;

/// What [`classify`] looks at. Texts are decoded and in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts, not states")]
pub struct HeaderFacts {
    /// `type/subtype` of the mail and of its parts; not of the parts of an enclosed mail.
    pub types: Vec<String>,
    /// The report-type parameter of a multipart/report (RFC 6522).
    pub report_type: Option<String>,
    /// The mail bears `X-Postroom-Id`.
    pub own_id: bool,
    /// Auto-Submitted (RFC 3834), without its parameters.
    pub auto_submitted: Option<String>,
    /// The values of Precedence and X-Precedence.
    pub precedence: Vec<String>,
    /// A header with which only automatic answers are marked, such as X-Autoreply.
    pub auto_reply_mark: bool,
    /// X-Loop, which both lists and answering machines set.
    pub loop_mark: bool,
    /// List-Id (RFC 2919) or one of the List-* headers (RFC 2369).
    pub list_mark: bool,
    /// A list server's own answer: it names the server, and no number as the list's mails have.
    pub list_server: bool,
    /// X-Failed-Recipients, which Exim and Gmail write into bounces.
    pub failed_recipients: bool,
    /// Return-Path is `<>`, or a mailer daemon.
    pub null_return_path: bool,
    /// X-Auto-Response-Suppress: proves nothing alone, ordinary mail carries it.
    pub suppresses_answers: bool,
    /// From and Sender with their names, even where no address can be read from them.
    pub from: String,
    /// As written.
    pub subject: String,
    /// In-Reply-To or References names a mail.
    pub answers: bool,
}

impl HeaderFacts {
    /// Whether a machine says that it wrote this, or the envelope sender is null.
    #[must_use]
    pub fn is_auto_submitted(&self) -> bool {
        let says_so = self.auto_submitted.as_deref().is_some_and(|v| v != "no");
        says_so || self.null_return_path
    }

    /// Whether it tells that somebody has opened or deleted a mail (RFC 8098).
    #[must_use]
    pub fn is_read_receipt(&self) -> bool {
        self.is_report("disposition-notification")
            || self.has_type(&["message/disposition-notification"])
    }

    fn has_type(&self, types: &[&str]) -> bool {
        self.types.iter().any(|own| types.contains(&own.as_str()))
    }

    fn has_precedence(&self, values: &[&str]) -> bool {
        self.precedence
            .iter()
            .any(|own| values.contains(&own.as_str()))
    }

    fn is_report(&self, report_type: &str) -> bool {
        self.report_type.as_deref() == Some(report_type)
    }

    fn is_from(&self, words: &[&str]) -> bool {
        words.iter().any(|word| self.from.contains(word))
    }
}

/// The first kind that fits, in the order of [`MailKind`].
#[must_use]
pub fn classify(facts: &HeaderFacts) -> MailKind {
    if is_bounce(facts) {
        MailKind::Bounce
    } else if is_feedback_report(facts) {
        MailKind::FeedbackReport
    } else if facts.own_id {
        MailKind::Own
    } else if is_auto_reply(facts) {
        MailKind::AutoReply
    } else if facts.list_mark || facts.loop_mark || facts.has_precedence(&["bulk", "list", "junk"])
    {
        MailKind::List
    } else if subject::is_forward(&facts.subject) {
        MailKind::Forward
    } else if facts.answers || has_reply_prefix(&facts.subject) {
        MailKind::Reply
    } else {
        MailKind::New
    }
}

/// Whether the text may be a report: the headers say that it is one, or at least that a machine
/// wrote it. Other mail is not looked at: people quote reports.
#[must_use]
pub fn may_report(facts: &HeaderFacts) -> bool {
    is_bounce(facts)
        || is_feedback_report(facts)
        || facts.is_auto_submitted()
        || facts.auto_reply_mark
        || facts.list_server
        || is_by_office(facts)
}

/// What [`classify`] said, once it is known that the text tells of a mail that failed (`tells`), and
/// gives a server's reply besides (`quotes`). Machines do not always say what they are; but an
/// absence note never becomes a bounce, wherever it comes to.
#[must_use]
pub fn with_text(kind: MailKind, facts: &HeaderFacts, tells: bool, quotes: bool) -> MailKind {
    let is_one = match kind {
        MailKind::AutoReply => tells && !subject::is_absence_note(&facts.subject),
        MailKind::List => tells && facts.list_server,
        MailKind::Reply | MailKind::New => tells && quotes && is_by_office(facts),
        MailKind::Bounce => true,
        MailKind::FeedbackReport | MailKind::Own | MailKind::Forward => false,
    };
    if is_one { MailKind::Bounce } else { kind }
}

fn is_by_office(facts: &HeaderFacts) -> bool {
    facts.is_from(POSTMASTERS)
}

fn is_bounce(facts: &HeaderFacts) -> bool {
    if facts.is_read_receipt() || facts.has_type(&["message/feedback-report"]) {
        return false;
    }
    if facts.is_report("delivery-status")
        || facts.has_type(DELIVERY_STATUS)
        || facts.failed_recipients
    {
        return true;
    }
    // What Exchange, qmail, Domino and others write instead of RFC 3464.
    let by_daemon = facts.is_from(DAEMONS);
    let by_office = is_by_office(facts);
    let encloses = facts.has_type(ENCLOSED_MAIL);
    if subject::is_absence_note(&facts.subject) || facts.auto_reply_mark {
        return false;
    }
    if tells_a_bounce(&facts.subject) {
        return by_daemon || by_office || encloses || facts.is_auto_submitted();
    }
    by_daemon || by_office && (facts.null_return_path || encloses)
}

fn is_feedback_report(facts: &HeaderFacts) -> bool {
    // RFC 7489 section 7.2.1.1 fixes the subject, and nothing else that could be told by.
    let subject = facts.subject.to_lowercase();
    let is_dmarc = subject.starts_with("report domain:") && subject.contains("submitter:");
    // Microsoft's reports follow no RFC: a sentence and the mail that somebody called junk.
    let by_microsoft = facts.subject.starts_with("complaint about message from ")
        && facts.is_from(&["staff@hotmail.com"]);
    facts.is_report("feedback-report")
        || facts.has_type(&["message/feedback-report"])
        || by_microsoft
        || is_dmarc
}

fn is_auto_reply(facts: &HeaderFacts) -> bool {
    if facts.is_auto_submitted()
        || facts.auto_reply_mark
        || facts.has_precedence(&["auto_reply"])
        || facts.loop_mark && !facts.list_mark
        || facts.is_read_receipt()
    {
        return true;
    }
    // People write about absences, too, but neither as an answer with a changed subject nor as
    // bulk mail.
    let is_note = subject::is_absence_note(&facts.subject) && !has_reply_prefix(&facts.subject);
    is_note
        && !facts.list_mark
        && (facts.answers || facts.suppresses_answers || facts.has_precedence(&["bulk", "junk"]))
}

fn has_reply_prefix(text: &str) -> bool {
    let one_line: Vec<&str> = text.split_whitespace().collect();
    subject::base(text) != one_line.join(" ") && !subject::is_forward(text)
}

/// Whether `subject` begins as the subjects of bounces do. Not stripped of prefixes first: people
/// who answer or forward a bounce are people.
fn tells_a_bounce(subject: &str) -> bool {
    let subject = subject.trim_start().to_lowercase();
    let subject = subject.trim_start_matches(['*', '[', '"', ' ']);
    BOUNCE_SUBJECTS
        .iter()
        .any(|start| subject.starts_with(start))
}

const DELIVERY_STATUS: &[&str] = &["message/delivery-status", "message/global-delivery-status"];

const ENCLOSED_MAIL: &[&str] = &[
    "message/rfc822",
    "message/global",
    "text/rfc822-headers",
    "message/rfc822-headers",
    "message/global-headers",
];

const DAEMONS: &[&str] = &[
    "mailer-daemon",
    "mailer_daemon",
    "mailerdaemon",
    "mail-daemon",
    "maildaemon",
    "mail delivery subsystem",
    "mail delivery system",
    "mail delivery service",
    "internet mail delivery",
];

/// Mailboxes from which people write as well.
const POSTMASTERS: &[&str] = &[
    "postmaster",
    "post_master",
    "mail administrator",
    "mailadmin",
    "mail system",
    "system administrator",
    "systemadministrator",
    "administrateur système",
    "microsoft exchange",
    "microsoftexchange",
];

const BOUNCE_SUBJECTS: &[&str] = &[
    "bounce",
    "bounced",
    "could not deliver",
    "couldn't deliver",
    "delayed mail",
    "deliver failure",
    "delivery delay",
    "delivery error",
    "delivery fail",
    "delivery has failed",
    "delivery notification",
    "delivery problem",
    "delivery report",
    "delivery status",
    "delivery to the following",
    "delivery unsuccessful",
    "dsn:",
    "email delivery",
    "error sending",
    "failed delivery",
    "failed mail",
    "failure delivery",
    "failure notice",
    "mail could not be delivered",
    "mail deliver",
    "mail error",
    "mail failure",
    "mail nondelivery",
    "mail not delivered",
    "mail system error",
    "mail undeliverable",
    "mail-delivery",
    "mailbox unavailable",
    "message could not be",
    "message delivery",
    "message not delivered",
    "message undeliverable",
    "message you sent",
    "ndn:",
    "ndr:",
    "non delivery",
    "non-deliver",
    "nondeliver",
    "not delivered",
    "permanent delivery",
    "rejected mail",
    "returned mail",
    "returned message",
    "returned to sender",
    "undeliver",
    "unable to deliver",
    "unsuccessful delivery",
    "user unknown",
    "warning: could not send",
    "warning: message",
    "your message could not",
    "your message to ",
    "fehler bei der zustellung",
    "fehlgeschlagene zustellung",
    "nicht zustellbar",
    "nachricht unzustellbar",
    "unzustellbar",
    "zustellung fehlgeschlagen",
    "zustellungsfehler",
    "avis de non-remise",
    "avis de non remise",
    "échec de la remise",
    "échec de remise",
    "message non distribué",
    "message non remis",
    "non remis",
    "correo no entregado",
    "error de entrega",
    "mensaje no entregado",
    "no se puede entregar",
    "no se pudo entregar",
    "notificación de estado de entrega",
    "mancata consegna",
    "messaggio non recapit",
    "non recapitabile",
    "niet bestelbaar",
    "onbestelbaar",
    "não é possível entregar",
    "não entregue",
    "notificação de status",
    "niedostarcz",
    "nie można dostarczyć",
    "zwrot poczty",
    "kan inte levereras",
    "kan ikke leveres",
    "kunne ikke levere",
    "ei voida toimittaa",
    "nedoručitelné",
    "teslim edilemedi",
    "не удается доставить",
    "недоставленное",
    "配信不能",
    "配信失敗",
    "送信できません",
    "メールエラー通知",
    "メッセージを配信できません",
    "無法傳遞",
    "无法送达",
    "未送达",
    "退信",
    "系统退信",
    "배달되지 않음",
    "전송 실패",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn facts(subject: &str) -> HeaderFacts {
        HeaderFacts {
            types: vec!["text/plain".to_owned()],
            from: "jane doe <jane@acme.com>".to_owned(),
            subject: subject.to_owned(),
            ..HeaderFacts::default()
        }
    }

    fn with(subject: &str, change: impl FnOnce(&mut HeaderFacts)) -> HeaderFacts {
        let mut facts = facts(subject);
        change(&mut facts);
        facts
    }

    #[rstest]
    #[case::new(facts("Offer"), MailKind::New)]
    #[case::reply(with("Offer", |f| f.answers = true), MailKind::Reply)]
    #[case::reply_by_subject(facts("AW: Offer"), MailKind::Reply)]
    #[case::forward(with("WG: Offer", |f| f.answers = true), MailKind::Forward)]
    #[case::list(with("Re: [tools] Offer", |f| f.list_mark = true), MailKind::List)]
    #[case::bulk(with("News", |f| f.precedence.push("bulk".into())), MailKind::List)]
    #[case::own(with("Re: Offer", |f| f.own_id = true), MailKind::Own)]
    fn tells_people_and_lists(#[case] facts: HeaderFacts, #[case] kind: MailKind) {
        assert_eq!(classify(&facts), kind);
    }

    #[rstest]
    #[case::rfc_3834(with("Re: Offer", |f| f.auto_submitted = Some("auto-replied".into())))]
    #[case::mark(with("Re: Offer", |f| f.auto_reply_mark = true))]
    #[case::precedence(with("Away", |f| f.precedence.push("auto_reply".into())))]
    #[case::null_sender(with("Away", |f| f.null_return_path = true))]
    #[case::note_as_answer(with("Abwesenheitsnotiz: Offer", |f| f.answers = true))]
    #[case::note_in_bulk(with("Out of office", |f| f.precedence.push("junk".into())))]
    #[case::loop_mark(with("Thanks for your mail", |f| f.loop_mark = true))]
    #[case::receipt(with("Read: Offer", |f| {
        f.report_type = Some("disposition-notification".into());
    }))]
    fn tells_automatic_answers(#[case] facts: HeaderFacts) {
        assert_eq!(classify(&facts), MailKind::AutoReply);
    }

    #[rstest]
    #[case::says_no(with("Offer", |f| f.auto_submitted = Some("no".into())), MailKind::New)]
    #[case::suppress_alone(with("Offer", |f| f.suppresses_answers = true), MailKind::New)]
    #[case::person_on_absence(facts("Out of office next week"), MailKind::New)]
    #[case::answer_to_a_note(
        with("Re: Out of office", |f| f.answers = true), MailKind::Reply)]
    #[case::answer_to_a_bounce(
        with("Re: Undelivered mail", |f| f.answers = true), MailKind::Reply)]
    #[case::postmaster_in_person(
        with("Your question", |f| f.from = "postmaster@acme.com".into()), MailKind::New)]
    fn takes_nobody_for_a_machine(#[case] facts: HeaderFacts, #[case] kind: MailKind) {
        assert_eq!(classify(&facts), kind);
    }

    #[rstest]
    #[case::rfc_3464(with("?", |f| f.types.push("message/delivery-status".into())))]
    #[case::report_type(with("?", |f| f.report_type = Some("delivery-status".into())))]
    #[case::exim(with("?", |f| f.failed_recipients = true))]
    #[case::daemon(with("?", |f| f.from = "mailer-daemon (mail delivery)".into()))]
    #[case::exchange(with("Undeliverable: Offer", |f| f.from = "postmaster@acme.com".into()))]
    #[case::german(with("Unzustellbar: Offer", |f| f.null_return_path = true))]
    #[case::enclosed(with("failure notice", |f| f.types.push("message/rfc822".into())))]
    fn tells_bounces(#[case] facts: HeaderFacts) {
        assert_eq!(classify(&facts), MailKind::Bounce);
    }

    #[test]
    fn tells_abuse_reports() {
        let facts = with("complaint", |f| {
            f.types.push("message/feedback-report".into());
            f.null_return_path = true;
        });
        assert_eq!(classify(&facts), MailKind::FeedbackReport);
    }

    #[rstest]
    #[case(
        "Report Domain: acme.com Submitter: mx.example Report-ID: 7",
        MailKind::FeedbackReport
    )]
    #[case("Re: Report Domain: acme.com Submitter: mx.example", MailKind::Reply)]
    #[case("Report domain: which one?", MailKind::New)]
    fn tells_dmarc_reports(#[case] subject: &str, #[case] kind: MailKind) {
        assert_eq!(classify(&facts(subject)), kind);
    }
}
