//! What staff are told of what anybody can send, as often as they like: so many in an hour one by one,
//! the rest together.

/// What is told of in the same way, and counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Reports and other mail by machines that lead to nothing of ours. A wave of bounces to mail that
    /// others have sent in our name comes by the thousand.
    Machines,
    /// What looks like a person's mail and leads nowhere; of spam among it less is told anyway.
    People,
    /// What could not be read, or fetched.
    Faulty,
    /// Events that can't be read.
    Events,
}

/// What is said of one mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Tell,
    /// And that more of the kind are only counted.
    TellLast,
    /// Nothing, until the hour is over.
    Count,
}

impl Stream {
    pub const ALL: [Self; 4] = [Self::Machines, Self::People, Self::Faulty, Self::Events];

    /// Under which its mails are counted in the store.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Machines => "notices:machines",
            Self::People => "notices:people",
            Self::Faulty => "notices:faulty",
            Self::Events => "notices:events",
        }
    }

    /// How many are told of one by one in an hour.
    #[must_use]
    pub fn most(self) -> u32 {
        match self {
            Self::Machines => 3,
            Self::Faulty | Self::Events => 10,
            Self::People => 20,
        }
    }

    /// The turn of the mail that is the `count`th of its hour.
    #[must_use]
    pub fn turn(self, count: u32) -> Turn {
        match count.cmp(&self.most()) {
            std::cmp::Ordering::Less => Turn::Tell,
            std::cmp::Ordering::Equal => Turn::TellLast,
            std::cmp::Ordering::Greater => Turn::Count,
        }
    }

    /// Of how many mails nothing has been told in an hour of `count`.
    #[must_use]
    pub fn untold(self, count: u32) -> u32 {
        count.saturating_sub(self.most())
    }
}

/// When an hour that began then is over (both in milliseconds since 1970). It begins with the first mail
/// after the end of the one before.
#[must_use]
pub fn end(began_at: i64) -> i64 {
    began_at.saturating_add(HOUR)
}

/// Whether it is. One that begins in the future is one before the clock was set back.
#[must_use]
pub fn is_over(began_at: i64, now: i64) -> bool {
    now >= end(began_at) || now < began_at
}

/// In milliseconds.
const HOUR: i64 = 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn a_wave_makes_a_handful_of_messages() {
        for stream in Stream::ALL {
            let turns: Vec<Turn> = (1..=1000).map(|count| stream.turn(count)).collect();
            let told = turns.iter().filter(|turn| **turn != Turn::Count).count();
            assert_eq!(told, stream.most() as usize);
            assert!(told <= 20);
            assert_eq!(turns[told - 1], Turn::TellLast);
            assert_eq!(stream.untold(1000) as usize, 1000 - told);
            assert_eq!(stream.untold(stream.most()), 0);
            assert_eq!(stream.untold(1), 0);
        }
    }

    #[test]
    fn every_stream_is_counted_by_itself() {
        let mut keys: Vec<&str> = Stream::ALL.iter().map(|stream| stream.key()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), Stream::ALL.len());
        assert!(keys.iter().all(|key| key.starts_with("notices:")));
    }

    #[rstest]
    #[case::at_once(0, false)]
    #[case::soon(HOUR - 1, false)]
    #[case::at_its_end(HOUR, true)]
    #[case::the_clock_was_set_back(-1, true)]
    fn an_hour_ends(#[case] later: i64, #[case] expected: bool) {
        let began_at = 1_790_000_000_000;
        assert_eq!(is_over(began_at, began_at + later), expected);
    }
}
