//! Documents as Matrix HTML (client-server API, `m.room.message` msgtypes).

use super::{
    document::{Block, Cell, Kind, Mark, Row, Run, Table},
    escape::escape,
};

/// Only tags and attributes that Matrix allows, nested at most 100 deep.
pub(in crate::content) fn write(blocks: &[Block]) -> String {
    let mut out = String::new();
    write_blocks(blocks, false, &mut out);
    out
}

/// `is_bare`: words that are the only ones in an item or cell need no paragraph around them.
fn write_blocks(blocks: &[Block], is_bare: bool, out: &mut String) {
    let is_words = |block: &Block| matches!(block.kind, Kind::Words(_));
    let paragraphs = blocks.iter().enumerate().filter(|(at, block)| {
        is_words(block) && (block.gap || *at == 0 || !is_words(&blocks[at - 1]))
    });
    let is_bare = is_bare && paragraphs.count() <= 1;
    let mut blocks = blocks.iter().peekable();
    while let Some(block) = blocks.next() {
        match &block.kind {
            Kind::Words(runs) => {
                // Lines without a gap between them are one paragraph.
                let mut paragraph: Vec<&[Run]> = vec![runs];
                while let Some(next) = blocks.next_if(|next| !next.gap && is_words(next)) {
                    if let Kind::Words(runs) = &next.kind {
                        paragraph.push(runs);
                    }
                }
                if is_bare {
                    write_lines(&paragraph, out);
                } else {
                    wrap("p", out, |out| write_lines(&paragraph, out));
                }
            }
            Kind::Heading(level, runs) => {
                wrap(&format!("h{level}"), out, |out| {
                    write_runs(runs, "<br>", out);
                });
            }
            Kind::Pre { language, runs } => write_pre(language.as_deref(), runs, out),
            Kind::Quote(quoted) => {
                wrap("blockquote", out, |out| write_blocks(quoted, false, out));
            }
            Kind::List { first, items } => write_list(*first, items, out),
            Kind::Table(table) => write_table(table, out),
            Kind::Rule(_) => out.push_str("<hr>"),
            // Shown beside the words, not in them.
            Kind::Image(_) => {}
        }
    }
}

fn wrap(name: &str, out: &mut String, write: impl FnOnce(&mut String)) {
    out.extend(["<", name, ">"]);
    write(out);
    out.extend(["</", name, ">"]);
}

fn write_lines(lines: &[&[Run]], out: &mut String) {
    for (at, runs) in lines.iter().enumerate() {
        if at > 0 {
            out.push_str("<br>");
        }
        write_runs(runs, "<br>", out);
    }
}

fn write_pre(language: Option<&str>, runs: &[Run], out: &mut String) {
    out.push_str("<pre><code");
    if let Some(language) = language {
        out.extend([" class=\"language-", &escape(language), "\""]);
    }
    out.push('>');
    let bare: Vec<Run> = runs
        .iter()
        .map(|run| Run {
            marks: run.marks.without(Mark::is_code),
            ..run.clone()
        })
        .collect();
    write_runs(&bare, "\n", out);
    out.push_str("</code></pre>");
}

fn write_list(first: Option<u32>, items: &[Vec<Block>], out: &mut String) {
    let name = if first.is_some() { "ol" } else { "ul" };
    out.extend(["<", name]);
    if let Some(first) = first.filter(|first| *first != 1) {
        out.extend([" start=\"", &first.to_string(), "\""]);
    }
    out.push('>');
    for item in items {
        wrap("li", out, |out| write_blocks(item, true, out));
    }
    out.extend(["</", name, ">"]);
}

fn write_table(table: &Table, out: &mut String) {
    wrap("table", out, |out| {
        if !table.caption.is_empty() {
            wrap("caption", out, |out| {
                write_blocks(&table.caption, true, out);
            });
        }
        let head = table.rows.iter().take_while(|row| row.is_head).count();
        let (head, body) = table.rows.split_at(head);
        for (name, rows) in [("thead", head), ("tbody", body)] {
            if !rows.is_empty() {
                wrap(name, out, |out| {
                    for row in rows {
                        write_row(row, out);
                    }
                });
            }
        }
    });
}

fn write_row(row: &Row, out: &mut String) {
    wrap("tr", out, |out| {
        for Cell { is_head, blocks } in &row.cells {
            let name = if *is_head || row.is_head { "th" } else { "td" };
            wrap(name, out, |out| write_blocks(blocks, true, out));
        }
    });
}

fn write_runs(runs: &[Run], line_break: &str, out: &mut String) {
    let mut open: Vec<&Mark> = Vec::new();
    for run in runs {
        let same = open.iter().zip(run.marks.iter());
        let same = same.take_while(|(open, mark)| **open == *mark).count();
        open.drain(same..).rev().for_each(|mark| close(mark, out));
        for mark in run.marks.iter().skip(same) {
            begin(mark, out);
            open.push(mark);
        }
        if run.is_break() {
            out.push_str(line_break);
        } else {
            write_text(&run.text, out);
        }
    }
    open.into_iter().rev().for_each(|mark| close(mark, out));
}

/// Only what HTML needs in text, so that quotes and apostrophes stay as they are.
fn write_text(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            _ => out.push(c),
        }
    }
}

fn begin(mark: &Mark, out: &mut String) {
    match mark {
        Mark::Link(target) => out.extend(["<a href=\"", &escape(target), "\">"]),
        mark => out.extend(["<", name(mark), ">"]),
    }
}

fn close(mark: &Mark, out: &mut String) {
    out.extend(["</", name(mark), ">"]);
}

fn name(mark: &Mark) -> &'static str {
    match mark {
        // Some clients show `b` and `i` as if they were nothing.
        Mark::Strong | Mark::Bold => "strong",
        Mark::Emphasis | Mark::Italic => "em",
        Mark::Underline => "u",
        Mark::Strike => "s",
        Mark::Deleted => "del",
        Mark::Sub => "sub",
        Mark::Sup => "sup",
        Mark::Code | Mark::Mono => "code",
        Mark::Link(_) => "a",
    }
}
