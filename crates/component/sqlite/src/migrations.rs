//! Which tables exist, in the peer's book-keeping: a row of the metadata table holds the number of migrations run.

use rusqlite::{Connection, OptionalExtension};

/// Runs the migrations that a database has not seen yet. `key` names the component's row; `metadata` is its table.
pub(crate) fn perform(
    connection: &Connection,
    metadata: &str,
    key: &str,
    migrations: &[String],
) -> Result<(), rusqlite::Error> {
    connection.execute_batch(&format!(
        "CREATE TABLE IF NOT EXISTS {metadata} (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL)"
    ))?;
    // Two processes may open a new file at once: the second waits here, and then finds everything done.
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = run(connection, metadata, key, migrations);
    connection.execute_batch(if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" })?;
    outcome
}

fn run(
    connection: &Connection,
    metadata: &str,
    key: &str,
    migrations: &[String],
) -> Result<(), rusqlite::Error> {
    let level: Option<String> = connection
        .query_row(&format!("SELECT value FROM {metadata} WHERE key = ?"), [key], |row| row.get(0))
        .optional()?;
    let done = level.and_then(|level| level.parse::<usize>().ok()).unwrap_or(0);
    for (number, migration) in migrations.iter().enumerate().skip(done) {
        connection.execute_batch(migration)?;
        connection.execute(
            &format!("REPLACE INTO {metadata} (key, value) VALUES (?, ?)"),
            [key, &(number + 1).to_string()],
        )?;
    }
    Ok(())
}
