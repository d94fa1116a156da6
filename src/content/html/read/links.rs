//! Links and images.

use std::rc::Rc;

use dom_query::NodeRef;

use super::Reader;
use crate::content::html::{
    document::{Kind, Mark, is_invisible},
    links::{self, Link},
    style::Look,
};

impl Reader<'_> {
    pub(super) fn link(&mut self, node: &NodeRef<'_>) {
        let href = node.attr("href").unwrap_or_default();
        let marks = self.composer.marks.clone();
        let link = if href.is_empty() {
            Link::Words(None)
        } else {
            links::read(&href)
        };
        if let Link::To(target) = &link {
            self.composer.marks = marks
                .without(|mark| matches!(mark, Mark::Link(_)))
                .with(Mark::Link(Rc::from(target.as_str())));
        }
        self.children(node);
        // A picture that is a link leaves its words, so that the link can be followed.
        let shown = node.text();
        if shown.chars().all(is_invisible) && matches!(link, Link::To(_)) {
            let image = node.descendants_it().find(|node| node.has_name("img"));
            if let Some(image) = image {
                let alt = image.attr("alt").unwrap_or_default();
                let is_shown = is_symbol(&alt) || self.index(&image).is_some();
                if !is_shown && !Look::of(&image).is_speck() {
                    self.say(&image, alt.trim());
                }
            }
        }
        self.composer.marks = marks;
        if let Link::Words(Some(told)) = link {
            let bare =
                |text: &str| -> String { text.chars().filter(|c| !is_separator(*c)).collect() };
            if !bare(&shown).contains(&bare(&told)) {
                self.composer.word(None, &format!(" ({told})"));
            }
        }
    }

    pub(super) fn image(&mut self, node: &NodeRef<'_>, look: &Look) {
        if look.is_speck() {
            return;
        }
        let alt = node.attr("alt").unwrap_or_default();
        let alt = alt.trim();
        match self.index(node) {
            None if is_symbol(alt) => self.say(node, alt),
            None => {}
            Some(index) => {
                let is_new = self.seen.insert(index);
                if self.uncut == 0 && is_new {
                    self.composer.end_words();
                    self.composer.block(Kind::Image(index));
                    return;
                }
                if is_new {
                    self.held.push(index);
                }
                let label = if alt.is_empty() || !is_new {
                    "[image]".to_owned()
                } else {
                    format!("[image: {alt}]")
                };
                self.say(node, &label);
            }
        }
    }

    /// Which of the attachments an image is.
    fn index(&self, image: &NodeRef<'_>) -> Option<usize> {
        let source = image.attr("src")?;
        let source = source.trim();
        let id = links::strip_scheme(source, "cid:").unwrap_or(source);
        if id.is_empty() || links::strip_scheme(source, "data:").is_some() {
            return None;
        }
        (self.image)(id).or_else(|| (self.image)(&links::percent_decoded(id)))
    }

    /// Words that stand for an image.
    fn say(&mut self, image: &NodeRef<'_>, words: &str) {
        let words: Vec<&str> = words.split_whitespace().collect();
        self.composer.word(image.id, &words.join(" "));
    }
}

/// Whether the text that stands for an image is an emoji or the like, and so part of the sentence.
fn is_symbol(alt: &str) -> bool {
    let alt = alt.trim();
    !alt.is_empty()
        && alt.chars().count() <= 8
        && !alt.chars().any(|c| c.is_ascii() || c.is_alphanumeric())
}

fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '/' | '(' | ')' | '.' | '\u{a0}')
}
