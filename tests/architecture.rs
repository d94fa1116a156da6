//! The house stands as it was designed: who may import whom, how files are called, how long they
//! are. A fault names the file, the line and the rule.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on shall panic")]

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/source.rs"]
mod source;
#[path = "architecture/tokens.rs"]
mod tokens;

use std::{
    collections::BTreeSet,
    fmt::Write,
    path::{Path, PathBuf},
};

use self::{
    circles::Circle,
    source::{File, Source},
    tokens::Word,
};

/// From the top. What stands on one floor are neighbours.
const FLOORS: &[&[&str]] = &[
    &["main"],
    &["lib"],
    &["cli"],
    &["web", "flow"],
    &["store", "mail", "matrix"],
    &["config", "ports"],
    &["domain"],
    &["content"],
];
/// May be imported from every floor, and import nothing.
const LEAVES: &[&str] = &["lifecycle", "telemetry"];
/// Decide and convert only: not even the leaves, which know the clock.
const PURE: &[&str] = &["domain", "content"];

/// What would make a pure part reach out, or wait.
const IMPURE_CRATES: &[&str] = &[
    "tokio",
    "sqlx",
    "reqwest",
    "axum",
    "lettre",
    "object_store",
    "rand",
];
const IMPURE_STD: &[&str] = &["env", "fs", "net", "os", "process", "thread"];

/// Names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "helper", "helpers", "misc", "common", "shared",
];

const LONGEST_FILE: usize = 500;

/// Circles that still wait for being cut, the files of each in order; none may be added.
const CIRCLES: &[&str] = &["src/mail/smtp/connection.rs src/mail/smtp/wire.rs"];

#[test]
fn folders_import_only_from_floors_below() {
    hold(&Source::read(&repository()), import_faults);
}

fn import_faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for file in &source.files {
        let part = file.part();
        if floor(part).is_none() && !LEAVES.contains(&part) {
            faults.push(format!(
                "{}:1: “{part}” stands on no floor; give it one in tests/architecture.rs",
                file.path
            ));
            continue;
        }
        for reference in file.references.iter().filter(|reference| reference.is_own) {
            let Some(imported) = reference.path.first() else {
                continue;
            };
            // A name that the crate's root defines itself belongs to the root.
            let imported = if is_part(imported, source) {
                imported
            } else {
                "lib"
            };
            if let Err(rule) = may_import(part, imported) {
                faults.push(format!(
                    "{}:{}: imports crate::{}, but {rule}",
                    file.path,
                    reference.line,
                    reference.path.join("::")
                ));
            }
        }
    }
    faults
}

fn may_import(part: &str, imported: &str) -> Result<(), String> {
    if part == imported {
        return Ok(());
    }
    if LEAVES.contains(&part) {
        return Err(format!(
            "{part} is a leaf and imports nothing of this crate"
        ));
    }
    if LEAVES.contains(&imported) {
        return if PURE.contains(&part) {
            Err(format!("{part} is pure: time and chance are passed in"))
        } else {
            Ok(())
        };
    }
    match (floor(part), floor(imported)) {
        (Some(own), Some(other)) if own < other => Ok(()),
        (Some(own), Some(other)) if own == other => Err(format!(
            "{part} and {imported} are neighbours, which never import each other"
        )),
        _ => Err(format!("{imported} is not on a floor below {part}")),
    }
}

fn floor(part: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&part))
}

fn is_part(name: &str, source: &Source) -> bool {
    source
        .files
        .iter()
        .any(|file| file.module.first().is_some_and(|first| first == name))
}

#[test]
fn files_of_a_folder_import_in_no_circle() {
    hold(&Source::read(&repository()), circle_faults);
}

fn circle_faults(source: &Source) -> Vec<String> {
    let found = circles::find(source);
    let is_known = |circle: &&Circle| CIRCLES.contains(&circle.files.join(" ").as_str());
    let new = found
        .iter()
        .filter(|circle| !is_known(circle))
        .map(|circle| {
            let imports = circle.imports.join("\n    ");
            format!(
                "{}: files import in a circle:\n    {imports}",
                circle.files[0]
            )
        });
    let gone = CIRCLES
        .iter()
        .filter(|known| found.iter().all(|circle| circle.files.join(" ") != **known))
        .map(|known| format!("{known}: this circle is cut; strike it from CIRCLES"));
    new.chain(gone).collect()
}

#[test]
fn what_is_pure_neither_waits_nor_reaches_out() {
    hold(&Source::read(&repository()), purity_faults);
}

fn purity_faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for file in source
        .files
        .iter()
        .filter(|file| PURE.contains(&file.part()))
    {
        for token in &file.tokens {
            let Word::Name(name) = &token.word else {
                continue;
            };
            if name == "async" || name == "await" || IMPURE_CRATES.contains(&name.as_str()) {
                faults.push(format!(
                    "{}:{}: “{name}”, but {} is pure",
                    file.path,
                    token.line,
                    file.part()
                ));
            }
        }
        for reference in file
            .references
            .iter()
            .filter(|reference| !reference.in_tests)
        {
            if let [first, second, ..] = reference.path.as_slice()
                && first == "std"
                && IMPURE_STD.contains(&second.as_str())
            {
                faults.push(format!(
                    "{}:{}: “std::{second}”, but {} is pure",
                    file.path,
                    reference.line,
                    file.part()
                ));
            }
        }
    }
    faults
}

#[test]
fn names_say_what_is_inside() {
    hold(&Source::read(&repository()), name_faults);
}

fn name_faults(source: &Source) -> Vec<String> {
    let is_empty = |file: &&File| {
        let mut names = file.path.trim_end_matches(".rs").split('/');
        file.path == "src/error.rs" || names.any(|name| EMPTY_NAMES.contains(&name))
    };
    let files = source.files.iter().filter(is_empty);
    files
        .map(|file| format!("{}:1: this name doesn't say what is inside", file.path))
        .collect()
}

#[test]
fn every_file_says_what_lives_in_it() {
    hold(&Source::read(&repository()), head_faults);
}

fn head_faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for file in &source.files {
        if !file.text.starts_with("//! ") {
            faults.push(format!("{}:1: does not open with “//!”", file.path));
        }
        let head: String = file
            .text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        let is_top_folder = file.module.len() == 1 && file.path.ends_with("/mod.rs");
        if is_top_folder && !head.contains("import") {
            faults.push(format!("{}:1: does not say who may import it", file.path));
        }
    }
    let folders: BTreeSet<&str> = source
        .files
        .iter()
        .filter_map(|file| Some(file.path.strip_prefix("src/")?.split_once('/')?.0))
        .collect();
    for folder in folders {
        let head = format!("src/{folder}/mod.rs");
        if source.files.iter().all(|file| file.path != head) {
            faults.push(format!("{head}:1: the folder has no such file"));
        }
    }
    faults
}

#[test]
fn no_file_is_too_long() {
    hold(&Source::read(&repository()), length_faults);
}

fn length_faults(source: &Source) -> Vec<String> {
    let mut faults = Vec::new();
    for file in &source.files {
        let lines = file.text.lines().count();
        if lines > LONGEST_FILE {
            faults.push(format!(
                "{}:{}: {lines} lines, but a file has at most {LONGEST_FILE}",
                file.path,
                LONGEST_FILE + 1
            ));
        }
    }
    faults
}

fn hold(source: &Source, rule: fn(&Source) -> Vec<String>) {
    let faults = rule(source);
    let mut list = String::new();
    for fault in &faults {
        writeln!(list, "{fault}").unwrap();
    }
    assert!(faults.is_empty(), "the house has faults:\n{list}");
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The rules find what they are for: each is broken once.
mod broken {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::grouped_and_over_lines(
        "src/store/a.rs",
        "use std::fmt;\nuse crate::{\n    domain::x,\n    mail::{parse, smtp::Reply},\n};",
        &["src/store/a.rs:4: imports crate::mail::parse, but store and mail are neighbours, which never import each other",
          "src/store/a.rs:4: imports crate::mail::smtp::Reply, but store and mail are neighbours, which never import each other"]
    )]
    #[case::without_use(
        "src/domain/a.rs",
        "fn f() { crate::store::open(); }",
        &["src/domain/a.rs:1: imports crate::store::open, but store is not on a floor below domain"]
    )]
    #[case::through_super(
        "src/mail/a/b.rs",
        "mod tests {\n    use super::super::super::super::matrix::x;\n}",
        &["src/mail/a/b.rs:2: imports crate::matrix::x, but mail and matrix are neighbours, which never import each other"]
    )]
    #[case::pure_parts_know_no_clock(
        "src/domain/a.rs",
        "use crate::lifecycle::Clock;",
        &["src/domain/a.rs:1: imports crate::lifecycle::Clock, but domain is pure: time and chance are passed in"]
    )]
    #[case::leaves_import_nothing(
        "src/telemetry.rs",
        "use crate::content::subject;",
        &["src/telemetry.rs:1: imports crate::content::subject, but telemetry is a leaf and imports nothing of this crate"]
    )]
    #[case::a_new_folder(
        "src/glue/a.rs",
        "",
        &["src/glue/a.rs:1: “glue” stands on no floor; give it one in tests/architecture.rs"]
    )]
    #[case::the_program_sees_the_library_by_its_name("src/main.rs", "postroom::cli::run()", &[])]
    #[case::comments_and_strings_import_nothing(
        "src/content/a.rs",
        "/* use crate::cli; /* */ */ // crate::cli\nconst A: (&str, char) = (r#\"\"crate::cli\"#, '\\''); // '\nfn f<'a>() -> impl Sized + use<'a> { 'x' }",
        &[]
    )]
    #[case::visibility_is_no_import("src/content/a.rs", "pub(in crate::flow) fn f() {}", &[])]
    fn imports(#[case] path: &str, #[case] text: &str, #[case] expected: &[&str]) {
        let tops = [
            "cli", "flow", "store", "mail", "matrix", "domain", "content",
        ];
        let tops = tops.map(|name| (format!("src/{name}/mod.rs"), String::new()));
        let leaf = ("src/lifecycle.rs".to_owned(), String::new());
        let lib = ("src/lib.rs".to_owned(), String::new());
        let mut texts = vec![lib, leaf, (path.to_owned(), text.to_owned())];
        texts.extend(tops);
        assert_eq!(import_faults(&Source::of(texts)), expected);
    }

    #[rstest]
    #[case::siblings("use super::b;", "use super::a::f;", true)]
    #[case::through_what_the_parent_passes_on("use super::B;", "use super::A;", true)]
    #[case::by_the_whole_path("use crate::mail::b::B;", "fn f() { crate::mail::a::f() }", true)]
    #[case::one_way("use super::b::B;", "", false)]
    #[case::by_way_of_the_parent("use super::Own;", "use super::Own;", false)]
    #[case::in_tests_only(
        "use super::b::B;",
        "#[cfg(test)]\nmod tests { use super::super::a; }",
        false
    )]
    fn circles(#[case] a: &str, #[case] b: &str, #[case] expected: bool) {
        let parent = "mod a; mod b; pub use self::a::A; pub use b::B; use a::f; struct Own;";
        let texts = [
            ("src/lib.rs", ""),
            ("src/mail/mod.rs", parent),
            ("src/mail/a.rs", a),
            ("src/mail/b.rs", b),
        ];
        let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
        let found = crate::circles::find(&Source::of(texts.into()));
        let files: Vec<&[String]> = found.iter().map(|circle| circle.files.as_slice()).collect();
        let circle = ["src/mail/a.rs".to_owned(), "src/mail/b.rs".to_owned()];
        assert_eq!(files, if expected { vec![&circle[..]] } else { vec![] });
    }

    #[rstest]
    #[case("async fn f() {}", 1)]
    #[case("use tokio::time;", 1)]
    #[case("use std::{fmt, fs::File};", 1)]
    #[case("/// As tokio does: async fn.\nfn f() { g(\"sqlx\") }", 0)]
    #[case("use std::fmt;\nmod tests { use std::fs; }", 0)]
    fn purity(#[case] text: &str, #[case] expected: usize) {
        let texts = [("src/lib.rs", ""), ("src/content/a.rs", text)];
        let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(purity_faults(&Source::of(texts.into())).len(), expected);
    }

    #[rstest]
    #[case("src/mail/utils.rs", 1)]
    #[case("src/helpers/a.rs", 1)]
    #[case("src/error.rs", 1)]
    #[case("src/store/error.rs", 0)]
    fn names(#[case] path: &str, #[case] expected: usize) {
        let texts = [("src/lib.rs", ""), (path, "")];
        let texts = texts.map(|(path, text)| (path.to_owned(), text.to_owned()));
        assert_eq!(name_faults(&Source::of(texts.into())).len(), expected);
    }
}
