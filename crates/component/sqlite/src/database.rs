//! One database: a thread that writes, and connections that read.
//!
//! Writes that wait together are committed together, each in a savepoint of its own, so that a hundred concurrent
//! writes cost one flush to disk. A write is answered only after its commit: what was answered survives the end of the
//! process, and, since commits are flushed (`synchronous=FULL`), that of the machine.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use tender_component::Error;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::config::Location;
use crate::error::{closed, failed};

/// How many writes may wait.
const QUEUE: usize = 1024;
/// How many writes are committed together at most.
const BATCH: usize = 256;
/// How many reads run at once.
const READERS: usize = 4;

/// How a database is opened.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) location: Location,
    pub(crate) busy_timeout: Duration,
    pub(crate) disable_wal: bool,
}

/// A write as the thread runs it: its work, and then, after the commit, its answer.
type Answer = Box<dyn FnOnce(Result<(), Error>) + Send>;
type Write = Box<dyn FnOnce(&Connection) -> (bool, Answer) + Send>;

/// A clone is another handle to the same database; it is closed with the last.
#[derive(Clone)]
pub(crate) struct Database {
    writes: mpsc::Sender<Write>,
    readers: Option<Arc<Readers>>,
}

struct Readers {
    options: Options,
    idle: Mutex<Vec<Connection>>,
    permits: Semaphore,
}

impl Database {
    /// Opens or makes the database. `prepare` runs once, before anything else.
    pub(crate) async fn open(
        options: Options,
        prepare: impl FnOnce(&Connection) -> Result<(), rusqlite::Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let (writes, queue) = mpsc::channel(QUEUE);
        let (opened, ready) = oneshot::channel();
        let writer_options = options.clone();
        let thread = std::thread::Builder::new().name("sqlite".to_owned()).spawn(move || {
            let connection = connect(&writer_options).and_then(|connection| {
                prepare(&connection)?;
                Ok(connection)
            });
            match connection {
                Ok(connection) => {
                    // Nobody waits for a component whose opening was given up.
                    let _ = opened.send(Ok(()));
                    write_loop(&connection, queue);
                }
                Err(error) => drop(opened.send(Err(failed(error)))),
            }
        });
        thread.map_err(|error| Error::failed("could not start the database's thread").with_source(error))?;
        ready.await.map_err(|_| closed())??;
        // A database in memory belongs to one connection, so that reads must go through the writer.
        let readers = (options.location != Location::Memory)
            .then(|| Arc::new(Readers { options, idle: Mutex::default(), permits: Semaphore::new(READERS) }));
        Ok(Self { writes, readers })
    }

    /// Runs a write. An error undoes what it did, and nothing else.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    {
        let (sender, answer) = oneshot::channel();
        let write: Write = Box::new(move |connection| {
            let outcome = work(connection);
            let is_done = outcome.is_ok();
            let answer: Answer = Box::new(move |committed| {
                // Who asked may be gone.
                let _ = sender.send(committed.and(outcome));
            });
            (is_done, answer)
        });
        self.writes.send(write).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Runs a read, which must not write.
    pub(crate) async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let Some(readers) = self.readers.clone() else {
            return self.write(move |connection| work(connection).map_err(failed)).await;
        };
        let _permit = readers.permits.acquire().await.map_err(|_| closed())?;
        let pool = readers.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let idle = pool.idle.lock().pop();
            let connection = idle.map_or_else(|| connect(&pool.options), Ok)?;
            let outcome = work(&connection);
            pool.idle.lock().push(connection);
            outcome
        });
        reading.await.map_err(|_| closed())?.map_err(failed)
    }
}

/// A connection with everything set that does not stay in the file.
pub(crate) fn connect(options: &Options) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match &options.location {
        Location::Memory => Connection::open_in_memory()?,
        Location::File(path) => Connection::open_with_flags(path, flags)?,
    };
    connection.busy_timeout(options.busy_timeout)?;
    let journal = match (&options.location, options.disable_wal) {
        (Location::Memory, _) => "MEMORY",
        (Location::File(_), true) => "DELETE",
        (Location::File(_), false) => "WAL",
    };
    connection.pragma_update(None, "journal_mode", journal)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Commits what waits, batch by batch, until every handle is gone.
fn write_loop(connection: &Connection, mut queue: mpsc::Receiver<Write>) {
    while let Some(first) = queue.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = queue.try_recv()
        {
            batch.push(next);
        }
        commit(connection, batch);
    }
}

fn commit(connection: &Connection, batch: Vec<Write>) {
    let mut answers = Vec::with_capacity(batch.len());
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    let mut outcome = begun.and_then(|()| {
        for write in batch {
            connection.execute_batch("SAVEPOINT one")?;
            let (is_done, answer) = write(connection);
            answers.push(answer);
            connection.execute_batch(if is_done { "RELEASE one" } else { "ROLLBACK TO one; RELEASE one" })?;
        }
        connection.execute_batch("COMMIT")
    });
    if outcome.is_err() {
        // After some errors SQLite has rolled back already, and then there is nothing left to undo.
        let _ = connection.execute_batch("ROLLBACK");
    }
    // Writes that were not even tried are dropped with their answers, which tells their callers.
    for answer in answers {
        let committed = match &mut outcome {
            Ok(()) => Ok(()),
            Err(error) => Err(Error::unavailable(format!("database error: {error}"))),
        };
        answer(committed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn numbers(location: Location) -> Database {
        let options = Options { location, busy_timeout: Duration::from_secs(2), disable_wal: false };
        let prepare =
            |connection: &Connection| connection.execute_batch("CREATE TABLE numbers (n INTEGER UNIQUE)");
        Database::open(options, prepare).await.unwrap()
    }

    async fn insert(database: &Database, number: i64) -> Result<(), Error> {
        database
            .write(move |connection| {
                connection.execute("INSERT INTO numbers VALUES (?)", [number]).map_err(failed)?;
                if number < 0 { Err(Error::failed("negative")) } else { Ok(()) }
            })
            .await
    }

    async fn count(database: &Database) -> i64 {
        database
            .read(|connection| connection.query_row("SELECT count(*) FROM numbers", [], |row| row.get(0)))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_failed_write_undoes_itself_and_no_other_of_its_batch() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db").to_string_lossy().into_owned();
        for location in [Location::Memory, Location::File(path)] {
            let database = numbers(location).await;
            let writes = [1, -1, 2, 2, 3].map(|number| {
                let database = database.clone();
                async move { insert(&database, number).await.is_ok() }
            });
            assert_eq!(futures::future::join_all(writes).await, [true, false, true, false, true]);
            assert_eq!(count(&database).await, 3);
        }
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_an_error() {
        let options = Options {
            location: Location::File("/no/such/folder/x.db".to_owned()),
            busy_timeout: Duration::ZERO,
            disable_wal: false,
        };
        let error = Database::open(options, |_| Ok(())).await.err().expect("must fail");
        assert!(error.to_string().contains("unable to open database file"), "{error}");
    }
}
