//! Mails that Postroom writes by itself: each in answer to one that a person wrote, to them alone, once.
//!
//! Such a mail is a letter without messages, sealed as it is decided on, in the same transaction; it
//! goes the way of all letters. Whether a mail may be answered is for [`crate::domain::automatic`] to
//! say, and it says what it is (RFC 3834), so that no machine answers it. A new one is a variant of
//! [`Automatic`] and one of [`Kind`], what it says in `words`, and a function like [`confirm_leaving`].

use std::time::Duration;

use super::{Context, lanes::Origin, locale, reply_to};
use crate::{
    domain::{
        address::{EmailAddress, NamedAddress},
        automatic::Kind,
        event::Words,
        ids::{MessageId, SubscriptionId},
        letter::Language,
        outgoing::{Automatic, MailAction, Seal},
        wording::page as wording,
    },
    store::{
        Connection, StoreError, Tx, automatic, locales, outbox,
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
    let letter = automatic::begin(tx, conversation, &origin.trace, origin.now).await?;
    let message_id = context
        .keys
        .message_id(letter, &context.chance.base32(8), mailbox.address.domain())
        .ok_or_else(|| {
            StoreError::Value("the mailbox's domain can't stand in a Message-ID".to_owned())
        })?;
    let recipient = recipient(&found);
    let seal = Seal {
        from: NamedAddress {
            name: Some(mailbox.name.clone()),
            address: mailbox.address.clone(),
        },
        reply_to: reply_to::of(tx.connection(), conversation, mailbox, context).await?,
        to: vec![recipient.clone()],
        cc: Vec::new(),
        subject: wording::left_title(language).to_owned(),
        references: answered.iter().cloned().collect(),
        in_reply_to: answered,
        how_to: false,
        readers: Vec::new(),
        quote: None,
        quoted: None,
        language: language.tag().to_owned(),
        time_zone: locale.time_zone,
        list: None,
        automatic: Some(Automatic::Left {
            token: context.keys.subscription_token(id.0, &found.salt()),
            list: found.subject,
        }),
    };
    automatic::fix(tx, letter, &message_id, &seal).await?;
    let key = Kind::Left.key(&recipient.address);
    automatic::note_answer(tx, &key, origin.now).await?;
    let row = outbox::NewRow {
        way: outbox::Way::Mail,
        lane: format!("mail:{conversation}:{}", recipient.address.key()),
        effect_id: context.new_effect_id(),
        payload: serde_json::to_string(&MailAction {
            recipient,
            contact: Some(found.contact),
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

/// What the mail to `to` says.
pub fn words(
    automatic: &Automatic,
    to: &NamedAddress,
    language: Language,
    context: &Context,
) -> Words {
    let (token, list) = match automatic {
        Automatic::Left { token, list } => (token, list),
        Automatic::Said { text, .. } => {
            let body = text.clone();
            return Words { body, html: None };
        }
    };
    let public = context.public.as_ref();
    let stay = public.map(|public| public.page(&format!("stay/{token}")));
    let left = wording::left(to.address.as_str(), list, stay.is_some(), language);
    let body = match stay {
        Some(url) => format!("{left}\n\n{}: {url}", wording::come_back(language)),
        None => left,
    };
    Words { body, html: None }
}
