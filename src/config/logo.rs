//! `logo`: a small picture above the letters of a mailbox.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use super::wrong::Wrong;
use crate::{content::picture, domain::letter::Logo};

/// Reads the picture at `path`.
pub(super) fn read(path: &Path) -> Result<Arc<Logo>, Wrong> {
    let content = content_of(path).map_err(|error| {
        Wrong::new(
            format!("cannot read {}: {error}", path.display()),
            "name a file that Postroom's user can read",
        )
    })?;
    if content.len() > LARGEST {
        return Err(Wrong::new(
            format!("{} has more than 100 kB", path.display()),
            "make it smaller: it travels with every letter",
        ));
    }
    let not_a_picture = || {
        Wrong::new(
            format!("{} is not a picture that letters can show", path.display()),
            "save it as PNG, JPEG or GIF",
        )
    };
    let content_type = content_type(&content).ok_or_else(not_a_picture)?;
    let picture = picture::measure(&content).ok_or_else(not_a_picture)?;
    let (width, height) = fit(picture.width, picture.height);
    Ok(Arc::new(Logo {
        content,
        content_type,
        width,
        height,
    }))
}

/// No more than what shows that it is too large.
fn content_of(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    let file = File::open(path)?;
    file.take(LARGEST as u64 + 1).read_to_end(&mut content)?;
    Ok(content)
}

/// What every mail program shows; WebP is not among it.
pub(super) fn content_type(content: &[u8]) -> Option<&'static str> {
    if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if content.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if content.starts_with(b"GIF8") {
        Some("image/gif")
    } else {
        None
    }
}

/// Scaled down to at most [`WIDEST`] by [`HIGHEST`] pixels, at least one each way.
fn fit(width: u32, height: u32) -> (u32, u32) {
    let (wide, high) = (u64::from(width), u64::from(height));
    let (most_wide, most_high) = (u64::from(WIDEST), u64::from(HIGHEST));
    let (wide, high) = if wide <= most_wide && high <= most_high {
        (wide, high)
    } else if wide * most_high >= high * most_wide {
        (most_wide, high * most_wide / wide)
    } else {
        (wide * most_high / high, most_high)
    };
    let pixels = |side: u64| u32::try_from(side).unwrap_or(u32::MAX).max(1);
    (pixels(wide), pixels(high))
}

/// In octets.
const LARGEST: usize = 100_000;
/// In pixels, as it is shown.
const WIDEST: u32 = 200;
const HIGHEST: u32 = 60;

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case((100, 50), (100, 50))]
    #[case((800, 100), (200, 25))]
    #[case((400, 400), (60, 60))]
    #[case((100_000, 10), (200, 1))]
    #[case((u32::MAX, u32::MAX), (60, 60))]
    fn is_scaled_down(#[case] size: (u32, u32), #[case] expected: (u32, u32)) {
        assert_eq!(fit(size.0, size.1), expected);
    }
}
