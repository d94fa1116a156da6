//! The few macros with which the store speaks SQL, so that each statement is written once for
//! every database. Statements use `$1`, `ON CONFLICT` and `RETURNING`, which all of them know.

/// Names a file's statements, and lists them for the test that prepares every one.
macro_rules! statements {
    ($($(#[$doc:meta])* $name:ident = $sql:expr;)+) => {
        $($(#[$doc])* const $name: &str = $sql;)+

        #[cfg(test)]
        pub(super) const STATEMENTS: &[(&str, &str)] = &[$((stringify!($name), $name)),+];
    };
}

/// Runs a statement; the number of rows that it changed.
macro_rules! execute {
    ($connection:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query($sql)$(.bind($value))*.execute(&mut *$connection).await?.rows_affected()
    };
}

/// The one row of a statement.
macro_rules! fetch_one {
    ($connection:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_one(&mut *$connection).await?
    };
}

/// The row of a statement, if there is one.
macro_rules! fetch_optional {
    ($connection:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_optional(&mut *$connection).await?
    };
}

/// Every row of a statement.
macro_rules! fetch_all {
    ($connection:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_all(&mut *$connection).await?
    };
}
