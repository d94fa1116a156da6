//! Colours, and how well one can be read on another (WCAG 2.2, relative luminance and contrast ratio).

use std::fmt;

/// A colour of the sRGB space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

pub const WHITE: Colour = Colour::new(0xff_ff_ff);
pub const BLACK: Colour = Colour::new(0);

impl Colour {
    /// `0xrrggbb`.
    #[must_use]
    pub const fn new(rgb: u32) -> Self {
        let [_, red, green, blue] = rgb.to_be_bytes();
        Self { red, green, blue }
    }

    /// Reads `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#')?;
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let rgb = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        Some(Self::new(rgb))
    }

    /// From 1 (the same) to 21 (black on white); texts need 4.5.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance() + 0.05, other.luminance() + 0.05);
        one.max(other) / one.min(other)
    }

    /// Black or white, whichever is read more easily on this.
    #[must_use]
    pub fn ink(self) -> Self {
        if self.contrast(WHITE) >= self.contrast(BLACK) {
            WHITE
        } else {
            BLACK
        }
    }

    /// The same hue, but neither so light nor so dark that it fades on a white ground or on a black
    /// one: its contrast to both is at least 4.5. For words that don't know where they will stand.
    #[must_use]
    pub fn readable(self) -> Self {
        let channels = [self.red, self.green, self.blue].map(linear);
        let luminance = self.luminance();
        let mixed = if luminance > MIDDLE {
            channels.map(|channel| channel * MIDDLE / luminance)
        } else {
            let white = (MIDDLE - luminance) / (1.0 - luminance);
            channels.map(|channel| channel + (1.0 - channel) * white)
        };
        let [red, green, blue] = mixed.map(encoded);
        Self { red, green, blue }
    }

    /// From 0 to 1.
    fn luminance(self) -> f64 {
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// The luminance whose contrast to black and to white is the same, √21.
const MIDDLE: f64 = 0.1791;

fn linear(channel: u8) -> f64 {
    let channel = f64::from(channel) / 255.0;
    if channel <= 0.04045 {
        channel / 12.92
    } else {
        ((channel + 0.055) / 1.055).powf(2.4)
    }
}

fn encoded(channel: f64) -> u8 {
    let channel = if channel <= 0.003_130_8 {
        channel * 12.92
    } else {
        1.055 * channel.powf(1.0 / 2.4) - 0.055
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits"
    )]
    let octet = (channel * 255.0).round().clamp(0.0, 255.0) as u8;
    octet
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("#000000", "#ffffff", 21.0)]
    #[case("#777777", "#ffffff", 4.48)]
    #[case("#1d5fa8", "#1d5fa8", 1.0)]
    fn contrasts(#[case] one: &str, #[case] other: &str, #[case] expected: f64) {
        let contrast = Colour::parse(one)
            .unwrap()
            .contrast(Colour::parse(other).unwrap());
        assert!((contrast - expected).abs() < 0.01, "{contrast}");
    }

    #[rstest]
    #[case("#ff0000", "#ec0000")]
    #[case("#ffff00", "#7a7a00")]
    #[case("#000000", "#757575")]
    fn readable_ones_keep_their_hue(#[case] colour: &str, #[case] expected: &str) {
        assert_eq!(
            Colour::parse(colour).unwrap().readable().to_string(),
            expected
        );
    }

    #[rstest]
    #[case("red")]
    #[case("#fff")]
    #[case("#+12345")]
    #[case("#12345é")]
    fn others_are_none(#[case] text: &str) {
        assert_eq!(Colour::parse(text), None);
    }

    proptest! {
        #[test]
        fn everything_can_be_made_readable(rgb in 0..0x0100_0000_u32) {
            let colour = Colour::new(rgb).readable();
            prop_assert!(colour.contrast(WHITE) >= 4.5, "{colour} on white");
            prop_assert!(colour.contrast(BLACK) >= 4.5, "{colour} on black");
        }

        #[test]
        fn there_is_always_an_ink(rgb in 0..0x0100_0000_u32) {
            let colour = Colour::new(rgb);
            prop_assert!(colour.contrast(colour.ink()) >= 4.5);
        }

        #[test]
        fn what_is_written_is_read(rgb in 0..0x0100_0000_u32) {
            let colour = Colour::new(rgb);
            prop_assert_eq!(Colour::parse(&colour.to_string()), Some(colour));
        }
    }
}
