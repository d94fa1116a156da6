//! Whether letters of one width are code.

use super::document::{Block, Mark, each_runs};

/// Settles for every text in such letters what it is. A mail that is mostly written in them is
/// letters to its author's taste; in another, lines of nothing else are code, and so is a name in
/// the middle of a sentence.
pub(super) fn settle(blocks: &mut [Block]) {
    let mut counts = Counts::default();
    counts.add(blocks);
    if counts.mono == 0 {
        return;
    }
    let is_code = counts.mono * 2 < counts.all;
    each_runs(blocks, &mut |runs| {
        for run in runs {
            if run.marks.any(|mark| *mark == Mark::Mono) {
                run.marks = run.marks.without(|mark| *mark == Mark::Mono);
                if is_code {
                    run.marks = run.marks.with(Mark::Code);
                }
            }
        }
    });
}

#[derive(Default)]
struct Counts {
    mono: usize,
    all: usize,
}

impl Counts {
    fn add(&mut self, blocks: &mut [Block]) {
        each_runs(blocks, &mut |runs| {
            for run in runs {
                self.all += run.text.len();
                if run.marks.any(|mark| *mark == Mark::Mono) {
                    self.mono += run.text.len();
                }
            }
        });
    }
}
