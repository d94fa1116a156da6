//! Pictures: how large they are, what is shown of them before they are loaded, and in a letter.
//!
//! A new format is an arm in `open`; what its decoder may take is bounded in `Opened::unpack`.

use std::io::{self, BufRead, Cursor, Read, Seek, SeekFrom};

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits,
    codecs::{jpeg::JpegEncoder, png::PngDecoder, webp::WebPDecoder},
    metadata::Orientation,
};

/// A picture as it is to be shown, its orientation applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    pub height: u32,
    pub is_animated: bool,
    /// A small one, if it helps: the picture itself is large, or moves.
    pub thumbnail: Option<Thumbnail>,
    /// What stands in its place until it is loaded (<https://blurha.sh>).
    pub blurhash: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumbnail {
    pub bytes: Vec<u8>,
    /// `image/jpeg`, or `image/png` for one that can be looked through.
    pub content_type: &'static str,
    /// In pixels.
    pub width: u32,
    pub height: u32,
}

/// Longest side of a thumbnail, in pixels.
pub const THUMBNAIL_SIDE: u32 = 800;
/// A picture of more octets has a thumbnail, however few pixels it has.
const LARGE_FILE: usize = 300_000;
/// What has more pixels isn't unpacked, as some ten octets can ask for many gigabytes.
const MOST_PIXELS: u64 = 50_000_000;
/// What has more pixels is no picture to be shown: every client in the room would unpack it.
const MOST_SHOWN: u64 = 250_000_000;
/// Most memory for an unpacked picture, in octets: three for each of the most pixels, and some.
const MOST_MEMORY: u64 = 160 * 1024 * 1024;
/// What a JPEG of several passes takes for each pixel besides, in octets: its coefficients.
const COEFFICIENTS: u64 = 6;
/// Up to so many pixels a thumbnail is for saving octets, not for saving work.
const EASY: u64 = 4_000_000;
/// Of 100. Below, letters in a picture of a screen grow hard to read.
const QUALITY: u8 = 80;

/// Reads a JPEG, PNG, GIF or WebP. `None` if it is something else, or so damaged that it doesn't say
/// how large it is; if only its pixels are damaged it has neither thumbnail nor blurhash.
///
/// Takes up to a second or two, and up to 220 MiB besides the file, which a JPEG holds once more: run
/// it on a blocking thread.
#[must_use]
pub fn look_at(file: &[u8]) -> Option<Picture> {
    let opened = open(Cursor::new(file))?;
    let mut picture = opened.picture.clone();
    picture.is_animated = is_animated(file, opened.format);
    if let Some((small, is_large)) = opened.unpack(THUMBNAIL_SIDE) {
        picture.blurhash = small.blurhash();
        if is_large || picture.is_animated || file.len() > LARGE_FILE {
            let pixels = u64::from(picture.width) * u64::from(picture.height);
            picture.thumbnail = small
                .thumbnail()
                .filter(|thumbnail| thumbnail.bytes.len() < file.len() || pixels > EASY);
        }
    }
    Some(picture)
}

/// As [`look_at`], but reads only the header: no thumbnail, no blurhash, and no time.
#[must_use]
pub fn measure(file: &[u8]) -> Option<Picture> {
    let opened = open(Cursor::new(file))?;
    let is_animated = is_animated(file, opened.format);
    Some(Picture {
        is_animated,
        ..opened.picture
    })
}

/// What a letter shows of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InLetter {
    /// Of the picture itself, in pixels, its orientation applied.
    pub width: u32,
    pub height: u32,
    pub shows: Shows,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shows {
    /// The picture as it is: every mail program shows it, and it is small.
    Itself,
    Preview(Thumbnail),
    /// It can't be unpacked.
    Nothing,
}

/// Longest side of a picture that a letter shows, in pixels.
pub const LETTER_SIDE: u32 = 1200;
/// A heavier picture, in octets, is shown by a lighter one.
const HEAVY: u64 = 600_000;
/// What the lighter one may have, in octets.
const LIGHT: usize = 200_000;

/// Reads a picture of `size` octets for a letter; the bounds are those of [`look_at`], and only of a JPEG
/// the whole file is held besides. `None` if it is something else than a JPEG, PNG, GIF or WebP.
#[must_use]
pub fn for_letter(file: impl BufRead + Seek, size: u64) -> Option<InLetter> {
    let opened = open(file)?;
    let (width, height) = (opened.picture.width, opened.picture.height);
    let is_known_everywhere = opened.format != ImageFormat::WebP;
    // Not every mail program turns a picture as it asks for.
    let is_upright = opened.orientation == Orientation::NoTransforms;
    let is_small = width.max(height) <= LETTER_SIDE && size <= HEAVY;
    let shows = if is_known_everywhere && is_upright && is_small {
        Shows::Itself
    } else {
        let unpacked = opened.unpack(LETTER_SIDE);
        let preview = unpacked.and_then(|(small, _)| small.light());
        preview.map_or(Shows::Nothing, Shows::Preview)
    };
    Some(InLetter {
        width,
        height,
        shows,
    })
}

/// A picture whose header is read.
struct Opened<D> {
    picture: Picture,
    decoder: D,
    format: ImageFormat,
    orientation: Orientation,
    /// A JPEG whose every pass refines the whole.
    is_of_several_passes: bool,
}

/// Whether it moves isn't looked at.
fn open<'f, F: BufRead + Seek + 'f>(mut file: F) -> Option<Opened<impl ImageDecoder + 'f>> {
    let format = image::guess_format(file.fill_buf().ok()?).ok()?;
    let is_of_several_passes = match format {
        ImageFormat::Jpeg => is_of_several_passes(&mut file).ok()?,
        ImageFormat::Gif | ImageFormat::Png | ImageFormat::WebP => false,
        _ => return None,
    };
    file.rewind().ok()?;
    let mut decoder = ImageReader::with_format(file, format).into_decoder().ok()?;
    let (width, height) = decoder.dimensions();
    if !(1..=MOST_SHOWN).contains(&(u64::from(width) * u64::from(height))) {
        return None;
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let (width, height) = if lies_on_its_side(orientation) {
        (height, width)
    } else {
        (width, height)
    };
    let picture = Picture {
        width,
        height,
        is_animated: false,
        thumbnail: None,
        blurhash: None,
    };
    Some(Opened {
        picture,
        decoder,
        format,
        orientation,
        is_of_several_passes,
    })
}

impl<D: ImageDecoder> Opened<D> {
    /// Its pixels, at most `side` of them in either direction, and whether there were more.
    fn unpack(mut self, side: u32) -> Option<(Small, bool)> {
        let (width, height) = self.decoder.dimensions();
        let pixels = u64::from(width) * u64::from(height);
        let mut memory = self.decoder.total_bytes();
        if self.is_of_several_passes {
            memory = memory.saturating_add(pixels * COEFFICIENTS);
        }
        if pixels > MOST_PIXELS || memory > MOST_MEMORY {
            return None;
        }
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_MEMORY);
        self.decoder.set_limits(limits).ok()?;
        let whole = DynamicImage::from_decoder(self.decoder).ok()?;
        let is_large = width.max(height) > side;
        let mut small = if is_large {
            whole.thumbnail(side, side)
        } else {
            whole
        };
        small.apply_orientation(self.orientation);
        Some((Small::of(&small), is_large))
    }
}

/// What is left of a picture, in eight bits for each colour.
enum Small {
    Opaque(image::RgbImage),
    /// Something behind it can be seen.
    Clear(image::RgbaImage),
}

impl Small {
    fn of(picture: &DynamicImage) -> Self {
        if picture.color().has_alpha() {
            let pixels = picture.to_rgba8();
            if pixels.pixels().any(|pixel| pixel.0[3] < u8::MAX) {
                return Self::Clear(pixels);
            }
        }
        Self::Opaque(picture.to_rgb8())
    }

    fn thumbnail(&self) -> Option<Thumbnail> {
        match self {
            Self::Opaque(pixels) => jpeg(pixels, QUALITY),
            Self::Clear(pixels) => {
                let mut bytes = Vec::new();
                let encoder = image::codecs::png::PngEncoder::new(&mut bytes);
                pixels.write_with_encoder(encoder).ok()?;
                Some(Thumbnail {
                    bytes,
                    content_type: "image/png",
                    width: pixels.width(),
                    height: pixels.height(),
                })
            }
        }
    }

    /// Of at most [`LIGHT`] octets: first it is worse, then also smaller; what can be looked through
    /// stands on white if it has to be.
    fn light(&self) -> Option<Thumbnail> {
        let opaque = match self {
            Self::Clear(pixels) => {
                let clear = self.thumbnail()?;
                if clear.bytes.len() <= LIGHT {
                    return Some(clear);
                }
                on_white(pixels)
            }
            Self::Opaque(pixels) => pixels.clone(),
        };
        let smaller = DynamicImage::from(opaque);
        let sides = [LETTER_SIDE, THUMBNAIL_SIDE, THUMBNAIL_SIDE / 2];
        for side in sides {
            let pixels = if smaller.width().max(smaller.height()) > side {
                smaller.thumbnail(side, side).to_rgb8()
            } else {
                smaller.to_rgb8()
            };
            for quality in [QUALITY, 65, 50] {
                let found = jpeg(&pixels, quality)?;
                if found.bytes.len() <= LIGHT {
                    return Some(found);
                }
            }
        }
        None
    }

    /// Of so small a copy that more would not change it. Clients show it on a light ground.
    fn blurhash(&self) -> Option<String> {
        const SIDE: u32 = 32;
        let mut pixels = match self {
            Self::Opaque(pixels) => DynamicImage::from(pixels.clone()),
            Self::Clear(pixels) => DynamicImage::from(pixels.clone()),
        }
        .thumbnail(SIDE, SIDE)
        .to_rgba8();
        for pixel in pixels.pixels_mut() {
            let [colours @ .., alpha] = &mut pixel.0;
            for colour in colours {
                *colour = mixed_with_white(*colour, *alpha);
            }
        }
        let (width, height) = pixels.dimensions();
        let (across, down) = if width >= height { (4, 3) } else { (3, 4) };
        blurhash::encode(across, down, width, height, pixels.as_raw()).ok()
    }
}

fn jpeg(pixels: &image::RgbImage, quality: u8) -> Option<Thumbnail> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    pixels.write_with_encoder(encoder).ok()?;
    Some(Thumbnail {
        bytes,
        content_type: "image/jpeg",
        width: pixels.width(),
        height: pixels.height(),
    })
}

fn on_white(pixels: &image::RgbaImage) -> image::RgbImage {
    image::RgbImage::from_fn(pixels.width(), pixels.height(), |x, y| {
        let image::Rgba([colours @ .., alpha]) = *pixels.get_pixel(x, y);
        image::Rgb(colours.map(|colour| mixed_with_white(colour, alpha)))
    })
}

fn mixed_with_white(colour: u8, alpha: u8) -> u8 {
    let (seen, ground) = (u16::from(alpha), u16::from(u8::MAX - alpha));
    let mixed = (u16::from(colour) * seen + 255 * ground) / 255;
    u8::try_from(mixed).unwrap_or(u8::MAX)
}

fn lies_on_its_side(orientation: Orientation) -> bool {
    match orientation {
        Orientation::Rotate90
        | Orientation::Rotate270
        | Orientation::Rotate90FlipH
        | Orientation::Rotate270FlipH => true,
        Orientation::NoTransforms
        | Orientation::Rotate180
        | Orientation::FlipHorizontal
        | Orientation::FlipVertical => false,
    }
}

fn is_animated(file: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Gif => has_several_frames(file),
        ImageFormat::Png => PngDecoder::new(Cursor::new(file))
            .is_ok_and(|decoder| decoder.is_apng().unwrap_or_default()),
        ImageFormat::WebP => {
            WebPDecoder::new(Cursor::new(file)).is_ok_and(|decoder| decoder.has_animation())
        }
        _ => false,
    }
}

/// Whether the frame header of a JPEG says that every pass refines the whole (ITU-T T.81, B.2.2). One with
/// more before that than any has is taken for such.
fn is_of_several_passes(jpeg: &mut (impl Read + Seek)) -> io::Result<bool> {
    const MOST_SEGMENTS: usize = 2_000;
    let mut at = 2;
    for _ in 0..MOST_SEGMENTS {
        let mut head = [0; 4];
        jpeg.seek(SeekFrom::Start(at))?;
        match jpeg.read_exact(&mut head) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            read => read?,
        }
        match head {
            // Padding.
            [0xff, 0xff, ..] => at += 1,
            [0xff, 0xc2 | 0xc6 | 0xca | 0xce, ..] => return Ok(true),
            // The other frames, and the pixels.
            [
                0xff,
                0xc0 | 0xc1 | 0xc3 | 0xc5 | 0xc7 | 0xc9 | 0xcb | 0xcd | 0xcf | 0xda,
                ..,
            ] => {
                return Ok(false);
            }
            [0xff, _, high, low] => at += 2 + u64::from(u16::from_be_bytes([high, low])).max(2),
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// Whether a GIF shows more than one picture: walks over its blocks, without unpacking them.
fn has_several_frames(gif: &[u8]) -> bool {
    /// Octets of the colours, by the flags that announce them.
    fn colours(flags: u8) -> usize {
        if flags & 0x80 == 0 {
            0
        } else {
            3 << ((flags & 7) + 1)
        }
    }
    /// After a row of blocks that say how long they are; the last one is empty.
    fn after_blocks(gif: &[u8], mut at: usize) -> Option<usize> {
        loop {
            match *gif.get(at)? {
                0 => return Some(at + 1),
                length => at += 1 + usize::from(length),
            }
        }
    }
    let walk = || {
        let mut at = 13 + colours(*gif.get(10)?);
        let mut frames = 0;
        while frames < 2 {
            at = match *gif.get(at)? {
                0x21 => after_blocks(gif, at + 2)?,
                0x2c => {
                    frames += 1;
                    after_blocks(gif, at + 11 + colours(*gif.get(at + 9)?))?
                }
                _ => return None,
            };
        }
        Some(())
    };
    walk().is_some()
}

#[cfg(test)]
mod tests;
