//! Where letters go.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use uuid::Uuid;

use super::MailError;
use super::letter::Letter;

/// Prints a letter as people read it.
pub(super) fn print(letter: &Letter) -> Result<(), MailError> {
    let mut out = io::stdout().lock();
    writeln!(out, "--- mail ---\nTo: {}\nSubject: {}\n\n{}--- end ---", letter.to_line(), letter.subject, letter.plain)?;
    out.flush()?;
    Ok(())
}

/// Writes a message into a directory, for its owner alone. It appears under its name when it is whole; another
/// attempt takes its place.
pub(super) fn put(directory: &Path, id: Uuid, message: &[u8]) -> io::Result<()> {
    let temporary = directory.join(format!(".{id}.tmp"));
    // Of an attempt that was not finished.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&temporary).and_then(|mut file| {
        file.write_all(message)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&temporary, directory.join(format!("{id}.eml"))));
    if placed.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    placed
}
