//! The copy of a letter that one of its recipients gets: without what they have already, and without a
//! quote of what they never had.

use std::collections::HashSet;

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Context, automatic, enclose, locale,
    subscriptions::{self, Copy},
};
use crate::{
    domain::{
        effect::ItemKind,
        ids::{ContactId, LetterId, MailId},
        letter::{Entry, EntryBody, Language, SealedLetter, gather_reactions},
        outgoing::{Automatic, MailAction},
        sharing::Shared,
    },
    store::{
        Connection, StoreError, conversations, guests, last_mails,
        letters::{self, Item},
        places, shown,
    },
};

/// The letter as it stands now, for this recipient, and the events of the messages in it; `None` if
/// nothing is left that makes a letter.
pub async fn of(
    letter: LetterId,
    action: &MailAction,
    context: &Context,
) -> Result<Option<(SealedLetter, Vec<String>)>, StoreError> {
    let who = action.contact.map_or(Who::Unknown, Who::One);
    read(letter, action, who, context).await
}

/// All of the letter, as the largest of its copies is.
pub async fn whole(
    letter: LetterId,
    action: &MailAction,
    context: &Context,
) -> Result<Option<SealedLetter>, StoreError> {
    let everybodys = MailAction {
        contact: None,
        subscription: None,
        ..action.clone()
    };
    let found = read(letter, &everybodys, Who::Everybody, context).await?;
    Ok(found.map(|(letter, _)| letter))
}

async fn read(
    letter: LetterId,
    action: &MailAction,
    who: Who,
    context: &Context,
) -> Result<Option<(SealedLetter, Vec<String>)>, StoreError> {
    // As one: a file that is taken back between two looks would be named as one that is missing.
    let mut reading = context.store.snapshot().await?;
    let mut sealed = letters::sealed(&mut reading, letter).await?;
    let mut items = letters::items(&mut reading, letter).await?;
    if let Who::One(contact) = who {
        items.retain(|item| !item.had_by.contains(&contact));
    }
    if items.iter().all(|item| item.kind.rides()) && sealed.seal.automatic.is_none() {
        return Ok(None);
    }
    let copy = subscriptions::copy_for(&mut reading, action, &mut sealed.seal, context);
    let list = match copy.await? {
        Copy::Everybodys => None,
        Copy::Own(list) => Some(list),
        Copy::Nobodys => return Ok(None),
    };
    let found = conversations::find(&mut reading, sealed.conversation).await?;
    let (_, mailbox) = context.mailbox(found.as_ref().map_or("", |found| found.mailbox.as_str()));
    let events: Vec<String> = items.iter().map(|item| item.event.clone()).collect();
    let reader = Reader {
        who,
        gets: events.iter().cloned().collect(),
    };
    let seal = sealed.seal;
    let quote = match seal.quoted {
        Some(mail) if list.is_none() && reader.is_quoted(mail, &mut reading).await? => seal.quote,
        _ => None,
    };
    let zone = locale::time_zone(&seal.time_zone);
    let language = Language::from_tag(&seal.language).unwrap_or(mailbox.language);
    let mut entries = Vec::with_capacity(items.len());
    for mut item in items {
        reader
            .forget_what_they_never_had(&mut item, &mut reading)
            .await?;
        entries.push(entry(item, &zone, &mut reading, context).await?);
    }
    if let Some(automatic) = &seal.automatic {
        let name = found.as_ref().map_or("", |found| found.mailbox.as_str());
        let words = automatic::words(automatic, &action.recipient, name, language, context);
        entries.push(Entry {
            author: mailbox.name.clone(),
            at: zoned(sealed.sealed_at, &zone),
            quote: None,
            body: EntryBody::Text(words),
        });
    }
    let letter = SealedLetter {
        message_id: sealed.message_id,
        date: zoned(sealed.sealed_at, &zone),
        from: seal.from,
        reply_to: seal.reply_to,
        to: seal.to,
        cc: seal.cc,
        subject: seal.subject,
        in_reply_to: seal.in_reply_to,
        references: seal.references,
        entries: gather_reactions(entries),
        how_to: seal.how_to,
        readers: seal.readers,
        quote,
        footer: mailbox.footer.clone(),
        organisation: mailbox.name.clone(),
        look: mailbox.look.clone(),
        language,
        list,
        automatic: seal.automatic.as_ref().map(Automatic::why),
        utf8: !action.recipient.address.local_part().is_ascii(),
    };
    Ok(Some((letter, events)))
}

#[derive(Clone, Copy)]
enum Who {
    One(ContactId),
    /// In rows of earlier versions: nothing is known to be had by them.
    Unknown,
    /// All of them at once, to measure.
    Everybody,
}

struct Reader {
    who: Who,
    /// The events of the messages in this copy.
    gets: HashSet<String>,
}

impl Reader {
    /// Whether the mail stands below the copy: for whom has it, and doesn't read it above.
    async fn is_quoted(&self, mail: MailId, reading: &mut Connection) -> Result<bool, StoreError> {
        if last_mails::is_taken_back(reading, mail).await? {
            return Ok(false);
        }
        let events = shown::events_of(reading, mail).await?;
        if events.iter().any(|event| self.gets.contains(event)) {
            return Ok(false);
        }
        let contact = match self.who {
            Who::One(contact) => contact,
            Who::Unknown => return Ok(false),
            Who::Everybody => return Ok(true),
        };
        if guests::had(reading, mail).await?.contains(&contact) {
            return Ok(true);
        }
        for event in events {
            if places::has(reading, &event, contact).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// A message is repeated only to whom has it.
    async fn forget_what_they_never_had(
        &self,
        item: &mut Item,
        reading: &mut Connection,
    ) -> Result<(), StoreError> {
        if item.quote.is_none() && item.earlier.is_none() {
            return Ok(());
        }
        let repeated = item.reply_to.as_ref().or(item.about.as_ref());
        let has = match repeated {
            Some(event) => self.has(event, reading).await?,
            None => false,
        };
        if !has {
            item.quote = None;
            item.earlier = None;
        }
        Ok(())
    }

    async fn has(&self, event: &str, reading: &mut Connection) -> Result<bool, StoreError> {
        if self.gets.contains(event) {
            return Ok(true);
        }
        let contact = match self.who {
            Who::One(contact) => contact,
            Who::Unknown => return Ok(false),
            Who::Everybody => return Ok(true),
        };
        if places::has(reading, event, contact).await? {
            return Ok(true);
        }
        match shown::mail_of(reading, event).await?.first() {
            Some((_, mail, _)) => Ok(guests::had(reading, *mail).await?.contains(&contact)),
            None => Ok(false),
        }
    }
}

async fn entry(
    item: Item,
    zone: &TimeZone,
    reading: &mut Connection,
    context: &Context,
) -> Result<Entry, StoreError> {
    let words = item.words;
    let mut quote = item.quote;
    let body = match (item.kind, item.shared) {
        (ItemKind::Shared, Some(Shared::File(file))) => {
            let fate = item.fate.as_ref();
            let enclosed =
                enclose::enclosed(reading, &item.file_event, &file, fate, context).await?;
            let caption = Some(words).filter(|words| !words.body.is_empty());
            EntryBody::File {
                file,
                caption,
                enclosed,
            }
        }
        (ItemKind::Shared, Some(Shared::Place(place))) => EntryBody::Place(place),
        (ItemKind::Shared, Some(Shared::Poll(poll))) => EntryBody::Poll(poll),
        (ItemKind::Shared, Some(Shared::PollResult(result))) => EntryBody::PollResult(result),
        (ItemKind::Text, Some(Shared::Notes { notes })) => EntryBody::Mail { words, notes },
        (ItemKind::NotCarried, Some(Shared::Opaque { what, name })) => {
            EntryBody::NotCarried { what, name }
        }
        (ItemKind::Remark, Some(Shared::Change { change })) => EntryBody::Remark(change),
        (ItemKind::Emote, _) => EntryBody::Emote(words),
        (ItemKind::Correction, _) => EntryBody::Correct {
            earlier: item.earlier,
            words,
        },
        (ItemKind::Reaction, _) => EntryBody::React {
            sign: words.body,
            to: quote.take(),
        },
        (ItemKind::Text | ItemKind::Shared | ItemKind::NotCarried | ItemKind::Remark, _) => {
            EntryBody::Text(words)
        }
    };
    Ok(Entry {
        author: item.author,
        at: zoned(item.sent_at, zone),
        quote,
        body,
    })
}

fn zoned(millis: i64, zone: &TimeZone) -> jiff::Zoned {
    Timestamp::from_millisecond(millis)
        .unwrap_or_default()
        .to_zoned(zone.clone())
}
