//! What letters look like. `scripts/pictures --letters` takes pictures of the snapshots.

use insta::assert_snapshot;

use super::{composed, html_of, samples, text_of};

#[test]
fn letters_as_text() {
    for (name, letter) in samples::all() {
        assert_snapshot!(format!("{name}.txt"), text_of(&composed(&letter)));
    }
}

#[test]
fn letters_as_html() {
    for (name, letter) in samples::all() {
        assert_snapshot!(format!("{name}.html"), html_of(&composed(&letter)));
    }
}
