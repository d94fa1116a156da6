//! Reply tokens and our Message-IDs: nobody forges one, and nothing that mail does to case loses one.

use postroom::domain::{
    ids::{ConversationId, LetterId, MessageId},
    reply_address::ReplyPattern,
    token::Keys,
};

pub const WORDS: &[&str] = &[
    "support+",
    "support=",
    "@example.org",
    "@rooms.example.org",
    "+",
    "ceaaaaaaaa",
    "CIAAAAAAAA",
    "aaaaaaaaaaaaaaaaaaaaaaaaaa",
    ".k7f3k7f3@example.org",
];

/// Numbers in tokens have five octets.
const LARGEST_NUMBER: u64 = (1 << 40) - 1;

/// That of every conversation.
const SALT: &str = "salt";

/// The conversation that a token was made for.
fn conversation_of(keys: &Keys, token: &str) -> Option<ConversationId> {
    let number = Keys::number_in(token)?;
    keys.is_reply(token, SALT).then_some(ConversationId(number))
}

pub fn run(data: &[u8]) {
    let keys = Keys::new(vec![(1, vec![7; 32]), (2, vec![9; 32])]);
    let text = String::from_utf8_lossy(data);
    only_minted_ones_count(&text, &keys);
    minted_ones_survive(data, &keys);
}

fn only_minted_ones_count(text: &str, keys: &Keys) {
    // Of all texts the one that we would write, in either case, by either key.
    let older = Keys::new(vec![(1, vec![7; 32])]);
    if let Some(conversation) = conversation_of(keys, text) {
        let minted = [keys, &older].map(|keys| keys.reply_token(conversation, SALT));
        assert!(minted.contains(&text.to_ascii_lowercase()), "{text:?}");
    }
    if let Some(id) = MessageId::parse(text)
        && let Some(letter) = keys.letter_of(&id)
    {
        let minted = [keys, &older].map(|keys| keys.message_id(letter, "", "x.org"));
        let signed = |id: &MessageId| id.as_str().split('.').next().map(str::to_ascii_lowercase);
        assert!(
            minted
                .iter()
                .flatten()
                .any(|own| signed(own) == signed(&id)),
            "{text:?}"
        );
    }
    for pattern in patterns() {
        if let Some(detail) = pattern.detail(text) {
            assert_eq!(detail, detail.to_lowercase());
        }
    }
}

fn minted_ones_survive(data: &[u8], keys: &Keys) {
    let mut octets = [0; 8];
    for (octet, given) in octets.iter_mut().zip(data) {
        *octet = *given;
    }
    let number = i64::try_from(u64::from_le_bytes(octets) & LARGEST_NUMBER).expect("40 bits");
    let token = keys.reply_token(ConversationId(number), SALT);
    let mangled = in_any_case(&token, data);
    assert_eq!(
        conversation_of(keys, &mangled),
        Some(ConversationId(number))
    );
    for pattern in patterns() {
        let address = in_any_case(pattern.with_token(&token).as_str(), data);
        let found = pattern.detail(&address).expect("the address is ours");
        assert_eq!(conversation_of(keys, &found), Some(ConversationId(number)));
    }
    let id = keys
        .message_id(LetterId(number), "k7f3k7f3", "example.org")
        .expect("a Message-ID");
    let mangled = MessageId::parse(&in_any_case(id.as_str(), data)).expect("a Message-ID");
    assert_eq!(keys.letter_of(&mangled), Some(LetterId(number)));
    // One can't be passed off as the other, nor a neighbour as the same.
    assert_eq!(conversation_of(keys, &id.as_str()[..token.len()]), None);
    if let Some(at) = data.first().map(|octet| usize::from(*octet) % token.len()) {
        let mut forged = token.into_bytes();
        forged[at] = if forged[at] == b'a' { b'b' } else { b'a' };
        let forged = String::from_utf8(forged).expect("letters and digits");
        assert_eq!(conversation_of(keys, &forged), None);
    }
}

fn patterns() -> [ReplyPattern; 2] {
    ["support+{token}@example.org", "{token}@rooms.example.org"]
        .map(|pattern| ReplyPattern::parse(pattern).expect("a pattern"))
}

/// The text with some letters in upper case.
fn in_any_case(text: &str, data: &[u8]) -> String {
    let upper = |at: usize| {
        data.get(at / 8)
            .is_some_and(|octet| octet >> (at % 8) & 1 == 1)
    };
    let letters = text.chars().enumerate();
    letters
        .map(|(at, letter)| {
            if upper(at) {
                letter.to_ascii_uppercase()
            } else {
                letter
            }
        })
        .collect()
}
