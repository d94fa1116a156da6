//! A picture for somebody who has none: their initials on a colour.
//!
//! The letters are drawn here, as strokes: no font is needed, and none has to be licensed. Whose name
//! begins in another script gets the outline of a person.

use image::{
    ExtendedColorType, ImageEncoder as _,
    codecs::png::{CompressionType, FilterType, PngEncoder},
};

/// Of a changed drawing the number is another one, so that everybody's is made anew.
const VERSION: u8 = 1;
/// Width and height, in pixels.
const SIDE: u32 = 160;
/// White stands on each of them with a contrast of at least 4.5 to 1.
const COLOURS: [[u8; 3]; 12] = [
    [0x1d, 0x5f, 0xa8],
    [0x0b, 0x6e, 0x6e],
    [0x2f, 0x6b, 0x2f],
    [0x6b, 0x5a, 0x12],
    [0x9a, 0x4a, 0x0e],
    [0xa8, 0x32, 0x2b],
    [0xa6, 0x2c, 0x63],
    [0x7c, 0x3a, 0x9e],
    [0x52, 0x48, 0xb0],
    [0x45, 0x55, 0x66],
    [0x5d, 0x4a, 0x3f],
    [0x1f, 0x66, 0x8a],
];
/// Height of a capital and thickness of its strokes, as parts of the side.
const HEIGHT: f32 = 0.36;
const THICKNESS: f32 = 0.062;
/// Between two letters, as a part of a capital's height.
const GAP: f32 = 0.36;

/// What is drawn for somebody of this name; `seed` chooses the colour. Two that are equal look the same.
#[must_use]
pub fn name_of_picture(name: &str, seed: &str) -> String {
    let initials = of(name);
    let initials = if initials.is_empty() { "?" } else { &initials };
    format!("initials {VERSION} {initials} {}", colour_of(seed))
}

/// The picture, as PNG.
#[must_use]
pub fn draw(name: &str, seed: &str) -> Vec<u8> {
    let figure = figure(&of(name));
    let back = COLOURS[colour_of(seed)];
    let mut pixels = Vec::with_capacity((SIDE * SIDE * 3) as usize);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let point = (place(x), place(y));
            let cover = figure
                .iter()
                .map(|shape| shape.cover(point))
                .fold(0.0, f32::max);
            pixels.extend(back.map(|channel| blend(channel, cover)));
        }
    }
    let mut png = Vec::new();
    let encoder =
        PngEncoder::new_with_quality(&mut png, CompressionType::Best, FilterType::Adaptive);
    // Into memory, and of the size that it says: nothing can fail.
    let _never_fails = encoder.write_image(&pixels, SIDE, SIDE, ExtendedColorType::Rgb8);
    png
}

/// The first letters of the first and the last word; empty if they are none of ours.
fn of(name: &str) -> String {
    // What stands in brackets is a company or a remark.
    let name = name.split(['(', '[', '<']).next().unwrap_or_default();
    let is_plain = !name.trim().contains(char::is_whitespace);
    let (family, given) = name.split_once(',').unwrap_or(("", name));
    let in_order = format!("{given} {family}");
    let between = |c: char| c.is_whitespace() || (is_plain && "._-+".contains(c));
    let words: Vec<&str> = in_order
        .split(between)
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .collect();
    let first = |word: &&str| word.chars().find(|c| c.is_alphanumeric()).and_then(plain);
    let ends = match words.as_slice() {
        [] => return String::new(),
        [only] => vec![first(only)],
        [one, .., last] => vec![first(one), first(last)],
    };
    ends.into_iter()
        .collect::<Option<String>>()
        .unwrap_or_default()
}

/// The letter without its marks, in upper case; `None` for one that isn't drawn here.
fn plain(c: char) -> Option<char> {
    let lower = c.to_lowercase().next().unwrap_or(c);
    let plain = match lower {
        'a'..='z' | '0'..='9' => lower,
        'à'..='å' | 'ā' | 'ă' | 'ą' | 'æ' => 'a',
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => 'c',
        'ď' | 'đ' | 'ð' => 'd',
        'è'..='ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => 'e',
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => 'g',
        'ĥ' | 'ħ' => 'h',
        'ì'..='ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => 'i',
        'ĵ' => 'j',
        'ķ' => 'k',
        'ĺ' | 'ļ' | 'ľ' | 'ł' => 'l',
        'ñ' | 'ń' | 'ņ' | 'ň' => 'n',
        'ò'..='ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'œ' => 'o',
        'ŕ' | 'ŗ' | 'ř' => 'r',
        'ś' | 'ŝ' | 'ş' | 'š' | 'ș' | 'ß' => 's',
        'ţ' | 'ť' | 'ŧ' | 'ț' | 'þ' => 't',
        'ù'..='ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => 'u',
        'ŵ' => 'w',
        'ý' | 'ÿ' | 'ŷ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        _ => return None,
    };
    Some(plain.to_ascii_uppercase())
}

/// FNV-1a: the same for all time and on every machine.
fn colour_of(seed: &str) -> usize {
    let hash = seed.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    usize::try_from(hash % COLOURS.len() as u64).unwrap_or_default()
}

type Point = (f32, f32);

/// What is white.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// A line with round ends.
    Stroke(Point, Point),
    /// What is within: centre and half axes.
    Ellipse(Point, Point),
}

impl Shape {
    /// How much of the pixel around `point` is white, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a few hundred pixels")]
    fn cover(self, point: Point) -> f32 {
        let distance = match self {
            Self::Stroke(from, to) => distance(point, from, to) - THICKNESS / 2.0,
            Self::Ellipse(centre, axes) => {
                let (x, y) = ((point.0 - centre.0) / axes.0, (point.1 - centre.1) / axes.1);
                (x.hypot(y) - 1.0) * axes.0.min(axes.1)
            }
        };
        (0.5 - distance * SIDE as f32).clamp(0.0, 1.0)
    }
}

fn distance(point: Point, from: Point, to: Point) -> f32 {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (px, py) = (point.0 - from.0, point.1 - from.1);
    let length = dx * dx + dy * dy;
    let along = if length > 0.0 {
        ((px * dx + py * dy) / length).clamp(0.0, 1.0)
    } else {
        0.0
    };
    (px - along * dx).hypot(py - along * dy)
}

/// The middle of the pixel, as a part of the side.
#[expect(clippy::cast_precision_loss, reason = "a few hundred pixels")]
fn place(pixel: u32) -> f32 {
    (pixel as f32 + 0.5) / SIDE as f32
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "from 0 to 255 by its making"
)]
fn blend(back: u8, cover: f32) -> u8 {
    let back = f32::from(back);
    (back + (255.0 - back) * cover).round().clamp(0.0, 255.0) as u8
}

fn figure(initials: &str) -> Vec<Shape> {
    let letters: Vec<Vec<Vec<Point>>> = initials.chars().map(glyph).collect();
    if letters.is_empty() {
        return vec![
            Shape::Ellipse((0.5, 0.39), (0.16, 0.16)),
            Shape::Ellipse((0.5, 0.93), (0.32, 0.30)),
        ];
    }
    let width_of = |letter: &Vec<Vec<Point>>| {
        let xs = letter.iter().flatten().map(|point| point.0);
        xs.fold(0.0, f32::max)
    };
    let widths: Vec<f32> = letters.iter().map(width_of).collect();
    let gaps = GAP * (f32::from(u8::try_from(letters.len()).unwrap_or(1)) - 1.0);
    let whole = widths.iter().sum::<f32>() + gaps;
    let mut left = 0.5 - whole * HEIGHT / 2.0;
    let top = 0.5 - HEIGHT / 2.0;
    let mut shapes = Vec::new();
    for (letter, width) in letters.iter().zip(widths) {
        let at = |point: &Point| (left + point.0 * HEIGHT, top + point.1 * HEIGHT);
        for path in letter {
            let lines = path.windows(2);
            shapes.extend(lines.map(|line| Shape::Stroke(at(&line[0]), at(&line[1]))));
        }
        left += (width + GAP) * HEIGHT;
    }
    shapes
}

/// A part of an ellipse, in degrees: 0 is right, 90 is below.
fn arc(centre: Point, axes: Point, from: i16, to: i16) -> Vec<Point> {
    const STEPS: u8 = 20;
    let (from, to) = (f32::from(from), f32::from(to));
    let point = |step: u8| {
        let angle = (from + (to - from) * f32::from(step) / f32::from(STEPS)).to_radians();
        (
            centre.0 + axes.0 * angle.cos(),
            centre.1 + axes.1 * angle.sin(),
        )
    };
    (0..=STEPS).map(point).collect()
}

/// The strokes of a letter: the top is at 0, the line that it stands on at 1, and its left edge at 0.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each letter, a line or two long"
)]
fn glyph(letter: char) -> Vec<Vec<Point>> {
    let path = |points: &[Point]| points.to_vec();
    let bowl = |axis: f32, x: f32, y: f32, high: f32| arc((x, y), (axis, high), -90, 90);
    match letter {
        'A' => vec![
            path(&[(0.0, 1.0), (0.38, 0.0), (0.76, 1.0)]),
            path(&[(0.14, 0.66), (0.62, 0.66)]),
        ],
        'B' => vec![
            path(&[(0.3, 0.0), (0.0, 0.0), (0.0, 1.0), (0.33, 1.0)]),
            path(&[(0.0, 0.47), (0.33, 0.47)]),
            bowl(0.24, 0.3, 0.235, 0.235),
            bowl(0.27, 0.33, 0.735, 0.265),
        ],
        'C' => vec![arc((0.42, 0.5), (0.42, 0.5), 45, 315)],
        'D' => vec![
            path(&[(0.26, 0.0), (0.0, 0.0), (0.0, 1.0), (0.26, 1.0)]),
            bowl(0.44, 0.26, 0.5, 0.5),
        ],
        'E' => vec![
            path(&[(0.55, 0.0), (0.0, 0.0), (0.0, 1.0), (0.55, 1.0)]),
            path(&[(0.0, 0.49), (0.48, 0.49)]),
        ],
        'F' => vec![
            path(&[(0.54, 0.0), (0.0, 0.0), (0.0, 1.0)]),
            path(&[(0.0, 0.49), (0.46, 0.49)]),
        ],
        'G' => vec![
            arc((0.42, 0.5), (0.42, 0.5), 30, 315),
            path(&[(0.784, 0.75), (0.784, 0.53), (0.48, 0.53)]),
        ],
        'H' => vec![
            path(&[(0.0, 0.0), (0.0, 1.0)]),
            path(&[(0.64, 0.0), (0.64, 1.0)]),
            path(&[(0.0, 0.49), (0.64, 0.49)]),
        ],
        'I' => vec![path(&[(0.0, 0.0), (0.0, 1.0)])],
        'J' => vec![
            path(&[(0.42, 0.0), (0.42, 0.77)]),
            arc((0.21, 0.77), (0.21, 0.23), 0, 165),
        ],
        'K' => vec![
            path(&[(0.0, 0.0), (0.0, 1.0)]),
            path(&[(0.6, 0.0), (0.0, 0.6)]),
            path(&[(0.22, 0.4), (0.64, 1.0)]),
        ],
        'L' => vec![path(&[(0.0, 0.0), (0.0, 1.0), (0.53, 1.0)])],
        'M' => vec![path(&[
            (0.0, 1.0),
            (0.0, 0.0),
            (0.4, 0.68),
            (0.8, 0.0),
            (0.8, 1.0),
        ])],
        'N' => vec![path(&[(0.0, 1.0), (0.0, 0.0), (0.66, 1.0), (0.66, 0.0)])],
        'O' => vec![arc((0.44, 0.5), (0.44, 0.5), 0, 360)],
        'P' => vec![
            path(&[(0.0, 1.0), (0.0, 0.0), (0.32, 0.0)]),
            path(&[(0.0, 0.54), (0.32, 0.54)]),
            bowl(0.28, 0.32, 0.27, 0.27),
        ],
        'Q' => vec![
            arc((0.44, 0.5), (0.44, 0.5), 0, 360),
            path(&[(0.54, 0.72), (0.86, 1.06)]),
        ],
        'R' => vec![
            path(&[(0.0, 1.0), (0.0, 0.0), (0.32, 0.0)]),
            path(&[(0.0, 0.52), (0.32, 0.52)]),
            bowl(0.27, 0.32, 0.26, 0.26),
            path(&[(0.3, 0.52), (0.62, 1.0)]),
        ],
        'S' => vec![
            arc((0.31, 0.25), (0.28, 0.25), -270, -30),
            arc((0.31, 0.75), (0.3, 0.25), -90, 155),
        ],
        'T' => vec![
            path(&[(0.0, 0.0), (0.68, 0.0)]),
            path(&[(0.34, 0.0), (0.34, 1.0)]),
        ],
        'U' => vec![
            path(&[(0.0, 0.0), (0.0, 0.68)]),
            arc((0.33, 0.68), (0.33, 0.32), 180, 0),
            path(&[(0.66, 0.68), (0.66, 0.0)]),
        ],
        'V' => vec![path(&[(0.0, 0.0), (0.37, 1.0), (0.74, 0.0)])],
        'W' => vec![path(&[
            (0.0, 0.0),
            (0.26, 1.0),
            (0.52, 0.18),
            (0.78, 1.0),
            (1.04, 0.0),
        ])],
        'X' => vec![
            path(&[(0.0, 0.0), (0.66, 1.0)]),
            path(&[(0.66, 0.0), (0.0, 1.0)]),
        ],
        'Y' => vec![
            path(&[(0.0, 0.0), (0.34, 0.5), (0.68, 0.0)]),
            path(&[(0.34, 0.5), (0.34, 1.0)]),
        ],
        'Z' => vec![path(&[(0.0, 0.0), (0.62, 0.0), (0.0, 1.0), (0.62, 1.0)])],
        '0' => vec![arc((0.32, 0.5), (0.32, 0.5), 0, 360)],
        '1' => vec![path(&[(0.0, 0.2), (0.26, 0.0), (0.26, 1.0)])],
        '2' => vec![
            arc((0.3, 0.28), (0.3, 0.28), -170, 40),
            path(&[(0.53, 0.46), (0.0, 1.0), (0.6, 1.0)]),
        ],
        '3' => vec![
            arc((0.28, 0.24), (0.26, 0.24), -160, 90),
            arc((0.28, 0.74), (0.3, 0.26), -90, 160),
        ],
        '4' => vec![path(&[(0.46, 1.0), (0.46, 0.0), (0.0, 0.68), (0.64, 0.68)])],
        '5' => vec![
            path(&[(0.54, 0.0), (0.08, 0.0), (0.04, 0.46)]),
            arc((0.28, 0.68), (0.3, 0.32), -140, 150),
        ],
        '6' => vec![
            arc((0.3, 0.68), (0.3, 0.32), 0, 360),
            path(&[(0.44, 0.0), (0.04, 0.56)]),
        ],
        '7' => vec![path(&[(0.0, 0.0), (0.6, 0.0), (0.2, 1.0)])],
        '8' => vec![
            arc((0.3, 0.24), (0.25, 0.24), 0, 360),
            arc((0.3, 0.74), (0.3, 0.26), 0, 360),
        ],
        '9' => vec![
            arc((0.3, 0.32), (0.3, 0.32), 0, 360),
            path(&[(0.56, 0.44), (0.18, 1.0)]),
        ],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Jane Doe", "JD")]
    #[case("Doe, Jane", "JD")]
    #[case("Jean-Claude van Damme (Acme)", "JD")]
    #[case("jane.doe", "JD")]
    #[case("support", "S")]
    #[case("Élodie Ørsted", "EO")]
    #[case("4D Systems", "4S")]
    #[case("\u{201c}Jim\u{201d} Łukasz", "JL")]
    #[case("李小龍", "")]
    #[case("Иван Петров", "")]
    #[case("", "")]
    #[case("!!", "")]
    fn initials(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(of(name), expected);
    }

    #[test]
    fn every_letter_is_drawn_within_its_box() {
        for letter in ('A'..='Z').chain('0'..='9') {
            let strokes = glyph(letter);
            assert!(!strokes.is_empty(), "{letter}");
            for (x, y) in strokes.into_iter().flatten() {
                assert!((-0.01..=1.05).contains(&x), "{letter}: {x}");
                assert!((-0.01..=1.07).contains(&y), "{letter}: {y}");
            }
        }
    }

    #[test]
    fn white_can_be_read_on_every_colour() {
        for colour in COLOURS {
            let [r, g, b] = colour.map(|channel| {
                let part = f64::from(channel) / 255.0;
                if part <= 0.03928 {
                    part / 12.92
                } else {
                    ((part + 0.055) / 1.055).powf(2.4)
                }
            });
            let luminance = 0.2126 * r + 0.7152 * g + 0.0722 * b;
            let contrast = 1.05 / (luminance + 0.05);
            assert!(contrast >= 4.5, "{colour:?}: {contrast}");
        }
    }

    #[rstest]
    #[case("Jane Doe", "k7f3")]
    #[case("李小龍", "k7f3")]
    #[case("W M", "x")]
    fn a_picture_is_small_and_always_the_same(#[case] name: &str, #[case] seed: &str) {
        let png = draw(name, seed);
        assert!(png.len() < 5_000, "{}", png.len());
        assert_eq!(png, draw(name, seed));
        let picture = image::load_from_memory(&png).unwrap().to_rgb8();
        let back = COLOURS[colour_of(seed)];
        assert_eq!(picture.get_pixel(0, 0).0, back);
        let white = picture.pixels().filter(|pixel| pixel.0 == [255; 3]).count();
        assert!(white > 300, "{white} pixels are white");
    }

    #[test]
    fn the_same_initials_and_colour_are_one_picture() {
        assert_eq!(
            name_of_picture("Jane Doe", "a"),
            name_of_picture("John Dee", "a")
        );
        assert_ne!(
            name_of_picture("Jane Doe", "a"),
            name_of_picture("Jane Roe", "a")
        );
    }
}
