//! In which language, and by which clock, a conversation's letters are written.

use jiff::{Timestamp, tz::TimeZone};

use super::Context;
use crate::{
    config::Mailbox,
    content::language,
    domain::{
        facts::{LocaleFacts, LocaleSource},
        ids::{ConversationId, CustomerId, MailId},
        incoming::{IncomingMail, MailKind},
        letter::Language,
    },
    store::{Connection, StoreError, Tx, conversations, locales, rooms},
};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locale {
    pub language: Language,
    /// A name of the time zone database or an offset such as `+02:00`; empty for the system's.
    pub time_zone: String,
}

/// The customer's own, else as in their last mail, else the mailbox's.
pub async fn of(
    connection: &mut Connection,
    conversation: ConversationId,
    context: &Context,
) -> Result<Locale, StoreError> {
    let found = explained(connection, conversation, context).await?;
    Ok(Locale {
        language: found.language,
        time_zone: found.time_zone,
    })
}

/// The same with who says so.
pub async fn explained(
    connection: &mut Connection,
    conversation: ConversationId,
    context: &Context,
) -> Result<LocaleFacts, StoreError> {
    let found = conversations::find(connection, conversation).await?;
    let (_, mailbox) = context.mailbox(found.as_ref().map_or("", |found| found.mailbox.as_str()));
    let Some(own) = locales::of_customer(connection, conversation).await? else {
        return Err(StoreError::Value(format!(
            "conversation {conversation} has no customer"
        )));
    };
    let mut seen = locales::of_members(connection, conversation).await?;

    // What we can't write in is as good as not known.
    let set = Language::from_tag(&own.language);
    seen.sort_by_key(|seen| std::cmp::Reverse(seen.language_mail));
    let mailed = || {
        seen.iter()
            .find_map(|seen| Language::from_tag(&seen.language))
    };
    let (language, language_by) = set
        .map(|language| (language, LocaleSource::Staff))
        .or_else(|| mailed().map(|language| (language, LocaleSource::Mail)))
        .unwrap_or((mailbox.language, LocaleSource::Mailbox));

    let set = Some(&own.time_zone).filter(|zone| !zone.is_empty());
    let told = seen.iter().filter(|seen| !seen.time_zone.is_empty());
    let mailed = told.max_by_key(|seen| seen.time_zone_mail);
    let (time_zone, time_zone_by) = set
        .map(|zone| (zone.clone(), LocaleSource::Staff))
        .or_else(|| mailed.map(|seen| (seen.time_zone.clone(), LocaleSource::Mail)))
        .unwrap_or_else(|| {
            let zone = mailbox.time_zone.clone().unwrap_or_default();
            (zone, LocaleSource::Mailbox)
        });
    Ok(LocaleFacts {
        customer: CustomerId(own.id),
        language,
        language_by,
        time_zone,
        time_zone_by,
    })
}

/// Notes what a mail that was posted in `conversation` says of its sender. What it doesn't say stays as
/// it was.
pub async fn remember(
    tx: &mut Tx,
    id: MailId,
    mail: &IncomingMail,
    conversation: ConversationId,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(from) = &mail.from else {
        return Ok(());
    };
    // In a forwarded mail others speak, and where there are no words we do.
    if mail.kind != MailKind::Forward
        && !mail.is_told
        && let Some(tag) = language::detect(&mail.text)
    {
        locales::remember_language(tx, &from.address, tag, id).await?;
    }
    let Some((at, offset)) = mail.date.as_deref().and_then(sent_at) else {
        return Ok(());
    };
    let found = conversations::find(tx.connection(), conversation).await?;
    let (_, mailbox) = context.mailbox(found.as_ref().map_or("", |found| found.mailbox.as_str()));
    let ours = of_mailbox(mailbox);
    // Who has the mailbox's clock most likely lives by it, in summer and in winter.
    let our_offset = at.to_zoned(ours.clone()).strftime("%:z").to_string();
    let zone = match ours.iana_name() {
        Some(name) if our_offset == offset => name.to_owned(),
        _ => offset,
    };
    locales::remember_zone(tx, &from.address, &zone, id).await
}

/// When a mail was sent, and by how much its sender's clock differs from UTC: `+02:00`. `None` where it
/// doesn't say, or says UTC, which many servers write whose users live elsewhere.
fn sent_at(date: &str) -> Option<(Timestamp, String)> {
    let at = date.parse::<Timestamp>().ok()?;
    let (_, offset) = date.split_at_checked(date.len().checked_sub("+00:00".len())?)?;
    let is_told = offset.starts_with(['+', '-']) && !offset.ends_with("00:00");
    is_told.then(|| (at, offset.to_owned()))
}

/// The zone of this name or offset; the system's where there is no such zone.
pub fn time_zone(name: &str) -> TimeZone {
    known_zone(name).unwrap_or_else(TimeZone::system)
}

/// The zone of this name or offset.
pub fn known_zone(name: &str) -> Option<TimeZone> {
    let offset = || {
        let parsed = jiff::fmt::strtime::parse("%:z", name).ok()?;
        parsed.offset().map(TimeZone::fixed)
    };
    TimeZone::get(name).ok().or_else(offset)
}

pub fn of_mailbox(mailbox: &Mailbox) -> TimeZone {
    time_zone(mailbox.time_zone.as_deref().unwrap_or_default())
}

/// The zone of the mailbox to which a room belongs: that of its staff.
pub async fn of_room(
    connection: &mut Connection,
    room: &str,
    context: &Context,
) -> Result<TimeZone, StoreError> {
    let known = rooms::find(connection, room).await?;
    let (_, mailbox) = context.mailbox(known.as_ref().map_or("", |room| room.mailbox.as_str()));
    Ok(of_mailbox(mailbox))
}
