//! Mails that Postroom writes by itself: each in answer to one that a person wrote, to them alone, once.
//!
//! Such a mail is a letter without messages, sealed as it is decided on, in the same transaction; it
//! goes the way of all letters. Whether a mail may be answered is for [`crate::domain::automatic`] to
//! say, and it says what it is (RFC 3834), so that no machine answers it. A new one is a variant of
//! [`Automatic`] and one of [`Kind`], what it says in `words`, and a function like [`confirm_leaving`].

use std::{collections::HashMap, time::Duration};

use super::{Context, lanes::Origin, locale, reply_to};
use crate::{
    config::Mailbox,
    content::subject,
    domain::{
        address::{EmailAddress, NamedAddress},
        automatic::Kind,
        event::Words,
        ids::{ContactId, ConversationId, MessageId, SubscriptionId},
        intake::Answer,
        letter::Language,
        outgoing::{Automatic, MailAction, Seal},
        wording::{answers as sentences, page as wording},
    },
    store::{
        Connection, StoreError, Tx, automatic, locales, outbox, requests,
        subscriptions::{self, Subscription},
    },
};

/// Since the last mail of the kind to the address.
pub async fn answered(
    connection: &mut Connection,
    kind: Kind,
    to: &EmailAddress,
    context: &Context,
) -> Result<Option<Duration>, StoreError> {
    let at = automatic::answered_at(connection, &kind.key(to)).await?;
    let ago = |at| u64::try_from(context.now_ms().saturating_sub(at)).unwrap_or_default();
    Ok(at.map(|at| Duration::from_millis(ago(at))))
}

/// Confirms that somebody leaves a broadcast by their mail `answered`. Nothing for who has left before.
pub async fn confirm_leaving(
    tx: &mut Tx,
    id: SubscriptionId,
    answered: Option<MessageId>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let found = subscriptions::find(tx.connection(), id).await?;
    let conversation = automatic::conversation_of(tx.connection(), id).await?;
    let (Some(found), Some(conversation)) = (found, conversation) else {
        return Ok(());
    };
    if found.ended_at.is_some() {
        return Ok(());
    }
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let language = locales::of_subscriber(tx.connection(), id).await?;
    let language = language.unwrap_or(mailbox.language);
    let locale = locale::of(tx.connection(), conversation, context).await?;
    let recipient = recipient(&found);
    let note = Note {
        conversation,
        kind: Kind::Left,
        reply_to: reply_to::of(tx.connection(), conversation, mailbox, context).await?,
        contact: Some(found.contact),
        subject: wording::left_title(language).to_owned(),
        answered,
        language,
        time_zone: locale.time_zone,
        says: Automatic::Left {
            token: context.keys.subscription_token(id.0, &found.salt()),
            list: found.subject,
        },
        recipient,
    };
    send(tx, note, mailbox, origin, context).await
}

/// Answers somebody whose mail belongs to no conversation. What they answer to that comes to the mailbox
/// itself.
pub async fn answer(
    tx: &mut Tx,
    answer: Answer,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let (_, mailbox) = context.mailbox(&answer.mailbox);
    let language = answer.language;
    let text = |texts: &HashMap<Language, String>| texts.get(&language).cloned();
    let says = match answer.kind {
        Kind::Acknowledged => Automatic::Acknowledged {
            text: text(&mailbox.intake.acknowledgement),
        },
        Kind::Rejected => Automatic::Rejected {
            text: text(&mailbox.intake.refusal),
        },
        // Written elsewhere.
        Kind::Left | Kind::Unusable | Kind::Server | Kind::Space => return Ok(()),
    };
    write(tx, answer, says, origin, context).await
}

/// The same with these words.
pub async fn write(
    tx: &mut Tx,
    answer: Answer,
    says: Automatic,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let (name, mailbox) = context.mailbox(&answer.mailbox);
    let note = Note {
        conversation: requests::desk(tx, name.as_str(), origin.now).await?,
        kind: answer.kind,
        reply_to: mailbox.address.clone(),
        contact: None,
        subject: subject::reply_to(&answer.subject),
        answered: answer.answered,
        language: answer.language,
        time_zone: mailbox.time_zone.clone().unwrap_or_default(),
        says,
        recipient: answer.to,
    };
    send(tx, note, mailbox, origin, context).await
}

/// A mail of ours on its way.
struct Note {
    conversation: ConversationId,
    kind: Kind,
    recipient: NamedAddress,
    contact: Option<ContactId>,
    reply_to: EmailAddress,
    subject: String,
    answered: Option<MessageId>,
    language: Language,
    time_zone: String,
    says: Automatic,
}

async fn send(
    tx: &mut Tx,
    note: Note,
    mailbox: &Mailbox,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let conversation = note.conversation;
    let letter = automatic::begin(tx, conversation, &origin.trace, origin.now).await?;
    let message_id = context
        .keys
        .message_id(letter, &context.chance.base32(8), mailbox.address.domain())
        .ok_or_else(|| {
            StoreError::Value("the mailbox's domain can't stand in a Message-ID".to_owned())
        })?;
    let recipient = note.recipient;
    let seal = Seal {
        from: NamedAddress {
            name: Some(mailbox.name.clone()),
            address: mailbox.address.clone(),
        },
        reply_to: note.reply_to,
        to: vec![recipient.clone()],
        cc: Vec::new(),
        subject: note.subject,
        references: note.answered.iter().cloned().collect(),
        in_reply_to: note.answered,
        how_to: false,
        readers: Vec::new(),
        quote: None,
        quoted: None,
        language: note.language.tag().to_owned(),
        time_zone: note.time_zone,
        list: None,
        automatic: Some(note.says),
    };
    automatic::fix(tx, letter, &message_id, &seal).await?;
    let key = note.kind.key(&recipient.address);
    automatic::note_answer(tx, &key, origin.now).await?;
    let row = outbox::NewRow {
        way: outbox::Way::Mail,
        lane: format!("mail:{conversation}:{}", recipient.address.key()),
        effect_id: context.new_effect_id(),
        payload: serde_json::to_string(&MailAction {
            recipient,
            contact: note.contact,
            subscription: None,
        })?,
        letter: Some(letter),
        trace: origin.trace.clone(),
    };
    outbox::enqueue(tx, &row, origin.now).await
}

fn recipient(found: &Subscription) -> NamedAddress {
    let name = (found.name != found.address.local_part()).then(|| found.name.clone());
    NamedAddress {
        name,
        address: found.address.clone(),
    }
}

/// What the mail to `to` says, of the mailbox of this name.
pub fn words(
    automatic: &Automatic,
    to: &NamedAddress,
    mailbox: &str,
    language: Language,
    context: &Context,
) -> Words {
    let says = |text: &Option<String>, usual: &dyn Fn(&Mailbox) -> String| {
        let (_, mailbox) = context.mailbox(mailbox);
        text.clone().unwrap_or_else(|| usual(mailbox))
    };
    let body = match automatic {
        Automatic::Left { token, list } => {
            let public = context.public.as_ref();
            let stay = public.map(|public| public.page(&format!("stay/{token}")));
            let left = wording::left(to.address.as_str(), list, stay.is_some(), language);
            match stay {
                Some(url) => format!("{left}\n\n{}: {url}", wording::come_back(language)),
                None => left,
            }
        }
        Automatic::Acknowledged { text } => says(text, &|mailbox| {
            sentences::acknowledged(&mailbox.name, language)
        }),
        Automatic::Rejected { text } => says(text, &|mailbox| {
            sentences::rejected(&mailbox.name, mailbox.address.as_str(), language)
        }),
        Automatic::Said { text, .. } => text.clone(),
    };
    Words { body, html: None }
}
