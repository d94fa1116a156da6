//! However mails cross, come late or are begun anew: a mail program shows every conversation as one
//! thread, and never two as one.
#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without may end it"
)]

#[path = "support/jwz.rs"]
mod jwz;

use std::collections::HashSet;

use jwz::{Mail, Threads};
use postroom::domain::{
    ids::MessageId,
    threading::{self, Chain},
};
use proptest::{collection::vec, prelude::*};

fn mail(id: &str, references: &[&str], subject: &str) -> Mail {
    Mail {
        id: id.to_owned(),
        references: references.iter().map(|id| (*id).to_owned()).collect(),
        subject: subject.to_owned(),
    }
}

#[test]
fn mails_hang_on_what_they_refer_to() {
    let first = mail("1", &[], "Training");
    let second = mail("2", &["1"], "Re: Training");
    // Its parent isn't there, but the one before is.
    let fourth = mail("4", &["1", "3"], "Something else");
    let other = mail("5", &[], "Lunch");
    let all = [fourth.clone(), second.clone(), first.clone(), other];
    let threads = Threads::of(&all);
    assert_eq!(threads.all(), [vec![0, 1, 2], vec![3]]);
    assert_eq!(threads.parent("4"), Some("3"));
    // The same subject is enough, whichever comes first.
    for (one, other) in [("Training", "Re: Training"), ("Re: Training", "Training")] {
        let all = [mail("1", &[], one), mail("2", &[], other)];
        assert_eq!(Threads::of(&all).all(), [[0, 1]]);
    }
    // A circle is broken up.
    let all = [mail("1", &["2"], "A"), mail("2", &["1"], "A")];
    assert_eq!(Threads::of(&all).all(), [[0, 1]]);
}

/// What happens next in one of the conversations.
#[derive(Debug, Clone)]
struct Step {
    conversation: usize,
    deed: Deed,
    /// Chooses the mail that is answered.
    choice: usize,
    /// After how many further steps a customer's mail arrives.
    delay: usize,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    /// We write; staff answer nothing in particular, or some mail.
    Letter,
    LetterToOne,
    /// The customer answers one of our letters, as most programs do, or by In-Reply-To alone, or with
    /// References that were cut, perhaps under another subject.
    Answer,
    AnswerInShort,
    AnswerCut,
    AnswerRenamed,
    /// Another mail of theirs, known to us or on its way.
    AnswerThemselves,
    /// To the conversation's address, but naming nothing, or only mails of their own.
    Anew,
    OutOfAnotherThread,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let deed = prop_oneof![
        4 => Just(Deed::Letter),
        2 => Just(Deed::LetterToOne),
        4 => Just(Deed::Answer),
        1 => Just(Deed::AnswerInShort),
        1 => Just(Deed::AnswerCut),
        1 => Just(Deed::AnswerRenamed),
        1 => Just(Deed::AnswerThemselves),
        1 => Just(Deed::Anew),
        1 => Just(Deed::OutOfAnotherThread),
    ];
    let delay = prop_oneof![3 => Just(0_usize), 1 => 0..30_usize];
    let step = (0..4_usize, deed, any::<prop::sample::Index>(), delay).prop_map(
        |(conversation, deed, choice, delay)| Step {
            conversation,
            deed,
            choice: choice.index(1_000),
            delay,
        },
    );
    vec(step, 1..300)
}

/// A conversation as the store keeps it, and as the customer's program has it.
#[derive(Debug, Default)]
struct Conversation {
    number: usize,
    subject: String,
    /// All ids, in the order in which we came to know them.
    known: Vec<MessageId>,
    /// With whether a letter has named it.
    loose: Vec<(MessageId, bool)>,
    /// Everything that was written, ours and theirs.
    written: Vec<Mail>,
    ours: Vec<usize>,
    /// With the number of steps until they arrive.
    on_the_way: Vec<(usize, Mail)>,
}

impl Conversation {
    fn write_letter(&mut self, answered: Option<&MessageId>) {
        // As many as the store gives.
        let is_loose = |id: &&MessageId| self.loose.iter().any(|(end, _)| end == *id);
        let mut ids: Vec<MessageId> = self
            .known
            .iter()
            .rev()
            .filter(|id| !is_loose(id))
            .take(40)
            .cloned()
            .collect();
        if ids.last() != self.known.first() {
            ids.extend(self.known.first().cloned());
        }
        ids.reverse();
        let loose = self.loose.iter().filter(|(_, is_tied)| !is_tied);
        let chain = Chain {
            ids,
            loose: loose.map(|(id, _)| id.clone()).take(40).collect(),
        };
        let answered = answered.or_else(|| self.known.last());
        let headers = threading::of_letter(&self.subject, &chain, answered);
        assert_eq!(headers.in_reply_to.as_ref(), headers.references.last());
        let is_first = self.known.is_empty();
        assert_eq!(headers.subject.starts_with("Re: "), !is_first);
        assert!(!headers.subject.starts_with("Re: Re:"));
        for (id, is_tied) in &mut self.loose {
            *is_tied |= headers.tied.contains(id);
        }
        let id = format!(
            "letter-{}-of-{}@example.org",
            self.written.len(),
            self.number
        );
        self.known.push(MessageId::parse(&id).unwrap());
        self.ours.push(self.written.len());
        self.written.push(Mail {
            id,
            references: headers.references.iter().map(ToString::to_string).collect(),
            subject: headers.subject,
        });
    }

    fn arrive(&mut self, mail: &Mail) {
        let id = MessageId::parse(&mail.id).unwrap();
        let known: HashSet<&str> = self.known.iter().map(MessageId::as_str).collect();
        let is_tied = mail.references.iter().any(|id| known.contains(id.as_str()));
        if !is_tied && !known.is_empty() {
            let end = mail.references.first().unwrap_or(&mail.id);
            let end = MessageId::parse(end).unwrap();
            if self.loose.iter().all(|(known, _)| *known != end) {
                self.loose.push((end, false));
            }
        }
        self.known.push(id);
    }

    fn customer_writes(&mut self, step: &Step) {
        let number = self.written.len();
        let pick = |of: &[usize]| of.get(step.choice % of.len().max(1)).copied();
        let theirs: Vec<usize> = (0..number).filter(|it| !self.ours.contains(it)).collect();
        let answered = match step.deed {
            Deed::Anew | Deed::OutOfAnotherThread => None,
            Deed::AnswerThemselves => pick(&theirs),
            _ => pick(&self.ours),
        };
        let answered = answered.map(|it| self.written[it].clone());
        let mut references = match (&answered, step.deed) {
            (_, Deed::OutOfAnotherThread) => ["root", "middle"]
                .map(|part| format!("{part}-{number}-{}@acme.com", self.number))
                .to_vec(),
            (Some(mail), _) => {
                [mail.references.as_slice(), std::slice::from_ref(&mail.id)].concat()
            }
            (None, _) => Vec::new(),
        };
        match step.deed {
            Deed::AnswerInShort => references.drain(..references.len().saturating_sub(1)),
            Deed::AnswerCut => references.drain(..references.len().saturating_sub(3)),
            _ => references.drain(..0),
        };
        let subject = match (&answered, step.deed) {
            (Some(mail), Deed::Answer | Deed::AnswerInShort | Deed::AnswerThemselves) => {
                format!("Re: {}", mail.subject.trim_start_matches("Re: "))
            }
            _ => format!("Subject {number} of {}", self.subject),
        };
        // Some programs make long ids.
        let tail = "x".repeat(step.choice % 90);
        let mail = Mail {
            id: format!("{number}-{}-{tail}@acme.com", self.number),
            references,
            subject,
        };
        self.written.push(mail.clone());
        if step.delay == 0 {
            self.arrive(&mail);
        } else {
            self.on_the_way.push((step.delay, mail));
        }
    }

    fn time_passes(&mut self, by: usize) {
        let (came, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.on_the_way)
            .into_iter()
            .partition(|(left, _)| *left <= by);
        self.on_the_way = still
            .into_iter()
            .map(|(left, mail)| (left - by, mail))
            .collect();
        for (_, mail) in came {
            self.arrive(&mail);
        }
    }
}

/// What was written in the conversations of one customer, each in its order.
fn happen(steps: &[Step]) -> Vec<Vec<Mail>> {
    let mut conversations: Vec<Conversation> = Vec::new();
    let mut taken = Vec::new();
    for _ in 0..4 {
        // Rooms of the same name.
        let subject = threading::distinct_subject("Re: Training", &taken);
        taken.push(subject.clone());
        conversations.push(Conversation {
            number: taken.len(),
            subject,
            ..Conversation::default()
        });
    }
    for step in steps {
        for conversation in &mut conversations {
            conversation.time_passes(1);
        }
        let conversation = &mut conversations[step.conversation];
        match step.deed {
            Deed::Letter => conversation.write_letter(None),
            Deed::LetterToOne => {
                let known = conversation.known.len().max(1);
                let answered = conversation.known.get(step.choice % known).cloned();
                conversation.write_letter(answered.as_ref());
            }
            _ => conversation.customer_writes(step),
        }
    }
    for conversation in &mut conversations {
        conversation.time_passes(1_000);
        // Whatever is still loose is tied in by what we write next.
        while conversation.loose.iter().any(|(_, is_tied)| !is_tied) {
            conversation.write_letter(None);
        }
    }
    let written = conversations.into_iter().map(|it| it.written);
    written.filter(|written| !written.is_empty()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn every_conversation_is_one_thread(
        (written, order) in steps().prop_flat_map(|steps| {
            let written = happen(&steps);
            let count: usize = written.iter().map(Vec::len).sum();
            let order = Just((0..count).collect::<Vec<usize>>()).prop_shuffle();
            (Just(written), order)
        }),
    ) {
        let owners: Vec<usize> = written
            .iter()
            .enumerate()
            .flat_map(|(owner, mails)| vec![owner; mails.len()])
            .collect();
        let all: Vec<Mail> = written.iter().flatten().cloned().collect();
        let inbox: Vec<Mail> = order.iter().map(|it| all[*it].clone()).collect();
        let found = Threads::of(&inbox).all();
        let owners_of = |thread: &Vec<usize>| -> HashSet<usize> {
            thread.iter().map(|place| owners[order[*place]]).collect()
        };
        for thread in &found {
            prop_assert_eq!(owners_of(thread).len(), 1, "two conversations in one thread");
        }
        prop_assert_eq!(found.len(), written.len(), "threads {:?}", found);
    }
}
