//! Subjects without their reply and forward prefixes.
