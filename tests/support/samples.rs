//! Files that people share.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgb, RgbImage};

/// A picture that can't be made small.
pub fn png(width: u32, height: u32) -> Vec<u8> {
    let pixel = |x: u32, y: u32| {
        let mixed = x.wrapping_mul(0x9e37_79b9) ^ y.wrapping_mul(0x85eb_ca6b);
        let mixed = mixed.wrapping_mul(0xc2b2_ae35);
        Rgb([mixed, mixed >> 8, mixed >> 16].map(|it| u8::try_from(it & 0xff).unwrap()))
    };
    let picture = DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, pixel));
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).unwrap();
    file.into_inner()
}

/// A file of that many octets, of every kind, which nothing makes shorter.
pub fn firmware(size: usize) -> Vec<u8> {
    let mut state = 7_u32;
    let octet = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(octet).take(size).collect()
}
