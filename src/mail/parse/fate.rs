//! Which files are shown in the room: by their names and first octets.

use crate::domain::incoming::{Fate, Withheld};

/// The fate of a file of that name, whose content begins with `start`.
pub(super) fn of(name: &str, start: &[u8]) -> Fate {
    if is_launchable(name, start) {
        Fate::Withheld(Withheld::Launchable)
    } else {
        Fate::Shown
    }
}

/// Whether an image is a tracking pixel, or only keeps others apart: at most three pixels wide or
/// high. Those are GIF or PNG.
pub(super) fn is_spacer(start: &[u8]) -> bool {
    let size = if start.starts_with(b"GIF8") {
        start.get(6..10).map(|size| {
            let side = |at: usize| u32::from(u16::from_le_bytes([size[at], size[at + 1]]));
            (side(0), side(2))
        })
    } else if start.starts_with(b"\x89PNG") {
        start.get(16..24).map(|size| {
            let side = |at: usize| {
                u32::from_be_bytes([size[at], size[at + 1], size[at + 2], size[at + 3]])
            };
            (side(0), side(4))
        })
    } else {
        None
    };
    size.is_some_and(|(width, height)| width <= WIDEST_SPACER || height <= WIDEST_SPACER)
}

fn is_launchable(name: &str, start: &[u8]) -> bool {
    // Windows drops dots and blanks at the end.
    let name = name.trim_end_matches(['.', ' ']).to_lowercase();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    LAUNCHABLE.contains(&extension) || is_program(start) && !is_firmware_name(extension)
}

/// Whether this is a program for Windows, whatever it is called. Programs for what starts a machine
/// are built the same way, but say so (subsystem 10 to 13): boot loaders, and kernels that can be
/// started like one.
fn is_program(start: &[u8]) -> bool {
    let read = || {
        let at = start.strip_prefix(b"MZ")?.get(58..62)?.first_chunk()?;
        let at = usize::try_from(u32::from_le_bytes(*at)).ok()?;
        let header = start.get(at..)?;
        if !header.starts_with(b"PE\0\0") {
            return None;
        }
        let subsystem = header.get(92..94)?.first_chunk()?;
        Some(u16::from_le_bytes(*subsystem))
    };
    read().is_some_and(|subsystem| !(10..=13).contains(&subsystem))
}

/// Names of images for boards, kernels (`Image`, `zImage-6.1`) and libraries, which nobody opens.
fn is_firmware_name(extension: &str) -> bool {
    matches!(
        extension,
        "" | "bin" | "img" | "efi" | "fw" | "rom" | "elf" | "cap" | "itb" | "dll" | "sys" | "ko"
    ) || extension.starts_with(|c: char| c.is_ascii_digit())
}

/// In pixels.
const WIDEST_SPACER: u32 = 3;

/// What Windows runs, installs or imports when somebody opens it. Left out on purpose, for people
/// who build systems send them every day: scripts that open in an editor (ps1, sh, py, pl), patches,
/// logs, firmware (bin, hex, elf, dtb, img), libraries; images of disks (iso, vhd), which Windows
/// mounts but doesn't run, and whose files it marks as coming from elsewhere since 2022; and documents
/// with macros, which Office does not run when they came from elsewhere.
#[rustfmt::skip]
const LAUNCHABLE: &[&str] = &[
    // Programs, and what passes for them.
    "exe", "com", "scr", "pif", "cpl", "bat", "cmd", "gadget", "jar", "jnlp", "xll", "xbap",
    "application", "appref-ms",
    // Installers.
    "msi", "msp", "mst", "msix", "msixbundle", "appx", "appxbundle", "appinstaller", "diagcab",
    // Scripts that run at once.
    "js", "jse", "vbs", "vbe", "vb", "ws", "wsf", "wsh", "wsc", "sct", "hta",
    // Shortcuts and settings.
    "lnk", "url", "website", "scf", "reg", "inf", "ins", "isp", "msc", "rdp", "chm", "hlp",
    "settingcontent-ms", "library-ms", "search-ms", "searchconnector-ms", "shb", "shs", "mde",
    "ade", "accde",
];

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    /// The head of a program.
    fn program(subsystem: u16) -> Vec<u8> {
        let mut start = vec![0; 256];
        start[..2].copy_from_slice(b"MZ");
        start[60] = 0x80;
        start[0x80..0x84].copy_from_slice(b"PE\0\0");
        start[0x80 + 92..0x80 + 94].copy_from_slice(&subsystem.to_le_bytes());
        start
    }

    #[rstest]
    #[case("setup.exe", true)]
    #[case("plan.pdf.exe", true)]
    #[case("plan.pdf.EXE . .", true)]
    #[case("invoice.js", true)]
    #[case("plan.exe.pdf", false)]
    #[case("flash.sh", false)]
    #[case("0001-fix.patch", false)]
    #[case("u-boot.bin", false)]
    #[case("sdcard.img", false)]
    #[case("installer-arm64.iso", false)]
    #[case("console.rdp", true)]
    #[case("build.ps1", false)]
    #[case("table.xlsm", false)]
    #[case("exe", false)]
    fn goes_by_the_last_extension(#[case] name: &str, #[case] launchable: bool) {
        let fate = of(name, b"");
        assert_eq!(fate == Fate::Withheld(Withheld::Launchable), launchable);
    }

    #[rstest]
    #[case::disguised("plan.pdf", 2, true)]
    #[case::named_as_firmware("tool.bin", 3, false)]
    #[case::boot_loader("plan.pdf", 10, false)]
    #[case::kernel("Image-6.1.55", 10, false)]
    fn knows_programs(#[case] name: &str, #[case] subsystem: u16, #[case] launchable: bool) {
        let fate = of(name, &program(subsystem));
        assert_eq!(fate == Fate::Withheld(Withheld::Launchable), launchable);
        assert_eq!(of("plan.pdf", b"MZ"), Fate::Shown);
    }

    #[rstest]
    #[case(b"GIF89a\x01\0\x01\0", true)]
    #[case(b"GIF89a\x58\x02\x01\0", true)]
    #[case(b"GIF89a\x20\0\x20\0", false)]
    #[case(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01", true)]
    #[case(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\x01\0\0\x01\x01", false)]
    #[case(b"GIF89a", false)]
    fn knows_spacers(#[case] start: &[u8], #[case] expected: bool) {
        assert_eq!(is_spacer(start), expected);
    }
}
