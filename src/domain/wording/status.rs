//! What a client may show beside a message of how its letter fares.

/// The letter waits.
pub fn late(reason: &str) -> String {
    format!("The mail server has not taken it yet ({reason}). I keep trying.")
}

/// It was tried for days.
pub fn given_up(reason: &str) -> String {
    format!("It was not sent, as the mail server could not be reached in time: {reason}")
}

/// Nobody will take it.
pub fn refused(reason: &str) -> String {
    format!("It was not sent: {reason}")
}
