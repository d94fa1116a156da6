//! The fakes keep the rules of what they stand for.

mod support;

#[test]
fn nothing() {}
