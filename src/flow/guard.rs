//! What the guard needs to know, and what it does: [`crate::domain::guard`] decides.

use std::{collections::HashMap, sync::Arc};

use ruma::OwnedRoomId;

use super::{Context, audience, lanes, lanes::Origin, notices, read::Read};
use crate::{
    domain::{
        facts::MailFacts,
        flood::{Measure, Scope, Tally},
        guard::{self, GuardFacts},
        ids::{ConversationId, MailId},
        incoming::IncomingMail,
        senders::{self, List, Listing, Lookup},
        wording::guard as wording,
    },
    mail::clamd::Finding,
    store::{
        Connection, StoreError, Tx, conversations, floods,
        mails::{self, MailState},
        senders as lists,
    },
};

/// While the virus scanner is away mail waits: says if this one does.
pub async fn waits_for_scanner(
    tx: &mut Tx,
    read: &Read,
    origin: &Origin,
    context: &Context,
) -> Result<bool, StoreError> {
    let now = origin.now;
    let Some(Finding::Away(reason)) = &read.looked.finding else {
        let was_asked = read.looked.finding.is_some();
        if was_asked && floods::end_outage(tx, SCANNER, now).await? {
            lanes::report(tx, &wording::scanner_is_back(), origin, context).await?;
        }
        return Ok(false);
    };
    if !mails::finish(tx, read.id, MailState::Kept, "unscanned", "", "", "").await? {
        return Ok(true);
    }
    let again = now.saturating_add(SCANNED_AGAIN_AFTER);
    floods::postpone(tx, read.id, SCANNER, again).await?;
    let (began_at, told_at) = floods::outage(tx, SCANNER, now).await?;
    if told_at == 0 && now.saturating_sub(began_at) >= TOLD_AFTER {
        floods::set_outage_told(tx, SCANNER, now).await?;
        let waiting = floods::queued(tx.connection(), SCANNER).await?;
        lanes::report(
            tx,
            &wording::scanner_is_away(reason, waiting),
            origin,
            context,
        )
        .await?;
    }
    Ok(true)
}

/// Under which mails wait for the scanner.
const SCANNER: &str = "clamd";
const SCANNED_AGAIN_AFTER: i64 = 30_000;
/// A scanner that loads its database is away for a minute or two.
const TOLD_AFTER: i64 = 10 * 60_000;

/// What the guard needs to know of a mail.
pub async fn facts(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    facts: &MailFacts,
    context: &Context,
) -> Result<GuardFacts, StoreError> {
    let mut rhythms = Vec::new();
    let from = mail.from.as_ref().filter(|_| context.guard.loops);
    if let Some(from) = from {
        for route in facts.routes.iter().filter(|route| route.member.is_some()) {
            let address = from.address.key();
            let rhythm = floods::rhythm(connection, route.conversation, address).await?;
            rhythms.push((route.conversation, rhythm));
        }
    }
    let now = context.now_ms();
    Ok(GuardFacts {
        now,
        received_at: mails::received_at(connection, read.id)
            .await?
            .unwrap_or(now),
        limits: context.guard.limits.clone(),
        spam: context.guard.spam,
        marks: read.looked.marks.clone(),
        listing: listing(connection, mail, read, context).await?,
        shown: tallies(connection, guard::scopes_of_shown(mail, facts), read.id).await?,
        unknown: tallies(connection, guard::scopes_of_unknown(mail), read.id).await?,
        spam_told: tallies(
            connection,
            guard::scopes_of_spam(facts, &read.looked.marks),
            read.id,
        )
        .await?,
        rhythms,
    })
}

async fn tallies(
    connection: &mut Connection,
    scopes: Vec<Scope>,
    mail: MailId,
) -> Result<Vec<Tally>, StoreError> {
    let mut tallies = Vec::with_capacity(scopes.len());
    for scope in scopes {
        tallies.push(floods::tally(connection, scope, mail).await?);
    }
    Ok(tallies)
}

async fn listing(
    connection: &mut Connection,
    mail: &IncomingMail,
    read: &Read,
    context: &Context,
) -> Result<Option<Listing>, StoreError> {
    let Some(from) = &mail.from else {
        return Ok(None);
    };
    let fitting = senders::fitting(&from.address);
    let mut by_staff: HashMap<&str, List> = HashMap::new();
    for pattern in &fitting {
        if let Some(list) = lists::find(connection, pattern).await? {
            by_staff.insert(pattern, list);
        }
    }
    let (_, mailbox) = context.mailbox_to(&read.recipients);
    let of_mailbox = |pattern: &str| mailbox.senders.get(pattern);
    let of_all = |pattern: &str| context.senders.get(pattern);
    let of_staff = |pattern: &str| by_staff.get(pattern).copied();
    let lists: &[Lookup<'_>] = &[&of_mailbox, &of_all, &of_staff];
    Ok(senders::listing(&fitting, lists))
}

/// Until when the conversation's next letter has to wait, as too many have gone; staff are told once a
/// day.
pub async fn letter_waits(
    tx: &mut Tx,
    conversation: ConversationId,
    origin: &Origin,
    context: &Context,
) -> Result<Option<i64>, StoreError> {
    let (limits, now) = (&context.guard.limits, origin.now);
    let scope = Scope::Letters(conversation);
    let tally = floods::tally(tx.connection(), scope, MailId(0)).await?;
    let Some(until) = tally.wait(limits, now) else {
        return Ok(None);
    };
    if tally.is_news(now) {
        floods::set_told(tx, &tally.scope, now).await?;
        let text = wording::too_many(&tally.scope, limits, guard::minutes(until, now));
        let found = conversations::find(tx.connection(), conversation).await?;
        let room = found.and_then(|found| OwnedRoomId::try_from(found.room_id).ok());
        tell(tx, room, &text, origin, context).await?;
    }
    Ok(Some(until))
}

/// How many minutes the conversation's next letter has to wait, if too many have gone.
pub async fn minutes_until_next_letter(
    connection: &mut Connection,
    conversation: ConversationId,
    context: &Context,
) -> Result<Option<i64>, StoreError> {
    let tally = floods::tally(connection, Scope::Letters(conversation), MailId(0)).await?;
    let now = context.now_ms();
    let until = tally.wait(&context.guard.limits, now);
    Ok(until.map(|until| guard::minutes(until, now)))
}

async fn tell(
    tx: &mut Tx,
    room: Option<OwnedRoomId>,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match room {
        Some(room) => audience::tell_staff(tx, room, text, origin, context).await,
        None => lanes::report(tx, text, origin, context).await,
    }
}

/// Writes down what is known of a mail besides what it says.
pub async fn remember(tx: &mut Tx, read: &Read) -> Result<(), StoreError> {
    match read.looked.malware() {
        Some(name) => floods::set_infected(tx, read.id, name).await,
        None => Ok(()),
    }
}

/// Does what the guard wants.
pub async fn apply(
    tx: &mut Tx,
    measure: Measure,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let now = origin.now;
    match measure {
        Measure::Count(scopes) => {
            for scope in scopes {
                let window = context.guard.limits.window_of(&scope);
                floods::count(tx, &scope, window, now).await?;
            }
            Ok(())
        }
        Measure::Postpone {
            mail,
            scope,
            until,
            is_news,
        } => {
            if is_news {
                floods::set_told(tx, &scope, now).await?;
            }
            floods::postpone(tx, mail, &scope.key(), until).await
        }
        Measure::RememberRhythm {
            conversation,
            address,
            rhythm,
        } => floods::remember_rhythm(tx, conversation, &address, &rhythm).await,
        Measure::SetTold(scope) => floods::set_told(tx, &scope, now).await,
        Measure::CountBlocked { pattern } => lists::count_blocked(tx, &pattern, now).await,
        Measure::RememberJunk { mail, from, why } => {
            lists::remember_junk(tx, mail, &from, &why, now).await
        }
        Measure::ListSender { pattern, list, by } => {
            lists::set(tx, &pattern, list, by.as_str(), now).await?;
            floods::look_again(tx, now).await
        }
        Measure::Notice { stream, text } => notices::tell(tx, stream, &text, origin, context).await,
        Measure::Tell { room, text } => tell(tx, room, &text, origin, context).await,
    }
}

/// What time brings: mails that wait go on, and staff are told of the day's spam and of what was only
/// counted. When there is next something to do.
pub async fn keep_up(context: &Arc<Context>) -> Result<Option<i64>, StoreError> {
    let now = context.now_ms();
    let mut reading = context.store.read().await?;
    let due = floods::due(&mut reading, now, AT_ONCE).await?;
    let junk = lists::oldest_junk(&mut reading).await?;
    let junk_at = junk.map(|oldest| oldest.saturating_add(JUNK_TOLD_AFTER));
    let is_full = due.len() == usize::try_from(AT_ONCE).unwrap_or_default();
    drop(reading);
    if !due.is_empty() {
        context
            .store
            .write(move |tx| Box::pin(async move { floods::resume(tx, &due).await }))
            .await?;
    }
    if junk_at.is_some_and(|at| at <= now) {
        tell_of_junk(now, context).await?;
    }
    let noticed = notices::keep_up(context).await?;
    let next = floods::next_due(&mut context.store.read().await?).await?;
    let junk_at = junk_at.filter(|at| *at > now);
    Ok(if is_full {
        Some(now)
    } else {
        next.into_iter().chain(junk_at).chain(noticed).min()
    })
}

async fn tell_of_junk(now: i64, context: &Arc<Context>) -> Result<(), StoreError> {
    let context = Arc::clone(context);
    let store = context.store.clone();
    store
        .write(move |tx| {
            Box::pin(async move {
                let (count, senders) = lists::tell_of_junk(tx, MOST_TOLD).await?;
                let count = usize::try_from(count).unwrap_or_default();
                let origin = Origin::without_event(context.new_effect_id(), now);
                lanes::report(tx, &wording::junk(count, &senders), &origin, &context).await
            })
        })
        .await
}

/// Most mails that go on in one step.
const AT_ONCE: i64 = 200;
const JUNK_TOLD_AFTER: i64 = 24 * 60 * 60_000;
/// Senders of spam that are named.
const MOST_TOLD: i64 = 10;
