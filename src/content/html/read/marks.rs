//! How the text of an element looks.

use crate::content::html::{
    document::{Mark, Marks},
    style::Look,
};

/// The marks of what is within an element.
pub(super) fn marked(around: &Marks, name: &str, look: &Look) -> Marks {
    let mut marks = around.clone();
    let own = match name {
        "strong" => Some(Mark::Strong),
        "b" => Some(Mark::Bold),
        "em" => Some(Mark::Emphasis),
        "i" | "cite" | "var" | "dfn" => Some(Mark::Italic),
        "u" | "ins" => Some(Mark::Underline),
        "s" | "strike" => Some(Mark::Strike),
        "del" => Some(Mark::Deleted),
        "sub" => Some(Mark::Sub),
        "sup" => Some(Mark::Sup),
        "code" | "tt" | "kbd" | "samp" => Some(Mark::Code),
        _ => None,
    };
    let is_underline = own == Some(Mark::Underline);
    if let Some(own) = own {
        marks = marks.with(own);
    }
    let mut set = |says: Option<bool>, mark: Mark, is_like: fn(&Mark) -> bool| match says {
        Some(true) => marks = marks.with(mark),
        Some(false) => marks = marks.without(is_like),
        None => {}
    };
    set(look.bold, Mark::Bold, Mark::is_bold);
    set(look.italic, Mark::Italic, Mark::is_italic);
    set(look.mono, Mark::Mono, |mark| *mark == Mark::Mono);
    set(look.strike.then_some(true), Mark::Strike, |_| false);
    set(look.sub.then_some(true), Mark::Sub, |_| false);
    set(look.sup.then_some(true), Mark::Sup, |_| false);
    // Links are underlined anyway; and a line that goes through what is around stays.
    let is_link = name == "a" || marks.link().is_some();
    match look.underline {
        Some(true) if !is_link => marks.with(Mark::Underline),
        Some(false) if is_underline => marks.without(|mark| *mark == Mark::Underline),
        _ => marks,
    }
}
