//! How many mails staff were told of within an hour, and how many they were not.

use super::{Connection, Queue, StoreError, Tx};
use crate::domain::notices::Stream;

statements! {
    COUNT = "
        INSERT INTO tallies (key, count, began_at) VALUES ($1, 1, $2)
        ON CONFLICT (key) DO UPDATE SET count = tallies.count + 1
        RETURNING count";
    SELECT = "SELECT count, began_at FROM tallies WHERE key = $1";
    END = "DELETE FROM tallies WHERE key = $1";
}

/// One more of the stream, in the hour that has begun or begins at `now`: how many there are in it.
pub async fn count(tx: &mut Tx, stream: Stream, now: i64) -> Result<u32, StoreError> {
    let (count,) = fetch_one!(tx.connection(), (i64,), COUNT, stream.key(), now);
    // Who waits for mail reckons with the time anew.
    tx.wake(Queue::Mails);
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// An hour that has begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    pub stream: Stream,
    pub count: u32,
    /// Milliseconds since 1970.
    pub began_at: i64,
}

pub async fn begun(connection: &mut Connection) -> Result<Vec<Begun>, StoreError> {
    let mut begun = Vec::new();
    for stream in Stream::ALL {
        let row = fetch_optional!(connection, (i64, i64), SELECT, stream.key());
        begun.extend(row.map(|(count, began_at)| Begun {
            stream,
            count: u32::try_from(count).unwrap_or(u32::MAX),
            began_at,
        }));
    }
    Ok(begun)
}

/// The stream's hour is over.
pub async fn end(tx: &mut Tx, stream: Stream) -> Result<(), StoreError> {
    execute!(tx.connection(), END, stream.key());
    Ok(())
}
