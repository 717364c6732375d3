//! The README's lines give the README's answers.

use std::fmt::Write as _;
use std::process::Stdio;

use crate::support::process::{Served, tenure};

/// A command of the README and the answer printed below it.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    command: String,
    answer: String,
}

/// The lines of all `console` blocks: commands begin with `$ `, all others belong to the answer.
fn lines(readme: &str) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut is_inside = false;
    for text in readme.lines() {
        match (is_inside, text.strip_prefix("$ ")) {
            (false, _) => is_inside = text == "```console",
            (true, _) if text == "```" => is_inside = false,
            (true, Some(command)) => lines.push(Line { command: command.to_owned(), answer: String::new() }),
            (true, None) => {
                let line = lines.last_mut().expect("a command before its answer");
                let _ = writeln!(line.answer, "{text}");
            }
        }
    }
    lines
}

/// Blots out what differs from run to run: tokens, identifiers and instants.
fn steady(text: &str) -> String {
    text.lines().map(|line| line.split('"').map(steady_part).collect::<Vec<_>>().join("\"")).collect::<Vec<_>>().join("\n")
}

fn steady_part(part: &str) -> &str {
    let is_id = matches!(part.split_once('_'), Some((prefix, rest)) if prefix.len() == 3 && rest.len() == 26);
    let is_token = part.len() > 100 && part.matches('.').count() == 2 && !part.contains(' ');
    let is_instant = part.len() == 24 && part.ends_with('Z') && part.as_bytes()[10] == b'T';
    if is_id || is_token || is_instant { "…" } else { part }
}

/// Parts the answers of one command from those of the next; never part of an answer.
const MARK: &str = "\u{1e}";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_readme_tells_the_truth() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("the README");
    let lines = lines(&readme);
    assert!(lines.len() > 10, "the README has lost its lines");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let demo = Served::start(tenure(folder.path(), &["demo"])).await;
    let mut script = String::new();
    for line in &lines {
        let command = line.command.replace("http://127.0.0.1:8080", &demo.base);
        let _ = writeln!(script, "{command}\nprintf '{MARK}'");
    }
    // One shell for all of them: later lines use what earlier ones have set.
    let shell = tokio::process::Command::new("bash").arg("-c").arg(script).current_dir(folder.path()).stdin(Stdio::null()).output();
    let output = shell.await.expect("bash");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let answers: Vec<&str> = text.split(MARK).collect();
    assert_eq!(answers.len(), lines.len() + 1, "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let mut wrong = String::new();
    for (line, answer) in lines.iter().zip(answers) {
        let (expected, found) = (steady(line.answer.trim_end()), steady(answer.trim_end()));
        if expected != found {
            let _ = writeln!(wrong, "$ {}\n  the README says: {expected}\n  the demo says:   {found}\n", line.command);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn commands_and_answers_are_told_apart() {
    let readme = "text\n```console\n$ one\nanswer\n$ two\n```\n```sh\n$ three\n```\n";
    let line = |command: &str, answer: &str| Line { command: command.into(), answer: answer.into() };
    assert_eq!(lines(readme), [line("one", "answer\n"), line("two", "")]);
    assert_eq!(steady(r#"{"id":"usr_01k139dndre0080001p8x0rpx2","at":"2026-11-22T09:30:00.000Z"}"#), r#"{"id":"…","at":"…"}"#);
}
