//! What follows from a message: a command, a note, or words and things for everybody in the room.

use ruma::OwnedEventId;

use super::life;
use super::parts::{is_hushed, is_unreadable, item, keep_inside, said, say, stays_inside};
use crate::domain::{
    command::Command,
    effect::{Effect, LetterItem},
    event::{Content, Relation, RoomEvent},
    facts::{ConversationFacts, EventFacts, PersonFacts, Role},
    ids::ConversationId,
    sharing::Shared,
    wording,
};

pub(super) fn on_message(
    event: &RoomEvent,
    content: &Content,
    relation: &Relation,
    facts: &EventFacts,
) -> Vec<Effect> {
    if facts.room.encrypted && is_unreadable(content) {
        return life::on_unreadable(event, facts);
    }
    let is_notice = matches!(content, Content::Notice(_));
    if is_notice && !is_relayed_notice(event, content, facts) {
        return Vec::new();
    }
    // A mail that says `!email …` is a mail.
    if matches!(facts.sender_role, Role::Staff | Role::Visitor) {
        let words = content.words();
        if let Some(command) = words.and_then(Command::read) {
            let mut effects = vec![Effect::MarkInternal {
                event: event.id.clone(),
            }];
            if facts.sender_role == Role::Staff {
                effects.extend(command.apply(event, facts));
                if matches!(command, Command::Note(Ok(_))) {
                    effects.extend(life::warn_of_readers(event, facts));
                }
            } else {
                effects.push(say(event, wording::staff_only()));
            }
            return effects;
        }
        let hangs_on_internal = facts.target.as_ref().is_some_and(|it| it.internal);
        let became_a_note = facts.past.edited.as_ref().is_some_and(stays_inside);
        if hangs_on_internal || became_a_note || stays_inside(content) {
            let mut effects = keep_inside(event, &event.id).to_vec();
            if stays_inside(content) {
                effects.extend(life::warn_of_readers(event, facts));
            }
            return effects;
        }
    }
    let content = facts.past.edited.as_ref().unwrap_or(content);
    let mut effects = write(event, content, relation, facts);
    if !effects.is_empty()
        && !matches!(facts.sender_role, Role::Ghost(_))
        && let Some(text) = missing(content)
    {
        effects.push(say(event, text));
    }
    effects
}

/// What other machines say goes to customers only where that is wanted; what bridges say, never. They
/// command nothing.
fn is_relayed_notice(event: &RoomEvent, content: &Content, facts: &EventFacts) -> bool {
    facts.room.settings.notices
        && !event.sender.localpart().starts_with('_')
        && content
            .words()
            .is_none_or(|words| Command::read(words).is_none())
}

/// What the author is told if the letter can only name it.
fn missing(content: &Content) -> Option<String> {
    match content {
        Content::Shared {
            shared: Shared::File(file),
            ..
        } if file.source.is_none() => Some(wording::not_fetched(file)),
        Content::Opaque { what, name } => Some(wording::not_carried(*what, name)),
        _ => None,
    }
}

/// The message goes to everybody in the room but those who have it already: who wrote it, and, of a
/// mail, to whom it went as well; each in the conversation that the thread is with them.
fn write(
    event: &RoomEvent,
    content: &Content,
    relation: &Relation,
    facts: &EventFacts,
) -> Vec<Effect> {
    if is_hushed(facts) {
        return Vec::new();
    }
    let had = match facts.sender_role {
        Role::Ghost(author) => [&[author], facts.had.as_slice()].concat(),
        // Nobody gets back by mail what they have written in Matrix.
        Role::Staff | Role::Visitor => facts.details.onboarding.own.clone(),
        Role::Bot | Role::NobodysGhost => return Vec::new(),
    };
    let (kind, said) = said(content);
    let lacks = |person: &PersonFacts| !had.contains(&person.contact) && person.moved.is_none();
    let item = |conversation: Option<&ConversationFacts>| LetterItem {
        shared: said.shared.clone(),
        quote: conversation.and_then(|it| quote(relation, it.id, facts)),
        reply_to: relation.reply_to.clone(),
        thread_root: relation.thread_root.clone(),
        had_by: had.clone(),
        ..item(event, kind, &said.words, facts)
    };
    let own_thread = |main: &ConversationFacts| {
        let root = relation.thread_root.as_ref()?;
        // One that began anew in a room that replaces another has a mail for its root.
        let is_known = facts.room.thread(root, main.customer).is_some();
        (is_known || !facts.past.thread.contains(&main.id)).then_some(root)
    };
    facts
        .room
        .mains()
        .filter_map(|main| match own_thread(main) {
            Some(root) => {
                let thread = facts.room.thread(root, main.customer);
                // Guests of the room's own conversation aren't the thread's.
                let lack = match thread {
                    Some(thread) => thread.people.iter().any(lacks),
                    None => main.people.iter().any(|one| !one.is_guest && lacks(one)),
                };
                lack.then(|| Effect::WriteInThread {
                    room: event.room.clone(),
                    customer: main.customer,
                    main: main.id,
                    thread_root: root.clone(),
                    item: item(thread),
                })
            }
            None => main.people.iter().any(lacks).then(|| Effect::Write {
                conversation: main.id,
                item: item(Some(main)),
            }),
        })
        .collect()
}

/// The beginning of the message replied to, if that had gone to or come from this very
/// conversation: nobody reads what others were told.
fn quote(relation: &Relation, conversation: ConversationId, facts: &EventFacts) -> Option<String> {
    let target = facts.target.as_ref()?;
    let replied_to: Option<&OwnedEventId> = relation.reply_to.as_ref();
    // Who reads a broadcast learns nothing of what the others write.
    let is_anothers = facts.room.settings.broadcast && target.mail.is_some();
    if replied_to != Some(&target.event) || is_anothers {
        return None;
    }
    let placement = target
        .placed
        .iter()
        .find(|placed| placed.conversation == conversation)?;
    (!placement.excerpt.is_empty()).then(|| placement.excerpt.clone())
}
