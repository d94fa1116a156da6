//! Pictures of every kind, whole and broken.

use image::{
    DynamicImage, ImageBuffer, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage,
    codecs::{gif::GifEncoder, jpeg::JpegEncoder, png::PngEncoder},
};
use proptest::prelude::*;
use rstest::rstest;

use super::*;

fn for_letter(file: &[u8]) -> Option<InLetter> {
    super::for_letter(Cursor::new(file), file.len() as u64)
}

/// Dark on the left, bright on the right, red at the top.
fn drawn(width: u32, height: u32) -> DynamicImage {
    let pixels = ImageBuffer::from_fn(width, height, |x, y| {
        let bright = u8::try_from(x * 255 / width.max(1)).unwrap();
        let red = if y < height / 2 { 255 } else { bright };
        Rgb([red, bright, bright])
    });
    DynamicImage::ImageRgb8(pixels)
}

fn written(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A JPEG that says how the camera was held (Exif 2.3, tag 0x0112).
fn held(orientation: u8, picture: &DynamicImage) -> Vec<u8> {
    let mut file = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut file, 90);
    picture.to_rgb8().write_with_encoder(encoder).unwrap();
    let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    let mut segment = vec![0xff, 0xe1];
    segment.extend(length);
    segment.extend(exif);
    file.splice(2..2, segment);
    file
}

#[rstest]
fn every_format_is_measured(
    #[values(
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP
    )]
    format: ImageFormat,
) {
    let found = look_at(&written(&drawn(40, 30), format)).unwrap();
    assert_eq!((found.width, found.height), (40, 30));
    assert!(!found.is_animated);
    assert_eq!(found.thumbnail, None);
    // A size of 4 × 3 components, in base 83: 3 + 2 × 9.
    let hash = found.blurhash.unwrap();
    assert!(hash.starts_with('L') && hash.len() == 28, "{hash}");
}

#[rstest]
#[case::small((400, 300), ImageFormat::Png, "itself")]
#[case::no_mail_program_knows_it((400, 300), ImageFormat::WebP, "400 × 300")]
#[case::wide((2400, 1200), ImageFormat::Jpeg, "1200 × 600")]
#[case::high((100, 6000), ImageFormat::Png, "20 × 1200")]
#[case::heavy((1100, 1100), ImageFormat::Png, "1100 × 1100")]
fn a_letter_shows_a_picture_or_a_light_one_instead(
    #[case] (width, height): (u32, u32),
    #[case] format: ImageFormat,
    #[case] expected: &str,
) {
    let picture = if expected == "1100 × 1100" {
        noise(width, height)
    } else {
        drawn(width, height)
    };
    let found = for_letter(&written(&picture, format)).unwrap();
    assert_eq!((found.width, found.height), (width, height));
    let shown = match found.shows {
        Shows::Itself => "itself".to_owned(),
        Shows::Nothing => "nothing".to_owned(),
        Shows::Preview(preview) => {
            assert!(preview.bytes.len() <= LIGHT, "{}", preview.bytes.len());
            format!("{} × {}", preview.width, preview.height)
        }
    };
    // Noise can't be made light but by making it small.
    if expected == "1100 × 1100" {
        assert_ne!(shown, "itself");
        assert_ne!(shown, "nothing");
    } else {
        assert_eq!(shown, expected);
    }
}

#[test]
fn a_letter_turns_a_picture_as_the_camera_was_held() {
    let found = for_letter(&held(6, &drawn(300, 200))).unwrap();
    assert_eq!((found.width, found.height), (200, 300));
    let Shows::Preview(preview) = found.shows else {
        panic!("{found:?}")
    };
    assert_eq!((preview.width, preview.height), (200, 300));
    let read = image::load_from_memory(&preview.bytes).unwrap().to_rgb8();
    assert!(read.get_pixel(190, 150).0[0] > 200, "red is on the right");
}

#[test]
fn what_can_be_looked_through_stays_so_while_it_is_light() {
    let clear = RgbaImage::from_pixel(1600, 900, Rgba([10, 200, 30, 100]));
    let file = written(&DynamicImage::ImageRgba8(clear), ImageFormat::Png);
    let Shows::Preview(preview) = for_letter(&file).unwrap().shows else {
        panic!("it is wide")
    };
    assert_eq!(preview.content_type, "image/png");
    assert_eq!((preview.width, preview.height), (1200, 675));
}

#[rstest]
#[case::wide((1600, 1200), Some((800, 600)))]
#[case::high((500, 2000), Some((200, 800)))]
#[case::a_line((3000, 1), Some((800, 1)))]
#[case::just_small((800, 800), None)]
fn a_large_picture_has_a_thumbnail(
    #[case] (width, height): (u32, u32),
    #[case] expected: Option<(u32, u32)>,
) {
    let file = written(&noise(width, height), ImageFormat::Jpeg);
    let found = look_at(&file).unwrap();
    assert_eq!((found.width, found.height), (width, height));
    let size = found.thumbnail.map(|thumbnail| {
        let read = image::load_from_memory(&thumbnail.bytes).unwrap();
        assert_eq!(thumbnail.content_type, "image/jpeg");
        assert_eq!(
            (read.width(), read.height()),
            (thumbnail.width, thumbnail.height)
        );
        (thumbnail.width, thumbnail.height)
    });
    assert_eq!(size, expected);
}

#[test]
fn a_thumbnail_that_saves_nothing_is_none() {
    let flat = DynamicImage::ImageRgb8(RgbImage::from_pixel(1000, 1000, Rgb([9, 9, 9])));
    let found = look_at(&written(&flat, ImageFormat::Png)).unwrap();
    assert_eq!(found.thumbnail, None);
    assert!(found.blurhash.is_some());
}

/// What no compression makes small.
fn noise(width: u32, height: u32) -> DynamicImage {
    let mut seed = 1_u32;
    let pixels = RgbImage::from_fn(width, height, |_, _| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [_, red, green, blue] = seed.to_le_bytes();
        Rgb([red, green, blue])
    });
    DynamicImage::ImageRgb8(pixels)
}

#[test]
fn a_heavy_picture_has_a_thumbnail_however_small_it_is() {
    let file = written(&noise(400, 300), ImageFormat::Png);
    assert!(file.len() > LARGE_FILE);
    let thumbnail = look_at(&file).unwrap().thumbnail.unwrap();
    assert_eq!((thumbnail.width, thumbnail.height), (400, 300));
    assert!(thumbnail.bytes.len() < file.len());
}

#[test]
fn one_that_can_be_looked_through_stays_so() {
    let noise = noise(1000, 500).to_rgb8();
    let clear = RgbaImage::from_fn(1000, 500, |x, y| {
        let Rgb([red, green, blue]) = *noise.get_pixel(x, y);
        Rgba([red, green, blue, u8::try_from(x / 4).unwrap_or(255)])
    });
    let file = written(&DynamicImage::ImageRgba8(clear), ImageFormat::Png);
    let thumbnail = look_at(&file).unwrap().thumbnail.unwrap();
    assert_eq!(thumbnail.content_type, "image/png");
    let read = image::load_from_memory(&thumbnail.bytes)
        .unwrap()
        .to_rgba8();
    assert!(read.get_pixel(5, 5).0[3] < 50 && read.get_pixel(795, 5).0[3] > 200);
}

#[test]
fn what_only_could_be_looked_through_is_a_photo() {
    let opaque = DynamicImage::ImageRgba8(noise(1000, 500).to_rgba8());
    let thumbnail = look_at(&written(&opaque, ImageFormat::Png))
        .unwrap()
        .thumbnail;
    assert_eq!(thumbnail.unwrap().content_type, "image/jpeg");
}

/// The ground shines through: black that can't be seen is no dark spot.
#[test]
fn what_is_not_seen_is_as_bright_as_the_ground() {
    let unseen = DynamicImage::ImageRgba8(RgbaImage::from_pixel(20, 20, Rgba([0, 0, 0, 0])));
    let white = DynamicImage::ImageRgb8(RgbImage::from_pixel(20, 20, Rgb([255, 255, 255])));
    let hash = |picture| {
        look_at(&written(&picture, ImageFormat::Png))
            .unwrap()
            .blurhash
    };
    assert_eq!(hash(unseen), hash(white));
}

#[rstest]
#[case(1, (1200, 900))]
#[case(3, (1200, 900))]
#[case(6, (900, 1200))]
#[case(8, (900, 1200))]
fn a_photo_stands_as_the_camera_was_held(#[case] orientation: u8, #[case] size: (u32, u32)) {
    let found = look_at(&held(orientation, &drawn(1200, 900))).unwrap();
    assert_eq!((found.width, found.height), size);
    let thumbnail = found.thumbnail.unwrap();
    assert_eq!(thumbnail.width > thumbnail.height, size.0 > size.1);
    let read = image::load_from_memory(&thumbnail.bytes).unwrap().to_rgb8();
    // The red side of the picture, which was at its top.
    let (right, bottom) = (thumbnail.width - 10, thumbnail.height - 10);
    let (middle_x, middle_y) = (thumbnail.width / 2, thumbnail.height / 2);
    let (x, y) = match orientation {
        1 => (middle_x, 10),
        3 => (middle_x, bottom),
        6 => (right, middle_y),
        _ => (10, middle_y),
    };
    let Rgb([red, green, _]) = *read.get_pixel(x, y);
    assert!(red > 230 && green < 200, "{red} {green}");
}

#[test]
fn what_moves_is_known_and_has_a_still_thumbnail() {
    let mut file = Vec::new();
    let mut encoder = GifEncoder::new(&mut file);
    for _ in 0..3 {
        let frame = image::Frame::new(noise(120, 90).to_rgba8());
        encoder.encode_frame(frame).unwrap();
    }
    drop(encoder);
    let found = look_at(&file).unwrap();
    assert!(found.is_animated);
    let thumbnail = found.thumbnail.unwrap();
    assert_eq!((thumbnail.width, thumbnail.height), (120, 90));
    assert!(!look_at(&thumbnail.bytes).unwrap().is_animated);
}

#[test]
fn a_png_that_moves_is_known() {
    let mut file = written(&drawn(20, 20), ImageFormat::Png);
    assert!(!look_at(&file).unwrap().is_animated);
    // Two frames, for ever (PNG 3, 11.3.6.1), between the header and the pixels.
    let control = chunk(*b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]);
    file.splice(33..33, control);
    assert!(look_at(&file).unwrap().is_animated);
}

fn chunk(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    let mut chunk = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
    let checked = [kind.as_slice(), content].concat();
    // CRC-32 (PNG 3, annex D), bit by bit.
    let check = checked.iter().fold(u32::MAX, |check, octet| {
        (0..8).fold(check ^ u32::from(*octet), |check, _| {
            (check >> 1) ^ (0xedb8_8320 * (check & 1))
        })
    });
    chunk.extend(checked);
    chunk.extend((!check).to_be_bytes());
    chunk
}

fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = width.to_be_bytes().to_vec();
    header.extend(height.to_be_bytes());
    header.extend([8, 6, 0, 0, 0]);
    file.extend(chunk(*b"IHDR", &header));
    file.extend(chunk(*b"IDAT", &[0x78, 0x9c, 3, 0, 0, 0, 0, 1]));
    file.extend(chunk(*b"IEND", &[]));
    file
}

#[rstest]
#[case::too_much_to_unpack(10_000, 10_000, true)]
#[case::too_much_to_show(100_000, 100_000, false)]
#[case::nothing_at_all(0, 10, false)]
fn a_bomb_is_not_unpacked(#[case] width: u32, #[case] height: u32, #[case] is_shown: bool) {
    let found = look_at(&png_header(width, height));
    let expected = is_shown.then_some(Picture {
        width,
        height,
        is_animated: false,
        thumbnail: None,
        blurhash: None,
    });
    assert_eq!(found, expected);
}

#[rstest]
fn a_damaged_picture_is_measured(
    #[values(ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP)] format: ImageFormat,
) {
    let mut file = written(&noise(900, 700), format);
    file.truncate(file.len() / 2);
    let found = look_at(&file).unwrap();
    assert_eq!((found.width, found.height), (900, 700));
    assert_eq!(measure(&file).unwrap().width, 900);
}

#[rstest]
#[case::nothing(b"")]
#[case::text(b"Hello")]
#[case::only_a_beginning(b"\xff\xd8\xff\xe0\0\x10JFIF\0")]
#[case::only_a_signature(b"\x89PNG\r\n\x1a\n")]
#[case::another_format(b"BM\x8a\0\0\0\0\0\0\0\x8a\0\0\0")]
fn what_does_not_say_how_large_it_is_is_no_picture(#[case] file: &[u8]) {
    assert_eq!(look_at(file), None);
    assert_eq!(measure(file), None);
}

#[rstest]
#[case::in_one_pass(&[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc0, 0, 2], false)]
#[case::in_several(&[0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xff, 0xc2, 0, 2], true)]
#[case::cut(&[0xff, 0xd8, 0xff, 0xe0, 0, 4], false)]
#[case::nonsense(&[0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xe0, 0, 0], false)]
fn passes_of_a_jpeg(#[case] file: &[u8], #[case] several: bool) {
    assert_eq!(
        is_of_several_passes(&mut Cursor::new(file)).unwrap(),
        several
    );
}

proptest! {
    /// Whatever stands where in a file that was a picture: no panic, and what is said of it holds.
    #[test]
    fn broken_pictures_do_no_harm(
        format in 0..4_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let formats =
            [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP];
        let mut file = written(&drawn(60, 40), formats[format]);
        for (place, octet) in changes {
            let place = place.index(file.len());
            file[place] = octet;
        }
        if is_cut {
            file.truncate(cut.index(file.len()));
        }
        if let Some(found) = look_at(&file) {
            prop_assert!(found.width > 0 && found.height > 0);
            if let Some(thumbnail) = found.thumbnail {
                prop_assert!(thumbnail.width.max(thumbnail.height) <= THUMBNAIL_SIDE);
            }
        }
    }
}

#[test]
fn a_picture_written_without_colour_is_read() {
    let grey = DynamicImage::ImageLuma16(drawn(900, 300).to_luma16());
    let mut file = Vec::new();
    grey.write_with_encoder(PngEncoder::new(&mut file)).unwrap();
    let found = look_at(&file).unwrap();
    assert_eq!((found.width, found.height), (900, 300));
    assert!(found.blurhash.is_some());
}
