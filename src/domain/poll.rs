//! Counts the votes of a poll (MSC3381).

use jiff::Timestamp;

use super::{facts::PollFacts, sharing::PollResult};

/// What was chosen until `end`. Of a vote for more answers than one may choose the first ones count;
/// a vote with an answer that the poll doesn't have is spoilt.
#[must_use]
pub fn result(facts: &PollFacts, end: Timestamp) -> PollResult {
    let poll = &facts.poll;
    let mut votes: Vec<(String, usize)> = poll
        .answers
        .iter()
        .map(|(_, text)| (text.clone(), 0))
        .collect();
    for (at, answers) in &facts.votes {
        if *at > end {
            continue;
        }
        let chosen: Option<Vec<usize>> = answers
            .iter()
            .take(poll.most_choices)
            .map(|id| poll.answers.iter().position(|(known, _)| known == id))
            .collect();
        let mut chosen = chosen.unwrap_or_default();
        chosen.sort_unstable();
        chosen.dedup();
        for place in chosen {
            votes[place].1 += 1;
        }
    }
    PollResult {
        question: poll.question.clone(),
        votes,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::domain::sharing::Poll;

    fn facts(most_choices: usize, votes: &[(i64, &[&str])]) -> PollFacts {
        PollFacts {
            poll: Poll {
                question: "When?".to_owned(),
                answers: vec![
                    ("a".to_owned(), "Monday".to_owned()),
                    ("b".to_owned(), "Tuesday".to_owned()),
                    ("c".to_owned(), "Friday".to_owned()),
                ],
                most_choices,
            },
            votes: votes
                .iter()
                .map(|(at, ids)| {
                    let ids = ids.iter().map(|id| (*id).to_owned()).collect();
                    (Timestamp::from_second(*at).unwrap(), ids)
                })
                .collect(),
        }
    }

    #[rstest]
    #[case::nobody(1, &[], [0, 0, 0])]
    #[case::each_one(1, &[(1, &["a"] as &[&str]), (2, &["c"]), (3, &["a"])], [2, 0, 1])]
    #[case::the_first_count(1, &[(1, &["b", "a"] as &[&str])], [0, 1, 0])]
    #[case::as_many_as_may_be(2, &[(1, &["b", "a", "c"] as &[&str])], [1, 1, 0])]
    #[case::an_unknown_answer_spoils(2, &[(1, &["b", "x"] as &[&str])], [0, 0, 0])]
    #[case::behind_the_last_it_spoils_nothing(1, &[(1, &["b", "x"] as &[&str])], [0, 1, 0])]
    #[case::twice_is_once(2, &[(1, &["b", "b"] as &[&str])], [0, 1, 0])]
    #[case::none_takes_back(1, &[(1, &[] as &[&str])], [0, 0, 0])]
    #[case::too_late(1, &[(10, &["a"] as &[&str]), (11, &["a"])], [1, 0, 0])]
    fn counts(
        #[case] most_choices: usize,
        #[case] votes: &[(i64, &[&str])],
        #[case] expected: [usize; 3],
    ) {
        let end = Timestamp::from_second(10).unwrap();
        let counted = result(&facts(most_choices, votes), end);
        let numbers: Vec<usize> = counted.votes.iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers, expected);
    }
}
