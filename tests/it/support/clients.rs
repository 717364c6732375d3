//! The standard clients of GraphQL, run by Node.js (`tests/clients`). `scripts/test` installs what they need.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// Where the scripts are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");
/// How long a script may run.
const PATIENCE: Duration = Duration::from_secs(120);

/// A script of `tests/clients`, to be run with these arguments.
pub fn node(script: &str, arguments: &[&str]) -> Command {
    assert!(
        Path::new(FOLDER).join("node_modules/.package-lock.json").exists(),
        "the clients are not installed, and these tests are never skipped: run scripts/test, or 'npm ci' in tests/clients"
    );
    let mut command = Command::new("node");
    command.arg(script).args(arguments).current_dir(FOLDER).stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a script to its end; returns what it printed, line by line. Fails the test unless it ends in order.
pub async fn lines_of(mut command: Command) -> Vec<String> {
    let output = command.output();
    let output = tokio::time::timeout(PATIENCE, output).await.expect("the script ends").expect("Node.js is installed: see scripts/test");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}{}", output.status, text(&output.stdout), text(&output.stderr));
    text(&output.stdout).lines().map(str::to_owned).collect()
}
