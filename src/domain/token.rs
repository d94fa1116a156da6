//! Signed ids: the reply token in a conversation's address, our own Message-IDs, and what stands in
//! links and return addresses.
//!
//! Both are 16 bytes in lower-case base32 without padding (26 characters), so that they survive
//! systems that change the case of a local part and leave room in its 64 octets:
//! one byte of version and key id, five bytes of number (big-endian), ten bytes of HMAC-SHA-256.
//!
//! A database that was replaced by its backup uses numbers again. What a reply address, a link or a
//! return address stands for has a salt besides, from chance or from what it is: it isn't in the token, but signed with
//! it, so that an old token never leads to what has its number now.

use data_encoding::BASE32_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::ids::{ConversationId, LetterId, MessageId};

/// Length of a token in characters.
pub const TOKEN_LENGTH: usize = 26;

const VERSION: u8 = 1;
const MAC_LENGTH: usize = 10;

/// The secrets that sign. The last one signs; all of them verify, so that a key can be rotated
/// without old addresses going dead. Key ids are 0 to 15.
#[derive(Clone)]
pub struct Keys(Vec<(u8, Vec<u8>)>);

/// What a signed id stands for; kept apart in the MAC so that one can't be passed off as the other.
#[derive(Clone, Copy)]
enum Purpose {
    ReplyToken,
    LetterId,
    Probe,
    Delivery,
    Link,
    Subscription,
}

impl Keys {
    /// `keys` in the order of their making: id (its lower four bits count) and 32 secret bytes.
    #[must_use]
    pub fn new(keys: Vec<(u8, Vec<u8>)>) -> Self {
        Self(keys)
    }

    /// The token for the reply address of a conversation, signed with its salt.
    #[must_use]
    pub fn reply_token(&self, conversation: ConversationId, salt: &str) -> String {
        self.sign_salted(Purpose::ReplyToken, conversation.0, salt)
    }

    /// Whether [`Self::reply_token`] has made it for a conversation with this salt. Case does not
    /// matter.
    #[must_use]
    pub fn is_reply(&self, token: &str, salt: &str) -> bool {
        self.verify_salted(Purpose::ReplyToken, token, salt)
            .is_some()
    }

    /// The Message-ID of a letter: signed, so that it is known as ours when it comes back. `tail`,
    /// from chance, keeps it apart from that of a letter with the same number in a database that was
    /// since replaced by its backup.
    #[must_use]
    pub fn message_id(&self, letter: LetterId, tail: &str, domain: &str) -> Option<MessageId> {
        MessageId::parse(&format!(
            "{}.{tail}@{domain}",
            self.sign(Purpose::LetterId, letter.0)
        ))
    }

    /// The letter that bears this Message-ID, if it is one of ours, at whatever domain.
    #[must_use]
    pub fn letter_of(&self, id: &MessageId) -> Option<LetterId> {
        let (signed, _) = id.as_str().split_once('@')?.0.split_once('.')?;
        self.verify(Purpose::LetterId, signed).map(LetterId)
    }

    /// A token that leads to no conversation, for a mail that is to come back to us and to end
    /// there. `number` tells one probe from another; 40 bits of it count.
    #[must_use]
    pub fn probe_token(&self, number: i64) -> String {
        self.sign(Purpose::Probe, number)
    }

    /// Whether `token` is one of [`Self::probe_token`]'s.
    #[must_use]
    pub fn is_probe_token(&self, token: &str) -> bool {
        self.verify(Purpose::Probe, token).is_some()
    }

    /// The number in a token. Nothing is known of it before the token was held against the salt of what
    /// has that number.
    #[must_use]
    pub fn number_in(token: &str) -> Option<i64> {
        decode(token).map(|bytes| number(&bytes))
    }

    /// A token for the return path of one delivery, by which a bounce tells what it is about (VERP).
    #[must_use]
    pub fn delivery_token(&self, outbox: i64, salt: &str) -> String {
        self.sign_salted(Purpose::Delivery, outbox, salt)
    }

    /// Whether [`Self::delivery_token`] has made it for a row of the outbox with this salt.
    #[must_use]
    pub fn is_delivery(&self, token: &str, salt: &str) -> bool {
        self.verify_salted(Purpose::Delivery, token, salt).is_some()
    }

    /// A token for the address of a page that gives a file out.
    #[must_use]
    pub fn link_token(&self, link: i64, salt: &str) -> String {
        self.sign_salted(Purpose::Link, link, salt)
    }

    /// Whether [`Self::link_token`] has made it for a link with this salt.
    #[must_use]
    pub fn is_link(&self, token: &str, salt: &str) -> bool {
        self.verify_salted(Purpose::Link, token, salt).is_some()
    }

    /// A token by which one person leaves a broadcast.
    #[must_use]
    pub fn subscription_token(&self, subscription: i64, salt: &str) -> String {
        self.sign_salted(Purpose::Subscription, subscription, salt)
    }

    /// Whether [`Self::subscription_token`] has made it for a subscription with this salt.
    #[must_use]
    pub fn is_subscription(&self, token: &str, salt: &str) -> bool {
        self.verify_salted(Purpose::Subscription, token, salt)
            .is_some()
    }

    fn sign(&self, purpose: Purpose, number: i64) -> String {
        self.sign_salted(purpose, number, "")
    }

    fn verify(&self, purpose: Purpose, text: &str) -> Option<i64> {
        self.verify_salted(purpose, text, "")
    }

    fn sign_salted(&self, purpose: Purpose, number: i64, salt: &str) -> String {
        let (key_id, secret) = self.0.last().map_or((0, [].as_slice()), |(id, s)| (*id, s));
        let mut bytes = vec![VERSION << 4 | key_id & 0x0f];
        bytes.extend_from_slice(&number.to_be_bytes()[3..]);
        let mac = mac(secret, purpose, &bytes, salt);
        bytes.extend_from_slice(&mac);
        BASE32_NOPAD.encode(&bytes).to_ascii_lowercase()
    }

    fn verify_salted(&self, purpose: Purpose, text: &str, salt: &str) -> Option<i64> {
        let bytes = decode(text)?;
        let (signed, given) = bytes.split_at_checked(6)?;
        let (_, secret) = self
            .0
            .iter()
            .find(|(id, _)| id & 0x0f == signed[0] & 0x0f)?;
        let genuine = bool::from(mac(secret, purpose, signed, salt).ct_eq(given));
        genuine.then(|| number(&bytes))
    }
}

/// The bytes of a token of our version, whole but not verified.
fn decode(text: &str) -> Option<[u8; 16]> {
    if text.len() != TOKEN_LENGTH {
        return None;
    }
    let bytes = BASE32_NOPAD
        .decode(text.to_ascii_uppercase().as_bytes())
        .ok()?;
    let bytes: [u8; 16] = bytes.try_into().ok()?;
    (bytes[0] >> 4 == VERSION).then_some(bytes)
}

fn number(token: &[u8; 16]) -> i64 {
    let mut number = [0; 8];
    number[3..].copy_from_slice(&token[1..6]);
    i64::from_be_bytes(number)
}

fn mac(secret: &[u8], purpose: Purpose, signed: &[u8], salt: &str) -> [u8; MAC_LENGTH] {
    let label: &[u8] = match purpose {
        Purpose::ReplyToken => b"postroom reply token",
        Purpose::LetterId => b"postroom letter id",
        Purpose::Probe => b"postroom probe",
        Purpose::Delivery => b"postroom delivery",
        Purpose::Link => b"postroom link",
        Purpose::Subscription => b"postroom subscription",
    };
    let mut full = Hmac::<Sha256>::new_from_slice(secret)
        .unwrap_or_else(|_| unreachable!("HMAC takes a key of any length"));
    full.update(label);
    full.update(signed);
    full.update(salt.as_bytes());
    let mut short = [0; MAC_LENGTH];
    short.copy_from_slice(&full.finalize().into_bytes()[..MAC_LENGTH]);
    short
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} keys", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys() -> Keys {
        Keys::new(vec![(1, vec![7; 32])])
    }

    #[test]
    fn a_token_leads_back_whatever_its_case() {
        let token = keys().reply_token(ConversationId(1234), "salt");
        assert_eq!(token.len(), TOKEN_LENGTH);
        for token in [token.clone(), token.to_uppercase()] {
            assert_eq!(Keys::number_in(&token), Some(1234));
            assert!(keys().is_reply(&token, "salt"));
        }
    }

    #[test]
    fn an_old_key_still_verifies_after_rotation() {
        let token = keys().reply_token(ConversationId(5), "");
        let rotated = Keys::new(vec![(1, vec![7; 32]), (2, vec![9; 32])]);
        assert!(rotated.is_reply(&token, ""));
        assert_ne!(rotated.reply_token(ConversationId(5), ""), token);
        let revoked = Keys::new(vec![(2, vec![9; 32])]);
        assert!(!revoked.is_reply(&token, ""));
    }

    #[test]
    fn no_token_is_taken_for_another() {
        let keys = keys();
        let of = |token: &str| {
            [
                keys.is_reply(token, "salt").then_some(7),
                keys.is_probe_token(token).then_some(7),
                keys.is_delivery(token, "salt").then_some(7),
                keys.is_link(token, "salt").then_some(7),
                keys.is_subscription(token, "salt").then_some(7),
            ]
        };
        let made = [
            keys.reply_token(ConversationId(7), "salt"),
            keys.probe_token(7),
            keys.delivery_token(7, "salt"),
            keys.link_token(7, "salt"),
            keys.subscription_token(7, "salt"),
        ];
        for (at, token) in made.iter().enumerate() {
            let expected: Vec<_> = (0..5).map(|it| (it == at).then_some(7)).collect();
            assert_eq!(of(token), *expected, "{token}");
        }
    }

    #[test]
    fn a_letter_id_is_no_reply_token() {
        let id = keys()
            .message_id(LetterId(9), "tail", "example.org")
            .unwrap();
        assert_eq!(keys().letter_of(&id), Some(LetterId(9)));
        let local = id.as_str().split_once('.').unwrap().0;
        assert!(!keys().is_reply(local, ""));
    }

    #[test]
    fn a_probe_leads_nowhere() {
        let token = keys().probe_token(9);
        assert!(keys().is_probe_token(&token.to_uppercase()));
        assert!(!keys().is_reply(&token, ""));
        assert!(!keys().is_probe_token(&keys().reply_token(ConversationId(9), "")));
        assert!(!Keys::new(vec![(1, vec![8; 32])]).is_probe_token(&token));
    }

    #[test]
    fn two_letters_of_one_number_have_two_ids() {
        let id = |tail| keys().message_id(LetterId(9), tail, "example.org");
        assert_ne!(id("aaaaaaaa"), id("bbbbbbbb"), "as after a restored backup");
    }

    #[test]
    fn what_has_its_number_now_is_not_what_a_token_was_made_for() {
        let tokens = [
            keys().link_token(7, "before"),
            keys().delivery_token(7, "before"),
            keys().subscription_token(7, "before"),
            keys().reply_token(ConversationId(7), "before"),
        ];
        for token in &tokens {
            assert_eq!(Keys::number_in(&token.to_uppercase()), Some(7));
        }
        assert!(keys().is_link(&tokens[0].to_uppercase(), "before"));
        assert!(keys().is_delivery(&tokens[1], "before"));
        assert!(keys().is_subscription(&tokens[2], "before"));
        assert!(keys().is_reply(&tokens[3], "before"));
        assert!(!keys().is_reply(&tokens[3], "now"));
        assert!(!keys().is_link(&tokens[0], "now"));
        assert!(!keys().is_delivery(&tokens[1], "now"));
        assert!(!keys().is_subscription(&tokens[2], "now"));
    }

    proptest! {
        #[test]
        fn a_changed_character_is_noticed(at in 0..TOKEN_LENGTH, other in "[a-z2-7]") {
            let token = keys().reply_token(ConversationId(77), "salt");
            let mut forged = token.clone();
            forged.replace_range(at..=at, &other);
            prop_assume!(forged != token);
            prop_assert!(!keys().is_reply(&forged, "salt"));
        }

        #[test]
        fn anything_else_is_not_a_token(text in ".{0,40}") {
            prop_assert!(!keys().is_reply(&text, "salt"));
            prop_assert!(!keys().is_link(&text, "salt"));
            if text.len() != TOKEN_LENGTH {
                prop_assert_eq!(Keys::number_in(&text), None);
            }
        }
    }
}
