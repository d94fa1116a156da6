//! Whether letters of one width are code.

use super::document::{Block, Kind, Mark, Run};

/// Settles for every text in such letters what it is. A mail that is mostly written in them is
/// letters to its author's taste; in another, lines of nothing else are code, and so is a name in
/// the middle of a sentence.
pub(super) fn settle(blocks: &mut Vec<Block>) {
    let mut counts = Counts::default();
    counts.add(blocks);
    if counts.mono == 0 {
        return;
    }
    let is_code = counts.mono * 2 < counts.all;
    each_run(blocks, &mut |run| {
        if run.marks.any(|mark| *mark == Mark::Mono) {
            run.marks = run.marks.without(|mark| *mark == Mark::Mono);
            if is_code {
                run.marks = run.marks.with(Mark::Code);
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
        each_run(blocks, &mut |run| {
            self.all += run.text.len();
            if run.marks.any(|mark| *mark == Mark::Mono) {
                self.mono += run.text.len();
            }
        });
    }
}

fn each_run(blocks: &mut [Block], see: &mut dyn FnMut(&mut Run)) {
    for block in blocks {
        match &mut block.kind {
            Kind::Words(runs) | Kind::Heading(_, runs) | Kind::Pre { runs, .. } => {
                runs.iter_mut().for_each(&mut *see);
            }
            Kind::Quote(blocks) => each_run(blocks, see),
            Kind::List { items, .. } => items.iter_mut().for_each(|item| each_run(item, see)),
            Kind::Table(table) => {
                each_run(&mut table.caption, see);
                let cells = table.rows.iter_mut().flat_map(|row| &mut row.cells);
                cells.for_each(|cell| each_run(&mut cell.blocks, see));
            }
            Kind::Rule(_) | Kind::Image(_) => {}
        }
    }
}
