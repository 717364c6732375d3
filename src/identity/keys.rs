//! The key file: signing keys of the session tokens and the key of the links in mails. Made on first use, read again when it changes.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};
use tenure_core::clock::Clock;
use tenure_core::secret::LinkKey;
use tenure_core::time::Timestamp;

use super::jwt;

/// How long a key is accepted that another one has taken the place of, in seconds: as long as its last token works, which a node may have
/// signed a moment after, before it looked at the file again, by a clock that is not quite that of the others.
const OVERLAP_SECONDS: i64 = jwt::LIFETIME_SECONDS + 2 * jwt::LEEWAY_SECONDS;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or made.
    #[error("key file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no file.
    #[error("key file {path}: there is none yet; the server makes it when it first starts")]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// Others than the owner may read or write the file.
    #[error("key file {path} must be for its owner alone (mode 0600), not {mode:04o}: chmod 600 it")]
    Mode {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// The file does not hold what it should.
    #[error("key file {path}: {fault}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong; never a part of a key.
        fault: String,
    },
    /// The machine gives no random bytes.
    #[error("no random bytes")]
    Random,
}

/// The file as written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyFile {
    keys: Vec<KeyEntry>,
    link_key: String,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KeyEntry {
    kid: String,
    alg: String,
    key: String,
    created_at: String,
    retire_at: Option<String>,
}

/// One signing key.
pub struct SigningKey {
    /// Its name in the header of tokens.
    pub kid: String,
    /// The one algorithm it is used with.
    pub algorithm: Algorithm,
    /// For signing.
    pub encoding: EncodingKey,
    /// For verifying.
    pub decoding: DecodingKey,
    /// The public half: 32 bytes for Ed25519, an uncompressed point for P-256.
    pub public: Vec<u8>,
    created_at: Timestamp,
    retire_at: Option<Timestamp>,
}

impl SigningKey {
    /// Whether tokens signed with it are accepted.
    pub fn is_accepted(&self, now: Timestamp) -> bool {
        self.retire_at.is_none_or(|at| now < at)
    }
}

/// All keys, as last read.
pub struct Keys {
    keys: Vec<SigningKey>,
    link: LinkKey,
}

impl Keys {
    /// The key that new tokens are signed with: the latest that does not retire.
    pub fn signing(&self) -> Option<&SigningKey> {
        self.keys.iter().filter(|k| k.retire_at.is_none()).max_by_key(|k| k.created_at)
    }

    /// The key of that name, while it is accepted.
    pub fn by_id(&self, kid: &str, now: Timestamp) -> Option<&SigningKey> {
        self.keys.iter().find(|k| k.kid == kid && k.is_accepted(now))
    }

    /// The keys that are accepted.
    pub fn accepted(&self, now: Timestamp) -> impl Iterator<Item = &SigningKey> {
        self.keys.iter().filter(move |k| k.is_accepted(now))
    }

    /// The key of the links in mails.
    pub fn link(&self) -> &LinkKey {
        &self.link
    }
}

/// What tells one version of the file from another: when it was written, how long it is, and which file it is.
type Stamp = (Option<std::time::SystemTime>, u64, u64);

struct Loaded {
    keys: Arc<Keys>,
    stamp: Stamp,
    looked_at: i64,
}

/// Hands out the keys and follows the file.
pub struct KeyRing {
    path: PathBuf,
    clock: Arc<dyn Clock>,
    loaded: RwLock<Loaded>,
}

impl KeyRing {
    /// Reads the file; makes it if there is none. Of several processes that make it at once, all end up with the same one.
    pub fn open(path: &Path, clock: Arc<dyn Clock>) -> Result<KeyRing, KeyError> {
        let now = clock.now();
        if !path.exists() {
            create(path, &clock)?;
        }
        // Who changes the file at this moment needs what stands beside it; what others left there can wait for the next start.
        if let Some(_lock) = Lock::if_free(path) {
            tidy(path);
        }
        let (keys, stamp) = read(path)?;
        let loaded = Loaded { keys: Arc::new(keys), stamp, looked_at: now.unix_seconds() };
        Ok(KeyRing { path: path.to_owned(), clock, loaded: RwLock::new(loaded) })
    }

    /// The keys, read again when the file has changed. A file that has become unusable is logged, and the former keys stay.
    pub fn current(&self) -> Arc<Keys> {
        let second = self.clock.now().unix_seconds();
        {
            let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
            // Looking once a second keeps system calls out of the way of requests.
            if loaded.looked_at == second {
                return loaded.keys.clone();
            }
        }
        self.look(second)
    }

    /// The keys, looked for just now: what is signed is signed with the newest.
    pub fn newest(&self) -> Arc<Keys> {
        self.look(self.clock.now().unix_seconds())
    }

    /// The keys, looked for just now unless they have that one: another node may have learned of a new key a moment before.
    pub fn with_key(&self, kid: &str) -> Arc<Keys> {
        let keys = self.current();
        match keys.keys.iter().any(|key| key.kid == kid) {
            true => keys,
            false => self.look(self.clock.now().unix_seconds()),
        }
    }

    fn look(&self, second: i64) -> Arc<Keys> {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        loaded.looked_at = second;
        match fs::metadata(&self.path) {
            Ok(metadata) if stamp_of(&metadata) == loaded.stamp => {}
            Ok(_) => match read(&self.path) {
                Ok((keys, stamp)) => {
                    tracing::info!("read the key file again");
                    loaded.keys = Arc::new(keys);
                    loaded.stamp = stamp;
                }
                Err(error) => tracing::error!(%error, "the key file has changed and cannot be used; the former keys stay"),
            },
            Err(error) => tracing::error!(%error, "the key file is gone; the former keys stay"),
        }
        loaded.keys.clone()
    }
}

fn stamp_of(metadata: &fs::Metadata) -> Stamp {
    (metadata.modified().ok(), metadata.len(), number_of(metadata))
}

/// A file that was put in another's place has a number of its own, however short a time lies between them.
#[cfg(unix)]
fn number_of(metadata: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn number_of(_: &fs::Metadata) -> u64 {
    0
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> KeyError {
    let path = path.to_owned();
    move |source| KeyError::Io { path, source }
}

/// Random bytes in the name of a key.
const KID_BYTES: usize = 9;

/// Makes the file, which only the first of several does.
fn create(path: &Path, clock: &Arc<dyn Clock>) -> Result<(), KeyError> {
    let mut link = [0u8; 32];
    getrandom::fill(&mut link).map_err(|_| KeyError::Random)?;
    let entry = new_key(clock.now())?;
    let kid = entry.kid.clone();
    let file = KeyFile { keys: vec![entry], link_key: URL_SAFE_NO_PAD.encode(link) };
    write_beside(path, &file, &kid, |temporary| match fs::hard_link(temporary, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        // Another one was faster, and has tidied up, see `tidy`.
        Err(error) if error.kind() == io::ErrorKind::NotFound && path.exists() => Ok(()),
        // Some file systems know no links; there the last of several wins, and all read the file after that.
        Err(_) if !path.exists() => fs::rename(temporary, path),
        result => result,
    })
}

/// Puts a new signing key into the file, and says its name. The former one retires when the last token that was signed with it has expired;
/// keys that have retired are taken out. All of it or nothing; of several that do this at once, each adds its key.
pub fn rotate(path: &Path, clock: &dyn Clock) -> Result<String, KeyError> {
    let _lock = Lock::of(path)?;
    let (mut file, _) = parse(path)?;
    let now = clock.now();
    let retires = now.plus_seconds(OVERLAP_SECONDS);
    let is_over = |text: &String| Timestamp::parse_rfc3339(text).is_some_and(|at| at <= now);
    file.keys.retain(|key| !key.retire_at.as_ref().is_some_and(is_over));
    for key in file.keys.iter_mut().filter(|key| key.retire_at.is_none()) {
        key.retire_at = Some(retires.to_rfc3339());
    }
    let entry = new_key(now)?;
    let kid = entry.kid.clone();
    file.keys.push(entry);
    write_beside(path, &file, &kid, |temporary| fs::rename(temporary, path))?;
    Ok(kid)
}

/// Keeps others from changing the file. The lock is on the file itself, so that nothing is left lying about.
struct Lock(#[allow(dead_code, reason = "unlocks when it is closed")] fs::File);

impl Lock {
    fn of(path: &Path) -> Result<Lock, KeyError> {
        loop {
            let file = fs::File::open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => KeyError::Missing { path: path.to_owned() },
                _ => io_error(path)(error),
            })?;
            file.lock().map_err(io_error(path))?;
            // Who held it before may have put another file in its place; the lock on the former one is worth nothing then.
            let (held, there) = (file.metadata().map_err(io_error(path))?, fs::metadata(path).map_err(io_error(path))?);
            if number_of(&held) == number_of(&there) {
                return Ok(Lock(file));
            }
        }
    }

    /// None while somebody else holds it, and where there is none to be had.
    fn if_free(path: &Path) -> Option<Lock> {
        let file = fs::File::open(path).ok()?;
        file.try_lock().ok()?;
        // Somebody may have put another file in its place and hold that one.
        (number_of(&file.metadata().ok()?) == number_of(&fs::metadata(path).ok()?)).then_some(Lock(file))
    }
}

fn new_key(now: Timestamp) -> Result<KeyEntry, KeyError> {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| KeyError::Random)?;
    let mut name = [0u8; KID_BYTES];
    getrandom::fill(&mut name).map_err(|_| KeyError::Random)?;
    Ok(KeyEntry {
        kid: URL_SAFE_NO_PAD.encode(name),
        alg: "EdDSA".to_owned(),
        key: URL_SAFE_NO_PAD.encode(pkcs8.as_ref()),
        created_at: now.to_rfc3339(),
        retire_at: None,
    })
}

/// Writes a file beside the path, down to the disk, and has it put in its place: nobody ever reads half a file.
fn write_beside(path: &Path, file: &KeyFile, name: &str, put: impl FnOnce(&Path) -> io::Result<()>) -> Result<(), KeyError> {
    let text = serde_json::to_vec_pretty(file).map_err(|e| KeyError::Io { path: path.to_owned(), source: io::Error::other(e) })?;
    let mut temporary_name = path.file_name().unwrap_or_default().to_owned();
    temporary_name.push(format!(".{name}.tmp"));
    let temporary = path.with_file_name(temporary_name);
    let written = write_private(&temporary, &text);
    dies_at!("keys-written");
    let written = written.and_then(|()| put(&temporary));
    dies_at!("keys-linked");
    let _ = fs::remove_file(&temporary);
    written.and_then(|()| sync_folder(path)).map_err(io_error(path))
}

/// Removes what is left of processes that died while they made the file: another name of it, or keys that nobody uses. Only once the file is
/// there, as whoever makes one at this moment does not need theirs any more; and under the lock, as whoever changes the file does.
fn tidy(path: &Path) {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let file = entry.file_name();
        let kid = file.to_str().and_then(|file| file.strip_prefix(name)?.strip_prefix('.')?.strip_suffix(".tmp"));
        if kid.is_some_and(|kid| URL_SAFE_NO_PAD.decode(kid).is_ok_and(|kid| kid.len() == KID_BYTES)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// A name that was not written down is gone after a power cut, whatever was in the file.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Writes a file that only its owner may read, down to the disk.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let (first, second) = bytes.split_at(bytes.len() / 2);
    file.write_all(first)?;
    dies_at!("keys-half-written");
    file.write_all(second)?;
    file.sync_all()
}

fn malformed(path: &Path, fault: String) -> KeyError {
    KeyError::Malformed { path: path.to_owned(), fault }
}

/// The file as it stands, and its stamp.
fn parse(path: &Path) -> Result<(KeyFile, Stamp), KeyError> {
    let metadata = fs::metadata(path).map_err(io_error(path))?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o7777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Mode { path: path.to_owned(), mode });
        }
    }
    let text = fs::read(path).map_err(io_error(path))?;
    // serde_json names the place and the kind of fault, never the value of a key.
    let file = serde_json::from_slice(&text).map_err(|e| malformed(path, format!("line {}: {:?} error", e.line(), e.classify())))?;
    Ok((file, stamp_of(&metadata)))
}

fn read(path: &Path) -> Result<(Keys, Stamp), KeyError> {
    let (file, stamp) = parse(path)?;
    let malformed = |fault: String| malformed(path, fault);
    let keys: Vec<SigningKey> = file.keys.iter().map(signing_key).collect::<Result<_, _>>().map_err(malformed)?;
    if !keys.iter().any(|k| k.retire_at.is_none()) {
        return Err(malformed("every key retires: one without `retireAt` is needed".into()));
    }
    if keys.iter().enumerate().any(|(n, key)| keys[..n].iter().any(|other| other.kid == key.kid)) {
        return Err(malformed("two keys have the same `kid`".into()));
    }
    let link: [u8; 32] = URL_SAFE_NO_PAD
        .decode(&file.link_key)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| malformed("`linkKey` must be 32 bytes in base64url".into()))?;
    Ok((Keys { keys, link: LinkKey::new(link) }, stamp))
}

fn signing_key(entry: &KeyEntry) -> Result<SigningKey, String> {
    let kid = &entry.kid;
    let instant =
        |name: &str, text: &str| Timestamp::parse_rfc3339(text).ok_or(format!("key {kid}: `{name}` must be an instant in RFC 3339"));
    let pkcs8 = URL_SAFE_NO_PAD.decode(&entry.key).map_err(|_| format!("key {kid}: `key` must be base64url"))?;
    let unusable = |_| format!("key {kid}: `key` is no PKCS #8 key for {}", entry.alg);
    let (algorithm, encoding, public) = match entry.alg.as_str() {
        "EdDSA" => {
            let pair = Ed25519KeyPair::from_pkcs8(&pkcs8).map_err(unusable)?;
            (Algorithm::EdDSA, EncodingKey::from_ed_der(&pkcs8), pair.public_key().as_ref().to_vec())
        }
        "ES256" => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8).map_err(unusable)?;
            (Algorithm::ES256, EncodingKey::from_ec_der(&pkcs8), pair.public_key().as_ref().to_vec())
        }
        other => return Err(format!("key {kid}: `alg` must be EdDSA or ES256, not {other:?}")),
    };
    let decoding = match algorithm {
        Algorithm::ES256 => DecodingKey::from_ec_der(&public),
        _ => DecodingKey::from_ed_der(&public),
    };
    Ok(SigningKey {
        kid: kid.clone(),
        algorithm,
        encoding,
        decoding,
        public,
        created_at: instant("createdAt", &entry.created_at)?,
        retire_at: entry.retire_at.as_deref().map(|text| instant("retireAt", text)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tenure_core::clock::FixedClock;

    fn clock() -> Arc<FixedClock> {
        Arc::new(FixedClock::new(Timestamp(1_800_000_000 * Timestamp::SECOND)))
    }

    #[test]
    fn rivals_agree_on_one_file() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("tenure.keys.json");
        let barrier = std::sync::Barrier::new(8);
        let kids: Vec<String> = std::thread::scope(|scope| {
            let rivals: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        let ring = KeyRing::open(&path, clock()).expect("opens");
                        ring.current().signing().expect("a key").kid.clone()
                    })
                })
                .collect();
            rivals.into_iter().map(|r| r.join().expect("no panic")).collect()
        });
        assert!(kids.iter().all(|kid| kid == &kids[0]), "{kids:?}");
        assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 1, "nothing temporary is left");
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("k");
        KeyRing::open(&path, clock()).expect("opens");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("chmod");
        assert!(matches!(KeyRing::open(&path, clock()), Err(KeyError::Mode { mode: 0o640, .. })));
    }

    #[test]
    fn a_changed_file_is_read_again_and_a_broken_one_is_not_used() {
        let folder = tempfile::tempdir().expect("folder");
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        let clock = clock();
        let ring = KeyRing::open(&path, clock.clone()).expect("opens");
        let later = KeyRing::open(&other, clock.clone()).expect("opens").current().signing().expect("a key").kid.clone();
        let text = fs::read(&other).expect("read");
        fs::write(&path, [&text[..], b"\n"].concat()).expect("write");
        clock.set(clock.now().plus_seconds(1));
        assert_eq!(ring.current().signing().expect("a key").kid, later);
        fs::write(&path, b"{}").expect("write");
        clock.set(clock.now().plus_seconds(1));
        assert_eq!(ring.current().signing().expect("a key").kid, later);
        assert!(matches!(KeyRing::open(&path, clock), Err(KeyError::Malformed { .. })));
    }

    /// The file's own text, and how long its keys are accepted.
    fn retiring(path: &Path) -> (String, Vec<(String, Option<String>)>) {
        let (file, _) = parse(path).expect("a key file");
        (file.link_key, file.keys.into_iter().map(|key| (key.kid, key.retire_at)).collect())
    }

    #[test]
    fn a_rotated_key_is_accepted_as_long_as_its_tokens_work() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("k");
        let clock = clock();
        let now = clock.now();
        let ring = KeyRing::open(&path, clock.clone()).expect("opens");
        let (link, first) = (retiring(&path).0, ring.current().signing().expect("a key").kid.clone());
        let second = rotate(&path, &*clock).expect("rotates");
        let retires = now.plus_seconds(610);
        assert_eq!(retiring(&path), (link.clone(), vec![(first.clone(), Some(retires.to_rfc3339())), (second.clone(), None)]));

        // Within the same second, a node that meets a token of the new key looks again.
        assert_eq!(ring.current().signing().expect("a key").kid, first);
        assert!(ring.with_key(&second).by_id(&second, now).is_some());
        assert_eq!(ring.current().signing().expect("a key").kid, second);
        let accepted = |at: Timestamp| ring.current().accepted(at).map(|key| key.kid.clone()).collect::<Vec<_>>();
        assert_eq!(accepted(retires.plus_seconds(-1)), [first.clone(), second.clone()]);
        assert_eq!(accepted(retires), std::slice::from_ref(&second));

        clock.set(retires);
        let third = rotate(&path, &*clock).expect("rotates");
        assert_eq!(ring.newest().signing().expect("a key").kid, third, "what is signed is signed with the newest");
        let expected = vec![(second.clone(), Some(retires.plus_seconds(610).to_rfc3339())), (third, None)];
        assert_eq!(retiring(&path), (link, expected), "retired keys go, the key of links stays");
    }

    #[test]
    fn who_rotates_at_once_gets_a_key_each() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("k");
        KeyRing::open(&path, clock()).expect("opens");
        let barrier = std::sync::Barrier::new(8);
        let mut kids: Vec<String> = std::thread::scope(|scope| {
            let rivals: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        // Readers find a whole file at any moment.
                        assert!(read(&path).is_ok());
                        rotate(&path, &*clock()).expect("rotates")
                    })
                })
                .collect();
            rivals.into_iter().map(|r| r.join().expect("no panic")).collect()
        });
        let there: Vec<String> = retiring(&path).1.into_iter().map(|(kid, _)| kid).collect();
        assert_eq!((there.len(), retiring(&path).1.iter().filter(|(_, retire)| retire.is_none()).count()), (9, 1));
        kids.retain(|kid| !there.contains(kid));
        assert!(kids.is_empty(), "{kids:?} are lost");
        assert_eq!(fs::read_dir(folder.path()).expect("list").count(), 1, "nothing temporary is left");
        assert!(matches!(rotate(&folder.path().join("none"), &*clock()), Err(KeyError::Missing { .. })));
    }

    #[test]
    fn a_node_that_starts_leaves_alone_what_a_rotation_needs() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("k");
        KeyRing::open(&path, clock()).expect("opens");
        let beside = folder.path().join(format!("k.{}.tmp", URL_SAFE_NO_PAD.encode([7; KID_BYTES])));
        fs::write(&beside, "half a file").expect("written");
        let lock = Lock::of(&path).expect("the lock");
        KeyRing::open(&path, clock()).expect("opens");
        assert!(beside.exists(), "somebody is writing it");
        drop(lock);
        KeyRing::open(&path, clock()).expect("opens");
        assert!(!beside.exists(), "whoever wrote it died");
    }

    #[cfg(unix)]
    #[test]
    fn a_rotated_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("k");
        KeyRing::open(&path, clock()).expect("opens");
        rotate(&path, &*clock()).expect("rotates");
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).expect("chmod");
        assert!(matches!(rotate(&path, &*clock()), Err(KeyError::Mode { mode: 0o604, .. })));
    }
}
