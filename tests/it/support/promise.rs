//! Promises that no second try mends.
//!
//! A test may be run again when a busy machine was too slow for it (`.config/nextest.toml`). Whoever loses a change once has lost it,
//! though: what fails under a [`promise`] is written down in the folder that `TENURE_TEST_BROKEN` names, and `scripts/test` fails for it
//! whatever the next try says.

/// Held while it is looked whether a promise was kept.
#[must_use = "it ends when it is dropped"]
pub struct Promise(&'static str);

/// What fails until the end of the promise is the promise broken, not the machine slow.
pub fn promise(what: &'static str) -> Promise {
    Promise(what)
}

impl Drop for Promise {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let Some(folder) = std::env::var_os("TENURE_TEST_BROKEN") else { return };
        let test = std::env::var("NEXTEST_TEST_NAME").unwrap_or_else(|_| String::from("a test"));
        let file = std::path::Path::new(&folder).join(format!("{}-{}", std::process::id(), test.replace("::", ".")));
        if let Err(error) = std::fs::write(&file, format!("{test}: {}\n", self.0)) {
            eprintln!("{} cannot be written: {error}", file.display());
        }
    }
}
