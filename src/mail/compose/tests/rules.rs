//! Every letter, held against what Outlook (the engine of Word) and Gmail can show.
//!
//! The lists are what caniemail.com and Microsoft's "Word 2007 HTML and CSS rendering capabilities in
//! Outlook" say, as far as letters need it.

use std::collections::HashMap;

use dom_query::{Document, NodeRef};
use rstest::rstest;

use super::{composed, first_letter, html_of, samples};
use crate::{
    content::colour::{BLACK, Colour, WHITE},
    domain::{event::Words, letter::EntryBody},
};

/// With their attributes besides `style`, `class` and `dir`.
const ELEMENTS: [(&str, &[&str]); 40] = [
    ("html", &["lang"]),
    ("head", &[]),
    ("meta", &["charset", "name", "content"]),
    ("title", &[]),
    ("style", &[]),
    ("body", &[]),
    ("div", &[]),
    ("span", &[]),
    ("p", &[]),
    ("br", &[]),
    ("hr", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("strong", &[]),
    ("b", &[]),
    ("em", &[]),
    ("i", &[]),
    ("u", &[]),
    ("s", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("code", &[]),
    ("pre", &[]),
    ("blockquote", &["type"]),
    ("ul", &[]),
    ("ol", &["start"]),
    ("li", &[]),
    ("a", &["href"]),
    ("img", &["src", "alt", "width", "height"]),
    ("table", &["cellpadding", "cellspacing"]),
    ("caption", &[]),
    ("thead", &[]),
    ("tbody", &[]),
    ("tr", &[]),
    ("th", &[]),
    ("td", &[]),
];

/// Both know them.
const PROPERTIES: [&str; 20] = [
    "background-color",
    "border",
    "border-bottom",
    "border-collapse",
    "border-left",
    "color",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "line-height",
    "margin",
    "padding",
    "text-align",
    "text-decoration",
    "vertical-align",
    "white-space",
    "width",
    "word-wrap",
];

/// Outlook knows nothing of them, and shows a letter without them well: corners, and what happens
/// where there is not enough room.
const EMBELLISHMENTS: [&str; 5] = [
    "border-radius",
    "display",
    "max-width",
    "overflow-wrap",
    "overflow-x",
];

/// The ground of a dark program, at its lightest.
const DARK: Colour = Colour::new(0x1e_1e_1e);

#[test]
fn letters_keep_to_what_mail_programs_can_show() {
    for (name, letter) in samples::all() {
        let html = html_of(&composed(&letter));
        assert!(html.len() < 30_000, "{name} has {} octets", html.len());
        assert!(html.starts_with("<!DOCTYPE html>"), "{name}");
        for wrong in [
            "url(",
            "@import",
            "javascript:",
            "<link",
            "srcset",
            "http-equiv",
        ] {
            assert!(!html.contains(wrong), "{name}: {wrong}");
        }
        let document = Document::from(html.as_str());
        for node in document.select("*").nodes() {
            element(node, name);
        }
        outlook(&html, name);
        assert_eq!(
            document.select("html").attr("lang").unwrap().as_ref(),
            letter.language.tag()
        );
        // None lays out.
        for table in document.select("table").nodes() {
            assert!(
                table
                    .parent()
                    .unwrap()
                    .attr("style")
                    .unwrap()
                    .contains("overflow-x:auto")
            );
        }
    }
}

/// Gmail shows 102 kB. Of an event the words and their HTML have 64 kB together.
#[rstest]
#[case::a_log(&"    [    0.1] probe of soc: <ok> & \"done\"\n".repeat(1_500), None)]
#[case::blank(&"\n".repeat(60_000), None)]
#[case::shapes(&"ab ".repeat(5_000), Some("<p>ab</p>".repeat(5_000)))]
#[case::code(&"ab ".repeat(3_000), Some("<code>ab</code>".repeat(3_000)))]
fn nothing_of_a_long_message_is_cut(#[case] body: &str, #[case] html: Option<String>) {
    let words = Words {
        body: format!("{body}end"),
        html: html.map(|html| html + "<p>end</p>"),
    };
    let mut letter = first_letter();
    letter.entries[0].body = EntryBody::Text(words);
    let html = html_of(&composed(&letter));
    assert!(html.len() < 100_000, "{} octets", html.len());
    let said = Document::from(html.as_str())
        .select("body")
        .text()
        .to_string();
    assert!(said.contains("end") && said.contains(&letter.quote.unwrap().author));
    let count = |text: &str| text.matches("ab").count() + text.matches("probe").count();
    assert!(count(&said) >= count(body), "{}", count(&said));
}

/// What stands in comments for Outlook alone is held against the same lists; all of it together is one
/// table of one cell, of the width that Outlook doesn't read in the style.
fn outlook(html: &str, letter: &str) {
    let seen = html
        .replace("<!--[if mso]>", "")
        .replace("<![endif]-->", "");
    assert!(
        !seen.contains("<!--") && !seen.contains("<!["),
        "{letter}: another comment"
    );
    for tag in ["table", "tr", "td"] {
        let (opened, closed) = (format!("<{tag}"), format!("</{tag}>"));
        let opened = seen.matches(&format!("{opened}>")).count()
            + seen.matches(&format!("{opened} ")).count();
        assert_eq!(opened, seen.matches(&closed).count(), "{letter}: <{tag}>");
    }
    let document = Document::from(seen.as_str());
    let cells = document.select("body > table[role=presentation] > tbody > tr > td");
    assert_eq!(cells.length(), 1, "{letter}");
    assert_eq!(
        document.select("body > *").length(),
        1,
        "{letter}: beside the table"
    );
    for frame in document.select("[role=presentation]").nodes() {
        for (attribute, value) in [
            ("width", "640"),
            ("cellpadding", "0"),
            ("cellspacing", "0"),
            ("border", "0"),
        ] {
            assert_eq!(frame.attr(attribute).as_deref(), Some(value), "{letter}");
            frame.remove_attr(attribute);
        }
        frame.remove_attr("role");
    }
    for node in document.select("*").nodes() {
        element(node, letter);
    }
    for sheet in document.select("style").nodes().iter().skip(1) {
        let sheet = sheet.text();
        let (_, rules) = sheet.split_once('{').unwrap();
        for rule in rules
            .trim_end_matches(['}', ' '])
            .split(';')
            .filter(|rule| !rule.trim().is_empty())
        {
            let property = rule.split(':').next().unwrap().trim();
            assert!(PROPERTIES.contains(&property), "{letter}: {property}");
        }
    }
}

#[test]
fn a_short_letter_is_small() {
    let (_, short) = samples::all().remove(0);
    let html = html_of(&composed(&short));
    assert!(html.len() < 6_000, "{} octets", html.len());
}

fn element(node: &NodeRef<'_>, letter: &str) {
    let name = node.node_name().unwrap();
    let (_, attributes) = ELEMENTS
        .iter()
        .find(|(known, _)| *known == &*name)
        .unwrap_or_else(|| panic!("{letter}: <{name}>"));
    for attribute in node.attrs() {
        let key = &*attribute.name.local;
        assert!(
            ["style", "class", "dir"].contains(&key) || attributes.contains(&key),
            "{letter}: {key} of <{name}>"
        );
    }
    let style = style_of(node);
    for (property, value) in &style {
        assert!(
            PROPERTIES.contains(&property.as_str()) || EMBELLISHMENTS.contains(&property.as_str()),
            "{letter}: {property} of <{name}>"
        );
        let is_negative = value.split(' ').any(|part| part.starts_with('-'));
        assert!(
            !is_negative || property == "font-family",
            "{letter}: {property}: {value}"
        );
        let is_known = match property.as_str() {
            "display" => value == "inline-block",
            "white-space" => ["nowrap", "pre-wrap"].contains(&value.as_str()),
            "max-width" => ["640px", "100%"].contains(&value.as_str()),
            _ => true,
        };
        assert!(is_known, "{letter}: {property}: {value}");
    }
    assert!(
        !style.contains_key("background-color") || style.contains_key("color"),
        "{letter}: <{name}> has a ground without ink"
    );
    match &*name {
        "img" => {
            assert!(node.attr("src").unwrap().starts_with("cid:"), "{letter}");
            assert!(!node.attr("alt").unwrap().trim().is_empty(), "{letter}");
            let width: u32 = node.attr("width").unwrap().parse().unwrap();
            let height: u32 = node.attr("height").unwrap().parse().unwrap();
            assert!((1..=640).contains(&width) && height > 0, "{letter}");
        }
        "a" => {
            let href = node.attr("href").unwrap();
            assert!(href.starts_with("https://"), "{letter}: {href}");
            assert!(
                !node.text().trim().is_empty(),
                "{letter}: a link without words"
            );
        }
        _ => {}
    }
}

/// Its own style, by property.
fn style_of(node: &NodeRef<'_>) -> HashMap<String, String> {
    let style = node.attr("style").unwrap_or_default();
    let parts = style.split(';').filter(|part| !part.trim().is_empty());
    parts
        .map(|part| {
            let (property, value) = part.split_once(':').unwrap();
            (property.trim().to_owned(), value.trim().to_owned())
        })
        .collect()
}

/// A program that shows letters on a ground of its own.
#[derive(Debug, Clone, Copy)]
struct Screen {
    ground: Colour,
    ink: Colour,
    /// Follows the rules for dark screens in the letter's style sheet.
    reads_sheet: bool,
    least: f64,
}

const SCREENS: [Screen; 3] = [
    Screen {
        ground: WHITE,
        ink: BLACK,
        reads_sheet: false,
        least: 4.5,
    },
    Screen {
        ground: DARK,
        ink: WHITE,
        reads_sheet: true,
        least: 4.5,
    },
    // Dark by itself, without the sheet: not beautiful, but everything can be read.
    Screen {
        ground: DARK,
        ink: WHITE,
        reads_sheet: false,
        least: 3.0,
    },
];

#[test]
fn everything_can_be_read_in_light_and_dark() {
    for (name, letter) in samples::all() {
        let html = html_of(&composed(&letter));
        let sheet = dark_sheet(&html);
        let document = Document::from(html.as_str());
        let body = document.select("body").nodes()[0];
        for screen in SCREENS {
            walk(&body, screen.ink, screen.ground, screen, &sheet, name);
        }
    }
}

/// Selector, property and value of every rule for dark screens; `!important` where it is.
fn dark_sheet(html: &str) -> Vec<(String, String, String)> {
    let html = html.replace('\r', "");
    let (_, rules) = html.split_once("(prefers-color-scheme: dark) {").unwrap();
    let (rules, _) = rules.split_once("\n}").unwrap();
    let mut read = Vec::new();
    for rule in rules.lines().filter(|line| !line.trim().is_empty()) {
        let (selectors, declarations) = rule.trim_end_matches('}').split_once('{').unwrap();
        for declaration in declarations
            .split(';')
            .filter(|part| !part.trim().is_empty())
        {
            let (property, value) = declaration.split_once(':').unwrap();
            for selector in selectors.split(',') {
                read.push(
                    [selector, property, value]
                        .map(|part| part.trim().to_owned())
                        .into(),
                );
            }
        }
    }
    assert!(read.len() > 5, "{html}");
    read
}

/// What an element says in its style, or the sheet for it.
fn colour_of(
    node: &NodeRef<'_>,
    property: &str,
    screen: Screen,
    sheet: &[(String, String, String)],
) -> Option<Colour> {
    let own = style_of(node)
        .get(property)
        .map(|value| value.trim_end_matches(" !important").to_owned());
    let classes = node.class().unwrap_or_default();
    let name = node.node_name().unwrap_or_default();
    let applies = |selector: &str| match selector.strip_prefix('.') {
        Some(class) => classes.split_ascii_whitespace().any(|own| own == class),
        None => *selector == *name,
    };
    let rule = sheet
        .iter()
        .filter(|(selector, of, _)| screen.reads_sheet && of == property && applies(selector))
        .find_map(|(_, _, value)| match value.strip_suffix(" !important") {
            Some(value) => Some(value.to_owned()),
            None => own.is_none().then(|| value.clone()),
        });
    let value = rule.or(own)?;
    Some(Colour::parse(&value).unwrap_or_else(|| panic!("{value} is not a colour")))
}

fn walk(
    node: &NodeRef<'_>,
    ink: Colour,
    ground: Colour,
    screen: Screen,
    sheet: &[(String, String, String)],
    letter: &str,
) {
    let ink = colour_of(node, "color", screen, sheet).unwrap_or(ink);
    let ground = colour_of(node, "background-color", screen, sheet).unwrap_or(ground);
    for child in node.children_it(false) {
        if child.is_text() {
            let text = child.text();
            let contrast = ink.contrast(ground);
            // Bars are told in figures beside them.
            let is_told = text.trim().is_empty() || text.starts_with('█');
            assert!(
                is_told || contrast >= screen.least || is_authors_own(node, contrast),
                "{letter}: {ink} on {ground}, {contrast:.1} of {}: {text}",
                screen.least
            );
        } else {
            walk(&child, ink, ground, screen, sheet, letter);
        }
    }
}

/// One colour can't have 4.5 on white and on dark grey at once: those of people's own words and of the
/// organisation's name are where both can be read.
fn is_authors_own(node: &NodeRef<'_>, contrast: f64) -> bool {
    let name = node.node_name().unwrap_or_default();
    let own = style_of(node);
    matches!(&*name, "span" | "strong")
        && own.len() == 1
        && own.get("color").is_some_and(|value| {
            let colour = Colour::parse(value).unwrap();
            // As it was made readable, but for rounding.
            colour.contrast(WHITE) >= 4.5 && colour.contrast(BLACK) >= 4.5
        })
        && contrast >= 3.5
}

/// A program that drops the sheet shows the same: the sheet only changes colours that are there.
#[test]
fn the_sheet_only_darkens() {
    for (name, letter) in samples::all() {
        let html = html_of(&composed(&letter));
        for (selector, property, _) in dark_sheet(&html) {
            assert!(
                ["color", "background-color", "border-color"].contains(&property.as_str()),
                "{name}: {property} of {selector}"
            );
        }
        assert_eq!(
            html.matches("<style>").count(),
            2,
            "one more is for Outlook alone"
        );
    }
}
