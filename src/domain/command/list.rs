//! `!email list [mine|open|waiting|pending|closed|all] [PAGE]`

use super::answer;
use crate::domain::{
    desk::{Filter, Progress},
    effect::Effect,
    event::RoomEvent,
    facts::{Case, EventFacts},
    wording,
};

/// Who is here by email and how far their conversations are; where all rooms are meant, their
/// conversations.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// `None`: what isn't closed.
    pub filter: Option<Filter>,
    /// From 1.
    pub page: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub word: String,
}

impl List {
    pub(super) fn parse(arguments: &str) -> Result<Self, Fault> {
        let mut list = Self {
            filter: None,
            page: 1,
        };
        for word in arguments.split_whitespace() {
            let lower = word.to_lowercase();
            let named = Filter::ALL
                .into_iter()
                .find(|filter| filter.word() == lower);
            match (named, lower.parse::<usize>()) {
                (Some(filter), _) => list.filter = Some(filter),
                (None, Ok(page)) if (1..=1_000).contains(&page) => list.page = page,
                _ => {
                    return Err(Fault {
                        word: word.to_owned(),
                    });
                }
            }
        }
        Ok(list)
    }

    pub(super) fn apply(&self, event: &RoomEvent, facts: &EventFacts) -> Vec<Effect> {
        let desk = &facts.details.desk;
        let is_plain = self.filter.is_none() && self.page == 1;
        let text = if desk.is_everywhere {
            let fit = |case: &&Case| fits(self.filter, case, &event.sender);
            let cases: Vec<&Case> = desk.cases.iter().filter(fit).collect();
            wording::desk::page(&cases, self.filter, self.page, desk.has_more, desk.now)
        } else if facts.room.conversations.is_empty() {
            wording::nobody_here()
        } else if is_plain {
            wording::list(&facts.room, desk)
                + &wording::bounces::suspended_here(&facts.details.suspended)
        } else {
            let fit = |case: &&Case| fits(self.filter, case, &event.sender);
            let cases: Vec<&Case> = desk.cases.iter().filter(fit).collect();
            wording::desk::page(&cases, self.filter, self.page, false, desk.now)
        };
        vec![answer(event, text)]
    }
}

/// Whether a conversation is one of those that `asker` wants to see.
fn fits(filter: Option<Filter>, case: &Case, asker: &ruma::UserId) -> bool {
    let standing = &case.standing;
    let is_at = |progress| !case.is_over && standing.progress == progress;
    match filter {
        None => !case.is_over && standing.progress != Progress::Done,
        Some(Filter::Mine) => {
            (is_at(Progress::Open) || is_at(Progress::Pending))
                && standing.assignee.as_deref() == Some(asker)
        }
        Some(Filter::Open) => is_at(Progress::Open),
        Some(Filter::Waiting) => is_at(Progress::Open) && standing.waits_since.is_some(),
        Some(Filter::Pending) => is_at(Progress::Pending),
        Some(Filter::Closed) => case.is_over || standing.progress == Progress::Done,
        Some(Filter::All) => true,
    }
}

impl Fault {
    pub(super) fn sentence(&self) -> String {
        wording::desk::unknown_filter(&self.word)
    }
}
