//! What is fuzzed, once for both drivers: `tests/fuzz.rs` on every `make test`, and cargo-fuzz,
//! guided by coverage, with `make fuzz`.
//!
//! A target is a file here with `run`, which panics if something that must hold does not; an entry
//! in [`TARGETS`]; a file in `fuzz_targets/` and a `[[bin]]` in `Cargo.toml`; and a folder of seeds
//! in `corpus/`, with what was once found.

pub mod authentication_results;
pub mod config;
pub mod filters;
pub mod ghost_codec;
pub mod lmtp_dialogue;
pub mod mail_in;
pub mod report;
pub mod token_codec;
pub mod transaction_in;
pub mod winmail;

/// A target as a driver sees it.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// Words of its language: chance alone seldom spells one.
    pub words: &'static [&'static str],
}

pub const TARGETS: [Target; 10] = [
    Target {
        name: "authentication_results",
        run: authentication_results::run,
        words: authentication_results::WORDS,
    },
    Target {
        name: "config",
        run: config::run,
        words: config::WORDS,
    },
    Target {
        name: "filters",
        run: filters::run,
        words: filters::WORDS,
    },
    Target {
        name: "ghost_codec",
        run: ghost_codec::run,
        words: ghost_codec::WORDS,
    },
    Target {
        name: "lmtp_dialogue",
        run: lmtp_dialogue::run,
        words: lmtp_dialogue::WORDS,
    },
    Target {
        name: "mail_in",
        run: mail_in::run,
        words: mail_in::WORDS,
    },
    Target {
        name: "report",
        run: report::run,
        words: report::WORDS,
    },
    Target {
        name: "token_codec",
        run: token_codec::run,
        words: token_codec::WORDS,
    },
    Target {
        name: "transaction_in",
        run: transaction_in::run,
        words: transaction_in::WORDS,
    },
    Target {
        name: "winmail",
        run: winmail::run,
        words: winmail::WORDS,
    },
];
