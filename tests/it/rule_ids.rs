//! Each rule of the domain has a test that names it: in its name (`r5_…`) or in its comment (`/// R5, X4: …`, `/// E3–E5: …`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The sections of rules, and how many each one has.
const SECTIONS: [(char, u32); 8] = [('I', 11), ('R', 11), ('H', 13), ('V', 8), ('E', 8), ('X', 6), ('L', 5), ('S', 7)];

/// Where tests of rules stand. The suite for storages counts: each storage runs it.
const FOLDERS: [&str; 3] = ["tests/it", "core/tests", "core/src"];

type Rule = (char, u32);

/// Every rule that is named by a test, and the tests that name it.
fn named() -> BTreeMap<Rule, BTreeSet<String>> {
    let mut named: BTreeMap<Rule, BTreeSet<String>> = BTreeMap::new();
    for folder in FOLDERS {
        let mut files = Vec::new();
        collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder), &mut files);
        assert!(!files.is_empty(), "no sources in {folder}");
        for file in files {
            let text = std::fs::read_to_string(&file).expect("a source");
            let suite = file.to_string_lossy().contains("/conformance/");
            for (test, comment) in tests(&text, suite) {
                for rule in in_name(&test).into_iter().chain(in_comment(&comment)) {
                    named.entry(rule).or_default().insert(test.clone());
                }
            }
        }
    }
    named
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}

/// The tests of a source, each with the comment right above it: functions marked as tests, stories on a `Backend`, cases of the suite.
fn tests(text: &str, suite: bool) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let (mut comment, mut marked) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            comment.push_str(words);
        } else if line.starts_with("#[") {
            marked |= line.contains("test]") || line.contains("::test(");
        } else {
            if let Some((before, rest)) = line.split_once("fn ")
                && ["", "async ", "pub async "].contains(&before)
                && let Some((name, arguments)) = rest.split_once('(')
                && (marked || arguments.starts_with("db: Backend") || (suite && arguments.starts_with("storage: Arc<dyn Storage>")))
            {
                found.push((name.to_owned(), comment.clone()));
            }
            comment.clear();
            marked = false;
        }
    }
    found
}

/// `e3_e4_a_name` names E3 and E4: rules stand in front.
fn in_name(name: &str) -> Vec<Rule> {
    name.to_uppercase().split('_').map_while(rule).collect()
}

/// All rules of a comment; `E3–E5` is three.
fn in_comment(comment: &str) -> Vec<Rule> {
    let words: Vec<&str> = comment.split(|c: char| !c.is_alphanumeric() && c != '–').collect();
    let mut rules = Vec::new();
    for word in words {
        match word.split_once('–') {
            Some((first, last)) => {
                if let (Some((section, from)), Some((other, to))) = (rule(first), rule(last))
                    && section == other
                {
                    rules.extend((from..=to).map(|n| (section, n)));
                }
            }
            None => rules.extend(rule(word)),
        }
    }
    rules
}

fn rule(word: &str) -> Option<Rule> {
    let section = word.chars().next()?;
    let number = word[section.len_utf8()..].parse().ok()?;
    SECTIONS.iter().any(|(known, _)| *known == section).then_some((section, number))
}

fn is_known((section, number): Rule) -> bool {
    SECTIONS.iter().any(|(known, count)| *known == section && (1..=*count).contains(&number))
}

#[test]
fn every_rule_is_named_by_a_test() {
    let named = named();
    let missing: Vec<String> = SECTIONS
        .into_iter()
        .flat_map(|(section, count)| (1..=count).map(move |number| (section, number)))
        .filter(|rule| !named.contains_key(rule))
        .map(|(section, number)| format!("{section}{number}"))
        .collect();
    assert!(missing.is_empty(), "no test names {}", missing.join(", "));
}

#[test]
fn no_test_names_a_rule_that_is_not_there() {
    let unknown: Vec<_> = named().into_iter().filter(|(rule, _)| !is_known(*rule)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn rules_are_found_in_names_and_comments() {
    assert_eq!(in_name("e3_e4_a_story_of_i5"), [('E', 3), ('E', 4)]);
    assert_eq!(in_name("a_story_of_i5"), []);
    assert_eq!(in_comment(" E3–E5, X2: HTTP2 and (S7)."), [('E', 3), ('E', 4), ('E', 5), ('X', 2), ('S', 7)]);
    let text = "/// R1\n#[test]\nfn one() {}\n\n/// R2\nasync fn no_test(office: &Office) {}\n/// R3\n\nasync fn two(db: Backend) {}";
    assert_eq!(tests(text, false), [("one".to_owned(), " R1".to_owned()), ("two".to_owned(), String::new())]);
}
