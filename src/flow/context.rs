//! What every worker needs, built once.

use std::{collections::HashMap, sync::Arc};

use indexmap::IndexMap;
use jiff::Timestamp;
use ruma::{OwnedRoomId, OwnedServerName, OwnedUserId, RoomId, UserId};

use super::{replaced::Replaced, turns::Turns};
use crate::{
    config::{Desk, Guard, Letters, Mailbox, MailboxName, Public, Rooms},
    domain::{
        facts::OwnAddresses, ghost, hours::Hours, onboarding::Rules, room_policy::Policy,
        senders::SenderLists, staff::StaffList, token::Keys,
    },
    lifecycle::{Chance, Clock},
    mail::{authenticate::Authenticator, dkim::Signer, smtp::SmtpTransport},
    matrix::client::Client,
    store::{Store, blobs::Blobs},
};

/// The workers' common ground. Shared by reference; built in `cli::run`.
#[derive(Debug)]
pub struct Context {
    pub store: Store,
    pub blobs: Blobs,
    pub homeserver: Client,
    pub keys: Keys,
    pub clock: Clock,
    pub chance: Chance,
    pub server_name: OwnedServerName,
    pub bot: OwnedUserId,
    pub staff: StaffList,
    /// Members of a room with this power level are staff there, too.
    pub staff_power_level: Option<i64>,
    /// How customers see people of whom something else stands in the rooms.
    pub names: HashMap<OwnedUserId, String>,
    /// As the configuration names it, see [`Context::control_room`].
    pub named_control_room: Option<OwnedRoomId>,
    /// Where the rooms are that the configuration names.
    pub replaced: Replaced,
    /// At least one; the first is that of new rooms.
    pub mailboxes: IndexMap<MailboxName, Mailbox>,
    pub transports: HashMap<MailboxName, SmtpTransport>,
    /// Of the mailboxes whose letters are signed.
    pub signers: HashMap<MailboxName, Arc<Signer>>,
    /// Finds out who sent a mail.
    pub authenticator: Authenticator,
    /// What holds in rooms where staff have set nothing else.
    pub letters: Letters,
    /// When somebody is there to answer, and when staff are reminded.
    pub desk: Desk,
    /// What rooms must be, see [`Context::policy`].
    pub rooms: Rooms,
    pub guard: Guard,
    /// Whose mail is blocked or let through, whatever mailbox it is to.
    pub senders: SenderLists,
    /// The way from mail to Matrix.
    pub onboarding: Rules,
    /// `None`: there are no pages for customers.
    pub public: Option<Public>,
    /// Who fetches which file.
    pub turns: Turns,
}

impl Context {
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The time as the store has it: milliseconds since 1970.
    pub fn now_ms(&self) -> i64 {
        self.clock.now().as_millisecond()
    }

    /// A name for an effect, never used before: 120 bits.
    pub fn new_effect_id(&self) -> String {
        self.chance.base32(24)
    }

    /// The mailbox of that name; a room of a mailbox that has left the configuration goes on with
    /// the first one.
    pub fn mailbox(&self, name: &str) -> (&MailboxName, &Mailbox) {
        let wanted = self.mailboxes.iter().find(|(key, _)| key.as_str() == name);
        wanted
            .or_else(|| self.mailboxes.first())
            .unwrap_or_else(|| unreachable!("the configuration has at least one mailbox"))
    }

    /// When somebody is there to answer what comes to the mailbox; by the mailbox's clock.
    pub fn hours<'c>(&'c self, mailbox: &'c Mailbox) -> &'c Hours {
        mailbox.hours.as_ref().unwrap_or(&self.desk.hours)
    }

    pub fn default_mailbox(&self) -> &MailboxName {
        self.mailbox("").0
    }

    /// Who is staff in rooms of the mailbox of that name.
    pub fn staff_of(&self, mailbox: &str) -> &StaffList {
        let (_, mailbox) = self.mailbox(mailbox);
        mailbox.intake.staff.as_ref().unwrap_or(&self.staff)
    }

    /// Whether those who are asked about mail to the one mailbox may know of the rooms of the other: they
    /// have the same staff, or are told of requests in one room.
    pub fn share_staff(&self, one: &str, other: &str) -> bool {
        let triage_room = |name| self.triage_room(self.mailbox(name).1);
        self.staff_of(one) == self.staff_of(other) || triage_room(one) == triage_room(other)
    }

    /// To which mailbox a room belongs into which this user invites the bot: to the first one if they
    /// are staff of that and of others, or of none; else to the first of which they are.
    pub fn mailbox_of_inviter(&self, user: &UserId) -> &MailboxName {
        let is_theirs = |name: &&MailboxName| self.staff_of(name.as_str()).is_staff(user);
        let mut theirs = self.mailboxes.keys().filter(is_theirs);
        theirs.next().unwrap_or_else(|| self.default_mailbox())
    }

    pub fn is_control_room(&self, room: &RoomId) -> bool {
        self.control_room().as_deref() == Some(room)
    }

    /// Whether the user is staff of any mailbox.
    pub fn is_staff_anywhere(&self, user: &UserId) -> bool {
        let mut mailboxes = self.mailboxes.keys();
        !self.is_ours(user)
            && (self.staff.is_staff(user)
                || mailboxes.any(|name| self.staff_of(name.as_str()).is_staff(user)))
    }

    /// Where staff are told what concerns no single conversation.
    pub fn control_room(&self) -> Option<OwnedRoomId> {
        let named = self.named_control_room.as_ref()?;
        Some(self.replaced.newest(named))
    }

    /// Whether staff are asked there about mail that belongs to no conversation.
    pub fn is_triage_room(&self, room: &RoomId) -> bool {
        self.mailboxes_of_triage_room(room).next().is_some()
    }

    /// The mailboxes whose triage room this is: several may share one.
    pub fn mailboxes_of_triage_room(&self, room: &RoomId) -> impl Iterator<Item = &MailboxName> {
        let is_it = move |mailbox: &Mailbox| {
            let named = mailbox.intake.triage_room.as_ref();
            named.is_some_and(|named| self.replaced.newest(named) == room)
        };
        let found = self.mailboxes.iter();
        let found = found.filter(move |(_, mailbox)| is_it(mailbox));
        found.map(|(name, _)| name)
    }

    /// Where staff are asked about mail to the mailbox that belongs to no conversation.
    pub fn triage_room(&self, mailbox: &Mailbox) -> Option<OwnedRoomId> {
        let own = mailbox.intake.triage_room.as_ref();
        own.map(|named| self.replaced.newest(named))
            .or_else(|| self.control_room())
    }

    /// What the rooms of a mailbox must be.
    pub fn policy(&self, mailbox: &str) -> Policy {
        let (_, mailbox) = self.mailbox(mailbox);
        self.rooms.policy(mailbox.rooms.as_ref())
    }

    /// Whether the user is one of ours: the bot, a ghost, or one who stands for nobody.
    pub fn is_ours(&self, user: &UserId) -> bool {
        *user == self.bot
            || user.server_name() == self.server_name && user.localpart().starts_with(ghost::PREFIX)
    }

    pub fn own_addresses(&self) -> OwnAddresses {
        OwnAddresses {
            addresses: self
                .mailboxes
                .values()
                .map(|mailbox| mailbox.address.clone())
                .collect(),
            domains: Vec::new(),
        }
    }

    /// Whether mail to this address (without brackets) is for us.
    pub fn is_our_address(&self, recipient: &str) -> bool {
        let mut mailboxes = self.mailboxes.values();
        mailboxes.any(|mailbox| is_address_of(mailbox, recipient))
    }

    /// The mailboxes to which mail with these recipients comes, in their order; at least one.
    pub fn mailboxes_to(&self, recipients: &[String]) -> Vec<(&MailboxName, &Mailbox)> {
        let mut found: Vec<(&MailboxName, &Mailbox)> = Vec::new();
        for recipient in recipients {
            let mut mailboxes = self.mailboxes.iter();
            let theirs = mailboxes.find(|(_, mailbox)| is_address_of(mailbox, recipient));
            found.extend(theirs.filter(|(name, _)| found.iter().all(|(known, _)| known != name)));
        }
        if found.is_empty() {
            found.push(self.mailbox(""));
        }
        found
    }

    /// The mailbox to which mail with these recipients comes; of several the one that the configuration
    /// names first.
    pub fn mailbox_to(&self, recipients: &[String]) -> (&MailboxName, &Mailbox) {
        let mut mailboxes = self.mailboxes.iter();
        let found = mailboxes.find(|(_, mailbox)| {
            let mut recipients = recipients.iter();
            recipients.any(|recipient| is_address_of(mailbox, recipient))
        });
        found.unwrap_or_else(|| self.mailbox(""))
    }
}

/// Whether mail to this address (without brackets) is for the mailbox.
pub(super) fn is_address_of(mailbox: &Mailbox, recipient: &str) -> bool {
    mailbox.reply_address.is_ours(recipient) || is_with_detail(recipient, &mailbox.address)
}

/// `support@…` and `support+anything@…`: a mangled token still reaches us.
fn is_with_detail(recipient: &str, own: &crate::domain::address::EmailAddress) -> bool {
    recipient.rsplit_once('@').is_some_and(|(local, domain)| {
        let base = local.split('+').next().unwrap_or_default();
        domain.eq_ignore_ascii_case(own.domain())
            && (local.eq_ignore_ascii_case(own.local_part())
                || base.eq_ignore_ascii_case(own.local_part()))
    })
}
