//! Circles of files within one folder below `src/`.
//!
//! A file that is a module's parent may name its children: it declares, builds and passes them on;
//! and they may use what it defines. So only what siblings (and cousins) take from each other
//! counts, followed through whatever parents pass on. Tests may look anywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::source::Source;

/// The files that each file imports from, with the line of the first import.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, usize>>;

/// Files of which each can be reached from each.
#[derive(Debug)]
pub struct Circle {
    pub files: Vec<String>,
    /// The imports among them: `file:line: imports file`.
    pub imports: Vec<String>,
}

pub fn find(source: &Source) -> Vec<Circle> {
    let graph = graph(source);
    let reach: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|from| (*from, reachable(from, &graph)))
        .collect();
    let groups: BTreeSet<Vec<&str>> = reach
        .iter()
        .filter(|(file, reached)| reached.contains(*file))
        .map(|(file, reached)| {
            let back = reached.iter().filter(|other| reach[*other].contains(file));
            back.copied().collect()
        })
        .collect();
    groups
        .into_iter()
        .map(|files| Circle {
            imports: imports(&files, &graph),
            files: files.into_iter().map(str::to_owned).collect(),
        })
        .collect()
}

fn imports(files: &[&str], graph: &Graph) -> Vec<String> {
    let mut found = Vec::new();
    for from in files {
        for (to, line) in graph[from].iter().filter(|(to, _)| files.contains(to)) {
            found.push(format!("{from}:{line}: imports {to}"));
        }
    }
    found
}

fn reachable<'a>(from: &str, graph: &Graph<'a>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut next: Vec<&str> = graph[from].keys().copied().collect();
    while let Some(file) = next.pop() {
        if reached.insert(file) {
            next.extend(graph[file].keys().copied());
        }
    }
    reached
}

fn graph(source: &Source) -> Graph<'_> {
    let mut graph = Graph::new();
    for file in &source.files {
        let from = graph.entry(file.path.as_str()).or_default();
        for reference in &file.references {
            if !reference.is_own || reference.in_tests {
                continue;
            }
            let target = source.file_of(&reference.path);
            let is_child = target.module.starts_with(&file.module);
            if !is_child && target.part() == file.part() {
                from.entry(&target.path).or_insert(reference.line);
            }
        }
    }
    graph
}
