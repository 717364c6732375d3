//! The rules of ARCHITECTURE.md about who knows whom, read from the sources.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// A Rust source, without its comments.
struct Source {
    /// Relative to the root, with `/`.
    path: String,
    lines: Vec<(usize, String)>,
    length: usize,
}

impl Source {
    fn is_in(&self, folders: &[&str]) -> bool {
        folders.iter().any(|folder| self.path == *folder || self.path.starts_with(&format!("{}/", folder.trim_end_matches('/'))))
    }

    /// Lines that hold the word, not as a part of a longer one.
    fn lines_with(&self, word: &str) -> impl Iterator<Item = (usize, &str)> {
        self.lines.iter().filter(move |(_, line)| has_word(line, word)).map(|(number, line)| (*number, line.as_str()))
    }
}

fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, found)| {
        let before = line[..at].chars().next_back().is_some_and(is_part) && word.starts_with(is_part);
        let after = line[at + found.len()..].chars().next().is_some_and(is_part) && word.ends_with(is_part);
        !before && !after
    })
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut sources = Vec::new();
    for folder in ["core", "entity", "migration", "src", "tests", "examples", "benches"] {
        collect(&root().join(folder), &mut sources);
    }
    assert!(sources.len() > 30, "the sources are not where they were: {}", sources.len());
    sources
}

fn collect(folder: &Path, sources: &mut Vec<Source>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.map(|e| e.expect("an entry").path()) {
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "target") {
                collect(&path, sources);
            }
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).expect("a source");
            let relative = path.strip_prefix(root()).expect("below the root").to_string_lossy().replace('\\', "/");
            let lines = text.lines().enumerate().map(|(i, l)| (i + 1, l.trim())).filter(|(_, l)| !l.starts_with("//"));
            sources.push(Source { path: relative, lines: lines.map(|(i, l)| (i, l.to_owned())).collect(), length: text.lines().count() });
        }
    }
}

/// Fails the test with all findings at once.
fn report(rule: &str, findings: Vec<String>) {
    let mut text = String::new();
    for finding in &findings {
        let _ = writeln!(text, "  {finding}");
    }
    assert!(findings.is_empty(), "{rule}:\n{text}");
}

/// Findings of words in sources that must not hold them.
fn findings(sources: &[Source], applies: impl Fn(&Source) -> bool, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|s| applies(s)) {
        for word in words {
            found.extend(source.lines_with(word).map(|(number, line)| format!("{}:{number}: {line}", source.path)));
        }
    }
    found
}

/// This file names all that it forbids.
fn is_this_file(source: &Source) -> bool {
    source.path == "tests/it/architecture.rs"
}

#[test]
fn the_rules_know_neither_web_nor_sql() {
    let words = ["axum", "async_graphql", "sea_orm", "sea_orm_migration", "sqlx", "jsonwebtoken"];
    report("core imports no web and no SQL", findings(&sources(), |s| s.is_in(&["core"]), &words));
    let manifest = std::fs::read_to_string(root().join("core/Cargo.toml")).expect("a manifest");
    for word in ["axum", "async-graphql", "sea-orm", "sqlx", "jsonwebtoken"] {
        assert!(!manifest.contains(word), "core/Cargo.toml names {word}");
    }
}

#[test]
fn entities_are_tables_and_nothing_else() {
    let words = ["tenure_core", "async_graphql", "SimpleObject", "tenure_migration"];
    report("entity imports no core and derives no GraphQL", findings(&sources(), |s| s.is_in(&["entity"]), &words));
    report("migration imports no entity and no core", findings(&sources(), |s| s.is_in(&["migration"]), &["tenure_entity", "tenure_core"]));
}

#[test]
fn sql_stays_in_the_storage() {
    let sources = sources();
    // Tests make and drop their databases past the server.
    let allowed = ["entity", "migration", "src/storage", "tests/it/support"];
    report(
        "sea_orm outside of entity, migration and src/storage",
        findings(&sources, |s| !is_this_file(s) && !s.is_in(&allowed), &["sea_orm"]),
    );
    report(
        "entities outside of src/storage",
        findings(&sources, |s| !is_this_file(s) && !s.is_in(&["entity", "src/storage"]), &["tenure_entity"]),
    );
}

#[test]
fn graphql_stays_in_its_layer() {
    let sources = sources();
    let allowed = ["src/graphql", "src/http/adapter"];
    let outside = findings(&sources, |s| s.is_in(&["core", "entity", "migration", "src"]) && !s.is_in(&allowed), &["async_graphql"]);
    report("async_graphql outside of src/graphql and the adapter", outside);
    let words = ["axum", "crate::storage", "crate::http", "sea_orm"];
    report("src/graphql imports no web and no storage of ours", findings(&sources, |s| s.is_in(&["src/graphql"]), &words));
}

#[test]
fn units_of_work_begin_in_the_engine() {
    let allowed = [
        "core/src/engine.rs",
        "core/src/engine",
        "core/src/conformance",
        "core/src/memory",
        "core/src/storage",
        "core/tests",
        "src/storage",
        "src/bulk",
        "src/demo",
        "src/cli",
        "src/live/tests.rs",
        "tests",
        "examples",
        "benches",
    ];
    report(
        "begin and commit outside of the engine",
        findings(&sources(), |s| !s.is_in(&allowed), &[".begin()", ".begin_with_config(", ".commit()"]),
    );
}

#[test]
fn no_action_calls_another() {
    let sources = sources();
    let is_action = |s: &&Source| s.is_in(&["core/src/actions"]) && s.lines.iter().any(|(_, l)| l.contains("Action for "));
    let stem = |s: &Source| s.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned();
    let actions: BTreeSet<String> = sources.iter().filter(is_action).map(stem).collect();
    let mut found = Vec::new();
    for source in sources.iter().filter(is_action) {
        for other in actions.iter().filter(|other| **other != stem(source) && *other != "mod") {
            for path in [format!("super::{other}"), format!("actions::{other}")] {
                found.extend(source.lines_with(&path).map(|(number, line)| format!("{}:{number}: {line}", source.path)));
            }
        }
    }
    report("an action calls another", found);
}

#[test]
fn a_file_holds_one_idea() {
    let long = sources().iter().filter(|s| s.length > 600).map(|s| format!("{}: {} lines", s.path, s.length)).collect();
    report("files longer than 600 lines", long);
}

#[test]
fn names_say_what_things_are() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|s| !is_this_file(s)) {
        for (number, line) in &source.lines {
            let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| !w.is_empty()).collect();
            for pair in words.windows(2) {
                let name = pair[1];
                let is_bad = match pair[0] {
                    "fn" => name.starts_with("get_") || name.ends_with("_impl"),
                    "struct" | "enum" | "trait" | "type" => {
                        ["Manager", "Helper", "Helpers", "Util", "Utils", "Impl"].iter().any(|end| name.ends_with(end))
                    }
                    "mod" => ["manager", "helper", "helpers", "util", "utils"]
                        .iter()
                        .any(|end| name == *end || name.ends_with(&format!("_{end}"))),
                    _ => false,
                };
                if is_bad {
                    found.push(format!("{}:{number}: {name}", source.path));
                }
            }
        }
    }
    report("get_, _impl, Manager, Helper, Util", found);
}
