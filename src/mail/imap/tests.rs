//! The dialogue against a server that says what a test wants.
