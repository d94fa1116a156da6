//! The images of a mail, and where its HTML refers to them.

use std::collections::{HashMap, HashSet};

use super::{
    attachment::Attachment,
    body::{Block, Body},
    parameters::percent,
};
use crate::{
    content::html::{self, BoundedHtml},
    domain::incoming::Fate,
};

/// The file to which `cid` refers: a Content-ID, with or without `cid:` and escapes.
pub(super) fn find(files: &[Attachment], cid: &str) -> Option<usize> {
    let wanted = plain(cid);
    let has = |same: fn(&str, &str) -> bool| {
        files.iter().position(|file| {
            let own = file.content_id.as_deref();
            own.is_some_and(|own| same(own, &wanted))
        })
    };
    has(|own, wanted| own == wanted).or_else(|| has(str::eq_ignore_ascii_case))
}

/// Takes the files out of a body. References by Content-Location become references by Content-ID;
/// what is referred to is inline, and if it shows nothing, it is folded.
pub(super) fn link(mut body: Body) -> (Body, Vec<Attachment>) {
    let mut files = std::mem::take(&mut body.files);
    by_content_id(&mut body, &mut files);
    if let Some(whole) = body.html() {
        let referred = references(whole.as_str());
        for file in referred
            .iter()
            .filter_map(|id| find(&files, id))
            .collect::<Vec<_>>()
        {
            let file = &mut files[file];
            file.info.inline = true;
            if file.is_spacer && file.info.fate == Fate::Shown {
                file.info.fate = Fate::Folded;
            }
        }
    }
    (body, files)
}

/// Folds the images to which the whole HTML refers, but not what is `shown` of it.
pub(super) fn fold(files: &mut [Attachment], whole: &str, shown: &str) {
    let still: HashSet<usize> = references(shown)
        .iter()
        .filter_map(|id| find(files, id))
        .collect();
    for id in references(whole) {
        if let Some(at) = find(files, &id)
            && !still.contains(&at)
            && files[at].info.fate == Fate::Shown
            && files[at].info.content_type.starts_with("image/")
        {
            files[at].info.fate = Fate::Folded;
        }
    }
}

/// The Content-IDs to which HTML refers, each once, at most [`MOST`].
fn references(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut rest = html;
    while let Some(at) = rest.find(':') {
        let before = &rest.as_bytes()[..at];
        let is_cid = before.len() >= 3 && before[before.len() - 3..].eq_ignore_ascii_case(b"cid");
        rest = &rest[at + 1..];
        if !is_cid {
            continue;
        }
        let end = rest
            .bytes()
            .take(LONGEST)
            .position(|octet| octet.is_ascii_whitespace() || b"\"'<>)".contains(&octet));
        if let Some(end) = end {
            let id = plain(&rest[..end]);
            if seen.insert(id.clone()) {
                found.push(id);
            }
            if found.len() == MOST {
                break;
            }
        }
    }
    found
}

/// A Content-ID as its header has it.
fn plain(cid: &str) -> String {
    let cid = cid.trim();
    let cid = match cid.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("cid:") => &cid[4..],
        _ => cid,
    };
    let cid = cid.replace("&amp;", "&");
    let bare = cid.trim_start_matches('<').trim_end_matches('>');
    if !bare.contains('%') {
        return bare.to_owned();
    }
    let mut octets = Vec::with_capacity(bare.len());
    percent(bare.as_bytes(), &mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

fn by_content_id(body: &mut Body, files: &mut [Attachment]) {
    let mut ids = HashMap::new();
    for (at, file) in files.iter_mut().enumerate().take(MOST) {
        if !file.info.content_type.starts_with("image/") {
            continue;
        }
        if let Some(location) = &file.location {
            let id = file
                .content_id
                .get_or_insert_with(|| format!("location-{at}@postroom.invalid"));
            ids.entry(html::escape(location))
                .or_insert_with(|| id.clone());
        }
    }
    if ids.is_empty() {
        return;
    }
    for block in &mut body.blocks {
        if let Block::Html { html, .. } = block
            && let Some(linked) = relinked(html.as_str(), &ids)
            && let Ok(linked) = BoundedHtml::new(&linked)
        {
            *block = Block::html(linked);
        }
    }
}

/// The HTML with `src="location"` as `src="cid:id"`; `None` if there is none. Attributes are quoted
/// and escaped: the HTML was bounded.
fn relinked(html: &str, ids: &HashMap<String, String>) -> Option<String> {
    const MARK: &str = " src=\"";
    let mut out = String::new();
    let mut rest = html;
    let mut has_changed = false;
    while let Some(at) = rest.find(MARK) {
        let (before, after) = rest.split_at(at + MARK.len());
        out.push_str(before);
        rest = after;
        let end = after.find('"').unwrap_or(after.len());
        if let Some(id) = ids.get(&after[..end]) {
            has_changed = true;
            out.push_str("cid:");
            out.push_str(&html::escape(id));
            rest = &after[end..];
        }
    }
    out.push_str(rest);
    has_changed.then_some(out)
}

const MOST: usize = 1000;
/// Of a Content-ID, in octets.
const LONGEST: usize = 1000;
