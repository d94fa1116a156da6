use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case::plain("Yes, please.", "Yes, please.")]
fn shows(#[case] body: &str, #[case] expected: &str) {
    assert_eq!(from_text(body, false).text, expected);
}
