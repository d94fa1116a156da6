//! The few macros with which the store speaks SQL, so that each statement is written once for
//! every database. Statements use `$1`, `ON CONFLICT` and `RETURNING`, which all of them know.

use std::{borrow::Cow, time::Duration};

/// Names a file's statements, and lists them for the test that prepares every one.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+

        #[cfg(test)]
        pub(in crate::store) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

/// Of a row of `participants`: they get what is said in the conversation. Who leaves a broadcast leaves
/// the room, whatever they are in it.
macro_rules! is_there {
    () => {
        "role IN ('member', 'guest') AND NOT EXISTS (
            SELECT 1 FROM subscriptions
            JOIN conversations AS place ON place.room_id = subscriptions.room_id
            WHERE place.id = participants.conversation_id
            AND subscriptions.contact_id = participants.contact_id AND ended_at IS NOT NULL)"
    };
}

/// Of a row of `moves`: they read and write in Matrix, or have left there, and get no mail.
macro_rules! has_moved {
    () => {
        "moves.state IN ('joined', 'left', 'put_out') AND moves.keeps_mail = 0"
    };
}

/// Asks whichever database the connection leads to.
macro_rules! ask {
    ($connection:expr, $it:ident => $question:expr) => {
        match &mut *$connection {
            $crate::store::Connection::Sqlite($it) => $question.await?,
            $crate::store::Connection::Postgres($it) => {
                $crate::store::sql::bounded($question).await?
            }
        }
    };
}

/// Runs a statement; the number of rows that it changed.
macro_rules! execute {
    ($connection:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        ask!($connection, it => async {
            let query = sqlx::query($sql)$(.bind($crate::store::sql::Bind::value($value)))*;
            query.execute(&mut **it).await.map(|done| done.rows_affected())
        })
    };
}

/// The one row of a statement.
macro_rules! fetch_one {
    ($connection:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        ask!($connection, it => sqlx::query_as::<_, $row>($sql)
            $(.bind($crate::store::sql::Bind::value($value)))*.fetch_one(&mut **it))
    };
}

/// The row of a statement, if there is one.
macro_rules! fetch_optional {
    ($connection:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        ask!($connection, it => sqlx::query_as::<_, $row>($sql)
            $(.bind($crate::store::sql::Bind::value($value)))*.fetch_optional(&mut **it))
    };
}

/// Every row of a statement.
macro_rules! fetch_all {
    ($connection:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        ask!($connection, it => sqlx::query_as::<_, $row>($sql)
            $(.bind($crate::store::sql::Bind::value($value)))*.fetch_all(&mut **it))
    };
}

/// How long a server on the other end of a network may take over one statement; its own limits are
/// tighter, and this one holds when the server is gone without a word.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) async fn bounded<T>(
    question: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    within(PATIENCE, question).await
}

pub(super) async fn within<T, E: From<sqlx::Error>>(
    patience: Duration,
    question: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    tokio::time::timeout(patience, question)
        .await
        .unwrap_or_else(|_| {
            let silence = std::io::Error::from(std::io::ErrorKind::TimedOut);
            Err(sqlx::Error::from(silence).into())
        })
}

/// What goes into a statement.
pub(super) trait Bind {
    type Value;

    /// The value as every database takes it: PostgreSQL has no NUL in a text. It stands as U+FFFD
    /// in either database, so that both tell the same.
    fn value(self) -> Self::Value;
}

impl<'a> Bind for &'a str {
    type Value = Cow<'a, str>;

    fn value(self) -> Cow<'a, str> {
        if self.contains('\0') {
            self.replace('\0', "\u{fffd}").into()
        } else {
            self.into()
        }
    }
}

impl<'a> Bind for &'a String {
    type Value = Cow<'a, str>;

    fn value(self) -> Cow<'a, str> {
        self.as_str().value()
    }
}

impl Bind for String {
    type Value = String;

    fn value(self) -> String {
        self.as_str().value().into_owned()
    }
}

impl<'a> Bind for Option<&'a str> {
    type Value = Option<Cow<'a, str>>;

    fn value(self) -> Option<Cow<'a, str>> {
        self.map(Bind::value)
    }
}

macro_rules! taken_as_it_is {
    ($($type:ty),+) => {$(
        impl Bind for $type {
            type Value = Self;

            fn value(self) -> Self {
                self
            }
        }
    )+};
}

taken_as_it_is!(i64, Option<i64>, &[u8], Option<&[u8]>);

impl Bind for &i64 {
    type Value = i64;

    fn value(self) -> i64 {
        *self
    }
}
