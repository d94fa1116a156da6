//! The source as the rules see it: files, the modules that they are, and every path that they
//! name, with comments, strings and test modules told apart.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use crate::tokens::{Token, Word, tokens};

/// All of `src/`.
#[derive(Debug)]
pub struct Source {
    pub files: Vec<File>,
    /// The file of every module, by its path without `crate`.
    modules: BTreeMap<Vec<String>, usize>,
}

#[derive(Debug)]
pub struct File {
    /// Below the repository, with `/`.
    pub path: String,
    pub text: String,
    /// `["mail", "lmtp"]` for `src/mail/lmtp/mod.rs`; empty for `lib.rs` and `main.rs`.
    pub module: Vec<String>,
    pub tokens: Vec<Token>,
    pub references: Vec<Reference>,
    /// What `use` brings into the file's own module: a name, and the path behind it.
    imports: BTreeMap<String, Vec<String>>,
}

/// A path that a file names.
#[derive(Debug, Clone)]
pub struct Reference {
    pub line: usize,
    /// From the crate's root if `is_own`, else from the root of all crates.
    pub path: Vec<String>,
    pub is_own: bool,
    /// It stands in a module `tests`.
    pub in_tests: bool,
}

impl Source {
    pub fn read(repository: &Path) -> Self {
        let mut paths = Vec::new();
        collect(&repository.join("src"), &mut paths);
        paths.sort();
        let texts: Vec<(String, String)> = paths
            .iter()
            .map(|path| {
                let name = path.strip_prefix(repository).unwrap();
                (
                    name.to_str().unwrap().to_owned(),
                    fs::read_to_string(path).unwrap(),
                )
            })
            .collect();
        Self::of(texts)
    }

    /// From paths such as `src/mail/mod.rs` and texts.
    pub fn of(texts: Vec<(String, String)>) -> Self {
        let modules: BTreeMap<Vec<String>, usize> = texts
            .iter()
            .enumerate()
            .filter(|(_, (path, _))| path != "src/main.rs")
            .map(|(index, (path, _))| (module_of(path), index))
            .collect();
        let known = modules.keys().cloned().collect();
        let files = texts
            .into_iter()
            .map(|(path, text)| File::of(path, text, &known))
            .collect();
        Self { files, modules }
    }

    /// The file in which what `path` (from the crate's root) names is defined; names that a module
    /// only passes on are followed to their origin.
    pub fn file_of(&self, path: &[String]) -> &File {
        let mut path = path.to_vec();
        // Longer chains of re-exports than this are a circle of their own.
        for _ in 0..16 {
            let depth = (0..=path.len())
                .rev()
                .find(|depth| self.modules.contains_key(&path[..*depth]))
                .unwrap_or_default();
            let file = &self.files[self.modules[&path[..depth]]];
            let passed_on = path.get(depth).and_then(|name| file.imports.get(name));
            let Some(origin) = passed_on else {
                return file;
            };
            path = [origin.as_slice(), &path[depth + 1..]].concat();
        }
        panic!("re-exports of {} run in a circle", path.join("::"));
    }
}

impl File {
    fn of(path: String, text: String, known: &BTreeSet<Vec<String>>) -> Self {
        let module = module_of(&path);
        let tokens = tokens(&text);
        let mut reader = Reader {
            tokens: &tokens,
            known,
            is_program: path == "src/main.rs",
            scope: module.clone(),
            root: module.len(),
            blocks: Vec::new(),
            in_tests: module.last().is_some_and(|name| name == "tests"),
            references: Vec::new(),
            imports: BTreeMap::new(),
        };
        reader.read();
        let (references, imports) = (reader.references, reader.imports);
        Self {
            path,
            text,
            module,
            tokens,
            references,
            imports,
        }
    }

    /// The folder or file right below `src/` that this belongs to.
    pub fn part(&self) -> &str {
        match self.path.strip_prefix("src/").unwrap().split_once('/') {
            Some((folder, _)) => folder,
            None => self.path["src/".len()..].trim_end_matches(".rs"),
        }
    }
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn module_of(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap().trim_end_matches(".rs");
    let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || matches!(path, "lib" | "main") {
        module.pop();
    }
    module
}

/// Walks through a file's tokens once.
struct Reader<'a> {
    tokens: &'a [Token],
    known: &'a BTreeSet<Vec<String>>,
    /// `main.rs` names the library by the crate's name.
    is_program: bool,
    /// The module at the present place, inline ones included.
    scope: Vec<String>,
    /// How much of `scope` is the file's own module.
    root: usize,
    /// For every open brace, whether it is an inline module's.
    blocks: Vec<bool>,
    in_tests: bool,
    references: Vec<Reference>,
    imports: BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while at < self.tokens.len() {
            at = match &self.tokens[at].word {
                Word::Mark('{') => {
                    self.blocks.push(false);
                    at + 1
                }
                Word::Mark('}') => {
                    if self.blocks.pop() == Some(true) {
                        self.scope.pop();
                    }
                    at + 1
                }
                Word::Name(name) if name == "mod" => self.module(at + 1),
                // `use<T>` says what a type captures.
                Word::Name(name) if name == "use" && !self.is_mark(at + 1, '<') => {
                    self.tree(at + 1, &[])
                }
                // `pub(in path)` gives, it doesn't take.
                Word::Name(name) if name == "in" && at > 0 && self.is_mark(at - 1, '(') => {
                    self.plain(at + 1).1
                }
                Word::Name(_) => self.path(at),
                _ => at + 1,
            };
        }
    }

    /// After `mod`: an inline module opens a scope.
    fn module(&mut self, at: usize) -> usize {
        let Some(Word::Name(name)) = self.word(at) else {
            return at;
        };
        if !self.is_mark(at + 1, '{') {
            return at + 1;
        }
        self.scope.push(name.clone());
        self.blocks.push(true);
        at + 2
    }

    /// One tree of a `use`: a path, then nothing, `*`, `as name`, or `{` trees `}`.
    fn tree(&mut self, at: usize, prefix: &[String]) -> usize {
        let line = self.tokens[at].line;
        let (mut path, mut at) = self.plain(at);
        path.splice(0..0, prefix.iter().cloned());
        if self.is_mark(at, '{') {
            at += 1;
            while !self.is_mark(at, '}') {
                at = self.tree(at, &path);
                if self.is_mark(at, ',') {
                    at += 1;
                }
            }
            return at + 1;
        }
        if self.is_mark(at, '*') {
            at += 1;
        } else if path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let mut name = path.last().cloned().unwrap_or_default();
        if let (Some(Word::Name(word)), Some(Word::Name(alias))) =
            (self.word(at), self.word(at + 1))
            && word == "as"
        {
            name.clone_from(alias);
            at += 2;
        }
        let reference = self.refer(line, path);
        if reference.is_own && self.scope.len() == self.root {
            self.imports.insert(name, reference.path.clone());
        }
        self.references.push(reference);
        at
    }

    /// A path outside of `use`; only those with `::` in them lead anywhere.
    fn path(&mut self, at: usize) -> usize {
        let line = self.tokens[at].line;
        let (path, end) = self.plain(at);
        if path.len() > 1 {
            let reference = self.refer(line, path);
            self.references.push(reference);
        }
        end.max(at + 1)
    }

    /// Names joined by `::`, and the place after them (behind a `::` that a `{`, `*` or `<`
    /// follows).
    fn plain(&self, mut at: usize) -> (Vec<String>, usize) {
        let mut path = Vec::new();
        if matches!(self.word(at), Some(Word::Join)) {
            at += 1;
        }
        while let Some(Word::Name(name)) = self.word(at) {
            path.push(name.clone());
            at += 1;
            if !matches!(self.word(at), Some(Word::Join)) {
                break;
            }
            at += 1;
        }
        (path, at)
    }

    fn refer(&self, line: usize, path: Vec<String>) -> Reference {
        let (path, is_own) = self.resolve(path);
        Reference {
            line,
            path,
            is_own,
            in_tests: self.in_tests || self.scope[self.root..].iter().any(|name| name == "tests"),
        }
    }

    fn resolve(&self, path: Vec<String>) -> (Vec<String>, bool) {
        match path.first().map(String::as_str) {
            Some("crate") => (path[1..].to_vec(), true),
            Some("postroom") if self.is_program => (path[1..].to_vec(), true),
            Some("self" | "super") => {
                let mut from = self.scope.clone();
                let mut rest = path.as_slice();
                while let Some(step @ ("self" | "super")) = rest.first().map(String::as_str) {
                    if step == "super" {
                        from.pop();
                    }
                    rest = &rest[1..];
                }
                // An inline module's own file stands for it.
                ([from.as_slice(), rest].concat(), true)
            }
            Some(first) => {
                let child = [self.scope.as_slice(), &[first.to_owned()]].concat();
                if !self.is_program && self.known.contains(&child) {
                    ([self.scope.as_slice(), &path].concat(), true)
                } else {
                    (path, false)
                }
            }
            None => (path, false),
        }
    }

    fn word(&self, at: usize) -> Option<&Word> {
        self.tokens.get(at).map(|token| &token.word)
    }

    fn is_mark(&self, at: usize, mark: char) -> bool {
        self.word(at) == Some(&Word::Mark(mark))
    }
}
