//! What people on their way to Matrix get by mail: each a letter without messages, sealed as it is
//! decided on, in the thread of their conversation.

use ruma::{OwnedRoomId, OwnedUserId};

use super::super::{
    Context, automatic::answered as answered_before, lanes::Origin, locale, reply_to, settings,
};
use crate::{
    config::Mailbox,
    domain::{
        address::NamedAddress,
        automatic::{AGAIN_AFTER, Kind},
        ids::{ContactId, ConversationId, MessageId},
        letter::Language,
        onboarding::{Door, NotNow},
        outgoing::{Automatic, MailAction, Seal},
        threading,
        wording::onboarding as wording,
    },
    store::{
        Connection, StoreError, Tx, automatic as stored_letters,
        conversations::{self, Conversation, Direction},
        lives, onboarding as stored, outbox, people, rooms,
    },
};

/// These have become customers of the conversation: who has had no welcome mail of its mailbox gets one,
/// if that is wanted.
pub async fn welcome_newcomers(
    tx: &mut Tx,
    conversation: ConversationId,
    contacts: &[ContactId],
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if !context.onboarding.welcome {
        return Ok(());
    }
    let Some(found) = conversations::find(tx.connection(), conversation).await? else {
        return Ok(());
    };
    // Who reads a broadcast takes no part in a chat.
    let settings = settings::of_room(tx.connection(), &found.room_id, context).await?;
    if settings.broadcast {
        return Ok(());
    }
    let mut new = Vec::new();
    for contact in contacts {
        if !stored::was_welcomed(tx.connection(), *contact, &found.mailbox).await? {
            new.push(*contact);
        }
    }
    welcome(tx, conversation, &new, origin, context).await
}

/// These get the welcome mail, whether they have had one or not.
pub async fn welcome(
    tx: &mut Tx,
    conversation: ConversationId,
    contacts: &[ContactId],
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let found = conversations::find(tx.connection(), conversation).await?;
    let Some(found) = found.filter(|_| !contacts.is_empty()) else {
        return Ok(());
    };
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let language = locale::of(tx.connection(), conversation, context)
        .await?
        .language;
    let text = guide(tx.connection(), &found, mailbox, language, context).await?;
    for contact in contacts {
        stored::welcome(tx, *contact, &found.mailbox, origin.now).await?;
    }
    let mail = Mail {
        text,
        to: contacts,
        answered: None,
        is_answer: false,
    };
    post(tx, conversation, mail, origin, context).await
}

/// The text of the welcome mail.
async fn guide(
    connection: &mut Connection,
    found: &Conversation,
    mailbox: &Mailbox,
    language: Language,
    context: &Context,
) -> Result<String, StoreError> {
    let known = rooms::find(connection, &found.room_id).await?;
    let room = known.map(|known| known.name).unwrap_or_default();
    let (rule, _) = stored::access(connection, &found.room_id).await?;
    let alias = lives::find(connection, &found.room_id).await?.alias;
    let servers = servers(connection, context).await?;
    let said = wording::Welcome {
        organisation: &mailbox.name,
        room: &room,
        door: Door::of_word(&rule),
        link: &link(&found.room_id, &alias, context),
        servers: &servers,
    };
    Ok(match mailbox.welcome.of(language) {
        Some(own) => {
            let join = wording::how_to_join(&said, language);
            own.fill(&mailbox.name, &room, &join)
        }
        None => wording::welcome(&said, language),
    })
}

/// From where people may be invited; none: from everywhere.
async fn servers(
    connection: &mut Connection,
    context: &Context,
) -> Result<Vec<String>, StoreError> {
    let configured = context.onboarding.allowed_servers.iter();
    let mut servers: Vec<String> = configured.map(|it| it.as_str().to_owned()).collect();
    if servers.is_empty() {
        return Ok(servers);
    }
    for (server, _) in stored::allowed_servers(connection).await? {
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    Ok(servers)
}

/// To the room, for any client (spec appendix "matrix.to navigation").
fn link(room: &str, alias: &str, context: &Context) -> String {
    let server = &context.server_name;
    match alias.strip_prefix('#') {
        Some(alias) => format!("https://matrix.to/#/%23{alias}"),
        None => format!("https://matrix.to/#/{room}?via={server}"),
    }
}

/// They have come in: the last mail.
pub async fn last(
    tx: &mut Tx,
    (room, contact, user): (&OwnedRoomId, ContactId, &OwnedUserId),
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let place = stored::main_place(tx.connection(), room.as_str(), contact).await?;
    let Some(conversation) = place else {
        return Ok(());
    };
    let language = locale::of(tx.connection(), conversation, context)
        .await?
        .language;
    let alias = lives::find(tx.connection(), room.as_str()).await?.alias;
    let link = link(room.as_str(), &alias, context);
    let answered = conversations::newest_mail(tx.connection(), conversation).await?;
    let mail = Mail {
        text: wording::last_mail(user, &link, language),
        to: &[contact],
        answered,
        is_answer: false,
    };
    post(tx, conversation, mail, origin, context).await
}

/// Answers somebody's mail by what is wrong with the id in it.
pub async fn explain(
    tx: &mut Tx,
    (conversation, contact): (ConversationId, ContactId),
    answered: Option<MessageId>,
    why: &NotNow,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let language = locale::of(tx.connection(), conversation, context)
        .await?
        .language;
    let (kind, text) = match why {
        NotNow::Unusable(why) => {
            let servers = servers(tx.connection(), context).await?;
            (Kind::Unusable, wording::unusable(why, &servers, language))
        }
        NotNow::Server(server) => (Kind::Server, wording::server_asked(server, language)),
    };
    let known = people::contact(tx.connection(), contact).await?;
    // A mail that leads to several conversations is answered in one.
    let before = answered_before(tx.connection(), kind, &known.address, context).await?;
    if before.is_some_and(|ago| ago < AGAIN_AFTER) {
        return Ok(());
    }
    stored_letters::note_answer(tx, &kind.key(&known.address), origin.now).await?;
    let mail = Mail {
        text,
        to: &[contact],
        answered,
        is_answer: true,
    };
    post(tx, conversation, mail, origin, context).await
}

struct Mail<'a> {
    text: String,
    to: &'a [ContactId],
    answered: Option<MessageId>,
    /// To a mail of theirs.
    is_answer: bool,
}

/// Puts a mail into the outbox, one row for each recipient, behind what goes to them already.
async fn post(
    tx: &mut Tx,
    conversation: ConversationId,
    mail: Mail<'_>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let Some(found) = conversations::find(tx.connection(), conversation).await? else {
        return Ok(());
    };
    let (_, mailbox) = context.mailbox(&found.mailbox);
    let mut recipients = Vec::with_capacity(mail.to.len());
    for contact in mail.to {
        let known = people::contact(tx.connection(), *contact).await?;
        let name = Some(known.name).filter(|name| !name.is_empty());
        let address = known.address;
        recipients.push((*contact, NamedAddress { name, address }));
    }
    let chain = conversations::chain(tx.connection(), conversation).await?;
    let threading = threading::of_letter(&found.subject, &chain, mail.answered.as_ref());
    let locale = locale::of(tx.connection(), conversation, context).await?;
    let letter = stored_letters::begin(tx, conversation, &origin.trace, origin.now).await?;
    let message_id = context
        .keys
        .message_id(letter, &context.chance.base32(8), mailbox.address.domain())
        .ok_or_else(|| {
            StoreError::Value("the mailbox's domain can't stand in a Message-ID".to_owned())
        })?;
    let seal = Seal {
        from: NamedAddress {
            name: Some(mailbox.name.clone()),
            address: mailbox.address.clone(),
        },
        reply_to: reply_to::of(tx.connection(), conversation, mailbox, context).await?,
        to: recipients.iter().map(|(_, named)| named.clone()).collect(),
        cc: Vec::new(),
        subject: threading.subject,
        in_reply_to: threading.in_reply_to,
        references: threading.references,
        how_to: false,
        readers: Vec::new(),
        quote: None,
        quoted: None,
        language: locale.language.tag().to_owned(),
        time_zone: locale.time_zone,
        list: None,
        automatic: Some(Automatic::Said {
            text: mail.text,
            is_answer: mail.is_answer,
        }),
    };
    stored_letters::fix(tx, letter, &message_id, &seal).await?;
    conversations::extend_chain(tx, conversation, &message_id, Direction::Out).await?;
    conversations::tie(tx, conversation, &threading.tied).await?;
    for (contact, recipient) in recipients {
        let row = outbox::NewRow {
            way: outbox::Way::Mail,
            lane: format!("mail:{conversation}:{}", recipient.address.key()),
            effect_id: context.new_effect_id(),
            payload: serde_json::to_string(&MailAction {
                recipient,
                contact: Some(contact),
                subscription: None,
            })?,
            letter: Some(letter),
            trace: origin.trace.clone(),
        };
        outbox::enqueue(tx, &row, origin.now).await?;
    }
    Ok(())
}
