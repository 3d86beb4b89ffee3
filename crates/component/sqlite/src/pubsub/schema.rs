//! The tables, and every statement that touches them. Times are milliseconds since 1970.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

/// A message that a group is to get.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claimed {
    pub(super) delivery: i64,
    pub(super) data: Vec<u8>,
    pub(super) content_type: Option<String>,
    /// A JSON object of strings.
    pub(super) metadata: String,
}

pub(super) fn create(connection: &Connection) -> Result<(), rusqlite::Error> {
    let tables = "CREATE TABLE broker_messages (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            data BLOB NOT NULL,
            content_type TEXT,
            metadata TEXT NOT NULL,
            created INTEGER NOT NULL,
            expires INTEGER
        );
        CREATE INDEX broker_messages_created ON broker_messages (created);
        CREATE TABLE broker_groups (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            topic TEXT NOT NULL,
            name TEXT NOT NULL,
            UNIQUE (topic, name)
        );
        CREATE TABLE broker_deliveries (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            group_id INTEGER NOT NULL REFERENCES broker_groups ON DELETE CASCADE,
            message_id INTEGER NOT NULL REFERENCES broker_messages ON DELETE CASCADE,
            visible INTEGER NOT NULL
        );
        CREATE INDEX broker_deliveries_due ON broker_deliveries (group_id, visible, id);
        CREATE INDEX broker_deliveries_message ON broker_deliveries (message_id);";
    crate::migrations::perform(connection, "metadata", "broker-migrations", &[tables.to_owned()])
}

pub(super) fn now() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Stores a message for every group of its topic. Without a group there is nobody to keep it for.
pub(super) fn publish(
    connection: &Connection,
    topic: &str,
    data: &[u8],
    content_type: Option<&str>,
    metadata: &str,
    expires: Option<i64>,
) -> Result<(), rusqlite::Error> {
    let wanted = connection.prepare_cached("SELECT 1 FROM broker_groups WHERE topic = ?")?.exists([topic])?;
    if !wanted {
        return Ok(());
    }
    connection
        .prepare_cached(
            "INSERT INTO broker_messages (topic, data, content_type, metadata, created, expires) VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![topic, data, content_type, metadata, now(), expires])?;
    let message = connection.last_insert_rowid();
    connection
        .prepare_cached(
            "INSERT INTO broker_deliveries (group_id, message_id, visible) SELECT id, ?, 0 FROM broker_groups WHERE topic = ?",
        )?
        .execute(params![message, topic])?;
    Ok(())
}

/// The number of a group, which is made if it is new.
pub(super) fn join(connection: &Connection, topic: &str, name: &str) -> Result<i64, rusqlite::Error> {
    connection.execute("INSERT OR IGNORE INTO broker_groups (topic, name) VALUES (?, ?)", [topic, name])?;
    connection.query_row("SELECT id FROM broker_groups WHERE topic = ? AND name = ?", [topic, name], |row| {
        row.get(0)
    })
}

/// Takes up to `limit` deliveries of a group on lease, the oldest first. What has expired is removed on the way.
pub(super) fn claim(
    connection: &Connection,
    group: i64,
    limit: usize,
    lease_ms: i64,
) -> Result<Vec<Claimed>, rusqlite::Error> {
    let now = now();
    let mut due = connection.prepare_cached(
        "SELECT d.id, m.id, m.data, m.content_type, m.metadata, m.expires FROM broker_deliveries d JOIN broker_messages m ON m.id = d.message_id WHERE d.group_id = ? AND d.visible <= ? ORDER BY d.id LIMIT ?",
    )?;
    let mut lease = connection.prepare_cached("UPDATE broker_deliveries SET visible = ? WHERE id = ?")?;
    let mut claimed = Vec::new();
    let mut expired = Vec::new();
    let mut rows = due.query(params![group, now, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    while let Some(row) = rows.next()? {
        let delivery: i64 = row.get(0)?;
        let expires: Option<i64> = row.get(5)?;
        if expires.is_some_and(|expires| expires <= now) {
            expired.push((delivery, row.get(1)?));
            continue;
        }
        claimed.push(Claimed {
            delivery,
            data: row.get(2)?,
            content_type: row.get(3)?,
            metadata: row.get(4)?,
        });
    }
    drop(rows);
    for delivery in &claimed {
        lease.execute([now.saturating_add(lease_ms), delivery.delivery])?;
    }
    for (delivery, message) in expired {
        settle(connection, delivery, Some(message))?;
    }
    Ok(claimed)
}

/// Removes a delivery that is dealt with, and its message if it was the last.
pub(super) fn settle(
    connection: &Connection,
    delivery: i64,
    message: Option<i64>,
) -> Result<(), rusqlite::Error> {
    let message = match message {
        Some(message) => Some(message),
        None => connection
            .prepare_cached("SELECT message_id FROM broker_deliveries WHERE id = ?")?
            .query_row([delivery], |row| row.get(0))
            .optional()?,
    };
    connection.prepare_cached("DELETE FROM broker_deliveries WHERE id = ?")?.execute([delivery])?;
    if let Some(message) = message {
        connection
            .prepare_cached(
                "DELETE FROM broker_messages WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM broker_deliveries WHERE message_id = ?1)",
            )?
            .execute([message])?;
    }
    Ok(())
}

/// Makes deliveries due after `delay_ms`: to renew a lease, to give back, or to deliver again.
pub(super) fn postpone(
    connection: &Connection,
    deliveries: &[i64],
    delay_ms: i64,
) -> Result<(), rusqlite::Error> {
    let visible = now().saturating_add(delay_ms);
    let mut update = connection.prepare_cached("UPDATE broker_deliveries SET visible = ? WHERE id = ?")?;
    for delivery in deliveries {
        update.execute([visible, *delivery])?;
    }
    Ok(())
}

/// When the next delivery of a group is due; nothing if there is none.
pub(super) fn next_due(connection: &Connection, group: i64) -> Result<Option<i64>, rusqlite::Error> {
    connection
        .prepare_cached("SELECT min(visible) FROM broker_deliveries WHERE group_id = ?")?
        .query_row([group], |row| row.get(0))
}

/// Throws away what is older than `retention_ms`.
pub(super) fn clean_up(connection: &Connection, retention_ms: i64) -> Result<(), rusqlite::Error> {
    connection
        .execute("DELETE FROM broker_messages WHERE created < ?", [now().saturating_sub(retention_ms)])
        .map(drop)
}
