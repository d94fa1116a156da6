//! Writes the effects of a decision. What leaves the machine becomes rows of the outbox, in the same
//! transaction.

use ruma::{OwnedEventId, OwnedRoomId, UserId};

use super::{
    Context, amend, answers, auto_replies, automatic, bounces, customers, desk, files, guard,
    guests,
    guests::{CopiedIn, Notice},
    held::{self, Asked},
    intake,
    lanes::{Origin, enqueue, make_offer, report, say, send},
    lives, onboarding, policies, settings,
    showing::{contact_of, post_mail, show, show_original},
    threads, write,
};
use crate::{
    domain::{
        effect::Effect,
        event::Membership,
        ghost,
        letter::Language,
        outgoing::{MatrixAction, Offer, Puppet},
    },
    matrix::{
        encode,
        post::{self, Planned},
    },
    store::{
        StoreError, Tx, addresses, conversations, departures, desk as desk_store, erasures,
        guests::remember_had,
        held as held_store, inbox,
        last_mails::{self, LastMail},
        lives::set_leaving,
        locales, merges, offers, people, places, rooms, subscriptions, successions,
    },
};

pub async fn all(
    tx: &mut Tx,
    effects: Vec<Effect>,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    // Of a mail that begins a conversation: the one that it would have been in, and its own.
    let mut moved = None;
    for effect in effects {
        let effect = match moved {
            Some((from, to)) => effect.moved(from, to),
            None => effect,
        };
        match effect {
            Effect::Begin {
                conversation,
                mail,
                subject,
                answers,
            } => {
                let begun = threads::begin(tx, conversation, mail, &subject, origin, context);
                moved = begun.await?.map(|new| (conversation, new));
                if let (Some(former), Some((old, new))) = (answers, moved) {
                    desk::goes_on(tx, (old, new), former.event, origin, context).await?;
                }
            }
            other => one(tx, other, origin, context).await?,
        }
    }
    Ok(())
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each effect, most of them a line"
)]
async fn one(
    tx: &mut Tx,
    effect: Effect,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    match effect {
        Effect::RememberMember {
            room,
            user,
            membership,
            name,
        } => {
            remember_member(tx, &room, &user, membership, name, context).await?;
        }
        Effect::RememberRoomName { room, name } => {
            rooms::set_name(tx, room.as_str(), &name).await?;
        }
        Effect::RememberEncryption { room } => rooms::set_encrypted(tx, room.as_str()).await?,
        Effect::BotJoins { room } => {
            let puppet = Puppet::Bot;
            enqueue(tx, MatrixAction::Join { room, puppet }, origin, context).await?;
        }
        Effect::BotLeaves { room } => {
            set_leaving(tx, room.as_str(), true).await?;
            let puppet = Puppet::Bot;
            enqueue(tx, MatrixAction::Leave { room, puppet }, origin, context).await?;
        }
        Effect::Life(change) => lives::apply(tx, change, origin, context).await?,
        Effect::CloseConversations { room } => {
            customers::close_all(tx, &room, origin, context).await?;
        }
        Effect::AddCustomer { room, people } => {
            customers::add(tx, room, &people, origin, context).await?;
        }
        Effect::RemoveContact { room, contact } => {
            customers::remove(tx, room, contact, origin, context).await?;
        }
        Effect::DeclineAsGhost { room, localpart } => {
            let puppet = Puppet::Localpart(localpart);
            enqueue(tx, MatrixAction::Leave { room, puppet }, origin, context).await?;
        }
        Effect::Write { conversation, item } => {
            write::item(tx, conversation, &item, origin, context).await?;
        }
        Effect::WriteInThread {
            room,
            customer,
            main,
            thread_root,
            item,
        } => {
            let root = &thread_root;
            let place =
                threads::to_write_in(tx, &room, customer, main, root, &item, origin, context);
            if let Some(conversation) = place.await? {
                write::item(tx, conversation, &item, origin, context).await?;
            }
        }
        Effect::RememberLastMail {
            conversation,
            mail,
            author,
            written_at,
            text,
        } => {
            let mail = LastMail {
                mail_id: mail.0,
                author,
                written_at,
                text,
            };
            last_mails::remember(tx, conversation, &mail).await?;
        }
        Effect::RememberLooseEnd { conversation, end } => {
            conversations::remember_loose_end(tx, conversation, &end).await?;
        }
        Effect::RememberHad { mail, contacts } => remember_had(tx, mail, &contacts).await?,
        Effect::CopyIn {
            conversation,
            mail,
            by,
            person,
            is_guest,
            room,
            text,
        } => {
            let copied_in = CopiedIn {
                conversation,
                mail,
                by,
                is_guest,
            };
            let notice = Notice { room, text };
            guests::copy_in(tx, copied_in, &person, notice, origin, context).await?;
        }
        Effect::KeepOut {
            conversation,
            people,
            room,
            text,
        } => {
            let notice = Notice { room, text };
            guests::keep_out(tx, conversation, &people, notice, origin, context).await?;
        }
        Effect::Admit {
            conversation,
            contact,
        } => guests::admit(tx, conversation, contact, origin, context).await?,
        Effect::Amend(change) => amend::message(tx, change, origin).await?,
        Effect::Ballot(change) => amend::poll(tx, change, origin).await?,
        Effect::Strike { event } => {
            places::strike(tx, event.as_str(), origin.inbox_seq).await?;
            desk_store::taken_out(tx, event.as_str()).await?;
            last_mails::take_back(tx, event.as_str()).await?;
        }
        Effect::SendNow { conversations } => {
            departures::make_due(tx, &conversations, origin.now).await?;
        }
        Effect::Desk(change) => desk::change(tx, change, origin, context).await?,
        Effect::ChangeSettings { room, by, changes } => {
            settings::change(tx, &room, &by, &changes, origin, context).await?;
        }
        Effect::SetLanguage { customer, language } => {
            locales::set_language(tx, customer, language.map_or("", Language::tag)).await?;
        }
        Effect::SetTimeZone {
            customer,
            time_zone,
        } => locales::set_zone(tx, customer, &time_zone.unwrap_or_default()).await?,
        Effect::MarkInternal { event } => inbox::mark_internal(tx, event.as_str()).await?,
        Effect::Say {
            room,
            reply_to,
            text,
        } => say(tx, room, &text, reply_to.as_ref(), origin, context).await?,
        Effect::Answer { room, to, text } => {
            answers::say(tx, room, &to, &text, origin, context).await?;
        }
        Effect::React { room, event, key } => {
            let (puppet, content) = (Puppet::Bot, encode::reaction(&event, key));
            send(
                tx,
                room,
                puppet,
                "m.reaction",
                content,
                None,
                origin,
                context,
            )
            .await?;
        }
        // Carried out with what follows it.
        Effect::Begin { .. } => {}
        Effect::Post {
            conversation,
            author,
            mail,
            post,
        } => {
            let contact = contact_of(tx, &author, mail, origin, context).await?;
            post_mail(tx, conversation, contact, mail, &post, origin, context).await?;
            desk::heard(tx, conversation, contact, origin, context).await?;
        }
        Effect::OfferFiles {
            conversation,
            author,
            mail,
            files,
            room,
            text,
        } => {
            let offer = Offer::Release {
                conversation,
                contact: contact_of(tx, &author, mail, origin, context).await?,
                mail,
                files,
            };
            make_offer(tx, room, &text, offer, origin, context).await?;
        }
        Effect::Hold(held) => held::hold(tx, &held, origin, context).await?,
        Effect::HoldAgain { held, is_member } => {
            held_store::hold_again(tx, held, is_member).await?;
        }
        Effect::Released { held } => held_store::released(tx, held).await?,
        Effect::Decide {
            held,
            decision,
            by,
            room,
            asked,
            is_command,
        } => {
            let asked = Asked {
                room,
                event: asked,
                is_command,
            };
            held::decide(tx, held, decision, &by, asked, origin, context).await?;
        }
        Effect::RevokeAddresses { conversations } => {
            for conversation in conversations {
                addresses::renew(tx, conversation).await?;
            }
        }
        Effect::LetIn {
            conversation,
            person,
        } => {
            let tail = context.chance.base32(ghost::TAIL_LENGTH);
            let contact = people::ensure_copied_in(tx, &person, &tail, origin.now).await?;
            guests::admit(tx, conversation, contact, origin, context).await?;
        }
        Effect::MakeOffer { room, text, offer } => {
            make_offer(tx, room, &text, offer, origin, context).await?;
        }
        Effect::TakeUp { event, offer } => {
            if offers::take(tx, event.as_str(), origin.now).await? {
                take_up(tx, &event, offer, origin, context).await?;
            }
        }
        Effect::ShowOriginal {
            room,
            thread_root,
            mail,
        } => {
            show_original(tx, &room, thread_root.as_ref(), mail, origin, context).await?;
        }
        Effect::EndSubscription {
            subscription,
            confirm,
            message_id,
        } => {
            if confirm {
                automatic::confirm_leaving(tx, subscription, message_id, origin, context).await?;
            }
            subscriptions::end(tx, subscription, origin.now).await?;
        }
        Effect::RenameContact { contact, name } => people::name_by_mail(tx, contact, &name).await?,
        Effect::Bounce(consequence) => bounces::apply(tx, consequence, origin, context).await?,
        Effect::PostAutoReply(reply) => auto_replies::post(tx, reply, origin, context).await?,
        Effect::LookAtRoom(job) => policies::add(tx, &job, None, origin, context).await?,
        Effect::Onboard(step) => onboarding::apply(tx, step, origin, context).await?,
        Effect::Guard(measure) => guard::apply(tx, measure, origin, context).await?,
        Effect::Intake(action) => intake::apply(tx, *action, origin, context).await?,
        Effect::Report { text } => report(tx, &text, origin, context).await?,
    }
    Ok(())
}

async fn remember_member(
    tx: &mut Tx,
    room: &OwnedRoomId,
    user: &UserId,
    membership: Membership,
    name: Option<String>,
    context: &Context,
) -> Result<(), StoreError> {
    let name = name.unwrap_or_default();
    rooms::set_member(tx, room.as_str(), user.as_str(), word(membership), &name).await?;
    if *user == context.bot {
        let is_in = membership == Membership::Join;
        rooms::set_bot_joined(tx, room.as_str(), is_in).await?;
        if is_in {
            set_leaving(tx, room.as_str(), false).await?;
        }
    }
    Ok(())
}

/// Carries out what the bot had offered with the notice `event`.
async fn take_up(
    tx: &mut Tx,
    event: &OwnedEventId,
    mut offer: Offer,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    if let Some(room) = offer.room_mut() {
        *room = successions::newest(tx.connection(), room).await?;
    }
    match offer {
        Offer::Release {
            conversation,
            contact,
            mail,
            files,
        } => {
            // It may go on in another one since the offer was made.
            let conversation = merges::follow(tx.connection(), conversation).await?;
            let showing = (conversation, contact, mail);
            let events: Vec<Planned> = files.iter().map(post::of_file).collect();
            show(tx, showing, None, events, origin, context).await
        }
        // Decided by effects of their own.
        Offer::Held { .. } | Offer::Request { .. } => Ok(()),
        Offer::Invite { .. } | Offer::Link { .. } | Offer::WriteByMail { .. } => {
            onboarding::offers::take_up(tx, offer, origin, context).await
        }
        Offer::Erase {
            address,
            redacts,
            by,
            room,
        } => {
            let asked = (by.as_str(), room.as_str());
            erasures::ask(tx, &address, redacts, asked, origin.now).await
        }
        Offer::Renew { link } => files::renew(tx, link, event, origin, context).await,
        Offer::Resume { address, room } => {
            bounces::resume(tx, &address, &room, event, origin, context).await
        }
        Offer::Admit {
            conversation,
            contact,
        } => {
            let conversation = merges::follow(tx.connection(), conversation).await?;
            guests::admit(tx, conversation, contact, origin, context).await
        }
    }
}

fn word(membership: Membership) -> &'static str {
    match membership {
        Membership::Invite => "invite",
        Membership::Join => "join",
        Membership::Knock => "knock",
        Membership::Leave => "leave",
        Membership::Ban => "ban",
    }
}
