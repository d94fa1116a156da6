//! The small picture that somebody's mail program sends with every mail: the header Face, as Gnus, Claws
//! Mail and `KMail` write it. A PNG of 48 by 48 pixels, in Base64 (<https://quimby.gnus.org/circus/face/>).

use std::io::Cursor;

use data_encoding::BASE64;
use image::{ImageFormat, ImageReader, Limits};

/// In octets, as it stands in the mail: what is longer is no such header.
const LONGEST: usize = 4096;
/// In pixels. Somewhat more than there may be.
const LARGEST: u32 = 128;

/// The picture, drawn anew as PNG: nothing else that was in the file goes on to the homeserver. `None` if
/// it is none.
#[must_use]
pub fn read(header: &str) -> Option<Vec<u8>> {
    if header.len() > LONGEST {
        return None;
    }
    let text: String = header.split_whitespace().collect();
    let file = BASE64.decode(text.as_bytes()).ok()?;
    let mut reader = ImageReader::with_format(Cursor::new(file), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(LARGEST);
    limits.max_image_height = Some(LARGEST);
    reader.limits(limits);
    let pixels = reader.decode().ok()?.to_rgba8();
    let mut png = Cursor::new(Vec::new());
    pixels.write_to(&mut png, ImageFormat::Png).ok()?;
    Some(png.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(side: u32, format: ImageFormat) -> String {
        let pixels = image::RgbImage::from_pixel(side, side, image::Rgb([9, 9, 200]));
        let mut file = Cursor::new(Vec::new());
        pixels.write_to(&mut file, format).unwrap();
        BASE64.encode(&file.into_inner())
    }

    #[test]
    fn one_that_is_folded_is_drawn_anew() {
        let text = picture(48, ImageFormat::Png);
        let (first, second) = text.split_at(40);
        let png = read(&format!("{first} {second}")).unwrap();
        assert_eq!(image::guess_format(&png).unwrap(), ImageFormat::Png);
    }

    #[test]
    fn what_is_none_is_left_alone() {
        assert_eq!(read(&picture(48, ImageFormat::Gif)), None);
        assert_eq!(read(&picture(LARGEST + 1, ImageFormat::Png)), None);
        assert_eq!(read("nobody"), None);
        assert_eq!(read(""), None);
        assert_eq!(read(&"A".repeat(LONGEST + 1)), None);
    }
}
