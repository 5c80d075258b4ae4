//! The jobs of a [`redrive_worker::Worker`] in a SQLite file.
//!
//! ```no_run
//! # use redrive::RetryPolicy;
//! use redrive_sqlite::SqliteStore;
//! # use redrive_worker::Worker;
//!
//! let worker = Worker::builder(RetryPolicy::recommended()).store(SqliteStore::new("jobs.db"));
//! ```
//!
//! The file is in WAL mode with `synchronous=FULL`: what was acknowledged survives a loss of power. Its
//! tables are `snapshot` (one row), `log` (a row for everything that happened after it) and `redrive`
//! (the version of this layout). While a worker has the file, no other program can write it.

use std::path::{Path, PathBuf};

use redrive_worker::{Saved, Store, StoreError};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};

/// The layout of the tables.
const VERSION: u32 = 1;

/// Jobs in a SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    connection: Option<Connection>,
}

impl SqliteStore {
    /// The store in the file `path`, which is made if it is not there. Nothing is opened before a worker
    /// starts with it.
    pub fn new(path: impl Into<PathBuf>) -> SqliteStore {
        SqliteStore { path: path.into(), connection: None }
    }

    fn open(&mut self) -> Result<(), StoreError> {
        if self.connection.is_some() {
            return Ok(());
        }
        let wrong = |error| failed("cannot open", &self.path, error);
        let connection = Connection::open(&self.path).map_err(wrong)?;
        // Held from the first write to the end of the worker.
        connection.pragma_update(None, "locking_mode", "EXCLUSIVE").map_err(wrong)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(wrong)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(wrong)?;
        self.connection = Some(connection);
        Ok(())
    }

    /// One transaction: all of it is on the disk, or nothing.
    fn write<T>(
        &mut self,
        what: &str,
        work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        let Some(connection) = &mut self.connection else {
            return Err(StoreError::new("the store was not loaded"));
        };
        let written = (|| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
            let given = work(&transaction)?;
            transaction.commit()?;
            Ok(given)
        })();
        written.map_err(|error| failed(what, &self.path, error))
    }
}

/// Makes the tables of a new file; the version of the layout that is there.
fn layout(transaction: &Transaction<'_>) -> rusqlite::Result<u32> {
    transaction.execute_batch(
        "CREATE TABLE IF NOT EXISTS redrive (version INTEGER NOT NULL);
         CREATE TABLE IF NOT EXISTS snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), body BLOB NOT NULL);
         CREATE TABLE IF NOT EXISTS log (n INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT NOT NULL);",
    )?;
    let version: Option<u32> =
        transaction.query_row("SELECT version FROM redrive", [], |row| row.get(0)).optional()?;
    if let Some(version) = version {
        return Ok(version);
    }
    transaction.execute("INSERT INTO redrive (version) VALUES (?1)", [VERSION])?;
    Ok(VERSION)
}

fn insert(transaction: &Transaction<'_>, lines: &[String]) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached("INSERT INTO log (line) VALUES (?1)")?;
    for line in lines {
        statement.execute([line])?;
    }
    Ok(())
}

impl Store for SqliteStore {
    fn load(&mut self) -> Result<Saved, StoreError> {
        self.open()?;
        let version = self.write("cannot open", layout)?;
        if version != VERSION {
            return Err(StoreError::new(format!(
                "{} has the layout {version}; this version of redrive-sqlite reads {VERSION}: use the \
                 version that wrote it, or a newer one",
                self.path.display()
            )));
        }
        self.write("cannot read", |transaction| {
            let snapshot = transaction
                .query_row("SELECT body FROM snapshot", [], |row| row.get(0))
                .optional()?;
            let mut statement = transaction.prepare("SELECT line FROM log ORDER BY n")?;
            let lines = statement.query_map([], |row| row.get(0))?;
            Ok(Saved::new(snapshot, lines.collect::<rusqlite::Result<_>>()?))
        })
    }

    fn append(&mut self, lines: &[String]) -> Result<(), StoreError> {
        self.write("cannot write", |transaction| insert(transaction, lines))
    }

    fn checkpoint(&mut self, snapshot: &[u8], lines: &[String]) -> Result<(), StoreError> {
        self.write("cannot write", |transaction| {
            transaction.execute(
                "INSERT INTO snapshot (id, body) VALUES (1, ?1) \
                 ON CONFLICT (id) DO UPDATE SET body = excluded.body",
                [snapshot],
            )?;
            transaction.execute("DELETE FROM log", [])?;
            insert(transaction, lines)
        })
    }
}

fn failed(what: &str, path: &Path, error: rusqlite::Error) -> StoreError {
    let busy = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    );
    let path = path.display();
    match busy {
        true => StoreError::new(format!(
            "another program has {path}: stop it first, or give this worker a file of its own"
        ))
        .because(error),
        false => StoreError::new(format!("{what} {path}")).because(error),
    }
}
