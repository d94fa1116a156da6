//! What `style` and the attributes like it say, as far as it changes what is read.
//!
//! Colours are left out. Mail programs write a colour to nearly every text, black on white for the
//! most part, or that of the firm; in a room with a dark theme that can't be read, and what an author
//! meant by one can't be told from what the program put there.

use dom_query::NodeRef;

/// How an element looks and is laid out; `None` where it says nothing.
#[derive(Debug, Default, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is said by itself, in any combination"
)]
pub(super) struct Look {
    pub is_hidden: bool,
    pub bold: Option<bool>,
    pub italic: Option<bool>,
    pub underline: Option<bool>,
    pub strike: bool,
    pub sub: bool,
    pub sup: bool,
    /// Whether all letters have one width.
    pub mono: Option<bool>,
    pub white_space: Option<WhiteSpace>,
    /// Text of no size is not seen, unless it gets one again further in.
    pub has_size: Option<bool>,
    pub has_margin: Option<bool>,
    pub has_border: Option<bool>,
    pub is_indented: bool,
    /// Word: the level in a list, from 1.
    pub list_level: Option<usize>,
    /// Word: the bullet or number of a list item.
    pub is_list_marker: bool,
    /// In pixels, by style or attribute.
    pub width: Option<f32>,
    pub height: Option<f32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum WhiteSpace {
    #[default]
    Collapse,
    /// Lines end where they end in the source.
    Lines,
    /// Spaces count too.
    Keep,
}

impl Look {
    pub fn of(node: &NodeRef<'_>) -> Self {
        let mut look = Self {
            is_hidden: node.has_attr("hidden"),
            width: node.attr("width").and_then(|width| pixels(&width)),
            height: node.attr("height").and_then(|height| pixels(&height)),
            mono: node
                .attr("face")
                .map(|face| is_mono(&face.to_ascii_lowercase())),
            ..Self::default()
        };
        if let Some(style) = node.attr("style") {
            let style = style.to_ascii_lowercase();
            for (key, value) in style.split(';').filter_map(|rule| rule.split_once(':')) {
                let value = value.trim().trim_end_matches("!important").trim_end();
                look.read(key.trim(), value);
            }
        }
        look
    }

    fn read(&mut self, key: &str, value: &str) {
        match key {
            "display" => self.is_hidden |= value == "none",
            "visibility" => self.is_hidden |= value == "hidden",
            "opacity" | "max-height" | "max-width" => {
                self.is_hidden |= pixels(value) == Some(0.0);
            }
            "font-weight" => self.bold = Some(is_heavy(value)),
            "font-style" => self.italic = Some(value == "italic" || value.starts_with("oblique")),
            "text-decoration" | "text-decoration-line" => {
                self.underline = Some(value.contains("underline"));
                self.strike |= value.contains("line-through");
            }
            "vertical-align" => {
                self.sub |= value == "sub";
                self.sup |= value == "super";
            }
            "font-family" => self.mono = Some(is_mono(value)),
            "font" => self.read_font(value),
            "font-size" => self.has_size = Some(pixels(value) != Some(0.0)),
            "white-space" => {
                self.white_space = Some(match value {
                    "pre" | "pre-wrap" | "break-spaces" => WhiteSpace::Keep,
                    "pre-line" => WhiteSpace::Lines,
                    _ => WhiteSpace::Collapse,
                });
            }
            "margin" => {
                let sides: Vec<&str> = value.split_ascii_whitespace().collect();
                let top = sides.first();
                let bottom = sides.get(2).or(top);
                let is_none = |side: Option<&&str>| {
                    side.is_some_and(|side| pixels(side).is_some_and(|pixels| pixels < 1.0))
                };
                self.has_margin = Some(!(is_none(top) && is_none(bottom)));
                let left = sides.get(3).or(sides.get(1)).and_then(|side| pixels(side));
                self.is_indented |= left.is_some_and(|left| left >= 20.0);
            }
            "margin-left" => self.is_indented |= pixels(value).is_some_and(|left| left >= 20.0),
            "margin-top" | "margin-bottom" => {
                let has_margin = pixels(value).is_some_and(|pixels| pixels >= 1.0);
                self.has_margin = Some(self.has_margin == Some(true) || has_margin);
            }
            "border" | "border-left" => {
                let is_none = value.contains("none") || pixels(value) == Some(0.0);
                self.has_border = Some(!is_none);
            }
            "width" => self.width = pixels(value).or(self.width),
            "height" => self.height = pixels(value).or(self.height),
            "mso-list" => {
                self.is_list_marker |= value.contains("ignore");
                let level = value.split_ascii_whitespace().find_map(|word| {
                    let level: usize = word.strip_prefix("level")?.parse().ok()?;
                    Some(level.clamp(1, 9))
                });
                self.list_level = level.or(self.list_level);
            }
            _ => {}
        }
    }

    /// `italic bold 12px/30px Courier, monospace`
    fn read_font(&mut self, value: &str) {
        let first = value.split(',').next().unwrap_or_default();
        for word in first.split_ascii_whitespace() {
            match word {
                "bold" | "bolder" => self.bold = Some(true),
                "italic" | "oblique" => self.italic = Some(true),
                _ => {}
            }
        }
        let family = first
            .split_ascii_whitespace()
            .skip_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
            .skip(1);
        let family: Vec<&str> = family.collect();
        if !family.is_empty() {
            self.mono = Some(is_mono(&family.join(" ")));
        }
    }

    /// Whether an image of this size is a tracking pixel, a spacer or a line.
    pub fn is_speck(&self) -> bool {
        let is_small = |side: Option<f32>| side.is_some_and(|side| side <= 3.0);
        is_small(self.width) || is_small(self.height)
    }
}

fn is_heavy(weight: &str) -> bool {
    matches!(weight, "bold" | "bolder") || weight.parse::<u16>().is_ok_and(|weight| weight >= 600)
}

/// By the first font that is named.
fn is_mono(families: &str) -> bool {
    let first = families.split(',').next().unwrap_or_default();
    let first = first.trim().trim_matches(['"', '\'']).trim();
    let first = first.strip_prefix("&quot;").unwrap_or(first);
    MONO.iter().any(|mono| first.starts_with(mono))
}

/// A length as pixels, roughly; relative ones count only if they are nothing.
fn pixels(value: &str) -> Option<f32> {
    let value = value.split_ascii_whitespace().next()?;
    let end = value
        .find(|c: char| !c.is_ascii_digit() && c != '.' && c != '-')
        .unwrap_or(value.len());
    let number: f32 = value[..end].parse().ok()?;
    match &value[end..] {
        "" | "px" | "pt" => Some(number),
        "cm" | "in" => Some(number * 38.0),
        _ => (number == 0.0).then_some(0.0),
    }
}

/// How the names of fonts begin whose letters have one width.
const MONO: &[&str] = &[
    "andale mono",
    "cascadia",
    "consolas",
    "courier",
    "dejavu sans mono",
    "fira code",
    "fira mono",
    "inconsolata",
    "jetbrains mono",
    "liberation mono",
    "lucida console",
    "menlo",
    "monaco",
    "monospace",
    "noto sans mono",
    "roboto mono",
    "sf mono",
    "sfmono",
    "source code",
    "ubuntu mono",
    "ui-monospace",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn look(element: &str) -> Look {
        let document = dom_query::Document::fragment(element);
        let node = document.root().descendants_it().find(NodeRef::is_element);
        let found = document.select("[style], [width], [height], [face], [hidden]");
        Look::of(found.nodes().first().or(node.as_ref()).unwrap())
    }

    #[rstest]
    #[case::weight("<i style='Font-Weight: 700 !important'>", Look { bold: Some(true), ..Look::default() })]
    #[case::light("<b style='font-weight:normal'>", Look { bold: Some(false), ..Look::default() })]
    #[case::lines("<i style='text-decoration:underline line-through'>", Look { underline: Some(true), strike: true, ..Look::default() })]
    #[case::face("<font face='Courier New, monospace'>", Look { mono: Some(true), ..Look::default() })]
    #[case::family("<i style='font-family:&quot;Segoe UI&quot;, monospace'>", Look { mono: Some(false), ..Look::default() })]
    #[case::font("<i style='font: italic bold 12px/30px Consolas, serif'>", Look { bold: Some(true), italic: Some(true), mono: Some(true), ..Look::default() })]
    #[case::unseen("<i style='max-height:0px'>", Look { is_hidden: true, ..Look::default() })]
    #[case::no_margin("<p style='margin:0cm 0cm 0.0001pt'>", Look { has_margin: Some(false), ..Look::default() })]
    #[case::margin("<p style='margin-top:0;margin-bottom:12.0pt'>", Look { has_margin: Some(true), ..Look::default() })]
    #[case::list("<p style='mso-list:l0 level2 lfo1'>", Look { list_level: Some(2), ..Look::default() })]
    #[case::percent("<img width='100%' height='1px'>", Look { height: Some(1.0), ..Look::default() })]
    fn reads_styles(#[case] element: &str, #[case] expected: Look) {
        assert_eq!(look(element), expected);
    }
}
