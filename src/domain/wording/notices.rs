//! What is said of mail of which more comes than is told of one by one.

use crate::domain::notices::Stream;

/// Below the last one that is told of by itself.
pub fn and_more_are_counted(stream: Stream) -> String {
    let most = stream.most();
    format!(
        "That makes {most} {} within an hour: more are kept and only counted until it is over.",
        name(stream)
    )
}

/// At the end of the hour.
pub fn counted(stream: Stream, untold: u32) -> String {
    format!(
        "Within an hour {untold} more {} came than I have told of. They are kept.",
        name(stream)
    )
}

fn name(stream: Stream) -> &'static str {
    match stream {
        Stream::Machines => "reports or other mails by machines that lead to nothing here",
        Stream::People => "mails that belong nowhere here",
        Stream::Faulty => "mails that I can't read or take over",
        Stream::Events => "events in rooms that I can't read",
    }
}
